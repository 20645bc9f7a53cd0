//! The conformance suite on `github:`, and what reading and writing cost in requests.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use jiff::SignedDuration;
use perf_gate::github::Access;
use perf_gate::store::{self, FileChange, Store};

use self::runs::{first_day, ids, list, load, read, run};
use crate::relay::Relay;

#[path = "../it/store/cases.rs"]
mod cases;
#[macro_use]
#[path = "../it/store/conformance.rs"]
mod conformance;
#[path = "../it/store/runs.rs"]
mod runs;

/// Where the server is.
const API: &str = "PERF_GATE_E2E_API";
/// Requests that a check of a week may make.
const FOR_A_WEEK: usize = 12;

/// A branch of its own in the repository of the tests.
pub(crate) struct Place {
    access: Access,
    relay: Relay,
    /// `github:OWNER/REPO#BRANCH`.
    pub(crate) spec: String,
}

impl Place {
    pub(crate) fn github() -> Self {
        static PLACES: AtomicUsize = AtomicUsize::new(0);
        let api =
            std::env::var(API).unwrap_or_else(|_| panic!("{API} is not set: start the server, tests/e2e tells how"));
        let relay = Relay::to(&api);
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let own = format!("{since}-{}-{}", std::process::id(), PLACES.fetch_add(1, Ordering::Relaxed));
        // The server counts requests by token, and refuses them from 5,000 in an hour.
        let token = std::env::var("PERF_GATE_E2E_TOKEN").unwrap_or_else(|_| format!("tok_{own}"));
        let repository = std::env::var("PERF_GATE_E2E_REPOSITORY").unwrap_or_else(|_| "octocat/hello".to_owned());
        let access = Access { api: relay.api.clone(), token: Some(token) };
        Self { access, relay, spec: format!("github:{repository}#test/{own}") }
    }

    pub(crate) fn open(&self) -> Box<dyn Store> {
        store::open_on_github(&self.access, self.spec.strip_prefix("github:").unwrap()).unwrap()
    }

    /// The requests that `work` makes with a store of its own.
    fn requests(&self, work: impl FnOnce(&dyn Store)) -> Vec<String> {
        let before = self.relay.requests();
        work(&*self.open());
        // Connection by connection, and the new store has new ones.
        self.relay.requests().split_off(before.len())
    }
}

mod stores {
    use super::{Place, cases};

    conformance!(github);
}

/// Writes eight days of 50 runs each, as they would stand there after as many records, in one update.
fn fill(store: &dyn Store) {
    let folder = tempfile::tempdir().unwrap();
    let local = store::open(&format!("dir:{}", folder.path().display())).unwrap();
    for number in 0..400 {
        store::record(&*local, &run("checkout", &format!("run {number}"), number * 24 / 50)).unwrap();
    }
    let paths = list(&*local, "");
    let put = |path: &String| FileChange::put(path.clone(), read(&*local, path).unwrap());
    let changes: Vec<FileChange> = paths.iter().map(put).collect();
    store.update("Fill", &mut |_| Ok(changes.clone())).unwrap();
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts are what one wants to know")]
fn a_week_of_fifty_runs_a_day_is_read_in_twelve_requests() {
    let place = Place::github();
    fill(&*place.open());
    let asked = place.requests(|store| {
        let snapshot = store.snapshot().unwrap();
        let known = store::environments(&*snapshot, "checkout").unwrap();
        let until = first_day() + SignedDuration::from_hours(24 * 8);
        let window = until - SignedDuration::from_hours(24 * 7) - SignedDuration::from_hours(20)..=until;
        let loaded = store::load(&*snapshot, "checkout", &known[0].fingerprint, window).unwrap();
        assert!(loaded.history.records().len() > 350, "{}", loaded.history.records().len());
    });
    println!("a week: {} requests", asked.len());
    assert!((3..=FOR_A_WEEK).contains(&asked.len()), "{asked:#?}");

    let asked = place.requests(|store| drop(store::record(store, &run("checkout", "new", 190)).unwrap()));
    println!("a record: {} requests: {asked:#?}", asked.len());
    assert!(asked.len() <= FOR_A_WEEK, "{asked:#?}");
    assert_eq!(ids(&*place.open(), "checkout").len(), 401);
}

#[test]
#[expect(clippy::print_stdout, reason = "conflicts and tries are what one wants to know")]
fn twenty_writers_are_told_of_each_other() {
    let place = Place::github();
    let started = Instant::now();
    cases::twenty_writers_lose_and_double_nothing(&place);
    let count = |begin: &str| place.relay.requests().iter().filter(|request| request.starts_with(begin)).count();
    let tries = count("PATCH") + place.relay.requests().iter().filter(|r| r.ends_with("/git/refs")).count();
    println!(
        "20 writers, 40 updates, 30 of them new: {tries} tries to move the branch, {} requests, answers {:?}, {:?}",
        place.relay.requests().len(),
        place.relay.answers(),
        started.elapsed()
    );
    assert!(tries >= 30, "{tries}");
}

#[test]
fn a_repository_that_is_not_there_is_told_when_it_is_read_or_written() {
    let place = Place::github();
    let store = store::open_on_github(&place.access, "octocat/no-such-repository").unwrap();
    let read = store.snapshot().err().map(|error| format!("{error:#}")).unwrap();
    let written = store.update("x", &mut |_| Ok(vec![FileChange::put("a", "")])).unwrap_err();
    for message in [read, format!("{written:#}")] {
        assert!(message.contains("octocat/no-such-repository: looking for the repository: not found"), "{message}");
    }
}

#[test]
fn a_commit_is_by_perf_gate_and_starts_no_workflow() {
    let place = Place::github();
    place.open().update("Add\nsomething", &mut |_| Ok(vec![FileChange::put("a", "b")])).unwrap();
    place.open().update("Remove", &mut |_| Ok(vec![FileChange::remove("a"), FileChange::put("c", "d")])).unwrap();
    place.open().update("Nothing", &mut |_| Ok(vec![FileChange::remove("not there")])).unwrap();
    assert_eq!(load(&*place.open(), "checkout").1, [""; 0]);
    assert_eq!(list(&*place.open(), ""), ["c"]);
    let (repository, branch) = place.spec.strip_prefix("github:").unwrap().split_once('#').unwrap();
    let repository = perf_gate::github::Repository::open(&place.access, repository).unwrap();
    let tip = repository.tip(branch).unwrap().unwrap();
    assert_eq!(repository.ancestors(&tip, 200).unwrap().len(), 2, "an orphan branch, and nothing for nothing");
}
