//! Runs and histories that the cases write, and short ways to read them.

use jiff::{SignedDuration, Timestamp};
use perf_gate::history::History;
use perf_gate::model::{Endpoint, EndpointSummary, Histogram, Interval, Latency, LogValue, Run, Summary};
use perf_gate::store::{self, Store};

/// The first day of every history here.
pub(crate) fn first_day() -> Timestamp {
    "2026-01-01T08:00:00Z".parse().unwrap()
}

/// A run with a histogram and intervals, that started `hours` after the first day.
pub(crate) fn run(scenario: &str, id: &str, hours: i64) -> Run {
    let mut endpoint = Endpoint::new("GET /");
    let histogram = Histogram::from_seconds((1..400).map(|n| (f64::from(n) * 1.37e-3, 1)));
    endpoint.count = Some(histogram.count());
    endpoint.latency = Some(Latency { histogram: Some(histogram), ..Latency::default() });
    endpoint.intervals.push(Interval { at: 0.0, count: 399, errors: 0, p50: Some(0.1), p95: None });
    let mut run = Run::new(scenario);
    run.id = Some(id.to_owned());
    run.started_at = Some(first_day() + SignedDuration::from_hours(hours));
    run.commit = Some(format!("{hours:040x}"));
    let latency = [("p95".to_owned(), LogValue { y: 0.1 + 0.2 - hours as f64 / 7.0, v: Some(1e-5 / 3.0) })].into();
    let summary = EndpointSummary { count: Some(399), latency, ..EndpointSummary::default() };
    run.summary = Some(Summary { endpoints: [("GET /".to_owned(), summary)].into(), ..Summary::default() });
    run.endpoints.push(endpoint);
    run
}

/// The whole history of a scenario whose runs are as [`run`] makes them, and what could not be read of it.
pub(crate) fn load(store: &dyn Store, scenario: &str) -> (History, Vec<String>) {
    let snapshot = store.snapshot().unwrap();
    let fingerprint = Run::new(scenario).fingerprint();
    let loaded = store::load(&*snapshot, scenario, &fingerprint, Timestamp::MIN..=Timestamp::MAX).unwrap();
    (loaded.history, loaded.warnings.into_iter().map(|w| w.0).collect())
}

/// The ids of the whole history of a scenario, which must be readable.
pub(crate) fn ids(store: &dyn Store, scenario: &str) -> Vec<String> {
    let (history, warnings) = load(store, scenario);
    assert_eq!(warnings, [""; 0]);
    history.records().iter().map(|r| r.id.clone()).collect()
}

/// Paths of all files below a folder.
pub(crate) fn list(store: &dyn Store, prefix: &str) -> Vec<String> {
    store.snapshot().unwrap().list(prefix).unwrap()
}

/// A file's bytes.
pub(crate) fn read(store: &dyn Store, path: &str) -> Option<Vec<u8>> {
    store.snapshot().unwrap().load(&[path]).unwrap().remove(0)
}
