//! A history at a terminal: the answer, then a line for each series, and under it what became of it.

use anyhow::Result;

use super::view::{Line, View};
use crate::analysis::levels::Overview;
use crate::render::escape::log;
use crate::render::style::{Paint, Style};
use crate::render::table::{Align, Table, paragraph};

const COLUMNS: [(&str, Align); 6] = [
    ("endpoint", Align::Left),
    ("metric", Align::Left),
    ("level", Align::Right),
    ("spread", Align::Right),
    ("runs since", Align::Right),
    ("history", Align::Left),
];

/// Part of the width that a line of blocks may take.
const SPARK: usize = 3;

pub(super) fn render(overview: &Overview, style: &Style) -> Result<String> {
    let view = View::of(overview, style.width / SPARK);
    let paint = if view.worse { Paint::Yellow } else { Paint::Green };
    let mut text = format!("{}\n", style.paint(paint, &view.answer));
    text.push_str(&format!("  {}\n\n", style.paint(Paint::Dim, &view.span)));
    text.push_str(&table(&view, style));
    if let Some(calm) = &view.calm {
        text.push_str(&format!("  {}\n", style.paint(Paint::Dim, calm)));
    }
    let notes = view.warnings.iter().map(|warning| paragraph(&format!("note: {warning}"), style, 2));
    let notes: String = notes.collect();
    text.push_str(&if notes.is_empty() { notes } else { format!("\n{notes}") });
    Ok(log(&text))
}

fn table(view: &View, style: &Style) -> String {
    let mut table = Table::new(&COLUMNS);
    for line in &view.lines {
        table.push(cells(line));
        line.notes.iter().for_each(|note| table.note(note));
    }
    table.text(style, 2)
}

fn cells(line: &Line) -> Vec<(String, Paint)> {
    let paint = if line.worse { Paint::Yellow } else { Paint::Plain };
    let plain = [&line.endpoint, &line.metric, &line.level, &line.spread, &line.runs];
    let plain = plain.map(|text| (text.clone(), Paint::Plain));
    plain.into_iter().chain([(line.spark.clone(), paint)]).collect()
}
