//! What only a branch promises: its commits, and that nothing else of the repository changes.

use perf_gate::store::{self, FileChange, Store};

use super::{Place, git_command, ids, list, read, run};

fn put(store: &dyn Store, path: &str, bytes: &str) -> anyhow::Result<()> {
    store.update("Put", &mut |_| Ok(vec![FileChange::put(path, bytes)]))
}

fn record(store: &dyn Store, id: &str, hours: i64) {
    store::record(store, &run("checkout", id, hours)).unwrap();
}

fn error(spec: &str) -> String {
    format!("{:#}", store::open(spec).and_then(|store| store.snapshot().map(drop)).unwrap_err())
}

#[test]
fn the_branch_is_an_orphan_whose_commits_start_no_workflow() {
    let place = Place::git();
    let store = place.open();
    record(&*store, "a", 1);
    record(&*store, "b", 2);
    let log = place.run_git(&["log", "--format=%an <%ae> %cn|%B", "perf-results"]);
    let commits: Vec<&str> = log.split("perf-gate <perf-gate@users.noreply.github.com> perf-gate|").skip(1).collect();
    assert_eq!(commits.len(), 2, "{log}");
    for (commit, id) in commits.iter().zip(["b", "a"]) {
        assert_eq!(commit.trim_end(), format!("Record {id} of checkout\n\n[skip ci]"));
    }
}

#[test]
fn checkout_index_and_other_references_stay_as_they_are() {
    let place = Place::git();
    std::fs::write(place.path().join("staged"), "1").unwrap();
    place.run_git(&["add", "staged"]);
    std::fs::write(place.path().join("untracked"), "2").unwrap();
    let state = || {
        let status = place.run_git(&["status", "--porcelain"]);
        (status, std::fs::read(place.path().join(".git/index")).unwrap(), place.run_git(&["rev-parse", "HEAD"]))
    };
    let before = state();
    record(&*place.open(), "a", 1);
    assert_eq!(state(), before);
    let references = place.run_git(&["for-each-ref", "--format=%(refname)"]);
    assert_eq!(references, "refs/heads/main\nrefs/heads/perf-results\n");
    assert!(place.run_git(&["fsck", "--strict"]).is_empty());
}

#[test]
fn an_update_that_lost_the_race_sees_what_won() {
    let place = Place::git();
    let store = place.open();
    let rivals = ["0", "1", "2"].map(|text| {
        put(&*store, "rival", text).unwrap();
        place.run_git(&["rev-parse", "perf-results"])
    });
    let move_to = |n: usize| place.run_git(&["update-ref", "refs/heads/perf-results", rivals[n].trim()]);
    move_to(0);
    let mut asked = 0;
    let raced = store.update("Slow", &mut |snapshot| {
        asked += 1;
        if asked <= 2 {
            move_to(asked);
        }
        let seen = snapshot.load(&["rival"])?.remove(0).unwrap_or_default();
        Ok(vec![FileChange::put("seen", seen)])
    });
    raced.unwrap();
    assert_eq!((asked, read(&*store, "seen").unwrap()), (3, b"2".to_vec()));
}

#[test]
fn a_writer_that_always_loses_says_so() {
    let place = Place::git();
    let store = place.open();
    put(&*store, "x", "1").unwrap();
    std::fs::write(place.path().join(".git/refs/heads/perf-results.lock"), "").unwrap();
    let message = format!("{:#}", put(&*store, "x", "2").unwrap_err());
    assert!(message.contains("not written") && message.contains("perf-results.lock"), "{message}");
    assert_eq!(read(&*store, "x").unwrap(), b"1");
}

#[test]
fn a_branch_that_is_checked_out_is_read_and_not_written() {
    let place = Place::git();
    record(&*place.open(), "a", 1);
    place.run_git(&["checkout", "-q", "perf-results"]);
    let store = place.open();
    assert_eq!(ids(&*store, "checkout"), ["a"]);
    let message = format!("{:#}", put(&*store, "x", "1").unwrap_err());
    assert!(message.contains("checked out"), "{message}");
    place.run_git(&["checkout", "-q", "main"]);
    put(&*store, "x", "1").unwrap();

    let unborn = Place::git();
    unborn.run_git(&["checkout", "-q", "--orphan", "perf-results"]);
    assert!(put(&*unborn.open(), "x", "1").is_err());
}

#[test]
fn linked_worktrees_and_bare_repositories_serve_as_well() {
    let place = Place::git();
    place.run_git(&["worktree", "add", "-q", "linked", "-b", "work"]);
    let linked = store::open(&format!("git:{}/linked#perf-results", place.path().display())).unwrap();
    record(&*linked, "a", 1);
    assert_eq!(ids(&*place.open(), "checkout"), ["a"]);
    place.run_git(&["-C", "linked", "checkout", "-q", "perf-results"]);
    assert!(put(&*place.open(), "x", "1").is_err());

    place.run_git(&["init", "-q", "--bare", "-b", "perf-results", "bare"]);
    let bare = store::open(&format!("git:{}/bare#perf-results", place.path().display())).unwrap();
    record(&*bare, "a", 1);
    record(&*bare, "b", 2);
    assert_eq!(ids(&*bare, "checkout"), ["a", "b"]);
}

#[test]
fn hooks_and_signing_do_not_take_part() {
    let place = Place::git();
    let hooks = place.path().join(".git/hooks");
    std::fs::create_dir_all(&hooks).unwrap();
    std::fs::write(hooks.join("reference-transaction"), "#!/bin/sh\nexit 1\n").unwrap();
    git_command().arg("-C").arg(place.path()).args(["config", "commit.gpgSign", "true"]).status().unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(hooks.join("reference-transaction"), executable).unwrap();
    }
    let store = place.open();
    put(&*store, "x", "1").unwrap();
    store.squash("Squash").unwrap();
}

#[test]
fn squashing_keeps_the_files_and_one_commit() {
    let place = Place::git();
    let store = place.open();
    store.squash("Nothing to squash").unwrap();
    (0..3).for_each(|n| record(&*store, &n.to_string(), n));
    let before = list(&*store, "");
    store.squash("Squash the history").unwrap();
    assert_eq!(list(&*store, ""), before);
    assert_eq!(place.run_git(&["rev-list", "--count", "perf-results"]).trim(), "1");
    assert!(place.run_git(&["log", "--format=%B", "perf-results"]).contains("[skip ci]"));
    assert!(place.run_git(&["fsck", "--strict"]).is_empty());
    let folder = Place::directory();
    let message = folder.open().squash("No").unwrap_err().to_string();
    assert!(message.contains("keeps no past"), "{message}");
}

#[test]
fn another_object_format_serves_as_well() {
    let place = Place::git();
    place.run_git(&["init", "-q", "--object-format=sha256", "-b", "main", "other"]);
    let store = store::open(&format!("git:{}/other", place.path().display())).unwrap();
    put(&*store, "x", "1").unwrap();
    put(&*store, "x", "2").unwrap();
    assert_eq!(read(&*store, "x").unwrap(), b"2");
    assert_eq!(store.name(), format!("git:{}/other#perf-results", place.path().display()));
}

#[test]
fn what_cannot_be_a_store_is_said() {
    let empty = tempfile::tempdir().unwrap();
    assert!(error(&format!("git:{}#x", empty.path().display())).contains("no git repository"));
    let place = Place::git();
    assert!(error(&format!("git:{}#a..b", place.path().display())).contains("name of a branch"));
    assert!(error("git:#x").contains("no path"));
    assert!(error("dir:").contains("no path"));
}
