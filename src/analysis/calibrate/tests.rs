//! Whole calibrations of simulated histories, whose noise is known.

use jiff::{SignedDuration, Timestamp};

use super::{Advice, Environment, FEWEST, Place, Present, Replay, Scenario, Series, calibrate};
use crate::baseline::Rule;
use crate::compare::Settings;
use crate::history::History;
use crate::model::{ALL, Basis, EndpointSummary, Load, LogValue, Record, Summary};
use crate::verdict::Policy;

const NAMES: [&str; 4] = ["a", "b", "c", "f"];

/// Seeded chance: a linear congruential generator, and normal values as sums of twelve uniform ones.
struct Chance(u64);

impl Chance {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / 9_007_199_254_740_992.0
    }

    fn normal(&mut self, sd: f64) -> f64 {
        sd * ((0..12).map(|_| self.uniform()).sum::<f64>() - 6.0)
    }
}

/// How noisy a simulated test is: s.d. from run to run on the log scale.
#[derive(Clone, Copy)]
struct Noise {
    runner: f64,
    endpoint: f64,
    /// Of the endpoint `f`.
    last: f64,
}

const USUAL: Noise = Noise { runner: 0.05, endpoint: 0.03, last: 0.03 };
const QUIET: Noise = Noise { runner: 0.01, endpoint: 0.005, last: 0.005 };

/// Runs every twelve hours; `level` is what a run's endpoint is slower by (log).
fn history(seed: u64, runs: usize, noise: Noise, level: impl Fn(usize, &str) -> f64) -> History {
    let mut chance = Chance(seed);
    (0..runs).map(|at| run(&mut chance, at, noise, &level)).collect()
}

fn run(chance: &mut Chance, at: usize, noise: Noise, level: &impl Fn(usize, &str) -> f64) -> Record {
    let runner = chance.normal(noise.runner);
    let mut summary =
        Summary { duration: Some(200.0), total: endpoint(2.0 * 12_000.0, 0.1_f64.ln()), ..Summary::default() };
    for name in NAMES {
        let own = chance.normal(if name == "f" { noise.last } else { noise.endpoint });
        let mut cell = endpoint(2_000.0, 0.1_f64.ln() + runner + own + level(at, name));
        cell.errors = Some((chance.uniform() * 6.0) as u64);
        summary.endpoints.insert(name.to_owned(), cell);
    }
    summary.total.errors = summary.endpoints.values().map(|cell| cell.errors).sum();
    summary.total.throughput.as_mut().unwrap().y += chance.normal(0.01) - 0.5 * runner;
    let memory = 4e7_f64.ln() + chance.normal(0.02) + level(at, "memory");
    summary.values.insert("memory".to_owned(), LogValue { y: memory, v: Some(1e-5) });
    Record {
        id: format!("run {at:03}"),
        scenario: "checkout".to_owned(),
        fingerprint: "f".to_owned(),
        identity: std::collections::BTreeMap::new(),
        started_at: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(12 * at as i64),
        commit: None,
        branch: None,
        pull_request: None,
        basis: Basis::Ok,
        load: Load::default(),
        invalid: None,
        judged: None,
        release: None,
        summary: summary.into(),
    }
}

/// Requests of 200 s with a log p95.
fn endpoint(requests: f64, y: f64) -> EndpointSummary {
    let value = |y, v| LogValue { y, v: Some(v) };
    EndpointSummary {
        count: Some(requests as u64),
        errors: Some(0),
        measured: Some(requests as u64),
        error_dispersion: Some(1.0),
        throughput: Some(value((requests / 200.0).ln(), 1.0 / requests)),
        latency: [("p95".to_owned(), value(y, 1e-4)), ("body".to_owned(), value(y - 0.7, 2e-5))].into(),
        resolution: Some(1e-6),
        ..EndpointSummary::default()
    }
}

fn present(policy: Policy) -> Present {
    Present { rule: Rule::default(), policy, settings: Settings::default(), place: Place::Top, injected: 0 }
}

fn calibrated(history: &History) -> Scenario {
    calibrate("checkout", Environment::default(), history, &present(Policy::default()))
}

fn series<'a>(scenario: &'a Scenario, endpoint: &str, metric: &str) -> &'a Series {
    let here = |row: &&Series| row.endpoint == endpoint && row.metric == metric;
    scenario.series.iter().find(here).unwrap_or_else(|| panic!("no series {endpoint} {metric}"))
}

fn steady(_: usize, _: &str) -> f64 {
    0.0
}

fn near(value: Option<f64>, expected: f64) -> bool {
    value.is_some_and(|value| (0.69..1.45).contains(&(value / expected)))
}

#[test]
fn a_known_spread_is_found_again() {
    let scenario = calibrated(&history(11, 50, USUAL, steady));
    let of = |endpoint: &str| series(&scenario, endpoint, "p95");
    assert!(near(of(ALL).spread, 0.05), "{:?}", of(ALL));
    for name in ["a", "b", "c"] {
        let series = of(name);
        assert!(near(series.spread, 0.05_f64.hypot(0.03)) && near(series.own_spread, 0.03), "{series:?}");
    }
    assert!(near(series(&scenario, ALL, "memory").spread, 0.02));
    assert!(near(series(&scenario, ALL, "throughput").spread, 0.01_f64.hypot(0.025)));
    assert_eq!((scenario.replay, scenario.runs, scenario.alarms.failed.of), (Replay::Sequential, 50, 47));
    assert!(scenario.alarms.failed.hits <= 1, "{:?}", scenario.alarms);
}

#[test]
fn the_gate_finds_more_of_what_is_larger() {
    let present = Present { injected: 8, ..present(Policy::default()) };
    let history = history(2, 26, USUAL, steady);
    let scenario = calibrate("checkout", Environment::default(), &history, &present);
    let found = |metric: &str, change: f64| {
        let power = scenario.power.iter().find(|power| power.metric == metric && power.change == change).unwrap();
        power.found as f64 / power.injected as f64
    };
    assert!(found("p95", 0.1) < 0.1 && found("p95", 0.3) > 0.8 && found("p95", 0.5) == 1.0, "{:?}", scenario.power);
    assert!(found("throughput", -0.15) < found("throughput", -0.25));
    assert!(found("memory", 0.5) == 1.0 && found("error-rate", 0.05) == 1.0);
}

#[test]
fn a_noisy_endpoint_becomes_advisory_and_no_other() {
    let scenario = calibrated(&history(3, 30, Noise { last: 0.3, ..USUAL }, steady));
    let advice = |endpoint: &str| series(&scenario, endpoint, "p95").advice;
    assert_eq!(advice("f"), Advice::Advisory, "{:?}", series(&scenario, "f", "p95"));
    assert!(["a", "b", "c", ALL].iter().all(|name| advice(name) == Advice::Keep), "{:?}", scenario.series);
    let after = scenario.suggested_alarms.unwrap();
    assert!(after.inconclusive.hits < scenario.alarms.inconclusive.hits && after.failed.hits == 0);
}

#[test]
fn a_quiet_history_allows_less_and_changed_so_asks_for_nothing_more() {
    let history = history(4, 24, QUIET, steady);
    let scenario = calibrated(&history);
    let row = series(&scenario, "a", "p95");
    assert_eq!((row.advice, row.to), (Advice::Tighten, Some(0.10)), "{row:?}");
    let policy = super::change::applied(&Policy::default(), &scenario.changes);
    for row in &scenario.series {
        let rule = policy.rule(&row.endpoint, &row.metric).unwrap();
        assert!((super::series::threshold(&rule) - row.to.unwrap_or(row.threshold)).abs() < 1e-9, "{row:?}");
    }
    let again = calibrate("checkout", Environment::default(), &history, &present(policy));
    assert_eq!(again.changes, [], "{:?}", again.series);
}

#[test]
fn few_runs_are_told_as_such_and_still_judged() {
    let all = history(5, 7, USUAL, steady);
    let first = |runs: usize| calibrated(&all.records()[..runs].iter().cloned().collect());
    for runs in [3, 7] {
        let scenario = first(runs);
        assert_eq!((scenario.runs, scenario.replay, scenario.needs), (runs, Replay::LeaveOneOut, FEWEST));
        assert_eq!(scenario.alarms.failed.of, runs);
        assert!(scenario.changes.is_empty() && scenario.series.iter().all(|row| row.advice == Advice::Wait));
    }
    let two = first(2);
    assert_eq!((two.alarms.failed.of, two.series.len(), two.power.len()), (0, 0, 0));
    assert_eq!(calibrated(&History::default()).runs, 0);
}

#[test]
fn a_shift_of_the_level_is_no_false_alarm() {
    for runs in [26, 12] {
        let half = runs / 2;
        let one = calibrated(&history(6, runs, USUAL, |at, name| if at >= half && name == "b" { 0.4 } else { 0.0 }));
        let all = calibrated(&history(7, runs, USUAL, |at, _| if at >= half { 0.4 } else { 0.0 }));
        for scenario in [&one, &all] {
            assert_eq!(scenario.alarms.failed.hits, 0, "{runs} {:?}", scenario.series);
            assert!(scenario.alarms.failed.of >= runs - 3);
            let start = format!("run {half:03}");
            let shift = scenario.shifts.iter().find(|shift| shift.endpoint == "b" && shift.metric == "p95").unwrap();
            assert!(shift.run == start && (0.3..0.7).contains(&shift.change), "{shift:?}");
        }
        let b = series(&one, "b", "p95");
        assert!(near(b.spread, 0.058) && b.checks <= series(&one, "a", "p95").checks, "{b:?}");
    }
}

#[test]
fn runs_of_pull_requests_and_invalid_ones_are_not_replayed() {
    let mut records = history(8, 12, USUAL, steady).records().to_vec();
    records[3].pull_request = Some(7);
    records[4].branch = Some("feature".to_owned());
    records[5].branch = Some("main".to_owned());
    records[6].invalid = Some("aborted".to_owned());
    assert_eq!(calibrated(&records.into_iter().collect()).runs, 9);
}

#[test]
fn a_window_without_runs_is_told() {
    let records = history(9, 12, USUAL, steady)
        .records()
        .iter()
        .enumerate()
        .map(|(at, record)| Record {
            started_at: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 6 * at as i64),
            ..record.clone()
        })
        .collect();
    let scenario = calibrated(&records);
    assert_eq!((scenario.runs, scenario.alarms.failed.of), (12, 0));
    assert!(scenario.notes[0].contains("'baseline: window'"), "{:?}", scenario.notes);
}

#[test]
fn an_advisory_row_is_left_advisory() {
    let mut policy = Policy::default();
    let rule = policy.rule("f", "p95").unwrap();
    policy.rules.push(crate::verdict::Rule { endpoint: Some("f".to_owned()), advisory: true, ..rule });
    let history = history(3, 24, Noise { last: 0.3, ..USUAL }, steady);
    let scenario = calibrate("checkout", Environment::default(), &history, &present(policy));
    let row = series(&scenario, "f", "p95");
    assert!(row.advisory && row.advice == Advice::Keep && row.failed == 0, "{row:?}");
    assert!(scenario.changes.iter().all(|change| change.endpoint.as_deref() != Some("f")), "{:?}", scenario.changes);
    assert!(
        scenario
            .power
            .iter()
            .all(|power| power.least.as_ref().is_none_or(|l| power.metric != "p95" || l.endpoint != "f"))
    );
}
