//! Reports of version 2: counters, and figures from sketches of 1 % relative error, in ms.
//!
//! Endpoints are those of the plugin `metrics-by-endpoint`. Counters are made on demand: one that is missing is 0.
//! Latencies are times to the first byte of all answers.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use jiff::Timestamp;

use super::report::{Aggregate, Figures, Report};
use super::{MILLIS, TOOL, error_answers, tell_failures, version, warn_of_error_answers};
use crate::ingest::aggregate::endpoint;
use crate::ingest::{Detail, Format, Head, Input, Recorder};
use crate::model::{ALL, Basis, Latency, Measurement, Resolution};

pub(in crate::ingest) const FORMAT: Format = Format {
    name: "artillery",
    tool: TOOL,
    about: "Artillery 2 --output, best with the plugin metrics-by-endpoint",
    detail: Detail::Aggregate,
    detect,
    read,
};

/// What the names of the plugin's metrics begin with.
const PLUGIN: &str = "plugins.metrics-by-endpoint.";
/// Beginnings of metrics that are read here or are no measurements of the system under test.
const OWN: [&str; 5] = ["http.", "plugins.", "vusers.", "errors.", "artillery."];
/// Names of figures in a summary, and as metrics.
const QUANTILES: [(&str, &str); 6] =
    [("p50", "p50"), ("p75", "p75"), ("p90", "p90"), ("p95", "p95"), ("p99", "p99"), ("p999", "p99.9")];

fn detect(head: &Head<'_>) -> bool {
    version(head) == Some(2)
}

fn read(input: &mut Input<'_>, recorder: &mut Recorder) -> Result<()> {
    let (_, mut aggregate) = Report::read(input, recorder)?;
    if aggregate.summaries.is_empty() {
        aggregate.summaries = std::mem::take(&mut aggregate.histograms);
    }
    let counters = Counters::of(&aggregate);
    let other = counters.engine();
    ensure!(
        counters.get("http.requests") > 0 || other.is_none(),
        "{}: no HTTP requests, but '{}': only Artillery's HTTP engine is read; convert the report with a script",
        input.name(),
        other.unwrap_or_default()
    );
    let duration = finish_times(&aggregate, &counters, recorder);
    recorder.run().basis = Basis::All;
    read_total(&aggregate, &counters, duration, recorder);
    read_endpoints(&aggregate, &counters, duration, recorder);
    let custom = aggregate.summaries.iter().filter(|(name, _)| !OWN.iter().any(|own| name.starts_with(own)));
    recorder.run().metrics.extend(custom.flat_map(|(name, figures)| measurements(name, figures)));
    Ok(())
}

/// Sets when the run began and how long it took, and what was not started; returns the duration.
fn finish_times(aggregate: &Aggregate, counters: &Counters, recorder: &mut Recorder) -> Option<f64> {
    let times = aggregate.first_metric_at.zip(aggregate.last_metric_at);
    let duration = times.map(|(first, last)| (last - first) / MILLIS).filter(|seconds| *seconds > 0.0);
    let run = recorder.run();
    run.duration = duration;
    run.started_at = aggregate.first_metric_at.and_then(|ms| Timestamp::from_millisecond(ms as i64).ok());
    run.load.dropped_iterations = Some(counters.get("vusers.skipped")).filter(|skipped| *skipped > 0);
    duration
}

fn read_total(aggregate: &Aggregate, counters: &Counters, duration: Option<f64>, recorder: &mut Recorder) {
    let (codes, errors) = (counters.under("http.codes."), counters.under("errors."));
    let (requests, refused) = (counters.get("http.requests"), error_answers(&codes));
    let unanswered: u64 = errors.values().sum();
    warn_of_error_answers(refused, recorder);
    let lost = requests.saturating_sub(counters.get("http.responses") + unanswered);
    if lost > 0 {
        recorder.run().warn(format!("{lost} of {requests} requests had neither answer nor error when the test ended"));
    }
    let latency = aggregate.summaries.get("http.response_time").and_then(latency);
    // A failed check of an answer of status 500 counts twice.
    recorder.aggregate(endpoint(ALL, requests, (refused + unanswered).min(requests), latency, duration));
    let by_endpoint = counters.0.keys().any(|name| name.starts_with(PLUGIN));
    let codes = if by_endpoint { BTreeMap::new() } else { codes };
    tell_failures(None, &codes, &errors, recorder);
}

fn read_endpoints(aggregate: &Aggregate, counters: &Counters, duration: Option<f64>, recorder: &mut Recorder) {
    let timed = format!("{PLUGIN}response_time.");
    let in_summaries = aggregate.summaries.keys().filter_map(|key| key.strip_prefix(&timed));
    let in_counters = counters.0.keys().filter_map(|key| endpoint_of(key));
    let names: BTreeSet<&str> = in_summaries.chain(in_counters).collect();
    for name in names {
        let codes = counters.under(&format!("{PLUGIN}{name}.codes."));
        let errors = counters.under(&format!("{PLUGIN}{name}.errors."));
        let latency = aggregate.summaries.get(&format!("{timed}{name}")).and_then(latency);
        let (answers, unanswered): (u64, u64) = (codes.values().sum(), errors.values().sum());
        let measured = latency.as_ref().and_then(|latency| latency.count).unwrap_or_default();
        let count = answers.max(measured) + unanswered;
        let failed = (error_answers(&codes) + unanswered).min(count);
        // What went wrong without an answer is told by the whole run already.
        tell_failures(Some(name), &codes, &BTreeMap::new(), recorder);
        recorder.aggregate(endpoint(name, count, failed, latency, duration));
    }
}

/// The endpoint that a counter of the plugin is of; names may hold dots.
fn endpoint_of(counter: &str) -> Option<&str> {
    let rest = counter.strip_prefix(PLUGIN)?;
    let (name, _) = rest.rsplit_once(".codes.").or_else(|| rest.rsplit_once(".errors."))?;
    Some(name)
}

/// Counters by name.
struct Counters(BTreeMap<String, u64>);

impl Counters {
    fn of(aggregate: &Aggregate) -> Self {
        let whole = |value: &Option<f64>| value.unwrap_or_default().max(0.0).round() as u64;
        Self(aggregate.counters.iter().map(|(name, value)| (name.clone(), whole(value))).collect())
    }

    fn get(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// The counters that begin with `prefix`, by the rest of their names.
    fn under(&self, prefix: &str) -> BTreeMap<String, u64> {
        let rest = |(name, count): (&String, &u64)| Some((name.strip_prefix(prefix)?.to_owned(), *count));
        self.0.iter().filter_map(rest).collect()
    }

    /// A counter of something other than HTTP, if there is one.
    fn engine(&self) -> Option<&str> {
        self.0.keys().map(String::as_str).find(|name| !OWN.iter().any(|own| name.starts_with(own)))
    }
}

fn latency(figures: &Figures) -> Option<Latency> {
    let figure = |name: &str| figures.get(name).copied().flatten();
    let seconds = |name: &str| figure(name).map(|ms| ms / MILLIS);
    let count = figure("count").map(|count| count as u64);
    (count != Some(0)).then(|| Latency {
        count,
        mean: seconds("mean"),
        min: seconds("min"),
        max: seconds("max"),
        quantiles: QUANTILES.iter().filter_map(|(from, to)| Some(((*to).to_owned(), seconds(from)?))).collect(),
        histogram: None,
        resolution: Resolution::MILLISECOND,
    })
}

/// A custom distribution, in whatever unit the script gave it.
fn measurements(name: &str, figures: &Figures) -> Vec<Measurement> {
    let named = QUANTILES.into_iter().chain([("mean", "mean"), ("max", "max")]);
    let measured = |(from, to): (&str, &str)| {
        let value = figures.get(from).copied().flatten()?;
        Some(Measurement { name: format!("{name}.{to}"), value, unit: None, better: None })
    };
    named.filter_map(measured).collect()
}
