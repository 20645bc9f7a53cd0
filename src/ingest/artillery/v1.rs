//! Reports of version 1: every latency in ns, and counts of status codes and errors for the run as a whole.
//!
//! The latencies come without endpoint and time, and (but for very old releases) without status code: there is one
//! distribution of all answers.

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};

use super::latencies::Latencies;
use super::report::{Aggregate, Figures, Report};
use super::{MILLIS, TOOL, error_answers, tell_failures, version, warn_of_error_answers};
use crate::ingest::aggregate::endpoint;
use crate::ingest::{Detail, Format, Head, Input, Recorder};
use crate::model::{ALL, Basis, Latency, Resolution};

pub(in crate::ingest) const FORMAT: Format =
    Format { name: "artillery-v1", tool: TOOL, about: "Artillery 1 --output", detail: Detail::Histogram, detect, read };

fn detect(head: &Head<'_>) -> bool {
    version(head) == Some(1)
}

fn read(input: &mut Input<'_>, recorder: &mut Recorder) -> Result<()> {
    let (Report { latencies, .. }, aggregate) = Report::read(input, recorder)?;
    let duration = finish_times(&aggregate, recorder);
    let answers: u64 = aggregate.codes.values().sum();
    let answers = if answers > 0 { answers } else { aggregate.requests_completed.unwrap_or(latencies.all.count) };
    let unanswered: u64 = aggregate.errors.values().sum();
    let refused = error_answers(&aggregate.codes);
    warn_of_error_answers(refused, recorder);
    tell_failures(None, &aggregate.codes, &aggregate.errors, recorder);
    warn_of_gaps(&latencies, answers, recorder);
    let measured = latencies.all.latency().or_else(|| aggregate.latency.as_ref().and_then(final_figures));
    let mut total = endpoint(ALL, answers + unanswered, refused + unanswered, measured, duration);
    recorder.run().basis = Basis::All;
    if latencies.are_coded() {
        recorder.run().basis = Basis::Ok;
        total.latency = latencies.ok.latency();
    }
    recorder.aggregate(total);
    Ok(())
}

/// Sets when the run began and how long it took, as far as rate and time of the report tell; returns the latter.
fn finish_times(aggregate: &Aggregate, recorder: &mut Recorder) -> Option<f64> {
    let rate = aggregate.rps.as_ref().and_then(|rps| Some((rps.count?, rps.mean?)));
    let duration = rate.filter(|(_, mean)| *mean > 0.0).map(|(count, mean)| count / mean);
    let end: Option<Timestamp> = aggregate.timestamp.as_ref().and_then(|time| time.parse().ok());
    let length = duration.and_then(|seconds| SignedDuration::try_from_secs_f64(seconds).ok());
    recorder.run().duration = duration;
    recorder.run().started_at = end.zip(length).and_then(|(end, length)| end.checked_sub(length).ok());
    duration
}

fn warn_of_gaps(latencies: &Latencies, answers: u64, recorder: &mut Recorder) {
    let (seen, unusable) = (latencies.all.count, latencies.unusable);
    if unusable > 0 {
        recorder.run().warn(format!("{unusable} latencies are null or negative and were left out"));
    }
    if seen + unusable != answers {
        recorder.run().warn(format!("the report has {seen} latencies for {answers} answers"));
    }
}

/// `latency` of the aggregate, in ms: what there is when the periods have no latencies.
fn final_figures(figures: &Figures) -> Option<Latency> {
    let seconds = |name: &str| figures.get(name).copied().flatten().map(|ms| ms / MILLIS);
    let named = [("median", "p50"), ("p95", "p95"), ("p99", "p99")];
    let quantiles: BTreeMap<String, f64> =
        named.iter().filter_map(|(from, to)| Some(((*to).to_owned(), seconds(from)?))).collect();
    (!quantiles.is_empty()).then(|| Latency {
        min: seconds("min"),
        max: seconds("max"),
        quantiles,
        resolution: Resolution::MILLISECOND,
        ..Latency::default()
    })
}
