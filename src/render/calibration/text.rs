//! A calibration at a terminal.

use anyhow::Result;

use super::words::{Line, Section};
use super::yaml;
use crate::analysis::calibrate::Calibration;
use crate::render::escape::log;
use crate::render::style::{Paint, Style};
use crate::render::table::{Align, Table, paragraph};

/// Where the value of a fact starts: the longest name and the space around it.
const COLUMN: usize = 19;

const COLUMNS: [(&str, Align); 11] = [
    ("endpoint", Align::Left),
    ("metric", Align::Left),
    ("spread", Align::Right),
    ("own", Align::Right),
    ("noise floor", Align::Right),
    ("detects", Align::Right),
    ("failed", Align::Right),
    ("warned", Align::Right),
    ("unsure", Align::Right),
    ("threshold", Align::Right),
    ("advice", Align::Left),
];

pub(super) fn render(calibration: &Calibration, style: &Style) -> Result<String> {
    let sections = calibration.scenarios.iter().map(|scenario| section(&Section::of(scenario), style));
    let mut text = sections.collect::<Vec<_>>().join("\n");
    if calibration.scenarios.iter().any(|scenario| !scenario.changes.is_empty()) {
        text.push_str(&format!("\n{}", yaml::render(calibration, style)?));
    }
    Ok(log(&text))
}

fn section(section: &Section, style: &Style) -> String {
    let mut text = format!("{}\n", section.answer);
    text.push_str(&section.action.as_ref().map_or(String::new(), |action| paragraph(action, style, 2)));
    let mut table = Table::new(&COLUMNS);
    section.lines.iter().for_each(|line| table.push(cells(line)));
    for part in [table.text(style, 2), facts(section, style)] {
        if !part.is_empty() {
            text.push_str(&format!("\n{part}"));
        }
    }
    text
}

fn cells(line: &Line) -> Vec<(String, Paint)> {
    let paint = if line.stands_out { Paint::Yellow } else { Paint::Plain };
    let plain = [
        &line.endpoint,
        &line.metric,
        &line.spread,
        &line.own_spread,
        &line.noise_floor,
        &line.detectable,
        &line.failed,
        &line.warned,
        &line.inconclusive,
        &line.threshold,
    ];
    let plain = plain.into_iter().map(|text| (text.clone(), Paint::Plain));
    plain.chain([(line.advice.clone(), paint)]).collect()
}

/// Names and values; a name that repeats is not shown again.
fn facts(section: &Section, style: &Style) -> String {
    let mut before = "";
    let mut text = String::new();
    for (name, value) in &section.facts {
        let shown = if *name == before { "" } else { *name };
        let value = paragraph(value, style, COLUMN);
        let padded = format!("{shown:<width$}", width = COLUMN - 2);
        text.push_str(&format!("  {}{}", style.paint(Paint::Dim, &padded), value.trim_start()));
        before = name;
    }
    text
}
