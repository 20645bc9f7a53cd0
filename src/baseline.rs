//! Which past runs a candidate is compared with, and why.

use crate::model::Record;

/// The runs chosen from history to compare with, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Baseline {
    /// The runs whose centre the candidate is compared with.
    pub runs: Vec<Record>,
    /// Older comparable runs: they tell how much runs differ, not where the level is.
    pub earlier: Vec<Record>,
    /// What a reader should know about the choice: runs left out, a changed environment.
    pub notes: Vec<String>,
}
