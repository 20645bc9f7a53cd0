//! `k6 run --out csv=FILE`: a header, then one row a point.
//!
//! <https://grafana.com/docs/k6/latest/results-output/real-time/csv/>. Columns follow the script's system tags and are
//! found by name. The file does not tell the types of metrics: those of the script are read as distributions of numbers,
//! in whatever unit k6 wrote them (milliseconds for times). Times are whole seconds unless `K6_CSV_TIME_FORMAT` says else.
//!
//! Two rows in three are of metrics that are not used, and are passed over by their first field.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, bail};

use super::batch::{Batch, Between, Taken};
use super::columns::{Columns, ESSENTIAL};
use super::points::Points;
use super::unused::Table as Names;
use super::{metric, time};
use crate::ingest::bits::{self, Look};
use crate::ingest::blocks;
use crate::ingest::parser::{Parsed, Parser, Place, Taker, line_ends};
use crate::ingest::record::{self, Found, Record, Stray};
use crate::ingest::{Detail, Format, Head, Input, Recorder, lines, near};

pub(in crate::ingest) const FORMAT: Format =
    Format { name: "k6-csv", tool: "k6", about: "k6 run --out csv=FILE", detail: Detail::Raw, detect, read };

/// Names of metrics that are passed over, with the comma behind them.
static UNUSED: Names = Names::new(b',');
/// Longest record over several lines: names of checks may hold line ends, but are short.
const LONGEST_RECORD: usize = 64 << 10;

fn detect(head: &Head<'_>) -> bool {
    let columns: Vec<&[u8]> = head.first_line().split(|byte| *byte == b',').collect();
    ESSENTIAL.iter().all(|name| columns.contains(&name.as_bytes()))
}

fn read(input: &mut Input<'_>, recorder: &mut Recorder) -> Result<()> {
    let (table, name) = (Table::default(), input.name());
    let points = Points::default();
    let taking = Taking { table: &table, name, points, coarse: false, appended: false, recorder };
    blocks::read(input, &table, taking)?.finish();
    Ok(())
}

/// Parses rows, once the header was taken.
#[derive(Default)]
struct Table {
    columns: OnceLock<Columns>,
    /// Whether `http_req_failed` is needed.
    joining: AtomicBool,
}

impl Parser for Table {
    type Batch = Batch;

    fn parse(&self, bytes: &[u8], last: bool, batch: &mut Batch) -> Parsed {
        batch.clear(false);
        let Some(columns) = self.columns.get() else { return Parsed::default() };
        let mut rows = Rows { columns, joining: self.joining.load(Ordering::Relaxed), batch };
        let parsed = match (!last).then(|| rows.by_lines(bytes)).flatten() {
            Some(parsed) => parsed,
            None => {
                rows.batch.clear(false);
                rows.plainly(bytes, last)
            }
        };
        if batch.undecided {
            self.joining.store(true, Ordering::Relaxed);
        }
        parsed
    }
}

/// Parses the rows of one block.
struct Rows<'a> {
    columns: &'a Columns,
    joining: bool,
    batch: &'a mut Batch,
}

impl Rows<'_> {
    /// Finds the rows by their line ends; `None` where a quote or a carriage return stands where none should be.
    fn by_lines(&mut self, bytes: &[u8]) -> Option<Parsed> {
        let Self { columns, joining, ref mut batch } = *self;
        let mut reader =
            ByLines { rows: Rows { columns, joining, batch }, ends: Vec::new(), wrong: None, is_odd: false };
        let walked = lines::lines(bytes, b',', &mut reader)?;
        (!reader.is_odd).then_some(Parsed { bytes: walked.bytes, lines: walked.lines, wrong: reader.wrong })
    }

    /// Whether nothing of a row is used, as its first field tells where that is the metric, and plain.
    #[inline(always)]
    fn passes_over(&mut self, row: &[u8]) -> bool {
        match row.first_chunk() {
            _ if self.columns.metric != 0 => row.is_empty(),
            Some(start) => match UNUSED.find(start) {
                Some(name) if name.is_failed => self.passes_over_failed(),
                name => name.is_some(),
            },
            None => self.passes_over_short(row),
        }
    }

    #[inline(never)]
    fn passes_over_short(&mut self, row: &[u8]) -> bool {
        match near::either(b',', b'"', row) {
            Some(end) if row[end] == b',' => self.is_unused(&row[..end]),
            _ => row.is_empty(),
        }
    }

    /// Takes a row whose end was seen before, behind other times and values.
    #[inline(always)]
    fn is_known(&mut self, look: impl Look, row: &[u8]) -> bool {
        let batch = &mut *self.batch;
        let Some(front) = self.columns.front(look, row, &mut batch.clock) else { return false };
        let Some(tail) = batch.known.find(Some(front.metric), front.tail) else { return false };
        if front.is_whole_second {
            batch.coarse();
        }
        batch.add(front.time, front.value, tail);
        true
    }

    /// Takes a row apart.
    fn split(&mut self, row: &[u8], ends: &mut Vec<u32>) -> Result<(), String> {
        match record::read(row, b',', Stray::Refused, true, ends) {
            Found::Whole { size, .. } => self.row(Record { bytes: &row[..size], ends }),
            Found::Open => Err("a quoted field does not end".to_owned()),
            Found::Wrong(why) => Err(why.to_owned()),
        }
    }

    /// Finds the rows one after another.
    fn plainly(&mut self, bytes: &[u8], last: bool) -> Parsed {
        let (mut ends, mut parsed) = (Vec::new(), Parsed::default());
        while parsed.bytes < bytes.len() {
            let rest = &bytes[parsed.bytes..];
            let (size, next) = match record::read(rest, b',', Stray::Refused, last, &mut ends) {
                Found::Whole { size, next } => (size, next),
                Found::Open if rest.len() <= LONGEST_RECORD && !last => return parsed,
                Found::Open => {
                    parsed.wrong = Some("a quoted field does not end".to_owned());
                    return parsed;
                }
                Found::Wrong(why) => {
                    parsed.wrong = Some(why.to_owned());
                    return parsed;
                }
            };
            let record = Record { bytes: &rest[..size], ends: &ends };
            // A row that the file may end in is read in full, to find out.
            if (last || !self.passes_over_record(record))
                && let Err(why) = self.row(record)
            {
                parsed.wrong = Some(why);
                return parsed;
            }
            parsed.bytes += next;
            parsed.lines += line_ends(&rest[..next]);
        }
        parsed
    }

    /// The same of a record: whether its first field, of several, is the metric, plain, and one that is not used.
    fn passes_over_record(&mut self, record: Record<'_>) -> bool {
        self.columns.metric == 0 && record.len() > 1 && self.is_unused(record.field(Some(0)))
    }

    fn is_unused(&mut self, name: &[u8]) -> bool {
        metric::is_passed_over(name) || (name == metric::FAILED.as_bytes() && self.passes_over_failed())
    }

    fn passes_over_failed(&mut self) -> bool {
        let is_unused = !self.joining && !self.batch.undecided;
        self.batch.passed_over |= is_unused;
        is_unused
    }

    /// Takes one record, or says what is wrong with it.
    fn row(&mut self, record: Record<'_>) -> Result<(), String> {
        if record.is_blank() {
            return Ok(());
        }
        if record.len() != self.columns.width {
            return Err(format!("the row has {} columns, the header has {}", record.len(), self.columns.width));
        }
        let name = record.text(Some(self.columns.metric));
        if name == ESSENTIAL[0] {
            self.batch.appended = true;
            return Ok(());
        }
        if metric::is_unused(&name) {
            return Ok(());
        }
        if time::is_whole_second(record.raw(Some(self.columns.time))) {
            self.batch.coarse();
        }
        let batch = &mut *self.batch;
        let mut clock = batch.clock;
        let is_text = std::str::from_utf8(record.bytes).is_ok();
        let front = self.columns.front(bits::usual(), record.bytes, &mut clock).filter(|_| is_text);
        self.columns.point(record, &mut clock, |point| {
            batch.push(point, front.map(|front| (Some(front.metric), front.tail)));
        })?;
        batch.clock = clock;
        Ok(())
    }
}

/// Reads rows that are lines.
struct ByLines<'a> {
    rows: Rows<'a>,
    ends: Vec<u32>,
    wrong: Option<String>,
    /// Whether a row ended in a second carriage return, which is one of its last field.
    is_odd: bool,
}

impl lines::Reader for ByLines<'_> {
    #[inline(always)]
    fn passes_over(&mut self, row: &[u8]) -> bool {
        self.rows.passes_over(row)
    }

    #[inline(always)]
    fn read(&mut self, look: impl Look, row: &[u8]) -> bool {
        self.rows.is_known(look, row) || self.is_read(row)
    }
}

impl ByLines<'_> {
    #[inline(never)]
    fn is_read(&mut self, row: &[u8]) -> bool {
        self.is_odd = row.ends_with(b"\r");
        self.wrong = if self.is_odd { None } else { self.rows.split(row, &mut self.ends).err() };
        self.wrong.is_none() && !self.is_odd
    }
}

/// Takes points in the order of the file.
struct Taking<'a> {
    table: &'a Table,
    name: &'a str,
    points: Points,
    coarse: bool,
    appended: bool,
    recorder: &'a mut Recorder,
}

impl Taker<Batch> for Taking<'_> {
    fn take(&mut self, place: &Place<'_>, batch: &mut Batch) -> Result<Option<usize>> {
        if self.table.columns.get().is_none() {
            return self.begin(place);
        }
        if batch.passed_over && self.points.is_joining() {
            self.table.joining.store(true, Ordering::Relaxed);
            return Ok(Some(0));
        }
        self.appended |= batch.appended;
        batch.each(|taken| match taken {
            Taken::Value(time, value, tail) => self.points.take(time, value, tail, self.recorder),
            Taken::Between(Between::Coarse) => {
                self.coarse = true;
                self.points.coarse();
            }
            Taken::Between(Between::Declared { .. }) => {}
        });
        batch.each_counted(|tail| Points::take_counted(tail, self.recorder));
        Ok(None)
    }

    fn recorder(&mut self) -> &mut Recorder {
        self.recorder
    }
}

impl Taking<'_> {
    /// Takes the header, the first record with something in it.
    fn begin(&mut self, place: &Place<'_>) -> Result<Option<usize>> {
        let (mut at, mut ends) = (0, Vec::new());
        while at < place.bytes.len() {
            let rest = &place.bytes[at..];
            let (size, next) = match record::read(rest, b',', Stray::Refused, place.last, &mut ends) {
                Found::Whole { size, next } => (size, next),
                Found::Open => break,
                Found::Wrong(why) => bail!("{}: the header is broken: {why}", self.name),
            };
            at += next;
            let record = Record { bytes: &rest[..size], ends: &ends };
            if !record.is_blank() {
                // Only one thread takes: it is not set twice.
                let _ = self.table.columns.set(Columns::of(record, self.name)?);
                return Ok(Some(at));
            }
        }
        Ok((at > 0).then_some(at))
    }

    fn finish(self) {
        if self.appended {
            self.recorder.run().warn("the file has its header twice: it holds several runs, which count as one");
        }
        if self.coarse {
            self.recorder.run().warn(
                "times are whole seconds: requests were spread evenly over theirs; \
                 K6_CSV_TIME_FORMAT=unix_milli writes them as they were",
            );
        }
        self.points.finish(self.recorder);
    }
}

/// What a reading of rows gives, as text, beside how far it came.
#[cfg(any(test, fuzzing))]
fn shown(columns: &Columns, joining: bool, read: impl FnOnce(&mut Rows<'_>) -> Option<Parsed>) -> Option<String> {
    let mut batch = Batch::default();
    let mut rows = Rows { columns, joining, batch: &mut batch };
    let parsed = read(&mut rows)?;
    let flags = (batch.appended, batch.passed_over, batch.undecided);
    Some(format!("{parsed:?} {flags:?} {:?}", batch.shown()))
}

/// Holds rows equal to those of the plain reading, unless they are given up. The first record is the header.
#[cfg(any(test, fuzzing))]
pub(in crate::ingest) fn assert_agrees(bytes: &[u8]) {
    let mut ends = Vec::new();
    let header = record::read(bytes, b',', Stray::Refused, false, &mut ends);
    let Found::Whole { size, next } = header else { return };
    let Ok(columns) = Columns::of(Record { bytes: &bytes[..size], ends: &ends }, "x") else { return };
    let rest = &bytes[next..];
    for joining in [false, true] {
        if let Some(fast) = shown(&columns, joining, |rows| rows.by_lines(rest)) {
            let plain = shown(&columns, joining, |rows| Some(rows.plainly(rest, false)));
            assert_eq!(Some(fast), plain, "{:?}", String::from_utf8_lossy(bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::testing::run;
    use proptest::prelude::*;

    #[test]
    fn stray_quotes_are_refused_instead_of_swallowing_rows() {
        for row in ["vus,1,1,5\" hose", "vus,1,1,\"a\"b", "http_reqs,1,1,5\" hose"] {
            let text = format!("metric_name,timestamp,metric_value,name\n{row}\nvus,1795225992,1,\n");
            let said = run(&[("x.csv", text.as_bytes())]).unwrap_err().to_string();
            assert!(said.contains("x.csv:2: a quote stands inside a"), "{row}: {said}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn rows_by_line_ends_are_those_of_the_plain_reading(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "http_req_duration,1795225991,2.5,true,fast\n", "http_req_duration,1795225991250,2.5,,\"a, \"\"b\"\"\nc\"\n", "checks,1795225992,1,,\r\n",
                "vus,1795225992,1,,\n", "metric_name,timestamp,metric_value,expected_response,name\n", "\"vus\",1795225992,1,,\n", "5\" hose,", "\"", ",", "\n", "\r\n", "a",
                "http_req_failed,1795225991,0,,fast\n", "http_reqs\n", "vus,1795225992,1,,\r\r\n", "\"http_reqs\",1\n", "http_reqs,1\n", "http_reqs,1795225991,1,true,fast\n",
            ]), 0..30),
        ) {
            let header = "metric_name,timestamp,metric_value,expected_response,name\n";
            assert_agrees((header.to_owned() + &pieces.concat()).as_bytes());
        }

        #[test]
        fn no_text_makes_it_panic(text in "[ -~\n\r\"]{0,120}") {
            let _ = run(&[("x.csv", format!("metric_name,timestamp,metric_value\n{text}").as_bytes())]);
        }
    }
}
