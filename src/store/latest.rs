//! The latest run of a series, found without listing the others: what a check asks before it knows which days it needs.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::Snapshot;
use super::catalog::{Catalog, Key, Shelf, folder, read_run};
use super::day::{self, refuse_newer};
use super::layout::{self, Place};
use super::place::days_below;
use crate::model::Record;

/// What a day file says of a run beside its summary, which is most of it.
#[derive(Deserialize)]
pub(super) struct Heading {
    id: String,
    pub(super) scenario: String,
    pub(super) fingerprint: String,
    pub(super) identity: BTreeMap<String, String>,
    pub(super) started_at: Timestamp,
}

impl From<Record> for Heading {
    fn from(record: Record) -> Self {
        let Record { id, scenario, fingerprint, identity, started_at, .. } = record;
        Self { id, scenario, fingerprint, identity, started_at }
    }
}

/// The latest run of each series; a series without any, or of whose latest day nothing can be read, is absent.
///
/// # Errors
/// The store cannot be read, or a file was written by a newer version.
pub(super) fn latest_runs(snapshot: &dyn Snapshot, keys: &[Key]) -> Result<Vec<Heading>> {
    let shelves = keys.iter().map(|key| latest_shelf(snapshot, key)).collect::<Result<Vec<_>>>()?;
    let shelves: Vec<Shelf> = shelves.into_iter().flatten().collect();
    let paths: Vec<&str> = shelves.iter().filter_map(|shelf| shelf.day.as_deref()).collect();
    let files: BTreeMap<&str, Option<Vec<u8>>> = paths.iter().copied().zip(snapshot.load(&paths)?).collect();
    let latest = shelves.iter().map(|shelf| {
        let path = shelf.day.as_deref().unwrap_or_default();
        let listed = files.get(path).and_then(Option::as_ref).map(|bytes| headings(path, bytes)).transpose()?;
        latest_of(snapshot, shelf, listed.unwrap_or_default())
    });
    Ok(latest.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// Whether a series has a run or a day.
///
/// # Errors
/// The store cannot be read.
pub(super) fn is_recorded(snapshot: &dyn Snapshot, key: &Key) -> Result<bool> {
    Ok(latest_date(snapshot, key)?.is_some())
}

/// The latest of the runs that a day file lists and of those that it lacks.
fn latest_of(snapshot: &dyn Snapshot, shelf: &Shelf, mut runs: Vec<Heading>) -> Result<Option<Heading>> {
    let listed: BTreeSet<String> = runs.iter().map(|run| layout::component(&run.id)).collect();
    let lacking: Vec<&str> =
        shelf.runs.iter().filter(|(id, _)| !listed.contains(*id)).map(|(_, path)| path.as_str()).collect();
    if !lacking.is_empty() {
        for (path, bytes) in lacking.iter().zip(snapshot.load(&lacking)?) {
            let run = bytes.map(|bytes| read_run(path, &bytes)).transpose()?;
            runs.extend(run.and_then(Result::ok).map(|(_, record)| Heading::from(record)));
        }
    }
    Ok(runs.into_iter().max_by(|a, b| (a.started_at, &a.id).cmp(&(b.started_at, &b.id))))
}

/// The runs that a day file lists; none if it cannot be read.
fn headings(path: &str, bytes: &[u8]) -> Result<Vec<Heading>> {
    #[derive(Deserialize)]
    struct File {
        schema: String,
        records: Vec<Heading>,
    }
    let read = || {
        let file: File = serde_json::from_slice(bytes)?;
        let at_home = |r: &Heading| layout::day(&r.scenario, &r.fingerprint, layout::date(r.started_at)) == path;
        ensure!(file.schema == day::SCHEMA && file.records.iter().all(at_home), "no day file, or another day's");
        Ok(file.records)
    };
    // What is wrong with the file is told where the day is read, if it is.
    read().or_else(|_| refuse_newer(path, bytes).map(|()| Vec::new()))
}

/// The files of the latest day of a series; `None` where it has none.
fn latest_shelf(snapshot: &dyn Snapshot, key: &Key) -> Result<Option<Shelf>> {
    let Some(date) = latest_date(snapshot, key)? else { return Ok(None) };
    let mut catalog = Catalog::read_days(snapshot, key, &(date..=date))?;
    Ok(catalog.series.remove(key).and_then(|mut days| days.remove(&date)))
}

/// The latest day on which a series has a file.
fn latest_date(snapshot: &dyn Snapshot, key: &Key) -> Result<Option<Date>> {
    let of_days = latest_file(snapshot, &folder("days", key))?;
    Ok(of_days.max(latest_file(snapshot, &folder("runs", key))?))
}

/// The date of the latest file in `folder` and below; folders of earlier days are not opened.
fn latest_file(snapshot: &dyn Snapshot, folder: &str) -> Result<Option<Date>> {
    let paths: Vec<String> = snapshot.entries(folder)?.iter().map(|name| format!("{folder}{name}")).collect();
    let mut below: Vec<(Date, &String)> = paths.iter().filter_map(|p| Some((*days_below(p)?.start(), p))).collect();
    below.sort();
    for (_, folder) in below.iter().rev() {
        if let Some(date) = latest_file(snapshot, folder)? {
            return Ok(Some(date));
        }
    }
    Ok(paths.iter().filter_map(|path| Some(Place::of(path)?.date)).max())
}
