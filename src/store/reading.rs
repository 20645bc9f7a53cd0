//! What is read from a store: histories, whole runs, and which scenarios and environments there are.

use std::ops::RangeInclusive;

use anyhow::Result;
use jiff::Timestamp;

use super::catalog::{Catalog, Found, Series, open_days, read_run};
use super::{Snapshot, acceptances, layout};
use crate::history::{History, KnownEnvironment};
use crate::model::{Record, Run, Warning};

/// A history, and what could not be read of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// The runs.
    pub history: History,
    /// Files that were skipped or mended, by name.
    pub warnings: Vec<Warning>,
}

/// Loads the summaries of a scenario's runs in an environment that started in `window`, and what was accepted of them.
///
/// Reads the lists, one file a day, the runs that no day file knows, and the acceptances.
///
/// # Errors
/// The store cannot be read, or a file was written by a newer version (the message says so).
pub fn load(
    snapshot: &dyn Snapshot,
    scenario: &str,
    fingerprint: &str,
    window: RangeInclusive<Timestamp>,
) -> Result<Loaded> {
    let (key, mut catalog) = Catalog::read_series(snapshot, scenario, fingerprint)?;
    let series = catalog.series.remove(&key).unwrap_or_default();
    let dates = layout::date(*window.start())..=layout::date(*window.end());
    let shelves: Vec<_> = series.range(dates).map(|(_, shelf)| shelf).collect();
    let mut warnings = catalog.foreign;
    let days = open_days(snapshot, &shelves, &mut warnings)?;
    let records = days.into_iter().flat_map(|found| found.day.history.into_records());
    let mut history: History = records.filter(|r| window.contains(&r.started_at)).collect();
    let (accepted, unreadable) = acceptances(snapshot, scenario)?;
    history.accept(accepted);
    warnings.extend(unreadable);
    Ok(Loaded { history, warnings })
}

/// Loads the files of some runs, with what history keeps beside the summaries; runs that have none any more are absent.
///
/// # Errors
/// The store cannot be read, or a file was written by a newer version.
pub fn load_runs(snapshot: &dyn Snapshot, records: &[Record]) -> Result<(Vec<Run>, Vec<Warning>)> {
    let paths: Vec<String> = records.iter().map(layout::run).collect();
    let loaded = snapshot.load(&paths.iter().map(String::as_str).collect::<Vec<_>>())?;
    let (mut runs, mut warnings) = (Vec::new(), Vec::new());
    for (path, bytes) in paths.iter().zip(loaded) {
        match bytes.map(|bytes| read_run(path, &bytes)).transpose()? {
            Some(Ok((run, _))) => runs.push(run),
            Some(Err(warning)) => warnings.push(warning),
            None => {}
        }
    }
    Ok((runs, warnings))
}

/// The environments in which `scenario` has been recorded, the one used last first.
///
/// # Errors
/// The store cannot be read, or a file was written by a newer version.
pub fn environments(snapshot: &dyn Snapshot, scenario: &str) -> Result<Vec<KnownEnvironment>> {
    let catalog = Catalog::read(snapshot, &format!("{}/", layout::component(scenario)))?;
    let latest = latest_days(snapshot, catalog.series.values())?;
    let records = latest.iter().filter_map(|found| found.day.history.records().last());
    let mut environments: Vec<_> = records
        .map(|r| KnownEnvironment {
            fingerprint: r.fingerprint.clone(),
            identity: r.identity.clone(),
            latest: r.started_at,
        })
        .collect();
    environments.sort_by_key(|e| std::cmp::Reverse(e.latest));
    Ok(environments)
}

/// The scenarios that have been recorded, in the order of their names.
///
/// # Errors
/// The store cannot be read, or a file was written by a newer version.
pub fn scenarios(snapshot: &dyn Snapshot) -> Result<Vec<String>> {
    let catalog = Catalog::read(snapshot, "")?;
    let (plain, shortened): (Vec<_>, Vec<_>) =
        catalog.series.iter().map(|(key, series)| (layout::name(&key.0), series)).partition(|(name, _)| name.is_some());
    let read = latest_days(snapshot, shortened.into_iter().map(|(_, series)| series))?;
    let read = read.iter().filter_map(|found| Some(found.day.history.records().last()?.scenario.clone()));
    let mut names: Vec<String> = plain.into_iter().filter_map(|(name, _)| name).chain(read).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// The latest day of each series.
fn latest_days<'a>(snapshot: &dyn Snapshot, series: impl Iterator<Item = &'a Series>) -> Result<Vec<Found>> {
    let shelves: Vec<_> = series.filter_map(|days| days.values().next_back()).collect();
    open_days(snapshot, &shelves, &mut Vec::new())
}
