//! From rows and targets to one outcome, and whether a second run should decide.

use crate::compare::{Comparison, Standing};
use crate::model::{ALL, Metric};

use super::target::{Status, TargetRow};
use super::trial::{Grounds, Trial};
use super::{Outcome, Row, Severity, Verdict};

/// Share of inconclusive rows from which the whole comparison is.
const BLIND: f64 = 0.5;
/// Rows that a reason names before it counts the others.
const NAMED: usize = 3;

/// The outcome and its reason.
pub(super) fn outcome(
    comparison: &Comparison,
    trials: &[Trial<'_>],
    rows: &[Row],
    targets: &[TargetRow],
) -> (Outcome, String) {
    let compared = match &comparison.standing {
        Standing::Invalid(reason) => return (Outcome::Invalid, reason.clone()),
        Standing::NoBaseline => (Outcome::Inconclusive, "No baseline yet".to_owned()),
        Standing::Incomparable(reason) => (Outcome::Inconclusive, reason.clone()),
        Standing::Compared => of_rows(comparison, trials, rows),
    };
    let promised = of_targets(targets);
    match compared.0.cmp(&promised.0) {
        std::cmp::Ordering::Less => promised,
        std::cmp::Ordering::Equal if compared.0 > Outcome::Passed && !promised.1.is_empty() => {
            (compared.0, format!("{}; {}", compared.1, promised.1))
        }
        _ => compared,
    }
}

/// Whether all that fails is the run as a whole or what its shift carries: what noisy runners produce.
pub(super) fn rests_on_shift(trials: &[Trial<'_>]) -> bool {
    let mut failures = trials.iter().filter(|trial| trial.is_failure()).peekable();
    let is_shift = |trial: &Trial<'_>| {
        let of_run = trial.is_run_latency() || (trial.is_run() && trial.effect.metric == "throughput");
        of_run || trial.grounds == Grounds::Shift
    };
    failures.peek().is_some() && failures.all(is_shift)
}

/// Whether a single run is suspicious or cannot tell: a second one of the same commit and a joint verdict cut the
/// false alarms of noisy neighbours from 4–5 % to 0.5 %.
pub(super) fn is_unconfirmed(comparison: &Comparison, trials: &[Trial<'_>]) -> bool {
    let is_worse = |trial: &Trial<'_>| trial.verdict == Verdict::Regressed && !trial.rule.advisory;
    let is_doubtful = !trials.is_empty() && of_doubts(comparison, trials).0 > Outcome::Passed;
    comparison.candidates == 1 && (trials.iter().any(is_worse) || is_doubtful)
}

/// The outcome of rows alone, inconclusive ones aside.
fn of_severities<'a>(rows: impl Iterator<Item = &'a Row>) -> Outcome {
    match rows.filter_map(|row| row.severity).max() {
        Some(Severity::Failure | Severity::Critical) => Outcome::Failed,
        Some(Severity::Warning) => Outcome::Warned,
        _ => Outcome::Passed,
    }
}

fn of_rows(comparison: &Comparison, trials: &[Trial<'_>], rows: &[Row]) -> (Outcome, String) {
    match of_severities(rows.iter()) {
        Outcome::Failed => (Outcome::Failed, named(rows, Severity::Failure)),
        Outcome::Warned => (Outcome::Warned, named(rows, Severity::Warning)),
        _ => of_doubts(comparison, trials),
    }
}

/// Rows that could not tell, where they are too many or stand over the threshold.
fn of_doubts(comparison: &Comparison, trials: &[Trial<'_>]) -> (Outcome, String) {
    if trials.is_empty() {
        let kind = comparison.analysis.kind;
        let reason = format!("{} and {} have no judged figure in common", kind.candidate(), kind.baseline());
        return (Outcome::Inconclusive, reason);
    }
    if is_blind_to_latency(comparison, trials) {
        let reason = "no latency was judged: the files do not give it, or have too few requests for it";
        return (Outcome::Inconclusive, reason.to_owned());
    }
    let gating: Vec<&Trial<'_>> = trials.iter().filter(|trial| !trial.rule.advisory).collect();
    let unsure: Vec<&Trial<'_>> =
        gating.iter().filter(|trial| trial.verdict == Verdict::Inconclusive).copied().collect();
    let weighs = |trial: &&Trial<'_>| trial.is_run() || trial.raw() >= trial.limit;
    if let Some(trial) = unsure.iter().copied().find(weighs) {
        let reason = format!("cannot tell whether {} became worse", name(&trial.effect.metric, &trial.effect.endpoint));
        return (Outcome::Inconclusive, reason);
    }
    if !unsure.is_empty() && unsure.len() as f64 >= BLIND * gating.len() as f64 {
        let reason = format!("{} of {} rows cannot tell a change from noise", unsure.len(), gating.len());
        return (Outcome::Inconclusive, reason);
    }
    let better = gating.iter().filter(|trial| trial.verdict == Verdict::Improved).count();
    (Outcome::Passed, super::reason::nothing_worse(better))
}

/// Whether there were requests and none of their latencies was tested: all else being well says little then.
fn is_blind_to_latency(comparison: &Comparison, trials: &[Trial<'_>]) -> bool {
    let counted = comparison.figures.get(ALL).is_some_and(|figures| figures.contains_key("error-rate"));
    counted && !trials.iter().any(|trial| Metric::is_latency(&trial.effect.metric))
}

/// The worst rows by name: `p95 of GET /slow +31.0 %`.
fn named(rows: &[Row], least: Severity) -> String {
    let worst: Vec<String> = rows.iter().filter(|row| row.severity >= Some(least)).map(describe).collect();
    let others = worst.len().saturating_sub(NAMED);
    let more = if others > 0 { format!(" and {others} more") } else { String::new() };
    format!("{}{more}", worst[..worst.len().min(NAMED)].join(", "))
}

fn describe(row: &Row) -> String {
    if row.verdict == Verdict::Missing {
        return format!("{} is missing", row.endpoint);
    }
    let name = name(&row.metric, &row.endpoint);
    let is_rate = row.metric == "error-rate";
    match row.change {
        Some(change) if change < 0.0 => format!("{name} −{}", super::reason::size(-change, is_rate)),
        Some(change) => format!("{name} +{}", super::reason::size(change, is_rate)),
        None => name,
    }
}

fn name(metric: &str, endpoint: &str) -> String {
    if endpoint == ALL { format!("{metric} of the run") } else { format!("{metric} of {endpoint}") }
}

fn of_targets(targets: &[TargetRow]) -> (Outcome, String) {
    let outcome = |row: &TargetRow| match (row.status, row.severity) {
        (Status::Met, _) => Outcome::Passed,
        (Status::Inconclusive, _) => Outcome::Inconclusive,
        (Status::Missed, Some(Severity::Warning)) => Outcome::Warned,
        (Status::Missed, _) => Outcome::Failed,
    };
    let worst = targets.iter().map(outcome).max().unwrap_or_default();
    let first = targets.iter().find(|row| outcome(row) == worst && worst > Outcome::Passed);
    (worst, first.map_or_else(String::new, |row| row.reason.clone()))
}
