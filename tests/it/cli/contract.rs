//! The contract for scripts: fields, spellings, units, exit status, and nothing but the document on standard output.

use serde_json::{Value, json};

use super::{row, rows};
use crate::program::{fixture, perf_gate, root};

const DEMO: [&str; 5] = [
    "check",
    "fixtures/demo/candidate/points.json.gz",
    "fixtures/demo/candidate/server_resources.csv",
    "--config",
    "fixtures/demo/perf-gate.yml",
];

/// The report of the demonstration, as JSON.
fn demo() -> Value {
    let answer = perf_gate(root(), &[&DEMO[..], &["--format", "json"]].concat());
    assert_eq!((answer.code, answer.stderr.as_str()), (1, ""));
    answer.json()
}

/// The names of an object's fields, sorted.
fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn has(value: &Value, fields: &[&str]) {
    let there = keys(value);
    let lacking: Vec<_> = fields.iter().filter(|field| !there.contains(*field)).collect();
    assert!(lacking.is_empty(), "{lacking:?} not in {there:?}");
}

#[test]
fn the_demonstration_fails_for_the_slow_endpoint_alone() {
    let report = demo();
    assert_eq!((&report["schema"], &report["outcome"]), (&json!("perf-gate/report/v1"), &json!("failed")));
    let fails = |row: &Value| matches!(row["severity"].as_str(), Some("failure" | "critical"));
    assert_eq!(rows(&report, fails), ["slow p95"]);
    assert_eq!(rows(&report, |row| row["verdict"] == "regressed"), ["slow p95"]);
    assert_eq!(rows(&report, |row| row["severity"] == "warning"), [""; 0]);
    let slow = row(&report, "slow", "p95");
    assert!((0.2..0.4).contains(&slow["change"].as_f64().unwrap()), "{slow}");
    assert_eq!(report["scenarios"][0]["baseline"]["runs"], 5);
}

#[test]
fn a_report_has_the_fields_that_scripts_read() {
    let report = demo();
    assert_eq!(keys(&report), ["outcome", "scenarios", "schema"]);
    let scenario = &report["scenarios"][0];
    has(scenario, &["name", "outcome", "baseline", "rows", "targets", "findings", "warnings"]);
    assert_eq!((&scenario["name"], &scenario["outcome"]), (&json!("checkout"), &json!("failed")));
    for row in scenario["rows"].as_array().unwrap() {
        has(row, &["endpoint", "metric", "verdict", "severity", "baseline", "candidate", "change", "interval"]);
        has(row, &["noise_floor", "smallest_detectable", "threshold", "p_value", "basis", "reason"]);
        has(&row["interval"], &["lower", "upper"]);
    }
}

#[test]
fn metrics_are_spelled_as_in_the_configuration_and_in_base_units() {
    let report = demo();
    let mut metrics: Vec<_> = rows(&report, |row| row["endpoint"] == "(all)");
    metrics.sort();
    assert_eq!(metrics, ["(all) error-rate", "(all) memory", "(all) p95", "(all) throughput"]);
    let within = |metric: &str, field: &str, low: f64, high: f64| {
        let value = row(&report, "(all)", metric)[field].as_f64().unwrap();
        assert!((low..high).contains(&value), "{metric} {field}: {value}");
    };
    within("p95", "baseline", 0.05, 0.07);
    within("throughput", "baseline", 90.0, 95.0);
    within("throughput", "change", -0.06, -0.02);
    within("error-rate", "candidate", 0.005, 0.01);
    within("memory", "candidate", 38e6, 39e6);
    assert_eq!(row(&report, "slow", "p95")["basis"], "ok");
}

#[test]
fn inspect_has_the_fields_that_scripts_read() {
    let [points, resources] = [DEMO[1], DEMO[2]];
    let answer = perf_gate(root(), &["inspect", points, resources, "--format", "json"]);
    assert_eq!((answer.code, answer.stderr.as_str()), (0, ""));
    let document = answer.json();
    assert_eq!(keys(&document), ["runs"]);
    let run = &document["runs"][0];
    has(run, &["scenario", "tool", "format", "started_at", "duration", "endpoints", "resources", "warnings"]);
    assert_eq!((&run["tool"], &run["format"]), (&json!("k6"), &json!("k6-json")));
    assert_eq!(run["endpoints"][0]["name"], "(all)");
    for endpoint in run["endpoints"].as_array().unwrap() {
        has(endpoint, &["name", "count", "errors", "error_rate", "throughput", "latency", "latency_all"]);
        for latency in [&endpoint["latency"], &endpoint["latency_all"]] {
            assert_eq!(keys(latency), ["max", "mean", "min", "p50", "p90", "p95", "p99"]);
        }
    }
    let memory = run["resources"].as_array().unwrap().iter().find(|series| series["name"] == "memory").unwrap();
    assert_eq!(keys(memory), ["last", "max", "mean", "name", "unit"]);
    assert_eq!(memory["unit"], "bytes");
}

#[test]
fn what_a_file_cannot_give_is_null() {
    let summary = fixture("k6/trend-stats-no-p95/summary_export.json");
    let answer = perf_gate(root(), &["inspect", &summary, "--format", "json"]);
    let all = &answer.json()["runs"][0]["endpoints"][0];
    assert!(all["latency_all"]["p50"].is_number() || all["latency"]["p50"].is_number(), "{all}");
    for latency in [&all["latency"], &all["latency_all"]] {
        assert!(latency["p95"].is_null() && latency["max"].is_null(), "{latency}");
    }
    let history = fixture("locust/baseline/locust_stats_history.csv");
    let run = &perf_gate(root(), &["inspect", &history, "--format", "json"]).json()["runs"][0];
    assert!(run["endpoints"][0]["latency"]["p95"].is_null(), "Locust tells nothing of successful requests alone");
}

#[test]
fn compare_writes_the_same_report() {
    let history = root().join("fixtures/demo/history/runs/**/*.json");
    let bases = glob::glob(history.to_str().unwrap()).unwrap().map(|path| path.unwrap().display().to_string());
    let bases: Vec<String> = bases.flat_map(|path| ["--base".to_owned(), path]).collect();
    let head = fixture("k6/errors-up/points.csv.gz");
    let rest = ["--head", &head, "--scenario", "checkout", "--format", "json"];
    let flags: Vec<&str> = ["compare"].into_iter().chain(bases.iter().map(String::as_str)).chain(rest).collect();
    let answer = perf_gate(root(), &flags);
    assert_eq!((answer.code, answer.stderr.as_str()), (1, ""));
    let report = answer.json();
    assert_eq!(keys(&report), ["outcome", "scenarios", "schema"]);
    assert_eq!(keys(&report["scenarios"][0]), keys(&demo()["scenarios"][0]));
    let fails = |row: &Value| matches!(row["severity"].as_str(), Some("failure" | "critical"));
    assert_eq!(rows(&report, fails), ["(all) error-rate", "checkout error-rate"]);
    let change = row(&report, "checkout", "error-rate")["change"].as_f64().unwrap();
    assert!((0.04..0.08).contains(&change), "a difference of rates: {change}");
}

#[test]
fn fail_on_chooses_the_outcome_that_fails() {
    let with = |rest: &[&str]| perf_gate(root(), &[&DEMO[..], rest].concat()).code;
    assert_eq!(with(&["--fail-on", "never"]), 0);
    assert_eq!(with(&["--fail-on", "failure"]), 1);
    let empty = tempfile::tempdir().unwrap();
    let store = format!("dir:{}", empty.path().display());
    assert_eq!(with(&["--store", &store]), 0);
    assert_eq!(with(&["--store", &store, "--fail-on", "inconclusive"]), 1);
    assert_eq!(with(&["--store", &store, "--fail-on", "sometimes"]), 2);
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0, "a check writes nothing");
}
