//! Rows taken apart: by bits, which is fast, or one after another where a quote stands unexpectedly.

use std::sync::{Mutex, PoisonError};

use super::super::batch::Batch;
use super::super::columns::Columns;
use super::super::stamps::Stamped;
use super::super::time::Clock;
use super::usual;
use crate::ingest::grid::{Reader, Row};
use crate::ingest::parser::{Parsed, Parser, line_ends};
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
    /// What stamps are, while usual rows are to be counted.
    pub(super) counted: Option<Stamped>,
}

impl Table {
    pub(super) fn dialect(&self) -> Dialect {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn change(&self, columns: Columns, clock: Option<Clock>) {
        let mut dialect = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *dialect = Dialect { number: dialect.number + 1, columns: Some(columns), clock, ..*dialect };
    }

    /// Says whether usual rows are to be counted from now on, and then what stamps are.
    pub(super) fn count(&self, counted: Option<Stamped>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).counted = counted;
    }
}

impl Parser for Table {
    type Batch = Batch;

    fn parse(&self, bytes: &[u8], last: bool, batch: &mut Batch) -> Parsed {
        let dialect = self.dialect();
        batch.clear(dialect.counted);
        batch.dialect = dialect.number;
        let (Some(columns), Some(clock)) = (dialect.columns, dialect.clock) else { return Parsed::default() };
        let mut clocked = clock;
        let by_bits = if last { None } else { by_bits(bytes, &columns, &mut clocked, batch) };
        let parsed = by_bits.unwrap_or_else(|| {
            batch.clear(dialect.counted);
            clocked = clock;
            plainly(bytes, last, &columns, &mut clocked, batch)
        });
        batch.zoneless = clocked.is_zoneless();
        batch.settle();
        parsed
    }
}

/// Finds the rows by bits; `None` where a quote stands where none should be.
fn by_bits(bytes: &[u8], columns: &Columns, clock: &mut Clock, batch: &mut Batch) -> Option<Parsed> {
    let mut grid = std::mem::take(&mut batch.grid);
    let may_be_usual = batch.is_counting() && clock.is_epoch() && *columns == Columns::USUAL;
    let mut rows = Rows { columns, may_be_usual, clock, batch, ends: Vec::new(), wrong: None };
    let walked = grid.rows(bytes, columns.delimiter, &mut rows);
    let wrong = rows.wrong;
    batch.grid = grid;
    walked.map(|walked| Parsed { bytes: walked.bytes, lines: walked.lines, wrong })
}

/// Puts rows into a batch.
struct Rows<'a> {
    columns: &'a Columns,
    /// Whether a row may be one that [`usual`] counts.
    may_be_usual: bool,
    clock: &'a mut Clock,
    batch: &'a mut Batch,
    ends: Vec<u32>,
    wrong: Option<String>,
}

impl Reader for Rows<'_> {
    #[inline(always)]
    fn read(&mut self, row: Row<'_>) -> bool {
        if self.may_be_usual && usual::count(row, self.clock, self.batch).is_some() {
            return true;
        }
        self.wrong = take(row.record(&mut self.ends), self.columns, self.clock, self.batch).err();
        self.wrong.is_none()
    }
}

/// Finds the rows one after another.
pub(super) fn plainly(bytes: &[u8], last: bool, columns: &Columns, clock: &mut Clock, batch: &mut Batch) -> Parsed {
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
        parsed.lines += line_ends(&rest[..next]);
    }
    parsed
}

/// Holds rows equal to those of the plain reading, be they counted or not. The first line names the columns, or they are the
/// usual ones; the first row behind it settles the pattern of the stamps.
#[cfg(any(test, fuzzing))]
pub(in crate::ingest) fn assert_agrees(bytes: &[u8]) {
    let (line, next) = super::first_line(bytes);
    let header = Columns::of_header(line);
    let bytes = &bytes[header.as_ref().map_or(0, |_| next)..];
    // Of rows near the end of a block none is counted.
    for bytes in [bytes.to_vec(), [bytes, &[b'\n'; 400]].concat()] {
        assert_rows_agree(&bytes, header.clone());
    }
}

#[cfg(any(test, fuzzing))]
fn assert_rows_agree(bytes: &[u8], header: Option<Columns>) {
    let (columns, mut ends, mut clock) = (header.unwrap_or(Columns::USUAL), Vec::new(), Clock::default());
    if let Found::Whole { size, .. } = record::read(bytes, columns.delimiter, Stray::Kept, false, &mut ends) {
        columns.settle(Record { bytes: &bytes[..size], ends: &ends }, &mut clock);
    }
    for counted in [None, Some(Stamped::Start), Some(Stamped::End)] {
        let (table, mut batch) = (Table::default(), Batch::default());
        table.change(columns.clone(), Some(clock));
        table.count(counted);
        let parsed = table.parse(bytes, false, &mut batch);
        let (seen, zoneless) = (batch.shown(), batch.zoneless);
        batch.clear(counted);
        let mut clock = clock;
        let plainly = plainly(bytes, false, &columns, &mut clock, &mut batch);
        batch.settle();
        let (seen, plain) =
            ((format!("{parsed:?}"), zoneless, seen), (format!("{plainly:?}"), clock.is_zoneless(), batch.shown()));
        assert_eq!(seen, plain, "{columns:?} {:?}", String::from_utf8_lossy(bytes));
    }
}

/// Puts the row of a record into the batch, or says what is wrong with it.
#[inline(never)]
fn take(record: Record<'_>, columns: &Columns, clock: &mut Clock, batch: &mut Batch) -> Result<(), String> {
    if record.is_blank() {
        return Ok(());
    }
    columns.read(record, clock, batch)
}
