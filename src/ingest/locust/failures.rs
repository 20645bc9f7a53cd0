//! `PREFIX_failures.csv`: kinds of failed requests and how often each occurred.

use anyhow::Result;

use super::table::{Table, header_of};
use super::{TOOL, endpoint_name};
use crate::ingest::{Detail, Format, Head, Input, Recorder};

pub(in crate::ingest) const FORMAT: Format = Format {
    name: "locust-failures",
    tool: TOOL,
    about: "Locust --csv: PREFIX_failures.csv",
    detail: Detail::Failures,
    detect,
    read,
};

fn detect(head: &Head<'_>) -> bool {
    let header = header_of(head);
    ["method", "name", "error", "occurrences"].iter().all(|wanted| header.iter().any(|column| column == wanted))
}

fn read(input: &mut Input<'_>, recorder: &mut Recorder) -> Result<()> {
    let table = Table::new(&mut *input)?;
    let (method, name) = (table.column(&["method"])?, table.column(&["name"])?);
    let (error, count) = (table.column(&["error"])?, table.column(&["occurrences"])?);
    let mut failures = Vec::new();
    table.each(recorder, |row| {
        let endpoint = endpoint_name(&row.text(method), &row.text(name));
        failures.push((endpoint, row.text(error).into_owned(), row.count(count)?));
        Ok(())
    })?;
    for (endpoint, error, count) in failures {
        recorder.failure(Some(&endpoint), &error, count);
    }
    Ok(())
}
