//! Targets in words: Requirement · Target · Actual · Status · Notes.

use std::cmp::Reverse;

use serde::Serialize;

use super::{name, sentence};
use crate::model::{ALL, Unit};
use crate::render::numbers::value;
use crate::verdict::{Bound, Severity, Status as Kept, TargetRow as Target};

/// An absolute promise against the actual value, in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Promise {
    /// What the promise is about: `GET /slow p95`.
    pub requirement: String,
    /// The promise: `< 200 ms at 100/s`.
    pub target: String,
    /// The value: `550 ms at 80.0/s`.
    pub actual: String,
    /// Whether it was kept.
    pub status: Status,
    /// Both sides in one sentence.
    pub notes: String,
}

/// Whether a promise was kept; later is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Status {
    /// Kept.
    #[serde(rename = "met")]
    Met,
    /// The run does not tell.
    #[serde(rename = "not known")]
    Unknown,
    /// Missed.
    #[serde(rename = "missed")]
    Missed,
    /// Missed so far that the check fails.
    #[serde(rename = "missed by far")]
    Failed,
}

impl Status {
    fn of(target: &Target) -> Self {
        match (target.status, target.severity) {
            (_, Some(Severity::Failure | Severity::Critical)) => Self::Failed,
            (Kept::Met, _) => Self::Met,
            (Kept::Missed, _) => Self::Missed,
            (Kept::Inconclusive, _) => Self::Unknown,
        }
    }

    /// The status in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Unknown => "not known",
            Self::Missed => "missed",
            Self::Failed => "missed by far",
        }
    }
}

/// The targets in words, the worst first.
pub(super) fn arrange<'a>(targets: impl IntoIterator<Item = &'a Target>) -> Vec<Promise> {
    let mut promises: Vec<_> = targets.into_iter().map(Promise::of).collect();
    promises.sort_by_key(|promise| Reverse(promise.status));
    promises
}

impl Promise {
    pub(super) fn of(target: &Target) -> Self {
        let metric = name(&target.metric);
        Self {
            requirement: if target.endpoint == ALL { metric } else { format!("{} {metric}", name(&target.endpoint)) },
            target: bounds(target),
            actual: value(target.unit, target.actual) + &target.actual.map_or(String::new(), |_| at(target.load)),
            status: Status::of(target),
            notes: sentence(&target.reason),
        }
    }

    /// The promise in one line: `target p95 < 200 ms missed: 550 ms`.
    pub(super) fn told(&self) -> String {
        format!("target {} {} {}: {}", self.requirement, self.target, self.status.as_str(), self.actual)
    }
}

fn bounds(target: &Target) -> String {
    let sign = if target.bound == Bound::Upper { '<' } else { '>' };
    format!("{sign} {}{}", target.unit.show(target.limit), at(target.at))
}

fn at(load: Option<f64>) -> String {
    load.map_or(String::new(), |load| format!(" at {}", Unit::PerSecond.show(load)))
}
