//! The conformance suite of stores: each case takes a [`Place`] and is run against every kind of store.
//!
//! A new kind of store is a `Place` and a line in `conformance!`.

mod cases;
mod git;
mod killed;

use std::path::PathBuf;
use std::process::Command;

use jiff::{SignedDuration, Timestamp};
use perf_gate::history::History;
use perf_gate::model::{Endpoint, EndpointSummary, Histogram, Interval, Latency, LogValue, Run, Summary};
use perf_gate::store::{self, Store};
use tempfile::TempDir;

/// A fresh, empty place for a store, which any number of processes may open.
pub(crate) struct Place {
    folder: TempDir,
    /// What [`store::open`] takes.
    pub(crate) spec: String,
}

impl Place {
    /// A folder that is not there yet.
    pub(crate) fn directory() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let spec = format!("dir:{}", folder.path().join("history").display());
        Self { folder, spec }
    }

    /// A repository with a checkout and no results branch yet.
    pub(crate) fn git() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let spec = format!("git:{}#perf-results", folder.path().display());
        let place = Self { folder, spec };
        place.run_git(&["init", "-q", "-b", "main"]);
        place.run_git(&["commit", "-q", "--allow-empty", "-m", "code"]);
        place
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// What git answers in the folder.
    pub(crate) fn run_git(&self, arguments: &[&str]) -> String {
        let output = git_command().arg("-C").arg(self.folder.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn open(&self) -> Box<dyn Store> {
        store::open(&self.spec).unwrap()
    }
}

/// git as a test uses it: nothing of the user's settings, nothing of a hook that runs the tests.
fn git_command() -> Command {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
        command.env_remove(name);
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command.args(["-c", "user.name=Test", "-c", "user.email=test@example.com"]);
    command
}

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

/// Runs every case against every kind of store.
macro_rules! conformance {
    ($($kind:ident)+ : $cases:tt) => { $(conformance!(@ $kind $cases);)+ };
    (@ $kind:ident { $($case:ident)+ }) => {
        mod $kind {
            $(#[test] fn $case() { super::cases::$case(&super::Place::$kind()); })+
        }
    };
}

mod stores {
    use super::{Place, cases};

    conformance!(directory git: {
        an_empty_store_is_empty
        an_update_is_whole_and_an_edit_that_fails_writes_nothing
        paths_outside_are_refused
        a_recorded_run_reads_back
        recording_twice_is_recording_once
        a_window_reads_day_files_only
        acceptances_are_kept_once_and_come_with_the_history
        unusual_names_are_kept
        a_lost_day_file_is_made_again
        a_damaged_day_file_loses_nothing
        a_corrupt_or_foreign_file_is_named_and_the_rest_used
        a_newer_schema_is_an_error
        environments_are_listed_with_what_they_are_made_of
        compaction_loses_no_summary
        pruning_removes_runs_altogether
        a_budget_removes_the_oldest_days
        twenty_writers_lose_and_double_nothing
    });
}
