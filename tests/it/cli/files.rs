//! What goes in: files of one run together, `inspect`, and `convert`, whose output is as good as its input.

use serde_json::{Value, json};

use super::{put, rows, run};
use crate::program::{fixture, perf_gate, perf_gate_with, root};

/// The figures of files taken together.
fn inspected(files: &[&str]) -> Value {
    let answer = perf_gate(root(), &[&["inspect", "--format", "json"], files].concat());
    assert_eq!(answer.code, 0, "{answer:?}");
    answer.json()["runs"][0].clone()
}

#[test]
fn a_set_of_locust_files_is_one_run() {
    let files = ["stats", "stats_history", "failures", "exceptions"]
        .map(|part| fixture(&format!("locust/baseline/locust_{part}.csv")));
    let whole = inspected(&files.each_ref().map(String::as_str));
    let alone = inspected(&[&files[0]]);
    assert_eq!(whole["endpoints"][0]["count"], alone["endpoints"][0]["count"]);
    assert_eq!(whole["endpoints"].as_array().unwrap().len(), alone["endpoints"].as_array().unwrap().len());
    assert!(whole["failures"].as_array().is_some_and(|failures| !failures.is_empty()), "{whole}");
}

#[test]
fn the_requests_of_points_and_their_summary_count_once() {
    let points = fixture("k6/baseline-1/points.json.gz");
    let summary = fixture("k6/baseline-1/handle_summary.json");
    let (both, alone) = (inspected(&[&points, &summary]), inspected(&[&points]));
    for figure in ["count", "errors", "latency", "latency_all"] {
        assert_eq!(both["endpoints"][0][figure], alone["endpoints"][0][figure], "{figure}");
    }
}

#[test]
fn shards_of_one_run_add_up() {
    let [first, second] = ["k6/baseline-1/points.csv.gz", "k6/errors-up/points.csv.gz"].map(fixture);
    let count = |files: &[&str]| inspected(files)["endpoints"][0]["count"].as_u64().unwrap();
    assert_eq!(count(&[&first, &second]), count(&[&first]) + count(&[&second]));
}

#[test]
fn further_runs_are_shown_one_by_one() {
    let [first, second] = ["k6/baseline-1/summary_export.json", "k6/errors-up/summary_export.json"].map(fixture);
    let answer = perf_gate(root(), &["inspect", &first, "--run", &second, "--format", "json"]);
    assert_eq!(answer.json()["runs"].as_array().unwrap().len(), 2);
}

#[test]
fn a_column_stands_for_a_metric_where_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "run.json", &run(super::CANDIDATE, &[("GET /", 0.2)]).to_string());
    put(folder.path(), "jvm.csv", "timestamp,heap_now\n1795226400,1000\n1795226401,3000\n");
    let inspect = |flags: &[&str]| {
        perf_gate(folder.path(), &[&["inspect", "run.json", "jvm.csv", "--format", "json"], flags].concat())
    };
    let unknown = inspect(&[]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("heap_now") && unknown.stderr.contains("--resource"), "{unknown:?}");
    let told = inspect(&["--resource", "memory=heap_now"]);
    put(folder.path(), "perf-gate.yml", "resources: {memory: heap_now}");
    for answer in [told, inspect(&[])] {
        let memory = &answer.json()["runs"][0]["resources"][0];
        assert_eq!(
            (&memory["name"], &memory["max"], &memory["last"]),
            (&json!("memory"), &json!(3000.0), &json!(3000.0))
        );
    }
}

#[test]
fn the_format_can_be_named() {
    let summary = fixture("k6/baseline-1/summary_export.json");
    let folder = tempfile::tempdir().unwrap();
    for command in ["inspect", "convert", "record", "check"] {
        let answer = perf_gate(folder.path(), &[command, &summary, "--format", "jmeter-csv"]);
        let said = format!("{}{}", answer.stdout, answer.stderr);
        assert_eq!(answer.code, 2, "{command}: {said}");
        let known = perf_gate(folder.path(), &[command, &summary, "--format", "k6-summary"]);
        assert_eq!(known.code, 0, "{command}: {known:?}");
    }
    let unknown = perf_gate(folder.path(), &["check", &summary, "--format", "xml"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("junit") && unknown.stderr.contains("k6-summary"), "{unknown:?}");
}

#[test]
fn what_convert_writes_has_the_same_figures() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        vec!["k6/baseline-1/points.json.gz", "resources/baseline.csv"],
        vec!["k6/baseline-1/summary_export.json"],
        vec!["jmeter/baseline.jtl"],
        vec!["locust/baseline/report.json"],
        vec!["artillery/baseline.json"],
    ];
    for case in cases {
        let files: Vec<String> = case.iter().map(|file| fixture(file)).collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let answer = perf_gate(folder.path(), &[&["convert"], &files[..]].concat());
        assert_eq!((answer.code, answer.stderr.as_str()), (0, ""), "{case:?}");
        let again = perf_gate_with(folder.path(), &["inspect", "-", "--format", "json"], &answer.stdout);
        let (mut native, mut raw) = (again.json()["runs"][0].clone(), inspected(&files));
        for run in [&mut native, &mut raw] {
            run.as_object_mut().unwrap().remove("format");
        }
        assert_eq!(native, raw, "{case:?}");
    }
}

#[test]
fn what_convert_writes_has_the_same_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let [base, head] = ["k6/baseline-1/points.csv.gz", "k6/errors-up/points.csv.gz"].map(fixture);
    for (file, name) in [(&base, "base.json"), (&head, "head.json")] {
        let answer = perf_gate(folder.path(), &["convert", file, "--output", name]);
        assert_eq!((answer.code, answer.stdout.as_str()), (0, ""), "{answer:?}");
    }
    let report = |base: &str, head: &str| {
        perf_gate(folder.path(), &["compare", "--base", base, "--head", head, "--format", "json"]).json()
    };
    let raw = report(&base, &head);
    for native in [report("base.json", "head.json"), report("base.json", &head), report(&base, "head.json")] {
        assert_eq!(native["scenarios"][0]["rows"], raw["scenarios"][0]["rows"]);
        assert_eq!(native["outcome"], raw["outcome"]);
    }
    assert!(!rows(&raw, |row| row["verdict"] == "regressed").is_empty());
}

#[test]
fn convert_writes_one_run() {
    let [first, second] = ["k6/baseline-1/summary_export.json", "k6/errors-up/summary_export.json"].map(fixture);
    let answer = perf_gate(root(), &["convert", &first, "--run", &second]);
    assert_eq!((answer.code, answer.stdout.as_str()), (2, ""));
    assert!(answer.stderr.contains("one run"), "{answer:?}");
}
