//! An explanation in words: templates filled in, every number text, every outside string one tame line.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::Unit;
use crate::render::escape::line;
use crate::render::numbers::{NONE, count, figure, logarithm, second};
use crate::render::view::{told, verdict};
use crate::verdict::explain::{Check, Explanation, Figures, Formula, Kind, Line, Step, Value};
use crate::verdict::{Outcome, Verdict};

/// Most characters shown of a name, and of a sentence.
const NAME: usize = 120;
const SENTENCE: usize = 600;
/// Digits of a commit that tell it from others.
const COMMIT: usize = 7;

/// An explanation in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Told {
    /// What became of the row, in capitals.
    pub(super) verdict: String,
    /// Whether that is worse, for code that chooses a colour.
    pub(super) is_worse: bool,
    /// The row in one line.
    pub(super) answer: String,
    /// Why, in a sentence or two.
    pub(super) reason: String,
    pub(super) steps: Vec<ToldStep>,
}

/// A step in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct ToldStep {
    pub(super) title: String,
    pub(super) words: String,
    pub(super) notes: Vec<String>,
    pub(super) tables: Vec<ToldTable>,
    pub(super) formulas: Vec<ToldFormula>,
    pub(super) checks: Vec<ToldCheck>,
}

/// A table in words; columns without any figure are left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct ToldTable {
    /// Names of the columns, those of words first and last.
    pub(super) columns: Vec<String>,
    pub(super) lines: Vec<Vec<String>>,
}

/// A formula: in symbols, with numbers, and what it comes to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct ToldFormula {
    pub(super) symbol: String,
    pub(super) symbols: String,
    /// None where the expression is one value, which is the result.
    pub(super) numbers: Option<String>,
    pub(super) result: String,
}

/// A condition and its answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct ToldCheck {
    pub(super) condition: String,
    pub(super) holds: bool,
}

/// The values of an explanation by name, and the unit of its figures.
struct Values<'a> {
    by_name: BTreeMap<&'a str, &'a Value>,
    unit: Unit,
}

impl Told {
    pub(super) fn of(explanation: &Explanation) -> Self {
        let all = explanation.steps.iter().flat_map(|step| &step.values);
        let by_name = all.map(|value| (value.name.as_str(), value)).collect();
        let values = Values { by_name, unit: explanation.unit };
        let scenario = line(&explanation.scenario, NAME);
        let (verdict, answer, reason) = match &explanation.row {
            Some(row) => {
                let note = row.note.as_deref().filter(|_| row.endpoint == crate::model::ALL);
                let reason = [Some(row.reason.as_str()), note].into_iter().flatten().collect::<Vec<_>>().join(" ");
                (verdict(row).to_uppercase(), told(row), reason)
            }
            None => ("NOT JUDGED".to_owned(), subject(explanation), explanation.outcome_reason.clone()),
        };
        let is_worse = match &explanation.row {
            Some(row) => row.verdict == Verdict::Regressed,
            None => explanation.outcome == Outcome::Invalid,
        };
        Self {
            verdict,
            is_worse,
            answer: format!("{scenario}: {answer}"),
            reason: line(&reason, SENTENCE),
            steps: explanation.steps.iter().map(|step| values.step(step)).collect(),
        }
    }
}

fn subject(explanation: &Explanation) -> String {
    format!("{} {}", line(&explanation.endpoint, NAME), line(&explanation.metric, NAME))
}

impl Values<'_> {
    fn step(&self, step: &Step) -> ToldStep {
        ToldStep {
            title: step.title.clone(),
            words: self.filled(&step.words, |value| self.number(value.kind, value.value)),
            notes: step.notes.iter().map(|note| line(note, SENTENCE)).collect(),
            tables: step.tables.iter().map(|table| self.table(table)).collect(),
            formulas: step.formulas.iter().filter_map(|formula| self.formula(formula)).collect(),
            checks: step.checks.iter().map(|check| self.check(check)).collect(),
        }
    }

    /// A template with `fill` in place of the names of values; what is no such name stays.
    fn filled(&self, template: &str, fill: impl Fn(&Value) -> String) -> String {
        let mut parts = template.split('{');
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            match part.split_once('}').and_then(|(name, rest)| Some((self.by_name.get(name)?, rest))) {
                Some((value, rest)) => text.extend([&fill(value), rest]),
                None => text.extend(["{", part]),
            }
        }
        text
    }

    fn number(&self, kind: Kind, value: f64) -> String {
        match kind {
            Kind::Number => figure(value),
            Kind::Log => logarithm(value),
            Kind::Count if value.fract() == 0.0 && value >= 0.0 => count(value as u64),
            Kind::Count => figure(value),
            Kind::Percent => format!("{} %", figure(100.0 * value)),
            Kind::Figure => self.unit.show(value),
        }
    }

    fn formula(&self, formula: &Formula) -> Option<ToldFormula> {
        let result = self.by_name.get(formula.result.as_str())?;
        let is_alone = formula.expression.matches('{').count() == 1 && formula.expression.starts_with('{');
        let is_alone = is_alone && formula.expression.ends_with('}');
        let within = |value: &Value| {
            let number = self.number(value.kind, value.value);
            if value.value < 0.0 { format!("({number})") } else { number }
        };
        Some(ToldFormula {
            symbol: result.symbol.clone(),
            symbols: self.filled(&formula.expression, |value| value.symbol.clone()),
            numbers: (!is_alone).then(|| self.filled(&formula.expression, within)),
            result: self.number(result.kind, result.value),
        })
    }

    fn check(&self, check: &Check) -> ToldCheck {
        let condition = self.filled(&check.condition, |value| self.number(value.kind, value.value));
        ToldCheck { condition, holds: check.holds }
    }

    fn table(&self, table: &Figures) -> ToldTable {
        let has = |i: &usize| table.lines.iter().any(|line| line.figures.get(*i).copied().flatten().is_some());
        let kept: Vec<usize> = (0..table.columns.len()).filter(has).collect();
        let is_run = table.of == "run";
        let has_commits = table.lines.iter().any(|line| line.commit.is_some());
        let first = if is_run { "run (UTC)" } else { "endpoint" };
        let mut columns = vec![first.to_owned()];
        columns.extend(has_commits.then(|| "commit".to_owned()));
        columns.extend(kept.iter().map(|i| line(&table.columns[*i].symbol, NAME)));
        columns.push(String::new());
        let line_of = |row: &Line| {
            let name = row.started_at.map_or_else(|| line(&row.name, NAME), second);
            let commit = row.commit.as_deref().map(|commit| line(commit, NAME).chars().take(COMMIT).collect());
            let commit = has_commits.then(|| commit.unwrap_or_else(|| NONE.to_owned()));
            let figures = kept.iter().map(|i| {
                let value = row.figures.get(*i).copied().flatten();
                value.map_or(NONE.to_owned(), |value| self.number(table.columns[*i].kind, value))
            });
            [name].into_iter().chain(commit).chain(figures).chain([row.part.clone()]).collect()
        };
        ToldTable { columns, lines: table.lines.iter().map(line_of).collect() }
    }
}
