//! Metrics of a summary that are not of requests: those of the script, the checks, and parts chosen by other tags.
//!
//! They are named as the recorder names those of the raw outputs (`order_time.p95`), so that both views of a run agree.
//! `--summary-export` does not tell which custom metrics are times: theirs stay numbers, in milliseconds.

use super::super::metric::{self, CHECKS, DURATION, FAILED};
use super::endpoints::{endpoint_of, quantile};
use super::{Kind, Metric, Summary};
use crate::model::{Direction, Measurement, Run, Unit};

/// Adds the metrics to the run.
pub(super) fn tell(summary: &Summary<'_>, run: &mut Run) {
    for metric in summary.metrics.iter().filter(|metric| is_told(metric)) {
        run.metrics.extend(measurements(metric, summary.seconds));
    }
}

/// Whether a metric is neither k6's own nor an endpoint's.
fn is_told(metric: &Metric<'_>) -> bool {
    match metric.name {
        CHECKS => true,
        // `{expected_response:…}` alone is part of the total.
        DURATION | FAILED => {
            let others = metric.selector.iter().any(|(tag, _)| tag != "expected_response");
            others && endpoint_of(metric).is_none()
        }
        name => !metric::is_built_in(name),
    }
}

fn measurements(metric: &Metric<'_>, seconds: Option<f64>) -> Vec<Measurement> {
    let unit = metric::unit(metric.contains);
    let down = Direction::Down;
    match metric.kind {
        Kind::Counter => counter(metric, unit, seconds).into_iter().collect(),
        Kind::Gauge => one(metric, metric.figure("value").map(|v| metric::tidied(v, unit)), unit, down),
        Kind::Rate if metric.name == FAILED => one(metric, metric.figure("rate"), Unit::Ratio, down),
        Kind::Rate => one(metric, metric.figure("rate"), Unit::Ratio, Direction::Up),
        Kind::Trend => trend(metric, unit),
    }
}

/// Bytes add up; other counts are per second, because the test time may differ.
fn counter(metric: &Metric<'_>, unit: Unit, seconds: Option<f64>) -> Option<Measurement> {
    let count = metric.figure("count")?;
    let rate = metric.figure("rate").or_else(|| seconds.map(|seconds| count / seconds));
    let (value, unit, better) = match (unit, rate) {
        (Unit::Bytes, _) => (count, Unit::Bytes, Direction::Down),
        (_, Some(rate)) => (rate, Unit::PerSecond, Direction::Up),
        (_, None) => (count, Unit::Count, Direction::Up),
    };
    Some(measurement(metric.full.to_owned(), value, unit, better))
}

fn one(metric: &Metric<'_>, value: Option<f64>, unit: Unit, better: Direction) -> Vec<Measurement> {
    value.map(|value| measurement(metric.full.to_owned(), value, unit, better)).into_iter().collect()
}

fn trend(metric: &Metric<'_>, unit: Unit) -> Vec<Measurement> {
    // Latencies are times even where the file does not say so.
    let unit = if metric.name == DURATION { Unit::Seconds } else { unit };
    let named = |figure: &str| match figure {
        "avg" => Some("mean".to_owned()),
        "max" => Some("max".to_owned()),
        other => quantile(other),
    };
    let told = metric.figures.iter().filter_map(|(figure, value)| Some((named(figure)?, metric::tidied(*value, unit))));
    told.map(|(figure, value)| measurement(format!("{}.{figure}", metric.full), value, unit, Direction::Down)).collect()
}

fn measurement(name: String, value: f64, unit: Unit, better: Direction) -> Measurement {
    Measurement { name, value, unit: Some(unit), better: Some(better) }
}
