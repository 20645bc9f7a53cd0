//! `PREFIX_stats.csv`: one row of final figures for each endpoint, and one for the run.

use anyhow::Result;

use super::figures::Columns;
use super::table::{Table, header_of};
use super::{TOOL, endpoint_name, is_total};
use crate::ingest::{Detail, Format, Head, Input, Recorder};
use crate::model::{ALL, Basis};

pub(in crate::ingest) const FORMAT: Format = Format {
    name: "locust-stats",
    tool: TOOL,
    about: "Locust --csv: PREFIX_stats.csv",
    detail: Detail::Aggregate,
    detect,
    read,
};

fn detect(head: &Head<'_>) -> bool {
    let header = header_of(head);
    let has = |name: &str| header.iter().any(|column| column == name);
    (has("request count") || has("# requests")) && has("median response time") && has("name") && !has("timestamp")
}

fn read(input: &mut Input<'_>, recorder: &mut Recorder) -> Result<()> {
    let table = Table::new(&mut *input)?;
    let (method, name) = (table.column(&["type", "method"])?, table.column(&["name"])?);
    let (columns, rate) = (Columns::of_stats(&table)?, table.find(&["requests/s"]));
    let (mut endpoints, mut total) = (Vec::new(), None);
    table.each(recorder, |row| {
        let figures = columns.read(row)?;
        let (method, name) = (row.text(method), row.text(name));
        if is_total(&method, &name) {
            let rate = rate.map(|column| row.number(column)).transpose()?.flatten();
            total = Some((figures, rate));
        } else {
            endpoints.push((endpoint_name(&method, &name), figures));
        }
        Ok(())
    })?;
    if total.is_none() {
        input.truncated("the row 'Aggregated', which Locust writes last, is missing", recorder)?;
    }
    // The rate is count ÷ (last request − start of the test); the file has neither of these.
    let rate = total.as_ref().and_then(|(figures, rate)| Some((figures.count, (*rate)?)));
    let duration = rate.filter(|(_, rate)| *rate > 0.0).map(|(count, rate)| count as f64 / rate);
    recorder.run().basis = Basis::All;
    recorder.run().duration = duration;
    for (name, figures) in endpoints {
        recorder.aggregate(figures.endpoint(&name, duration));
    }
    if let Some((figures, _)) = total {
        recorder.aggregate(figures.endpoint(ALL, duration));
    }
    Ok(())
}
