//! What follows from a comparison, case by case.

use super::{baseline, compared, endpoint, judged, record, row, run};
use crate::baseline::Baseline;
use crate::compare::{Settings, Standing, compare};
use crate::model::{ALL, Basis, EndpointSummary, LogValue, Metric, Record};
use crate::verdict::{Bound, Judgement, Outcome, Policy, Rule, Severity, Status, Target, Verdict, confirmed, judge};
use proptest::prelude::*;

const NAMES: [&str; 4] = ["GET /a", "GET /b", "GET /c", "GET /slow"];

/// Four endpoints at 100 ms, `slow` times that for the last, each run a little different.
fn four(slow: f64, i: usize) -> Record {
    let wobble = [1.0, 1.01, 0.99, 1.015, 0.985, 1.005, 0.995][i % 7];
    let cells = NAMES.map(|name| (name, endpoint(0.1 * wobble * if name == "GET /slow" { slow } else { 1.0 }, 4)));
    let mut run = run(&cells);
    run.id = format!("run-{i}");
    run.commit = Some(format!("{i}234567890"));
    run
}

fn fours(n: usize) -> Vec<Record> {
    (0..n).map(|i| four(1.0, i)).collect()
}

fn edited(edit: impl FnOnce(&mut Record)) -> Record {
    let mut run = four(1.0, 0);
    edit(&mut run);
    run
}

fn target(limit: f64, at: Option<f64>) -> Target {
    Target { metric: Metric::known("p95").unwrap(), endpoint: None, bound: Bound::Upper, limit, at }
}

fn judged_with(candidate: Record, past: Vec<Record>, edit: impl FnOnce(&mut Policy)) -> Judgement {
    let mut policy = Policy::default();
    edit(&mut policy);
    judge(&compared(&[candidate], past), &policy)
}

#[test]
fn one_slower_endpoint_is_one_failing_row() {
    let judgement = judged(&[four(1.4, 0)], fours(7));
    let slow = row(&judgement, "GET /slow", "p95");
    assert_eq!((slow.verdict, slow.severity), (Verdict::Regressed, Some(Severity::Critical)));
    assert!((slow.change.unwrap() - 0.4).abs() < 0.02 && slow.baseline.unwrap() < 0.102);
    let interval = slow.interval.unwrap();
    assert!(interval.lower > 0.2 && interval.upper < 0.6 && slow.specific.is_some());
    assert_eq!(judgement.rows.iter().filter(|row| row.severity.is_some()).count(), 1);
    assert!(judgement.outcome_reason.starts_with("p95 of GET /slow +"), "{}", judgement.outcome_reason);
    assert!(judgement.needs_confirmation && !judgement.shift_alone);
}

#[test]
fn rows_come_run_first_and_in_the_order_of_the_metrics() {
    let judgement = judged(&[four(1.0, 0)], fours(3));
    let order: Vec<(&str, &str)> = judgement.rows.iter().map(|r| (r.endpoint.as_str(), r.metric.as_str())).collect();
    assert_eq!(order[..4], [(ALL, "p95"), (ALL, "throughput"), (ALL, "error-rate"), (ALL, "memory")]);
    assert_eq!(order[4..6], [("GET /a", "p95"), ("GET /a", "throughput")]);
    assert_eq!(judgement.outcome, Outcome::Passed);
}

#[test]
fn documented_fields_are_null_rather_than_left_out() {
    let judgement = judged(&[four(1.0, 0)], fours(3));
    let json = serde_json::to_value(&judgement).unwrap();
    for field in ["severity", "specific", "note", "noise_floor", "interval", "p_value"] {
        assert!(json["rows"][0].as_object().unwrap().contains_key(field), "{field}");
    }
    assert_eq!(json["outcome"], "passed");
    assert_eq!(json["baseline"]["runs"], 3);
    assert!(json["rows"][0]["severity"].is_null());
    assert_eq!(serde_json::from_value::<Judgement>(json).unwrap(), judgement);
    let schema = schemars::schema_for!(Judgement).to_value();
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn without_a_baseline_targets_still_apply() {
    let judgement = judged_with(four(1.0, 0), Vec::new(), |_| ());
    assert_eq!((judgement.outcome, judgement.outcome_reason.as_str()), (Outcome::Inconclusive, "No baseline yet."));
    assert!(judgement.rows.is_empty() && !judgement.needs_confirmation);
    let judgement = judged_with(four(1.0, 0), Vec::new(), |policy| policy.targets.push(target(0.06, None)));
    assert_eq!(judgement.outcome, Outcome::Failed);
    let judgement = judged_with(four(1.0, 0), Vec::new(), |policy| policy.targets.push(target(0.08, None)));
    assert_eq!(judgement.outcome, Outcome::Warned);
    assert_eq!(judgement.targets[0].reason, "p95 100 ms at 40.0 req/s; target < 80.0 ms");
}

#[test]
fn a_target_kept_at_a_lower_load_is_not_kept() {
    let held = |limit, at| judged_with(four(1.0, 0), fours(7), |policy| policy.targets.push(target(limit, at)));
    assert_eq!(held(0.2, Some(40.0)).outcome, Outcome::Passed);
    let light = held(0.2, Some(100.0));
    assert_eq!((light.outcome, light.targets[0].status), (Outcome::Inconclusive, Status::Inconclusive));
    assert!(light.targets[0].reason.ends_with("target < 200 ms at 100 req/s; the load stated was not reached"));
    assert_eq!(held(0.09, Some(100.0)).targets[0].status, Status::Missed);
}

#[test]
fn targets_on_endpoints_rates_and_unknown_figures() {
    let of = |metric: &str, endpoint: Option<&str>, bound, limit| Target {
        metric: Metric::known(metric).unwrap(),
        endpoint: endpoint.map(str::to_owned),
        bound,
        limit,
        at: None,
    };
    let judgement = judged_with(four(1.0, 0), Vec::new(), |policy| {
        policy.targets = vec![
            of("p95", Some("GET /*"), Bound::Upper, 0.2),
            of("throughput", None, Bound::Lower, 70.0),
            of("error-rate", None, Bound::Upper, 0.0),
            of("cpu", None, Bound::Upper, 1.0),
        ];
    });
    let seen: Vec<_> = judgement.targets.iter().map(|row| (row.status, row.severity)).collect();
    assert_eq!(seen[..4], [(Status::Met, None); 4]);
    assert_eq!(seen[4..6], [(Status::Missed, Some(Severity::Failure)); 2]);
    assert_eq!(seen[6], (Status::Inconclusive, Some(Severity::Info)));
}

#[test]
fn what_is_no_valid_run_is_never_passed() {
    let zero = edited(|run| run.summary.total.count = Some(0));
    let collapsed = edited(|run| run.summary.total.count = Some(700));
    let aborted = edited(|run| run.invalid = Some("the test was aborted".to_owned()));
    for (candidate, says) in [(zero, "no requests"), (collapsed, "less than a tenth"), (aborted, "aborted")] {
        let judgement = judged(&[candidate], fours(3));
        assert_eq!(judgement.outcome, Outcome::Invalid);
        assert!(judgement.outcome_reason.contains(says), "{}", judgement.outcome_reason);
    }
    assert_eq!(judged(&[], fours(3)).outcome, Outcome::Invalid);
}

#[test]
fn only_errors_fail_where_the_baseline_had_successes() {
    let failing = || run(&NAMES.map(|name| (name, EndpointSummary { latency: [].into(), ..endpoint(0.1, 2_000) })));
    let judgement = judged(&[failing()], fours(1));
    assert_eq!(judgement.outcome, Outcome::Failed, "{}", judgement.outcome_reason);
    assert_eq!(row(&judgement, ALL, "error-rate").severity, Some(Severity::Critical));
    assert_eq!(judged(&[failing()], Vec::new()).outcome, Outcome::Invalid);
    assert_eq!(judged(&[failing()], vec![failing(), failing()]).outcome, Outcome::Invalid);
}

#[test]
fn unlike_is_not_compared_with_unlike() {
    let long = edited(|run| run.summary.duration = Some(900.0));
    let all = edited(|run| run.basis = Basis::All);
    for candidate in [long, all] {
        let comparison = compared(&[candidate], fours(3));
        assert!(matches!(comparison.standing, Standing::Incomparable(_)));
        let judgement = judge(&comparison, &Policy::default());
        assert_eq!(judgement.outcome, Outcome::Inconclusive);
        assert!(judgement.rows.is_empty() && !judgement.needs_confirmation);
    }
}

#[test]
fn runs_of_another_basis_are_left_out_with_a_warning() {
    let mut past = fours(4);
    past[0].basis = Basis::All;
    let judgement = judged(&[four(1.0, 0)], past);
    assert_eq!(judgement.baseline.runs, 3);
    assert!(judgement.warnings[0].0.contains("left out"));
}

#[test]
fn endpoints_come_and_go() {
    let mut candidate = four(1.0, 0);
    let moved = candidate.summary.endpoints.remove("GET /a").unwrap();
    candidate.summary.endpoints.insert("GET /z".to_owned(), moved);
    let judgement = judged(&[candidate], fours(5));
    let (gone, new) = (row(&judgement, "GET /a", "p95"), row(&judgement, "GET /z", "p95"));
    assert_eq!((gone.verdict, gone.severity), (Verdict::Missing, Some(Severity::Warning)));
    assert_eq!((new.verdict, new.severity), (Verdict::New, Some(Severity::Info)));
    assert_eq!((judgement.outcome, judgement.needs_confirmation), (Outcome::Warned, false));
}

#[test]
fn two_endpoints_show_the_run_without_a_test() {
    let two = |p95: f64| run(&[("a", endpoint(p95, 0)), ("b", endpoint(0.1, 0))]);
    let judgement = judged(&[two(0.1)], vec![two(0.1); 5]);
    let whole = row(&judgement, ALL, "p95");
    assert_eq!((whole.p_value, whole.verdict, whole.severity), (None, Verdict::Unchanged, None));
    assert!(row(&judgement, "a", "p95").p_value.is_some() && row(&judgement, "a", "p95").specific.is_none());
    assert!(!judgement.rows.iter().any(|row| row.endpoint == "a" && row.metric == "throughput"));
}

#[test]
fn a_run_without_endpoints_has_one_row_a_metric() {
    let single = |p95: f64| run(&[(ALL, endpoint(p95, 0))]);
    let judgement = judged(&[single(0.15)], vec![single(0.1); 5]);
    let rows: Vec<_> = judgement.rows.iter().map(|row| (row.endpoint.as_str(), row.metric.as_str())).collect();
    assert_eq!(rows.len(), 4);
    assert!(rows.iter().all(|(endpoint, _)| *endpoint == ALL));
    assert_eq!(row(&judgement, ALL, "p95").verdict, Verdict::Regressed);
}

#[test]
fn an_accepted_step_is_the_new_level() {
    let past = || (0..7).map(|i| four(if i < 4 { 1.0 } else { 1.5 }, i)).collect::<Vec<_>>();
    let judgement = judged(&[four(1.5, 0)], past());
    let slow = row(&judgement, "GET /slow", "p95");
    assert_eq!((slow.verdict, slow.runs), (Verdict::Unchanged, 3));
    assert_eq!(row(&judgement, "GET /a", "p95").runs, 7);
    let finding = &judgement.findings[0];
    assert_eq!((finding.kind.as_str(), finding.run.as_deref()), ("level-shift", Some("run-4")));
    assert!(finding.message.contains("commit 4234567") && finding.endpoint.as_deref() == Some("GET /slow"));
    assert_eq!(judged(&[four(2.0, 0)], past()).outcome, Outcome::Failed);
}

#[test]
fn earlier_runs_inform_the_spread_alone() {
    let noisy = |i: usize| four(if i.is_multiple_of(2) { 0.85 } else { 1.2 }, i);
    let with = Baseline { earlier: (0..8).map(noisy).collect(), ..baseline(fours(4)) };
    let (candidate, settings) = ([four(1.3, 0)], Settings::default());
    let floor = |baseline: &Baseline| {
        let judgement = judge(&compare(&candidate, baseline, &settings), &Policy::default());
        let slow = row(&judgement, "GET /slow", "p95").clone();
        (slow.noise_floor.unwrap(), slow.baseline.unwrap(), slow.runs)
    };
    let (short, long) = (floor(&baseline(fours(4))), floor(&with));
    assert!(long.0 > 1.2 * short.0, "{long:?} {short:?}");
    assert_eq!((long.1, long.2), (short.1, short.2));
}

#[test]
fn a_shift_of_everything_is_one_finding_and_wants_a_second_run() {
    let slower = run(&NAMES.map(|name| (name, endpoint(0.16, 4))));
    let judgement = judged(std::slice::from_ref(&slower), fours(7));
    assert_eq!(judgement.outcome, Outcome::Failed);
    assert!(judgement.shift_alone && judgement.needs_confirmation);
    assert_eq!(row(&judgement, "GET /a", "p95").note.as_deref(), Some("by a shift of the whole run"));
    assert_eq!(judgement.findings[0].kind, "common-shift");
    // The pooled figure of these made-up runs does not move with their endpoints.
    assert!(row(&judgement, ALL, "p95").note.as_deref().unwrap().contains("carried by"));
    assert!(judged(&[slower.clone(), slower], fours(7)).needs_confirmation);
}

#[test]
fn thin_history_fails_only_beyond_the_threshold_and_a_third() {
    let some = judged(&[four(1.25, 0)], fours(2));
    assert_ne!(some.outcome, Outcome::Failed);
    let far = judged(&[four(1.9, 0)], fours(2));
    assert_eq!(far.outcome, Outcome::Failed, "{}", far.outcome_reason);
}

#[test]
fn throughput_falls_to_the_left() {
    let mut slow = four(1.0, 0);
    slow.summary.total.throughput.as_mut().unwrap().y -= 0.6;
    let judgement = judged(&[slow], fours(7));
    let throughput = row(&judgement, ALL, "throughput");
    let (change, interval) = (throughput.change.unwrap(), throughput.interval.unwrap());
    assert!((change + 0.45).abs() < 0.01 && interval.lower < change && change < interval.upper);
    assert!(throughput.noise_floor.unwrap() < 0.45 && throughput.threshold == Some(0.15));
    assert_eq!(throughput.severity, Some(Severity::Critical));
    assert!(throughput.candidate.unwrap() < throughput.baseline.unwrap());
}

#[test]
fn error_rates_change_by_points() {
    let mut cells = NAMES.map(|name| (name, endpoint(0.1, 4)));
    cells[0].1 = endpoint(0.1, 160);
    let judgement = judged(&[run(&cells)], fours(3));
    let rate = row(&judgement, "GET /a", "error-rate");
    assert_eq!((rate.verdict, rate.severity), (Verdict::Regressed, Some(Severity::Critical)));
    assert!((rate.change.unwrap() - 0.078).abs() < 1e-9 && rate.threshold == Some(0.005));
    assert!(rate.interval.unwrap().lower > 0.03 && rate.noise_floor.unwrap() < 0.05);
    assert!(rate.reason.contains("7.80 points"), "{}", rate.reason);
}

#[test]
fn rules_reach_endpoints_and_advice_does_not_gate() {
    let rule = |endpoint: Option<&str>, threshold, advisory| Rule {
        endpoint: endpoint.map(str::to_owned),
        metric: "p95".to_owned(),
        threshold,
        at_least: None,
        critical: None,
        advisory,
    };
    let lenient = judged_with(four(1.4, 0), fours(7), |policy| policy.rules.push(rule(Some("*slow"), 0.8, false)));
    let slow = row(&lenient, "GET /slow", "p95");
    assert_eq!(slow.threshold, Some(0.8));
    assert_ne!(slow.severity, Some(Severity::Failure));
    let advice = judged_with(four(1.4, 0), fours(7), |policy| policy.rules.push(rule(None, 0.2, true)));
    let slow = row(&advice, "GET /slow", "p95");
    assert_eq!((slow.verdict, slow.severity, slow.advisory), (Verdict::Regressed, Some(Severity::Info), true));
    assert_eq!(advice.outcome, Outcome::Passed);
}

#[test]
fn further_metrics_are_families_of_their_own() {
    let with = |p99: f64, hits: f64| {
        let mut run = four(1.0, 0);
        for cell in run.summary.endpoints.values_mut() {
            cell.latency.insert("p99".to_owned(), LogValue { y: 0.3_f64.ln(), v: Some(1e-3) });
        }
        let slow = run.summary.endpoints.get_mut("GET /slow").unwrap();
        slow.latency.insert("p99".to_owned(), LogValue { y: p99.ln(), v: Some(1e-3) });
        run.summary.values.insert("cache-hits".to_owned(), LogValue { y: hits.ln(), v: None });
        run
    };
    let mut settings = Settings::default();
    settings.metrics.push(Metric::known("p99").unwrap());
    let (unit, better) = (crate::model::Unit::Count, crate::model::Direction::Up);
    settings.metrics.push(Metric { name: "cache-hits".into(), unit, better });
    let mut policy = Policy::default();
    for (metric, threshold) in [("p99", 0.25), ("cache-hits", 0.2)] {
        let (metric, endpoint) = (metric.to_owned(), None);
        policy.rules.push(Rule { endpoint, metric, threshold, at_least: None, critical: None, advisory: false });
    }
    let past: Vec<Record> = (0..7).map(|_| with(0.3, 1000.0)).collect();
    let judgement = judge(&compare(&[with(0.6, 500.0)], &baseline(past), &settings), &policy);
    assert_eq!(row(&judgement, "GET /slow", "p99").severity, Some(Severity::Failure));
    let hits = row(&judgement, ALL, "cache-hits");
    assert_eq!((hits.verdict, hits.change.map(|c| (c * 100.0).round())), (Verdict::Regressed, Some(-50.0)));
}

#[test]
fn two_steps_of_the_clock_are_no_change() {
    let coarse = |p95: f64| {
        let mut run = four(1.0, 0);
        let slow = run.summary.endpoints.get_mut("GET /slow").unwrap();
        slow.resolution = Some(1e-3);
        slow.latency.insert("p95".to_owned(), LogValue { y: p95.ln(), v: Some(1e-3) });
        run
    };
    let judgement = judged(&[coarse(0.004)], vec![coarse(0.002); 7]);
    let slow = row(&judgement, "GET /slow", "p95");
    assert_eq!(slow.verdict, Verdict::Unchanged);
    assert!(slow.reason.contains("two steps"), "{}", slow.reason);
}

#[test]
fn a_different_load_is_a_warning() {
    let mut candidate = four(1.0, 0);
    (candidate.load.peak_users, candidate.load.dropped_iterations) = (Some(12), Some(3));
    let mut past = fours(3);
    past.iter_mut().for_each(|run| run.load.peak_users = Some(20));
    let warnings = judged(&[candidate], past).warnings;
    assert!(warnings[0].0.contains("12 against 20") && warnings[1].0.contains("dropped 3"), "{warnings:?}");
}

#[test]
fn the_worse_outcome_wins() {
    let order = [Outcome::Passed, Outcome::Inconclusive, Outcome::Warned, Outcome::Failed, Outcome::Invalid];
    assert!(order.is_sorted());
    assert_eq!(Outcome::Warned.join(Outcome::Inconclusive), Outcome::Warned);
    assert_eq!(
        judge(&compared(&[record(Default::default())], Vec::new()), &Policy::default()).outcome.as_str(),
        "inconclusive"
    );
}

#[test]
fn a_second_run_that_passes_turns_a_failure_into_a_warning() {
    let (first, second) = (four(1.9, 0), four(1.0, 1));
    let joint = judged(&[first.clone(), second.clone()], fours(7));
    assert_eq!(joint.outcome, Outcome::Failed);
    let settled = confirmed(joint.clone(), &judged(&[second], fours(7)));
    assert_eq!((settled.outcome, settled.needs_confirmation), (Outcome::Warned, false));
    assert_eq!(row(&settled, "GET /slow", "p95").note.as_deref(), Some("not confirmed by the second run"));
    assert_eq!(confirmed(joint, &judged(&[first], fours(7))).outcome, Outcome::Failed);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_runs_can_be_judged(seen in prop::collection::vec(prop::collection::vec((1e-4..10.0_f64, 0_u64..2_000, 0..4_u8), 0..6), 1..7)) {
        let mut runs: Vec<Record> = seen.iter().map(|cells| odd(cells)).collect();
        let candidate = runs.pop().unwrap();
        let judgement = judged(&[candidate], runs);
        for row in &judgement.rows {
            prop_assert!(row.p_value.is_none_or(|p| (0.0..=1.0).contains(&p)), "{row:?}");
            if let (Some(change), Some(interval)) = (row.change, row.interval) {
                prop_assert!(interval.lower <= change && change <= interval.upper, "{row:?}");
            }
            prop_assert!(row.noise_floor.is_none_or(|floor| floor >= 0.0), "{row:?}");
        }
    }
}

/// A run whose endpoints lack this or that.
fn odd(cells: &[(f64, u64, u8)]) -> Record {
    let names = ["a", "b", "c", "d", "e"];
    let cells: Vec<(&str, EndpointSummary)> = (names.iter().zip(cells))
        .map(|(name, (p95, errors, lack))| {
            let mut cell = endpoint(*p95, *errors);
            match lack {
                0 => cell.latency.clear(),
                1 => cell.latency.values_mut().for_each(|value| value.v = None),
                2 => (cell.count, cell.throughput, cell.measured) = (None, None, None),
                _ => (),
            }
            (*name, cell)
        })
        .collect();
    run(&cells)
}
