//! A judged figure as the results branch keeps it: numbers in base units, and the words they become.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::model::{ALL, SeriesName, Unit};
use crate::render::line;
use crate::render::numbers::{NONE, Scale, value};
use crate::verdict::{Row, Severity, Verdict};

/// Most characters shown of a name.
const NAME: usize = 120;
/// Below this many percent a headline has a digit behind the point.
const COARSE: f64 = 9.95;

/// One metric of one endpoint, before and now. Changes are relative (0.23 is +23 %), of error rates differences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// The endpoint; `(all)` is the run as a whole.
    pub endpoint: String,
    /// The metric.
    pub metric: String,
    /// Unit of `baseline` and `candidate`.
    pub unit: Unit,
    /// What became of it.
    pub verdict: Verdict,
    /// What that does.
    pub severity: Option<Severity>,
    /// The baseline's figure.
    pub baseline: Option<f64>,
    /// The candidate's figure.
    pub candidate: Option<f64>,
    /// The change as it was seen.
    pub change: Option<f64>,
    /// Lower end of its 95 % interval.
    pub lower: Option<f64>,
    /// Upper end of its 95 % interval.
    pub upper: Option<f64>,
    /// Size from which a degradation matters.
    pub threshold: Option<f64>,
}

impl Figure {
    /// What is kept of a row.
    pub fn of(row: &Row) -> Self {
        let number = |value: Option<f64>| value.filter(|value| value.is_finite());
        Self {
            endpoint: row.endpoint.clone(),
            metric: row.metric.clone(),
            unit: row.unit,
            verdict: row.verdict,
            severity: row.severity,
            baseline: number(row.baseline),
            candidate: number(row.candidate),
            change: number(row.change),
            lower: number(row.interval.map(|interval| interval.lower)),
            upper: number(row.interval.map(|interval| interval.upper)),
            threshold: number(row.threshold),
        }
    }

    /// Whether the row is a regression that fails the check.
    pub fn is_failing(row: &Row) -> bool {
        row.verdict == Verdict::Regressed && row.severity >= Some(Severity::Failure) && !row.advisory
    }

    /// The series it is of.
    pub fn series(&self) -> SeriesName {
        SeriesName { endpoint: self.endpoint.clone(), metric: self.metric.clone() }
    }

    /// Whether it is a regression that fails the check.
    pub fn is_failure(&self) -> bool {
        self.verdict == Verdict::Regressed && self.severity >= Some(Severity::Failure)
    }

    /// Whether it asks for a person.
    pub fn is_critical(&self) -> bool {
        self.severity == Some(Severity::Critical)
    }

    /// `p95 of GET /slow`; of the run as a whole the metric alone. One tame line.
    pub fn subject(&self) -> String {
        subject(&self.series())
    }

    /// The change with its sign: `+26.8 %`, `+6.1 pp`.
    pub fn change(&self) -> String {
        Scale::of(&self.metric).change(self.change)
    }

    /// The 95 % interval of the change.
    pub fn interval(&self) -> String {
        match (self.lower, self.upper) {
            (Some(lower), Some(upper)) => Scale::of(&self.metric).range(lower, upper),
            _ => NONE.to_owned(),
        }
    }

    /// The threshold, with the sign of a degradation.
    pub fn limit(&self) -> String {
        Scale::of(&self.metric).threshold(&self.metric, self.threshold)
    }

    /// Both sides: `82.1 ms`, `104 ms`.
    pub fn sides(&self) -> [String; 2] {
        [value(self.unit, self.baseline), value(self.unit, self.candidate)]
    }

    /// How much worse, for a headline: `27%`, `6.1% points`.
    pub fn degraded(&self) -> String {
        let percent = 100.0 * self.change.unwrap_or_default().abs();
        let size = if percent < COARSE { format!("{percent:.1}") } else { format!("{percent:.0}") };
        let points = if Scale::of(&self.metric) == Scale::Points { " points" } else { "" };
        format!("{size}%{points}")
    }

    /// The order in which figures are told: critical ones first, then by how far they are beyond their thresholds.
    pub fn worst_first(a: &Self, b: &Self) -> Ordering {
        let beyond = |figure: &Self| match (figure.change, figure.threshold) {
            (Some(change), Some(threshold)) if threshold != 0.0 => (change / threshold).abs(),
            _ => 0.0,
        };
        let by_severity = b.severity.cmp(&a.severity);
        by_severity.then(beyond(b).total_cmp(&beyond(a))).then_with(|| a.series().cmp(&b.series()))
    }
}

/// `p95 of GET /slow`; of the run as a whole the metric alone. One tame line.
pub(crate) fn subject(series: &SeriesName) -> String {
    let metric = line(&series.metric, NAME);
    if series.endpoint == ALL { metric } else { format!("{metric} of {}", line(&series.endpoint, NAME)) }
}

/// A figure in words, as a line of a table.
#[derive(Serialize)]
pub(super) struct FigureWords {
    endpoint: String,
    metric: String,
    baseline: String,
    now: String,
    change: String,
    interval: String,
    threshold: String,
}

impl FigureWords {
    pub(super) fn of(figure: &Figure) -> Self {
        let [baseline, now] = figure.sides();
        Self {
            endpoint: line(&figure.endpoint, NAME),
            metric: line(&figure.metric, NAME),
            baseline,
            now,
            change: figure.change(),
            interval: figure.interval(),
            threshold: figure.limit(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headlines_have_whole_percents_unless_they_are_small() {
        let figure = |metric: &str, change| Figure {
            endpoint: ALL.to_owned(),
            metric: metric.to_owned(),
            unit: Unit::Seconds,
            verdict: Verdict::Regressed,
            severity: None,
            baseline: None,
            candidate: None,
            change: Some(change),
            lower: None,
            upper: None,
            threshold: None,
        };
        assert_eq!(figure("p95", 0.268).degraded(), "27%");
        assert_eq!(figure("throughput", -0.194).degraded(), "19%");
        assert_eq!(figure("error-rate", 0.0061).degraded(), "0.6% points");
    }
}
