//! Every command from outside: exit status, documents, messages, and the contract for scripts.

mod commands;
mod contract;
mod decisions;
mod explain;
mod files;
mod history;
mod judgement;
mod overview;
mod regressions;
mod sides;

use std::path::Path;

use serde_json::{Value, json};

/// Five times on successive days, before `CANDIDATE`.
const BASELINE: [&str; 5] = [
    "2026-11-16T02:00:00Z",
    "2026-11-17T02:00:00Z",
    "2026-11-18T02:00:00Z",
    "2026-11-19T02:00:00Z",
    "2026-11-20T02:00:00Z",
];
const CANDIDATE: &str = "2026-11-21T02:00:00Z";

/// A run as people write it by hand: its time and, by endpoint, p95 in seconds.
fn run(at: &str, endpoints: &[(&str, f64)]) -> Value {
    let endpoint = |(name, p95): &(&str, f64)| {
        let metrics = json!([{"name": "p95", "value": p95}, {"name": "throughput", "value": 200}]);
        json!({"name": name, "count": 12_000, "errors": 3, "metrics": metrics})
    };
    let endpoints: Vec<_> = endpoints.iter().map(endpoint).collect();
    json!({"schema": "perf-gate/run/v1", "scenario": "checkout", "started_at": at, "endpoints": endpoints})
}

/// A run that has nothing but metrics of its own.
fn metrics(at: &str, metrics: &[(&str, f64)]) -> Value {
    let metrics: Vec<_> = metrics.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    json!({"schema": "perf-gate/run/v1", "scenario": "nightly", "started_at": at, "metrics": metrics})
}

/// Writes a file into a folder.
fn put(folder: &Path, name: &str, content: &str) {
    std::fs::write(folder.join(name), content).unwrap();
}

/// Records the runs of `BASELINE`, each made by `make`, into the default store of a folder.
fn recorded(folder: &Path, make: impl Fn(&str) -> Value) {
    for at in BASELINE {
        put(folder, "baseline.json", &make(at).to_string());
        let answer = crate::program::perf_gate(folder, &["record", "baseline.json"]);
        assert_eq!(answer.code, 0, "{answer:?}");
    }
}

/// The rows of a report's only scenario that `choose` takes, as `endpoint metric`.
fn rows(report: &Value, choose: impl Fn(&Value) -> bool) -> Vec<String> {
    let rows = report["scenarios"][0]["rows"].as_array().unwrap().iter();
    let name = |row: &Value| format!("{} {}", row["endpoint"].as_str().unwrap(), row["metric"].as_str().unwrap());
    rows.filter(|row| choose(row)).map(name).collect()
}

/// The row of a report's only scenario.
fn row<'a>(report: &'a Value, endpoint: &str, metric: &str) -> &'a Value {
    let mut rows = report["scenarios"][0]["rows"].as_array().unwrap().iter();
    rows.find(|row| row["endpoint"] == endpoint && row["metric"] == metric).unwrap_or_else(|| panic!("{report}"))
}
