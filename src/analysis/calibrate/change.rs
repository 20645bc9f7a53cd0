//! What to change in a configuration: as few lines as say it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::verdict::{Policy, Rule};

use super::series::{Advice, Series, default_threshold, threshold};

/// Where in a configuration changes of a scenario go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// `thresholds` and `endpoints` at the top level.
    #[default]
    Top,
    /// Those of the scenario: it has some of its own, or there are several scenarios.
    Scenario,
}

/// One line of a configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Where it goes.
    pub place: Place,
    /// The endpoint; without one the line is for all.
    pub endpoint: Option<String>,
    /// The metric.
    pub metric: String,
    /// The threshold: relative; of an error rate the difference that matters at least.
    pub threshold: f64,
    /// Whether it only reports.
    pub advisory: bool,
    /// The threshold before.
    pub was: f64,
    /// Whether it only reported before.
    pub was_advisory: bool,
    /// Rows that have this line's value because of it.
    pub rows: usize,
    /// The largest noise floor of these rows.
    pub noise_floor: Option<f64>,
    /// How often the worst of these rows failed falsely.
    pub failed: usize,
    /// Of how many checks.
    pub checks: usize,
}

/// What a row should have: threshold (in millionths, so that it can be counted) and whether it only reports.
type Setting = (u64, bool);

/// The lines that give every series what its advice says, metrics by name, lines for all endpoints first.
pub(super) fn changes(series: &[Series], present: &Policy, place: Place) -> Vec<Change> {
    let mut by_metric: BTreeMap<&str, Vec<&Series>> = BTreeMap::new();
    series.iter().for_each(|row| by_metric.entry(&row.metric).or_default().push(row));
    let mut changes = Vec::new();
    for (metric, rows) in &by_metric {
        let general = general(present, metric);
        let usual = usual(rows, general);
        if usual != general {
            let rows: Vec<&Series> = rows.iter().filter(|row| wanted(row) == usual).copied().collect();
            changes.push(change(place, None, usual, general, &rows));
        }
    }
    let with_usual = applied(present, &changes);
    for row in series {
        let after = with_usual.rule(&row.endpoint, &row.metric).map(|rule| setting(&rule));
        if after.is_some_and(|after| after != wanted(row)) {
            changes.push(change(place, Some(&row.endpoint), wanted(row), (micro(row.threshold), row.advisory), &[row]));
        }
    }
    // A name with a star fits other names too: the last that fits decides, and that should be an exact one.
    changes.sort_by_key(|change| change.endpoint.as_ref().map(|name| !name.contains('*')));
    changes
}

/// The policy with these changes made, as the configuration will have it.
pub(super) fn applied(present: &Policy, changes: &[Change]) -> Policy {
    let mut policy = present.clone();
    for change in changes {
        let is_rate = change.metric == "error-rate";
        let set = |before: Option<&Rule>| Rule {
            endpoint: change.endpoint.clone(),
            metric: change.metric.clone(),
            threshold: if is_rate { before.map_or(0.05, |rule| rule.threshold) } else { change.threshold },
            at_least: is_rate.then_some(change.threshold),
            critical: before.and_then(|rule| rule.critical),
            advisory: change.advisory,
        };
        let general = |rule: &Rule| rule.metric == change.metric && rule.endpoint.is_none();
        match (change.place, &change.endpoint) {
            // At the top level what is said for all stands before what is said of endpoints.
            (Place::Top, None) if policy.rules.iter().any(general) => {
                for rule in policy.rules.iter_mut().filter(|rule| general(rule)) {
                    *rule = set(Some(rule));
                }
            }
            (Place::Top, None) => policy.rules.insert(0, set(None)),
            (_, endpoint) => {
                let name = endpoint.as_deref().unwrap_or(crate::model::ALL);
                let before = policy.rule(name, &change.metric);
                policy.rules.push(set(before.as_ref()));
            }
        }
    }
    policy
}

fn change(place: Place, endpoint: Option<&str>, to: Setting, from: Setting, rows: &[&Series]) -> Change {
    let worst = rows.iter().max_by_key(|row| row.failed);
    Change {
        place,
        endpoint: endpoint.map(str::to_owned),
        metric: rows.first().map_or_else(String::new, |row| row.metric.clone()),
        threshold: to.0 as f64 / 1e6,
        advisory: to.1,
        was: from.0 as f64 / 1e6,
        was_advisory: from.1,
        rows: rows.len(),
        noise_floor: rows.iter().filter_map(|row| row.noise_floor).max_by(f64::total_cmp),
        failed: worst.map_or(0, |row| row.failed),
        checks: worst.map_or(0, |row| row.checks),
    }
}

/// What a row should have.
fn wanted(row: &Series) -> Setting {
    (micro(row.to.unwrap_or(row.threshold)), row.advisory || row.advice == Advice::Advisory)
}

/// What the rule for all endpoints says of a metric.
fn general(policy: &Policy, metric: &str) -> Setting {
    let rules = policy.rules.iter().filter(|rule| rule.metric == metric && rule.endpoint.is_none());
    let general = Policy { rules: rules.cloned().collect(), ..policy.clone() };
    general.rule("", metric).map_or((micro(default_threshold(metric)), false), |rule| setting(&rule))
}

/// What most rows should have; of equally many what is there, else the blunter.
fn usual(rows: &[&Series], general: Setting) -> Setting {
    let mut counts: BTreeMap<Setting, usize> = BTreeMap::new();
    rows.iter().for_each(|row| *counts.entry(wanted(row)).or_default() += 1);
    let most = counts.into_iter().max_by_key(|(setting, count)| (*count, *setting == general, setting.0));
    most.map_or(general, |(setting, _)| setting)
}

fn setting(rule: &Rule) -> Setting {
    (micro(threshold(rule)), rule.advisory)
}

fn micro(threshold: f64) -> u64 {
    (threshold * 1e6).round() as u64
}
