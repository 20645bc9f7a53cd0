//! From the tier of each run to the files that change.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{Fate, Plan, Upkeep};
use crate::history::{History, Tier};
use crate::model::{self, Endpoint, Latency, Record, Run};
use crate::store::catalog::{Found, Series, Shelf, open_days, read_run};
use crate::store::{FileChange, Snapshot, layout};

/// What becomes of each day of a series.
pub(super) fn plan<'a>(
    snapshot: &dyn Snapshot,
    plan: &Plan<'_>,
    series: &'a Series,
    done: &mut Upkeep,
) -> Result<Vec<Fate<'a>>> {
    let shelves: Vec<&Shelf> = series.values().collect();
    let days = open_days(snapshot, &shelves, &mut done.warnings)?;
    let tiers = tiers(plan, &days);
    let mut fates = Vec::new();
    for ((date, shelf), mut found) in series.iter().zip(days) {
        let changes = day(snapshot, plan, shelf, &mut found, &tiers, done)?;
        fates.push(Fate { date: *date, shelf, runs: found.day.history.records().len(), changes });
    }
    Ok(fates)
}

/// The tier of each run, by id.
fn tiers(plan: &Plan<'_>, days: &[Found]) -> BTreeMap<String, Tier> {
    let history: History = days.iter().flat_map(|found| found.day.history.records().to_vec()).collect();
    let tiers = plan.retention.tiers(&history, plan.now);
    let mut tiers: BTreeMap<String, Tier> = history.records().iter().map(|r| r.id.clone()).zip(tiers).collect();
    tiers.extend(plan.without.map(|id| (id.to_owned(), Tier::Gone)));
    tiers
}

/// The changes of one day: its runs' files, then its own.
fn day(
    snapshot: &dyn Snapshot,
    plan: &Plan<'_>,
    shelf: &Shelf,
    found: &mut Found,
    tiers: &BTreeMap<String, Tier>,
    done: &mut Upkeep,
) -> Result<Vec<FileChange>> {
    let records = found.day.history.records().to_vec();
    let file = |record: &Record| shelf.runs.get(&layout::component(&record.id)).cloned();
    let of_tier = |tier| records.iter().filter(move |r| tiers.get(&r.id) == Some(&tier));

    let mut changes = thin(snapshot, of_tier(Tier::Thin).filter_map(|r| Some((r, file(r)?))), found, done)?;
    for path in of_tier(Tier::Daily).filter_map(file) {
        changes.push(FileChange::remove(path));
        done.dropped += 1;
    }
    for record in of_tier(Tier::Gone) {
        changes.extend(file(record).map(FileChange::remove));
        found.day.history.remove(&record.id);
        done.removed += 1;
    }
    // A run that was asked to go goes also where its file cannot be read.
    if let Some(id) = plan.without.filter(|id| !records.iter().any(|r| r.id == **id)) {
        let unread = shelf.runs.get(&layout::component(id)).cloned();
        done.removed += usize::from(unread.is_some());
        changes.extend(unread.map(FileChange::remove));
    }
    changes.extend(day_file(shelf, found, records.first(), !changes.is_empty())?);
    Ok(changes)
}

/// Thins the files of `runs` that are not thinned yet.
fn thin<'a>(
    snapshot: &dyn Snapshot,
    runs: impl Iterator<Item = (&'a Record, String)>,
    found: &mut Found,
    done: &mut Upkeep,
) -> Result<Vec<FileChange>> {
    let due: Vec<_> = runs.filter(|(record, _)| !found.day.thinned.contains(&record.id)).collect();
    let loaded = snapshot.load(&due.iter().map(|(_, path)| path.as_str()).collect::<Vec<_>>())?;
    let mut changes = Vec::new();
    for ((record, path), bytes) in due.iter().zip(loaded) {
        match bytes.map(|bytes| read_run(path, &bytes)).transpose()? {
            Some(Ok((run, _))) => {
                changes.push(FileChange::put(path, model::write(&thinned(run))));
                found.day.thinned.insert(record.id.clone());
                done.thinned += 1;
            }
            Some(Err(warning)) => done.warnings.push(warning),
            None => {}
        }
    }
    Ok(changes)
}

/// The change of the day file: rewritten where it says something else than it should, removed with its last run.
fn day_file(shelf: &Shelf, found: &mut Found, any: Option<&Record>, changed: bool) -> Result<Vec<FileChange>> {
    let Some(any) = any.filter(|_| changed || found.incomplete) else { return Ok(Vec::new()) };
    let with_files = |id: &String| shelf.runs.contains_key(&layout::component(id));
    let kept = |id: &String| found.day.history.find(id).is_some();
    found.day.thinned = found.day.thinned.iter().filter(|id| with_files(id) && kept(id)).cloned().collect();
    match (&shelf.day, found.day.history.records().is_empty()) {
        (Some(path), true) if !found.is_damaged() => Ok(vec![FileChange::remove(path)]),
        (_, true) => Ok(Vec::new()),
        _ => found.save(&layout::day(&any.scenario, &any.fingerprint, layout::date(any.started_at))),
    }
}

/// A run with histograms of two digits and without intervals; what is judged of it stays as it is.
fn thinned(mut run: Run) -> Run {
    for endpoint in run.endpoints.iter_mut().chain(&mut run.total) {
        let Endpoint { latency, latency_all, intervals, .. } = endpoint;
        intervals.clear();
        for Latency { histogram, .. } in latency.iter_mut().chain(latency_all) {
            *histogram = histogram.as_ref().map(model::Histogram::coarse);
        }
    }
    run
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Histogram, Interval, Resolution};

    #[test]
    fn a_thinned_run_keeps_its_figures_within_a_percent() {
        let mut endpoint = Endpoint::new("GET /");
        let histogram = Histogram::from_seconds((1..2000).map(|n| (f64::from(n) * 1.37e-4, 1)));
        endpoint.latency = Some(Latency { histogram: Some(histogram), ..Latency::default() });
        endpoint.intervals.push(Interval { at: 0.0, count: 1, errors: 0, p50: None, p95: None });
        let mut run = Run::new("checkout");
        run.endpoints.push(endpoint);
        let thin = thinned(run.clone());
        let p95 = |run: &Run| run.endpoints[0].latency.as_ref().unwrap().figure("p95").unwrap();
        assert!((p95(&thin) / p95(&run) - 1.0).abs() < 0.01);
        assert!(thin.endpoints[0].intervals.is_empty());
        assert!(model::write(&thin).len() < model::write(&run).len());
        assert_eq!(thinned(thin.clone()), thin);
        assert_eq!(Resolution::default(), thin.endpoints[0].latency.as_ref().unwrap().resolution);
    }
}
