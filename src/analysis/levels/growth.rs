//! Slow drift: of one series, and of what the endpoints of a run have in common.

use schemars::JsonSchema;
use serde::Serialize;

use super::figures::{Figures, Scale, endpoints};
use crate::history::figure;
use crate::model::Record;
use crate::stats::{Drift, drift, is_step, median};

/// Runs that are looked at: those of [`drift`].
const WINDOW: usize = 30;

/// A slow degradation that no comparison of neighbours sees.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Growth {
    /// The first run that was looked at: its place among the runs.
    pub first: usize,
    /// The last one.
    pub last: usize,
    /// Runs that were looked at.
    pub runs: usize,
    /// Relative change from the first to the last.
    pub change: f64,
    /// One-sided p-value.
    pub p_value: f64,
}

/// The drift of the last runs of a series from `start` on, if it is one. Error rates have none: their scale is not
/// relative.
pub(super) fn of_series(figures: &Figures, start: usize) -> Option<Growth> {
    if figures.scale == Scale::Angle {
        return None;
    }
    let from = figures.runs.partition_point(|run| *run < start);
    told(&figures.runs[from..], &figures.worsening()[from..], figures.metric.better.sign())
}

/// What the latencies of all endpoints have in common, run by run, as far as drift looks back.
///
/// Each endpoint counts from its own middle, so that the median does not jump where a run lacks one.
pub(super) struct Common {
    runs: Vec<usize>,
    ys: Vec<f64>,
}

impl Common {
    /// Of the metric of all endpoints, from the run `start` on.
    pub(super) fn of(records: &[&Record], metric: &str, start: usize) -> Self {
        let from = records.len().saturating_sub(WINDOW).max(start.min(records.len()));
        let recent = &records[from..];
        let mut by_run = vec![Vec::new(); recent.len()];
        for endpoint in endpoints(recent) {
            let ys: Vec<Option<f64>> = recent.iter().map(|r| Some(figure(r, endpoint, metric)?.y)).collect();
            let Some(middle) = median(&ys.iter().flatten().copied().collect::<Vec<_>>()) else { continue };
            for (values, y) in by_run.iter_mut().zip(ys) {
                values.extend(y.map(|y| y - middle));
            }
        }
        let known = by_run.iter().enumerate().filter_map(|(at, values)| Some((from + at, median(values)?)));
        let (runs, ys) = known.unzip();
        Self { runs, ys }
    }

    /// Their drift, if it is one.
    pub(super) fn growth(&self) -> Option<Growth> {
        told(&self.runs, &self.ys, 1.0)
    }

    /// The drift that an endpoint has beyond the common one, if it has.
    pub(super) fn beyond(&self, figures: &Figures, start: usize) -> Option<Growth> {
        let common = |run: &usize| self.runs.binary_search(run).ok().map(|at| self.ys[at]);
        let own = figures.runs.iter().zip(&figures.ys).filter_map(|(run, y)| Some((*run, y - common(run)?)));
        let (runs, ys): (Vec<_>, Vec<_>) = own.unzip();
        told(&runs, &ys, 1.0).and_then(|_| of_series(figures, start))
    }
}

/// The drift of values that grow where it gets worse; `sign` turns them back.
fn told(runs: &[usize], worsening: &[f64], sign: f64) -> Option<Growth> {
    let Drift { found, p_value, change } = drift(worsening)?;
    if !found || is_step(worsening) {
        return None;
    }
    let looked_at = &runs[runs.len().saturating_sub(WINDOW)..];
    let (first, last) = (*looked_at.first()?, *looked_at.last()?);
    Some(Growth { first, last, runs: looked_at.len(), change: (sign * change).exp_m1(), p_value })
}
