//! A history in words: every number is already text, and every outside name is one tame line.

use serde::Serialize;

use super::spark;
use crate::analysis::levels::{Anchor, Growth, Level, Overview, RunName, Series, Shift};
use crate::model::ALL;
use crate::render::escape;
use crate::render::numbers::{NONE, Scale, counted, day, value};
use crate::render::view::short;

/// Most characters shown of a name, and of a sentence.
const NAME: usize = 120;
const SENTENCE: usize = 600;
/// Change points told of a series, the latest.
const MOST_POINTS: usize = 6;
/// Calm endpoints that are listed; more are counted.
const MOST_CALM: usize = 3;
/// Drifting series that the answer names.
const MOST_NAMED: usize = 2;
/// One-sided p-value up to which the distance from an old level is told.
const SURE: f64 = 0.001;

/// A history in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct View {
    /// The answer in one line.
    pub answer: String,
    /// Whether a series became worse for good or drifts.
    pub worse: bool,
    /// The days of the first and the last run, and the environment.
    pub span: String,
    /// The series that are shown: the run as a whole, and endpoints of which there is something to tell.
    pub lines: Vec<Line>,
    /// How many more there are, without any change.
    pub calm: Option<String>,
    /// What a reader should know before trusting the figures.
    pub warnings: Vec<String>,
}

/// A series in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// The endpoint.
    pub endpoint: String,
    /// The metric.
    pub metric: String,
    /// The present level.
    pub level: String,
    /// How much runs scatter on it.
    pub spread: String,
    /// How many runs are on it.
    pub runs: String,
    /// All runs as blocks.
    pub spark: String,
    /// Change points, drift and the distance from an old level, a sentence each.
    pub notes: Vec<String>,
    /// Whether the last change was a degradation, or it drifts.
    pub worse: bool,
}

impl View {
    /// The overview in words, its lines of blocks at most `width` characters long.
    pub fn of(overview: &Overview, width: usize) -> Self {
        let (calm, lines): (Vec<&Series>, Vec<&Series>) =
            overview.series.iter().partition(|series| series.endpoint != ALL && !is_moved(series));
        let few = if calm.len() <= MOST_CALM { calm.len() } else { 0 };
        let lines = lines.into_iter().chain(calm[..few].iter().copied());
        let lines: Vec<Line> = lines.map(|series| Line::of(series, &overview.runs, width)).collect();
        Self {
            answer: answer(overview),
            worse: overview.series.iter().any(is_worse),
            span: span(overview),
            lines,
            calm: (few < calm.len()).then(|| folded(&calm)),
            warnings: overview.warnings.iter().map(|warning| escape::line(&warning.0, SENTENCE)).collect(),
        }
    }
}

impl Line {
    fn of(series: &Series, runs: &[RunName], width: usize) -> Self {
        let scale = Scale::of(&series.metric);
        let last = series.levels.last();
        let hidden = series.change_points.len().saturating_sub(MOST_POINTS);
        let earlier = (hidden > 0).then(|| format!("{} before those", counted(hidden as u64, "change point")));
        let points = series.change_points[hidden..].iter().rev().map(|point| shift(point, series, runs));
        let drift = series.drift.as_ref().map(|growth| drift(growth, scale, runs));
        let anchor =
            series.anchor.as_ref().filter(|anchor| is_far(anchor, series)).map(|a| anchor_told(a, series, runs));
        Self {
            endpoint: name(&series.endpoint),
            metric: name(&series.metric),
            level: value(series.unit, last.map(|level| level.value)),
            spread: scale.size(last.map(|level| level.spread)),
            runs: last.map_or(NONE.to_owned(), |level| level.runs.to_string()),
            spark: spark::line(&series.values, last.map_or(0.0, |level| absolute(series, level)), width),
            notes: drift.into_iter().chain(anchor).chain(points).chain(earlier).collect(),
            worse: is_worse(series),
        }
    }
}

/// How much runs scatter on a level, in the unit of the series.
fn absolute(series: &Series, level: &Level) -> f64 {
    if Scale::of(&series.metric) == Scale::Points { level.spread } else { level.spread * level.value }
}

/// `checkout: 63 runs, 2 change points in 1 series, p95 of GET /slow drifts +24.0 % since 3f2a1b0`.
fn answer(overview: &Overview) -> String {
    let points: usize = overview.series.iter().map(|series| series.change_points.len()).sum();
    let moved = overview.series.iter().filter(|series| !series.change_points.is_empty()).count();
    let steps = match (points, moved) {
        (0, _) => "no change point".to_owned(),
        (points, 1) => counted(points as u64, "change point"),
        (points, moved) => format!("{} in {moved} series", counted(points as u64, "change point")),
    };
    let drifting: Vec<(&Series, &Growth)> =
        overview.series.iter().filter_map(|s| Some((s, s.drift.as_ref()?))).collect();
    let named = drifting.iter().take(MOST_NAMED).map(|(series, growth)| {
        let change = Scale::of(&series.metric).change(Some(growth.change));
        let what = format!("{} of {}", name(&series.metric), name(&series.endpoint));
        format!("{what} drifts {change} since {}", place(&overview.runs[growth.first]))
    });
    let more = drifting.len().saturating_sub(MOST_NAMED);
    let more = (more > 0).then(|| format!("{more} more drift"));
    let none = drifting.is_empty().then(|| "no drift".to_owned());
    let parts: Vec<String> = [steps].into_iter().chain(named).chain(more).chain(none).collect();
    let runs = counted(overview.runs.len() as u64, "run");
    format!("{}: {runs}, {}", name(&overview.scenario), parts.join(", "))
}

fn span(overview: &Overview) -> String {
    let days = match (overview.runs.first(), overview.runs.last()) {
        (Some(first), Some(last)) => format!("{} … {}", day(first.started_at), day(last.started_at)),
        _ => NONE.to_owned(),
    };
    format!("{days}, environment {}", name(&overview.fingerprint))
}

/// `12 more series without any change, spread 3.1 % … 6.2 %`.
fn folded(calm: &[&Series]) -> String {
    let spreads = || calm.iter().filter_map(|series| Some(series.levels.last()?.spread));
    let (least, most) = (spreads().fold(f64::INFINITY, f64::min), spreads().fold(0.0, f64::max));
    let scale = Scale::of(&calm[0].metric);
    let count = calm.len();
    format!(
        "{count} more endpoints without any change, spread {} … {}",
        scale.size(Some(least)),
        scale.size(Some(most))
    )
}

/// `2026-10-14 3f2a1b0..9c8d7e6: 82.1 ms → 107 ms, +30.1 % (+24.0 … +36.5 %)`.
fn shift(point: &Shift, series: &Series, runs: &[RunName]) -> String {
    let scale = Scale::of(&series.metric);
    let (before, after) = (&runs[point.last_before], &runs[point.first_after]);
    format!(
        "{} {}: {} → {}, {} ({})",
        day(after.started_at),
        range(before, after),
        series.unit.show(point.before),
        series.unit.show(point.after),
        scale.change(Some(point.change)),
        scale.range(point.interval.lower, point.interval.upper)
    )
}

fn drift(growth: &Growth, scale: Scale, runs: &[RunName]) -> String {
    let (first, last) = (&runs[growth.first], &runs[growth.last]);
    let (change, since) = (scale.change(Some(growth.change)), day(first.started_at));
    format!("drifts {change} over the last {} runs, since {since} {}", growth.runs, range(first, last))
}

fn anchor_told(anchor: &Anchor, series: &Series, runs: &[RunName]) -> String {
    let scale = Scale::of(&series.metric);
    let level = match &anchor.release {
        Some(release) => format!("release {}", name(release)),
        None => format!("the level up to {}", day(runs[anchor.last].started_at)),
    };
    let (change, old) = (scale.change(Some(anchor.change)), series.unit.show(anchor.value));
    format!("now {change} against {level} ({old}; {})", scale.range(anchor.interval.lower, anchor.interval.upper))
}

/// The commits between two runs, or the runs: `3f2a1b0..9c8d7e6`.
fn range(first: &RunName, last: &RunName) -> String {
    let (from, to) = (place(first), place(last));
    if from == to { from } else { format!("{from}..{to}") }
}

fn place(run: &RunName) -> String {
    run.commit.as_deref().map_or_else(|| format!("run {}", name(&run.id)), short)
}

fn name(text: &str) -> String {
    escape::line(text, NAME)
}

/// Whether there is something to tell of a series.
fn is_moved(series: &Series) -> bool {
    !series.change_points.is_empty() || series.drift.is_some()
}

/// Whether a series drifts, or its last change was a degradation.
fn is_worse(series: &Series) -> bool {
    series.drift.is_some() || series.change_points.last().is_some_and(|point| point.worse)
}

/// Whether the present level is worse than the old one, beyond chance, and not merely as the last change point says.
fn is_far(anchor: &Anchor, series: &Series) -> bool {
    let same = |point: &Shift| point.last_before == anchor.last && anchor.release.is_none();
    anchor.p_value <= SURE && !series.change_points.last().is_some_and(same)
}
