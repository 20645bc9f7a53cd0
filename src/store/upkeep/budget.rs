//! The most bytes a store may take: the oldest days go first, of all series together.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use jiff::civil::Date;

use super::{Fate, Upkeep};
use crate::store::catalog::Shelf;
use crate::store::{FileChange, Snapshot};

/// Removes whole days until what is left takes no more than `budget` bytes.
pub(super) fn enforce(snapshot: &dyn Snapshot, budget: u64, fates: &mut [Fate<'_>], done: &mut Upkeep) -> Result<()> {
    let surplus = surplus(&bytes_by_day(snapshot, fates)?, budget);
    for fate in fates.iter_mut().filter(|fate| surplus.contains(&fate.date)) {
        done.removed += std::mem::take(&mut fate.runs);
        fate.changes = paths(fate.shelf).map(FileChange::remove).collect();
    }
    Ok(())
}

/// The oldest days that have to go.
fn surplus(bytes: &BTreeMap<Date, u64>, budget: u64) -> BTreeSet<Date> {
    let mut total: u64 = bytes.values().sum();
    let oldest_first = bytes.iter().take_while(|(_, size)| {
        let over = total > budget;
        total -= **size;
        over
    });
    oldest_first.map(|(date, _)| *date).collect()
}

/// What each day takes after the changes planned so far.
fn bytes_by_day(snapshot: &dyn Snapshot, fates: &[Fate<'_>]) -> Result<BTreeMap<Date, u64>> {
    let mut bytes = BTreeMap::new();
    let mut unchanged = Vec::new();
    for fate in fates {
        let changed: BTreeSet<&str> = fate.changes.iter().map(FileChange::path).collect();
        unchanged.extend(paths(fate.shelf).filter(|path| !changed.contains(path)).map(|path| (fate.date, path)));
        let written = fate.changes.iter().map(|change| match change {
            FileChange::Put { bytes, .. } => bytes.len() as u64,
            FileChange::Remove { .. } => 0,
        });
        *bytes.entry(fate.date).or_insert(0) += written.sum::<u64>();
    }
    let sizes = snapshot.sizes(&unchanged.iter().map(|(_, path)| *path).collect::<Vec<_>>())?;
    for ((date, _), size) in unchanged.iter().zip(sizes) {
        *bytes.entry(*date).or_insert(0) += size;
    }
    Ok(bytes)
}

fn paths(shelf: &Shelf) -> impl Iterator<Item = &str> {
    shelf.runs.values().chain(&shelf.day).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_days_go_until_the_rest_fits() {
        let day = |n| Date::constant(2026, 1, n);
        let bytes: BTreeMap<Date, u64> = [(day(1), 10), (day(2), 20), (day(3), 30)].into();
        assert!(surplus(&bytes, 60).is_empty());
        assert_eq!(surplus(&bytes, 59), [day(1)].into());
        assert_eq!(surplus(&bytes, 30), [day(1), day(2)].into());
        assert_eq!(surplus(&bytes, 0).len(), 3);
    }
}
