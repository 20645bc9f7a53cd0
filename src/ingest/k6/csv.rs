//! `k6 run --out csv=FILE`: a header, then one row a point.
//!
//! <https://grafana.com/docs/k6/latest/results-output/real-time/csv/>. Columns follow the script's system tags and are
//! found by name. The file does not tell the types of metrics: those of the script are read as distributions of numbers,
//! in whatever unit k6 wrote them (milliseconds for times). Times are whole seconds unless `K6_CSV_TIME_FORMAT` says else.
//!
//! Nine rows in ten are of metrics that are not used, and are passed over by their first field.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, bail};

use super::batch::{Batch, Taken};
use super::points::{Points, Tags, is_undecided, label};
use super::time::{self, Clock};
use super::{Point, metric};
use crate::ingest::blocks::{self, Parsed, Parser, Place, Taker};
use crate::ingest::digits::decimal;
use crate::ingest::record::{self, Found, Record, Stray};
use crate::ingest::{Detail, Format, Head, Input, Recorder, marks, near};

pub(in crate::ingest) const FORMAT: Format =
    Format { name: "k6-csv", tool: "k6", about: "k6 run --out csv=FILE", detail: Detail::Raw, detect, read };

/// Columns without which a file is none of k6.
const ESSENTIAL: [&str; 3] = ["metric_name", "timestamp", "metric_value"];
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
        batch.clear();
        let Some(columns) = self.columns.get() else { return Parsed::default() };
        let mut rows = Rows { table: self, columns, joining: self.joining.load(Ordering::Relaxed), batch };
        if let Some(parsed) = (!last).then(|| rows.by_marks(bytes)).flatten() {
            return parsed;
        }
        rows.batch.clear();
        rows.plainly(bytes, last)
    }
}

/// Parses the rows of one block.
struct Rows<'a> {
    table: &'a Table,
    columns: &'a Columns,
    joining: bool,
    batch: &'a mut Batch,
}

impl Rows<'_> {
    /// Finds the rows by their marks; `None` where a quote stands where none should be.
    fn by_marks(&mut self, bytes: &[u8]) -> Option<Parsed> {
        let (mut wrong, mut ends) = (None, Vec::new());
        let walked = marks::lines(bytes, b',', |row| {
            if !self.passes_over_plain(row) && !self.is_known(row) {
                wrong = self.split(row, &mut ends).err();
            }
            wrong.is_none()
        })?;
        Some(Parsed { bytes: walked.bytes, lines: walked.lines, wrong })
    }

    /// Whether nothing of a row is used, as its first field tells where that is the metric, and plain.
    #[inline]
    fn passes_over_plain(&mut self, row: &[u8]) -> bool {
        if self.columns.metric != 0 {
            return row.is_empty();
        }
        let near = &row[..row.len().min(metric::LONGEST)];
        match near::either(b',', b'"', near) {
            Some(end) if near[end] == b',' => self.is_unused(&near[..end]),
            _ => row.is_empty(),
        }
    }

    /// Takes a row whose end was seen before, behind other times and values.
    fn is_known(&mut self, row: &[u8]) -> bool {
        let Some(Front { metric, when, value, tail }) = self.columns.front(row) else { return false };
        let batch = &mut *self.batch;
        let mut walker = std::mem::take(&mut batch.walker);
        let place = walker.known.place(tail);
        let time = time::parse(when, &mut walker.clock);
        let (known, value) = (walker.known.get(&place, tail), number(value));
        let undecided = known.zip(time).zip(value).map(|((known, time), value)| {
            if time::is_whole_second(when) {
                batch.coarse();
            }
            let point = Point { metric, time, value, ..known.point() };
            batch.push(&point);
            is_undecided(&point)
        });
        batch.walker = walker;
        self.join(undecided == Some(true));
        undecided.is_some()
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
            if (last || !self.is_unused(record.raw(Some(self.columns.metric))))
                && let Err(why) = self.row(record)
            {
                parsed.wrong = Some(why);
                return parsed;
            }
            parsed.bytes += next;
            parsed.lines += blocks::line_ends(&rest[..next]);
        }
        parsed
    }

    fn is_unused(&mut self, name: &[u8]) -> bool {
        let is_failed = !self.joining && name == metric::FAILED.as_bytes();
        self.batch.passed_over |= is_failed;
        is_failed || metric::is_passed_over(name)
    }

    fn join(&mut self, undecided: bool) {
        if undecided {
            self.joining = true;
            self.table.joining.store(true, Ordering::Relaxed);
        }
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
        let mut walker = std::mem::take(&mut self.batch.walker);
        let batch = &mut *self.batch;
        let front = std::str::from_utf8(record.bytes).ok().and_then(|_| self.columns.front(record.bytes));
        let undecided = self.columns.point(record, &mut walker.clock, |point| {
            if let Some(Front { tail, .. }) = front {
                let place = walker.known.place(tail);
                walker.known.keep(&place, tail, false, point);
            }
            batch.push(point);
            is_undecided(point)
        });
        self.batch.walker = walker;
        self.join(undecided?);
        Ok(())
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
        for taken in batch.taken() {
            match taken {
                Taken::Point(point) => self.points.take(&point, self.recorder),
                Taken::Coarse => {
                    self.coarse = true;
                    self.points.coarse();
                }
                Taken::Declared { .. } => {}
            }
        }
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

/// A row's first three fields, and what follows.
struct Front<'a> {
    metric: &'a str,
    when: &'a [u8],
    value: &'a [u8],
    tail: &'a [u8],
}

/// Where the columns are.
struct Columns {
    width: usize,
    metric: usize,
    time: usize,
    value: usize,
    name: Option<usize>,
    url: Option<usize>,
    method: Option<usize>,
    group: Option<usize>,
    status: Option<usize>,
    error: Option<usize>,
    error_code: Option<usize>,
    expected_response: Option<usize>,
}

impl Columns {
    fn of(header: Record<'_>, file: &str) -> Result<Self> {
        let names: Vec<_> = (0..header.len()).map(|at| header.text(Some(at))).collect();
        let find = |wanted: &str| names.iter().position(|name| name.trim() == wanted);
        let [Some(metric), Some(time), Some(value)] = ESSENTIAL.map(find) else {
            let missing = ESSENTIAL.iter().find(|name| find(name).is_none()).unwrap_or(&ESSENTIAL[0]);
            bail!("{file}: not a CSV of k6: no column '{missing}'; write it with k6 run --out csv=FILE");
        };
        Ok(Self {
            width: names.len(),
            metric,
            time,
            value,
            name: find("name"),
            url: find("url"),
            method: find("method"),
            group: find("group"),
            status: find("status"),
            error: find("error"),
            error_code: find("error_code"),
            expected_response: find("expected_response"),
        })
    }

    /// The front of a row that begins with metric, time and value, without quotes.
    fn front<'a>(&self, row: &'a [u8]) -> Option<Front<'a>> {
        if (self.metric, self.time, self.value) != (0, 1, 2) {
            return None;
        }
        let mut rest = row;
        let mut field = || {
            let (field, after) = rest.split_at(near::either(b',', b'"', rest)?);
            rest = after.strip_prefix(b",")?;
            Some(field)
        };
        let (metric, when, value) = (field()?, field()?, field()?);
        let metric = std::str::from_utf8(metric).ok().filter(|name| *name != ESSENTIAL[0])?;
        Some(Front { metric, when, value, tail: rest })
    }

    /// The point of a record, or what is wrong with it.
    fn point<T>(&self, record: Record<'_>, clock: &mut Clock, take: impl FnOnce(&Point<'_>) -> T) -> Result<T, String> {
        let text = |column: Option<usize>| record.text(column);
        let (when, value) = (record.raw(Some(self.time)), text(Some(self.value)));
        let value = number(value.as_bytes()).ok_or_else(|| format!("metric_value '{value}' is not a number"))?;
        let time = time::parse(when, clock).ok_or_else(|| {
            let when = String::from_utf8_lossy(when);
            format!("timestamp '{when}' is neither a Unix time nor an RFC 3339 time")
        })?;
        let [metric, name, url, method, group] =
            [Some(self.metric), self.name, self.url, self.method, self.group].map(text);
        let [status, error, error_code, expected_response] =
            [self.status, self.error, self.error_code, self.expected_response].map(text);
        let tags = Tags {
            group: &group,
            status: &status,
            error: &error,
            error_code: &error_code,
            expected_response: &expected_response,
        };
        Ok(take(&Point { metric: &metric, time, value, label: label(&name, &url, &method), tags }))
    }
}

fn number(text: &[u8]) -> Option<f64> {
    let exact = decimal(text).filter(|(_, size)| *size == text.len()).map(|(value, _)| value);
    exact.or_else(|| std::str::from_utf8(text).ok()?.parse().ok())
}

/// What a reading of rows gives, as text, beside how far it came.
#[cfg(any(test, fuzzing))]
fn shown(columns: &Columns, read: impl FnOnce(&mut Rows<'_>) -> Option<Parsed>) -> Option<String> {
    let (table, mut batch) = (Table::default(), Batch::default());
    let mut rows = Rows { table: &table, columns, joining: true, batch: &mut batch };
    let parsed = read(&mut rows)?;
    Some(format!("{parsed:?} {} {:?}", batch.appended, batch.taken().collect::<Vec<_>>()))
}

/// Holds rows equal to those of the plain reading, unless they are given up. The first record is the header.
#[cfg(any(test, fuzzing))]
pub(in crate::ingest) fn assert_agrees(bytes: &[u8]) {
    let mut ends = Vec::new();
    let header = record::read(bytes, b',', Stray::Refused, false, &mut ends);
    let Found::Whole { size, next } = header else { return };
    let Ok(columns) = Columns::of(Record { bytes: &bytes[..size], ends: &ends }, "x") else { return };
    let rest = &bytes[next..];
    if let Some(fast) = shown(&columns, |rows| rows.by_marks(rest)) {
        let plain = shown(&columns, |rows| Some(rows.plainly(rest, false)));
        assert_eq!(Some(fast), plain, "{:?}", String::from_utf8_lossy(bytes));
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
        fn rows_by_marks_are_those_of_the_plain_reading(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "http_req_duration,1795225991,2.5,true,fast\n", "http_req_duration,1795225991250,2.5,,\"a, \"\"b\"\"\nc\"\n", "checks,1795225992,1,,\r\n",
                "vus,1795225992,1,,\n", "metric_name,timestamp,metric_value,expected_response,name\n", "\"vus\",1795225992,1,,\n", "5\" hose,", "\"", ",", "\n", "\r\n", "a",
                "http_req_failed,1795225991,0,,fast\n", "http_reqs,1795225991,1,true,fast\n",
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
