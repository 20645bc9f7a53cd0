//! Summaries of runs without times: histograms of the whole run, or final aggregates.

use std::collections::BTreeMap;

use crate::model::{Basis, Endpoint, EndpointSummary, Latency, LogValue, Resolution, Run, Summary, quantile_of};

use super::MIN_OK;
use super::sample::{Sample, log};
use super::timed::pooled;

/// Overdispersion assumed of requests whose times are not known; the usual one of timed runs.
const DISPERSION: f64 = 2.0;

/// The summary of a run without slices; `names` are the latency figures wanted. No warm-up can be left out.
pub(super) fn summary(run: &Run, names: &[&str]) -> Summary {
    let endpoints: BTreeMap<String, EndpointSummary> =
        run.requests().map(|e| (e.name.clone(), endpoint(e, run, names))).collect();
    let total = total(run, &endpoints, names);
    Summary { duration: run.duration.filter(|d| *d > 0.0), total, endpoints, ..Summary::default() }
}

/// One endpoint, or the total of a run that has nothing else.
fn endpoint(endpoint: &Endpoint, run: &Run, names: &[&str]) -> EndpointSummary {
    let latency = endpoint.latency_on(run.basis);
    let measured = latency.and_then(|latency| measured(endpoint, latency, run.basis));
    let judged = latency.filter(|_| measured.is_none_or(|n| n >= MIN_OK));
    EndpointSummary {
        count: endpoint.count,
        errors: endpoint.errors,
        measured,
        error_dispersion: endpoint.errors.map(|_| 1.0),
        throughput: throughput(endpoint, run, latency.is_some_and(|latency| latency.histogram.is_some())),
        latency: judged.map_or_else(BTreeMap::new, |latency| figures(latency, names)),
        resolution: judged.and_then(step),
        values: BTreeMap::new(),
    }
}

/// Requests that a latency is of.
fn measured(endpoint: &Endpoint, latency: &Latency, basis: Basis) -> Option<u64> {
    let counted = latency.histogram.as_ref().map(crate::model::Histogram::count).or(latency.count);
    let failed = if basis == Basis::Ok { endpoint.errors } else { Some(0) };
    counted.or_else(|| endpoint.count?.checked_sub(failed?))
}

/// Requests per second; its variance is Poisson's where the source counts every request.
fn throughput(endpoint: &Endpoint, run: &Run, counts: bool) -> Option<LogValue> {
    let counted = endpoint.count.zip(run.duration).map(|(count, span)| count as f64 / span);
    let rate = counted.filter(|rate| rate.is_finite()).or(endpoint.throughput).filter(|rate| *rate > 0.0)?;
    let v = endpoint.count.filter(|count| counts && *count > 0).map(|count| 1.0 / count as f64);
    Some(LogValue { y: rate.ln(), v })
}

/// The latency figures that a source gives.
fn figures(latency: &Latency, names: &[&str]) -> BTreeMap<String, LogValue> {
    let sample = latency.histogram.as_ref().and_then(|histogram| Sample::new(histogram, latency.resolution));
    let figure = |name: &str| match sample {
        Some(sample) => of_histogram(&sample, latency, name),
        None => of_aggregates(latency, name),
    };
    names.iter().filter_map(|name| Some(((*name).to_owned(), figure(name)?))).collect()
}

fn of_histogram(sample: &Sample<'_>, latency: &Latency, name: &str) -> Option<LogValue> {
    if name == "body" {
        return Some(sample.body_untimed(DISPERSION));
    }
    let Some(share) = quantile_of(name) else { return of_aggregates(latency, name) };
    let value =
        || LogValue { y: sample.log_quantile(share), v: Some(sample.half_width(share, DISPERSION, 1.0).powi(2)) };
    sample.reaches(name, share).then(value)
}

fn of_aggregates(latency: &Latency, name: &str) -> Option<LogValue> {
    let value = |name: &str| latency.figure(name).map(|seconds| log(seconds, latency.resolution));
    let y = if name == "body" { 0.5 * (value("p50")? + value("p90")?) } else { value(name)? };
    y.is_finite().then_some(LogValue { y, v: None })
}

/// Step of the source at the 95th percentile.
fn step(latency: &Latency) -> Option<f64> {
    latency.figure("p95").map(|p95| latency.resolution.width(p95))
}

/// The run as a whole: what the source says of it, else what its endpoints add up to.
fn total(run: &Run, endpoints: &BTreeMap<String, EndpointSummary>, names: &[&str]) -> EndpointSummary {
    let mut whole = run.total.clone().unwrap_or_default();
    whole.count = whole.count.or_else(|| sum(endpoints, |e| e.count));
    whole.errors = whole.errors.or_else(|| sum(endpoints, |e| e.errors));
    let mut total = endpoint(&whole, run, names);
    let has_histograms = run.requests().any(|e| e.latency_on(run.basis).is_some_and(|l| l.histogram.is_some()));
    if total.throughput.is_none_or(|throughput| throughput.v.is_none()) && has_histograms {
        total.throughput = throughput(&whole, run, true);
    }
    if !endpoints.is_empty() {
        total.latency.retain(|name, _| name != "body");
        total.latency.values_mut().for_each(|value| value.v = None);
    }
    if total.latency.is_empty() {
        total.latency = merged(run, names);
    }
    total
}

fn sum(endpoints: &BTreeMap<String, EndpointSummary>, part: impl Fn(&EndpointSummary) -> Option<u64>) -> Option<u64> {
    if endpoints.is_empty() {
        return None;
    }
    endpoints.values().map(part).sum()
}

/// Latencies pooled over endpoints, where all have histograms: quantiles are never averaged.
fn merged(run: &Run, names: &[&str]) -> BTreeMap<String, LogValue> {
    let latencies: Option<Vec<&Latency>> = run.requests().map(|e| e.latency_on(run.basis)).collect();
    let Some(latencies) = latencies else { return BTreeMap::new() };
    let mut whole = crate::model::Histogram::default();
    for latency in &latencies {
        match &latency.histogram {
            Some(histogram) => whole.merge(histogram),
            None => return BTreeMap::new(),
        }
    }
    let resolution = latencies.iter().map(|l| l.resolution).reduce(Resolution::coarser).unwrap_or_default();
    Sample::new(&whole, resolution).map_or_else(BTreeMap::new, |sample| pooled(&sample, names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Histogram;
    use crate::stats::{SummarySettings, summarize};

    #[test]
    fn aggregates_have_figures_without_variances() {
        let mut run = Run::new("s");
        run.duration = Some(10.0);
        let quantiles = [("p50", 0.1), ("p90", 0.2), ("p95", 0.3)].map(|(n, v)| (n.to_owned(), v)).into();
        let latency = Latency { quantiles, mean: Some(0.12), ..Latency::default() };
        run.endpoints.push(Endpoint {
            count: Some(100),
            errors: Some(10),
            latency: Some(latency),
            ..Endpoint::new("a")
        });
        summarize(&mut run, &SummarySettings::default());
        let summary = &run.summary.unwrap().endpoints["a"];
        assert_eq!(summary.measured, Some(90));
        assert_eq!(summary.throughput.unwrap(), LogValue { y: 10_f64.ln(), v: None });
        assert!((summary.latency["body"].y - 0.5 * (0.1_f64.ln() + 0.2_f64.ln())).abs() < 1e-12);
        assert!(summary.latency.values().all(|value| value.v.is_none()) && !summary.latency.contains_key("p99"));
    }

    #[test]
    fn few_requests_keep_their_counts_and_lose_their_latencies() {
        let mut run = Run::new("s");
        run.basis = Basis::All;
        let histogram = Histogram::from_seconds([(0.1, 49)]);
        let latency = Latency { histogram: Some(histogram), ..Latency::default() };
        run.endpoints.push(Endpoint { count: Some(49), latency_all: Some(latency), ..Endpoint::new("a") });
        summarize(&mut run, &SummarySettings::default());
        let summary = &run.summary.unwrap().endpoints["a"];
        assert!(summary.latency.is_empty());
        assert_eq!(summary.count, Some(49));
    }
}
