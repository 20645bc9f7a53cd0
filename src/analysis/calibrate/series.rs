//! One endpoint and metric: how noisy it is, what the gate did with that, and what to do.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{ALL, Direction, Unit};
use crate::verdict::{Policy, Rule};

use super::Present;
use super::levels::{Key, Levels};
use super::suggest::{Suggestions, is_quiet, rounded_up};
use super::tally::{RowTally, Tally};

/// How many times the default threshold a suggestion may be before the row is no gate any more.
const TOO_NOISY: f64 = 2.0;
/// The threshold of a metric that has no default.
const OTHERWISE: f64 = 0.20;
/// Largest threshold of a figure of which more is better: nothing falls by more than all of it.
const MOST_OF_FALL: f64 = 0.90;
/// A difference of thresholds that is none.
const SAME: f64 = 1e-9;

/// One endpoint and metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// The endpoint; `(all)` is the run as a whole.
    pub endpoint: String,
    /// The metric.
    pub metric: String,
    /// Its unit.
    pub unit: Unit,
    /// S.d. of the log figure from run to run within stable stretches; of an error rate that of the rate.
    pub spread: Option<f64>,
    /// The same of what the endpoint does not share with the others.
    pub own_spread: Option<f64>,
    /// Size of a change that cannot be told from nothing: median over the checks.
    pub noise_floor: Option<f64>,
    /// Size of a degradation that is found four times out of five under the present threshold: median over the checks.
    pub smallest_detectable: Option<f64>,
    /// Checks in which the row counts.
    pub checks: usize,
    /// Those in which it failed.
    pub failed: usize,
    /// Those in which it warned.
    pub warned: usize,
    /// Those in which it could not tell.
    pub inconclusive: usize,
    /// The present threshold: relative; of an error rate the difference that matters at least.
    pub threshold: f64,
    /// Whether it only reports.
    pub advisory: bool,
    /// The least threshold that this noise allows; absent where there is none.
    pub suggested: Option<f64>,
    /// What to do.
    pub advice: Advice,
    /// The threshold to set, where one is to be set.
    pub to: Option<f64>,
}

/// What to do about a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Advice {
    /// Leave it.
    Keep,
    /// Lower it: the noise of all endpoints allows that.
    Tighten,
    /// Raise it: the noise reaches it.
    Loosen,
    /// Report without gating: the noise is beyond twice the default threshold.
    Advisory,
    /// Record more runs before changing anything.
    Wait,
}

/// All rows that were judged, in the order of a report; `enough` says that there are runs enough for advice.
pub(super) fn series(
    now: &Tally,
    suggestions: &Suggestions,
    levels: &Levels<'_>,
    present: &Present,
    enough: bool,
) -> Vec<Series> {
    let place = |metric: &str| present.settings.metrics.iter().position(|known| known.name == metric);
    let mut rows: Vec<(&Key, &RowTally)> = now.rows.iter().collect();
    rows.sort_by_key(|(key, _)| (key.0 != ALL, key.0.clone(), place(&key.1)));
    let one = |(key, row): (&Key, &RowTally)| {
        let rule = present.policy.rule(&key.0, &key.1)?;
        let suggested = suggestions.get(key).copied().flatten();
        let (spread, own_spread) = levels.spreads(&key.0, &key.1);
        let varies = key.1 != "error-rate" && varies(own_spread.or(spread), rule.threshold);
        let (advice, to) = if enough { advice(row, &rule, suggested, varies) } else { (Advice::Wait, None) };
        Some(Series {
            endpoint: key.0.clone(),
            metric: key.1.clone(),
            unit: row.unit,
            spread,
            own_spread,
            noise_floor: row.floor(),
            smallest_detectable: row.detectable(),
            checks: row.checks,
            failed: row.failed,
            warned: row.warned,
            inconclusive: row.inconclusive,
            threshold: threshold(&rule),
            advisory: rule.advisory,
            suggested,
            advice,
            to,
        })
    };
    let mut series: Vec<Series> = rows.into_iter().filter_map(one).collect();
    tighten(&mut series);
    series
}

/// What a rule sets: of an error rate the least difference, for its relative part rarely decides.
pub(super) fn threshold(rule: &Rule) -> f64 {
    if rule.metric == "error-rate" { rule.at_least.unwrap_or(0.0) } else { rule.threshold }
}

impl Series {
    /// Whether the row gates, and its threshold is within the noise.
    pub fn is_too_noisy(&self) -> bool {
        match self.advice {
            Advice::Loosen | Advice::Advisory => true,
            // More runs will not change how much they vary.
            Advice::Wait if !self.advisory && self.metric != "error-rate" => {
                varies(self.own_spread.or(self.spread), self.threshold)
            }
            _ => false,
        }
    }
}

/// Whether two standard deviations reach the threshold: noise alone goes beyond it in one run of forty.
fn varies(spread: Option<f64>, threshold: f64) -> bool {
    spread.is_some_and(|spread| 2.0 * spread > threshold.ln_1p())
}

/// What the row alone suggests: nothing, or to be blunter.
fn advice(row: &RowTally, rule: &Rule, suggested: Option<f64>, varies: bool) -> (Advice, Option<f64>) {
    let (now, is_rate) = (threshold(rule), rule.metric == "error-rate");
    // Endpoints share what is known of their noise: a noise floor beyond the threshold may be that of others, which a
    // threshold here would not mend.
    let is_noisy = !is_quiet(row) || (varies && row.sure().is_some_and(|sure| sure > now));
    if rule.advisory || !is_noisy {
        return (Advice::Keep, None);
    }
    let most = if is_rate { f64::INFINITY } else { TOO_NOISY * default_threshold(&rule.metric) };
    match suggested {
        Some(suggested) if suggested <= most + SAME => {
            // Where it failed although its noise allows less, one step more than now.
            let to = if suggested > now + SAME { suggested } else { rounded_up(now + SAME) };
            (Advice::Loosen, Some(to))
        }
        Some(suggested) => (Advice::Advisory, Some(suggested)),
        None if is_rate => (Advice::Advisory, Some(now)),
        None => (Advice::Advisory, Some(beyond_noise(row, most))),
    }
}

/// A threshold that a row without a good one still reports at: its noise floor.
fn beyond_noise(row: &RowTally, least: f64) -> f64 {
    let floor = rounded_up(row.floor().unwrap_or(least)).max(least);
    if row.better == Direction::Up { floor.min(MOST_OF_FALL) } else { floor }
}

/// Lowers the thresholds of the endpoints of a metric, or that of the run as a whole, to what the noisiest of them
/// allows; rows that are too noisy to gate do not take part. Endpoint by endpoint it would follow chance.
fn tighten(series: &mut [Series]) {
    let group = |row: &Series| (row.metric.clone(), row.endpoint == ALL);
    let mut allowed: BTreeMap<(String, bool), f64> = BTreeMap::new();
    for row in series.iter().filter(|row| row.advice == Advice::Keep && !row.advisory) {
        let level = allowed.entry(group(row)).or_default();
        *level = level.max(row.suggested.unwrap_or(row.threshold));
    }
    for row in series.iter_mut().filter(|row| row.advice == Advice::Keep && !row.advisory) {
        if let Some(level) = allowed.get(&group(row)).filter(|level| **level < row.threshold - SAME) {
            (row.advice, row.to) = (Advice::Tighten, Some(*level));
        }
    }
}

/// The threshold that a metric has when nothing is said.
pub(super) fn default_threshold(metric: &str) -> f64 {
    Policy::default().rule(ALL, metric).map_or(OTHERWISE, |rule| rule.threshold)
}
