//! Resource series as CSV: a first column `timestamp`, one column for each series.
//!
//! Times are Unix seconds (or milliseconds and finer) or RFC 3339. Commas, semicolons and tabs separate; the header
//! tells which. Columns that mean nothing and were not asked for may hold anything.

use anyhow::{Context, Result, bail};
use csv::{ByteRecord, ReaderBuilder};

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
    let header: Vec<&[u8]> = line.split(|byte| *byte == delimiter(line)).map(unquoted).collect();
    header.len() > 1 && TIMES.contains(&header[0]) && !header.iter().any(|column| FOREIGN.contains(column))
}

fn read(input: &mut Input<'_>, recorder: &mut Recorder) -> Result<()> {
    let table = Table::begin(input, recorder)?;
    let mut record = ByteRecord::new();
    // One line is one row: a quoted field with a line end in it is none of a series.
    while let Some(line) = input.next_line()? {
        let (number, terminated) = (line.number, line.terminated);
        if line.bytes.trim_ascii().is_empty() {
            continue;
        }
        let taken = table.row(line.bytes, terminated, &mut record, recorder)?;
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
        let mut fields = ByteRecord::new();
        split(&header, delimiter, &mut fields).with_context(|| format!("{name}: no CSV header"))?;
        let mut columns = Vec::new();
        for (at, column) in fields.iter().enumerate().skip(1) {
            let column = String::from_utf8_lossy(column.trim_ascii()).into_owned();
            if resources.wants(&column) {
                let series = resources.instance(&column, &Labels::new())?;
                columns.push((at, column, series));
            }
        }
        Ok(Self { delimiter, columns, width: fields.len() })
    }

    /// Takes a row that is `whole`, and looks at one that may not be; the inner error says why it is none.
    fn row(
        &self,
        line: &[u8],
        whole: bool,
        record: &mut ByteRecord,
        recorder: &mut Recorder,
    ) -> Result<Result<(), String>> {
        if split(line, self.delimiter, record).is_err() || record.len() != self.width {
            return Ok(Err(format!("{} fields where the header has {}", record.len(), self.width)));
        }
        let field = |at: usize| String::from_utf8_lossy(record.get(at).unwrap_or_default()).trim().to_owned();
        let Some(time) = time::parse(&field(0)) else {
            return Ok(Err(format!("'{}' is neither Unix time nor RFC 3339 with a zone", field(0))));
        };
        for (at, column, series) in &self.columns {
            let text = field(*at);
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

fn unquoted(field: &[u8]) -> &[u8] {
    let field = field.trim_ascii();
    field.strip_prefix(b"\"").and_then(|field| field.strip_suffix(b"\"")).unwrap_or(field)
}

fn split(line: &[u8], delimiter: u8, record: &mut ByteRecord) -> csv::Result<bool> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter)
        .buffer_capacity(line.len().max(1))
        .from_reader(line);
    reader.read_byte_record(record)
}
