//! The word that opens a document: an outcome, or whether what was asked for is proven.

use serde::Serialize;

use super::sentence;
use crate::render::report::Scenario;
use crate::verdict::{self, Outcome};

/// The word that opens a document: the outcome, or the answer to what was asked to be proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Heading {
    /// Nothing became worse.
    #[serde(rename = "passed")]
    Passed,
    /// The data cannot tell.
    #[serde(rename = "inconclusive")]
    Inconclusive,
    /// Something likely became worse.
    #[serde(rename = "warned")]
    Warned,
    /// Something became worse.
    #[serde(rename = "failed")]
    Failed,
    /// Nothing could be judged.
    #[serde(rename = "invalid")]
    Invalid,
    /// The improvement that was expected is proven.
    #[serde(rename = "improved")]
    Improved,
    /// It is not.
    #[serde(rename = "not improved")]
    NotImproved,
}

impl Heading {
    pub(super) fn of(scenario: &Scenario) -> Self {
        match (&scenario.expectation, scenario.outcome) {
            (Some(expectation), outcome) if outcome != Outcome::Invalid => {
                if expectation.met {
                    Self::Improved
                } else {
                    Self::NotImproved
                }
            }
            (_, outcome) => Self::of_outcome(outcome),
        }
    }

    /// The word for an outcome.
    pub fn of_outcome(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Passed => Self::Passed,
            Outcome::Inconclusive => Self::Inconclusive,
            Outcome::Warned => Self::Warned,
            Outcome::Failed => Self::Failed,
            Outcome::Invalid => Self::Invalid,
        }
    }

    /// Every word there is.
    pub const ALL: [Self; 7] = [
        Self::Passed,
        Self::Inconclusive,
        Self::Warned,
        Self::Failed,
        Self::Invalid,
        Self::Improved,
        Self::NotImproved,
    ];

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Inconclusive => "inconclusive",
            Self::Warned => "warned",
            Self::Failed => "failed",
            Self::Invalid => "invalid",
            Self::Improved => "improved",
            Self::NotImproved => "not improved",
        }
    }

    /// The word in capitals, as it opens a document.
    pub fn shout(self) -> &'static str {
        match self {
            Self::Passed => "PASSED",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::Warned => "WARNED",
            Self::Failed => "FAILED",
            Self::Invalid => "INVALID",
            Self::Improved => "IMPROVED",
            Self::NotImproved => "NOT IMPROVED",
        }
    }
}

/// What was asked to be proven, in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proof {
    /// What was asked for: `improvement`.
    pub expected: &'static str,
    /// Whether it is proven.
    pub met: bool,
    /// Why, with the figures that decide.
    pub reason: String,
}

impl Proof {
    pub(super) fn of(expectation: &verdict::Expectation) -> Self {
        let expected = match expectation.expected {
            verdict::Expected::Improvement => "improvement",
        };
        Self { expected, met: expectation.met, reason: sentence(&expectation.reason) }
    }
}
