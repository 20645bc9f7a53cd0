//! Rows as most are: a success, with the columns and values that `JMeter` writes unless it is told otherwise.
//!
//! ```text
//!  1795226767635,52,GET /items,200,OK,browse 1-2,text,true,,155,122,2,3,http://x/,37,0,28
//!  └───────────── before ────────────┘└──────────── behind ──────────┘            └ end ┘
//! ```
//!
//! Fields are found where they are expected, by the bits of the [`Grid`](crate::ingest::grid::Grid). Whatever is unusual ends
//! it without an answer, and the row is read by its columns instead; what is counted is what that reading would give.

use super::super::batch::Batch;
use super::super::columns::Columns;
use super::super::time::Clock;
use super::super::{MILLISECOND, TRANSACTION, read_label};
use crate::ingest::digits::up_to_eight;
use crate::ingest::grid::{Marks, Row};

/// Digits of a stamp.
const STAMP: usize = 13;
/// Delimiters of a row with the usual columns.
const DELIMITERS: u32 = Columns::USUAL.width as u32 - 1;
/// Delimiters up to the thread, from there to the users, and between whether it succeeded and the users.
const BEFORE: u32 = 5;
const BEHIND: u32 = 8;
const UNWANTED: u32 = 3;

/// Counts a row that is a usual success; `None` if it is not.
#[inline(always)]
pub(super) fn count(row: Row<'_>, clock: &mut Clock, batch: &mut Batch) -> Option<()> {
    let Row { bytes, from, .. } = row;
    let mut before = Marks::from(row, from, BEFORE)?;
    if before.next() != STAMP {
        return None;
    }
    let stamp = clock.read(&before.bytes[..STAMP])?;
    let (elapsed, label, code, message) = (before.next(), before.next(), before.next(), before.next());
    let milliseconds = up_to_eight(before.bytes, STAMP + 1..elapsed)?;
    let said = before.bytes.get(code + 1..message)?;
    let is_sample = said.first().is_some_and(|byte| *byte != b'"') && said.len() < TRANSACTION.len();

    let start = from + message + 1;
    let mut behind = Marks::from(row, start, BEHIND)?;
    let (thread, data_type, success) = (behind.next(), behind.next(), behind.next());
    behind.skip(UNWANTED);
    let (of_group, users) = (behind.next(), behind.next());
    let users = up_to_eight(behind.bytes, of_group + 1..users)?;
    let is_success = behind.bytes.get(data_type + 1..success)? == b"true";

    let idle = row.last_delimiter()?;
    let is_busy = bytes.get(idle.checked_sub(2)?..idle)? == b",0";
    if !(is_sample && is_success && is_busy && label > elapsed + 1 && row.many == DELIMITERS) {
        return None;
    }
    let group = batch.group_of(bytes, start..start + thread)?;
    let label = batch.labels.number_of(bytes, from + elapsed + 1..from + label, read_label);
    batch.users = batch.users.max(Some(users as u32));
    batch.count(label, group, stamp, milliseconds * MILLISECOND.unsigned_abs());
    Some(())
}
