//! The report of a history, `perf-gate/history/v1`: the runs, and each series in levels.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::accepted;
use super::anchor;
use super::figures::{Figures, endpoints};
use super::growth::{self, Common};
use super::series::{self, Series};
use crate::history::History;
use crate::model::{ALL, Metric, Record, Warning, matches};
use crate::stats::segments;

/// Name and version of the format.
pub const SCHEMA: &str = "perf-gate/history/v1";

/// Metrics of the run as a whole that are shown when none is named.
const OF_RUN: [&str; 4] = ["p95", "throughput", "error-rate", "memory"];
/// The metric of endpoints that is shown when none is named.
const OF_ENDPOINTS: &str = "p95";

/// The runs of a scenario in one environment, and what became of every series.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Overview {
    /// The format and its version: `perf-gate/history/v1`.
    pub schema: String,
    /// The scenario.
    pub scenario: String,
    /// Fingerprint of the environment.
    pub fingerprint: String,
    /// What the fingerprint was made of.
    pub environment: BTreeMap<String, String>,
    /// The runs, oldest first: valid ones of the trunk. Places in series count them from 0.
    pub runs: Vec<RunName>,
    /// The run as a whole first, then endpoints by name.
    pub series: Vec<Series>,
    /// What a reader should know before trusting the figures.
    pub warnings: Vec<Warning>,
}

/// A run, by what people find it with.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RunName {
    /// Its id.
    pub id: String,
    /// Its start.
    pub started_at: Timestamp,
    /// The commit under test.
    pub commit: Option<String>,
    /// The release that it is of.
    pub release: Option<String>,
}

/// Which series are wanted; all that are usually shown where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Endpoints, with `*` for any text.
    pub endpoint: Option<String>,
    /// The metric.
    pub metric: Option<String>,
}

/// The overview of the runs of `history` that `comparable` takes, which are of one environment.
pub fn overview(history: &History, comparable: impl Fn(&Record) -> bool, wanted: &Selection) -> Overview {
    let all = || history.records().iter().filter(|record| record.invalid.is_none() && comparable(record));
    let latest = all().next_back();
    // Latencies of all requests and of successful ones are different figures.
    let records: Vec<&Record> = all().filter(|record| latest.is_some_and(|last| last.basis == record.basis)).collect();
    let of_series = |(endpoint, metric): (&str, &str)| of_series(&records, history, endpoint, metric);
    Overview {
        schema: SCHEMA.to_owned(),
        scenario: latest.map_or_else(String::new, |last| last.scenario.clone()),
        fingerprint: latest.map_or_else(String::new, |last| last.fingerprint.clone()),
        environment: latest.map(|last| last.identity.clone()).unwrap_or_default(),
        runs: records.iter().map(|record| RunName::of(record)).collect(),
        series: names(&records, wanted).into_iter().filter_map(of_series).collect(),
        warnings: Vec::new(),
    }
}

impl Overview {
    /// The JSON Schema of the format, generated from the types.
    pub fn schema() -> Value {
        let mut schema = schemars::schema_for!(Self);
        schema.insert("title".to_owned(), "perf-gate history".into());
        schema.to_value()
    }
}

impl RunName {
    fn of(record: &Record) -> Self {
        let Record { id, started_at, commit, release, .. } = record;
        Self { id: id.clone(), started_at: *started_at, commit: commit.clone(), release: release.clone() }
    }
}

/// Endpoints and metrics that are wanted, the run as a whole first.
fn names<'a>(records: &[&'a Record], wanted: &'a Selection) -> Vec<(&'a str, &'a str)> {
    let endpoints = endpoints(records);
    let names: Vec<_> = match &wanted.metric {
        Some(metric) => std::iter::once(ALL).chain(endpoints).map(|endpoint| (endpoint, metric.as_str())).collect(),
        None => {
            let of_run = OF_RUN.iter().map(|metric| (ALL, *metric));
            of_run.chain(endpoints.into_iter().map(|endpoint| (endpoint, OF_ENDPOINTS))).collect()
        }
    };
    let is_wanted = |endpoint: &str| wanted.endpoint.as_ref().is_none_or(|pattern| matches(pattern, endpoint));
    names.into_iter().filter(|(endpoint, _)| is_wanted(endpoint)).collect()
}

fn of_series(records: &[&Record], history: &History, endpoint: &str, metric: &str) -> Option<Series> {
    let figures = Figures::of(records, endpoint, metric)?;
    let segments = segments(&figures.ys);
    let (levels, change_points) = series::levels(&figures, &segments);
    let start = accepted::start(records, history.accepted(), endpoint, metric);
    let is_shared = endpoint == ALL && Metric::is_latency(metric);
    let drift =
        if is_shared { Common::of(records, metric, start).growth() } else { growth::of_series(&figures, start) };
    Some(Series {
        endpoint: endpoint.to_owned(),
        metric: metric.to_owned(),
        unit: figures.metric.unit,
        better: figures.metric.better,
        values: series::values(&figures, records.len()),
        levels,
        change_points,
        drift,
        anchor: anchor::of(&figures, &segments, records, history.accepted()),
    })
}
