//! Whole calibrations of simulated histories, whose noise is known.

use jiff::{SignedDuration, Timestamp};

use super::{Advice, Change, Environment, FEWEST, Place, Present, Replay, Scenario, Series, calibrate};
use crate::baseline::Rule;
use crate::compare::Settings;
use crate::history::History;
use crate::model::{ALL, Basis, EndpointSummary, Load, LogValue, Record, Summary};
use crate::verdict::Policy;

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

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
        summary,
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
    Present { rule: Rule::default(), policy, settings: Settings::default(), place: Place::Top }
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

#[test]
fn show() {
    for (name, history) in [
        ("usual", history(1, 60, USUAL, steady)),
        ("quiet", history(2, 60, QUIET, steady)),
        ("noisy f", history(3, 60, Noise { last: 0.3, ..USUAL }, steady)),
        ("shift", history(4, 60, USUAL, |at, name| if at >= 30 && name == "b" { 0.3 } else { 0.0 })),
        ("short", history(5, 10, USUAL, steady)),
        ("few", history(6, 5, USUAL, steady)),
    ] {
        let start = std::time::Instant::now();
        let s = calibrated(&history);
        println!(
            "== {name} {:?} {:?} runs {} alarms {:?} -> {:?} notes {:?}",
            start.elapsed(),
            s.replay,
            s.runs,
            s.alarms,
            s.suggested_alarms.as_ref().map(|a| a.failed),
            s.notes
        );
        for row in &s.series {
            println!(
                "{:6} {:10} cv {:.3?} own {:.3?} floor {:.3?} det {:.3?} f/w/i {}/{}/{} of {} th {} sug {:?} {:?}",
                row.endpoint,
                row.metric,
                row.spread,
                row.own_spread,
                row.noise_floor,
                row.smallest_detectable,
                row.failed,
                row.warned,
                row.inconclusive,
                row.checks,
                row.threshold,
                row.suggested,
                row.advice
            );
        }
        for p in &s.power {
            println!("{} {:+} {}/{} least {:?}", p.metric, p.change, p.found, p.injected, p.least);
        }
        for c in &s.changes {
            println!("{:?} {} {} adv {} was {}", c.endpoint, c.metric, c.threshold, c.advisory, c.was);
        }
        println!("{:?}", s.shifts.iter().map(|s| (&s.endpoint, &s.metric, &s.run, s.change)).collect::<Vec<_>>());
    }
}
