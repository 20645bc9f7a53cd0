//! A series in words of levels: how long each lasted, where the next began, and how much it changed.

use schemars::JsonSchema;
use serde::Serialize;

use super::anchor::Anchor;
use super::figures::{Figures, Scale};
use super::growth::Growth;
use crate::model::{Direction, Unit};
use crate::stats::{self, ConfidenceInterval};

/// One metric of one endpoint over the runs of a history. Places count the overview's runs from 0; values are in base
/// units, changes relative, of error rates differences.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Series {
    /// The endpoint; `(all)` is the run as a whole.
    pub endpoint: String,
    /// The metric.
    pub metric: String,
    /// Unit of the values.
    pub unit: Unit,
    /// Which way is better.
    pub better: Direction,
    /// By run; null where the run does not have it.
    pub values: Vec<Option<f64>>,
    /// Levels, oldest first.
    pub levels: Vec<Level>,
    /// Where one level ended and the next began.
    pub change_points: Vec<Shift>,
    /// Slow degradation over the last runs. Of `(all)` and a latency: what the endpoints have in common.
    pub drift: Option<Growth>,
    /// The present level beside an old one, where it is not the same.
    pub anchor: Option<Anchor>,
}

/// Runs on one level.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Level {
    /// Its first run.
    pub first: usize,
    /// Its last run.
    pub last: usize,
    /// How many runs have a value.
    pub runs: usize,
    /// The level.
    pub value: f64,
    /// Standard deviation from run to run, relative (the coefficient of variation); of error rates a difference.
    pub spread: f64,
}

/// A change point: from one level to the next.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Shift {
    /// The last run of the old level: the change came after its commit.
    pub last_before: usize,
    /// The first run of the new level: the change came with its commit at the latest.
    pub first_after: usize,
    /// The old level.
    pub before: f64,
    /// The new level.
    pub after: f64,
    /// The change.
    pub change: f64,
    /// 95 % interval of `change`.
    pub interval: ConfidenceInterval,
    /// Two-sided p-value, as if the place had been known before.
    pub p_value: f64,
    /// Whether it is a degradation.
    pub worse: bool,
}

/// The levels of a series and the change points between them.
pub(super) fn levels(figures: &Figures, segments: &stats::Segments) -> (Vec<Level>, Vec<Shift>) {
    let levels = segments.levels.iter().map(|level| Level {
        first: figures.runs[level.start],
        last: figures.runs[level.start + level.runs - 1],
        runs: level.runs,
        value: figures.scale.value(level.mean.value),
        spread: spread(figures.scale, level),
    });
    let pairs = segments.levels.windows(2).zip(&segments.change_points);
    (levels.collect(), pairs.map(|(pair, point)| shift(figures, &pair[0], point)).collect())
}

/// One standard deviation above the level, less the level.
fn spread(scale: Scale, level: &stats::Level) -> f64 {
    scale.change(level.mean.value, level.sd)
}

fn shift(figures: &Figures, old: &stats::Level, point: &stats::ChangePoint) -> Shift {
    let (scale, from) = (figures.scale, old.mean.value);
    Shift {
        last_before: figures.runs[point.at - 1],
        first_after: figures.runs[point.at],
        before: scale.value(from),
        after: scale.value(from + point.change.value),
        change: scale.change(from, point.change.value),
        interval: scale.interval(from, &point.change),
        p_value: point.p_value,
        worse: figures.metric.better.sign() * point.change.value > 0.0,
    }
}

/// The values of a series by run.
pub(super) fn values(figures: &Figures, runs: usize) -> Vec<Option<f64>> {
    let mut values = vec![None; runs];
    for (run, y) in figures.runs.iter().zip(&figures.ys) {
        values[*run] = Some(figures.scale.value(*y));
    }
    values
}
