//! What every store promises.

use std::cell::{Cell, RefCell};
use std::thread;

use anyhow::{Result, bail};
use jiff::{SignedDuration, Timestamp};
use perf_gate::history::{Retention, Tier};
use perf_gate::model::{self, ACCEPTANCE_SCHEMA, Acceptance, Record};
use perf_gate::store::{self, FileChange, Prune, Recorded, Snapshot, Store, layout};

use super::{Place, first_day, ids, list, load, read, run};

fn put(store: &dyn Store, path: &str, bytes: &[u8]) {
    store.update("Test", &mut |_| Ok(vec![FileChange::put(path, bytes)])).unwrap();
}

fn record(store: &dyn Store, scenario: &str, id: &str, hours: i64) {
    let (recorded, warnings) = store::record(store, &run(scenario, id, hours)).unwrap();
    assert_eq!((recorded, warnings), (Recorded::New, Vec::new()));
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

pub(crate) fn an_empty_store_is_empty(place: &Place) {
    let store = place.open();
    assert_eq!(list(&*store, ""), [""; 0]);
    assert_eq!(read(&*store, "README.md"), None);
    assert_eq!(ids(&*store, "checkout"), [""; 0]);
    let snapshot = store.snapshot().unwrap();
    assert_eq!(store::scenarios(&*snapshot).unwrap(), [""; 0]);
    assert_eq!(snapshot.sizes(&["a", "b"]).unwrap(), [0, 0]);
    assert!(place.spec.starts_with(&store.name()));
}

pub(crate) fn an_update_is_whole_and_an_edit_that_fails_writes_nothing(place: &Place) {
    let store = place.open();
    let bytes = b"two\nlines\0and no end".to_vec();
    let changes =
        vec![FileChange::put("b/x y", bytes.clone()), FileChange::put("a", ""), FileChange::put("b/c/d", "1")];
    store.update("Add", &mut |_| Ok(changes.clone())).unwrap();
    assert_eq!(list(&*store, ""), ["a", "b/c/d", "b/x y"]);
    assert_eq!(list(&*store, "b/"), ["b/c/d", "b/x y"]);
    assert_eq!(list(&*store, "nowhere/"), [""; 0]);

    store.update("Change", &mut |_| Ok(vec![FileChange::remove("a"), FileChange::put("b/c/d", "22")])).unwrap();
    store.update("Nothing", &mut |_| Ok(Vec::new())).unwrap();
    assert!(store.update("Fail", &mut |_| bail!("no")).is_err());
    let snapshot = store.snapshot().unwrap();
    let loaded = snapshot.load(&["b/c/d", "a", "b/x y", "b"]).unwrap();
    assert_eq!(loaded, [Some(b"22".to_vec()), None, Some(bytes), None]);
    assert_eq!(snapshot.sizes(&["b/c/d", "a"]).unwrap(), [2, 0]);
}

pub(crate) fn folders_are_listed_with_what_lies_in_them(place: &Place) {
    let store = place.open();
    let entries = |prefix: &str| {
        let mut names = store.snapshot().unwrap().entries(prefix).unwrap();
        names.sort();
        names
    };
    assert_eq!(entries(""), [""; 0]);
    for path in ["a/b/c", "a/b.c", "a/x y", "ab", "a/b/d/e/f"] {
        put(&*store, path, b"1");
    }
    assert_eq!(
        (entries(""), entries("a/")),
        (vec!["a/".into(), "ab".into()], vec!["b.c".into(), "b/".into(), "x y".into()])
    );
    assert_eq!((entries("a/b/"), entries("a/b/d/")), (vec!["c".into(), "d/".into()], vec!["e/".to_owned()]));
    assert_eq!((entries("ab/"), entries("none/"), entries("a/b.c/")), (Vec::new(), Vec::new(), Vec::<String>::new()));
}

pub(crate) fn paths_outside_are_refused(place: &Place) {
    let store = place.open();
    for path in ["../x", "/x", "a/../../x", ".git/config"] {
        let changes = vec![FileChange::put("fine", ""), FileChange::put(path, "")];
        assert!(store.update("Bad", &mut |_| Ok(changes.clone())).is_err(), "{path}");
    }
    assert_eq!(read(&*store, "fine"), None);
}

pub(crate) fn a_recorded_run_reads_back(place: &Place) {
    let store = place.open();
    let runs = [run("checkout", "b", 30), run("checkout", "a", 2), run("search", "c", 2)];
    for run in &runs {
        assert_eq!(store::record(&*store, run).unwrap().0, Recorded::New);
    }
    let (history, warnings) = load(&*store, "checkout");
    assert_eq!(warnings, [""; 0]);
    assert_eq!(history.records(), [Record::of(&runs[1]).unwrap(), Record::of(&runs[0]).unwrap()]);
    let snapshot = store.snapshot().unwrap();
    let (loaded, _) = store::load_runs(&*snapshot, history.records()).unwrap();
    assert_eq!(loaded, [runs[1].clone(), runs[0].clone()]);
    assert_eq!(store::scenarios(&*snapshot).unwrap(), ["checkout", "search"]);
    assert_eq!(read(&*store, "README.md").unwrap(), layout::README_TEXT.as_bytes());
}

pub(crate) fn recording_twice_is_recording_once(place: &Place) {
    let store = place.open();
    record(&*store, "checkout", "a", 2);
    let before = list(&*store, "");
    for hours in [2, 3, 50] {
        let again = run("checkout", "a", hours);
        assert_eq!(store::record(&*store, &again).unwrap().0, Recorded::AlreadyThere);
    }
    assert_eq!(list(&*store, ""), before);
    record(&*store, "checkout", "-a", 2);
    assert_eq!(ids(&*store, "checkout").len(), 2);
    let mut unidentified = run("checkout", "b", 2);
    unidentified.id = None;
    assert!(store::record(&*store, &unidentified).is_err());
}

/// Counts what is asked of a snapshot.
struct Counting<'a> {
    inner: &'a dyn Snapshot,
    files: Cell<usize>,
    calls: Cell<usize>,
    folders: RefCell<Vec<String>>,
}

impl<'a> Counting<'a> {
    fn of(inner: &'a dyn Snapshot) -> Self {
        Self { inner, files: Cell::new(0), calls: Cell::new(0), folders: RefCell::default() }
    }
}

impl Snapshot for Counting<'_> {
    fn list(&self, prefix: &str) -> Result<Vec<String>> {
        self.folders.borrow_mut().push(prefix.to_owned());
        self.inner.list(prefix)
    }

    fn entries(&self, prefix: &str) -> Result<Vec<String>> {
        self.folders.borrow_mut().push(prefix.to_owned());
        self.inner.entries(prefix)
    }

    fn load(&self, paths: &[&str]) -> Result<Vec<Option<Vec<u8>>>> {
        self.files.set(self.files.get() + paths.len());
        self.calls.set(self.calls.get() + 1);
        self.inner.load(paths)
    }

    fn sizes(&self, paths: &[&str]) -> Result<Vec<u64>> {
        self.inner.sizes(paths)
    }
}

pub(crate) fn a_window_reads_day_files_only(place: &Place) {
    let store = place.open();
    for n in 0..12 {
        record(&*store, "checkout", &format!("run {n}"), 8 * n);
    }
    let inner = store.snapshot().unwrap();
    let counting = Counting::of(&*inner);
    let fingerprint = run("checkout", "", 0).fingerprint();
    let window = first_day() + days(1)..=first_day() + days(2);
    let loaded = store::load(&counting, "checkout", &fingerprint, window).unwrap();
    let ids: Vec<_> = loaded.history.records().iter().map(|r| r.id.as_str()).collect();
    assert_eq!(ids, ["run 3", "run 4", "run 5", "run 6"]);
    assert_eq!((counting.files.get(), counting.calls.get()), (2, 1));
}

pub(crate) fn days_outside_a_window_are_not_opened(place: &Place) {
    let store = place.open();
    for day in [0, 5, 6, 7, 20, 40] {
        record(&*store, "checkout", &format!("run {day}"), 24 * day);
    }
    let inner = store.snapshot().unwrap();
    let counting = Counting::of(&*inner);
    let fingerprint = run("checkout", "", 0).fingerprint();
    let window = first_day() + days(5)..=first_day() + days(6);
    let loaded = store::load(&counting, "checkout", &fingerprint, window).unwrap();
    assert_eq!(loaded.history.records().len(), 2);
    let runs = format!("runs/checkout/{fingerprint}/");
    let opened = |counting: &Counting<'_>| {
        let folders = counting.folders.take().into_iter();
        folders.filter_map(|folder| Some(folder.strip_prefix(&runs)?.to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(opened(&counting), ["", "2026/", "2026/01/", "2026/01/06/", "2026/01/07/"]);

    let counting = Counting::of(&*inner);
    let known = store::environments(&counting, "checkout").unwrap();
    assert_eq!(known[0].latest, first_day() + days(40));
    assert_eq!((counting.files.get(), counting.calls.get()), (1, 1));
    assert!(opened(&counting).iter().all(|folder| "2026/02/10/".starts_with(folder.as_str())));
    assert_eq!(store::scenarios(&counting).unwrap(), ["checkout"]);
    assert_eq!(counting.files.get(), 1);
}

/// A folder without files, which a folder keeps and a branch does not, is no run.
pub(crate) fn what_was_removed_is_no_longer_the_latest(place: &Place) {
    let store = place.open();
    for (id, hours) in [("a", 1), ("b", 24 * 40)] {
        record(&*store, "checkout", id, hours);
    }
    let latest = || store::environments(&*store.snapshot().unwrap(), "checkout").unwrap().first().map(|e| e.latest);
    store::prune(&*store, &Prune::Run("b".to_owned()), first_day()).unwrap();
    assert_eq!(latest(), Some(first_day() + SignedDuration::from_hours(1)));
    store::prune(&*store, &Prune::Run("a".to_owned()), first_day()).unwrap();
    assert_eq!(latest(), None);
    assert_eq!(store::scenarios(&*store.snapshot().unwrap()).unwrap(), [""; 0]);
}

/// The latest run is the one that started last, whether the file of its day knows it or cannot be read.
pub(crate) fn the_latest_run_is_found_without_its_day_file(place: &Place) {
    let store = place.open();
    record(&*store, "checkout", "a", 1);
    record(&*store, "checkout", "b", 2);
    let known = |store: &dyn Store| store::environments(&*store.snapshot().unwrap(), "checkout").unwrap();
    let before = known(&*store);
    let day = list(&*store, "days/").remove(0);
    put(&*store, &day, b"{\"schema\": \"perf-gate/day/v1\", \"reco");
    assert_eq!(known(&*store), before);
    store.update("Lose", &mut |_| Ok(vec![FileChange::remove(&*day)])).unwrap();
    assert_eq!(known(&*store), before);
    assert_eq!(before[0].latest, first_day() + SignedDuration::from_hours(2));
}

pub(crate) fn acceptances_are_kept_once_and_come_with_the_history(place: &Place) {
    let store = place.open();
    record(&*store, "checkout", "a", 1);
    let accepted = |reason: &str, at: Timestamp| Acceptance {
        schema: ACCEPTANCE_SCHEMA.to_owned(),
        scenario: "checkout".to_owned(),
        endpoint: "GET /a/b*".to_owned(),
        metric: "p95".to_owned(),
        reason: reason.to_owned(),
        author: "ada".to_owned(),
        at,
        from: at,
        until: None,
        commit: None,
    };
    let (late, early) = (accepted("late", first_day() + days(2)), accepted("early", first_day()));
    for acceptance in [&late, &early, &late] {
        store::accept(&*store, acceptance).unwrap();
    }
    let kept = list(&*store, "accepted/checkout/");
    assert_eq!(kept.len(), 2);
    put(&*store, "accepted/checkout/foreign.json", b"{}");
    let snapshot = store.snapshot().unwrap();
    let fingerprint = run("checkout", "", 0).fingerprint();
    let loaded = store::load(&*snapshot, "checkout", &fingerprint, first_day()..=first_day() + days(1)).unwrap();
    assert_eq!(loaded.history.accepted(), [early, late]);
    assert!(loaded.warnings[0].0.contains("accepted/checkout/foreign.json: skipped"), "{:?}", loaded.warnings);
    assert!(store::acceptances(&*snapshot, "search").unwrap().0.is_empty());
}

pub(crate) fn unusual_names_are_kept(place: &Place) {
    let store = place.open();
    let long = "sehr lang ".repeat(40);
    let names = ["..", "a/b", "Checkout", "checkout", "CHECKOUT ", "é\u{301}", "%2e", "con", ".git", "\n\"", &long];
    for name in names {
        record(&*store, name, name, 1);
        assert_eq!(ids(&*store, name), [name]);
    }
    let mut expected = names.to_vec();
    expected.sort_unstable();
    assert_eq!(store::scenarios(&*store.snapshot().unwrap()).unwrap(), expected);
}

pub(crate) fn a_lost_day_file_is_made_again(place: &Place) {
    let store = place.open();
    record(&*store, "checkout", "a", 1);
    record(&*store, "checkout", "b", 2);
    let day = list(&*store, "days/").remove(0);
    store.update("Lose", &mut |_| Ok(vec![FileChange::remove(&*day)])).unwrap();
    assert_eq!(ids(&*store, "checkout"), ["a", "b"]);
    record(&*store, "checkout", "c", 3);
    list(&*store, "runs/").iter().for_each(|path| {
        store.update("Lose", &mut |_| Ok(vec![FileChange::remove(&**path)])).unwrap();
    });
    assert_eq!(ids(&*store, "checkout"), ["a", "b", "c"]);
}

pub(crate) fn a_damaged_day_file_loses_nothing(place: &Place) {
    let store = place.open();
    record(&*store, "checkout", "a", 1);
    let day = list(&*store, "days/").remove(0);
    put(&*store, &day, b"{\"schema\": \"perf-gate/day/v1\", \"reco");
    let (history, warnings) = load(&*store, "checkout");
    assert_eq!(history.records().len(), 1);
    assert!(warnings.len() == 1 && warnings[0].starts_with(&*day), "{warnings:?}");

    let (recorded, warnings) = store::record(&*store, &run("checkout", "b", 2)).unwrap();
    assert_eq!((recorded, warnings.len()), (Recorded::New, 1));
    assert_eq!(ids(&*store, "checkout"), ["a", "b"]);
    let kept = list(&*store, "damaged/");
    assert_eq!(kept.len(), 1);
    assert!(read(&*store, &kept[0]).unwrap().ends_with(b"reco"));
}

pub(crate) fn a_corrupt_or_foreign_file_is_named_and_the_rest_used(place: &Place) {
    let store = place.open();
    record(&*store, "checkout", "a", 1);
    record(&*store, "checkout", "b", 2);
    let paths = list(&*store, "runs/");
    let folder = paths[0].rsplit_once('/').unwrap().0;
    let foreign = format!("{folder}/notes.txt");
    let moved = format!("{folder}/120000-nocommit-z.json");
    put(&*store, &foreign, b"hello");
    put(&*store, &moved, &read(&*store, &paths[1]).unwrap());
    put(&*store, &paths[0], b"{\"schema\": ");
    let day = list(&*store, "days/").remove(0);
    store.update("Lose", &mut |_| Ok(vec![FileChange::remove(&*day)])).unwrap();

    let (history, warnings) = load(&*store, "checkout");
    assert_eq!(history.records().len(), 1);
    for path in [&foreign, &moved, &paths[0]] {
        assert!(warnings.iter().any(|w| w.starts_with(path.as_str())), "{path} in {warnings:?}");
    }
    // What is corrupt can be recorded anew, and what cannot be read can be pruned by its id.
    store::record(&*store, &run("checkout", "a", 1)).unwrap();
    assert_eq!(load(&*store, "checkout").0.records().len(), 2);
    assert_eq!(store::prune(&*store, &Prune::Run("z".to_owned()), first_day()).unwrap().removed, 1);
    assert_eq!(read(&*store, &moved), None);
}

pub(crate) fn a_newer_schema_is_an_error(place: &Place) {
    let store = place.open();
    record(&*store, "checkout", "a", 1);
    let fingerprint = run("checkout", "", 0).fingerprint();
    let fails = |path: &str, old: &str, new: &str| {
        let before = read(&*store, path).unwrap();
        put(&*store, path, String::from_utf8(before.clone()).unwrap().replace(old, new).as_bytes());
        let snapshot = store.snapshot().unwrap();
        let loaded = store::load(&*snapshot, "checkout", &fingerprint, Timestamp::MIN..=Timestamp::MAX);
        let message = format!("{:#}", loaded.unwrap_err());
        assert!(message.contains(path) && message.contains(new) && message.contains("newer"), "{message}");
        assert!(store::record(&*store, &run("checkout", "b", 2)).is_err());
        put(&*store, path, &before);
    };
    let day = list(&*store, "days/").remove(0);
    fails(&day, "perf-gate/day/v1", "perf-gate/day/v2");
    store.update("Lose", &mut |_| Ok(vec![FileChange::remove(&*day)])).unwrap();
    fails(&list(&*store, "runs/")[0], "perf-gate/run/v1", "perf-gate/run/v2");
    assert_eq!(ids(&*store, "checkout"), ["a"]);
}

pub(crate) fn environments_are_listed_with_what_they_are_made_of(place: &Place) {
    let store = place.open();
    for (id, cpu, hours) in [("a", "A", 1), ("b", "A", 50), ("c", "B", 2)] {
        let mut run = run("checkout", id, hours);
        run.environment.0.insert("cpu".to_owned(), cpu.to_owned());
        store::record(&*store, &run).unwrap();
    }
    let known = store::environments(&*store.snapshot().unwrap(), "checkout").unwrap();
    let seen: Vec<_> = known.iter().map(|e| (e.identity["cpu"].as_str(), e.latest)).collect();
    let at = |hours| first_day() + SignedDuration::from_hours(hours);
    assert_eq!(seen, [("A", at(50)), ("B", at(2))]);
}

pub(crate) fn compaction_loses_no_summary(place: &Place) {
    let store = place.open();
    for day in 0..6 {
        record(&*store, "checkout", &format!("run {day}"), 24 * day);
    }
    let before = load(&*store, "checkout").0;
    let now = first_day() + days(6);
    let retention = Retention { full_runs: 2, thin_for: Some(days(4)), ..Retention::default() };
    let tiers = [Tier::Daily, Tier::Daily, Tier::Thin, Tier::Thin, Tier::Full, Tier::Full];
    assert_eq!(retention.tiers(&before, now), tiers);

    let done = store::compact(&*store, &retention, now).unwrap();
    assert_eq!((done.thinned, done.dropped, done.removed, done.warnings.len()), (2, 2, 0, 0));
    assert_eq!(load(&*store, "checkout").0, before);
    assert_eq!((list(&*store, "runs/").len(), list(&*store, "days/").len()), (4, 6));
    let (runs, _) = store::load_runs(&*store.snapshot().unwrap(), before.records()).unwrap();
    let buckets = |n: usize| runs[n].endpoints[0].latency.as_ref().unwrap().histogram.as_ref().unwrap().cells().len();
    assert!(buckets(0) < buckets(3) && runs[0].endpoints[0].intervals.is_empty());

    // Again there is nothing to do; a later record to a day without files keeps what stands in its file.
    let files = list(&*store, "");
    let again = store::compact(&*store, &retention, now).unwrap();
    assert_eq!((again.thinned, again.dropped, list(&*store, "")), (0, 0, files));
    record(&*store, "checkout", "late", 1);
    assert_eq!(ids(&*store, "checkout").len(), 7);
    assert_eq!(store::record(&*store, &run("checkout", "run 0", 0)).unwrap().0, Recorded::AlreadyThere);

    // Even when that file is damaged its content stays.
    let day = list(&*store, "days/").remove(0);
    let text = read(&*store, &day).unwrap();
    put(&*store, &day, &text[..text.len() - 4]);
    store::compact(&*store, &retention, now).unwrap();
    assert_eq!(read(&*store, &list(&*store, "damaged/")[0]).unwrap(), text[..text.len() - 4]);
}

pub(crate) fn pruning_removes_runs_altogether(place: &Place) {
    let store = place.open();
    for day in 0..4 {
        record(&*store, "checkout", &format!("run {day}"), 24 * day);
    }
    let now = first_day() + days(4);
    assert_eq!(store::prune(&*store, &Prune::Run("run 2".to_owned()), now).unwrap().removed, 1);
    assert_eq!(ids(&*store, "checkout"), ["run 0", "run 1", "run 3"]);
    assert_eq!(store::prune(&*store, &Prune::OlderThan(days(3)), now).unwrap().removed, 1);
    assert_eq!(ids(&*store, "checkout"), ["run 1", "run 3"]);
    assert_eq!((list(&*store, "runs/").len(), list(&*store, "days/").len()), (2, 2));
    assert_eq!(store::prune(&*store, &Prune::OlderThan(days(3)), now).unwrap(), store::Upkeep::default());
}

pub(crate) fn a_budget_removes_the_oldest_days(place: &Place) {
    let store = place.open();
    for day in 0..3 {
        record(&*store, "checkout", &format!("run {day}"), 24 * day);
    }
    let snapshot = store.snapshot().unwrap();
    let paths: Vec<String> = ["runs/", "days/"].iter().flat_map(|top| list(&*store, top)).collect();
    let sizes = snapshot.sizes(&paths.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    let total: u64 = sizes.iter().sum();
    assert_eq!(store::prune(&*store, &Prune::Beyond(total), first_day()).unwrap().removed, 0);
    assert_eq!(store::prune(&*store, &Prune::Beyond(total - 1), first_day()).unwrap().removed, 1);
    assert_eq!(ids(&*store, "checkout"), ["run 1", "run 2"]);
    assert_eq!((list(&*store, "runs/").len(), list(&*store, "days/").len()), (2, 2));
}

pub(crate) fn twenty_writers_lose_and_double_nothing(place: &Place) {
    const WRITERS: usize = 20;
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                let store = place.open();
                // All in one day file; each run is recorded by two writers.
                let id = format!("run {}", writer / 2);
                store::record(&*store, &run("checkout", &id, 1)).unwrap();
                record(&*store, "checkout", &format!("own {writer}"), 2);
            });
        }
    });
    let store = place.open();
    assert_eq!(ids(&*store, "checkout").len(), WRITERS / 2 + WRITERS);
    assert_eq!(list(&*store, "runs/").len(), WRITERS / 2 + WRITERS);
    let day = read(&*store, &list(&*store, "days/")[0]).unwrap();
    let day: serde_json::Value = serde_json::from_slice(&day).unwrap();
    assert_eq!(day["records"].as_array().unwrap().len(), WRITERS / 2 + WRITERS);
    assert!(model::parse(&read(&*store, &list(&*store, "runs/")[0]).unwrap()).is_ok());
}
