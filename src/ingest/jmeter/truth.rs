//! Runs of fixtures against `truth.json`: the same figures, made in plain Python from the raw rows.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::ingest::testing::{fixture, run};
use crate::model::{Endpoint, Kind, Latency, Run};

#[derive(Deserialize)]
pub(super) struct Truth {
    pub(super) first_start_unix_s: f64,
    pub(super) span_s: f64,
    pub(super) overall: Figures,
    pub(super) endpoints: BTreeMap<String, Figures>,
    pub(super) transactions: BTreeMap<String, Figures>,
}

#[derive(Deserialize)]
pub(super) struct Figures {
    pub(super) count: u64,
    pub(super) errors: u64,
    pub(super) throughput_per_s: f64,
    mean_ms: f64,
    min_ms: f64,
    max_ms: f64,
    p50_ms: f64,
    p90_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    ok_only: Ok,
}

#[derive(Deserialize)]
struct Ok {
    count: u64,
    p50_ms: f64,
    p95_ms: f64,
    mean_ms: f64,
}

/// The truth of a fixture.
pub(super) fn truth(case: &str) -> Truth {
    serde_json::from_slice(&fixture(&format!("jmeter/{case}.truth.json"))).unwrap()
}

/// The run of a fixture.
pub(super) fn read(name: &str) -> Run {
    run(&[(name, &fixture(&format!("jmeter/{name}")))]).unwrap()
}

/// Compares all that a JTL tells with the truth.
pub(super) fn assert_true(run: &Run, truth: &Truth) {
    assert!((run.duration.unwrap() - truth.span_s).abs() < 1e-6);
    assert_eq!(run.invalid, None);
    assert_request(run.total.as_ref().unwrap(), &truth.overall);
    let of = |kind: Kind| run.endpoints.iter().filter(move |e| e.kind == kind);
    assert_eq!(of(Kind::Request).count(), truth.endpoints.len());
    assert_eq!(of(Kind::Transaction).count(), truth.transactions.len());
    of(Kind::Request).for_each(|endpoint| assert_request(endpoint, &truth.endpoints[&endpoint.name]));
    of(Kind::Transaction).for_each(|endpoint| assert_counts(endpoint, &truth.transactions[&endpoint.name]));
}

fn assert_request(endpoint: &Endpoint, figures: &Figures) {
    assert_counts(endpoint, figures);
    assert_near(endpoint.throughput, figures.throughput_per_s, 1e-6);
}

fn assert_counts(endpoint: &Endpoint, figures: &Figures) {
    assert_eq!((endpoint.count, endpoint.errors), (Some(figures.count), Some(figures.errors)), "{}", endpoint.name);
    let (all, ok) = (endpoint.latency_all.as_ref().unwrap(), endpoint.latency.as_ref().unwrap());
    assert_eq!((all.count, ok.count), (Some(figures.count), Some(figures.ok_only.count)));
    let moments = [("mean", figures.mean_ms), ("min", figures.min_ms), ("max", figures.max_ms)];
    let quantiles =
        [("p50", figures.p50_ms), ("p90", figures.p90_ms), ("p95", figures.p95_ms), ("p99", figures.p99_ms)];
    moments.into_iter().for_each(|(name, ms)| assert_figure(all, name, ms, 1e-6));
    quantiles.into_iter().for_each(|(name, ms)| assert_figure(all, name, ms, 1e-3));
    assert_figure(ok, "mean", figures.ok_only.mean_ms, 1e-6);
    assert_figure(ok, "p50", figures.ok_only.p50_ms, 1e-3);
    assert_figure(ok, "p95", figures.ok_only.p95_ms, 1e-3);
}

fn assert_figure(latency: &Latency, name: &str, ms: f64, tolerance: f64) {
    assert_near(latency.figure(name), ms / 1e3, tolerance);
}

/// Equal up to a relative `tolerance`.
pub(super) fn assert_near(figure: Option<f64>, expected: f64, tolerance: f64) {
    let figure = figure.unwrap();
    assert!((figure - expected).abs() <= tolerance * expected.abs() + 1e-12, "{figure} is not {expected}");
}
