//! The report, `perf-gate/report/v1`: everything a judgement says, in base units; what every document is rendered from
//! and what `--format json` writes. `perf-gate report` reads it back.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::compare::{Analysis, BaselineRuns};
use crate::model::{Approval, Endpoint, EndpointSummary, Load, Record, Regression, Run, Warning};
use crate::verdict::{Expectation, Finding, Judgement, Outcome, Row, TargetRow};

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
    /// What people decided on the commit under test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
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
    /// Whether a second run of the same commit should decide.
    pub needs_confirmation: bool,
    /// Whether the failure rests on a shift of the whole run alone: a slower runner, or a common cause.
    pub shift_alone: bool,
    /// The regression that is open on trunk, where this is a run of it.
    pub regression: Option<Regression>,
    /// Which analysis the judgement rests on, and why.
    pub analysis: Analysis,
    /// The run (or runs) that were judged.
    pub run: Candidate,
    /// What they were compared with.
    pub baseline: BaselineRuns,
    /// One row per endpoint and metric, the run as a whole first.
    pub rows: Vec<Row>,
    /// Absolute promises against actual values.
    pub targets: Vec<TargetRow>,
    /// What was asked to be proven, and whether it is.
    pub expectation: Option<Expectation>,
    /// What is worth telling beyond the rows.
    pub findings: Vec<Finding>,
    /// What a reader should know before trusting the figures.
    pub warnings: Vec<Warning>,
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
    /// Arguments of perf-gate that give the judgement again.
    pub command: Vec<String>,
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

impl Scenario {
    /// The judgement of `run`.
    pub fn new(judgement: Judgement, run: Candidate) -> Self {
        Self {
            name: judgement.name,
            outcome: judgement.outcome,
            reason: judgement.outcome_reason,
            needs_confirmation: judgement.needs_confirmation,
            shift_alone: judgement.shift_alone,
            regression: None,
            analysis: judgement.analysis,
            run,
            baseline: judgement.baseline,
            rows: judgement.rows,
            targets: judgement.targets,
            expectation: judgement.expectation,
            findings: judgement.findings,
            warnings: judgement.warnings,
        }
    }

    /// A scenario without a run that could be judged, for this reason.
    pub fn invalid(name: &str, reason: &str) -> Self {
        let judgement = Judgement {
            name: name.to_owned(),
            outcome: Outcome::Invalid,
            outcome_reason: reason.to_owned(),
            needs_confirmation: false,
            shift_alone: false,
            analysis: Analysis::default(),
            candidates: 0,
            baseline: BaselineRuns::default(),
            rows: Vec::new(),
            targets: Vec::new(),
            expectation: None,
            findings: Vec::new(),
            warnings: Vec::new(),
        };
        Self::new(judgement, Candidate::default())
    }
}

impl Candidate {
    /// What a report tells of runs and of the recorded ones that are judged with them.
    pub fn of(runs: &[Run], recorded: &[Record], command: Vec<String>) -> Self {
        let Some(first) = runs.first() else { return Self::default() };
        let total = |figure: fn(&EndpointSummary) -> Option<u64>, own: fn(&Endpoint) -> Option<u64>| {
            let before = recorded.iter().map(|record| figure(&record.summary.total)).sum::<Option<u64>>();
            let now = runs.iter().map(|run| own(run.total.as_ref()?)).sum::<Option<u64>>();
            Some(before? + now?)
        };
        let ids = recorded.iter().map(|record| &record.id).chain(runs.iter().filter_map(|run| run.id.as_ref()));
        Self {
            runs: (recorded.len() + runs.len()) as u64,
            ids: ids.cloned().collect(),
            sources: runs.iter().flat_map(|run| run.sources.iter().map(|source| source.name.clone())).collect(),
            command,
            started_at: first.started_at,
            duration: first.duration,
            warm_up: first.summary.as_ref().map(|summary| summary.warm_up),
            count: total(|summary| summary.count, |endpoint| endpoint.count),
            errors: total(|summary| summary.errors, |endpoint| endpoint.errors),
            commit: first.commit.clone(),
            branch: first.branch.clone(),
            load: first.load.clone(),
            fingerprint: first.fingerprint(),
            environment: first.identity(),
        }
    }
}

impl Report {
    /// The report of scenarios; its outcome is the worst of theirs.
    pub fn new(mut scenarios: Vec<Scenario>) -> Self {
        scenarios.sort_by(|a, b| a.name.cmp(&b.name));
        let outcome = scenarios.iter().map(|scenario| scenario.outcome).fold(Outcome::Passed, Outcome::join);
        Self { schema: SCHEMA.to_owned(), outcome, approval: None, scenarios }
    }

    /// The commit under test, where all scenarios that could be read agree on it.
    pub fn commit(&self) -> Option<&str> {
        let mut commits = self.scenarios.iter().filter_map(|scenario| scenario.run.commit.as_deref());
        let first = commits.next()?;
        commits.all(|other| other == first).then_some(first)
    }

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
