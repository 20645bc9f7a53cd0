//! Series of the system under test: which names mean memory and CPU, counters into rates, bounded numbers of points.

use std::collections::BTreeMap;

use crate::model::{Series, Warning};

/// Collects the points of resource series from any format.
pub struct Resources {
    wanted: BTreeMap<String, String>,
}

impl Resources {
    /// A collection in which `wanted` says which column or metric name stands for `memory`, `cpu` and so on.
    pub(super) fn new(wanted: &BTreeMap<String, String>) -> Self {
        Self { wanted: wanted.clone() }
    }

    /// The series that were asked for or are known.
    pub(super) fn finish(&mut self, _warnings: &mut Vec<Warning>) -> Vec<Series> {
        self.wanted.clear();
        Vec::new()
    }
}
