//! Which changes are real and large enough, and what follows from them.
//!
//! [`judge`] takes a [`Comparison`] and a [`Policy`] to a [`Judgement`]: a row with a verdict for each endpoint and
//! metric, targets held against the candidate's own figures, and one outcome.

mod confirm;
mod expectation;
pub mod explain;
mod families;
mod finding;
mod inherit;
mod outcome;
mod policy;
mod reason;
mod row;
mod shape;
mod table;
mod target;
mod trial;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::compare::{Analysis, AnalysisKind, BaselineRuns, Comparison};
use crate::model::{Basis, Direction, Judged, SeriesName, Unit, Warning};
use crate::stats::ConfidenceInterval;

pub use crate::model::{Outcome, matches};
pub use confirm::confirmed;
pub use expectation::{Expectation, Expected, Gain, expecting_improvement};
pub use explain::{Explanation, explain, subjects};
pub use finding::Finding;
pub use inherit::inherited;
pub use policy::{Bound, Levels, Policy, Rule, Target};
pub use shape::POWER;
pub use target::{Status, TargetRow};

/// What became of one endpoint and metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Better, beyond chance and beyond the threshold.
    Improved,
    /// No change that matters.
    Unchanged,
    /// The data cannot tell.
    Inconclusive,
    /// Worse; how sure and how much says the severity.
    Regressed,
    /// Not in the baseline.
    New,
    /// In the baseline, and no more in the candidate.
    Missing,
}

/// What a verdict does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth reading.
    Info,
    /// Worth looking into.
    Warning,
    /// Fails the check.
    Failure,
    /// Fails the check and asks for a person's approval.
    Critical,
}

/// The judgement of one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    /// The scenario.
    pub name: String,
    /// What it comes to.
    pub outcome: Outcome,
    /// Why, in a sentence.
    pub outcome_reason: String,
    /// Whether a second run of the same commit should decide.
    pub needs_confirmation: bool,
    /// Whether the failure rests on a shift of the whole run alone: a slower runner, or a common cause.
    pub shift_alone: bool,
    /// Which analysis it rests on, and why.
    pub analysis: Analysis,
    /// Candidate runs judged together.
    pub candidates: usize,
    /// The runs compared with.
    pub baseline: BaselineRuns,
    /// One per endpoint and metric: the run first, then endpoints by name.
    pub rows: Vec<Row>,
    /// Absolute promises held against the candidate.
    pub targets: Vec<TargetRow>,
    /// What was asked to be proven, and whether it is.
    pub expectation: Option<Expectation>,
    /// Things worth telling beside the rows.
    pub findings: Vec<Finding>,
    /// What a reader should know before trusting a row.
    pub warnings: Vec<Warning>,
}

/// The judgement of one metric of one endpoint. Changes are relative (0.23 is +23 %), of error rates differences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The endpoint; `(all)` is the run as a whole.
    pub endpoint: String,
    /// The metric.
    pub metric: String,
    /// Unit of `baseline` and `candidate`.
    pub unit: Unit,
    /// Which way is better.
    pub better: Direction,
    /// What became of it.
    pub verdict: Verdict,
    /// What that does; none where nothing follows.
    pub severity: Option<Severity>,
    /// Whether the rule only reports.
    pub advisory: bool,
    /// The baseline's figure.
    pub baseline: Option<f64>,
    /// The candidate's figure.
    pub candidate: Option<f64>,
    /// The change as it was seen.
    pub change: Option<f64>,
    /// 95 % interval of `change`.
    pub interval: Option<ConfidenceInterval>,
    /// The endpoint's own change, where a shift of the whole run was taken out.
    pub specific: Option<Specific>,
    /// Size of a change that this baseline cannot tell from nothing.
    pub noise_floor: Option<f64>,
    /// Size of a degradation that would be found four times out of five.
    pub smallest_detectable: Option<f64>,
    /// Size from which a degradation matters.
    pub threshold: Option<f64>,
    /// Size from which it is critical.
    pub critical: Option<f64>,
    /// One-sided p-value of a degradation.
    pub p_value: Option<f64>,
    /// The test statistic: the change in standard errors.
    pub statistic: Option<f64>,
    /// The value that `statistic` must reach, so that the whole comparison keeps its bound on false alarms.
    pub critical_value: Option<f64>,
    /// Baseline runs behind it.
    pub runs: usize,
    /// Which requests the figure is of.
    pub basis: Basis,
    /// The verdict's reason in plain words.
    pub reason: String,
    /// A qualification of the verdict.
    pub note: Option<String>,
}

impl Row {
    /// The series it is of.
    pub fn series(&self) -> SeriesName {
        SeriesName { endpoint: self.endpoint.clone(), metric: self.metric.clone() }
    }
}

impl Judgement {
    /// What history remembers of it; since when a regression is open is for history to say.
    pub fn remembered(&self) -> Judged {
        let failing = |row: &&Row| row.verdict == Verdict::Regressed && row.severity >= Some(Severity::Failure);
        let failing: Vec<&Row> = self.rows.iter().filter(failing).filter(|row| !row.advisory).collect();
        Judged {
            outcome: self.outcome,
            regressed: failing.iter().map(|row| row.series()).collect(),
            shift_alone: self.shift_alone,
            critical: failing.iter().any(|row| row.severity == Some(Severity::Critical)),
            needs_confirmation: self.needs_confirmation,
            since: None,
        }
    }
}

/// A change with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Specific {
    /// The change.
    pub change: f64,
    /// 95 % interval.
    pub interval: ConfidenceInterval,
}

/// Judges a comparison.
pub fn judge(comparison: &Comparison, policy: &Policy) -> Judgement {
    let trials = families::tested(comparison, policy);
    let trials = table::judged(trials, &policy.levels);
    let targets = target::held(comparison, &policy.targets);
    let mut rows = row::rows(comparison, policy, &trials);
    rows.extend(row::unmatched(comparison, policy));
    let (outcome, outcome_reason) = outcome::outcome(comparison, &trials, &rows, &targets);
    let shift_alone = outcome::rests_on_shift(&trials);
    // Pairs share their runner: it did not make all endpoints slower.
    let needs_confirmation = shift_alone && comparison.analysis.kind != AnalysisKind::Pairs;
    Judgement {
        name: comparison.scenario.clone(),
        outcome,
        outcome_reason: reason::stopped(&outcome_reason),
        needs_confirmation: needs_confirmation || outcome::is_unconfirmed(comparison, &trials),
        shift_alone,
        analysis: comparison.analysis.clone(),
        candidates: comparison.candidates,
        baseline: comparison.baseline.clone(),
        expectation: None,
        findings: finding::findings(comparison, shift_alone),
        warnings: comparison.warnings.clone(),
        rows,
        targets,
    }
}

#[cfg(test)]
mod tests;
