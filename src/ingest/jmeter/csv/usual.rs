//! Rows as most are: a success, with the columns and values that `JMeter` writes unless it is told otherwise.
//!
//! ```text
//!  1795226767635,52,GET /items,200,OK,browse 1-2,text,true,,155,122,2,3,http://x/,37,0,28
//!  └────────── front ────────┘ └────────── middle ───────┘ └─── back ──┘          └ end ┘
//! ```
//!
//! Fields are found where they are expected, by the bits of the [`Grid`](crate::ingest::grid::Grid). Whatever is unusual ends
//! it without an answer, and the row is read by its columns instead; what is counted is what that reading would give.

use super::super::batch::{Batch, NEAR};
use super::super::columns::Columns;
use super::super::time::{Clock, STAMP};
use super::super::{TRANSACTION, read_label};
use crate::ingest::digits::{first_of_eight, values};
use crate::ingest::grid::Row;

/// Delimiters of a row with the usual columns.
const DELIMITERS: u32 = Columns::USUAL.width as u32 - 1;
/// Columns between whether a sample succeeded and the users of its group.
const UNWANTED: u32 = 3;
/// A place in a window is less than this, and where a label ends: the remainder tells that to the compiler, which then
/// checks none of the places below.
const PLACES: usize = 64;
const LABELS: usize = 2 * PLACES;
/// Bytes that are looked at: of the row, behind its label, and behind whether it succeeded.
const REACH: usize = LABELS + MIDDLE;
const MIDDLE: usize = PLACES + BACK;
const BACK: usize = PLACES + NEAR;

/// Counts a row that is a usual success; `None` if it is not.
#[inline(always)]
pub(super) fn count(row: Row<'_>, clock: &mut Clock, batch: &mut Batch) -> Option<()> {
    let Row { bytes, from, .. } = row;
    let (front, bits) = (bytes.get(from..from + REACH)?.first_chunk::<REACH>()?, row.front()?);
    let stamp = clock.milliseconds(front.first_chunk()?)?;
    let mut marks = bits.window(STAMP + 1);
    let (elapsed, label) = (marks.next(), STAMP + 1 + marks.last()?);
    let milliseconds = first_of_eight(front[STAMP + 1..].first_chunk()?, elapsed)?;
    let elapsed = STAMP + 1 + elapsed;

    let middle = front[label % LABELS + 1..].first_chunk::<MIDDLE>()?;
    let mut marks = bits.window(label + 1);
    let (code, message, thread, data_type) = (marks.next(), marks.next(), marks.next(), marks.next());
    let success = marks.last()?;
    let said = message.wrapping_sub(code + 1);
    if middle[code % PLACES + 1] == b'"' || said.wrapping_sub(1) >= TRANSACTION.len() - 1 {
        return None;
    }
    if !middle[data_type % PLACES + 1..].starts_with(b"true,") || success != data_type + 5 {
        return None;
    }

    let back = middle[success % PLACES + 1..].first_chunk::<BACK>()?;
    let mut marks = bits.window(label + 1 + success + 1);
    marks.skip(UNWANTED);
    let (of_group, users) = (marks.next(), marks.last()?);
    let users = values(back[of_group % PLACES + 1..].first_chunk()?, users.wrapping_sub(of_group + 1))?;

    let idle = row.last_delimiter()?;
    if bytes.get(idle.checked_sub(2)?..idle)? != b",0" || row.many != DELIMITERS || label == elapsed + 1 {
        return None;
    }
    batch.count_users(users)?;
    batch.sample_of(middle[message % PLACES + 1..].first_chunk()?, thread.wrapping_sub(message + 1))?;
    let near = front[elapsed % PLACES + 1..].first_chunk()?;
    let written = || &bytes[from + elapsed + 1..from + label];
    let label = batch.labels.number_of(near, label - elapsed - 1, written, read_label);
    batch.count(label, stamp, milliseconds as u32);
    Some(())
}
