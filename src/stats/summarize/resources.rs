//! Figures of the system under test and custom metrics.

use std::collections::BTreeMap;

use crate::model::{LogValue, Measurement, Run, Series, Summary};
use crate::stats::robust::mean;
use crate::stats::slope::theil_sen;

/// Share of the memory series that stands for it: the level at the end of a growth, not one spike.
const MEMORY_SHARE: f64 = 0.95;
/// Variance within a run of log memory: sampling once a second misses little.
const MEMORY_VARIANCE: f64 = 1e-5;
/// Fewest points of a series that is judged.
const FEWEST_POINTS: usize = 3;
/// Groups of consecutive points that a trend is taken through.
const GROUPS: usize = 20;

/// Adds resources and custom metrics to a summary; points before `from` (Unix time, s) are warm-up.
pub(super) fn add(run: &Run, from: Option<f64>, summary: &mut Summary) {
    summary.values = measurements(&run.metrics);
    for series in &run.resources {
        let points: Vec<f64> = judged(series, from);
        let value = if series.name == "memory" { memory(&points) } else { average(&points) };
        summary.values.extend(value.map(|value| (series.name.clone(), value)));
        if series.name == "memory" && points.len() >= FEWEST_POINTS {
            summary.memory_trend = trend(&points);
        }
    }
    for endpoint in run.requests() {
        if let Some(summary) = summary.endpoints.get_mut(&endpoint.name) {
            summary.values = measurements(&endpoint.metrics);
        }
    }
    if let Some(total) = &run.total {
        summary.total.values = measurements(&total.metrics);
        summary.values.extend(measurements(&total.metrics));
    }
}

/// Custom metrics by name; what is not above 0 has no logarithm and is left out.
fn measurements(metrics: &[Measurement]) -> BTreeMap<String, LogValue> {
    let positive = metrics.iter().filter(|metric| metric.value > 0.0);
    positive.map(|metric| (metric.name.clone(), LogValue { y: metric.value.ln(), v: None })).collect()
}

fn judged(series: &Series, from: Option<f64>) -> Vec<f64> {
    let points = series.points.iter().filter(|(at, _)| from.is_none_or(|from| *at >= from));
    points.map(|(_, value)| *value).collect()
}

fn memory(points: &[f64]) -> Option<LogValue> {
    if points.len() < FEWEST_POINTS {
        return None;
    }
    let mut sorted = points.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let rank = (sorted.len() - 1) as f64 * MEMORY_SHARE;
    let (low, high) = (sorted[rank.floor() as usize], sorted[rank.ceil() as usize]);
    let value = low + rank.fract() * (high - low);
    (value > 0.0).then(|| LogValue { y: value.ln(), v: Some(MEMORY_VARIANCE) })
}

fn average(points: &[f64]) -> Option<LogValue> {
    mean(points).filter(|mean| *mean > 0.0).map(|mean| LogValue { y: mean.ln(), v: None })
}

/// Log change over the points: slope through the means of up to 20 groups of them.
fn trend(points: &[f64]) -> Option<f64> {
    let groups = GROUPS.min(points.len());
    let (size, larger) = (points.len() / groups, points.len() % groups);
    let start = |group: usize| group * size + group.min(larger);
    let logs: Vec<f64> =
        (0..groups).filter_map(|group| Some(mean(&points[start(group)..start(group + 1)])?.ln())).collect();
    let change = theil_sen(&logs) * groups as f64;
    change.is_finite().then_some(change)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Unit;
    use crate::stats::{SummarySettings, summarize};

    fn series(name: &str, values: &[f64]) -> Series {
        let points = values.iter().enumerate().map(|(i, v)| (1000.0 + i as f64, *v)).collect();
        Series { name: name.to_owned(), unit: Unit::Count, max: 0.0, mean: 0.0, last: 0.0, points }
    }

    #[test]
    fn memory_is_its_upper_end_and_cpu_its_mean() {
        let mut run = Run::new("s");
        run.resources =
            vec![series("memory", &[1.0, 2.0, 3.0, 4.0, 5.0]), series("cpu", &[0.5, 1.5]), series("idle", &[0.0, 0.0])];
        summarize(&mut run, &SummarySettings::default());
        let values = run.summary.unwrap().values;
        assert!((values["memory"].y - 4.8_f64.ln()).abs() < 1e-12 && values["cpu"].y == 0.0);
        assert!(!values.contains_key("idle"));
    }

    #[test]
    fn growth_is_the_log_change_over_the_series() {
        let doubling: Vec<f64> = (0..50).map(|i| 2_f64.powf(f64::from(i) / 50.0)).collect();
        assert!((trend(&doubling).unwrap() - 2_f64.ln()).abs() < 0.02);
    }

    #[test]
    fn points_of_the_warm_up_do_not_count() {
        let mut summary = Summary::default();
        let mut run = Run::new("s");
        run.resources = vec![series("memory", &[9.0, 1.0, 1.0, 1.0])];
        add(&run, Some(1001.0), &mut summary);
        assert_eq!(summary.values["memory"].y, 0.0);
    }
}
