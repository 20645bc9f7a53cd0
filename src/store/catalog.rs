//! What a store holds of each series, by day, and how a day is read: its file, and the runs that the file lacks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::RangeInclusive;
use std::thread::{self, ScopedJoinHandle};

use anyhow::{Context, Result, ensure};
use jiff::civil::Date;

use super::day::{Day, refuse_newer};
use super::layout::{self, Place};
use super::place::days_below;
use super::{FileChange, Snapshot};
use crate::model::{self, Record, Run, Warning};

/// Files loaded at once where many have to be: 46 kB each, some 20 MB.
const BATCH: usize = 500;

/// Day files loaded at once: 8 MB at 50 runs a day, and a multiple of the requests that the store on GitHub makes at once.
const LOADED_AT_ONCE: usize = 24;
/// Day files that one thread reads; so few are read without another.
const A_THREAD: usize = 12;
/// Threads that read while more is loaded.
const READERS: usize = 4;

/// Scenario and fingerprint as they stand in paths.
pub(super) type Key = (String, String);

/// The files of a series by day.
pub(super) type Series = BTreeMap<Date, Shelf>;

/// The files of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shelf {
    /// Path of the day file.
    pub(super) day: Option<String>,
    /// Paths of the runs by id, as it stands in the path.
    pub(super) runs: BTreeMap<String, String>,
}

/// The files of a store, or of one folder of it, by series.
#[derive(Clone, Debug, Default)]
pub(super) struct Catalog {
    /// The series.
    pub(super) series: BTreeMap<Key, Series>,
    /// Files that are nothing of ours.
    pub(super) foreign: Vec<Warning>,
}

impl Catalog {
    /// Lists the runs and days below `folder` (`""`, a scenario, or a scenario and an environment; ends in `/`).
    pub(super) fn read(snapshot: &dyn Snapshot, folder: &str) -> Result<Self> {
        let mut catalog = Self::default();
        for path in ["runs", "days"].map(|top| snapshot.list(&format!("{top}/{folder}"))) {
            path?.into_iter().for_each(|path| catalog.add(path));
        }
        Ok(catalog)
    }

    /// Lists the files of one series.
    pub(super) fn read_series(snapshot: &dyn Snapshot, scenario: &str, fingerprint: &str) -> Result<(Key, Self)> {
        let key = (layout::component(scenario), layout::component(fingerprint));
        let catalog = Self::read(snapshot, &format!("{}/{}/", key.0, key.1))?;
        Ok((key, catalog))
    }

    /// Lists the files of one series on `days`; folders of other days are not opened.
    pub(super) fn read_days(snapshot: &dyn Snapshot, key: &Key, days: &RangeInclusive<Date>) -> Result<Self> {
        let mut catalog = Self::default();
        for top in ["runs", "days"] {
            catalog.walk(snapshot, &folder(top, key), days)?;
        }
        Ok(catalog)
    }

    /// Adds the files in `folder` and below that are of `days`, or nothing of ours.
    fn walk(&mut self, snapshot: &dyn Snapshot, folder: &str, days: &RangeInclusive<Date>) -> Result<()> {
        let mut names = snapshot.entries(folder)?;
        names.sort();
        for name in names {
            let path = format!("{folder}{name}");
            if !path.ends_with('/') {
                if Place::of(&path).is_none_or(|place| days.contains(&place.date)) {
                    self.add(path);
                }
            } else if days_below(&path).is_none_or(|below| below.start() <= days.end() && days.start() <= below.end()) {
                self.walk(snapshot, &path, days)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, path: String) {
        let Some(place) = Place::of(&path) else {
            return self.foreign.push(Warning(format!("{path}: not a file of perf-gate; skipped")));
        };
        let series = self.series.entry((place.scenario, place.fingerprint)).or_default();
        let shelf = series.entry(place.date).or_default();
        match place.run {
            Some(id) => drop(shelf.runs.insert(id, path)),
            None => shelf.day = Some(path),
        }
    }
}

/// The folder of a series in `runs` or `days`.
pub(super) fn folder(top: &str, key: &Key) -> String {
    format!("{top}/{}/{}/", key.0, key.1)
}

/// A day as it was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// Its runs: those of the day file and those that have a file.
    pub(super) day: Day,
    /// Whether the day file says less than that.
    pub(super) incomplete: bool,
    /// The day file, where it could not be read.
    damaged: Option<(String, Vec<u8>)>,
}

impl Found {
    /// Whether the day file could not be read.
    pub(super) fn is_damaged(&self) -> bool {
        self.damaged.is_some()
    }

    /// The changes that write the day to `path`; a file that could not be read is kept beside.
    pub(super) fn save(&self, path: &str) -> Result<Vec<FileChange>> {
        let damaged = self.damaged.iter().map(|(at, bytes)| FileChange::put(layout::damaged(at, bytes), bytes.clone()));
        let mut changes: Vec<FileChange> = damaged.collect();
        changes.push(FileChange::put(path, self.day.write()?));
        Ok(changes)
    }
}

/// Reads days: one load for their files and one for the runs that are missing in them.
///
/// A file that cannot be read is named in `warnings`, and what can be read is used.
///
/// # Errors
/// The store cannot be read, or a file was written by a newer version.
pub(super) fn open_days(
    snapshot: &dyn Snapshot,
    shelves: &[&Shelf],
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Found>> {
    let mut days = read_day_files(snapshot, shelves, warnings)?;
    let mut missing = Vec::new();
    for (at, (shelf, found)) in shelves.iter().zip(&days).enumerate() {
        let known: BTreeSet<String> = found.day.history.records().iter().map(|r| layout::component(&r.id)).collect();
        let unknown = shelf.runs.iter().filter(|(id, _)| !known.contains(*id));
        missing.extend(unknown.map(|(_, path)| (at, path.as_str())));
    }
    for batch in missing.chunks(BATCH) {
        let paths: Vec<&str> = batch.iter().map(|(_, path)| *path).collect();
        for ((at, path), bytes) in batch.iter().zip(snapshot.load(&paths)?) {
            // A run that is gone by now was removed since it was listed.
            let Some(bytes) = bytes else { continue };
            match read_run(path, &bytes)? {
                Ok((_, record)) => days[*at].incomplete |= days[*at].day.history.append(record),
                Err(warning) => warnings.push(warning),
            }
        }
    }
    Ok(days)
}

/// Reads a run's file: the run and its record, or why the file is skipped.
///
/// # Errors
/// The file was written by a newer version.
pub(super) fn read_run(path: &str, bytes: &[u8]) -> Result<Result<(Run, Record), Warning>> {
    refuse_newer(path, bytes)?;
    let read = || {
        let run = model::parse(bytes)?;
        let record = Record::of(&run).context("a run without id, start or summary")?;
        ensure!(layout::run(&record) == path, "the run in it belongs to {}", layout::run(&record));
        Ok((run, record))
    };
    Ok(read().map_err(|error: anyhow::Error| Warning(format!("{path}: skipped: {error:#}"))))
}

/// Reads the day files that are there: some at once, beside loading the next.
fn read_day_files(snapshot: &dyn Snapshot, shelves: &[&Shelf], warnings: &mut Vec<Warning>) -> Result<Vec<Found>> {
    let mut found = Vec::with_capacity(shelves.len());
    let mut take = |(days, told): (Vec<Found>, Vec<Warning>)| {
        found.extend(days);
        warnings.extend(told);
    };
    if shelves.len() <= A_THREAD {
        take(read_some(shelves, load_day_files(snapshot, shelves)?)?);
        return Ok(found);
    }
    thread::scope(|scope| {
        let mut reading = VecDeque::new();
        for loaded in shelves.chunks(LOADED_AT_ONCE) {
            let mut files = load_day_files(snapshot, loaded)?.into_iter();
            for some in loaded.chunks(A_THREAD) {
                let files: Vec<_> = files.by_ref().take(some.len()).collect();
                reading.push_back(scope.spawn(|| read_some(some, files)));
            }
            while reading.len() > READERS {
                reading.pop_front().map(finish).transpose()?.map(&mut take);
            }
        }
        reading.into_iter().try_for_each(|reader| finish(reader).map(&mut take))
    })?;
    Ok(found)
}

/// Loads the day files of `shelves`.
fn load_day_files(snapshot: &dyn Snapshot, shelves: &[&Shelf]) -> Result<Vec<Option<Vec<u8>>>> {
    let paths: Vec<&str> = shelves.iter().filter_map(|shelf| shelf.day.as_deref()).collect();
    let mut loaded = snapshot.load(&paths)?.into_iter();
    Ok(shelves.iter().map(|shelf| shelf.day.as_ref().and_then(|_| loaded.next()).flatten()).collect())
}

/// Reads the day files of `shelves`; what is wrong with them is told beside.
fn read_some(shelves: &[&Shelf], files: Vec<Option<Vec<u8>>>) -> Result<(Vec<Found>, Vec<Warning>)> {
    let mut warnings = Vec::new();
    let read = shelves.iter().zip(files).map(|(shelf, bytes)| match (&shelf.day, bytes) {
        (Some(path), Some(bytes)) => read_day_file(path, bytes, shelf.runs.len(), &mut warnings),
        _ => Ok(Found { incomplete: !shelf.runs.is_empty(), ..Found::default() }),
    });
    let days = read.collect::<Result<_>>()?;
    Ok((days, warnings))
}

fn finish<T>(reader: ScopedJoinHandle<'_, T>) -> T {
    reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn read_day_file(path: &str, bytes: Vec<u8>, runs: usize, warnings: &mut Vec<Warning>) -> Result<Found> {
    let read = || {
        let day = Day::parse(&bytes)?;
        let at_home = |r: &Record| layout::day(&r.scenario, &r.fingerprint, layout::date(r.started_at)) == path;
        ensure!(day.history.records().iter().all(at_home), "a run in it belongs elsewhere");
        Ok(day)
    };
    match read() {
        Ok(day) => Ok(Found { day, ..Found::default() }),
        Err(error) => {
            // Only then: looking for the version reads the file once more, and a year of days is a hundred megabytes.
            refuse_newer(path, &bytes)?;
            warnings
                .push(Warning(format!("{path}: damaged: {error:#}; {runs} run files of that day are used instead")));
            Ok(Found { incomplete: true, damaged: Some((path.to_owned(), bytes)), ..Found::default() })
        }
    }
}
