//! The file of a day: the summaries of a series' runs of that day, so that a week is some eight reads.
//!
//! While a run has its own file the day file is a copy that can be made again; when [`super::compact`] has dropped the
//! run's file it is all there is. It is therefore only ever added to, and kept beside when it cannot be read.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::history::History;
use crate::model::{ACCEPTANCE_SCHEMA, APPROVAL_SCHEMA, Record, SCHEMA as RUN_SCHEMA};

/// Name and version of the format.
pub(super) const SCHEMA: &str = "perf-gate/day/v1";

/// The runs of a day.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Day {
    /// Their summaries.
    pub(super) history: History,
    /// Ids of the runs whose files are thinned already.
    pub(super) thinned: BTreeSet<String>,
}

/// A day as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    #[serde(default)]
    thinned: BTreeSet<String>,
    records: Vec<Record>,
}

impl Day {
    /// Reads a day file.
    ///
    /// # Errors
    /// Anything but a day file of this version.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let file: File = serde_json::from_slice(bytes)?;
        ensure!(file.schema == SCHEMA, "'schema' is '{}', expected {SCHEMA}", file.schema);
        Ok(Self { history: file.records.into_iter().collect(), thinned: file.thinned })
    }

    /// Writes the day, one run a line: what git keeps of the next version is the line that was added.
    pub(super) fn write(&self) -> Result<Vec<u8>> {
        let schema = serde_json::to_string(SCHEMA)?;
        let thinned = serde_json::to_string(&self.thinned)?;
        let lines: Result<Vec<String>, _> = self.history.records().iter().map(serde_json::to_string).collect();
        let records = lines.context("a summary that cannot be written")?.join(",\n");
        Ok(format!("{{\"schema\":{schema},\"thinned\":{thinned},\"records\":[\n{records}\n]}}\n").into_bytes())
    }
}

/// A file of a later version than this program reads; the message says what to do.
#[derive(Debug)]
pub struct Newer(String);

impl std::fmt::Display for Newer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Newer {}

/// Refuses a file that names a later version of a format than this program reads.
///
/// # Errors
/// Says which version is needed: skipping the file would judge on a part of the history without a word.
pub(super) fn refuse_newer(path: &str, bytes: &[u8]) -> Result<()> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        schema: std::borrow::Cow<'a, str>,
    }
    let Ok(Named { schema }) = serde_json::from_slice::<Named<'_>>(bytes) else { return Ok(()) };
    for known in [RUN_SCHEMA, SCHEMA, ACCEPTANCE_SCHEMA, APPROVAL_SCHEMA] {
        if is_later(&schema, known) {
            return Err(Newer(format!(
                "{path}: written by a newer perf-gate as {schema}; this one reads {known}: use a version that reads it"
            ))
            .into());
        }
    }
    Ok(())
}

/// Whether `schema` is the format of `known` in a later version.
fn is_later(schema: &str, known: &str) -> bool {
    let split = |text: &str| {
        let (family, version) = text.rsplit_once("/v")?;
        Some((family.to_owned(), version.parse::<u32>().ok()?))
    };
    match (split(schema), split(known)) {
        (Some((family, version)), Some((known, newest))) => family == known && version > newest,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LogValue, Run, Summary};

    fn record(id: &str) -> Record {
        let mut run = Run::new("checkout");
        run.id = Some(id.to_owned());
        run.started_at = Some("2026-03-04T05:06:07Z".parse().unwrap());
        let values = [("memory".to_owned(), LogValue { y: 0.1 + 0.2, v: None })].into();
        run.summary = Some(Summary { values, ..Summary::default() });
        Record::of(&run).unwrap()
    }

    #[test]
    fn a_day_reads_back_equal() {
        let history = [record("a"), record("b\n\"")].into_iter().collect();
        let day = Day { history, thinned: ["a".to_owned()].into() };
        let text = day.write().unwrap();
        assert_eq!(Day::parse(&text).unwrap(), day);
        assert_eq!(text.iter().filter(|b| **b == b'\n').count(), 4);
        assert_eq!(Day::parse(&Day::default().write().unwrap()).unwrap(), Day::default());
    }

    #[test]
    fn only_later_versions_of_our_formats_are_newer() {
        for (schema, newer) in
            [("perf-gate/run/v2", true), ("perf-gate/day/v9", true), ("perf-gate/run/v1", false), ("else/v7", false)]
        {
            let text = format!(r#"{{"unknown": 1, "schema": "{schema}"}}"#);
            assert_eq!(refuse_newer("x.json", text.as_bytes()).is_err(), newer, "{schema}");
        }
        assert!(refuse_newer("x.json", b"no json").is_ok());
    }
}
