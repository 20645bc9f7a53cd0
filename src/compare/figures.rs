//! The candidate's own figures: what targets are held against.

use std::collections::BTreeMap;

use crate::model::{ALL, EndpointSummary, LogValue, Record};

type Figures = BTreeMap<String, BTreeMap<String, f64>>;

/// Figures by endpoint and metric; of several runs the geometric mean, of error rates the pooled one.
pub(super) fn figures(candidates: &[&Record]) -> Figures {
    let mut logs: BTreeMap<(&str, &str), Vec<f64>> = BTreeMap::new();
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for run in candidates {
        let total = std::iter::once((ALL, &run.summary.total));
        let endpoints = run.summary.endpoints.iter().filter(|(name, _)| *name != ALL);
        for (name, endpoint) in total.chain(endpoints.map(|(name, endpoint)| (name.as_str(), endpoint))) {
            for (metric, value) in values(endpoint) {
                logs.entry((name, metric)).or_default().push(value.y);
            }
            if let (Some(count), Some(errors)) = (endpoint.count, endpoint.errors) {
                let sum = counts.entry(name).or_default();
                *sum = (sum.0 + count, sum.1 + errors);
            }
        }
        for (metric, value) in &run.summary.values {
            logs.entry((ALL, metric)).or_default().push(value.y);
        }
    }
    let mut figures = Figures::new();
    for ((name, metric), ys) in logs {
        let mean = ys.iter().sum::<f64>() / ys.len() as f64;
        figures.entry(name.to_owned()).or_default().insert(metric.to_owned(), mean.exp());
    }
    for (name, (count, errors)) in counts.into_iter().filter(|(_, (count, _))| *count > 0) {
        let rate = errors as f64 / count as f64;
        figures.entry(name.to_owned()).or_default().insert("error-rate".to_owned(), rate);
    }
    figures
}

/// The log figures of an endpoint that people know by name.
fn values(endpoint: &EndpointSummary) -> impl Iterator<Item = (&str, &LogValue)> {
    let latencies = endpoint.latency.iter().filter(|(name, _)| *name != "body");
    let named = latencies.chain(&endpoint.values).map(|(name, value)| (name.as_str(), value));
    named.chain(endpoint.throughput.as_ref().map(|value| ("throughput", value)))
}
