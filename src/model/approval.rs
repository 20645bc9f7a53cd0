//! A person's decision on one commit: whether what became worse there may be merged.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Name and version of the format.
pub const APPROVAL_SCHEMA: &str = "perf-gate/approval/v1";

/// What a person decided on the failures of one commit, and why. Another commit needs another decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The format and its version: `perf-gate/approval/v1`.
    pub schema: String,
    /// The commit: head of the pull request when the decision was made.
    pub commit: String,
    /// What was decided.
    pub decision: Decision,
    /// Who decided.
    pub author: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// When the decision ends; without it, never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The pull request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<u64>,
}

/// Whether failures are accepted for one commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// They may be merged.
    Approved,
    /// They may not, whatever another run says.
    Rejected,
}

impl Decision {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

impl Approval {
    /// The decision that holds at the time `at`: the latest that has not ended.
    pub fn in_force(decisions: &[Self], at: Timestamp) -> Option<&Self> {
        let holds = |decision: &&Self| decision.until.is_none_or(|until| until >= at);
        decisions.iter().filter(holds).max_by_key(|decision| decision.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(decision: Decision, at: i64, until: Option<i64>) -> Approval {
        let second = |second| Timestamp::from_second(second).unwrap();
        Approval {
            schema: APPROVAL_SCHEMA.to_owned(),
            commit: "abc".to_owned(),
            decision,
            author: "ada".to_owned(),
            reason: "encryption".to_owned(),
            at: second(at),
            until: until.map(second),
            pull_request: Some(7),
        }
    }

    #[test]
    fn the_latest_decision_that_has_not_ended_holds() {
        let decisions = [
            decided(Decision::Rejected, 1, None),
            decided(Decision::Approved, 5, Some(20)),
            decided(Decision::Approved, 3, None),
        ];
        let held = |at| Approval::in_force(&decisions, Timestamp::from_second(at).unwrap()).unwrap().at.as_second();
        assert_eq!((held(20), held(21)), (5, 3));
        assert_eq!(Approval::in_force(&decisions[1..2], Timestamp::from_second(21).unwrap()), None);
    }
}
