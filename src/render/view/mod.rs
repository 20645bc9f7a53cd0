//! The view: a report in words. Every number is already text, and every outside string is one tame line.
//!
//! Documents arrange and escape these texts; none of them formats a number. What a document needs and the view lacks is
//! added here.

mod answer;
mod context;
mod heading;
mod limit;
mod promise;
mod row;

pub use context::Fact;
pub use context::short;
pub use heading::{Heading, Proof};
pub use limit::Detail;
pub use promise::{Promise, Status};
pub use row::{Line, Rank};
pub(super) use row::{told, verdict};

use serde::Serialize;

use super::escape::line;
use super::report::{Report, Scenario};
use crate::verdict::{self, Outcome};

/// Most characters shown of a name.
const NAME: usize = 120;
/// Most characters shown of a sentence.
const SENTENCE: usize = 600;

/// A report in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct View {
    /// The worst outcome.
    pub outcome: Outcome,
    /// The word that opens the document.
    pub heading: Heading,
    /// The answer in one line, without the outcome.
    pub answer: String,
    /// What people decided on the commit under test.
    pub decision: Option<String>,
    /// One section per scenario, the worst first.
    pub sections: Vec<Section>,
    /// What was left out for lack of room, and where it is.
    pub left_out: Option<String>,
}

/// One scenario in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Section {
    /// The scenario's name.
    pub name: String,
    /// Its outcome.
    pub outcome: Outcome,
    /// The word that opens its part.
    pub heading: Heading,
    /// What decided the outcome, in one line.
    pub answer: String,
    /// The judgement's own sentence, where it says more than the answer.
    pub reason: Option<String>,
    /// What to do, where something is to be done.
    pub action: Option<String>,
    /// Rows that stand out: regressions first, then warnings, inconclusive, improved, new and missing.
    pub rows: Vec<Line>,
    /// Unchanged rows.
    pub rest: Vec<Line>,
    /// How many rows are unchanged, and how small a change could have been seen.
    pub rest_summary: Option<String>,
    /// Absolute promises against actual values.
    pub promises: Vec<Promise>,
    /// What is worth telling beyond the rows.
    pub findings: Vec<Finding>,
    /// What a reader should know before trusting the figures.
    pub warnings: Vec<String>,
    /// Which analysis was made, and why.
    pub analysis: String,
    /// What was asked to be proven in words, and whether it is.
    pub proof: Option<Proof>,
    /// What the two sides are called: `baseline` and `candidate`, or `base` and `head`.
    pub sides: [&'static str; 2],
    /// The runs compared with.
    pub baseline: String,
    /// What a reader should know about them.
    pub notes: Vec<String>,
    /// Run, load and environment.
    pub facts: Vec<Fact>,
    /// The command that gives this judgement again.
    pub reproduce: String,
    /// The command that accepts the worst regression as the new level; empty where nothing regressed.
    pub accept: String,
}

/// A finding in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What was found.
    pub title: String,
    /// The evidence, and what to do.
    pub detail: String,
}

impl View {
    /// The report in words.
    pub fn of(report: &Report) -> Self {
        let mut scenarios: Vec<&Scenario> = report.scenarios.iter().collect();
        scenarios.sort_by_key(|scenario| std::cmp::Reverse(scenario.outcome));
        let sections: Vec<_> = scenarios.into_iter().map(Section::of).collect();
        let heading = match sections.as_slice() {
            [only] => only.heading,
            _ => Heading::of_outcome(report.outcome),
        };
        let answer = answer::overall(report.outcome, &sections);
        let decision = report.approval.as_ref().map(answer::decision);
        Self { outcome: report.outcome, heading, answer, decision, sections, left_out: None }
    }
}

impl Section {
    fn of(scenario: &Scenario) -> Self {
        let answer = answer::of(scenario);
        let (rows, rest) = row::arrange(&scenario.rows, &scenario.reason);
        Self {
            name: name(&scenario.name),
            outcome: scenario.outcome,
            heading: Heading::of(scenario),
            analysis: sentence(&scenario.analysis.reason),
            proof: scenario.expectation.as_ref().map(Proof::of),
            sides: context::sides(scenario),
            action: answer::action(scenario),
            rest_summary: row::summary(&scenario.rows),
            promises: promise::arrange(&scenario.targets),
            findings: scenario.findings.iter().map(Finding::of).collect(),
            warnings: warnings(scenario),
            baseline: context::baseline(&scenario.baseline),
            notes: scenario.baseline.notes.iter().map(|note| sentence(note)).collect(),
            facts: context::facts(scenario),
            reproduce: context::reproduce(scenario),
            accept: context::accept(scenario),
            reason: answer::reason(scenario, &answer),
            answer,
            rows,
            rest,
        }
    }
}

impl Finding {
    fn of(finding: &verdict::Finding) -> Self {
        let detail = finding.recommendation.as_deref().map(sentence).unwrap_or_default();
        Self { title: sentence(&finding.message), detail }
    }
}

/// The scenario's warnings, and those that follow from its rows.
fn warnings(scenario: &Scenario) -> Vec<String> {
    let all = scenario.rows.iter().any(|row| row.basis == crate::model::Basis::All);
    let basis = all.then(|| "latencies are of all requests, failed ones included: the file gives no others".to_owned());
    scenario.warnings.iter().map(|warning| sentence(&warning.0)).chain(basis).collect()
}

/// An outside name on one line.
fn name(text: &str) -> String {
    line(text, NAME)
}

/// An outside sentence on one line.
fn sentence(text: &str) -> String {
    line(text, SENTENCE)
}
