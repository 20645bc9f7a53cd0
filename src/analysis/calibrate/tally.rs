//! What a policy says of the checks, counted.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::compare::{Change, Effect};
use crate::model::{Direction, Unit};
use crate::stats::{ConfidenceInterval, median, wilson};
use crate::verdict::{Outcome, POWER, Policy, Row, Severity, Verdict, judge};

use super::levels::{Key, Levels};
use super::replay::{Check, Replays};

/// How often unchanged runs were judged to be changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alarms {
    /// Checks that failed.
    pub failed: Share,
    /// Checks that did not fail, and warned.
    pub warned: Share,
    /// Checks that did neither, and could not tell.
    pub inconclusive: Share,
}

/// A counted share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// How many.
    pub hits: usize,
    /// Of how many.
    pub of: usize,
    /// 95 % interval of the share (Wilson 1927); approximate, since neighbouring checks share baseline runs.
    pub interval: Option<ConfidenceInterval>,
}

impl Share {
    pub(super) fn new(hits: usize, of: usize) -> Self {
        Self { hits, of, interval: (of > 0).then(|| wilson(hits, of)) }
    }
}

/// The checks that are judged, each with the rows that count.
pub(super) struct Judged<'a> {
    checks: Vec<(&'a Check, BTreeSet<(&'a str, &'a str)>)>,
}

/// What a policy says of the checks.
pub(super) struct Tally {
    pub(super) alarms: Alarms,
    pub(super) rows: BTreeMap<Key, RowTally>,
}

/// What a policy says of one row, over the checks.
#[derive(Clone, Debug)]
pub(super) struct RowTally {
    pub(super) unit: Unit,
    pub(super) better: Direction,
    pub(super) checks: usize,
    pub(super) failed: usize,
    pub(super) warned: usize,
    pub(super) inconclusive: usize,
    floors: Vec<f64>,
    detectable: Vec<f64>,
    /// Least shift that some statistic of the row is sure of, and that it is sure of four times of five.
    sure: Vec<f64>,
    often: Vec<f64>,
}

impl<'a> Judged<'a> {
    pub(super) fn new(replays: &'a Replays, levels: &Levels<'_>) -> Self {
        Self { checks: replays.checks.iter().map(|check| (check, levels.steady(check))).collect() }
    }

    /// The checks, each with the rows (endpoint and metric) that count.
    pub(super) fn checks(&self) -> &[(&'a Check, BTreeSet<(&'a str, &'a str)>)] {
        &self.checks
    }

    /// Judges all checks under `policy`.
    pub(super) fn under(&self, policy: &Policy) -> Tally {
        let mut rows: BTreeMap<Key, RowTally> = BTreeMap::new();
        let mut outcomes: BTreeMap<Outcome, usize> = BTreeMap::new();
        for (check, steady) in &self.checks {
            let judgement = judge(&check.comparison, policy);
            let counts = |row: &&Row| row.p_value.is_some() && steady.contains(&(&*row.endpoint, &*row.metric));
            let counted: Vec<&Row> = judgement.rows.iter().filter(counts).collect();
            // Rows are in the order of the effects that they are of.
            let mut effects = check.comparison.effects.iter();
            let worst = counted.iter().filter_map(|row| row.severity).max();
            let outcome = match worst {
                Some(Severity::Failure | Severity::Critical) => Outcome::Failed,
                Some(Severity::Warning) => Outcome::Warned,
                _ if judgement.outcome == Outcome::Inconclusive => Outcome::Inconclusive,
                _ => Outcome::Passed,
            };
            *outcomes.entry(outcome).or_default() += 1;
            for row in counted {
                let key = (row.endpoint.clone(), row.metric.clone());
                let effect = effects.find(|effect| effect.endpoint == row.endpoint && effect.metric == row.metric);
                rows.entry(key).or_insert_with(|| RowTally::new(row)).add(row, effect);
            }
        }
        let share = |outcome| Share::new(outcomes.get(&outcome).copied().unwrap_or(0), self.checks.len());
        let alarms = Alarms {
            failed: share(Outcome::Failed),
            warned: share(Outcome::Warned),
            inconclusive: share(Outcome::Inconclusive),
        };
        Tally { alarms, rows }
    }
}

impl RowTally {
    fn new(row: &Row) -> Self {
        Self {
            unit: row.unit,
            better: row.better,
            checks: 0,
            failed: 0,
            warned: 0,
            inconclusive: 0,
            floors: Vec::new(),
            detectable: Vec::new(),
            sure: Vec::new(),
            often: Vec::new(),
        }
    }

    fn add(&mut self, row: &Row, effect: Option<&Effect>) {
        self.checks += 1;
        // Of an advisory row the verdict tells what it would have done.
        match (row.severity, row.verdict) {
            (Some(Severity::Failure | Severity::Critical), _) => self.failed += 1,
            (_, Verdict::Regressed) => self.warned += 1,
            (_, Verdict::Inconclusive) => self.inconclusive += 1,
            _ => {}
        }
        self.floors.extend(row.noise_floor);
        self.detectable.extend(row.smallest_detectable);
        if let (Some(critical), Some(se)) = (row.critical_value, effect.and_then(standard_error)) {
            self.sure.push(relative(critical * se, row.better));
            self.often.push(relative((critical + POWER) * se, row.better));
        }
    }

    /// Median noise floor.
    pub(super) fn floor(&self) -> Option<f64> {
        median(&self.floors)
    }

    /// Median smallest detectable change.
    pub(super) fn detectable(&self) -> Option<f64> {
        median(&self.detectable)
    }

    /// Median shift of all latencies (or of the figure) that is just beyond chance, whatever the threshold.
    pub(super) fn sure(&self) -> Option<f64> {
        median(&self.sure)
    }

    /// Median shift that is beyond chance four times of five, whatever the threshold.
    pub(super) fn often(&self) -> Option<f64> {
        median(&self.often)
    }
}

/// The standard error of the sharper statistic: a shift of all latencies is seen by the body of the distribution too,
/// where the noise floor of the row is that of its p95 alone. `None` of rates, which are judged by counts.
fn standard_error(effect: &Effect) -> Option<f64> {
    let Change::Log(change) = &effect.change else { return None };
    Some(change.body.map_or(change.estimate.se, |body| body.se.min(change.estimate.se)))
}

/// A log change for the worse as a size.
fn relative(log: f64, better: Direction) -> f64 {
    (better.sign() * log).exp_m1().abs()
}
