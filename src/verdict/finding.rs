//! What is worth telling beside the rows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::compare::{AnalysisKind, Comparison, LevelShift};
use crate::model::Acceptance;

/// Something worth telling a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What kind it is: `level-shift`, `common-shift`, `accepted`, `acceptance-expired`, `drift`, `anchor`, `trend`.
    pub kind: String,
    /// The endpoint, where it is one.
    pub endpoint: Option<String>,
    /// The metric, where it is one.
    pub metric: Option<String>,
    /// What was found, with its evidence.
    pub message: String,
    /// What to do about it.
    pub recommendation: Option<String>,
    /// The run where it starts.
    pub run: Option<String>,
    /// The commit where it starts.
    pub commit: Option<String>,
}

/// Endpoints that a message names before it counts the others.
const NAMED: usize = 3;
/// Digits of a commit in a message.
const SHORT: usize = 7;

/// The findings of a comparison; `shift_alone` says that a failure rests on a shift of the whole run.
pub(super) fn findings(comparison: &Comparison, shift_alone: bool) -> Vec<Finding> {
    let mut groups: BTreeMap<(&str, &str), Vec<&LevelShift>> = BTreeMap::new();
    for shift in &comparison.shifts {
        groups.entry((&shift.metric, &shift.run)).or_default().push(shift);
    }
    let mut findings: Vec<Finding> =
        groups.into_values().map(|group| level_shift(&group, comparison.analysis.kind)).collect();
    findings.extend(comparison.accepted.iter().map(|a| accepted(a, comparison.at)));
    if shift_alone {
        let (message, recommendation) = common_shift(comparison.analysis.kind);
        findings.push(Finding {
            kind: "common-shift".to_owned(),
            endpoint: None,
            metric: None,
            message: message.to_owned(),
            recommendation: Some(recommendation.to_owned()),
            run: None,
            commit: None,
        });
    }
    findings
}

/// What a shift of all endpoints means, and what to do about it.
fn common_shift(kind: AnalysisKind) -> (&'static str, &'static str) {
    let either = "All endpoints shifted together: slower runner or common cause.";
    match kind {
        AnalysisKind::Pairs => (
            "All endpoints shifted together, and base and head shared their runner: a common cause.",
            "Look for what all endpoints share: start-up, middleware, pools, garbage collection.",
        ),
        AnalysisKind::Runs => (either, "Run base and head in turn on one runner and compare with --pairs."),
        _ => (either, "Run the same commit again and judge both runs together."),
    }
}

/// A level that people accepted: what it is compared with instead.
fn accepted(acceptance: &Acceptance, at: Option<Timestamp>) -> Finding {
    let Acceptance { endpoint, metric, reason, author, .. } = acceptance;
    let day = |at: Timestamp| jiff::tz::Offset::UTC.to_datetime(at).date();
    let since = day(acceptance.from);
    let ended = acceptance.until.filter(|_| at.is_some_and(|at| acceptance.has_expired(at)));
    let (kind, message, recommendation) = match (ended, acceptance.until) {
        (Some(until), _) => (
            "acceptance-expired",
            format!(
                "{author} accepted the level of {metric} of {endpoint} until {}: it is compared with the one before {since} again ({reason}).",
                day(until)
            ),
            Some("Bring the figure back, or accept it anew.".to_owned()),
        ),
        (None, until) => {
            let until = until.map(|until| format!(", until {}", day(until))).unwrap_or_default();
            (
                "accepted",
                format!("{author} accepted a new level of {metric} of {endpoint} since {since}{until}: {reason}."),
                None,
            )
        }
    };
    Finding {
        kind: kind.to_owned(),
        endpoint: Some(endpoint.clone()),
        metric: Some(metric.clone()),
        message,
        recommendation,
        run: None,
        commit: acceptance.commit.clone(),
    }
}

/// Series of one metric whose baseline starts at the same run.
fn level_shift(group: &[&LevelShift], kind: AnalysisKind) -> Finding {
    let first = group[0];
    let named: Vec<&str> = group.iter().take(NAMED).map(|shift| shift.endpoint.as_str()).collect();
    let others = group.len() - named.len();
    let more = if others > 0 { format!(" and {others} more") } else { String::new() };
    let since = match &first.commit {
        Some(commit) => format!("commit {}", commit.chars().take(SHORT).collect::<String>()),
        None => format!("run {}", first.run),
    };
    let message = format!(
        "The level of {} shifted at {since} ({}{more}): the {} is compared with the {} since.",
        first.metric,
        named.join(", "),
        kind.candidate(),
        kind.counted(first.runs)
    );
    Finding {
        kind: "level-shift".to_owned(),
        endpoint: (group.len() == 1).then(|| first.endpoint.clone()),
        metric: Some(first.metric.clone()),
        message,
        recommendation: None,
        run: Some(first.run.clone()),
        commit: first.commit.clone(),
    }
}
