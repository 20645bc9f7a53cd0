//! The runs that are replayed: valid ones of the trunk, the latest.

use crate::baseline::Rule;
use crate::history::History;
use crate::model::Record;

use super::MOST_RUNS;

/// Runs before the replayed ones that take part in the search for level shifts: twice a full baseline window, so that
/// the first replayed run stands in a known stretch.
const BEFORE: usize = 100;

/// Valid runs of the trunk, oldest first.
pub(super) struct Trunk {
    /// All of them: baselines are chosen from these.
    pub(super) history: History,
    /// The first replayed run.
    pub(super) first: usize,
    /// The first run that level shifts are looked for in.
    pub(super) from: usize,
}

impl Trunk {
    pub(super) fn new(history: &History, rule: &Rule) -> Self {
        let history: History = history.records().iter().filter(|run| is_usable(run, rule)).cloned().collect();
        let first = history.records().len().saturating_sub(MOST_RUNS);
        Self { history, first, from: first.saturating_sub(BEFORE) }
    }

    pub(super) fn runs(&self) -> &[Record] {
        self.history.records()
    }

    pub(super) fn len(&self) -> usize {
        self.runs().len()
    }

    /// How many runs are replayed.
    pub(super) fn replayed(&self) -> usize {
        self.len() - self.first
    }

    /// The place of a run of this history.
    pub(super) fn place(&self, run: &Record) -> usize {
        self.runs().partition_point(|other| (other.started_at, &other.id) < (run.started_at, &run.id))
    }

    /// A figure of the runs in which level shifts are looked for; `None` where a run lacks it.
    pub(super) fn figure(&self, endpoint: &str, metric: &str) -> Vec<Option<f64>> {
        let mut values = vec![None; self.len() - self.from];
        for (run, value) in self.history.series(endpoint, metric) {
            if let Some(at) = self.place(run).checked_sub(self.from) {
                values[at] = Some(value.y);
            }
        }
        values
    }
}

/// Whether a run may be a baseline: what a pull request or another branch changed is no noise.
pub(super) fn is_usable(run: &Record, rule: &Rule) -> bool {
    let trunk = run.branch.as_ref().is_none_or(|branch| rule.trunk.contains(branch));
    trunk && run.pull_request.is_none() && run.invalid.is_none()
}
