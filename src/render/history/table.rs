//! A history for a spreadsheet: a line for each run of each series, in base units.

use anyhow::{Context, Result};
use csv::WriterBuilder;

use crate::analysis::levels::{Overview, Series};
use crate::render::escape::cell;
use crate::render::style::Style;

const COLUMNS: [&str; 10] =
    ["scenario", "endpoint", "metric", "unit", "run", "started_at", "commit", "release", "value", "level"];

pub(super) fn render(overview: &Overview, _: &Style) -> Result<String> {
    let mut writer = WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for series in &overview.series {
        let known = series.values.iter().enumerate().filter_map(|(run, value)| Some((run, (*value)?)));
        for (at, value) in known {
            let run = &overview.runs[at];
            let text = |text: &Option<String>| text.as_deref().map(cell);
            let names = (cell(&overview.scenario), cell(&series.endpoint), cell(&series.metric), series.unit.as_str());
            let of_run = (cell(&run.id), run.started_at, text(&run.commit), text(&run.release));
            writer.serialize((names, of_run, value, level(series, at)))?;
        }
    }
    let bytes = writer.into_inner().context("cannot finish the CSV")?;
    Ok(String::from_utf8(bytes)?)
}

/// The level that a run is on.
fn level(series: &Series, run: usize) -> Option<f64> {
    let after = series.levels.partition_point(|level| level.first <= run);
    after.checked_sub(1).map(|place| series.levels[place].value)
}
