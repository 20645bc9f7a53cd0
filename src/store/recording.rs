//! Adding a run to the history.

use anyhow::{Context, Result};

use super::catalog::{Catalog, Shelf, open_days};
use super::{FileChange, Snapshot, Store, layout};
use crate::model::{self, Record, Run, Warning};

/// Whether recording a run changed the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The run was added.
    New,
    /// A run of that id had been recorded before; nothing changed.
    AlreadyThere,
}

/// Adds a run to the history, once: its own file and its line in the file of its day, in one update.
///
/// The warnings name files of that day that could not be read.
///
/// # Errors
/// The run has no id, start or summary, or a figure that cannot be written; the store cannot be written, or the day was
/// written by a newer version.
pub fn record(store: &dyn Store, run: &Run) -> Result<(Recorded, Vec<Warning>)> {
    let record = Record::of(run).context("a run without id, start or summary cannot be recorded")?;
    let text = model::write(run);
    model::parse(text.as_bytes()).context("the run would not read back as it is")?;
    let message = format!("Record {} of {}", record.id, record.scenario);
    let mut answer = (Recorded::AlreadyThere, Vec::new());
    store.update(&message, &mut |snapshot| {
        let mut warnings = Vec::new();
        let changes = add(snapshot, &record, &text, &mut warnings)?;
        answer = (if changes.is_empty() { Recorded::AlreadyThere } else { Recorded::New }, warnings);
        Ok(changes)
    })?;
    Ok(answer)
}

/// The changes that add `record`, whose run is written as `text`; none if it is there.
fn add(snapshot: &dyn Snapshot, record: &Record, text: &str, warnings: &mut Vec<Warning>) -> Result<Vec<FileChange>> {
    let (path, date) = (layout::run(record), layout::date(record.started_at));
    let (key, catalog) = Catalog::read_series(snapshot, &record.scenario, &record.fingerprint)?;
    let series = catalog.series.get(&key);
    let id = layout::component(&record.id);
    // The same run with another start (`--at`) has another path; it is still the same run.
    if series.is_some_and(|days| days.values().filter_map(|shelf| shelf.runs.get(&id)).any(|other| *other != path)) {
        return Ok(Vec::new());
    }
    let empty = Shelf::default();
    let shelf = series.and_then(|days| days.get(&date)).unwrap_or(&empty);
    let mut found = open_days(snapshot, &[shelf], warnings)?.remove(0);
    if !found.day.history.append(record.clone()) {
        return Ok(Vec::new());
    }
    let mut changes = found.save(&layout::day(&record.scenario, &record.fingerprint, date))?;
    changes.push(FileChange::put(path, text));
    if snapshot.load(&[layout::README])?[0].is_none() {
        changes.push(FileChange::put(layout::README, layout::README_TEXT));
    }
    Ok(changes)
}
