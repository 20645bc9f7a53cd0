//! What the store remembers for the runs under judgement.

use anyhow::Result;
use jiff::Timestamp;

use super::{judge, read};
use crate::baseline::{self, Baseline};
use crate::cli;
use crate::history::History;
use crate::model::{Acceptance, Record, Run, Warning};
use crate::store::{self, Loaded, Snapshot, Store};

/// Recorded runs, and those among them that matter for the runs under judgement.
#[derive(Default)]
pub(super) struct Past {
    /// Recorded runs of the same scenario and environment, and what was accepted of them.
    pub(super) history: History,
    /// Those compared with.
    pub(super) baseline: Baseline,
    /// Suspicious recorded runs of the same commit: the new runs confirm them or not.
    pub(super) suspicious: Vec<Record>,
    /// Whether the store could not be read at all.
    pub(super) unread: bool,
    /// What could not be read.
    pub(super) warnings: Vec<Warning>,
}

/// A store that could not be read, where what is in it is needed.
#[derive(Debug)]
pub(super) struct Unread(pub(super) anyhow::Error);

impl std::fmt::Display for Unread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

impl std::error::Error for Unread {}

/// Dates the runs and finds what to compare them with.
///
/// # Errors
/// [`Unread`], and runs without a time.
pub(super) fn remembered(
    runs: &mut [Run],
    wanted: &read::Wanted,
    identity: &cli::Identity,
    store: &dyn Store,
    settings: &read::Settings,
) -> Result<Past> {
    let snapshot = store.snapshot().map_err(Unread)?;
    let latest = latest(&*snapshot, &runs[0]).map_err(Unread)?;
    judge::date(runs, wanted, latest)?;
    let candidates = judge::records(runs)?;
    let at = identity.at.unwrap_or(candidates[0].started_at);
    let rule = baseline::Rule { at: Some(at), ..settings.config.baseline_rule() };
    recalled(&*snapshot, &candidates, latest, rule, &identity.merge_base).map_err(|error| Unread(error).into())
}

/// What the store has to compare the candidates with: of the trunk as it was at the merge base, where that is known.
fn recalled(
    snapshot: &dyn Snapshot,
    candidates: &[Record],
    latest: Option<Timestamp>,
    mut rule: baseline::Rule,
    merge_base: &[String],
) -> Result<Past> {
    let candidate = &candidates[0];
    let (mut history, mut warnings) = self::history(snapshot, candidate, latest, &rule)?;
    let known = history.last_run_of(merge_base);
    if let Some(limit) = known.filter(|limit| rule.at.is_some_and(|at| *limit < at)) {
        rule.at = Some(limit);
        (history, warnings) = self::history(snapshot, candidate, latest, &rule)?;
    }
    history.accept(accepted_here(snapshot, candidate)?);
    let mut baseline = Baseline::select(&history, candidate, &rule);
    if let (Some(commit), None, false) = (merge_base.first(), known, history.records().is_empty()) {
        baseline.notes.push(format!(
            "no run of the merge base {commit} or the {} commits before it is recorded: compared with the trunk as it is",
            merge_base.len() - 1
        ));
    }
    if baseline.runs.is_empty() {
        baseline.note_other_environments(candidate, &store::environments(snapshot, &candidate.scenario)?);
    }
    let suspicious = baseline::suspicious(&history, candidates);
    baseline.leave_out(&suspicious);
    Ok(Past { history, baseline, suspicious, unread: false, warnings })
}

/// What people accepted on the candidate's pull request, for the commit under test: on trunk it holds from the merge on.
fn accepted_here(snapshot: &dyn Snapshot, candidate: &Record) -> Result<Vec<Acceptance>> {
    let Some(number) = candidate.pull_request else { return Ok(Vec::new()) };
    let (pending, _) = store::pending(snapshot)?;
    let here = pending.into_iter().filter(|p| p.pull_request == number && p.acceptance.commit == candidate.commit);
    let of_scenario = here.map(|pending| pending.acceptance).filter(|a| a.scenario == candidate.scenario);
    Ok(of_scenario.map(|acceptance| Acceptance { from: candidate.started_at, ..acceptance }).collect())
}

/// The recorded runs that may matter: those of the window and before it, and where a regression is open, those from
/// before that.
fn history(
    snapshot: &dyn Snapshot,
    candidate: &Record,
    latest: Option<Timestamp>,
    rule: &baseline::Rule,
) -> Result<(History, Vec<Warning>)> {
    let at = rule.at.unwrap_or(candidate.started_at);
    let reach = |at: Timestamp| at.checked_sub(rule.window + rule.memory).unwrap_or(Timestamp::MIN);
    let load = |from, to| store::load(snapshot, &candidate.scenario, &candidate.fingerprint, from..=to);
    // The latest run tells whether a regression is open, however long ago it was.
    let from = latest.map_or(reach(at), |latest| latest.min(reach(at)));
    let Loaded { mut history, mut warnings } = load(from, at)?;
    if let Some(pinned) = baseline::pinned(&history, candidate, rule).filter(|pinned| reach(*pinned) < from) {
        let before = load(reach(pinned), from)?;
        for record in before.history.records() {
            history.append(record.clone());
        }
        let new = before.warnings.into_iter().filter(|warning| !warnings.contains(warning));
        let new: Vec<Warning> = new.collect();
        warnings.extend(new);
    }
    Ok((history, warnings))
}

/// Start of the latest recorded run of the same scenario and environment.
fn latest(snapshot: &dyn Snapshot, run: &Run) -> Result<Option<Timestamp>> {
    let known = store::environments(snapshot, &run.scenario)?;
    Ok(known.iter().find(|known| known.fingerprint == run.fingerprint()).map(|known| known.latest))
}
