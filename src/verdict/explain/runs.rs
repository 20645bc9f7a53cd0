//! The lines of runs in tables.

use crate::compare::Comparison;

use super::document::Line;

/// The line of the run at that place among baseline and candidate runs.
pub(super) fn line(comparison: &Comparison, at: usize) -> Line {
    let Some(run) = comparison.runs.get(at) else { return Line::default() };
    Line { name: run.id.clone(), started_at: Some(run.started_at), commit: run.commit.clone(), ..Line::default() }
}

/// What a baseline run is used for; `earlier` runs come first, `cut` is where the level starts.
pub(super) fn part(at: usize, earlier: usize, cut: Option<usize>) -> &'static str {
    match cut {
        _ if at < earlier => "spread only",
        Some(start) if at < start => "before the shift",
        _ => "level",
    }
}
