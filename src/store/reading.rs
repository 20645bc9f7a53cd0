//! What is read from a store: histories, whole runs, and which scenarios and environments there are.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use anyhow::Result;
use jiff::Timestamp;

use super::catalog::{Catalog, Key, open_days, read_run};
use super::latest::{is_recorded, latest_runs};
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
/// Reads the lists of those days, one file a day, the runs that no day file knows, and the acceptances.
///
/// # Errors
/// The store cannot be read, or a file was written by a newer version (the message says so).
pub fn load(
    snapshot: &dyn Snapshot,
    scenario: &str,
    fingerprint: &str,
    window: RangeInclusive<Timestamp>,
) -> Result<Loaded> {
    let key = (layout::component(scenario), layout::component(fingerprint));
    let days = layout::date(*window.start())..=layout::date(*window.end());
    let mut catalog = Catalog::read_days(snapshot, &key, &days)?;
    let series = catalog.series.remove(&key).unwrap_or_default();
    let shelves: Vec<_> = series.values().collect();
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
    let latest = latest_runs(snapshot, &series(snapshot, &layout::component(scenario))?)?.into_iter();
    let mut environments: Vec<KnownEnvironment> = latest
        .map(|run| KnownEnvironment { fingerprint: run.fingerprint, identity: run.identity, latest: run.started_at })
        .collect();
    environments.sort_by_key(|e| std::cmp::Reverse(e.latest));
    Ok(environments)
}

/// The scenarios that have been recorded, in the order of their names.
///
/// # Errors
/// The store cannot be read, or a file was written by a newer version.
pub fn scenarios(snapshot: &dyn Snapshot) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for scenario in subfolders(snapshot, "")? {
        let series = series(snapshot, &scenario)?;
        match layout::name(&scenario) {
            Some(name) if any_recorded(snapshot, &series)? => names.push(name),
            Some(_) => {}
            None => names.extend(latest_runs(snapshot, &series)?.into_iter().map(|run| run.scenario)),
        }
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// The series of a scenario, of which some may be empty.
fn series(snapshot: &dyn Snapshot, scenario: &str) -> Result<Vec<Key>> {
    let fingerprints = subfolders(snapshot, &format!("{scenario}/"))?;
    Ok(fingerprints.into_iter().map(|fingerprint| (scenario.to_owned(), fingerprint)).collect())
}

fn any_recorded(snapshot: &dyn Snapshot, series: &[Key]) -> Result<bool> {
    for key in series {
        if is_recorded(snapshot, key)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Names of the folders in the folder `path` of runs or of days.
fn subfolders(snapshot: &dyn Snapshot, path: &str) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for top in ["runs", "days"] {
        let entries = snapshot.entries(&format!("{top}/{path}"))?;
        found.extend(entries.iter().filter_map(|name| name.strip_suffix('/')).map(str::to_owned));
    }
    Ok(found)
}
