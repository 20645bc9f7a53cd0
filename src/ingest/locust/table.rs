//! A CSV file of Locust: columns by name, whichever version wrote it, and rows one at a time.

use std::borrow::Cow;
use std::io::BufRead;

use anyhow::{Context, Result, bail, ensure};
use csv::{ByteRecord, Reader, ReaderBuilder};

use crate::ingest::{Head, Input, Recorder};

/// A CSV file whose header was read.
pub(super) struct Table<'a, 'i> {
    name: &'a str,
    reader: Reader<&'a mut Input<'i>>,
    header: Vec<String>,
    strict_end: bool,
}

/// One row of a table.
pub(super) struct Row<'a> {
    name: &'a str,
    header: &'a [String],
    fields: &'a ByteRecord,
    line: u64,
}

/// The fields of the first line, in lower case; empty when it is no CSV.
pub(super) fn header_of(head: &Head<'_>) -> Vec<String> {
    let mut record = ByteRecord::new();
    let mut reader = ReaderBuilder::new().has_headers(false).from_reader(head.first_line());
    match reader.read_byte_record(&mut record) {
        Ok(true) => lower(&record),
        _ => Vec::new(),
    }
}

impl<'a, 'i> Table<'a, 'i> {
    /// Reads the header.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn new(input: &'a mut Input<'i>) -> Result<Self> {
        let name = input.name();
        // Python's csv module ends each row with CRLF: where it wrote the file, a last row without it was cut.
        // Versions before 1.1 joined the rows with LF and wrote none at the end.
        let strict_end =
            input.fill_buf()?.split(|byte| *byte == b'\n').next().is_some_and(|line| line.ends_with(b"\r"));
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(input);
        let mut first = ByteRecord::new();
        reader.read_byte_record(&mut first).with_context(|| format!("{name}: cannot be read"))?;
        Ok(Self { name, reader, header: lower(&first), strict_end })
    }

    /// The number of a column that has one of `names` (lower case; the newest first).
    ///
    /// # Errors
    /// None of them: which is missing, and which there are.
    pub(super) fn column(&self, names: &[&str]) -> Result<usize> {
        match self.find(names) {
            Some(at) => Ok(at),
            None => bail!(
                "{}: the column '{}' is missing (there are: {}); give the file as Locust wrote it",
                self.name,
                names.first().copied().unwrap_or_default(),
                self.header.join(", ")
            ),
        }
    }

    /// The number of a column that has one of `names`, if there is one.
    pub(super) fn find(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.header.iter().position(|column| column == name))
    }

    /// The columns that are percentiles, with the names of these as metrics: `95%` is `p95`.
    pub(super) fn percentiles(&self) -> Vec<(usize, String)> {
        let named = |(at, column): (usize, &String)| Some((at, format!("p{}", column.strip_suffix('%')?)));
        let columns = self.header.iter().enumerate().filter_map(named);
        columns.filter(|(_, name)| crate::model::quantile_of(name).is_some()).collect()
    }

    /// Hands every row to `take`.
    ///
    /// # Errors
    /// What `take` refuses, a row with too few or too many fields, and (unless allowed) a last row that was cut.
    pub(super) fn each(mut self, recorder: &mut Recorder, mut take: impl FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
        let (mut fields, mut next) = (ByteRecord::new(), ByteRecord::new());
        let mut more = self.advance(&mut fields)?;
        while more {
            more = self.advance(&mut next)?;
            let cut = !more && !self.reader.get_ref().ended_with_newline();
            // The position of a record is before the LF of the CRLF that ended the one before.
            let line = fields.position().map_or(0, csv::Position::line) + u64::from(self.strict_end);
            let complete = fields.len() == self.header.len();
            if cut && (self.strict_end || !complete) {
                return self.reader.get_ref().truncated(&format!("line {line} is cut off"), recorder);
            }
            let (seen, wanted) = (fields.len(), self.header.len());
            ensure!(complete, "{}:{line}: {seen} fields where the header has {wanted}", self.name);
            take(&Row { name: self.name, header: &self.header, fields: &fields, line })?;
            std::mem::swap(&mut fields, &mut next);
        }
        Ok(())
    }

    fn advance(&mut self, record: &mut ByteRecord) -> Result<bool> {
        self.reader.read_byte_record(record).with_context(|| format!("{}: cannot be read", self.name))
    }
}

impl<'a> Row<'a> {
    /// A field as text.
    pub(super) fn text(&self, column: usize) -> Cow<'a, str> {
        String::from_utf8_lossy(self.fields.get(column).unwrap_or_default())
    }

    /// A field as a number; `None` for `N/A` and an empty field, which say that nothing was measured.
    ///
    /// # Errors
    /// Anything else: file, line, column and what is there.
    pub(super) fn number(&self, column: usize) -> Result<Option<f64>> {
        let text = self.text(column);
        match text.trim() {
            "" | "N/A" => Ok(None),
            number => match number.parse::<f64>() {
                Ok(value) if value.is_finite() && value >= 0.0 => Ok(Some(value)),
                _ => bail!(
                    "{}:{}: '{number}' in the column '{}' is no number",
                    self.name,
                    self.line,
                    self.header[column]
                ),
            },
        }
    }

    /// A field as a count.
    ///
    /// # Errors
    /// As [`Row::number`], and an empty field.
    pub(super) fn count(&self, column: usize) -> Result<u64> {
        match self.text(column).trim().parse() {
            Ok(count) => Ok(count),
            Err(_) => bail!(
                "{}:{}: '{}' in the column '{}' is no count",
                self.name,
                self.line,
                self.text(column),
                self.header[column]
            ),
        }
    }
}

fn lower(record: &ByteRecord) -> Vec<String> {
    record.iter().map(|field| String::from_utf8_lossy(field).trim().to_lowercase()).collect()
}
