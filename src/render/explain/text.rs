//! An explanation at a terminal: the answer, then numbered steps with their tables and formulas.

use unicode_width::UnicodeWidthStr;

use super::words::{Told, ToldFormula, ToldStep, ToldTable};
use crate::render::escape::log;
use crate::render::style::{Paint, Style};
use crate::render::table::{Align, Table, paragraph};

/// Columns that what belongs to a step is indented by.
const INDENT: usize = 3;

/// The explanations as text.
pub(super) fn text(explanations: &[Told], style: &Style) -> String {
    let parts: Vec<String> = explanations.iter().map(|told| one(told, style)).collect();
    log(&parts.join("\n"))
}

fn one(told: &Told, style: &Style) -> String {
    let paint = if told.is_worse { Paint::Red } else { Paint::Plain };
    let mut text = format!("{}  {}\n", style.paint(paint, &told.verdict), told.answer);
    text.push_str(&paragraph(&told.reason, style, 2));
    for (i, part) in told.steps.iter().enumerate() {
        text.push_str(&format!("\n{}. {}\n{}", i + 1, part.title, step(part, style)));
    }
    text
}

fn step(step: &ToldStep, style: &Style) -> String {
    let mut parts = vec![paragraph(&step.words, style, INDENT)];
    parts[0].extend(step.notes.iter().map(|note| paragraph(note, style, INDENT)));
    parts.extend(step.tables.iter().map(|part| table(part, style)));
    parts.push(step.formulas.iter().map(|part| formula(part, style)).collect());
    let mark = |holds| if holds { style.paint(Paint::Green, "yes") } else { style.paint(Paint::Yellow, "no ") };
    let check = |check: &super::words::ToldCheck| format!("   {}  {}\n", mark(check.holds), check.condition);
    parts.push(step.checks.iter().map(check).collect());
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn table(table: &ToldTable, style: &Style) -> String {
    let last = table.columns.len() - 1;
    let align = |i: usize, name: &str| if i == 0 || i == last || name == "commit" { Align::Left } else { Align::Right };
    let columns: Vec<_> = table.columns.iter().enumerate().map(|(i, name)| (name.as_str(), align(i, name))).collect();
    let mut shown = Table::new(&columns);
    for line in &table.lines {
        shown.push(line.iter().map(|cell| (cell.clone(), Paint::Plain)).collect());
    }
    shown.text(style, INDENT)
}

/// `se = √(s²/n) = √(0.03²/5) = 0.0134`, on more lines where it is too long for one.
fn formula(formula: &ToldFormula, style: &Style) -> String {
    let ToldFormula { symbol, symbols, numbers, result } = formula;
    let margin = " ".repeat(INDENT);
    let Some(numbers) = numbers else { return format!("{margin}{symbol} = {symbols} = {result}\n") };
    let whole = format!("{margin}{symbol} = {symbols} = {numbers} = {result}");
    if whole.width() <= style.width {
        return whole + "\n";
    }
    let below = " ".repeat(INDENT + symbol.width());
    let with_result = format!("{below} = {numbers} = {result}");
    let end = if with_result.width() <= style.width { String::new() } else { format!("\n{below} = {result}") };
    let numbers = if end.is_empty() { with_result } else { format!("{below} = {numbers}") };
    format!("{margin}{symbol} = {symbols}\n{numbers}{end}\n")
}
