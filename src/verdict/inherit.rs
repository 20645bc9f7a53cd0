//! What a pull request inherits: a regression that is open on trunk is not its doing.

use std::collections::BTreeSet;

use crate::model::SeriesName;

use super::{Judgement, Outcome, Row, Severity, Status, Verdict};

/// Why a row that regressed against the good level does not fail.
const INHERITED: &str = "open on trunk, and no worse by this change";

/// The judgement of a pull request against the level from before a regression that is open on trunk, in which rows do not
/// fail that are no worse than the trunk's regressed runs; `against_open` is the judgement against those.
#[must_use]
pub fn inherited(mut judgement: Judgement, against_open: &Judgement) -> Judgement {
    let still_fine = |row: &&Row| row.verdict != Verdict::Regressed && row.verdict != Verdict::Inconclusive;
    let fine: BTreeSet<SeriesName> = against_open.rows.iter().filter(still_fine).map(Row::series).collect();
    let fails = |row: &Row| row.severity >= Some(Severity::Failure);
    for row in judgement.rows.iter_mut().filter(|row| fails(row) && fine.contains(&row.series())) {
        row.severity = Some(Severity::Warning);
        row.note = Some(INHERITED.to_owned());
    }
    let missed = judgement.targets.iter().any(|t| t.status == Status::Missed && t.severity >= Some(Severity::Failure));
    if judgement.outcome == Outcome::Failed && !missed && !judgement.rows.iter().any(fails) {
        judgement.outcome = Outcome::Warned;
        judgement.outcome_reason = format!("{} ({INHERITED}).", judgement.outcome_reason.trim_end_matches('.'));
        judgement.shift_alone = false;
        judgement.needs_confirmation = false;
    }
    judgement
}
