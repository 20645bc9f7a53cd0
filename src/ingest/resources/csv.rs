//! Resource series as CSV: a first column `timestamp`, one column for each series.
//!
//! Times are Unix seconds (or milliseconds and finer) or RFC 3339. Commas, semicolons and tabs separate; the header
//! tells which. Columns that mean nothing and were not asked for may hold anything.

use anyhow::{Context, Result, bail};

use super::{Labels, time};
use crate::ingest::{Detail, Format, Head, Input, Recorder};

pub(in crate::ingest) const FORMAT: Format = Format {
    name: "resources-csv",
    tool: "",
    about: "memory and CPU series: CSV with a column timestamp",
    detail: Detail::Resources,
    detect,
    read,
};

/// Names of the column with the time.
const TIMES: [&[u8]; 5] = [b"timestamp", b"Timestamp", b"time", b"Time", b"ts"];
/// Columns of request logs, which also begin with a time (`JMeter` writes `timeStamp`).
const FOREIGN: [&[u8]; 7] =
    [b"elapsed", b"User Count", b"Requests/s", b"# requests", b"metric_name", b"latency", b"response_time"];

fn detect(head: &Head<'_>) -> bool {
    let line = head.first_line();
    let Some(header) = split(line, delimiter(line)) else { return false };
    header.len() > 1 && TIMES.contains(&header[0]) && !header.iter().any(|column| FOREIGN.contains(column))
}

fn read(input: &mut Input<'_>, recorder: &mut Recorder) -> Result<()> {
    let table = Table::begin(input, recorder)?;
    // One line is one row: a quoted field with a line end in it is none of a series.
    while let Some(line) = input.next_line()? {
        let (number, terminated) = (line.number, line.terminated);
        if line.bytes.trim_ascii().is_empty() {
            continue;
        }
        let taken = table.row(line.bytes, terminated, recorder)?;
        if let Err(why) = taken {
            input.malformed(number, terminated, &why, recorder)?;
        } else if !terminated {
            let name = input.name();
            recorder.run().warn(format!("{name}: the last line has no line end and may be cut: it was left out"));
        }
    }
    recorder.resources().end()
}

/// Which columns are series.
struct Table {
    delimiter: u8,
    /// Columns and numbers of their series.
    columns: Vec<(usize, String, usize)>,
    width: usize,
}

impl Table {
    fn begin(input: &mut Input<'_>, recorder: &mut Recorder) -> Result<Self> {
        let name = input.name();
        let resources = recorder.resources();
        resources.begin(name);
        let header = loop {
            match input.next_line()? {
                Some(line) if line.bytes.trim_ascii().is_empty() => {}
                Some(line) => break line.bytes.to_vec(),
                None => bail!("{name}: no header with a column 'timestamp'"),
            }
        };
        let delimiter = delimiter(&header);
        let fields = split(&header, delimiter).with_context(|| format!("{name}: the header has a quote too many"))?;
        let mut columns = Vec::new();
        for (at, column) in fields.iter().enumerate().skip(1) {
            let column = String::from_utf8_lossy(column).into_owned();
            if resources.wants(&column) {
                let series = resources.instance(&column, &Labels::new())?;
                columns.push((at, column, series));
            }
        }
        Ok(Self { delimiter, columns, width: fields.len() })
    }

    /// Takes a row that is `whole`, and looks at one that may not be; the inner error says why it is none.
    fn row(&self, line: &[u8], whole: bool, recorder: &mut Recorder) -> Result<Result<(), String>> {
        let Some(fields) = split(line, self.delimiter) else { return Ok(Err("a quote does not end".to_owned())) };
        if fields.len() != self.width {
            return Ok(Err(format!("{} fields where the header has {}", fields.len(), self.width)));
        }
        let text = |at: usize| std::str::from_utf8(fields[at]).unwrap_or("�");
        let Some(time) = time::parse(text(0)) else {
            return Ok(Err(format!("'{}' is neither Unix time nor RFC 3339 with a zone", text(0))));
        };
        for (at, column, series) in &self.columns {
            let text = text(*at);
            match text.parse::<f64>() {
                Ok(value) if whole => recorder.resources().add(*series, time, value)?,
                Ok(_) => {}
                // A gap: nothing was sampled.
                Err(_) if text.is_empty() => {}
                Err(_) => return Ok(Err(format!("'{text}' in the column '{column}' is no number"))),
            }
        }
        Ok(Ok(()))
    }
}

/// The separator that the header has.
fn delimiter(header: &[u8]) -> u8 {
    [b',', b';', b'\t'].into_iter().find(|byte| header.contains(byte)).unwrap_or(b',')
}

/// The fields of a line, without blanks and quotes around them; `None` where a quote does not end.
fn split(line: &[u8], delimiter: u8) -> Option<Vec<&[u8]>> {
    let mut fields = Vec::new();
    let mut rest = Some(line);
    while let Some(line) = rest {
        let blanks = line.iter().take_while(|byte| **byte == b' ').count();
        let (field, after) = match line[blanks..].strip_prefix(b"\"") {
            None => match memchr::memchr(delimiter, line) {
                Some(end) => (&line[..end], Some(&line[end + 1..])),
                None => (line, None),
            },
            Some(quoted) => {
                let end = end_of_quoted(quoted)?;
                let after = memchr::memchr(delimiter, &quoted[end..]).map(|at| &quoted[end + at + 1..]);
                (&quoted[..end], after)
            }
        };
        fields.push(field.trim_ascii());
        rest = after;
    }
    Some(fields)
}

/// Position of the quote that ends a field; a doubled one does not.
fn end_of_quoted(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr(b'"', &text[at..])?;
        if text.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_and_quoted_fields_are_fields() {
        let fields = |line: &'static str, delimiter| split(line.as_bytes(), delimiter).map(|fields| fields.len());
        assert_eq!(split(b"\t\"a\tb\" \tc", b'\t').unwrap(), [&b""[..], b"a\tb", b"c"]);
        assert_eq!(split(b" \"a\"\"b\" , 2,", b',').unwrap(), [&b"a\"\"b"[..], b"2", b""]);
        assert_eq!((fields("", b','), fields("\"a", b','), fields(",,", b',')), (Some(1), None, Some(3)));
    }
}
