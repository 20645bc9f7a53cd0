//! A series of runs on the scale on which its values are compared, and back.

use std::collections::BTreeSet;

use crate::history::figure;
use crate::model::{ALL, Direction, Metric, Record, Unit};
use crate::stats::{ConfidenceInterval, Estimate, angle_of, rate_of};

/// The metric that is a rate of counts.
const ERROR_RATE: &str = "error-rate";

/// What the values of a metric are compared on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// Logarithms: changes are relative.
    Log,
    /// Arcsine of the root, on which the scatter of a rate does not depend on the rate: changes are differences.
    Angle,
}

impl Scale {
    /// The scale of a metric.
    pub(super) fn of(metric: &str) -> Self {
        if metric == ERROR_RATE { Self::Angle } else { Self::Log }
    }

    /// The value that stands for `y`.
    pub(super) fn value(self, y: f64) -> f64 {
        match self {
            Self::Log => y.exp(),
            Self::Angle => rate_of(y),
        }
    }

    /// What a value that is `by` more than `y` is more than it.
    pub(super) fn change(self, y: f64, by: f64) -> f64 {
        match self {
            Self::Log => by.exp_m1(),
            Self::Angle => rate_of(y + by) - rate_of(y),
        }
    }

    /// The 95 % interval of a change from `y`.
    pub(super) fn interval(self, y: f64, change: &Estimate) -> ConfidenceInterval {
        let end = |side: f64| self.change(y, change.value + side * change.half_width());
        ConfidenceInterval { lower: end(-1.0), upper: end(1.0) }
    }
}

/// One metric of one endpoint over runs.
#[derive(Clone, Debug)]
pub(super) struct Figures {
    pub(super) endpoint: String,
    pub(super) metric: Metric,
    pub(super) scale: Scale,
    /// Places of the runs that have it.
    pub(super) runs: Vec<usize>,
    /// Their values on the scale.
    pub(super) ys: Vec<f64>,
}

impl Figures {
    /// The figure of an endpoint over `records`; `None` where no run has it.
    pub(super) fn of(records: &[&Record], endpoint: &str, metric: &str) -> Option<Self> {
        let known = records.iter().enumerate().filter_map(|(at, record)| Some((at, value(record, endpoint, metric)?)));
        let (runs, ys): (Vec<_>, Vec<_>) = known.filter(|(_, y)| y.is_finite()).unzip();
        let unknown = || Metric { name: metric.to_owned().into(), unit: Unit::Count, better: Direction::Down };
        let metric = Metric::known(metric).unwrap_or_else(unknown);
        let scale = Scale::of(&metric.name);
        (!runs.is_empty()).then(|| Self { endpoint: endpoint.to_owned(), metric, scale, runs, ys })
    }

    /// The values, turned so that growth is a degradation.
    pub(super) fn worsening(&self) -> Vec<f64> {
        self.ys.iter().map(|y| self.metric.better.sign() * y).collect()
    }
}

/// The figure of a run on the scale of its metric.
fn value(record: &Record, endpoint: &str, metric: &str) -> Option<f64> {
    if metric != ERROR_RATE {
        return Some(figure(record, endpoint, metric)?.y);
    }
    let summary = &record.summary;
    let counted = if endpoint == ALL { &summary.total } else { summary.endpoints.get(endpoint)? };
    let requests = counted.count.filter(|requests| *requests > 0)?;
    Some(angle_of(counted.errors? as f64 / requests as f64))
}

/// The endpoints of all runs, in the order of their names.
pub(super) fn endpoints<'a>(records: &[&'a Record]) -> BTreeSet<&'a str> {
    records.iter().flat_map(|record| record.summary.endpoints.keys().map(String::as_str)).collect()
}
