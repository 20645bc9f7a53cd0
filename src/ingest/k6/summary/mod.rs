//! What k6 says at the end of a test: `--summary-export`, the data of `handleSummary`, the machine-readable summary.
//!
//! A summary has figures per endpoint only for the selectors that a threshold names, as `http_req_duration{name:slow}`.
//! Those figures are of **all** requests unless the selector also says `expected_response:true`; so the run's basis is
//! [`Basis::Ok`](crate::model::Basis) only where the total and every endpoint have figures of the successful ones. It
//! follows from which figures there are, never from their values, because runs on different bases are not compared.
//!
//! Selectors without `name` (`{scenario:browse}`) are no endpoints: their figures become metrics of the run, called
//! `http_req_duration{scenario:browse}.p95`. Requests of `setup()` and `teardown()` are in all figures, and the test time
//! is that of k6: it includes ramps and graceful stops, so throughput is a little lower than from raw points.

mod endpoints;
mod load;
mod metrics;
mod shape;

use std::collections::BTreeMap;

use anyhow::Result;
use memchr::memmem;
use serde_json::{Map, Value};

use super::metric;
use crate::ingest::{Detail, Format, Head, Input, Recorder};
use crate::model::Run;

pub(in crate::ingest) const FORMAT: Format = Format {
    name: "k6-summary",
    tool: "k6",
    about: "k6 --summary-export, handleSummary data, or machine-readable summary",
    detail: Detail::Aggregate,
    detect,
    read,
};

/// Metrics by which a summary is known: every test has some of them.
const SIGNS: [&[u8]; 5] = [b"\"http_req", b"\"iterations\"", b"\"iteration_duration\"", b"\"vus\"", b"\"data_sent\""];

fn detect(head: &Head<'_>) -> bool {
    if !head.is_object() || head.has_keys(&["schema", "scenario"]) || super::json::detect(head) {
        return false;
    }
    head.has_keys(&["metrics", "root_group"])
        || (head.has_keys(&["results", "metadata"]) && is_key(head.bytes(), b"\"k6Version\""))
        || (is_key(head.bytes(), b"\"metrics\"") && SIGNS.iter().any(|sign| is_key(head.bytes(), sign)))
}

/// Whether a key that starts with `sign` occurs; a mere value does not count.
fn is_key(bytes: &[u8], sign: &[u8]) -> bool {
    memmem::find_iter(bytes, sign).any(|at| {
        let rest = &bytes[at + 1..];
        let end = memchr::memchr(b'"', rest).unwrap_or(rest.len());
        rest[end..].get(1..).unwrap_or_default().trim_ascii_start().first() == Some(&b':')
    })
}

fn read(input: &mut Input<'_>, recorder: &mut Recorder) -> Result<()> {
    let document = input.document()?;
    let value: Value = match serde_json::from_slice(&document) {
        Ok(value) => value,
        Err(error) if error.is_eof() => return input.truncated("the JSON does not end", recorder),
        Err(error) => anyhow::bail!("{}: not a k6 summary: {error}", input.name()),
    };
    let summary = shape::of(&value, input.name())?;
    tell(&summary, recorder.run());
    load::tell(&summary, recorder.run());
    endpoints::tell(&summary, input.name(), recorder)?;
    metrics::tell(&summary, recorder.run());
    Ok(())
}

/// A summary, whichever of the three shapes it came in.
struct Summary<'a> {
    metrics: Vec<Metric<'a>>,
    /// Seconds of the test, setup and graceful stop included.
    seconds: Option<f64>,
    version: Option<&'a str>,
    /// When the summary was made: the end of the test.
    made: Option<jiff::Timestamp>,
    options: Option<&'a Map<String, Value>>,
}

/// A metric or submetric.
struct Metric<'a> {
    /// As the file spells it, selector included.
    full: &'a str,
    /// Without the selector.
    name: &'a str,
    /// Tags and values of the selector, in its order.
    selector: Vec<(String, String)>,
    kind: Kind,
    /// `time`, `data`, `default`, or empty where the file does not tell.
    contains: &'a str,
    /// Figures as k6 writes them (`avg`, `p(95)`); those that are no number are absent.
    figures: BTreeMap<&'a str, f64>,
    /// Thresholds, and whether they were crossed.
    thresholds: Vec<(&'a str, bool)>,
}

/// The type of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Rate,
    Trend,
}

impl Summary<'_> {
    /// The metric without a selector.
    fn metric(&self, name: &str) -> Option<&Metric<'_>> {
        self.metrics.iter().find(|m| m.full == name)
    }

    /// A figure of the metric without a selector.
    fn figure(&self, name: &str, figure: &str) -> Option<f64> {
        self.metric(name)?.figure(figure)
    }

    /// Its parts that a selector chooses.
    fn submetrics(&self, name: &str) -> impl Iterator<Item = &Metric<'_>> {
        self.metrics.iter().filter(move |m| m.name == name && !m.selector.is_empty())
    }
}

impl Metric<'_> {
    fn figure(&self, name: &str) -> Option<f64> {
        self.figures.get(name).copied()
    }

    /// A figure that counts something.
    fn count(&self, name: &str) -> Option<u64> {
        self.figure(name).filter(|count| *count >= 0.0).map(|count| count as u64)
    }

    /// The value of a tag in the selector.
    fn tag(&self, tag: &str) -> Option<&str> {
        self.selector.iter().find(|(key, _)| key == tag).map(|(_, value)| value.as_str())
    }
}

/// What the summary says about the run itself.
fn tell(summary: &Summary<'_>, run: &mut Run) {
    run.tool.version = summary.version.map(|version| version.trim_start_matches('v').to_owned());
    run.duration = summary.seconds;
    let before =
        |end: jiff::Timestamp| end.checked_sub(jiff::SignedDuration::try_from_secs_f64(summary.seconds?).ok()?).ok();
    run.started_at = summary.made.and_then(before);
    for metric in &summary.metrics {
        for (threshold, _) in metric.thresholds.iter().filter(|(_, crossed)| *crossed) {
            run.warn(format!("k6 threshold crossed: {} {threshold}", metric.full));
        }
    }
}
