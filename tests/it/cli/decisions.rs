//! What people decided on a commit, the merge base of a branch, and which scenarios a tag picks.

use std::path::Path;

use serde_json::{Value, json};

use super::judgement::{check, slower, steady};
use super::{BASELINE, CANDIDATE, put, run};
use crate::program::perf_gate;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
/// What the runs of the history show.
const STEADY: [(&str, f64); 2] = [("GET /", 0.21), ("GET /search", 0.05)];

/// A decision on [`COMMIT`], as it is kept in a store.
fn decide(folder: &Path, decision: &str, at: &str, until: Option<&str>) {
    let mut approval =
        json!({"schema": "perf-gate/approval/v1", "commit": COMMIT, "decision": decision, "author": "ada"});
    approval["reason"] = "a new @cipher".into();
    approval["at"] = at.into();
    if let Some(until) = until {
        approval["until"] = until.into();
    }
    let approvals = folder.join(".perf-gate/approvals").join(COMMIT);
    std::fs::create_dir_all(&approvals).unwrap();
    put(&approvals, &format!("{}.json", at.replace(':', "")), &approval.to_string());
}

fn on_commit(folder: &Path, candidate: &Value) -> (i32, Value) {
    let answer = check(folder, candidate, &["--commit", COMMIT]);
    (answer.code, answer.json()["approval"]["decision"].clone())
}

#[test]
fn an_approval_lets_a_failure_pass_until_it_ends_and_for_its_commit_alone() {
    let folder = steady("");
    assert_eq!(on_commit(folder.path(), &slower()), (1, Value::Null));
    decide(folder.path(), "approved", "2026-11-20T10:00:00Z", Some("2026-11-20T23:00:00Z"));
    assert_eq!(on_commit(folder.path(), &slower()), (1, Value::Null), "it has ended");
    decide(folder.path(), "approved", "2026-11-21T01:00:00Z", Some("2026-12-31T23:59:59Z"));
    assert_eq!(on_commit(folder.path(), &slower()), (0, json!("approved")));
    let other = check(folder.path(), &slower(), &["--commit", "fedcba9876543210fedcba9876543210fedcba98"]);
    assert_eq!(other.code, 1, "{other:?}");
    let text = perf_gate(folder.path(), &["check", "candidate.json", "--commit", COMMIT]).stdout;
    assert!(text.contains("Approved by ada until 2026-12-31T23:59:59Z: a new @cipher"), "{text}");
}

#[test]
fn a_rejection_fails_what_passes_and_an_invalid_run_cannot_be_approved() {
    let folder = steady("");
    let same = run(CANDIDATE, &[("GET /", 0.21)]);
    decide(folder.path(), "rejected", "2026-11-21T01:00:00Z", None);
    assert_eq!(on_commit(folder.path(), &same), (1, json!("rejected")));
    decide(folder.path(), "approved", "2026-11-21T01:30:00Z", None);
    assert_eq!(on_commit(folder.path(), &same), (0, json!("approved")));
    let mut empty = same;
    empty["endpoints"][0]["count"] = 0.into();
    assert_eq!(on_commit(folder.path(), &empty).0, 2);
}

#[test]
fn a_branch_is_compared_with_the_trunk_as_it_left_it() {
    let folder = steady("");
    let recorded = |name: &str, at: &str, commit: &str| {
        put(folder.path(), name, &run(at, &STEADY).to_string());
        let answer = perf_gate(folder.path(), &["record", name, "--commit", commit, "-q"]);
        assert_eq!(answer.code, 0, "{answer:?}");
    };
    let (base, later) = ("b".repeat(40), "c".repeat(40));
    recorded("base.json", "2026-11-20T03:00:00Z", &base);
    recorded("later.json", "2026-11-20T04:00:00Z", &later);
    let runs = |flags: &[&str]| {
        let report = check(folder.path(), &run(CANDIDATE, &STEADY), flags).json();
        let baseline = report["scenarios"][0]["baseline"].clone();
        (baseline["runs"].clone(), baseline["notes"].to_string())
    };
    let all = BASELINE.len() + 2;
    assert_eq!(runs(&[]).0, all);
    assert_eq!(runs(&["--merge-base", &base]).0, all - 1, "the base and what is before it");
    assert_eq!(runs(&["--merge-base", &"d".repeat(40), "--merge-base", &base]).0, all - 1, "an ancestor of the base");
    let (count, notes) = runs(&["--merge-base", &"d".repeat(40)]);
    assert!(count == all && notes.contains("no run of the merge base"), "{notes}");
}

#[test]
fn a_tag_picks_scenarios_and_the_others_are_not_missed() {
    let folder =
        steady("scenarios: {checkout: {results: ['a-*.json']}, search: {results: ['b-*.json'], tags: [smoke]}}");
    put(folder.path(), "b-1.json", &run(CANDIDATE, &[("GET /", 0.21)]).to_string());
    let report = perf_gate(folder.path(), &["check", "--tag", "smoke", "--format", "json"]).json();
    let names: Vec<&Value> = report["scenarios"].as_array().unwrap().iter().map(|s| &s["name"]).collect();
    assert_eq!(names, [&json!("search")]);
    let unknown = perf_gate(folder.path(), &["check", "--tag", "weekly"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("has the tag weekly"), "{unknown:?}");
}
