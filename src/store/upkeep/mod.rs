//! Keeping a store small: thinning old runs, and removing what nobody asks for any more.
//!
//! All of it is one update that rewrites no history. A run's file is dropped only when its summary stands in the file of
//! its day after the same update, and no file that cannot be read is removed for its age.

mod budget;
mod tiers;

use anyhow::Result;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::catalog::{Catalog, Shelf};
use super::{FileChange, Snapshot, Store};
use crate::history::Retention;
use crate::model::Warning;

/// What upkeep did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// Runs whose files were thinned.
    pub thinned: usize,
    /// Runs whose files were dropped; their summaries stay.
    pub dropped: usize,
    /// Runs that were removed altogether.
    pub removed: usize,
    /// Files that could not be read, by name.
    pub warnings: Vec<Warning>,
}

/// What to remove altogether.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prune {
    /// Runs older than so long.
    OlderThan(SignedDuration),
    /// The run of that id, also where its file cannot be read.
    Run(String),
    /// The oldest days, until runs and day files take no more than so many bytes.
    Beyond(u64),
}

/// Thins old runs and removes those beyond the `retention`, as of `now`.
///
/// # Errors
/// The store cannot be read or written, or a file was written by a newer version.
pub fn compact(store: &dyn Store, retention: &Retention, now: Timestamp) -> Result<Upkeep> {
    apply(store, "Compact the history", &Plan { retention, now, without: None })
}

/// Removes runs altogether, as of `now`.
///
/// # Errors
/// The store cannot be read or written, or a file was written by a newer version.
pub fn prune(store: &dyn Store, what: &Prune, now: Timestamp) -> Result<Upkeep> {
    let mut retention = Retention::everything();
    let mut without = None;
    match what {
        Prune::OlderThan(age) => retention.keep_for = Some(*age),
        Prune::Beyond(bytes) => retention.bytes = Some(*bytes),
        Prune::Run(id) => without = Some(id.as_str()),
    }
    apply(store, "Prune the history", &Plan { retention: &retention, now, without })
}

/// What is to be kept.
struct Plan<'a> {
    retention: &'a Retention,
    now: Timestamp,
    /// A run that goes in any case.
    without: Option<&'a str>,
}

/// What becomes of a day of a series.
struct Fate<'a> {
    date: Date,
    /// Its files as they are.
    shelf: &'a Shelf,
    /// Runs it has afterwards.
    runs: usize,
    changes: Vec<FileChange>,
}

fn apply(store: &dyn Store, message: &str, plan: &Plan<'_>) -> Result<Upkeep> {
    let mut done = Upkeep::default();
    store.update(message, &mut |snapshot| {
        done = Upkeep::default();
        changes(snapshot, plan, &mut done)
    })?;
    Ok(done)
}

fn changes(snapshot: &dyn Snapshot, plan: &Plan<'_>, done: &mut Upkeep) -> Result<Vec<FileChange>> {
    let catalog = Catalog::read(snapshot, "")?;
    done.warnings.extend(catalog.foreign);
    let mut fates = Vec::new();
    for series in catalog.series.values() {
        fates.extend(tiers::plan(snapshot, plan, series, done)?);
    }
    if let Some(budget) = plan.retention.bytes {
        budget::enforce(snapshot, budget, &mut fates, done)?;
    }
    Ok(fates.into_iter().flat_map(|fate| fate.changes).collect())
}
