//! How far the present level is from an old one: small steps add up, and a baseline forgets after a week.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::accepted;
use super::figures::Figures;
use crate::model::{Acceptance, Record};
use crate::stats::{self, ConfidenceInterval, Segments, survival};

/// Days after which an old level is no measure any more: the machines are others by then.
const DAYS: i64 = 30;
/// Runs by which a change point may lie after the change.
const LATE: usize = 2;

/// The present level beside an older one: that of the last release, or else the oldest of the last 30 days.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Anchor {
    /// The release whose level it is; null where no release is known.
    pub release: Option<String>,
    /// The first run of the old level.
    pub first: usize,
    /// The last run of the old level.
    pub last: usize,
    /// The old level.
    pub value: f64,
    /// The present level.
    pub present: f64,
    /// The change between them.
    pub change: f64,
    /// 95 % interval of `change`.
    pub interval: ConfidenceInterval,
    /// One-sided p-value of a degradation.
    pub p_value: f64,
}

/// The anchor of a series over `records`; `None` where the present level is the old one.
///
/// What people accepted is no measure any more: an accepted level is its own anchor.
pub(super) fn of(
    figures: &Figures,
    segments: &Segments,
    records: &[&Record],
    accepted: &[Acceptance],
) -> Option<Anchor> {
    let (now, end) = (segments.levels.last()?, records.last()?.started_at);
    let at = |place: usize| records[figures.runs[place]].started_at;
    let from = end.checked_sub(SignedDuration::from_hours(24 * DAYS)).unwrap_or(Timestamp::MIN);
    let release = release(figures, records);
    let oldest = (0..figures.runs.len()).find(|place| at(*place) >= from)?;
    let accepted = match accepted::start(records, accepted, &figures.endpoint, &figures.metric.name) {
        0 => 0,
        run => (figures.runs.partition_point(|place| *place < run) + LATE).min(figures.runs.len() - 1),
    };
    let chosen = release.as_ref().map_or(oldest, |(place, _)| *place).max(accepted);
    let old = segments.levels.iter().rfind(|level| level.start <= chosen)?;
    (old.start < now.start).then(|| anchor(figures, old, now, release.map(|(_, name)| name)))
}

fn anchor(figures: &Figures, old: &stats::Level, now: &stats::Level, release: Option<String>) -> Anchor {
    let (change, from) = (now.change_from(old), old.mean.value);
    Anchor {
        release,
        first: figures.runs[old.start],
        last: figures.runs[old.start + old.runs - 1],
        value: figures.scale.value(from),
        present: figures.scale.value(now.mean.value),
        change: figures.scale.change(from, change.value),
        interval: figures.scale.interval(from, &change),
        p_value: survival(figures.metric.better.sign() * change.t(), change.df),
    }
}

/// The last run of a release before the last run: its place in the series, and the release.
fn release(figures: &Figures, records: &[&Record]) -> Option<(usize, String)> {
    let before = 0..figures.runs.len().saturating_sub(1);
    before.rev().find_map(|place| Some((place, records[figures.runs[place]].release.clone()?)))
}
