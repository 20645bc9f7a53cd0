//! What `check` says of hand-written runs: thresholds, targets, scenarios, environments, endpoints that come and go.

use std::path::Path;

use serde_json::{Value, json};

use super::{BASELINE, CANDIDATE, metrics, put, recorded, row, run};
use crate::program::{Answer, fixture, perf_gate, root};

/// A folder with five runs of two endpoints, and the configuration.
pub(super) fn steady(config: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    recorded(folder.path(), |at| run(at, &[("GET /", 0.21), ("GET /search", 0.05)]));
    put(folder.path(), "perf-gate.yml", config);
    folder
}

/// Checks a run, with further flags.
pub(super) fn check(folder: &Path, run: &Value, flags: &[&str]) -> Answer {
    put(folder, "candidate.json", &run.to_string());
    perf_gate(folder, &[&["check", "candidate.json", "--format", "json"], flags].concat())
}

pub(super) fn slower() -> Value {
    run(CANDIDATE, &[("GET /", 0.21), ("GET /search", 0.1)])
}

#[test]
fn a_hand_written_run_is_judged_from_end_to_end() {
    let folder = steady("");
    let same = check(folder.path(), &run(CANDIDATE, &[("GET /", 0.21), ("GET /search", 0.05)]), &[]);
    assert_eq!((same.code, &same.json()["outcome"]), (0, &json!("passed")));
    let answer = check(folder.path(), &slower(), &[]);
    let report = answer.json();
    assert_eq!((answer.code, &report["outcome"]), (1, &json!("failed")));
    let found = row(&report, "GET /search", "p95");
    assert_eq!((&found["verdict"], &found["severity"]), (&json!("regressed"), &json!("critical")));
    assert!((found["change"].as_f64().unwrap() - 1.0).abs() < 1e-9, "{found}");
    assert_eq!(row(&report, "GET /", "p95")["verdict"], "unchanged");
    let run = &report["scenarios"][0]["run"];
    assert_eq!((&run["count"], &run["errors"]), (&json!(24_000), &json!(6)));
}

#[test]
fn a_run_of_nothing_but_metrics_is_judged_by_its_thresholds() {
    let folder = tempfile::tempdir().unwrap();
    recorded(folder.path(), |at| metrics(at, &[("p95", 0.2), ("queue", 40.0)]));
    let worse = metrics(CANDIDATE, &[("p95", 0.2), ("queue", 90.0)]);
    assert_eq!(check(folder.path(), &worse, &[]).code, 0, "a metric without a threshold is not judged");
    put(folder.path(), "perf-gate.yml", "thresholds: {queue: 25%}");
    let answer = check(folder.path(), &worse, &[]);
    let report = answer.json();
    assert_eq!((answer.code, &row(&report, "(all)", "queue")["verdict"]), (1, &json!("regressed")));
    assert_eq!(report["scenarios"][0]["name"], "nightly");
    put(folder.path(), "perf-gate.yml", "thresholds: {queue: {relative: 25%, advisory: true}}");
    let answer = check(folder.path(), &worse, &[]);
    let report = answer.json();
    let found = row(&report, "(all)", "queue");
    assert_eq!((answer.code, &found["advisory"], &found["verdict"]), (0, &json!(true), &json!("regressed")));
}

#[test]
fn thresholds_of_an_endpoint_go_over_those_of_all() {
    let folder = steady("endpoints: {'GET /s*': {p95: 150%}}\ncritical: {p95: 300%}");
    let answer = check(folder.path(), &slower(), &[]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(row(&answer.json(), "GET /search", "p95")["threshold"], 1.5);
}

#[test]
fn targets_need_no_history() {
    let folder = tempfile::tempdir().unwrap();
    let targets =
        "targets: [{metric: p95, endpoint: GET /, below: 300ms}, {metric: p95, endpoint: GET /search, below: ";
    let judged = |limit: &str| {
        put(folder.path(), "perf-gate.yml", &format!("{targets}{limit}}}]"));
        let answer = check(folder.path(), &slower(), &[]);
        let report = answer.json();
        let statuses = report["scenarios"][0]["targets"].as_array().unwrap().iter().map(|t| t["status"].clone());
        (answer.code, report["outcome"].clone(), statuses.collect::<Vec<_>>())
    };
    assert_eq!(judged("120ms"), (0, json!("inconclusive"), vec![json!("met"), json!("met")]));
    assert_eq!(judged("80ms"), (0, json!("warned"), vec![json!("met"), json!("missed")]));
    assert_eq!(judged("50ms"), (1, json!("failed"), vec![json!("met"), json!("missed")]));
}

#[test]
fn figures_of_the_load_test_have_thresholds_and_targets_too() {
    let folder = tempfile::tempdir().unwrap();
    let config = "thresholds: {order_time.p95: 20%, order_tiem.p95: 20%}\ntargets: [order_time.p95 < 20ms]";
    put(folder.path(), "perf-gate.yml", config);
    let [base, head] = ["k6/baseline-1/points.json.gz", "demo/candidate/points.json.gz"].map(fixture);
    let report = perf_gate(folder.path(), &["compare", "--base", &base, "--head", &head, "--format", "json"]).json();
    let found = row(&report, "(all)", "order_time.p95");
    assert_eq!((&found["unit"], &found["verdict"]), (&json!("s"), &json!("unchanged")));
    let target = &report["scenarios"][0]["targets"][0];
    assert_eq!((&target["unit"], &target["status"]), (&json!("s"), &json!("missed")));
    let warnings = report["scenarios"][0]["warnings"].to_string();
    assert!(warnings.contains("order_tiem.p95 has a threshold and was not judged"), "{warnings}");
    assert!(!warnings.contains("order_time.p95"), "{warnings}");
}

#[test]
fn endpoints_that_come_and_go_are_rows() {
    let folder = steady("");
    let other = run(CANDIDATE, &[("GET /", 0.21), ("GET /cart", 0.1)]);
    let answer = check(folder.path(), &other, &[]);
    let report = answer.json();
    assert_eq!((answer.code, &report["outcome"]), (0, &json!("warned")));
    assert_eq!(row(&report, "GET /cart", "p95")["verdict"], "new");
    let gone = row(&report, "GET /search", "p95");
    assert_eq!((&gone["verdict"], &gone["severity"]), (&json!("missing"), &json!("warning")));
    assert!(gone["candidate"].is_null() && gone["change"].is_null());
}

#[test]
fn another_environment_is_another_history_and_the_note_names_what_differs() {
    let folder = steady("environment: {region: eu-1}");
    let answer = check(folder.path(), &slower(), &[]);
    let report = answer.json();
    assert_eq!((answer.code, &report["outcome"]), (0, &json!("inconclusive")));
    let notes = report["scenarios"][0]["baseline"]["notes"].to_string();
    assert!(notes.contains("differs in region"), "{notes}");
    assert_eq!(check(folder.path(), &slower(), &["--fail-on", "inconclusive"]).code, 1);
}

#[test]
fn latencies_of_all_requests_are_not_compared_with_those_of_successful_ones() {
    let base = fixture("k6/baseline-1/points.csv.gz");
    let head = fixture("locust/baseline/report.json");
    let answer = perf_gate(root(), &["compare", "--base", &base, "--head", &head, "--format", "json"]);
    let report = answer.json();
    assert_eq!((answer.code, &report["outcome"]), (0, &json!("inconclusive")));
    assert_eq!(report["scenarios"][0]["rows"], json!([]));
    assert!(report["scenarios"][0]["reason"].to_string().contains("cannot be compared"), "{report}");
}

#[test]
fn two_runs_of_one_commit_are_judged_together() {
    let folder = steady("");
    put(
        folder.path(),
        "second.json",
        &run("2026-11-21T02:10:00Z", &[("GET /", 0.2), ("GET /search", 0.11)]).to_string(),
    );
    let answer = check(folder.path(), &slower(), &["--run", "second.json"]);
    let report = answer.json();
    assert_eq!((answer.code, &report["scenarios"][0]["run"]["runs"]), (1, &json!(2)));
    assert_eq!(report["scenarios"][0]["needs_confirmation"], false);
    let twice = check(folder.path(), &slower(), &["--run", "candidate.json"]);
    assert_eq!((twice.code, &twice.json()["outcome"]), (2, &json!("invalid")));
}

#[test]
fn several_scenarios_are_one_report() {
    let folder = steady("");
    put(folder.path(), "a-1.json", &slower().to_string());
    put(folder.path(), "b-1.json", &run(CANDIDATE, &[("GET /", 0.21)]).to_string());
    let flags = ["check", "--scenario", "checkout=a-*.json", "--scenario", "search=b-*.json", "--format", "json"];
    let answer = perf_gate(folder.path(), &flags);
    let outcomes = |report: &Value| -> Vec<(Value, Value)> {
        let scenarios = report["scenarios"].as_array().unwrap().iter();
        scenarios.map(|scenario| (scenario["name"].clone(), scenario["outcome"].clone())).collect()
    };
    let report = answer.json();
    assert_eq!((answer.code, &report["outcome"]), (1, &json!("failed")));
    let expected = [(json!("checkout"), json!("failed")), (json!("search"), json!("inconclusive"))];
    assert_eq!(outcomes(&report), expected);

    let listed = "scenarios: {checkout: {results: ['a-*.json']}, search: {results: ['b-*.json']}}";
    put(folder.path(), "perf-gate.yml", listed);
    let from_config = perf_gate(folder.path(), &["check", "--format", "json"]);
    assert_eq!((from_config.code, outcomes(&from_config.json()).as_slice()), (1, &expected[..]));
}

#[test]
fn a_scenario_without_a_result_is_invalid_and_the_others_are_judged() {
    let folder = steady("scenarios: {checkout: {results: ['a-*.json']}, search: {results: ['b-*.json']}}");
    put(folder.path(), "a-1.json", &slower().to_string());
    let answer = perf_gate(folder.path(), &["check", "--format", "json", "--fail-on", "never"]);
    let report = answer.json();
    assert_eq!((answer.code, &report["outcome"]), (2, &json!("invalid")));
    assert_eq!(report["scenarios"][0]["outcome"], "failed");
    let reason = report["scenarios"][1]["reason"].to_string();
    assert!(reason.contains("no file matches 'b-*.json'"), "{reason}");
    let undelivered = perf_gate(folder.path(), &["check", "--scenario", "checkout=a-*.json", "--format", "json"]);
    assert_eq!((undelivered.code, &undelivered.json()["scenarios"][1]["outcome"]), (2, &json!("invalid")));
}

#[test]
fn runs_of_a_branch_are_recorded_and_are_no_baseline() {
    let folder = tempfile::tempdir().unwrap();
    for at in BASELINE {
        put(folder.path(), "run.json", &run(at, &[("GET /", 0.21)]).to_string());
        let answer = perf_gate(folder.path(), &["record", "run.json", "--branch", "faster", "--commit", "1a2b3c4d"]);
        assert_eq!(answer.code, 0, "{answer:?}");
    }
    let judged = |trunk: &str| {
        put(folder.path(), "perf-gate.yml", &format!("baseline: {{trunk: [{trunk}]}}"));
        check(folder.path(), &run(CANDIDATE, &[("GET /", 0.21)]), &[]).json()["scenarios"][0]["baseline"].clone()
    };
    assert_eq!(judged("main")["runs"], 0);
    let faster = judged("faster");
    assert_eq!((&faster["runs"], &faster["commit"]), (&json!(5), &json!("1a2b3c4d")));
}

#[test]
fn the_time_of_judgement_chooses_the_baseline() {
    let folder = steady("");
    let runs =
        |at: &str| check(folder.path(), &slower(), &["--at", at]).json()["scenarios"][0]["baseline"]["runs"].clone();
    assert_eq!(runs("2026-11-18T12:00:00Z"), 3);
    assert_eq!(runs("2026-11-24T03:00:00Z"), 3);
    assert_eq!(runs("2027-11-24T03:00:00Z"), 0);
}
