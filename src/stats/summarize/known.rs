//! Summaries against those of the reference, which works on the exact observations.

use std::collections::BTreeMap;

use crate::model::{
    Basis, Endpoint, EndpointSummary, Histogram, Latency, LogValue, Resolution, Run, Series, TimelineBuilder, Unit,
};
use crate::stats::{SummarySettings, summarize};

/// The start of the made-up runs, Unix time in s: not on the grid of slices.
const START: i64 = 1_795_225_991;

#[derive(serde::Deserialize)]
struct Expected {
    fine: ExpectedRun,
    whole: ExpectedRun,
    histogram: BTreeMap<String, f64>,
}

#[derive(serde::Deserialize)]
struct ExpectedRun {
    duration: f64,
    endpoints: BTreeMap<String, BTreeMap<String, f64>>,
    y_thr: f64,
    v_thr: f64,
    trend: f64,
    y_mem: f64,
    mem_trend: f64,
}

fn expected() -> Expected {
    serde_json::from_str(include_str!("../../../fixtures/reference/summaries.json")).unwrap()
}

/// The chance that the fixture was made with.
struct Uniform(u64);

impl Uniform {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / 9_007_199_254_740_992.0
    }
}

/// (endpoint, start in s, latency in ms, success) of 6,000 requests of three endpoints.
fn requests(whole: bool) -> Vec<(usize, f64, f64, bool)> {
    let mut uniform = Uniform(42);
    (0..6_000)
        .map(|i| {
            let endpoint = i % 3;
            let start = i as f64 * 0.02 + uniform.next() * 0.01;
            let z: f64 = (0..12).map(|_| uniform.next()).sum::<f64>() - 6.0;
            let latency = (20.0 + 30.0 * endpoint as f64) * (0.4 * z).exp() * (1.0 + 0.3 * start / 120.0);
            let ok = endpoint != 1 || uniform.next() > 0.03;
            (endpoint, start, if whole { latency.round() } else { latency }, ok)
        })
        .collect()
}

fn run(whole: bool) -> Run {
    let mut run = Run::new("s");
    let mut timeline = TimelineBuilder::default();
    let resolution = if whole { Resolution::MILLISECOND } else { Resolution::FINE };
    for name in ["a", "b", "c"] {
        timeline.track(name);
        let latency = Some(Latency { resolution, ..Latency::default() });
        run.endpoints.push(Endpoint { latency, ..Endpoint::new(name) });
    }
    for (endpoint, start, latency, ok) in requests(whole) {
        let bucket = Histogram::bucket((latency * 1e6).round() as u64);
        timeline.add(endpoint, START * 1_000_000_000 + (start * 1e9) as i64, ok.then_some(bucket), 1);
    }
    let timeline = timeline.finish();
    let first = timeline.first_start().unwrap() as f64 / 1e9;
    let points = (0..=120).map(|i| (first + f64::from(i), 4e7 * (1.0 + 0.5 * f64::from(i) / 120.0))).collect();
    run.resources =
        vec![Series { name: "memory".to_owned(), unit: Unit::Bytes, max: 0.0, mean: 0.0, last: 0.0, points }];
    run.timeline = Some(timeline);
    run
}

fn near(ours: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((ours - expected).abs() <= tolerance, "{what}: {ours} is not {expected}");
}

/// Logarithms of seconds against the reference's of milliseconds; variances relative to theirs.
fn agrees(ours: &EndpointSummary, expected: &BTreeMap<String, f64>, v_tolerance: f64, name: &str) {
    for (figure, y, v) in [("p95", "y_p95", "v_p95"), ("body", "y_body", "v_body")] {
        let value: LogValue = ours.latency[figure];
        near(value.y + 1000_f64.ln(), expected[y], 0.002, &format!("{name} {y}"));
        near(value.v.unwrap() / expected[v], 1.0, v_tolerance, &format!("{name} {v}"));
    }
    near(ours.throughput.unwrap().y, expected["y_thr"], 0.002, name);
    near(ours.error_dispersion.unwrap(), expected["phi_err"], 0.05, name);
    near(ours.measured.unwrap() as f64, expected["n_ok"], 4.0, name);
}

#[test]
fn sliced_summaries_agree_with_exact_ones() {
    for (whole, expected) in [(false, expected().fine), (true, expected().whole)] {
        let mut run = run(whole);
        summarize(&mut run, &SummarySettings::default());
        let summary = run.summary.unwrap();
        near(summary.duration.unwrap(), expected.duration, 1e-9, "duration");
        for (name, endpoint) in &expected.endpoints {
            agrees(&summary.endpoints[name], endpoint, 0.15, name);
            near(summary.endpoints[name].resolution.unwrap(), if whole { 1e-3 } else { 1e-6 }, 1e-12, name);
        }
        let throughput = summary.total.throughput.unwrap();
        near(throughput.y, expected.y_thr, 0.002, "y_thr");
        near(throughput.v.unwrap(), expected.v_thr, 1e-6, "v_thr");
        near(summary.trend.unwrap(), expected.trend, 0.02, "trend");
        near(summary.values["memory"].y, expected.y_mem, 1e-7, "memory");
        near(summary.memory_trend.unwrap(), expected.mem_trend, 1e-6, "memory trend");
        assert!(summary.endpoints["a"].latency.contains_key("p99"));
    }
}

#[test]
fn histograms_without_time_agree() {
    let width = |ms: f64| if ms < 100.0 { 1.0 } else { 10.0 };
    let rounded = |ms: f64| (ms / width(ms)).round_ties_even() * width(ms);
    let seen = requests(true).into_iter().filter(|request| request.0 == 2).map(|request| rounded(request.2) / 1e3);
    let resolution = Resolution { step: 1e-3, digits: Some(2) };
    let histogram = Histogram::from_seconds(seen.map(|seconds| (seconds, 1)));
    let latency = Latency { histogram: Some(histogram), resolution, ..Latency::default() };
    let mut run = Run::new("s");
    (run.basis, run.duration) = (Basis::All, Some(120.0));
    run.endpoints.push(Endpoint {
        count: Some(2000),
        errors: Some(0),
        latency_all: Some(latency),
        ..Endpoint::new("c")
    });
    summarize(&mut run, &SummarySettings::default());
    let summary = run.summary.unwrap();
    agrees(&summary.endpoints["c"], &expected().histogram, 1e-6, "c");
    near(summary.endpoints["c"].resolution.unwrap(), expected().histogram["step"] / 1e3, 1e-12, "step");
    near(summary.total.throughput.unwrap().v.unwrap(), 1.0 / 2000.0, 1e-12, "v_thr");
}
