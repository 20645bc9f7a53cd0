//! Rows in words, and their order.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde::Serialize;

use super::{name, sentence};
use crate::model::ALL;
use crate::render::numbers::{NONE, Scale, value};
use crate::verdict::{Row, Severity, Verdict};

/// From which shift of the whole run on an endpoint's own change is told beside it: five points.
const NOTABLE_SHIFT: f64 = 0.05;

/// One endpoint × metric in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// Endpoint name; `(all)` is the run as a whole.
    pub endpoint: String,
    /// Metric name.
    pub metric: String,
    /// Whether this is the run as a whole.
    pub whole: bool,
    /// What happened, for code that chooses a colour or a mark.
    pub rank: Rank,
    /// What happened and what that does: `regressed, critical`.
    pub verdict: String,
    /// Centre of the baseline.
    pub baseline: String,
    /// Value of the candidate.
    pub candidate: String,
    /// The change, with sign.
    pub change: String,
    /// Its 95 % confidence interval.
    pub interval: String,
    /// The change this baseline cannot tell from nothing.
    pub noise_floor: String,
    /// The change from which on it matters.
    pub threshold: String,
    /// Why, in a sentence or two.
    pub why: String,
    /// The row in one line: `GET /slow p95 +31.8 % (88.7 ms → 117 ms), threshold +20 %`.
    pub told: String,
    /// What a reader of the figures should know, where the reason does not say it.
    pub note: String,
    /// Whether the same was said of a row before, or of the whole scenario.
    pub repeats: bool,
}

/// The order of rows in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Rank {
    /// Fails, and asks for a person.
    Critical,
    /// Fails.
    Failure,
    /// To be looked at.
    Warning,
    /// Regressed, but advisory.
    Advisory,
    /// Cannot be told.
    Inconclusive,
    /// Better.
    Improved,
    /// New or missing, without consequence.
    Changed,
    /// As it was.
    Unchanged,
}

impl Rank {
    fn of(row: &Row) -> Self {
        match (row.severity, row.verdict) {
            (Some(Severity::Critical), _) => Self::Critical,
            (Some(Severity::Failure), _) => Self::Failure,
            (Some(Severity::Warning), _) => Self::Warning,
            (_, Verdict::Regressed) => Self::Advisory,
            (_, Verdict::Inconclusive) => Self::Inconclusive,
            (_, Verdict::Improved) => Self::Improved,
            (_, Verdict::New | Verdict::Missing) => Self::Changed,
            (_, Verdict::Unchanged) => Self::Unchanged,
        }
    }
}

impl Line {
    fn of(row: &Row) -> Self {
        let scale = Scale::of(&row.metric);
        Self {
            endpoint: name(&row.endpoint),
            metric: name(&row.metric),
            whole: row.endpoint == ALL,
            rank: Rank::of(row),
            verdict: verdict(row),
            baseline: value(row.unit, row.baseline),
            candidate: value(row.unit, row.candidate),
            change: scale.change(row.change),
            interval: row.interval.map_or(NONE.to_owned(), |interval| scale.range(interval.lower, interval.upper)),
            noise_floor: scale.size(row.noise_floor),
            threshold: scale.threshold(&row.metric, row.threshold),
            why: why(row, scale),
            told: told(row),
            note: if row.endpoint == ALL {
                row.note.as_deref().map(sentence).unwrap_or_default()
            } else {
                String::new()
            },
            repeats: false,
        }
    }
}

/// The rows that stand out, worst first, and the unchanged ones in the order of the report. `said` is what the reader
/// knows already: without a baseline every row has the scenario's reason.
pub(super) fn arrange(rows: &[Row], said: &str) -> (Vec<Line>, Vec<Line>) {
    let mut sorted: Vec<&Row> = rows.iter().collect();
    sorted.sort_by(|a, b| worst_first(a, b));
    let mut said = BTreeSet::from([whole_sentence(said)]);
    let lines = sorted.into_iter().map(|row| {
        let line = Line::of(row);
        Line { repeats: !said.insert(line.why.clone()), ..line }
    });
    lines.partition(|line| line.rank != Rank::Unchanged)
}

/// By rank; of regressions the one furthest beyond its threshold first.
pub(super) fn worst_first(a: &Row, b: &Row) -> Ordering {
    let beyond = |row: &Row| match (row.change, row.threshold) {
        (Some(change), Some(threshold)) if threshold != 0.0 => (change / threshold).abs(),
        _ => 0.0,
    };
    let rank = Rank::of(a);
    let sizes = if rank < Rank::Inconclusive { beyond(b).total_cmp(&beyond(a)) } else { Ordering::Equal };
    rank.cmp(&Rank::of(b)).then(sizes)
}

/// `12 of 14 rows unchanged; noise floor at most 8.2 % (GET /slow p95)`.
pub(super) fn summary(rows: &[Row]) -> Option<String> {
    let unchanged: Vec<&Row> = rows.iter().filter(|row| Rank::of(row) == Rank::Unchanged).collect();
    let share = match (unchanged.len(), rows.len()) {
        (0, _) => return None,
        (1, 1) => "the one row is unchanged".to_owned(),
        (some, all) if some == all => format!("all {all} rows unchanged"),
        (some, all) => format!("{some} of {all} rows unchanged"),
    };
    let relative = |row: &&&Row| Scale::of(&row.metric) == Scale::Relative && row.noise_floor.is_some();
    let floor = |row: &Row| row.noise_floor.unwrap_or_default().abs();
    let noisiest = unchanged.iter().filter(relative).max_by(|a, b| floor(a).total_cmp(&floor(b)));
    Some(match noisiest {
        Some(row) => {
            format!("{share}; noise floor at most {} ({})", Scale::Relative.size(row.noise_floor), subject(row))
        }
        None => share,
    })
}

/// The row in one line: `GET /slow p95 +31.8 % (88.7 ms → 117 ms), threshold +20 %`.
pub(in crate::render) fn told(row: &Row) -> String {
    let scale = Scale::of(&row.metric);
    let (baseline, candidate) = (value(row.unit, row.baseline), value(row.unit, row.candidate));
    match row.verdict {
        Verdict::New => format!("{} is new ({candidate})", subject(row)),
        Verdict::Missing if row.baseline.is_none() => format!("{} is missing", subject(row)),
        Verdict::Missing => format!("{} is missing (was {baseline})", subject(row)),
        _ => {
            let threshold = match row.threshold {
                Some(_) => format!(", threshold {}", scale.threshold(&row.metric, row.threshold)),
                None => String::new(),
            };
            format!("{} {} ({baseline} → {candidate}){threshold}", subject(row), scale.change(row.change))
        }
    }
}

/// Endpoint and metric; of the run as a whole the metric alone.
fn subject(row: &Row) -> String {
    if row.endpoint == ALL { name(&row.metric) } else { format!("{} {}", name(&row.endpoint), name(&row.metric)) }
}

/// What happened and what that does: `regressed, critical`.
pub(in crate::render) fn verdict(row: &Row) -> String {
    let verdict = match row.verdict {
        Verdict::Improved => "improved",
        Verdict::Unchanged => "unchanged",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Regressed => "regressed",
        Verdict::New => "new",
        Verdict::Missing => "missing",
    };
    match row.severity {
        _ if row.advisory => format!("{verdict}, advisory"),
        Some(Severity::Critical) => format!("{verdict}, critical"),
        Some(Severity::Warning) => format!("{verdict}, warning"),
        _ => verdict.to_owned(),
    }
}

/// The reason, and the figures that only some rows need.
fn why(row: &Row, scale: Scale) -> String {
    let mut parts = vec![whole_sentence(&row.reason)];
    parts.retain(|part| !part.is_empty());
    let (change, specific) = (row.change.unwrap_or_default(), row.specific.map(|own| own.change));
    if row.verdict == Verdict::Regressed && specific.is_some_and(|own| (own - change).abs() >= NOTABLE_SHIFT) {
        parts.push(format!("Without the shift of the whole run: {}.", scale.change(specific)));
    }
    parts.join(" ")
}

/// The text with a capital at its start and a stop at its end, as others follow it.
fn whole_sentence(text: &str) -> String {
    let text = sentence(text);
    let mut rest = text.chars();
    let Some(first) = rest.next() else { return text };
    let stop = if text.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    format!("{}{}{stop}", first.to_uppercase(), rest.as_str())
}
