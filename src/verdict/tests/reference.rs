//! Comparisons of the reference implementation's summaries must come out as its own.

use std::collections::BTreeMap;

use super::{baseline, record};
use crate::compare::{Change, Comparison, Settings, compare};
use crate::model::{ALL, EndpointSummary, LogValue, Record, Summary};
use crate::verdict::{Judgement, Levels, Outcome, Policy, Severity, Verdict, judge};

/// duration, requests, errors, y and v of throughput, y and v of memory; by endpoint the [`Cell`].
type Run = ((Option<f64>, u64, u64, f64, f64, Option<f64>, Option<f64>), BTreeMap<String, Cell>);
/// requests, errors, `phi_err`, y and v of throughput, successes, y and v of p95 (ms), y and v of body, step (ms).
type Cell = (
    u64,
    u64,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<u64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
);
/// metric, endpoint, est, raw, se, df, t, t2, c, p, verdict.
type Test = (String, String, f64, Option<f64>, f64, f64, f64, Option<f64>, f64, f64, String);

#[derive(serde::Deserialize)]
struct Samples {
    runs: BTreeMap<String, Run>,
    cases: Vec<Case<String>>,
}

#[derive(serde::Deserialize)]
struct Synthetic {
    cases: Vec<Case<Run>>,
}

#[derive(serde::Deserialize)]
struct Case<R> {
    name: String,
    baseline: Vec<R>,
    candidate: Vec<R>,
    verdict: String,
    tests: Vec<Test>,
}

/// The reference counts milliseconds.
fn seconds(y: f64) -> f64 {
    y - 1000_f64.ln()
}

fn log(y: Option<f64>, v: Option<f64>) -> Option<LogValue> {
    Some(LogValue { y: y?, v })
}

fn summary_of(cell: &Cell) -> EndpointSummary {
    let (count, errors, dispersion, y_thr, v_thr, ok, y_p95, v_p95, y_body, v_body, step) = cell;
    let latency = [("p95", log(y_p95.map(seconds), *v_p95)), ("body", log(y_body.map(seconds), *v_body))];
    EndpointSummary {
        count: Some(*count),
        errors: Some(*errors),
        measured: *ok,
        error_dispersion: *dispersion,
        throughput: log(*y_thr, *v_thr),
        latency: latency.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect(),
        resolution: step.map(|step| step / 1e3),
        ..EndpointSummary::default()
    }
}

fn record_of(run: &Run) -> Record {
    let (duration, count, errors, y_thr, v_thr, y_mem, v_mem) = run.0;
    let total = EndpointSummary {
        count: Some(count),
        errors: Some(errors),
        throughput: log(Some(y_thr), Some(v_thr)),
        ..EndpointSummary::default()
    };
    record(Summary {
        duration,
        total,
        endpoints: run.1.iter().map(|(name, cell)| (name.clone(), summary_of(cell))).collect(),
        values: log(y_mem, v_mem).map(|value| ("memory".to_owned(), value)).into_iter().collect(),
        ..Summary::default()
    })
}

fn check(case: &Case<&Run>, what: &str) {
    let past: Vec<Record> = case.baseline.iter().map(|run| record_of(run)).collect();
    let now: Vec<Record> = case.candidate.iter().map(|run| record_of(run)).collect();
    let comparison = compare(&now, &baseline(past), &Settings::default());
    assert!(comparison.shifts.is_empty(), "{what}: {:?}", comparison.shifts);
    let judgement = judge(&comparison, &policy());
    let tested = judgement.rows.iter().filter(|row| row.p_value.is_some()).count();
    assert_eq!(tested, case.tests.len(), "{what}: tests");
    for test in &case.tests {
        check_test(&comparison, &judgement, test, &format!("{what}: {} of {}", test.0, test.1));
    }
    let outcome = match case.verdict.as_str() {
        "fail" => Outcome::Failed,
        "warn" => Outcome::Warned,
        "inconclusive" => Outcome::Inconclusive,
        _ => Outcome::Passed,
    };
    // The reference has no rows for endpoints that are missing.
    if comparison.gone.is_empty() {
        assert_eq!(judgement.outcome, outcome, "{what}: {}", judgement.outcome_reason);
    }
}

fn check_test(comparison: &Comparison, judgement: &Judgement, test: &Test, what: &str) {
    let (metric, endpoint, est, raw, se, df, t, t2, c, p, verdict) = test;
    let metric = metric.replace('_', "-");
    let endpoint = if endpoint == "*" { ALL } else { endpoint };
    let effect = comparison.effects.iter().find(|e| e.metric == metric && e.endpoint == endpoint);
    let effect = effect.unwrap_or_else(|| panic!("{what}: no effect"));
    match &effect.change {
        Change::Log(change) => {
            near(change.estimate.value, *est, 1e-6, what);
            near(change.raw, raw.unwrap_or(*est), 1e-6, what);
            near(change.estimate.se, *se, 1e-6, what);
            near(change.estimate.df, *df, 1e-5, what);
            near(change.estimate.t(), *t, 1e-5, what);
            near(change.body.map_or(0.0, |body| body.t()), t2.unwrap_or(0.0), 1e-5, what);
        }
        Change::Rate(rate) => {
            near(rate.candidate - rate.baseline, *est, 1e-8, what);
            near(rate.angle.se, *se, 1e-8, what);
            near(rate.angle.df, *df, 1e-8, what);
            near(rate.angle.t(), *t, 1e-5, what);
        }
        Change::Shown(_) => panic!("{what}: shown only"),
    }
    let row = super::row(judgement, endpoint, &metric);
    // Those of rows that nothing is to be told of would take most of the time.
    if endpoint == ALL || verdict != "pass" {
        let explanation = super::explained::check(comparison, &policy(), row, what);
        let told = |name: &str| explanation.value(name).unwrap().value;
        near(told("est"), *est, 1e-6, what);
        near(told("se"), *se, 1e-6, what);
        near(told("df"), *df, 1e-5, what);
    }
    // The reference rounds degrees of freedom to halves inside its table.
    near(row.critical_value.unwrap(), *c, 6e-3 * c, what);
    near(row.p_value.unwrap(), *p, 1e-3, what);
    let ours = match (row.verdict, row.severity) {
        (Verdict::Regressed, Some(Severity::Failure | Severity::Critical)) => "fail",
        (Verdict::Regressed, _) => "warn",
        (Verdict::Inconclusive, _) => "inconclusive",
        (Verdict::Improved, _) => "improved",
        _ => "pass",
    };
    assert_eq!(ours, verdict, "{what}: {} {test:?}", row.reason);
}

fn near(ours: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((ours - expected).abs() <= tolerance, "{what}: {ours} is not {expected}");
}

fn check_samples(text: &str) {
    let samples: Samples = serde_json::from_str(text).unwrap();
    for case in samples.cases {
        let runs = |names: &[String]| names.iter().map(|name| &samples.runs[name]).collect::<Vec<_>>();
        let (baseline, candidate) = (runs(&case.baseline), runs(&case.candidate));
        let case = Case { name: case.name, baseline, candidate, verdict: case.verdict, tests: case.tests };
        check(&case, &case.name);
    }
}

#[test]
fn recorded_runs_of_k6_are_judged_alike() {
    check_samples(include_str!("../../../fixtures/reference/k6.json"));
}

#[test]
fn recorded_runs_of_jmeter_are_judged_alike() {
    check_samples(include_str!("../../../fixtures/reference/jmeter.json"));
}

#[test]
fn recorded_runs_of_locust_are_judged_alike() {
    check_samples(include_str!("../../../fixtures/reference/locust.json"));
}

#[test]
fn every_branch_of_the_procedure_is_judged_alike() {
    let synthetic: Synthetic =
        serde_json::from_str(include_str!("../../../fixtures/reference/synthetic.json")).unwrap();
    for case in &synthetic.cases {
        let (baseline, candidate) = (case.baseline.iter().collect(), case.candidate.iter().collect());
        let (name, verdict) = (case.name.clone(), case.verdict.clone());
        check(&Case { name, baseline, candidate, verdict, tests: case.tests.clone() }, &case.name);
    }
}

/// The levels of the reference implementation; ours were measured to find more.
fn policy() -> Policy {
    let levels = Levels { q_fail: 0.03, small_factor: 2.0, ..Levels::default() };
    Policy { levels, ..Policy::default() }
}
