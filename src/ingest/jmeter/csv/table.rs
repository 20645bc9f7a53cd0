//! Rows taken apart: by their marks, which is fast, or one after another where a quote stands unexpectedly.

use std::sync::{Mutex, PoisonError};

use super::super::batch::Batch;
use super::super::columns::{Columns, Layout, Usual};
use super::super::time::Clock;
use crate::ingest::blocks::{self, Parsed, Parser};
use crate::ingest::marks;
use crate::ingest::record::{self, Found, Record, Stray};

/// Parses rows, in a dialect that the first of them tell.
#[derive(Default)]
pub(super) struct Table(Mutex<Dialect>);

/// How rows are written.
#[derive(Clone, Default)]
pub(super) struct Dialect {
    /// Counts dialects: a header in the middle of a file begins another.
    pub(super) number: u64,
    pub(super) columns: Option<Columns>,
    /// Knows the pattern of the stamps; `None` until a row was seen.
    pub(super) clock: Option<Clock>,
}

impl Table {
    pub(super) fn dialect(&self) -> Dialect {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn change(&self, columns: Columns, clock: Option<Clock>) {
        let mut dialect = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *dialect = Dialect { number: dialect.number + 1, columns: Some(columns), clock };
    }
}

impl Parser for Table {
    type Batch = Batch;

    fn parse(&self, bytes: &[u8], last: bool, batch: &mut Batch) -> Parsed {
        let dialect = self.dialect();
        batch.clear();
        batch.dialect = dialect.number;
        let (Some(columns), Some(clock)) = (dialect.columns, dialect.clock) else { return Parsed::default() };
        let mut clocked = clock;
        let by_marks = match &columns {
            _ if last => None,
            columns if *columns == Columns::USUAL => by_marks(bytes, Usual, &mut clocked, batch),
            columns => by_marks(bytes, columns, &mut clocked, batch),
        };
        let parsed = by_marks.unwrap_or_else(|| {
            batch.clear();
            clocked = clock;
            plainly(bytes, last, &columns, &mut clocked, batch)
        });
        batch.zoneless = clocked.is_zoneless();
        parsed
    }
}

/// Finds the rows by their marks; `None` where a quote stands where none should be.
fn by_marks(bytes: &[u8], layout: impl Layout, clock: &mut Clock, batch: &mut Batch) -> Option<Parsed> {
    let mut wrong = None;
    let walked = marks::records(bytes, layout.columns().delimiter, |record| {
        wrong = take(record, layout.columns(), clock, batch).err();
        wrong.is_none()
    })?;
    Some(Parsed { bytes: walked.bytes, lines: walked.lines, wrong })
}

/// Finds the rows one after another.
fn plainly(bytes: &[u8], last: bool, columns: &Columns, clock: &mut Clock, batch: &mut Batch) -> Parsed {
    let (mut ends, mut parsed) = (Vec::new(), Parsed::default());
    while parsed.bytes < bytes.len() {
        let rest = &bytes[parsed.bytes..];
        let (row, next) = match record::read(rest, columns.delimiter, Stray::Kept, last, &mut ends) {
            Found::Whole { size, next } => {
                (take(Record { bytes: &rest[..size], ends: &ends }, columns, clock, batch), next)
            }
            Found::Open if !last => return parsed,
            Found::Open | Found::Wrong(_) => (Err("its quotes do not match".to_owned()), 0),
        };
        if let Err(why) = row {
            parsed.wrong = Some(why);
            return parsed;
        }
        parsed.bytes += next;
        parsed.lines += blocks::line_ends(&rest[..next]);
    }
    parsed
}

/// Holds rows equal to those of the plain reading. The first line names the columns, or they are the usual ones; the first
/// row behind it settles the pattern of the stamps.
#[cfg(any(test, fuzzing))]
pub(in crate::ingest) fn assert_agrees(bytes: &[u8]) {
    let (line, next) = super::first_line(bytes);
    let header = Columns::of_header(line);
    let bytes = &bytes[header.as_ref().map_or(0, |_| next)..];
    let (columns, mut ends, mut clock) = (header.unwrap_or(Columns::USUAL), Vec::new(), Clock::default());
    if let Found::Whole { size, .. } = record::read(bytes, columns.delimiter, Stray::Kept, false, &mut ends) {
        columns.settle(Record { bytes: &bytes[..size], ends: &ends }, &mut clock);
    }
    let shown = |parsed: Parsed, batch: &Batch, zoneless: bool| {
        let rows: Vec<_> = batch.rows().map(|(row, rest)| batch.row(&row, rest)).collect();
        format!("{parsed:?} {zoneless} {:?} {rows:?}", batch.users)
    };
    let (table, mut batch) = (Table::default(), Batch::default());
    table.change(columns.clone(), Some(clock));
    let parsed = table.parse(bytes, false, &mut batch);
    let seen = shown(parsed, &batch, batch.zoneless);
    batch.clear();
    let parsed = plainly(bytes, false, &columns, &mut clock, &mut batch);
    assert_eq!(seen, shown(parsed, &batch, clock.is_zoneless()), "{columns:?} {:?}", String::from_utf8_lossy(bytes));
}

/// Puts the row of a record into the batch, or says what is wrong with it.
#[inline(always)]
fn take(record: Record<'_>, columns: &Columns, clock: &mut Clock, batch: &mut Batch) -> Result<(), String> {
    if record.is_blank() {
        return Ok(());
    }
    columns.read(record, clock, batch)
}
