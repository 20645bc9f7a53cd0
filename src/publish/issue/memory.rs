//! What the issue of a scenario was told, as the results branch keeps it: `perf-gate/issue/v1`.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::publish::Figure;
use crate::store::{FileChange, layout};

/// Name and version of the format.
pub const SCHEMA: &str = "perf-gate/issue/v1";

/// The state of a scenario's issue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// The format and its version: `perf-gate/issue/v1`.
    pub schema: String,
    /// The scenario.
    pub scenario: String,
    /// The issue; none until it was opened.
    pub number: Option<u64>,
    /// Whether it is open, as far as it is ours to say.
    pub open: bool,
    /// Whether a person closed it while its regression was there.
    #[serde(default)]
    pub dismissed: bool,
    /// The regressions that are not over, by the fingerprint of their environment.
    pub episodes: BTreeMap<String, Episode>,
    /// Ids of the latest runs that were counted: none counts twice.
    pub counted: Vec<String>,
    /// The run that the text of the issue is of.
    #[serde(default)]
    pub drawn: Option<String>,
    /// What is still to be done on GitHub.
    #[serde(default)]
    pub pending: Option<Pending>,
}

/// A regression in one environment, from its first run to its last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Episode {
    /// Start of its first run.
    pub since: Timestamp,
    /// The commit of that run.
    pub first_bad: Option<String>,
    /// The commit of the last run without it.
    pub last_good: Option<String>,
    /// Whether it was critical once.
    pub critical: bool,
    /// Whether others were told of it because it was critical.
    #[serde(default)]
    pub notified: bool,
    /// What regressed.
    pub series: Vec<Open>,
    /// The run that the figures are of.
    pub told: Told,
    /// Start of the latest run in this environment.
    pub seen: Timestamp,
}

/// A regressed series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Open {
    /// Its figures as they were last told.
    pub figure: Figure,
    /// Start of the first run that had it.
    pub since: Timestamp,
    /// Ids of the runs in a row that did not have it.
    pub clean: Vec<String>,
}

/// The run that figures are of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// Its id.
    pub run: String,
    /// Its commit.
    pub commit: Option<String>,
    /// Address of its workflow run.
    pub url: Option<String>,
    /// Address of its report.
    pub report: Option<String>,
    /// Arguments of perf-gate that give the judgement again.
    pub command: Vec<String>,
    /// What else was found, the most important first.
    pub findings: Vec<String>,
}

/// What is to be done on GitHub: open, close, say something. It stays here until it is seen to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// The run or acceptance that caused it; the comment carries it, so that it is said once.
    pub cause: String,
    /// Start of that run: while it is young its own job does the work, and no other.
    pub at: Timestamp,
    /// The comment.
    pub note: Option<String>,
}

impl Memory {
    /// Of a scenario that never had an issue.
    pub fn new(scenario: &str) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            scenario: scenario.to_owned(),
            number: None,
            open: false,
            dismissed: false,
            episodes: BTreeMap::new(),
            counted: Vec::new(),
            drawn: None,
            pending: None,
        }
    }

    /// Reads the file of a scenario.
    ///
    /// # Errors
    /// Anything but a file of this version; one of a later version says so.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Named {
            schema: String,
        }
        let named: Named = serde_json::from_slice(bytes).context("not the state of an issue")?;
        ensure!(named.schema == SCHEMA, "'schema' is '{}', this perf-gate reads {SCHEMA}", named.schema);
        serde_json::from_slice(bytes).context("not the state of an issue")
    }

    /// The file of the scenario.
    ///
    /// # Errors
    /// A number that JSON cannot hold.
    pub fn file(&self) -> Result<FileChange> {
        let mut text = serde_json::to_vec_pretty(self).context("the state of an issue that cannot be written")?;
        text.push(b'\n');
        Ok(FileChange::put(layout::issue(&self.scenario), text))
    }

    /// Every regressed series, the worst first.
    pub fn worst_first(&self) -> Vec<&Open> {
        let mut all: Vec<&Open> = self.episodes.values().flat_map(|episode| &episode.series).collect();
        all.sort_by(|a, b| Figure::worst_first(&a.figure, &b.figure));
        all
    }
}
