//! `history`: what became of a scenario; and what the history adds to a check.

use serde_json::{Value, json};

use super::{BASELINE, CANDIDATE, put, recorded, run};
use crate::program::{Answer, perf_gate, root};

const STORE: [&str; 2] = ["--store", "dir:fixtures/history/store"];
/// The day after the last run of the fixture.
const NEXT: &str = "2026-11-16T02:00:00Z";

fn history(flags: &[&str]) -> Answer {
    perf_gate(root(), &[&["history"], &STORE[..], flags].concat())
}

/// Endpoint and metric of the series of a history in JSON.
fn series(document: &Value) -> Vec<String> {
    let name = |s: &Value| format!("{} {}", s["endpoint"].as_str().unwrap(), s["metric"].as_str().unwrap());
    document["series"].as_array().unwrap().iter().map(name).collect()
}

#[test]
fn the_history_names_the_commits_between_which_a_level_changed() {
    let document = history(&["--format", "json"]).json();
    assert_eq!((&document["schema"], &document["scenario"]), (&json!("perf-gate/history/v1"), &json!("checkout")));
    let order = document["series"].as_array().unwrap().iter().find(|s| s["endpoint"] == "POST /order").unwrap();
    let point = &order["change_points"][0];
    assert_eq!((&point["last_before"], &point["first_after"], &point["worse"]), (&json!(20), &json!(21), &json!(true)));
    let change = point["change"].as_f64().unwrap();
    assert!((0.25..0.35).contains(&change), "{change}");
    assert_eq!(order["anchor"]["release"], "v1.2.0");
    assert_eq!(document["runs"].as_array().unwrap().len(), order["values"].as_array().unwrap().len());
    let search = document["series"].as_array().unwrap().iter().find(|s| s["endpoint"] == "GET /search").unwrap();
    assert!(search["drift"]["change"].as_f64().unwrap() > 0.2, "{search}");
}

#[test]
fn series_and_time_can_be_chosen() {
    let of = |flags: &[&str]| history(&[flags, &["--format", "json"]].concat()).json();
    assert_eq!(series(&of(&["--endpoint", "GET *"])), ["GET / p95", "GET /search p95"]);
    assert_eq!(series(&of(&["--metric", "throughput", "--endpoint", "(all)"])), ["(all) throughput"]);
    let runs = |flags: &[&str]| of(flags)["runs"].as_array().unwrap().len();
    assert_eq!(runs(&["--since", "10d"]), 11);
    assert_eq!(runs(&["--since", "2026-11-14"]), 2);
    assert_eq!(runs(&["--since", "2026-11-14T03:00:00Z"]), 1);
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
    let empty = tempfile::tempdir().unwrap();
    let nothing = perf_gate(empty.path(), &["history"]);
    assert_eq!((nothing.code, nothing.stdout.as_str()), (2, ""));
    assert!(nothing.stderr.contains("dir:.perf-gate holds no runs"), "{nothing:?}");
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0, "nothing is written");
    for (flags, says) in [
        (
            &["search"][..],
            "no run of scenario 'search' is recorded in dir:fixtures/history/store; recorded are: checkout",
        ),
        (&["--metric", "p99"], "metrics are p95, memory, throughput, error-rate"),
        (&["--endpoint", "nothing"], "endpoints are (all), GET /, GET /search, POST /order"),
        (&["--since", "yesterday"], "--since yesterday: write a day"),
        (&["--since", "2027-01-01"], "--since 2027-01-01: the latest run is of 2026-11-15"),
        (&["--format", "junit"], "text, markdown, json, csv"),
    ] {
        let answer = history(flags);
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{answer:?}");
        assert!(answer.stderr.contains(says), "{answer:?}");
    }
}

#[test]
fn runs_of_another_environment_are_not_mixed_in() {
    let folder = tempfile::tempdir().unwrap();
    recorded(folder.path(), |at| run(at, &[("GET /", 0.2)]));
    let mut other = run("2026-11-15T02:00:00Z", &[("GET /", 0.9)]);
    other["environment"] = json!({"cpu": "another"});
    put(folder.path(), "other.json", &other.to_string());
    perf_gate(folder.path(), &["record", "other.json"]);
    let answer = perf_gate(folder.path(), &["history", "checkout", "-o", "history.txt"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (0, ""));
    assert!(answer.stderr.contains("runs of 1 other environment are not shown"), "{answer:?}");
    let text = std::fs::read_to_string(folder.path().join("history.txt")).unwrap();
    assert!(text.starts_with("checkout: 5 runs, no change point, no drift\n"), "{text}");
}

/// A run of the fixture's scenario and environment the day after its last run.
fn next(search: f64) -> Value {
    let mut made = run(NEXT, &[("GET /", 0.021), ("GET /search", search), ("POST /order", 0.106)]);
    made["environment"] = json!({"arch": "x86_64", "cpu": "4 cores", "os": "linux"});
    made["tool"] = json!({"name": "k6", "version": "1.1.0"});
    made
}

#[test]
fn a_check_tells_a_drift_and_its_outcome_stays() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "run.json", &next(0.182).to_string());
    let store = format!("dir:{}", root().join("fixtures/history/store").display());
    let answer = perf_gate(folder.path(), &["check", "run.json", "--store", &store, "--format", "json"]);
    let report = answer.json();
    let findings = report["scenarios"][0]["findings"].as_array().unwrap();
    let drift = findings.iter().find(|finding| finding["kind"] == "drift").unwrap_or_else(|| panic!("{report}"));
    assert_eq!((&drift["endpoint"], &drift["metric"]), (&json!("GET /search"), &json!("p95")));
    assert!(drift["message"].as_str().unwrap().contains("over the last 30 runs, from "), "{drift}");
    assert!(drift["recommendation"].as_str().unwrap().contains("bisect"), "{drift}");
    let rows = report["scenarios"][0]["rows"].as_array().unwrap();
    let search = rows.iter().find(|row| row["endpoint"] == "GET /search").unwrap();
    assert_ne!(search["severity"], "failure", "{search}");
}

#[test]
fn a_release_is_part_of_a_run() {
    let folder = tempfile::tempdir().unwrap();
    recorded(folder.path(), |at| run(at, &[("GET /", 0.2)]));
    put(folder.path(), "run.json", &run(CANDIDATE, &[("GET /", 0.2)]).to_string());
    let converted = perf_gate(folder.path(), &["convert", "run.json", "--release", "v2.0.0"]).json();
    assert_eq!(converted["release"], "v2.0.0");
    put(folder.path(), "run.json", &converted.to_string());
    assert_eq!(perf_gate(folder.path(), &["record", "run.json"]).code, 0);
    let document = perf_gate(folder.path(), &["history", "--format", "json"]).json();
    let releases: Vec<_> = document["runs"].as_array().unwrap().iter().map(|run| run["release"].clone()).collect();
    assert_eq!(releases.iter().filter(|release| **release == json!("v2.0.0")).count(), 1);
    assert_eq!(releases.len(), BASELINE.len() + 1);
}
