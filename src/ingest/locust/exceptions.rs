//! `PREFIX_exceptions.csv`: exceptions of the locustfile itself. They are no failed requests, but a test whose script
//! breaks does less than it should: each kind becomes a warning.

use anyhow::Result;

use super::TOOL;
use super::table::{Table, header_of};
use crate::ingest::{Detail, Format, Head, Input, Recorder};

pub(in crate::ingest) const FORMAT: Format = Format {
    name: "locust-exceptions",
    tool: TOOL,
    about: "Locust --csv: PREFIX_exceptions.csv",
    detail: Detail::Failures,
    detect,
    read,
};

/// Kinds of exceptions that are told; beyond, only how many more there are.
const MOST_TOLD: usize = 5;
/// Characters of a message that are told.
const LONGEST: usize = 200;

fn detect(head: &Head<'_>) -> bool {
    let header = header_of(head);
    ["count", "message", "traceback"].iter().all(|wanted| header.iter().any(|column| column == wanted))
}

fn read(input: &mut Input<'_>, recorder: &mut Recorder) -> Result<()> {
    let table = Table::new(&mut *input)?;
    let (count, message) = (table.column(&["count"])?, table.column(&["message"])?);
    let (mut told, mut more) = (Vec::new(), 0_u64);
    table.each(recorder, |row| {
        let (count, message) = (row.count(count)?, row.text(message));
        if told.len() < MOST_TOLD {
            let message: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
            told.push(format!("the locustfile raised an exception {count} times: {message}"));
        } else {
            more += 1;
        }
        Ok(())
    })?;
    told.into_iter().for_each(|warning| recorder.run().warn(warning));
    if more > 0 {
        recorder.run().warn(format!("the locustfile raised {more} other kinds of exceptions"));
    }
    Ok(())
}
