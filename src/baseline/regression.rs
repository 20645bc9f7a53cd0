//! Which runs of the trunk are regressed, and the regression that is open.
//!
//! A run is remembered with what its judgement found ([`crate::model::Judged`]). A regression is open while the latest
//! runs have it; what people accepted is none. A mere shift of the whole run that the next run does not have was noise:
//! it belongs to what is known of the spread.

use jiff::Timestamp;

use super::Rule;
use crate::history::History;
use crate::model::{Acceptance, Record, Regression};

/// Runs in a row that confirm a mere shift of the whole run: it is what a slow runner produces.
const SHIFT_NEEDS: usize = 2;

/// Whether `record` is a valid run of the trunk in the candidate's environment.
pub(super) fn is_of_trunk(record: &Record, candidate: &Record, rule: &Rule) -> bool {
    let same = record.scenario == candidate.scenario && record.fingerprint == candidate.fingerprint;
    same && rule.is_trunk(record) && record.invalid.is_none()
}

/// What regressed in `record` and was not accepted, as far as that holds at the time `at`.
///
/// An acceptance is of a level that was there when it was given: what regressed from that level later is another regression.
pub(super) fn regressed(record: &Record, accepted: &[Acceptance], at: Timestamp) -> Vec<String> {
    let judged = record.judged.iter().flat_map(|judged| &judged.regressed);
    let known = |a: &Acceptance| a.from <= record.started_at && since(record) <= a.at.max(a.from);
    let holds = |a: &&Acceptance| !a.has_expired(at) && known(a);
    let open = judged.filter(|series| !accepted.iter().filter(holds).any(|a| a.covers(series)));
    open.map(|series| format!("{} of {}", series.metric, series.endpoint)).collect()
}

/// The runs of the trunk before `candidate`, oldest first, each with what regressed in it.
pub(super) fn trunk<'a>(history: &'a History, candidate: &Record, rule: &Rule) -> Vec<(&'a Record, Vec<String>)> {
    let at = rule.at.unwrap_or(candidate.started_at);
    let before = |record: &&Record| record.id != candidate.id && record.started_at <= at;
    let runs = history.records().iter().filter(before).filter(|record| is_of_trunk(record, candidate, rule));
    let mut runs: Vec<_> = runs.map(|record| (record, regressed(record, history.accepted(), at))).collect();
    for i in 1..runs.len() {
        let is_shift = runs[i - 1].0.judged.as_ref().is_some_and(|judged| judged.shift_alone && !judged.critical);
        if is_shift && runs[i].1.is_empty() {
            runs[i - 1].1.clear();
        }
    }
    runs
}

/// Start of the regression that is open on trunk before `candidate`: the level from before it stays the baseline.
pub(super) fn open_since(runs: &[(&Record, Vec<String>)]) -> Option<Timestamp> {
    let open = runs.iter().rev().take_while(|(_, regressed)| !regressed.is_empty());
    open.map(|(record, _)| since(record)).min()
}

/// The regression that `candidate`, a judged run of the trunk, has; `confirm` is how many runs in a row confirm one.
pub fn open_regression(
    history: &History,
    candidate: &Record,
    rule: &Rule,
    confirm: Option<usize>,
) -> Option<Regression> {
    let judged = candidate.judged.as_ref().filter(|judged| !judged.regressed.is_empty())?;
    if !rule.is_trunk(candidate) {
        return None;
    }
    let runs = trunk(history, candidate, rule);
    let good = runs.iter().rposition(|(_, regressed)| regressed.is_empty());
    let bad: Vec<&Record> = runs[good.map_or(0, |at| at + 1)..].iter().map(|(record, _)| *record).collect();
    let first = bad.first().copied().unwrap_or(candidate);
    let usual = if judged.shift_alone && !judged.critical { SHIFT_NEEDS } else { 1 };
    Some(Regression {
        since: bad.iter().map(|record| since(record)).min().unwrap_or(candidate.started_at),
        first_bad: first.commit.clone(),
        last_good: good.and_then(|at| runs[at].0.commit.clone()),
        runs: bad.len() + 1,
        needed: confirm.unwrap_or(usual),
    })
}

/// Recorded runs of the candidates' commit and kind that asked for a second run: to be judged together with them.
pub fn suspicious(history: &History, candidates: &[Record]) -> Vec<Record> {
    let Some(first) = candidates.first().filter(|first| first.commit.is_some()) else { return Vec::new() };
    let kin = |record: &&Record| {
        (&record.commit, &record.scenario, &record.fingerprint, record.pull_request, &record.branch)
            == (&first.commit, &first.scenario, &first.fingerprint, first.pull_request, &first.branch)
    };
    let asked = |record: &&Record| record.judged.as_ref().is_some_and(|judged| judged.needs_confirmation);
    let known = |record: &&Record| candidates.iter().any(|candidate| candidate.id == record.id);
    let found = history.records().iter().filter(kin).filter(asked).filter(|record| !known(record));
    found.filter(|record| record.basis == first.basis && record.started_at <= first.started_at).cloned().collect()
}

fn since(record: &Record) -> Timestamp {
    record.judged.as_ref().and_then(|judged| judged.since).unwrap_or(record.started_at)
}
