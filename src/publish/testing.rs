//! What the tests of publishing have in common.

use super::section::{Key, Section};
use crate::render::Report;
use crate::render::view::Heading;
use crate::verdict::Outcome;

/// A section that passed, of the commit `1111111aaaaaaaa`.
pub(super) fn section(scenario: &str, answer: &str) -> Section {
    Section {
        key: Key { scenario: scenario.to_owned(), leg: String::new(), environment: "3c1f0a9".to_owned() },
        commit: "1111111aaaaaaaa".to_owned(),
        turn: 1,
        outcome: Outcome::Passed,
        heading: Heading::Passed,
        critical: false,
        answer: answer.to_owned(),
        body: format!("The figures of {scenario}."),
        shorter: Vec::new(),
    }
}

/// A golden report.
pub(super) fn report(case: &str) -> Report {
    let (_, text) = REPORTS.iter().find(|(name, _)| *name == case).unwrap();
    Report::parse(text).unwrap()
}

macro_rules! reports {
    ($($case:literal),*) => {
        &[$(($case, include_str!(concat!("../../fixtures/golden/", $case, "/report.json")))),*]
    };
}

const REPORTS: &[(&str, &str)] = reports![
    "hostile",
    "improved",
    "inconclusive",
    "invalid",
    "no-baseline",
    "not-improved",
    "passed",
    "regressed",
    "scenarios"
];
