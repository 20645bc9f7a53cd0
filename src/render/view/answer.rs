//! The first lines: what decided, and what to do about it.

use super::{Promise, Section, context, promise, row, sentence};
use crate::compare::AnalysisKind;
use crate::model::{ALL, Approval, Decision};
use crate::render::numbers::counted;
use crate::render::report::Scenario;
use crate::verdict::{Outcome, Row, Severity};

/// What decided a scenario's outcome.
pub(super) fn of(scenario: &Scenario) -> String {
    let told = match scenario.outcome {
        Outcome::Invalid => None,
        _ if scenario.expectation.is_some() => scenario.expectation.as_ref().map(|proof| sentence(&proof.reason)),
        Outcome::Failed => worst(scenario, Severity::Failure),
        Outcome::Warned => worst(scenario, Severity::Warning),
        _ => None,
    };
    told.unwrap_or_else(|| sentence(&scenario.reason))
}

/// The judgement's own sentence, where it says more than the answer: not if it names the one row that the answer names.
pub(super) fn reason(scenario: &Scenario, answer: &str) -> Option<String> {
    let reason = sentence(&scenario.reason);
    let least = if scenario.outcome == Outcome::Failed { Severity::Failure } else { Severity::Warning };
    let mut rows = scenario.rows.iter().filter(|row| row.severity >= Some(least));
    let named = |row: &Row| scenario.reason.contains(if row.endpoint == ALL { &row.metric } else { &row.endpoint });
    let repeats = matches!((rows.next(), rows.next()), (Some(only), None) if named(only));
    (reason != answer && !repeats && !reason.is_empty()).then_some(reason)
}

/// What decided the outcome of all scenarios.
pub(super) fn overall(outcome: Outcome, sections: &[Section]) -> String {
    let lead = |section: &Section| format!("{}: {}", section.name, section.answer);
    match sections {
        [] => "no scenario was judged".to_owned(),
        [only] => lead(only),
        [first, ..] if outcome == Outcome::Passed => {
            format!("{}; {}", counted(sections.len() as u64, "scenario"), lead(first))
        }
        [first, ..] => {
            let same = sections.iter().filter(|section| section.outcome == outcome).count();
            format!("{same} of {}; {}", counted(sections.len() as u64, "scenario"), lead(first))
        }
    }
}

/// What a person decided on the commit, why and until when.
pub(super) fn decision(approval: &Approval) -> String {
    let Approval { author, reason, .. } = approval;
    let until = approval.until.map(|until| format!(" until {until}")).unwrap_or_default();
    let (word, effect) = match approval.decision {
        Decision::Approved => ("Approved", "this commit may be merged"),
        Decision::Rejected => ("Rejected", "this commit stays failed, whatever another run says"),
    };
    sentence(&format!("{word} by {author}{until}: {reason} ({effect})"))
}

/// What to do about a scenario's outcome.
pub(super) fn action(scenario: &Scenario) -> Option<String> {
    let kind = scenario.analysis.kind;
    let critical = scenario.rows.iter().any(|row| row.severity == Some(Severity::Critical));
    let text = match scenario.outcome {
        Outcome::Passed => return None,
        Outcome::Invalid => {
            "Nothing was compared. Repair the load test or its result files and run it again.".to_owned()
        }
        Outcome::Inconclusive if kind == AnalysisKind::Pairs => {
            "Make more pairs of base and head and judge them together.".to_owned()
        }
        Outcome::Inconclusive if kind == AnalysisKind::Runs => {
            "Make more runs of both sides; in turn on one runner, with --pairs, they tell the most.".to_owned()
        }
        Outcome::Inconclusive if scenario.baseline.runs == 0 => {
            "Record runs of the trunk that were made the same way, with perf-gate record; from three on the full rule holds."
                .to_owned()
        }
        Outcome::Inconclusive => {
            "Test the same commit again and judge the runs together, or record more runs of the trunk.".to_owned()
        }
        Outcome::Warned => "Nothing is blocked. Look at the warnings before you merge.".to_owned(),
        Outcome::Failed if scenario.needs_confirmation && kind == AnalysisKind::Pairs => {
            "Make more pairs of base and head, three or more, and judge them together before you act on this.".to_owned()
        }
        Outcome::Failed if scenario.needs_confirmation => {
            "Test the same commit a second time and judge both runs together before you act on this.".to_owned()
        }
        Outcome::Failed => failed(scenario, critical),
    };
    Some(text)
}

fn failed(scenario: &Scenario, critical: bool) -> String {
    let regressed = scenario.rows.iter().any(|row| row.severity >= Some(Severity::Failure));
    if !regressed {
        return "Bring the service within its targets, or correct them in the configuration.".to_owned();
    }
    let open = scenario.regression.as_ref().map(|open| (&open.last_good, &open.first_bad));
    let range = match open.unwrap_or((&scenario.baseline.commit, &scenario.run.commit)) {
        (Some(base), Some(head)) => format!(" between {} and {}", context::short(base), context::short(head)),
        _ => String::new(),
    };
    let person = if critical { " Critical changes need a person's decision before they are merged." } else { "" };
    format!("Look for the cause in what changed{range}.{person}")
}

/// The worst row or target of at least that severity, and how many there are beside it.
fn worst(scenario: &Scenario, least: Severity) -> Option<String> {
    let mut rows: Vec<&Row> = scenario.rows.iter().filter(|row| row.severity >= Some(least)).collect();
    rows.sort_by(|a, b| row::worst_first(a, b));
    let targets = scenario.targets.iter().filter(|target| target.severity >= Some(least));
    let targets = promise::arrange(targets);
    let first = rows.first().map(|row| row::told(row)).or_else(|| targets.first().map(Promise::told))?;
    Some(match rows.len() + targets.len() {
        1 => first,
        all => format!("{first}; and {} more", all - 1),
    })
}
