//! The commit status: what a branch protection asks for, over all that was judged of a commit.

use super::Change;
use super::section::Section;
use crate::config::FailOn;
use crate::github::{Status, StatusState};
use crate::model::{Approval, Decision};
use crate::render::line;
use crate::verdict::Outcome;

/// The context of the status.
pub const CONTEXT: &str = "perf-gate";
/// Most characters of a description that GitHub takes.
const MOST: usize = 140;
/// What a person has to do about a critical regression.
const ASK: &str = "needs approval: /perf-gate approve REASON";

/// The status that the sections of a commit amount to.
///
/// A decision goes over a judgement, but not over one that could not be made: what is invalid is an error whoever approves.
pub fn status(sections: &[Section], fail_on: FailOn, decision: Option<&Approval>, url: Option<&str>) -> Status {
    let outcome = sections.iter().map(|section| section.outcome).max();
    let told = told(sections);
    let (state, description) = match (outcome, decision) {
        (None, _) => (StatusState::Error, cut("no scenario was judged", MOST)),
        (Some(Outcome::Invalid), _) => (StatusState::Error, cut(&told, MOST)),
        (Some(_), Some(decision)) => {
            let Status { state, description, .. } = decided(decision);
            (state, description)
        }
        (Some(outcome), None) if fails(outcome, fail_on) => {
            let critical = sections.iter().any(|section| section.critical);
            (StatusState::Failure, if critical { with(&told, ASK) } else { cut(&told, MOST) })
        }
        (Some(outcome), None) if fails(outcome, FailOn::Failure) => {
            (StatusState::Success, with(&told, "reported only"))
        }
        _ => (StatusState::Success, cut(&told, MOST)),
    };
    let target_url = url.map(str::to_owned);
    Status { context: CONTEXT.to_owned(), state, description, target_url }
}

/// What a person decided: an approval turns the status green, a refusal keeps or turns it red.
pub fn decided(approval: &Approval) -> Status {
    let Approval { decision, author, reason, .. } = approval;
    let state = match decision {
        Decision::Approved => StatusState::Success,
        Decision::Rejected => StatusState::Failure,
    };
    let description = cut(&format!("{} by {author}: {reason}", decision.as_str()), MOST);
    Status { context: CONTEXT.to_owned(), state, description, target_url: None }
}

/// The changes by which the commit has that status. `present` are its statuses, the latest first; the latest of a context
/// is the one that counts.
pub fn plan_status(sha: &str, wanted: &Status, present: &[Status]) -> Vec<Change> {
    // GitHub takes `Perf-Gate` and `perf-gate` for the same context.
    let latest = present.iter().find(|status| status.context.eq_ignore_ascii_case(&wanted.context));
    let said = latest.is_some_and(|latest| Status { context: wanted.context.clone(), ..latest.clone() } == *wanted);
    if said { Vec::new() } else { vec![Change::SetStatus { sha: sha.to_owned(), status: wanted.clone() }] }
}

/// Whether an outcome makes the check fail; what is invalid always does.
pub fn fails(outcome: Outcome, fail_on: FailOn) -> bool {
    match (outcome, fail_on) {
        (Outcome::Invalid, _) => true,
        (_, FailOn::Never) => false,
        (Outcome::Failed, _) | (Outcome::Inconclusive, FailOn::Inconclusive) => true,
        _ => false,
    }
}

/// The outcome and the worst section: `failed 1 of 3: checkout: GET /slow p95 +31.8 %`.
fn told(sections: &[Section]) -> String {
    let Some(worst) = sections.iter().rev().max_by_key(|section| section.outcome) else { return String::new() };
    let outcome = worst.outcome;
    let lead = format!("{}: {}", worst.key.scenario, worst.answer);
    let same = sections.iter().filter(|section| section.outcome == outcome).count();
    match (sections.len(), outcome) {
        (1, _) => format!("{}: {lead}", worst.heading.as_str()),
        (all, Outcome::Passed) => format!("{} {same} of {all}", outcome.as_str()),
        (all, _) => format!("{} {same} of {all}: {lead}", outcome.as_str()),
    }
}

/// The text, shortened so that the other one fits behind it.
fn with(text: &str, end: &str) -> String {
    format!("{}; {end}", cut(text, MOST - end.len() - 2))
}

/// One line of at most `most` characters as UTF-16 counts them, cut after a word.
fn cut(text: &str, most: usize) -> String {
    let tame = line(text, text.chars().count().max(2));
    let length = |text: &str| text.encode_utf16().count();
    if length(&tame) <= most {
        return tame;
    }
    let mut kept = String::new();
    for character in tame.chars() {
        if length(&kept) + character.len_utf16() + 1 > most {
            break;
        }
        kept.push(character);
    }
    // A text without spaces is cut within its word.
    let at = kept.rfind(' ').filter(|at| *at > kept.len() / 2).unwrap_or(kept.len());
    format!("{}…", kept[..at].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::testing::section;
    use crate::render::view::Heading;
    use proptest::prelude::*;

    const FAILED: &str = "GET /slow p95 +31.8 % (88.7 ms → 117 ms), threshold +20 %";

    fn of(outcome: Outcome, answer: &str) -> Section {
        Section { outcome, heading: Heading::of_outcome(outcome), ..section("checkout", answer) }
    }

    fn state(sections: &[Section], fail_on: FailOn) -> (StatusState, String) {
        let status = status(sections, fail_on, None, None);
        (status.state, status.description)
    }

    #[test]
    fn a_failure_says_what_failed() {
        let (state, description) = state(&[of(Outcome::Failed, FAILED)], FailOn::Failure);
        assert_eq!(state, StatusState::Failure);
        assert_eq!(description, format!("failed: checkout: {FAILED}"));
    }

    #[test]
    fn a_critical_regression_asks_for_approval() {
        let critical = Section { critical: true, ..of(Outcome::Failed, FAILED) };
        let (state, description) = state(&[of(Outcome::Passed, "fine"), critical.clone()], FailOn::Failure);
        assert_eq!(state, StatusState::Failure);
        let told = "failed 1 of 2: checkout: GET /slow p95 +31.8 % (88.7 ms → 117 ms), threshold +20 %";
        assert_eq!(description, format!("{told}; {ASK}"));
        let long = Section { answer: "word ".repeat(60), ..critical };
        let description = super::status(&[long], FailOn::Failure, None, None).description;
        assert!(
            description.ends_with(&format!("word…; {ASK}")) && description.chars().count() <= MOST,
            "{description}"
        );
    }

    #[test]
    fn a_person_decides_but_not_about_what_is_invalid() {
        let approval = |decision| Approval {
            schema: String::new(),
            commit: "abc".to_owned(),
            decision,
            author: "ada".to_owned(),
            reason: "a cache is gone\nfor good".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            until: None,
            pull_request: None,
        };
        let status = |outcome, decision| {
            let status = super::status(&[of(outcome, "x")], FailOn::Failure, Some(&approval(decision)), None);
            (status.state, status.description)
        };
        let (state, description) = status(Outcome::Failed, Decision::Approved);
        assert_eq!((state, description.as_str()), (StatusState::Success, "approved by ada: a cache is gone for good"));
        assert_eq!(status(Outcome::Failed, Decision::Rejected).0, StatusState::Failure);
        assert_eq!(status(Outcome::Passed, Decision::Rejected).0, StatusState::Failure);
        assert_eq!(status(Outcome::Invalid, Decision::Approved).0, StatusState::Error);
    }

    #[test]
    fn what_fails_is_configured() {
        let inconclusive = [of(Outcome::Inconclusive, "3 rows cannot be told from noise")];
        assert_eq!(state(&inconclusive, FailOn::Failure).0, StatusState::Success);
        assert_eq!(state(&inconclusive, FailOn::Inconclusive).0, StatusState::Failure);
        let failed = [of(Outcome::Failed, "p95 +31.8 %")];
        let (state_of_never, description) = state(&failed, FailOn::Never);
        assert_eq!(state_of_never, StatusState::Success);
        assert_eq!(description, "failed: checkout: p95 +31.8 %; reported only");
        assert_eq!(state(&[of(Outcome::Invalid, "no requests")], FailOn::Never).0, StatusState::Error);
        assert_eq!(state(&[of(Outcome::Warned, "x")], FailOn::Inconclusive).0, StatusState::Success);
        assert_eq!(state(&[], FailOn::Failure).0, StatusState::Error);
    }

    #[test]
    fn the_same_status_is_not_set_again() {
        let wanted = status(&[of(Outcome::Passed, "nothing became worse")], FailOn::Failure, None, Some("https://x"));
        let planned = plan_status("abc", &wanted, &[]);
        assert_eq!(planned, [Change::SetStatus { sha: "abc".to_owned(), status: wanted.clone() }]);
        let there = Status { context: "Perf-Gate".to_owned(), ..wanted.clone() };
        let older = Status { state: StatusState::Failure, ..there.clone() };
        assert_eq!(plan_status("abc", &wanted, &[there.clone(), older.clone()]), []);
        assert_eq!(plan_status("abc", &wanted, &[older, there]).len(), 1, "the latest counts");
        let other = Status { context: "ci".to_owned(), ..wanted.clone() };
        assert_eq!(plan_status("abc", &wanted, &[other]).len(), 1);
    }

    proptest! {
        #[test]
        fn no_description_is_too_long(answer in "\\PC{0,300}", critical: bool) {
            let section = Section { critical, ..of(Outcome::Failed, &answer) };
            for fail_on in [FailOn::Failure, FailOn::Never] {
                let description = state(&[section.clone(), section.clone()], fail_on).1;
                prop_assert!(description.encode_utf16().count() <= MOST, "{description}");
                prop_assert!(!description.chars().any(char::is_control));
            }
        }
    }
}
