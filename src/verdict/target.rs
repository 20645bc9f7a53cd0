//! Absolute promises held against the candidate's own figures; they need no history.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::compare::Comparison;
use crate::model::{ALL, Unit, matches};

use super::Severity;
use super::policy::{Bound, Target};

/// How far beyond its limit a figure fails the check.
const FAR: f64 = 1.5;
/// Share of the stated load that counts as that load.
const REACHED: f64 = 0.9;

/// A target held against a figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetRow {
    /// The endpoint; `(all)` is the run as a whole.
    pub endpoint: String,
    /// The metric.
    pub metric: String,
    /// Unit of `limit` and `actual`.
    pub unit: Unit,
    /// Which side of `limit` is promised.
    pub bound: Bound,
    /// The limit.
    pub limit: f64,
    /// The load the promise is made for, 1/s.
    pub at: Option<f64>,
    /// The candidate's figure.
    pub actual: Option<f64>,
    /// The candidate's load, 1/s.
    pub load: Option<f64>,
    /// Whether it was kept.
    pub status: Status,
    /// What that does.
    pub severity: Option<Severity>,
    /// Both sides in plain words.
    pub reason: String,
}

/// Whether a target was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It was.
    Met,
    /// It was not.
    Missed,
    /// The run cannot tell: no such figure, or a lower load than stated.
    Inconclusive,
}

/// Holds `targets` against the candidate of a comparison.
pub(super) fn held(comparison: &Comparison, targets: &[Target]) -> Vec<TargetRow> {
    targets.iter().flat_map(|target| rows(comparison, target)).collect()
}

fn rows(comparison: &Comparison, target: &Target) -> Vec<TargetRow> {
    let pattern = target.endpoint.as_deref().unwrap_or(ALL);
    let found = comparison.figures.keys().filter(|name| matches(pattern, name) && (*name != ALL || pattern == ALL));
    let mut names: Vec<&str> = found.map(String::as_str).collect();
    if names.is_empty() {
        names.push(pattern);
    }
    names.into_iter().map(|name| row(comparison, target, name)).collect()
}

fn row(comparison: &Comparison, target: &Target, endpoint: &str) -> TargetRow {
    let figure = |endpoint: &str, metric: &str| comparison.figures.get(endpoint)?.get(metric).copied();
    let actual = figure(endpoint, &target.metric.name);
    let load = figure(ALL, "throughput");
    let is_light = target.at.is_some_and(|at| load.is_none_or(|load| load < REACHED * at));
    let status = match actual.map(|actual| is_kept(target, actual)) {
        Some(false) => Status::Missed,
        Some(true) if !is_light => Status::Met,
        _ => Status::Inconclusive,
    };
    TargetRow {
        endpoint: endpoint.to_owned(),
        metric: target.metric.name.to_string(),
        unit: target.metric.unit,
        bound: target.bound,
        limit: target.limit,
        at: target.at,
        actual,
        load,
        status,
        severity: severity(target, status, actual),
        reason: reason(target, actual, load, is_light),
    }
}

fn is_kept(target: &Target, actual: f64) -> bool {
    match target.bound {
        Bound::Upper => actual <= target.limit,
        Bound::Lower => actual >= target.limit,
    }
}

fn severity(target: &Target, status: Status, actual: Option<f64>) -> Option<Severity> {
    let is_far = actual.is_some_and(|actual| match target.bound {
        Bound::Upper => actual > FAR * target.limit,
        Bound::Lower => actual < target.limit / FAR,
    });
    match status {
        Status::Met => None,
        Status::Missed => Some(if is_far { Severity::Failure } else { Severity::Warning }),
        Status::Inconclusive => Some(Severity::Info),
    }
}

/// Both sides: `p95 550 ms at 80.0 req/s; target < 200 ms at 100 req/s`.
fn reason(target: &Target, actual: Option<f64>, load: Option<f64>, is_light: bool) -> String {
    let show = |value: f64| target.metric.unit.show(value);
    let at = |load: Option<f64>| load.map_or_else(String::new, |load| format!(" at {} req/s", Unit::Count.show(load)));
    let sign = if target.bound == Bound::Upper { '<' } else { '>' };
    let promise = format!("target {sign} {}{}", show(target.limit), at(target.at));
    let name = &target.metric.name;
    let Some(actual) = actual else { return format!("the run has no {name}; {promise}") };
    let both = format!("{name} {}{}; {promise}", show(actual), at(load));
    if is_light { format!("{both}; the load stated was not reached") } else { both }
}
