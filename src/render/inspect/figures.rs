//! The figures of runs as JSON, in base units. A figure that the file cannot give is null, never 0.

use jiff::Timestamp;
use serde::Serialize;

use crate::model::{ALL, Basis, Endpoint, Failure, Kind, Latency, Load, Measurement, Run, Unit};

/// Starts of the names of formats that hold resource series, no requests.
const RESOURCES: [&str; 2] = ["resources-", "prometheus-"];

/// The figures of the runs as JSON, readable, with a newline at the end.
pub fn json(runs: &[Run]) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        runs: Vec<Figures<'a>>,
    }
    let document = Document { runs: runs.iter().map(Figures::of).collect() };
    let mut text = serde_json::to_string_pretty(&document).expect("figures have string keys");
    text.push('\n');
    text
}

/// What is known of a run.
#[derive(Debug, Serialize)]
pub(super) struct Figures<'a> {
    pub(super) scenario: &'a str,
    pub(super) tool: Option<&'a str>,
    pub(super) tool_version: Option<&'a str>,
    pub(super) format: Option<String>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) duration: Option<f64>,
    pub(super) invalid: Option<&'a str>,
    pub(super) basis: Basis,
    pub(super) fingerprint: String,
    pub(super) load: &'a Load,
    pub(super) endpoints: Vec<Row<'a>>,
    pub(super) transactions: Vec<Row<'a>>,
    pub(super) resources: Vec<Resource<'a>>,
    pub(super) metrics: &'a [Measurement],
    pub(super) failures: &'a [Failure],
    pub(super) warnings: Vec<&'a str>,
}

/// What is known of an endpoint.
#[derive(Debug, Default, Serialize)]
pub(super) struct Row<'a> {
    pub(super) name: &'a str,
    pub(super) count: Option<u64>,
    pub(super) errors: Option<u64>,
    pub(super) error_rate: Option<f64>,
    pub(super) throughput: Option<f64>,
    /// Of successful requests.
    pub(super) latency: Latencies,
    /// Of all requests.
    pub(super) latency_all: Latencies,
    pub(super) metrics: &'a [Measurement],
}

/// The latency figures that are shown, s.
#[derive(Debug, Default, Serialize)]
pub(super) struct Latencies {
    pub(super) mean: Option<f64>,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) p50: Option<f64>,
    pub(super) p90: Option<f64>,
    pub(super) p95: Option<f64>,
    pub(super) p99: Option<f64>,
}

/// What is known of a resource.
#[derive(Debug, Serialize)]
pub(super) struct Resource<'a> {
    pub(super) name: &'a str,
    pub(super) unit: Unit,
    pub(super) max: f64,
    pub(super) mean: f64,
    pub(super) last: f64,
}

impl<'a> Figures<'a> {
    pub(super) fn of(run: &'a Run) -> Self {
        let of_kind = |kind: Kind| {
            let mut rows: Vec<_> = run.endpoints.iter().filter(|e| e.kind == kind).map(Row::of).collect();
            rows.sort_by_key(|row| row.name);
            rows
        };
        let resource = |series: &'a crate::model::Series| {
            let crate::model::Series { name, unit, max, mean, last, .. } = series;
            Resource { name, unit: *unit, max: *max, mean: *mean, last: *last }
        };
        Self {
            scenario: &run.scenario,
            tool: Some(run.tool.name.as_str()).filter(|name| !name.is_empty()),
            tool_version: run.tool.version.as_deref(),
            format: format(run),
            started_at: run.started_at,
            duration: run.duration,
            invalid: run.invalid.as_deref(),
            basis: run.basis,
            fingerprint: run.fingerprint(),
            load: &run.load,
            endpoints: [whole(run)].into_iter().chain(of_kind(Kind::Request)).collect(),
            transactions: of_kind(Kind::Transaction),
            resources: run.resources.iter().map(resource).collect(),
            metrics: &run.metrics,
            failures: &run.failures,
            warnings: run.warnings.iter().map(|warning| warning.0.as_str()).collect(),
        }
    }
}

impl<'a> Row<'a> {
    fn of(endpoint: &'a Endpoint) -> Self {
        Self {
            name: &endpoint.name,
            count: endpoint.count,
            errors: endpoint.errors,
            error_rate: endpoint.error_rate(),
            throughput: endpoint.throughput,
            latency: endpoint.latency.as_ref().map(Latencies::of).unwrap_or_default(),
            latency_all: endpoint.latency_all.as_ref().map(Latencies::of).unwrap_or_default(),
            metrics: &endpoint.metrics,
        }
    }

    /// The latencies that are judged on `basis`.
    pub(super) fn latency_on(&self, basis: Basis) -> &Latencies {
        match basis {
            Basis::Ok => &self.latency,
            Basis::All => &self.latency_all,
        }
    }
}

impl Latencies {
    fn of(latency: &Latency) -> Self {
        let figure = |name| latency.figure(name);
        Self {
            mean: figure("mean"),
            min: figure("min"),
            max: figure("max"),
            p50: figure("p50"),
            p90: figure("p90"),
            p95: figure("p95"),
            p99: figure("p99"),
        }
    }
}

/// The run as a whole.
fn whole(run: &Run) -> Row<'_> {
    match &run.total {
        Some(total) => Row { name: ALL, ..Row::of(total) },
        None => Row { name: ALL, ..Row::default() },
    }
}

/// Names of the load files' formats; of the resource files' where there are no others.
fn format(run: &Run) -> Option<String> {
    let is_resource = |name: &str| RESOURCES.iter().any(|start| name.starts_with(start));
    let only_resources = run.sources.iter().all(|source| is_resource(&source.format));
    let mut names: Vec<&str> = Vec::new();
    for source in &run.sources {
        let name = source.format.as_str();
        if (only_resources || !is_resource(name)) && !names.contains(&name) {
            names.push(name);
        }
    }
    (!names.is_empty()).then(|| names.join("+"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::parse;
    use serde_json::{Value, json};

    fn shown(text: &str) -> Value {
        serde_json::from_str(&json(&[parse(text.as_bytes()).unwrap()])).unwrap()
    }

    #[test]
    fn figures_that_are_not_known_are_null() {
        let run = &shown(
            r#"{"schema": "perf-gate/run/v1", "scenario": "s", "metrics": [{"name": "p95", "value": 0.2}]}"#,
        )["runs"][0];
        let all = &run["endpoints"][0];
        assert_eq!((&all["name"], &all["latency"]["p95"]), (&json!("(all)"), &json!(0.2)));
        for key in ["count", "errors", "error_rate", "throughput"] {
            assert!(all[key].is_null(), "{key}");
        }
        assert!(all["latency"]["p99"].is_null() && all["latency_all"]["mean"].is_null());
        assert!(run["tool"].is_null() && run["format"].is_null() && run["duration"].is_null());
    }

    #[test]
    fn the_whole_comes_first_and_transactions_stay_apart() {
        let run = &shown(
            r#"{"schema": "perf-gate/run/v1", "scenario": "s", "total": {"name": "(all)", "count": 10, "errors": 1},
            "endpoints": [{"name": "b", "count": 2, "errors": 1},
            {"name": "(a)", "count": 8, "errors": 0}, {"name": "buy", "kind": "transaction", "count": 5}],
            "sources": [{"name": "r.csv", "format": "resources-csv", "size": 1, "digest": ""},
            {"name": "r.jtl", "format": "jmeter-csv", "size": 1, "digest": ""}]}"#,
        )["runs"][0];
        let names: Vec<_> = run["endpoints"].as_array().unwrap().iter().map(|e| e["name"].clone()).collect();
        assert_eq!(names, ["(all)", "(a)", "b"]);
        assert_eq!((&run["endpoints"][0]["count"], &run["endpoints"][0]["error_rate"]), (&json!(10), &json!(0.1)));
        assert_eq!(run["transactions"][0]["name"], "buy");
        assert_eq!(run["format"], "jmeter-csv");
    }
}
