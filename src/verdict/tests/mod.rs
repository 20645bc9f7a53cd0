//! Whole comparisons and judgements: against the reference, simulated, and by case.

mod calculator;
mod cases;
mod explained;
mod levels;
mod pairs;
mod reference;
mod simulated;

use std::collections::BTreeMap;

use crate::baseline::Baseline;
use crate::compare::{Comparison, Settings, compare};
use crate::model::{Basis, EndpointSummary, LogValue, Record, Summary};

use super::{Judgement, Outcome, Policy, Row, judge};

/// A record with a summary and nothing else of note.
fn record(summary: Summary) -> Record {
    Record {
        id: "run".to_owned(),
        scenario: "checkout".to_owned(),
        fingerprint: String::new(),
        identity: BTreeMap::new(),
        started_at: jiff::Timestamp::UNIX_EPOCH,
        commit: None,
        branch: None,
        pull_request: None,
        release: None,
        basis: Basis::Ok,
        load: crate::model::Load::default(),
        invalid: None,
        judged: None,
        summary: summary.into(),
    }
}

fn baseline(runs: Vec<Record>) -> Baseline {
    Baseline { runs, ..Baseline::default() }
}

fn value(y: f64, v: f64) -> LogValue {
    LogValue { y, v: Some(v) }
}

/// An endpoint of 2,000 requests, its latencies around `p95` seconds.
fn endpoint(p95: f64, errors: u64) -> EndpointSummary {
    let y = p95.ln();
    EndpointSummary {
        count: Some(2_000),
        errors: Some(errors),
        measured: Some(2_000 - errors),
        error_dispersion: Some(1.0),
        throughput: Some(value(10_f64.ln(), 5e-4)),
        latency: [("p95".to_owned(), value(y, 4e-4)), ("body".to_owned(), value(y - 0.7, 1e-4))].into(),
        resolution: Some(1e-6),
        ..EndpointSummary::default()
    }
}

/// A run of 200 s with these endpoints.
fn run(endpoints: &[(&str, EndpointSummary)]) -> Record {
    let sum = |part: fn(&EndpointSummary) -> Option<u64>| endpoints.iter().filter_map(|(_, e)| part(e)).sum::<u64>();
    let count = sum(|e| e.count);
    let total = EndpointSummary {
        count: Some(count),
        errors: Some(sum(|e| e.errors)),
        throughput: Some(value((count as f64 / 200.0).ln(), 1e-4)),
        latency: [("p95".to_owned(), LogValue { y: 0.1_f64.ln(), v: None })].into(),
        ..EndpointSummary::default()
    };
    record(Summary {
        duration: Some(200.0),
        total,
        endpoints: endpoints.iter().map(|(name, e)| ((*name).to_owned(), e.clone())).collect(),
        values: [("memory".to_owned(), value(4e7_f64.ln(), 1e-5))].into(),
        ..Summary::default()
    })
}

fn compared(candidates: &[Record], past: Vec<Record>) -> Comparison {
    compare(candidates, &baseline(past), &Settings::default())
}

fn judged(candidates: &[Record], past: Vec<Record>) -> Judgement {
    judge(&compared(candidates, past), &Policy::default())
}

fn row<'a>(judgement: &'a Judgement, endpoint: &str, metric: &str) -> &'a Row {
    let here = |row: &&Row| row.endpoint == endpoint && row.metric == metric;
    judgement.rows.iter().find(here).unwrap_or_else(|| panic!("no row {endpoint} {metric}"))
}
