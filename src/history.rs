//! The history of a scenario: its recorded runs, in order.

use crate::model::Record;

/// Recorded runs in the order of their start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    records: Vec<Record>,
}

impl History {
    /// The recorded runs, oldest first.
    pub fn records(&self) -> &[Record] {
        &self.records
    }
}
