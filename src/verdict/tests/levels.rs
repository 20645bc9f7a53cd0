//! Levels that people accepted, and levels that are open on trunk.

use jiff::{SignedDuration, Timestamp};

use super::{endpoint, judged, row, run};
use crate::baseline::Baseline;
use crate::compare::{Settings, compare};
use crate::model::{ACCEPTANCE_SCHEMA, Acceptance, Record};
use crate::verdict::{Judgement, Outcome, Policy, Severity, Verdict, inherited, judge};

const NAMES: [&str; 4] = ["GET /a", "GET /b", "GET /c", "GET /slow"];

/// Four endpoints on day `day`, the last `slow` times as slow as usual.
fn four(day: i64, slow: f64) -> Record {
    let wobble = [1.0, 1.01, 0.99, 1.015, 0.985, 1.005, 0.995][day.unsigned_abs() as usize % 7];
    let cells = NAMES.map(|name| (name, endpoint(0.1 * wobble * if name == "GET /slow" { slow } else { 1.0 }, 4)));
    let mut run = run(&cells);
    run.id = format!("day {day}");
    run.started_at = at(day);
    run
}

fn at(day: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day)
}

fn accepted(endpoint: &str, metric: &str, from: i64, until: Option<i64>) -> Acceptance {
    Acceptance {
        schema: ACCEPTANCE_SCHEMA.to_owned(),
        scenario: "checkout".to_owned(),
        endpoint: endpoint.to_owned(),
        metric: metric.to_owned(),
        reason: "encryption at rest".to_owned(),
        author: "ada".to_owned(),
        at: at(from),
        from: at(from),
        until: until.map(at),
        commit: None,
    }
}

/// Seven usual days, then `since` ones on the new level, and the judgement of the next.
fn after(since: i64, slow: f64, accepted: Vec<Acceptance>) -> Judgement {
    let usual = (0..7).map(|day| four(day, 1.0));
    let runs = usual.chain((7..7 + since).map(|day| four(day, 1.5))).collect();
    let baseline = Baseline { runs, accepted, ..Baseline::default() };
    judge(&compare(&[four(7 + since, slow)], &baseline, &Settings::default()), &Policy::default())
}

#[test]
fn an_accepted_level_is_the_centre_from_its_first_run_on_and_the_spread_is_kept() {
    let judgement = after(1, 1.5, vec![accepted("GET /slow", "p95", 7, None)]);
    let slow = row(&judgement, "GET /slow", "p95");
    assert_eq!((judgement.outcome, slow.verdict, slow.runs), (Outcome::Passed, Verdict::Unchanged, 1));
    let fresh = judged(&[four(8, 1.5)], vec![four(7, 1.5)]);
    assert!(slow.noise_floor < row(&fresh, "GET /slow", "p95").noise_floor, "seven older runs tell of the spread");
    let worse = after(3, 2.2, vec![accepted("GET /slow", "p95", 7, None)]);
    assert_eq!(row(&worse, "GET /slow", "p95").severity, Some(Severity::Critical));
    assert_eq!(row(&worse, "GET /a", "p95").verdict, Verdict::Unchanged);
}

#[test]
fn before_a_run_on_the_accepted_level_there_is_nothing_to_compare_with() {
    let judgement = after(0, 1.5, vec![accepted("GET /slow", "*", 7, None)]);
    assert!(judgement.rows.iter().all(|row| (row.endpoint.as_str(), row.metric.as_str()) != ("GET /slow", "p95")));
    assert_eq!(judgement.outcome, Outcome::Passed);
    assert!(judgement.findings[0].message.contains("ada accepted a new level"), "{:?}", judgement.findings);
}

#[test]
fn an_accepted_shift_of_the_run_is_one_of_every_endpoint() {
    let shifted = |day: i64, by: f64| {
        let mut run = four(day, 1.0);
        run.summary.endpoints.values_mut().flat_map(|e| e.latency.values_mut()).for_each(|value| value.y += by);
        run
    };
    let runs = (0..7).map(|day| shifted(day, 0.0)).chain((7..9).map(|day| shifted(day, 0.3))).collect();
    let accepted = vec![accepted("(all)", "p95", 7, None)];
    let baseline = Baseline { runs, accepted, ..Baseline::default() };
    let judgement = judge(&compare(&[shifted(9, 0.3)], &baseline, &Settings::default()), &Policy::default());
    assert_eq!(judgement.outcome, Outcome::Passed);
    assert!(judgement.rows.iter().filter(|row| row.metric == "p95").all(|row| row.runs == 2), "{:?}", judgement.rows);
}

#[test]
fn an_expired_level_is_compared_with_the_one_before_it() {
    let judgement = after(3, 1.5, vec![accepted("GET /slow", "p95", 7, Some(9))]);
    let slow = row(&judgement, "GET /slow", "p95");
    assert_eq!((slow.runs, slow.severity), (7, Some(Severity::Critical)));
    assert_eq!(judgement.findings[0].kind, "acceptance-expired");
}

#[test]
fn a_row_that_is_no_worse_than_trunk_only_warns() {
    let good: Vec<Record> = (0..7).map(|day| four(day, 1.0)).collect();
    let open: Vec<Record> = (7..12).map(|day| four(day, 1.5)).collect();
    let judged = |slow: f64| {
        let candidate = [four(12, slow)];
        inherited(judged(&candidate, good.clone()), &judged(&candidate, open.clone()))
    };
    let innocent = judged(1.5);
    let slow = row(&innocent, "GET /slow", "p95");
    assert_eq!((innocent.outcome, slow.severity), (Outcome::Warned, Some(Severity::Warning)));
    assert!(innocent.outcome_reason.contains("open on trunk"), "{}", innocent.outcome_reason);
    assert_eq!(judged(2.2).outcome, Outcome::Failed);
    assert_eq!(judged(1.0).outcome, Outcome::Passed);
}
