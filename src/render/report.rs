//! The report, `perf-gate/report/v1`: everything a judgement says, in base units; what every document is rendered from
//! and what `--format json` writes. `perf-gate report` reads it back.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{Basis, Load, Unit};

/// Name and version of the format.
pub const SCHEMA: &str = "perf-gate/report/v1";

/// What was judged, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The format and its version: `perf-gate/report/v1`.
    pub schema: String,
    /// The worst outcome of the scenarios: `passed`, `inconclusive`, `warned`, `failed`, `invalid`.
    pub outcome: Outcome,
    /// One entry per scenario, in the order of their names.
    pub scenarios: Vec<Scenario>,
}

/// The judgement of one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The scenario's name.
    pub name: String,
    /// Its outcome.
    pub outcome: Outcome,
    /// The outcome in one sentence.
    pub reason: String,
    /// Whether a second run of the same commit should confirm the failure.
    pub needs_confirmation: bool,
    /// The run (or runs) that were judged.
    pub run: Candidate,
    /// What they were compared with.
    pub baseline: Baseline,
    /// One row per endpoint and metric, the run as a whole first.
    pub rows: Vec<Row>,
    /// Absolute promises against actual values.
    pub targets: Vec<Target>,
    /// What is worth telling beyond the rows.
    pub findings: Vec<Finding>,
    /// What a reader should know before trusting the figures.
    pub warnings: Vec<String>,
}

/// The runs under judgement.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// How many runs.
    pub runs: u64,
    /// Ids of the runs.
    pub ids: Vec<String>,
    /// Files they were read from.
    pub sources: Vec<String>,
    /// Start of the first.
    pub started_at: Option<Timestamp>,
    /// Measured duration of the first, warm-up included, s.
    pub duration: Option<f64>,
    /// The part left out at its start, s.
    pub warm_up: Option<f64>,
    /// Requests of all runs.
    pub count: Option<u64>,
    /// Failed requests of all runs.
    pub errors: Option<u64>,
    /// The commit under test.
    pub commit: Option<String>,
    /// The branch under test.
    pub branch: Option<String>,
    /// Configured and observed load.
    pub load: Load,
    /// Fingerprint of the environment.
    pub fingerprint: String,
    /// What the fingerprint was made of.
    pub environment: BTreeMap<String, String>,
}

/// The runs compared with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// How many runs.
    pub runs: u64,
    /// Older runs that tell only how much runs differ.
    pub earlier: u64,
    /// Start of the oldest run.
    pub from: Option<Timestamp>,
    /// Start of the latest run.
    pub to: Option<Timestamp>,
    /// Commit of the latest run.
    pub commit: Option<String>,
    /// Runs left out and why, thin evidence, a changed environment.
    pub notes: Vec<String>,
}

/// One endpoint × metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Endpoint name; `(all)` is the run as a whole.
    pub endpoint: String,
    /// Metric name: `p95`, `throughput`, `error-rate`, `memory`.
    pub metric: String,
    /// Unit of `baseline` and `candidate`.
    pub unit: Unit,
    /// What happened to it.
    pub verdict: Verdict,
    /// What that does; null where nothing needs doing.
    pub severity: Option<Severity>,
    /// Whether the row is reported without gating.
    pub advisory: bool,
    /// Centre of the baseline.
    pub baseline: Option<f64>,
    /// Value of the candidate.
    pub candidate: Option<f64>,
    /// Relative change (0.23 = +23 %); of error rates the difference of rates.
    pub change: Option<f64>,
    /// 95 % confidence interval of `change`.
    pub interval: Option<Interval>,
    /// The change left when a shift of the whole run is taken out.
    pub specific: Option<f64>,
    /// The change this baseline cannot tell from nothing.
    pub noise_floor: Option<f64>,
    /// The change that would have been found with 80 % probability.
    pub smallest_detectable: Option<f64>,
    /// The change from which on it matters.
    pub threshold: Option<f64>,
    /// One-sided p-value of a degradation.
    pub p_value: Option<f64>,
    /// Baseline runs that have this value.
    pub runs: u64,
    /// Which requests the figures are of; null for figures that are no latencies.
    pub basis: Option<Basis>,
    /// The verdict in one sentence.
    pub reason: String,
}

/// Bounds of a change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

/// An absolute promise against the actual value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Metric name.
    pub metric: String,
    /// Endpoint name; `(all)` is the run as a whole.
    pub endpoint: String,
    /// Unit of the bounds and the value.
    pub unit: Unit,
    /// The value must be below this.
    pub below: Option<f64>,
    /// The value must be above this.
    pub above: Option<f64>,
    /// The load it is promised at, 1/s.
    pub at: Option<f64>,
    /// The value, where the run has it.
    pub actual: Option<f64>,
    /// The load the run had, 1/s.
    pub load: Option<f64>,
    /// Whether the promise was kept; null where that cannot be said.
    pub met: Option<bool>,
    /// What that does; null where nothing needs doing.
    pub severity: Option<Severity>,
    /// Both sides in one sentence.
    pub reason: String,
}

/// Something worth telling a person, with evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What was found, in a few words.
    pub title: String,
    /// The evidence, and what to do.
    pub detail: String,
}

/// Outcome of a judgement; later is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Nothing that matters was found.
    Passed,
    /// The data cannot tell.
    Inconclusive,
    /// Something to look at.
    Warned,
    /// A regression, or a target missed by far.
    Failed,
    /// The run cannot be judged.
    Invalid,
}

/// What happened to one endpoint × metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Really and considerably better.
    Improved,
    /// No change that matters.
    Unchanged,
    /// Too little data, or too much noise, to tell.
    Inconclusive,
    /// Really and considerably worse.
    Regressed,
    /// Not in the baseline.
    New,
    /// Only in the baseline.
    Missing,
}

/// What a verdict does; later is more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Told, nothing more.
    Info,
    /// To be looked at.
    Warning,
    /// The check fails.
    Failure,
    /// The check fails and a person must approve.
    Critical,
}

impl Report {
    /// Reads a saved report.
    ///
    /// # Errors
    /// Text that is no report of this version, with the path of what is wrong.
    pub fn parse(text: &str) -> Result<Self> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let report: Self = serde_path_to_error::deserialize(&mut reader)
            .map_err(|error| anyhow::anyhow!("at '{}': {}", error.path(), error.inner()))
            .context("not a perf-gate report")?;
        ensure!(report.schema == SCHEMA, "'schema' is '{}', this perf-gate reads {SCHEMA}", report.schema);
        Ok(report)
    }

    /// The JSON Schema of the format, generated from the types.
    pub fn schema() -> Value {
        let mut schema = schemars::schema_for!(Self);
        schema.insert("title".to_owned(), "perf-gate report".into());
        schema.to_value()
    }
}
