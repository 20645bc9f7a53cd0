//! Whether a candidate can be compared, and with what reservations.

use crate::baseline::Baseline;
use crate::model::{EndpointSummary, Record, Warning};
use crate::stats::median;

use super::runs::Runs;
use super::{BaselineRuns, Standing};

/// Share of the baseline's requests below which a run has collapsed.
const COLLAPSED: f64 = 0.1;
/// Share of failing requests beyond which latencies are those of failures.
const MOST_FAIL: f64 = 0.5;
/// How many times longer or shorter a comparable run may be: caches, queues and leaks depend on it.
const LENGTH: f64 = 2.0;
/// Relative difference of the observed load that is worth a warning.
const LOAD: f64 = 0.1;

/// Whether `runs` can be compared.
pub(super) fn standing(runs: &Runs<'_>, baseline: &Baseline) -> Standing {
    if let Some(reason) = invalid(runs) {
        return Standing::Invalid(reason);
    }
    if baseline.runs.is_empty() {
        return Standing::NoBaseline;
    }
    match incomparable(runs) {
        Some(reason) => Standing::Incomparable(reason),
        None => Standing::Compared,
    }
}

/// The baseline as a report shows it.
pub(super) fn describe(runs: &Runs<'_>, baseline: &Baseline) -> BaselineRuns {
    let window = runs.window();
    BaselineRuns {
        runs: window.len(),
        earlier: runs.earlier,
        from: window.first().map(|run| run.started_at),
        to: window.last().map(|run| run.started_at),
        commit: window.last().and_then(|run| run.commit.clone()),
        notes: baseline.notes.clone(),
    }
}

/// What a reader should know before trusting a comparison.
pub(super) fn warnings(runs: &Runs<'_>, baseline: &Baseline) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let others = baseline.runs.len() - runs.window().len();
    if others > 0 {
        let basis = runs.basis().as_str();
        let left = runs.kind.counted(others);
        let were = if others == 1 { "was" } else { "were" };
        warnings.push(format!("{left} {were} left out: latencies there are not of '{basis}' requests"));
    }
    let observed: [(&str, Observed); 2] = [
        ("virtual users at the peak", |run| run.load.peak_users.map(|n| n as f64)),
        ("configured virtual users", |run| run.load.virtual_users.map(|n| n as f64)),
    ];
    warnings.extend(observed.iter().filter_map(|(what, figure)| load(runs, what, *figure)));
    let dropped: u64 = runs.now.iter().filter_map(|run| run.load.dropped_iterations).sum();
    if dropped > 0 {
        warnings.push(format!("the load generator dropped {dropped} iterations: the load asked for was not reached"));
    }
    for (name, having) in runs.partly() {
        let (all, side) = (runs.now.len(), runs.kind.candidate());
        warnings.push(format!("'{name}' is in {having} of {all} {side} runs: only those tell of it"));
    }
    let baseline = runs.kind.baseline();
    for name in runs.thinned() {
        warnings.push(format!("'{name}' has too few successful requests for a latency; the {baseline} has enough"));
    }
    warnings.into_iter().map(Warning).collect()
}

type Observed = fn(&Record) -> Option<f64>;

/// A warning if the load of a candidate run differs from the baseline's.
fn load(runs: &Runs<'_>, what: &str, figure: Observed) -> Option<String> {
    let usual = median(&runs.window().iter().filter_map(|run| figure(run)).collect::<Vec<_>>())?;
    let other = runs.now.iter().filter_map(|run| figure(run)).find(|n| (n - usual).abs() > LOAD * usual)?;
    let baseline = runs.kind.baseline();
    Some(format!("{what}: {other} against {usual} in the {baseline}; the load was not the same"))
}

fn invalid(runs: &Runs<'_>) -> Option<String> {
    if runs.now.is_empty() {
        return Some("there is no run to judge".to_owned());
    }
    let (base, head) = (runs.past.len(), runs.now.len());
    if runs.are_pairs() && base != head {
        return Some(format!("pairs need as many base runs as head runs: there are {base} and {head}"));
    }
    if let Some(reason) = runs.now.iter().find_map(|run| run.invalid.clone()) {
        return Some(reason);
    }
    if runs.now.iter().any(|run| run.summary.total.count == Some(0)) {
        return Some("the run has no requests".to_owned());
    }
    let succeeded = |run: &&Record| failing(&run.summary.total).is_none_or(|share| share < 1.0);
    if !runs.now.iter().all(succeeded) && !runs.window().iter().any(succeeded) {
        let baseline = runs.kind.baseline();
        return Some(format!("every request failed, and no {baseline} run says that they ever succeeded"));
    }
    let counts = |run: &&Record| run.summary.total.count.map(|n| n as f64);
    let usual = median(&runs.window().iter().filter_map(counts).collect::<Vec<_>>())?;
    let fewest = runs.now.iter().filter_map(counts).fold(f64::INFINITY, f64::min);
    let baseline = runs.kind.baseline();
    (fewest < COLLAPSED * usual)
        .then(|| format!("{fewest} requests are less than a tenth of the {baseline}'s {usual}: the run collapsed"))
}

fn incomparable(runs: &Runs<'_>) -> Option<String> {
    let basis = runs.basis();
    let is_other = |run: &&Record| run.basis != basis;
    if runs.window().is_empty() || runs.window().iter().chain(&runs.now).any(is_other) {
        return Some("latencies of successful requests cannot be compared with latencies of all requests".to_owned());
    }
    let length = |run: &&Record| run.summary.duration.filter(|seconds| *seconds > 0.0);
    let usual = median(&runs.window().iter().filter_map(length).collect::<Vec<_>>());
    for (now, usual) in runs.now.iter().filter_map(length).zip(usual.into_iter().cycle()) {
        if !(1.0 / LENGTH..=LENGTH).contains(&(now / usual)) {
            let baseline = runs.kind.baseline();
            return Some(format!("the run is {now:.0} s long, the {baseline} {usual:.0} s: more than twofold apart"));
        }
    }
    let fails = |run: &&Record| failing(&run.summary.total).is_some_and(|share| share > MOST_FAIL);
    (runs.now.iter().any(fails) && runs.window().iter().all(fails))
        .then(|| format!("most requests fail, in the {} too: their latencies say nothing", runs.kind.baseline()))
}

/// Failed requests as a share of all.
fn failing(total: &EndpointSummary) -> Option<f64> {
    Some(total.errors? as f64 / total.count.filter(|count| *count > 0)? as f64)
}
