//! A run as history remembers it: who it was and its summary, without histograms.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Basis, Judged, Load, Run, Shared, Summary};

/// Identity and judged values of a run: a few kilobytes, so that a week of runs is a few files to read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Identity of the run; recording the same id twice is recording once.
    pub id: String,
    /// The load test's name.
    pub scenario: String,
    /// Fingerprint of the environment ([`Run::fingerprint`]).
    pub fingerprint: String,
    /// What the fingerprint was made of ([`Run::identity`]), to say what changed.
    pub identity: BTreeMap<String, String>,
    /// Start of the first request, or the time the run was recorded for.
    pub started_at: Timestamp,
    /// The commit under test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The branch under test; without one a run counts as trunk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The pull request under test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<u64>,
    /// The release that the run is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Which requests the latencies are of.
    pub basis: Basis,
    /// Configured and observed load.
    #[serde(default)]
    pub load: Load,
    /// Why the run cannot be judged, if it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid: Option<String>,
    /// What became of the run when it was recorded; absent where it was not judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<Judged>,
    /// The judged values.
    pub summary: Shared<Summary>,
}

impl Record {
    /// What history keeps of `run`; `None` while the run lacks an id, a start or a summary.
    pub fn of(run: &Run) -> Option<Self> {
        Some(Self {
            id: run.id.clone()?,
            scenario: run.scenario.clone(),
            fingerprint: run.fingerprint(),
            identity: run.identity(),
            started_at: run.started_at?,
            commit: run.commit.clone(),
            branch: run.branch.clone(),
            pull_request: run.pull_request,
            release: run.release.clone(),
            basis: run.basis,
            load: run.load.clone(),
            invalid: run.invalid.clone(),
            judged: run.judged.clone(),
            summary: run.summary.clone()?.into(),
        })
    }
}
