//! `k6 run --out csv=FILE`: a header, then one row a point.
//!
//! <https://grafana.com/docs/k6/latest/results-output/real-time/csv/>. Columns follow the script's system tags and are
//! found by name. The file does not tell the types of metrics: those of the script are read as distributions of numbers,
//! in whatever unit k6 wrote them (milliseconds for times). Times are whole seconds unless `K6_CSV_TIME_FORMAT` says else.

use std::borrow::Cow;

use anyhow::{Result, bail};

use super::points::{Point, Points, Tags};
use super::time;
use crate::ingest::{Detail, Format, Head, Input, Recorder};

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
    let mut record = Vec::new();
    let mut rows: Option<Rows> = None;
    while let Some(place) = next_record(input, &mut record)? {
        match &mut rows {
            _ if record.is_empty() => {}
            None => rows = Some(Rows::of(Columns::of(&record, input.name())?)),
            Some(rows) => {
                if let Err(why) = rows.take(&record, place.terminated, recorder) {
                    input.malformed(place.number, place.terminated, &why, recorder)?;
                }
            }
        }
    }
    if let Some(rows) = rows {
        rows.finish(recorder);
    }
    Ok(())
}

/// Where a record begins, and whether its end was seen.
struct Place {
    number: u64,
    terminated: bool,
}

/// Reads the next record, over several lines where a quoted field holds line ends.
fn next_record(input: &mut Input<'_>, record: &mut Vec<u8>) -> Result<Option<Place>> {
    record.clear();
    let mut place = None;
    while let Some(line) = input.next_line()? {
        let place = place.get_or_insert(Place { number: line.number, terminated: true });
        place.terminated = line.terminated;
        record.extend_from_slice(line.bytes);
        let open = memchr::memchr_iter(b'"', record).count() % 2 == 1;
        if !open || record.len() > LONGEST_RECORD {
            return Ok(Some(Place { ..*place }));
        }
        record.push(b'\n');
    }
    // The file ends inside quotes.
    Ok(place.map(|place| Place { terminated: false, ..place }))
}

/// The rows under one header.
struct Rows {
    columns: Columns,
    points: Points,
    coarse: bool,
    appended: bool,
}

impl Rows {
    fn of(columns: Columns) -> Self {
        Self { columns, points: Points::default(), coarse: false, appended: false }
    }

    /// Takes one record, or says what is wrong with it.
    fn take(&mut self, record: &[u8], terminated: bool, recorder: &mut Recorder) -> Result<(), String> {
        let columns = &self.columns;
        if terminated && columns.metric == 0 && !self.points.wants(plain_first(record)) {
            return Ok(());
        }
        let text = String::from_utf8_lossy(record);
        let fields = split(&text)?;
        if fields.len() != columns.width {
            return Err(format!("the row has {} columns, the header has {}", fields.len(), columns.width));
        }
        let (metric, when, value) = (&*fields[columns.metric], &*fields[columns.time], &*fields[columns.value]);
        if metric == ESSENTIAL[0] {
            self.appended = true;
        } else if self.points.wants(metric) {
            let value = value.parse().map_err(|_| format!("metric_value '{value}' is not a number"))?;
            let time = time::parse(when.as_bytes())
                .ok_or_else(|| format!("timestamp '{when}' is neither a Unix time nor an RFC 3339 time"))?;
            if time::is_whole_second(when.as_bytes()) {
                self.coarse = true;
                self.points.coarse();
            }
            self.points.take(&Point { metric, time, value, tags: columns.tags(&fields) }, recorder);
        }
        Ok(())
    }

    fn finish(self, recorder: &mut Recorder) {
        if self.appended {
            recorder.run().warn("the file has its header twice: it holds several runs, which count as one");
        }
        if self.coarse {
            recorder.run().warn(
                "times are whole seconds: requests were spread evenly over theirs; \
                 K6_CSV_TIME_FORMAT=unix_milli writes them as they were",
            );
        }
        self.points.finish(recorder);
    }
}

/// The first field of a record as it stands; not a name of k6 where it is quoted.
fn plain_first(record: &[u8]) -> &str {
    let end = memchr::memchr(b',', record).unwrap_or(record.len());
    std::str::from_utf8(&record[..end]).unwrap_or_default()
}

/// Fields of a record by RFC 4180; a quote may stand only around a field, and doubled inside one.
fn split(record: &str) -> Result<Vec<Cow<'_, str>>, String> {
    let mut fields = Vec::with_capacity(24);
    let mut rest = record;
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let end = memchr::memchr(b',', rest.as_bytes()).unwrap_or(rest.len());
                if memchr::memchr(b'"', &rest.as_bytes()[..end]).is_some() {
                    return Err("a quote stands inside a field that is not quoted".to_owned());
                }
                (Cow::Borrowed(&rest[..end]), &rest[end..])
            }
        };
        fields.push(field);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(fields),
            None => return Err("a quote stands inside a quoted field and is not doubled".to_owned()),
        }
    }
}

/// The text up to the closing quote, and what follows it.
fn unquoted(text: &str) -> Result<(Cow<'_, str>, &str), String> {
    let mut from = 0;
    while let Some(quote) = memchr::memchr(b'"', &text.as_bytes()[from..]).map(|at| from + at) {
        if !text[quote + 1..].starts_with('"') {
            let field = &text[..quote];
            let field =
                if field.contains('"') { Cow::Owned(field.replace("\"\"", "\"")) } else { Cow::Borrowed(field) };
            return Ok((field, &text[quote + 1..]));
        }
        from = quote + 2;
    }
    Err("a quoted field does not end".to_owned())
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
    fn of(header: &[u8], file: &str) -> Result<Self> {
        let text = String::from_utf8_lossy(header);
        let names = split(&text).map_err(|why| anyhow::anyhow!("{file}: the header is broken: {why}"))?;
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

    fn tags<'a>(&self, fields: &'a [Cow<'_, str>]) -> Tags<'a> {
        let text = |column: Option<usize>| column.map_or("", |at| &*fields[at]);
        Tags {
            name: text(self.name),
            url: text(self.url),
            method: text(self.method),
            group: text(self.group),
            status: text(self.status),
            error: text(self.error),
            error_code: text(self.error_code),
            expected_response: text(self.expected_response),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quoted_fields_hold_commas_quotes_and_line_ends() {
        assert_eq!(split("a,\"b, \"\"c\"\"\nd\",,\"\"").unwrap(), ["a", "b, \"c\"\nd", "", ""]);
        assert_eq!(split("").unwrap(), [""]);
    }

    #[test]
    fn stray_quotes_are_refused_instead_of_swallowing_rows() {
        for text in ["5\" hose,a", "\"a\"b,c", "\"open,a\n"] {
            assert!(split(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn written_records_split_into_their_fields(fields in prop::collection::vec("[a\",\n ]{0,6}", 2..8)) {
            let mut writer = ::csv::WriterBuilder::new().from_writer(Vec::new());
            writer.write_record(&fields).unwrap();
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            prop_assert_eq!(split(text.strip_suffix('\n').unwrap()).unwrap(), fields);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,60}") {
            let _ = split(&text);
        }
    }
}
