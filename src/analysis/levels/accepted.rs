//! What people accepted: from there on a series is measured anew.

use crate::model::{Acceptance, Record, SeriesName};

/// The first of `records` on the level that was accepted for a series, and holds at the last of them; the first without.
pub(super) fn start(records: &[&Record], accepted: &[Acceptance], endpoint: &str, metric: &str) -> usize {
    let Some(end) = records.last().map(|last| last.started_at) else { return 0 };
    let name = SeriesName { endpoint: endpoint.to_owned(), metric: metric.to_owned() };
    let holds = accepted.iter().filter(|a| a.from <= end && !a.has_expired(end) && a.covers(&name));
    holds.map(|a| records.partition_point(|record| record.started_at < a.from)).max().unwrap_or(0)
}
