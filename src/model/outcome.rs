//! What a judgement comes to, and what history remembers of it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a whole judgement comes to.
///
/// ```text
/// passed < inconclusive < warned < failed < invalid
/// ```
///
/// The worse of two is their join: a scenario that could not tell does not hide behind one that passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Nothing that matters became worse.
    #[default]
    Passed,
    /// The data cannot tell.
    Inconclusive,
    /// Something likely became worse, or a little.
    Warned,
    /// Something became worse.
    Failed,
    /// There is no run that could be judged.
    Invalid,
}

impl Outcome {
    /// Every outcome, the best first.
    pub const ALL: [Self; 5] = [Self::Passed, Self::Inconclusive, Self::Warned, Self::Failed, Self::Invalid];

    /// The worse of two.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        self.max(other)
    }

    /// The word for it, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Inconclusive => "inconclusive",
            Self::Warned => "warned",
            Self::Failed => "failed",
            Self::Invalid => "invalid",
        }
    }
}

/// One metric of one endpoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeriesName {
    /// The endpoint; `(all)` is the run as a whole.
    pub endpoint: String,
    /// The metric.
    pub metric: String,
}

/// What became of a run when it was recorded: whether later runs may be compared with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Judged {
    /// What the judgement came to.
    pub outcome: Outcome,
    /// What regressed, beyond doubt and beyond its threshold; empty where only a target was missed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regressed: Vec<SeriesName>,
    /// Whether that rests on a shift of the whole run alone: a slower runner, or a common cause.
    #[serde(default)]
    pub shift_alone: bool,
    /// Whether a regression among those is critical.
    #[serde(default)]
    pub critical: bool,
    /// Whether a second run of the same commit was asked for.
    #[serde(default)]
    pub needs_confirmation: bool,
    /// Start of the first run of the regression that this run belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// A regression that is open on trunk: it began at one run, and no later one was without it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Regression {
    /// Start of its first run.
    pub since: Timestamp,
    /// The commit of that run.
    pub first_bad: Option<String>,
    /// The commit of the last run without it.
    pub last_good: Option<String>,
    /// Runs in a row that have it, the judged one included.
    pub runs: usize,
    /// Runs in a row that confirm it: a mere shift of the whole run waits for a second one.
    pub needed: usize,
}

impl Regression {
    /// Whether runs enough have it.
    pub fn is_confirmed(&self) -> bool {
        self.runs >= self.needed
    }
}
