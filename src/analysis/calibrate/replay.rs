//! Recorded runs, judged again: each as the candidate it was.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::baseline::{Baseline, Rule};
use crate::compare::{Comparison, Standing, compare};
use crate::model::{ALL, Record};
use crate::stats::stretches;

use super::trunk::Trunk;
use super::{FEWEST, MOST_RUNS, Present};

/// Checks against earlier runs from which these are taken: none failed of so many says at most 16 %; of fewer, less
/// than what leave-one-out says.
pub(super) const ENOUGH_CHECKS: usize = 20;

/// Fewest others a run is judged against: one is no spread.
const FEWEST_OTHERS: usize = 2;

/// Which runs each run is judged against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Replay {
    /// Those before it, as CI did.
    #[default]
    Sequential,
    /// All others up to a baseline window before and after it, up to the next level shift: what a short history allows.
    LeaveOneOut,
}

/// A replayed run and what it was compared with.
pub(super) struct Check {
    /// Place of the candidate in the trunk.
    pub(super) run: usize,
    /// Places of the baseline's window, oldest first.
    pub(super) window: Vec<usize>,
    pub(super) comparison: Comparison,
}

/// The checks of a history.
pub(super) struct Replays {
    pub(super) how: Replay,
    pub(super) checks: Vec<Check>,
    /// Runs with fewer baseline runs than the full rule needs.
    pub(super) thin: usize,
    /// Runs that could not be compared with their baseline, with the first reason.
    pub(super) incomparable: (usize, Option<String>),
}

/// Replays against earlier runs, or leave-one-out where that gives too few checks.
pub(super) fn replay(trunk: &Trunk, present: &Present) -> Replays {
    let sequential = all(trunk, present, Replay::Sequential);
    if sequential.checks.len() >= ENOUGH_CHECKS {
        return sequential;
    }
    let others = all(trunk, present, Replay::LeaveOneOut);
    if others.checks.len() > sequential.checks.len() { others } else { sequential }
}

/// The baseline of a replayed run.
pub(super) fn baseline(trunk: &Trunk, run: usize, cuts: &[usize], how: Replay, rule: &Rule) -> Baseline {
    let candidate = &trunk.runs()[run];
    let at = candidate.started_at;
    let rule = match how {
        Replay::Sequential => Rule { at: Some(at), not_after: None, ..rule.clone() },
        Replay::LeaveOneOut => {
            let next = cuts.iter().find(|cut| **cut > run).map(|cut| trunk.runs()[cut - 1].started_at);
            let later = at.checked_add(rule.window).unwrap_or(jiff::Timestamp::MAX);
            Rule { at: Some(later), window: rule.window * 2, not_after: next, ..rule.clone() }
        }
    };
    Baseline::select(&trunk.history, candidate, &rule)
}

fn all(trunk: &Trunk, present: &Present, how: Replay) -> Replays {
    let cuts = cuts(trunk);
    let least = fewest(trunk, present, how);
    let mut replays = Replays { how, checks: Vec::new(), thin: 0, incomparable: (0, None) };
    for run in trunk.first..trunk.len() {
        let baseline = baseline(trunk, run, &cuts, how, &present.rule);
        if baseline.runs.len() < least {
            replays.thin += 1;
            continue;
        }
        let comparison = compare(&trunk.runs()[run..=run], &baseline, &present.settings);
        match &comparison.standing {
            Standing::Compared => {
                let window = baseline.runs.iter().map(|past| trunk.place(past)).collect();
                replays.checks.push(Check { run, window, comparison });
            }
            Standing::NoBaseline => replays.thin += 1,
            Standing::Incomparable(reason) | Standing::Invalid(reason) => {
                replays.incomparable.0 += 1;
                replays.incomparable.1.get_or_insert_with(|| reason.clone());
            }
        }
    }
    replays
}

/// Fewest baseline runs of a check that counts: those of the full rule, of three runs alone the other two.
fn fewest(trunk: &Trunk, present: &Present, how: Replay) -> usize {
    let full = present.policy.levels.min_runs;
    let others = trunk.len().saturating_sub(1).max(FEWEST_OTHERS);
    if how == Replay::LeaveOneOut { full.min(others) } else { full }
}

/// Where any figure of the trunk shifts its level, in order: leave-one-out stays between them.
pub(super) fn cuts(trunk: &Trunk) -> Vec<usize> {
    let mut cuts = Vec::new();
    for (endpoint, metric) in figures(trunk.runs().last()) {
        let values = trunk.figure(&endpoint, &metric);
        let present: Vec<(usize, f64)> = values.iter().enumerate().filter_map(|(at, y)| Some((at, (*y)?))).collect();
        let starts = stretches(&present.iter().map(|(_, y)| *y).collect::<Vec<_>>());
        cuts.extend(starts.iter().skip(1).map(|start| trunk.from + present[*start].0));
    }
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}

/// The judged figures of a run: what one of its endpoints may shift in.
fn figures(run: Option<&Record>) -> Vec<(String, String)> {
    let Some(run) = run else { return Vec::new() };
    let summary = &run.summary;
    let of_run = ["throughput".to_owned()].into_iter().chain(summary.values.keys().cloned());
    let mut figures: Vec<(String, String)> = of_run.map(|metric| (ALL.to_owned(), metric)).collect();
    figures.extend(summary.endpoints.keys().map(|endpoint| (endpoint.clone(), "p95".to_owned())));
    figures
}

impl Replays {
    /// What a reader should know about the choice of runs.
    pub(super) fn notes(&self, trunk: &Trunk, present: &Present) -> Vec<String> {
        let mut notes = Vec::new();
        let least = present.policy.levels.min_runs;
        if fewest(trunk, present, self.how) < least && !self.checks.is_empty() {
            notes.push(
                "each check has two baseline runs: latency, throughput and memory fail only beyond twice the threshold"
                    .to_owned(),
            );
        }
        if trunk.first > 0 {
            notes.push(format!("the latest {MOST_RUNS} runs were replayed, older ones only as their baselines"));
        }
        let hours = present.rule.window.as_hours();
        let window = if hours % 24 == 0 { format!("{} days", hours / 24) } else { format!("{hours} hours") };
        if self.thin > 0 && self.checks.is_empty() && trunk.len() >= FEWEST {
            notes.push(format!(
                "no run has {least} others within the {window} of 'baseline: window': a longer window would give it some"
            ));
        } else if self.thin > 0 && !self.checks.is_empty() {
            let where_to = if self.how == Replay::Sequential { "before" } else { "around" };
            notes.push(format!(
                "not judged: {} with fewer than {least} in the {window} {where_to} them",
                runs(self.thin)
            ));
        }
        if let (count @ 1.., Some(reason)) = &self.incomparable {
            notes.push(format!("not judged: {}, for want of a comparable baseline: {reason}", runs(*count)));
        }
        notes
    }
}

fn runs(count: usize) -> String {
    format!("{count} run{}", if count == 1 { "" } else { "s" })
}
