//! `jmeter-statistics`: `statistics.json` of the dashboard, the last word on a run of which no JTL was kept.
//!
//! <https://github.com/apache/jmeter/blob/master/src/core/src/main/java/org/apache/jmeter/report/processor/StatisticsSummaryData.java>

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Deserializer};

use crate::ingest::{Detail, Format, Head, Input, Recorder};
use crate::model::{ALL, Basis, Endpoint, Latency, Resolution, Run};

pub(in crate::ingest) const FORMAT: Format = Format {
    name: "jmeter-statistics",
    tool: "jmeter",
    about: "JMeter dashboard figures (`statistics.json`)",
    detail: Detail::Aggregate,
    detect,
    read,
};

/// Milliseconds per second.
const MILLIS: f64 = 1e3;
/// Key of the run as a whole.
const TOTAL: &str = "Total";
/// Samples of a label that its quantiles are of: `jmeter.reportgenerator.statistic_window`.
const WINDOW: u64 = 20_000;

fn detect(head: &Head<'_>) -> bool {
    let has = |key: &str| memchr::memmem::find(head.bytes(), key.as_bytes()).is_some();
    head.is_object()
        && ["\"transaction\"", "\"sampleCount\"", "\"meanResTime\"", "\"pct1ResTime\""].into_iter().all(has)
}

fn read(input: &mut Input<'_>, recorder: &mut Recorder) -> Result<()> {
    let document = input.document()?;
    let mut json = serde_json::Deserializer::from_slice(&document);
    let file: BTreeMap<String, Statistics> = match serde_path_to_error::deserialize(&mut json) {
        Ok(file) => file,
        Err(error) if error.inner().is_eof() => return input.truncated("the JSON is not closed", recorder),
        Err(error) => return Err(error).with_context(|| format!("{}: no statistics.json of JMeter", input.name())),
    };
    json.end().with_context(|| format!("{}: something follows the JSON object", input.name()))?;
    for (label, statistics) in &file {
        let impossible = statistics.error_count > statistics.sample_count;
        ensure!(!impossible, "{}: {label}: more errors than samples", input.name());
    }
    let span = file.get(TOTAL).and_then(Statistics::span);
    warn(recorder.run(), &file);
    recorder.run().basis = Basis::All;
    recorder.run().duration = span;
    for (label, statistics) in &file {
        recorder.aggregate(statistics.endpoint(if label == TOTAL { ALL } else { label }, span));
    }
    Ok(())
}

/// What a reader must know of these figures.
fn warn(run: &mut Run, file: &BTreeMap<String, Statistics>) {
    run.warn(
        "statistics.json does not name its percentiles: pct1, pct2 and pct3 are taken as p90, p95 and p99, the \
         defaults of aggregate_rpt_pct1 to 3; a JTL is exact",
    );
    if file.values().any(|statistics| statistics.sample_count > WINDOW) {
        run.warn("percentiles are of the last 20,000 samples of each label, not of the whole run; a JTL is exact");
    }
    let Some(total) = file.get(TOTAL) else { return };
    let labels = file.iter().filter(|(label, _)| *label != TOTAL);
    let sum = labels.map(|(_, statistics)| statistics.sample_count).fold(0, u64::saturating_add);
    if sum > total.sample_count {
        let more = sum - total.sample_count;
        run.warn(format!(
            "{more} samples are of transaction controllers, which statistics.json lists like requests; the total is \
             without them"
        ));
    }
}

/// Figures of one label, times in ms. Those that are not a number are written as text: `"NaN"`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statistics {
    sample_count: u64,
    error_count: u64,
    #[serde(deserialize_with = "finite")]
    mean_res_time: Option<f64>,
    #[serde(deserialize_with = "finite")]
    min_res_time: Option<f64>,
    #[serde(deserialize_with = "finite")]
    max_res_time: Option<f64>,
    /// Since 5.3.
    #[serde(default, deserialize_with = "finite")]
    median_res_time: Option<f64>,
    #[serde(deserialize_with = "finite")]
    pct1_res_time: Option<f64>,
    #[serde(deserialize_with = "finite")]
    pct2_res_time: Option<f64>,
    #[serde(deserialize_with = "finite")]
    pct3_res_time: Option<f64>,
    /// Samples per second from the start of the label's first to the end of its last.
    #[serde(deserialize_with = "finite")]
    throughput: Option<f64>,
}

impl Statistics {
    /// Time from the first start to the last end, s.
    fn span(&self) -> Option<f64> {
        let rate = self.throughput.filter(|rate| *rate > 0.0)?;
        Some(self.sample_count as f64 / rate)
    }

    /// The endpoint `name` in a run of `span` s.
    fn endpoint(&self, name: &str, span: Option<f64>) -> Endpoint {
        let latency = self.latency();
        Endpoint {
            count: Some(self.sample_count),
            errors: Some(self.error_count),
            throughput: span.map(|seconds| self.sample_count as f64 / seconds),
            latency: latency.clone().filter(|_| self.error_count == 0),
            latency_all: latency,
            ..Endpoint::new(name)
        }
    }

    fn latency(&self) -> Option<Latency> {
        let seconds = |ms: Option<f64>| ms.filter(|ms| *ms >= 0.0).map(|ms| ms / MILLIS);
        let quantiles = [
            ("p50", self.median_res_time),
            ("p90", self.pct1_res_time),
            ("p95", self.pct2_res_time),
            ("p99", self.pct3_res_time),
        ];
        (self.sample_count > 0).then(|| Latency {
            count: Some(self.sample_count),
            mean: seconds(self.mean_res_time),
            min: seconds(self.min_res_time),
            max: seconds(self.max_res_time),
            quantiles: quantiles.into_iter().filter_map(|(name, ms)| Some((name.to_owned(), seconds(ms)?))).collect(),
            histogram: None,
            resolution: Resolution::MILLISECOND,
        })
    }
}

/// A number, or nothing where it is the text `NaN` or `Infinity`.
fn finite<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Figure {
        Number(f64),
        Text(String),
        Nothing(()),
    }
    let value = match Figure::deserialize(deserializer)? {
        Figure::Number(value) => Some(value),
        Figure::Text(text) => text.parse().ok(),
        Figure::Nothing(()) => None,
    };
    Ok(value.filter(|value| value.is_finite()))
}

#[cfg(test)]
mod tests {
    use super::super::truth::{assert_near, read, truth};
    use super::*;
    use crate::ingest::testing::{fixture, run};

    fn changed(from: &str, to: &str) -> Result<Run> {
        let text = String::from_utf8(fixture("jmeter/baseline.statistics.json")).unwrap();
        assert!(text.contains(from));
        run(&[("statistics.json", text.replace(from, to).as_bytes())])
    }

    #[test]
    fn counts_and_rates_of_a_real_run_are_exact() {
        let (run, truth) = (read("baseline.statistics.json"), truth("baseline"));
        assert_eq!((run.basis, run.endpoints.len()), (Basis::All, 5));
        assert_near(run.duration, truth.span_s, 1e-6);
        for (endpoint, figures) in run.requests().filter_map(|e| Some((e, truth.endpoints.get(&e.name)?))) {
            assert_eq!((endpoint.count, endpoint.errors), (Some(figures.count), Some(figures.errors)));
            assert_near(endpoint.throughput, figures.throughput_per_s, 1e-6);
        }
        let total = run.total.unwrap();
        assert_eq!((total.count, total.errors), (Some(truth.overall.count), Some(truth.overall.errors)));
        assert_near(total.throughput, truth.overall.throughput_per_s, 1e-6);
    }

    #[test]
    fn milliseconds_become_seconds_and_percentiles_get_names() {
        let run = read("baseline.statistics.json");
        let slow = run.endpoints.iter().find(|e| e.name == "GET /slow").unwrap();
        let raw = read("baseline.jtl");
        let exact = raw.endpoints.iter().find(|e| e.name == "GET /slow").unwrap().latency_all.clone().unwrap();
        let latency = slow.latency_all.as_ref().unwrap();
        for name in ["mean", "min", "max"] {
            assert_near(latency.figure(name), exact.figure(name).unwrap(), 1e-6);
        }
        // Another estimator: rank q(n + 1), and linear at q(n - 1).
        for name in ["p50", "p90", "p95"] {
            assert_near(latency.figure(name), exact.figure(name).unwrap(), 0.05);
        }
        assert!(run.warnings[0].0.contains("p90, p95 and p99"));
    }

    #[test]
    fn latencies_are_of_all_requests_and_of_successes_where_none_failed() {
        let run = read("baseline.statistics.json");
        for endpoint in &run.endpoints {
            assert!(endpoint.latency_all.is_some());
            assert_eq!(endpoint.latency.is_some(), endpoint.errors == Some(0), "{}", endpoint.name);
        }
    }

    #[test]
    fn controllers_are_listed_but_not_in_the_total() {
        let run = read("baseline.statistics.json");
        assert!(run.warnings.iter().any(|w| w.0.starts_with("560 samples are of transaction controllers")));
    }

    #[test]
    fn long_runs_have_percentiles_of_their_end_only() {
        let run = changed("\"sampleCount\" : 2270", "\"sampleCount\" : 20001").unwrap();
        assert!(run.warnings.iter().any(|w| w.0.contains("last 20,000")));
    }

    #[test]
    fn text_for_a_number_and_a_missing_median_are_unknown() {
        let run = changed("\"medianResTime\" : 45.0", "\"medianResTime\" : \"NaN\"").unwrap();
        let slow = run.endpoints.iter().find(|e| e.name == "GET /slow").unwrap().latency_all.clone().unwrap();
        assert_eq!((slow.figure("p50"), slow.figure("p90").is_some()), (None, true));
        let old = changed("medianResTime", "formerly").unwrap();
        assert_eq!(old.total.unwrap().latency_all.unwrap().figure("p50"), None);
    }

    #[test]
    fn a_wrong_figure_is_named_with_its_place() {
        let message = format!("{:#}", changed("\"errorCount\" : 0", "\"errorCount\" : -1").unwrap_err());
        assert!(message.contains("errorCount"), "{message}");
        let message = format!("{:#}", changed("\"errorCount\" : 0", "\"errorCount\" : 99999").unwrap_err());
        assert!(message.contains("more errors than samples"), "{message}");
    }

    #[test]
    fn a_cut_file_is_refused() {
        let bytes = fixture("jmeter/baseline.statistics.json");
        let message = format!("{:#}", run(&[("x", &bytes[..bytes.len() - 20])]).unwrap_err());
        assert!(message.contains("--allow-truncated"), "{message}");
    }
}
