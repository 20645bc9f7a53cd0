//! `jmeter-csv`: a JTL as `JMeter` writes it by default, one row for each sample.

mod table;
#[cfg(test)]
mod tests;
mod usual;

use anyhow::{Context, Result};

use super::Rows;
use super::batch::Batch;
use super::columns::Columns;
use super::time::Clock;
use crate::ingest::blocks;
use crate::ingest::parser::{Place, Taker};
use crate::ingest::record::{self, Found, Record, Stray};
use crate::ingest::{Detail, Format, Head, Input, Recorder};
use table::{Dialect, Table};

#[cfg(fuzzing)]
pub(in crate::ingest) use table::assert_agrees;

pub(in crate::ingest) const FORMAT: Format = Format {
    name: "jmeter-csv",
    tool: "jmeter",
    about: "JMeter results as CSV (`-l results.jtl`)",
    detail: Detail::Raw,
    detect,
    read,
};

fn detect(head: &Head<'_>) -> bool {
    let line = head.first_line();
    Columns::of_header(line).or_else(|| Columns::of_row(line)).is_some()
}

fn read(input: &mut Input<'_>, recorder: &mut Recorder) -> Result<()> {
    let (table, name) = (Table::default(), input.name());
    let taking = Taking { table: &table, name, rows: Rows::new(recorder), zoneless: false, is_full: false };
    let taking = blocks::read(input, &table, taking)?;
    let zoneless = taking.zoneless;
    taking.rows.finish();
    if zoneless {
        recorder.run().warn("timeStamp has no time zone and was taken as UTC: the start of the run may be hours off");
    }
    Ok(())
}

/// Takes rows in the order of the file.
struct Taking<'a> {
    table: &'a Table,
    name: &'a str,
    rows: Rows<'a>,
    zoneless: bool,
    /// Whether labels are so many that rows can no longer be counted.
    is_full: bool,
}

impl Taker<Batch> for Taking<'_> {
    fn take(&mut self, place: &Place<'_>, batch: &mut Batch) -> Result<Option<usize>> {
        let dialect = self.table.dialect();
        if dialect.clock.is_none() {
            return self.settle(dialect, place);
        }
        if batch.dialect != dialect.number {
            return Ok(Some(0));
        }
        if batch.is_counting() && !self.rows.has_room(batch) {
            self.is_full = true;
            self.table.count(None);
            return Ok(Some(0));
        }
        self.zoneless |= batch.zoneless;
        self.rows.take_all(batch);
        if !batch.is_counting() && !self.is_full {
            self.table.count(self.rows.stamped());
        }
        Ok(None)
    }

    /// A header in the middle: a file was appended.
    fn refused(&mut self, place: &Place<'_>) -> Result<Option<usize>> {
        let (line, next) = first_line(place.bytes);
        let Some(columns) = Columns::of_header(line) else { return Ok(None) };
        columns.check(self.name)?;
        self.table.change(columns, None);
        let message = format!("{}:{}: a second header: two runs are mixed", self.name, place.line);
        self.rows.recorder().run().warn(message + " in this file (-l appends); remove it before each run");
        Ok(Some(next))
    }

    fn recorder(&mut self) -> &mut Recorder {
        self.rows.recorder()
    }
}

impl Taking<'_> {
    /// Learns the columns from the first line with something in it, and the pattern of the stamps from the first row.
    fn settle(&mut self, dialect: Dialect, place: &Place<'_>) -> Result<Option<usize>> {
        let (mut at, mut line) = (0, place.line);
        loop {
            let (first, next) = first_line(&place.bytes[at..]);
            if next == 0 || (!place.last && place.bytes[at + next - 1] != b'\n') {
                return Ok((at > 0).then_some(at));
            }
            if !first.trim_ascii().is_empty() {
                break;
            }
            (at, line) = (at + next, line + 1);
        }
        let Some(columns) = dialect.columns else {
            return self.begin(&place.bytes[at..], line).map(|header| Some(at + header));
        };
        let (mut ends, mut clock) = (Vec::new(), Clock::default());
        let rest = &place.bytes[at..];
        match record::read(rest, columns.delimiter, Stray::Kept, place.last, &mut ends) {
            Found::Open if !place.last => return Ok(None),
            Found::Whole { size, .. } => columns.settle(Record { bytes: &rest[..size], ends: &ends }, &mut clock),
            // What is wrong is told when the row is read.
            Found::Open | Found::Wrong(_) => {}
        }
        self.table.change(columns, Some(clock));
        Ok(Some(at))
    }

    /// Learns the columns from the first line; answers how many bytes of it are their header.
    fn begin(&mut self, bytes: &[u8], line: u64) -> Result<usize> {
        let (first, next) = first_line(bytes);
        // The mark is taken off where bytes are decompressed; this is for callers that do not.
        let mark = if first.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let first = &first[mark..];
        let header = Columns::of_header(first);
        let has_header = header.is_some();
        let columns = header.or_else(|| Columns::of_row(first)).with_context(|| {
            let name = self.name;
            format!(
                "{name}:{line}: neither a header of a JTL nor a row with default columns; run JMeter with \
                 -Jjmeter.save.saveservice.print_field_names=true"
            )
        })?;
        columns.check(self.name)?;
        self.table.change(columns, None);
        Ok(if has_header { next } else { mark })
    }
}

/// The first line without its end, and the bytes of it with its end.
fn first_line(bytes: &[u8]) -> (&[u8], usize) {
    let next = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
    let line = bytes[..next].strip_suffix(b"\n").unwrap_or(&bytes[..next]);
    (line.strip_suffix(b"\r").unwrap_or(line), next)
}
