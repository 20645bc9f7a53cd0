//! `PREFIX_stats_history.csv`: a row a second, for the run and (with `--csv-full-history`) for each endpoint.
//!
//! Used are the columns that count from the start of the test: the last row of an endpoint is its final figures. The
//! percentiles and rates are of a sliding window of about ten seconds; rows that overlap so say nothing that the totals
//! do not. `--reset-stats` sets the totals back when all users are running: then the figures are of the time after.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use jiff::Timestamp;

use super::figures::{Columns, Figures};
use super::table::{Row, Table, header_of};
use super::{TOOL, endpoint_name, is_total};
use crate::ingest::{Detail, Format, Head, Input, Recorder};
use crate::model::{ALL, Basis};

pub(in crate::ingest) const FORMAT: Format = Format {
    name: "locust-history",
    tool: TOOL,
    about: "Locust --csv: PREFIX_stats_history.csv, best with --csv-full-history",
    detail: Detail::Slices,
    detect,
    read,
};

fn detect(head: &Head<'_>) -> bool {
    let header = header_of(head);
    let has = |name: &str| header.iter().any(|column| column == name);
    let new = has("user count") && has("total request count");
    has("timestamp") && has("name") && (new || (has("# requests") && has("average response time")))
}

/// Which column is what.
struct Layout {
    time: usize,
    users: Option<usize>,
    method: usize,
    name: usize,
    columns: Columns,
}

/// What the rows so far say.
#[derive(Default)]
struct Seen {
    /// Time of the first row, or of the one after which the totals began anew.
    start: Option<f64>,
    /// Time of the last row.
    end: f64,
    /// Requests in the last row of the run as a whole.
    count: u64,
    users: u64,
    resets: u64,
    /// By name, the last row of each endpoint and its time.
    latest: BTreeMap<String, (f64, Figures)>,
}

fn read(input: &mut Input<'_>, recorder: &mut Recorder) -> Result<()> {
    let table = Table::new(&mut *input)?;
    let layout = Layout {
        time: table.column(&["timestamp"])?,
        users: table.find(&["user count"]),
        method: table.column(&["type", "method"])?,
        name: table.column(&["name"])?,
        columns: Columns::of_history(&table)?,
    };
    let mut seen = Seen::default();
    table.each(recorder, |row| seen.take(row, &layout))?;
    seen.finish(recorder);
    Ok(())
}

impl Seen {
    fn take(&mut self, row: &Row<'_>, layout: &Layout) -> Result<()> {
        let Some(time) = row.number(layout.time)? else { bail!("a row has no Timestamp") };
        let (method, name) = (row.text(layout.method), row.text(layout.name));
        let total = is_total(&method, &name);
        if total {
            self.count_on(layout.columns.count(row)?);
        }
        self.start.get_or_insert(time);
        self.end = time;
        if let Some(users) = layout.users {
            self.users = self.users.max(row.number(users)?.unwrap_or_default() as u64);
        }
        let name = if total { ALL.to_owned() } else { endpoint_name(&method, &name) };
        self.latest.insert(name, (time, layout.columns.read(row)?));
        Ok(())
    }

    /// Fewer requests than before: the totals began anew some time after the row before this one.
    fn count_on(&mut self, count: u64) {
        if count < self.count {
            self.resets += 1;
            self.start = self.latest.get(ALL).map(|(time, _)| *time);
            // Endpoint rows of this second come before the one of the run, and are kept.
            let before = self.start.unwrap_or_default();
            self.latest.retain(|_, (time, _)| *time > before);
        }
        self.count = count;
    }

    fn finish(self, recorder: &mut Recorder) {
        let duration = self.start.map(|start| self.end - start).filter(|seconds| *seconds > 0.0);
        let run = recorder.run();
        run.basis = Basis::All;
        run.duration = duration;
        run.started_at = self.start.and_then(|start| Timestamp::from_second(start as i64).ok());
        run.load.peak_users = Some(self.users).filter(|users| *users > 0);
        if self.resets > 0 {
            run.warn("Locust reset its statistics during the run (--reset-stats): the figures are of the time after");
        }
        if self.latest.len() == 1 && self.latest.contains_key(ALL) && self.count > 0 {
            run.warn("this history has no endpoints: run Locust with --csv-full-history, or give _stats.csv as well");
        }
        for (name, (_, figures)) in self.latest {
            recorder.aggregate(figures.endpoint(&name, duration));
        }
    }
}
