//! The rows of a report for a spreadsheet: one line each, figures in base units, changes as shares of 1.
//!
//! Texts that a spreadsheet would run as a formula get a leading apostrophe; whoever needs the exact names reads the
//! JSON. Figures are left alone: a negative number is no formula.

use anyhow::{Context, Result};
use csv::WriterBuilder;
use serde::Serialize;

use super::escape::cell;
use super::style::Style;
use super::{Output, Report, Scenario};
use crate::verdict::Row;

pub(super) const OUTPUT: Output = Output { name: "csv", about: "Rows for a spreadsheet, in base units", render };

const COLUMNS: [&str; 21] = [
    "scenario",
    "endpoint",
    "metric",
    "unit",
    "verdict",
    "severity",
    "advisory",
    "baseline",
    "candidate",
    "change",
    "lower",
    "upper",
    "specific",
    "noise_floor",
    "smallest_detectable",
    "threshold",
    "p_value",
    "runs",
    "basis",
    "reason",
    "analysis",
];

fn render(report: &Report, _: &Style) -> Result<String> {
    let mut writer = WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for scenario in &report.scenarios {
        for row in &scenario.rows {
            writer.serialize(line(scenario, row))?;
        }
    }
    let bytes = writer.into_inner().context("cannot finish the CSV")?;
    Ok(String::from_utf8(bytes)?)
}

/// The cells of a row, in the order of the columns; what is not known stays empty.
fn line(scenario: &Scenario, row: &Row) -> impl Serialize {
    let text = |text: &str| cell(text);
    let names = (text(&scenario.name), text(&row.endpoint), text(&row.metric), row.unit.as_str());
    let verdict = (row.verdict, row.severity, row.advisory);
    let bounds = (row.interval.map(|i| i.lower), row.interval.map(|i| i.upper));
    let figures = (row.baseline, row.candidate, row.change, bounds, row.specific.map(|own| own.change));
    let limits = (row.noise_floor, row.smallest_detectable, row.threshold, row.p_value);
    (names, verdict, figures, limits, (row.runs, row.basis, text(&row.reason), scenario.analysis.kind))
}
