//! The document: how one verdict came about, in steps of words, values and formulas. Numbers stay numbers: documents turn
//! each into text once.
//!
//! Words and formulas are templates: `{se}` stands for the value of that name, of the same step or an earlier one. Texts
//! from outside (names, reasons) are never templates.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Unit;
use crate::verdict::{Outcome, Row};

/// How one verdict came about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Explanation {
    /// The scenario.
    pub scenario: String,
    /// The endpoint; `(all)` is the run as a whole.
    pub endpoint: String,
    /// The metric.
    pub metric: String,
    /// Unit of figures.
    pub unit: Unit,
    /// The scenario's outcome.
    pub outcome: Outcome,
    /// Why, in a sentence.
    pub outcome_reason: String,
    /// The row as the report has it; none where nothing was compared.
    pub row: Option<Row>,
    /// The derivation, in order. The last step is the verdict.
    pub steps: Vec<Step>,
}

/// One step of a derivation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What it is about.
    pub title: String,
    /// What was done and why. `{name}` stands for the value of that name.
    pub words: String,
    /// Sentences from elsewhere, to be shown as they are.
    pub notes: Vec<String>,
    /// The figures behind the values.
    pub tables: Vec<Figures>,
    /// How values follow from others, in the order of computation.
    pub formulas: Vec<Formula>,
    /// Conditions that were looked at, in order.
    pub checks: Vec<Check>,
    /// The values that the step brings, in the order of computation.
    pub values: Vec<Value>,
}

/// A number with a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Value {
    /// As templates name it; unique in an explanation.
    pub name: String,
    /// As formulas write it.
    pub symbol: String,
    /// What it is.
    pub meaning: String,
    /// The number.
    pub value: f64,
    /// How it is written.
    pub kind: Kind,
}

/// How a number is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// As a number: statistics, probabilities, settings.
    #[default]
    Number,
    /// As a logarithm or angle, and the standard deviation of one: to the same place behind the point.
    Log,
    /// As a whole number.
    Count,
    /// As a share in percent.
    Percent,
    /// As a value in the explanation's unit.
    Figure,
}

/// How a value follows from others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Formula {
    /// Name of the value.
    pub result: String,
    /// What is computed; `{name}` stands for the value of that name.
    pub expression: String,
}

/// A condition and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What was asked; `{name}` stands for the value of that name.
    pub condition: String,
    /// Whether it holds.
    pub holds: bool,
}

/// Figures by run, endpoint or test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// What each line is of: `run`, `endpoint`.
    pub of: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The lines.
    pub lines: Vec<Line>,
}

/// A column of figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// As formulas write it.
    pub symbol: String,
    /// What it is.
    pub meaning: String,
    /// How its numbers are written.
    pub kind: Kind,
}

/// A line of figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Id of the run, or name of the endpoint.
    pub name: String,
    /// Start of the run.
    pub started_at: Option<Timestamp>,
    /// Commit of the run.
    pub commit: Option<String>,
    /// One figure per column; none where there is none.
    pub figures: Vec<Option<f64>>,
    /// What the line is used for: `level`, `spread only`, `candidate`.
    pub part: String,
}

impl Explanation {
    /// The value of that name.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.steps.iter().flat_map(|step| &step.values).find(|value| value.name == name)
    }
}

impl Step {
    /// A step of these words.
    pub(super) fn new(title: &str, words: impl Into<String>) -> Self {
        Self { title: title.to_owned(), words: words.into(), ..Self::default() }
    }

    /// Adds a value that the derivation starts from.
    pub(super) fn given(&mut self, name: &str, symbol: &str, kind: Kind, value: f64, meaning: &str) {
        let [name, symbol, meaning] = [name, symbol, meaning].map(str::to_owned);
        self.values.push(Value { name, symbol, meaning, value, kind });
    }

    /// Adds a value that follows from `expression`.
    pub(super) fn follows(
        &mut self,
        name: &str,
        symbol: &str,
        kind: Kind,
        expression: &str,
        value: f64,
        meaning: &str,
    ) {
        self.given(name, symbol, kind, value, meaning);
        self.formulas.push(Formula { result: name.to_owned(), expression: expression.to_owned() });
    }

    /// Adds a condition.
    pub(super) fn check(&mut self, condition: &str, holds: bool) {
        self.checks.push(Check { condition: condition.to_owned(), holds });
    }

    /// Adds words.
    pub(super) fn say(&mut self, words: &str) {
        self.words.push(' ');
        self.words.push_str(words);
    }
}

impl Figures {
    pub(super) fn new(of: &str, columns: &[(&str, Kind, &str)]) -> Self {
        let column = |(symbol, kind, meaning): &(&str, Kind, &str)| Column {
            symbol: (*symbol).to_owned(),
            meaning: (*meaning).to_owned(),
            kind: *kind,
        };
        Self { of: of.to_owned(), columns: columns.iter().map(column).collect(), lines: Vec::new() }
    }
}
