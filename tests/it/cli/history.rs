//! Commands that change the history: `record`, `compact`, `prune`, in each kind of store.

use std::path::Path;
use std::process::Command;

use super::{BASELINE, CANDIDATE, put, recorded, run};
use crate::program::{Answer, answer, perf_gate, perf_gate_with, scrubbed};

fn steady(at: &str) -> serde_json::Value {
    run(at, &[("GET /", 0.21)])
}

/// The files of runs in a directory store.
fn runs(store: &Path) -> usize {
    let walk = |folder: &Path| -> Vec<_> {
        std::fs::read_dir(folder).map_or_else(|_| Vec::new(), |found| found.map(|e| e.unwrap().path()).collect())
    };
    let mut folders = vec![store.join("runs")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for path in walk(&folder) {
            if path.is_dir() { folders.push(path) } else { files += 1 }
        }
    }
    files
}

fn checked_against(folder: &Path, store: &[&str]) -> Answer {
    put(folder, "candidate.json", &steady(CANDIDATE).to_string());
    perf_gate(folder, &[&["check", "candidate.json", "--format", "json"], store].concat())
}

#[test]
fn a_run_recorded_twice_is_one_run_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "run.json", &steady(CANDIDATE).to_string());
    let first = perf_gate(folder.path(), &["record", "run.json"]);
    assert_eq!((first.code, first.stdout.as_str()), (0, ""));
    assert!(first.stderr.starts_with("recorded run ") && first.stderr.contains("checkout in dir:.perf-gate"));
    let second = perf_gate(folder.path(), &["record", "run.json"]);
    assert_eq!(second.code, 0);
    assert!(second.stderr.contains("already: nothing to do"), "{second:?}");
    assert_eq!(runs(&folder.path().join(".perf-gate")), 1);
}

#[test]
fn a_dry_run_records_nothing() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "run.json", &steady(CANDIDATE).to_string());
    let answer = perf_gate(folder.path(), &["record", "run.json", "--dry-run"]);
    assert_eq!(answer.code, 0);
    assert!(answer.stderr.starts_with("would record run "), "{answer:?}");
    assert!(!folder.path().join(".perf-gate").exists());
}

#[test]
fn quiet_says_nothing_but_errors() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "run.json", &steady(CANDIDATE).to_string());
    let answer = perf_gate(folder.path(), &["record", "run.json", "--quiet"]);
    assert_eq!((answer.code, answer.stdout + &answer.stderr), (0, String::new()));
    let broken = perf_gate(folder.path(), &["record", "nowhere.json", "--quiet"]);
    assert_eq!(broken.code, 2);
    assert!(broken.stderr.contains("nowhere.json"), "{broken:?}");
}

#[test]
fn standard_input_is_a_file_like_others() {
    let folder = tempfile::tempdir().unwrap();
    let text = steady(CANDIDATE).to_string();
    let answer = perf_gate_with(folder.path(), &["record", "-"], &text);
    assert_eq!(answer.code, 0, "{answer:?}");
    put(folder.path(), "run.json", &text);
    assert!(perf_gate(folder.path(), &["record", "run.json"]).stderr.contains("already"), "the same bytes are one run");
}

#[test]
fn the_time_of_a_run_is_told_where_its_files_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut timeless = steady(CANDIDATE);
    timeless.as_object_mut().unwrap().remove("started_at");
    let unknown = perf_gate_with(folder.path(), &["record", "-"], &timeless.to_string());
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("--at"), "{unknown:?}");
    let told = perf_gate_with(folder.path(), &["record", "-", "--at", BASELINE[0]], &timeless.to_string());
    assert_eq!(told.code, 0, "{told:?}");
    put(folder.path(), "run.json", &timeless.to_string());
    let dated = perf_gate(folder.path(), &["check", "run.json", "--format", "json"]).json();
    assert!(dated["scenarios"][0]["warnings"].to_string().contains("last change"), "{dated}");
}

#[test]
fn a_store_that_cannot_be_written_is_an_exit_status_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "run.json", &steady(CANDIDATE).to_string());
    put(folder.path(), "occupied", "a file");
    let answer = perf_gate(folder.path(), &["record", "run.json", "--store", "dir:occupied/inside"]);
    assert_eq!(answer.code, 3, "{answer:?}");
    assert!(answer.stderr.contains("was not recorded") && answer.stderr.contains("occupied"), "{answer:?}");
    assert_eq!(perf_gate(folder.path(), &["record", "run.json", "--store", "ftp:there"]).code, 2);
}

#[test]
fn a_run_without_requests_is_not_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let stats = crate::program::fixture("locust/no-requests/locust_stats.csv");
    let answer = perf_gate(folder.path(), &["record", &stats, "--at", CANDIDATE]);
    assert_eq!(answer.code, 2);
    assert!(answer.stderr.contains("invalid and was not recorded: zero requests"), "{answer:?}");
    assert!(!folder.path().join(".perf-gate").exists());
}

#[test]
fn a_branch_is_a_store_and_the_checkout_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let git = |args: &[&str]| {
        let answer = answer(scrubbed(Command::new("git").current_dir(folder.path())).args(args));
        assert_eq!(answer.code, 0, "git {args:?}: {answer:?}");
        answer.stdout
    };
    git(&["init", "--quiet", "--initial-branch=main"]);
    put(folder.path(), "perf-gate.yml", "scenario: checkout\nstore: git:.#perf-results\n");
    recorded(folder.path(), steady);
    assert_eq!(git(&["status", "--porcelain"]), "?? baseline.json\n?? perf-gate.yml\n");
    let files = git(&["ls-tree", "-r", "--name-only", "perf-results"]);
    assert_eq!(files.lines().filter(|path| path.starts_with("runs/checkout/")).count(), 5, "{files}");
    let report = checked_against(folder.path(), &[]).json();
    assert_eq!((&report["outcome"], &report["scenarios"][0]["baseline"]["runs"]), (&"passed".into(), &5.into()));
}

#[test]
fn pruned_runs_are_gone_and_a_preview_removes_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join(".perf-gate");
    recorded(folder.path(), steady);
    let preview = perf_gate(folder.path(), &["prune", "--older-than", "2d", "--dry-run"]);
    assert_eq!((preview.code, runs(&store)), (0, 5), "{preview:?}");
    assert!(preview.stderr.contains("2 would be removed"), "{preview:?}");
    let done = perf_gate(folder.path(), &["prune", "--older-than", "2d"]);
    assert!(done.stderr.contains("2 removed"), "{done:?}");
    let baseline = &checked_against(folder.path(), &[]).json()["scenarios"][0]["baseline"];
    assert_eq!((runs(&store), &baseline["runs"]), (3, &3.into()));
    assert_eq!(perf_gate(folder.path(), &["prune"]).code, 2);
    let unknown = perf_gate(folder.path(), &["prune", "--id", "nobody"]);
    assert!(unknown.stderr.contains("holds no run nobody"), "{unknown:?}");
}

#[test]
fn compacted_runs_still_serve_as_a_baseline() {
    let folder = tempfile::tempdir().unwrap();
    recorded(folder.path(), steady);
    let before = checked_against(folder.path(), &[]).json();
    let flags = ["compact", "--keep", "1", "--thin-until", "2d"];
    let preview = perf_gate(folder.path(), &[&flags[..], &["--dry-run"]].concat());
    assert_eq!(preview.code, 0, "{preview:?}");
    assert_eq!(runs(&folder.path().join(".perf-gate")), 5);
    let done = perf_gate(folder.path(), &flags);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(runs(&folder.path().join(".perf-gate")) < 5, "{done:?}");
    assert_eq!(checked_against(folder.path(), &[]).json(), before);
}

#[test]
fn upkeep_reads_the_configuration_it_is_given() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "elsewhere.yml", "store: dir:elsewhere\n");
    put(folder.path(), "run.json", &steady(CANDIDATE).to_string());
    perf_gate(folder.path(), &["record", "run.json", "--config", "elsewhere.yml"]);
    assert_eq!(runs(&folder.path().join("elsewhere")), 1);
    let at = ["--at", "2027-11-21T00:00:00Z"];
    let flags = ["prune", "--older-than", "1d", "--config", "elsewhere.yml"];
    assert!(perf_gate(folder.path(), &[&flags[..], &at].concat()).stderr.contains("1 removed"));
}
