//! What the history tells of a run under judgement, as findings beside the rows of a check.

mod drift;
mod far;
mod trend;

use crate::history::History;
use crate::model::{ALL, Record, Unit};
use crate::verdict::{Finding, Policy};

use super::figures::{Figures, endpoints};

/// The metric of endpoints that is looked at.
const LATENCY: &str = "p95";
/// Metrics of the run as a whole that are looked at.
const OF_RUN: [&str; 3] = ["throughput", "error-rate", "memory"];
/// Endpoints that a message names before it counts the others.
const NAMED: usize = 3;
/// Digits of a commit in a message.
const SHORT: usize = 7;

/// A run under judgement in its history.
pub struct Case<'a> {
    /// What is recorded.
    pub history: &'a History,
    /// Comparable recorded runs before the candidates, oldest first.
    pub before: Vec<&'a Record>,
    /// The runs under judgement.
    pub candidates: &'a [Record],
    /// The runs they are compared with.
    pub baseline: &'a [Record],
    /// What matters.
    pub policy: &'a Policy,
}

/// Drift, distance from an old level, growth inside the run; `is_told` names series whose rows tell a regression.
pub fn findings(case: &Case<'_>, is_told: impl Fn(&str, &str) -> bool) -> Vec<Finding> {
    let records: Vec<&Record> = case.before.iter().copied().chain(case.candidates).collect();
    let latencies = endpoints(&records).into_iter().map(|endpoint| (endpoint, LATENCY));
    let of_run = OF_RUN.iter().map(|metric| (ALL, *metric));
    let has_now = |figures: &Figures| figures.runs.last().is_some_and(|last| *last >= case.before.len());
    let series = latencies.chain(of_run).filter_map(|(endpoint, metric)| Figures::of(&records, endpoint, metric));
    let series: Vec<Figures> = series.filter(has_now).collect();
    let mut findings = drift::findings(case, &records, &series);
    let open = series.iter().filter(|figures| !is_told(&figures.endpoint, &figures.metric.name));
    findings.extend(far::findings(case, &records, open));
    findings.extend(trend::findings(case));
    findings
}

/// `; so do b (+22.0 %), c (+21.0 %) and 2 more`, of what is left after the first; nothing of nothing.
fn so_do(others: &[(String, String)]) -> String {
    let listed: Vec<String> = others.iter().take(NAMED - 1).map(|(name, size)| format!("{name} ({size})")).collect();
    match others.len().saturating_sub(listed.len()) {
        _ if others.is_empty() => String::new(),
        0 => format!("; so do {}", listed.join(", ")),
        more => format!("; so do {} and {more} more", listed.join(", ")),
    }
}

/// The commit of a run in short, or the run.
fn place(record: &Record) -> String {
    match &record.commit {
        Some(commit) => commit.chars().take(SHORT).collect(),
        None => format!("run {}", record.id),
    }
}

fn day(record: &Record) -> String {
    record.started_at.strftime("%Y-%m-%d").to_string()
}

/// `+24.0 %`.
fn percent(change: f64) -> String {
    let sign = if change < 0.0 { '−' } else { '+' };
    format!("{sign}{}", Unit::Ratio.show(change.abs()))
}
