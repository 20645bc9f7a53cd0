//! A regression on trunk from its first run to its end: remembered, kept out of the baseline, confirmed, accepted.

use std::path::Path;

use serde_json::{Value, json};

use super::{CANDIDATE, put, recorded, row, run};
use crate::program::{Answer, perf_gate};

const NAMES: [&str; 4] = ["GET /", "GET /search", "POST /cart", "POST /order"];
const DAY_AFTER: &str = "2026-11-22T02:00:00Z";
const TWO_DAYS_AFTER: &str = "2026-11-23T02:00:00Z";

/// A run in which all endpoints take `all` times and the first `first` times as long as usual.
fn slower(at: &str, all: f64, first: f64) -> Value {
    let p95 = |i: usize| 0.2 * (1.0 + i as f64) * all * if i == 0 { first } else { 1.0 };
    let endpoints: Vec<(&str, f64)> = NAMES.iter().enumerate().map(|(i, name)| (*name, p95(i))).collect();
    let mut made = run(at, &endpoints);
    made["commit"] = json!(format!("{:040x}", at.bytes().map(u64::from).sum::<u64>()));
    made
}

fn recorded_steady(folder: &Path) {
    recorded(folder, |at| slower(at, 1.0, 1.0));
}

fn with(folder: &Path, command: &str, made: &Value, flags: &[&str]) -> Answer {
    put(folder, "run.json", &made.to_string());
    perf_gate(folder, &[&[command, "run.json"], flags].concat())
}

fn record(folder: &Path, made: &Value) -> Answer {
    with(folder, "record", made, &[])
}

fn check(folder: &Path, made: &Value, flags: &[&str]) -> Value {
    with(folder, "check", made, &[&["--format", "json"], flags].concat()).json()
}

fn scenario(report: &Value) -> &Value {
    &report["scenarios"][0]
}

#[test]
fn a_regressed_run_is_no_baseline_and_the_level_before_it_stays() {
    let folder = tempfile::tempdir().unwrap();
    recorded_steady(folder.path());
    let answer = record(folder.path(), &slower(CANDIDATE, 1.0, 1.6));
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(answer.stderr.contains("checkout regressed (p95 of GET / +60.0 %)"), "{answer:?}");
    assert!(answer.stderr.contains("perf-gate accept checkout p95 'GET /'"), "{answer:?}");
    // Twenty days later the seven days before the regression are still what is compared with.
    let report = check(folder.path(), &slower("2026-12-11T02:00:00Z", 1.0, 1.6), &[]);
    assert_eq!((&report["outcome"], &scenario(&report)["baseline"]["runs"]), (&json!("failed"), &json!(5)));
    assert_eq!(row(&report, "GET /", "p95")["severity"], "critical");
    let open = &scenario(&report)["regression"];
    assert_eq!((&open["since"], &open["runs"], &open["needed"]), (&json!(CANDIDATE), &json!(2), &json!(1)));
    assert_eq!(open["first_bad"], slower(CANDIDATE, 1.0, 1.0)["commit"]);
    assert_eq!(open["last_good"], slower("2026-11-20T02:00:00Z", 1.0, 1.0)["commit"]);
    let notes = scenario(&report)["baseline"]["notes"].to_string();
    assert!(notes.contains("1 run left out: regressed (p95 of GET /)"), "{notes}");
    assert!(notes.contains("open since 2026-11-21: the level is that of the 7 days before it"), "{notes}");
    let fixed = check(folder.path(), &slower("2026-12-12T02:00:00Z", 1.0, 1.0), &[]);
    assert_eq!((&fixed["outcome"], &scenario(&fixed)["regression"]), (&json!("passed"), &Value::Null));
}

#[test]
fn a_shift_of_the_whole_run_waits_for_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    recorded_steady(folder.path());
    let first = check(folder.path(), &slower(CANDIDATE, 1.28, 1.0), &[]);
    assert_eq!((&first["outcome"], &scenario(&first)["shift_alone"]), (&json!("failed"), &json!(true)));
    let open = |report: &Value| {
        let open = &scenario(report)["regression"];
        (open["runs"].as_u64().unwrap(), open["needed"].as_u64().unwrap())
    };
    assert_eq!(open(&first), (1, 2));
    let text = with(folder.path(), "check", &slower(CANDIDATE, 1.28, 1.0), &[]).stdout;
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("1 of 2 runs in a row: the next run decides"), "{text}");
    put(folder.path(), "once.yml", "confirm: 1\n");
    assert_eq!(open(&check(folder.path(), &slower(CANDIDATE, 1.28, 1.0), &["--config", "once.yml"])), (1, 1));
    record(folder.path(), &slower(CANDIDATE, 1.28, 1.0));
    assert_eq!(open(&check(folder.path(), &slower(DAY_AFTER, 1.28, 1.0), &[])), (2, 2));
    // The next run is as usual: the slow one was noise, and part of what is known of the spread.
    record(folder.path(), &slower(DAY_AFTER, 1.0, 1.0));
    let after = check(folder.path(), &slower(TWO_DAYS_AFTER, 1.0, 1.0), &[]);
    assert_eq!(scenario(&after)["baseline"]["runs"], 7, "{after}");
}

#[test]
fn a_second_run_of_the_same_commit_is_judged_with_the_suspicious_first() {
    let folder = tempfile::tempdir().unwrap();
    recorded_steady(folder.path());
    let first = slower(CANDIDATE, 1.28, 1.0);
    record(folder.path(), &first);
    let mut second = slower("2026-11-21T03:00:00Z", 1.0, 1.0);
    second["commit"] = first["commit"].clone();
    let report = check(folder.path(), &second, &[]);
    assert_eq!((&scenario(&report)["run"]["runs"], &scenario(&report)["baseline"]["runs"]), (&json!(2), &json!(5)));
    assert_ne!(report["outcome"], "failed", "{report}");
    let mut again = slower("2026-11-21T03:00:00Z", 1.28, 1.0);
    again["commit"] = first["commit"].clone();
    let confirmed = check(folder.path(), &again, &[]);
    assert_eq!((&confirmed["outcome"], &scenario(&confirmed)["needs_confirmation"]), (&json!("failed"), &json!(false)));
}

#[test]
fn an_accepted_regression_is_the_new_level_at_once_until_it_expires() {
    let folder = tempfile::tempdir().unwrap();
    recorded_steady(folder.path());
    record(folder.path(), &slower(CANDIDATE, 1.0, 1.6));
    let accept =
        ["accept", "checkout", "p95", "GET /", "encryption at rest", "--author", "ada", "--until", "2026-11-30"];
    let answer = perf_gate(folder.path(), &accept);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(answer.stderr.contains("on the level since 2026-11-21T02:00:00Z"), "{answer:?}");
    let report = check(folder.path(), &slower(DAY_AFTER, 1.0, 1.6), &[]);
    assert_eq!(report["outcome"], "passed", "{report}");
    assert_eq!(
        (row(&report, "GET /", "p95")["runs"].as_u64(), row(&report, "GET /search", "p95")["runs"].as_u64()),
        (Some(1), Some(6))
    );
    let finding = &scenario(&report)["findings"][0];
    assert_eq!(finding["kind"], "accepted");
    assert!(finding["message"].as_str().unwrap().contains("ada accepted a new level of p95 of GET /"), "{finding}");
    // Another endpoint is still watched, and the accepted one too.
    record(folder.path(), &slower(DAY_AFTER, 1.0, 1.6));
    let worse = check(folder.path(), &slower(TWO_DAYS_AFTER, 1.0, 4.0), &[]);
    assert_eq!((&worse["outcome"], &row(&worse, "GET /", "p95")["severity"]), (&json!("failed"), &json!("critical")));
    let expired = check(folder.path(), &slower("2026-12-01T02:00:00Z", 1.0, 1.6), &[]);
    assert_eq!(
        (&expired["outcome"], &row(&expired, "GET /", "p95")["runs"]),
        (&json!("failed"), &json!(5)),
        "{expired}"
    );
    assert_eq!(scenario(&expired)["findings"][0]["kind"], "acceptance-expired");
}

#[test]
fn an_acceptance_names_its_reason_and_a_scenario_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    recorded_steady(folder.path());
    let accept = |args: &[&str]| perf_gate(folder.path(), &[&["accept"], args].concat());
    let unknown = accept(&["chekout", "p95", "GET /", "why", "--author", "ada"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("recorded are: checkout"), "{unknown:?}");
    let silent = accept(&["checkout", "p95", "GET /", " ", "--author", "ada"]);
    assert!(silent.code == 2 && silent.stderr.contains("REASON is empty"), "{silent:?}");
    let past = accept(&["checkout", "p95", "GET /", "why", "--author", "ada", "--until", "2026-01-01"]);
    assert!(past.code == 2 && past.stderr.contains("--until is before"), "{past:?}");
    let early = accept(&["checkout", "p95", "GET /", "why", "--author", "ada", "--dry-run"]);
    assert!(early.code == 0 && early.stderr.contains("the level restarts with the runs to come"), "{early:?}");
    assert!(!folder.path().join(".perf-gate/accepted").exists());
}

#[test]
fn a_pull_request_is_not_blamed_for_what_is_open_on_trunk() {
    let folder = tempfile::tempdir().unwrap();
    recorded_steady(folder.path());
    for at in [CANDIDATE, DAY_AFTER, TWO_DAYS_AFTER] {
        record(folder.path(), &slower(at, 1.0, 1.6));
    }
    let innocent = check(folder.path(), &slower("2026-11-24T02:00:00Z", 1.0, 1.6), &["--pull-request", "7"]);
    assert_eq!(innocent["outcome"], "warned", "{innocent}");
    assert!(row(&innocent, "GET /", "p95")["note"].as_str().unwrap().contains("open on trunk"), "{innocent}");
    let guilty = check(folder.path(), &slower("2026-11-24T02:00:00Z", 1.0, 2.6), &["--pull-request", "7"]);
    assert_eq!(guilty["outcome"], "failed", "{guilty}");
    assert_eq!(scenario(&guilty)["regression"], Value::Null);
}
