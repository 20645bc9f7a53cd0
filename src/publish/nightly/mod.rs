//! The files of a scheduled run: `nightly/<date>.json`, `perf-gate/nightly/v1`, and beside it, where something went wrong, a
//! page for people. A night's jobs each add their scenarios; a night without trouble leaves no page.
//!
//! To be called inside the update of a store, so that jobs that end together merge.

mod page;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Figure, Links};
use crate::model::{ALL, Outcome};
use crate::render::{Report, Scenario};
use crate::store::{FileChange, layout};
use crate::verdict::Severity;

/// Name and version of the format.
pub const SCHEMA: &str = "perf-gate/nightly/v1";

/// Figures that are kept of a scenario: those of the whole run, and the worst of what stands out.
const FIGURES: usize = 60;
/// Findings about a history that becomes worse: what the digest of a week tells of.
const SLOW_KINDS: [&str; 3] = ["drift", "trend", "anchor"];

/// The runs of a night.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nightly {
    /// The format and its version: `perf-gate/nightly/v1`.
    pub schema: String,
    /// The day on which they started, UTC.
    pub date: Date,
    /// What became of each, in the order of scenario and environment.
    pub runs: Vec<Night>,
}

/// A scenario in an environment, in one night.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Night {
    /// The scenario.
    pub scenario: String,
    /// Fingerprint of the environment; empty where there was no run.
    pub environment: String,
    /// The outcome.
    pub outcome: Outcome,
    /// The outcome in one sentence.
    pub answer: String,
    /// Id of the run.
    pub run: Option<String>,
    /// Its start.
    pub started_at: Option<Timestamp>,
    /// Its commit.
    pub commit: Option<String>,
    /// Address of the workflow run.
    pub run_url: Option<String>,
    /// Address of the report.
    pub report_url: Option<String>,
    /// Figures of the run as a whole, then what stands out, the worst first.
    pub figures: Vec<Figure>,
    /// What becomes worse slowly.
    pub drifts: Vec<String>,
}

/// The day of a report: the first start of its runs, UTC; none without a run.
pub fn date(report: &Report) -> Option<Date> {
    report.scenarios.iter().filter_map(|scenario| scenario.run.started_at).min().map(layout::date)
}

/// The files of the night `date` with `report` in them; `existing` is what lies at [`layout::nightly`] now.
///
/// What cannot be read is kept as damaged, and the night begins anew.
///
/// # Errors
/// A file of a later version; mistakes of this program.
pub fn files(report: &Report, date: Date, links: &Links, existing: [Option<&[u8]>; 2]) -> Result<Vec<FileChange>> {
    let paths = layout::nightly(date);
    let mut changes = Vec::new();
    let mut nightly = Nightly { schema: SCHEMA.to_owned(), date, runs: Vec::new() };
    if let Some(bytes) = existing[0] {
        match Nightly::parse(bytes)? {
            Some(known) => nightly = known,
            None => changes.push(FileChange::put(layout::damaged(&paths[0], bytes), bytes)),
        }
    }
    report.scenarios.iter().for_each(|scenario| nightly.merge(Night::of(scenario, links)));
    changes.extend(changed(&paths[0], nightly.text()?.into(), existing[0]));
    match page::page(&nightly, links)? {
        Some(page) => changes.extend(changed(&paths[1], page.into(), existing[1])),
        None => changes.extend(existing[1].map(|_| FileChange::remove(paths[1].as_str()))),
    }
    Ok(changes)
}

/// The change that makes the file so; none where it is.
pub(super) fn changed(path: &str, bytes: Vec<u8>, existing: Option<&[u8]>) -> Option<FileChange> {
    (existing != Some(bytes.as_slice())).then(|| FileChange::put(path, bytes))
}

impl Nightly {
    /// Reads a night; `None` for what is none.
    ///
    /// # Errors
    /// A file of a later version.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>> {
        #[derive(Deserialize)]
        struct Named {
            schema: String,
        }
        let Ok(named) = serde_json::from_slice::<Named>(bytes) else { return Ok(None) };
        let is_newer = named.schema.starts_with("perf-gate/nightly/") && named.schema != SCHEMA;
        ensure!(!is_newer, "'schema' is '{}', this perf-gate reads {SCHEMA}", named.schema);
        Ok(serde_json::from_slice(bytes).ok())
    }

    /// The night as it is written.
    ///
    /// # Errors
    /// A number that JSON cannot hold.
    pub fn text(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self).context("a night that cannot be written")? + "\n")
    }

    /// Takes a run in, instead of an earlier one of the same scenario and environment.
    fn merge(&mut self, run: Night) {
        let key = |night: &Night| (night.scenario.clone(), night.environment.clone());
        // A scenario that failed to run has no environment; when it ran in the end, that is what counts.
        let ran = !run.environment.is_empty();
        self.runs.retain(|other| !(ran && other.scenario == run.scenario && other.environment.is_empty()));
        match self.runs.binary_search_by_key(&key(&run), key) {
            Ok(at) if self.runs[at].started_at <= run.started_at => self.runs[at] = run,
            Ok(_) => {}
            Err(at) => self.runs.insert(at, run),
        }
    }
}

impl Night {
    /// What is kept of a judgement.
    fn of(scenario: &Scenario, links: &Links) -> Self {
        let run = &scenario.run;
        let whole = scenario.rows.iter().filter(|row| row.endpoint == ALL).map(Figure::of);
        let notable = |row: &&crate::verdict::Row| row.endpoint != ALL && row.severity >= Some(Severity::Warning);
        let mut notable: Vec<Figure> = scenario.rows.iter().filter(notable).map(Figure::of).collect();
        notable.sort_by(Figure::worst_first);
        let slow = scenario.findings.iter().filter(|finding| SLOW_KINDS.contains(&finding.kind.as_str()));
        Self {
            scenario: scenario.name.clone(),
            environment: run.fingerprint.clone(),
            outcome: scenario.outcome,
            answer: scenario.reason.clone(),
            run: run.ids.last().cloned(),
            started_at: run.started_at,
            commit: run.commit.clone(),
            run_url: links.run.clone(),
            report_url: links.report.clone(),
            figures: whole.chain(notable).take(FIGURES).collect(),
            drifts: slow.map(|finding| finding.message.clone()).collect(),
        }
    }

    /// Figures that stand out, the worst first.
    pub fn regressed(&self) -> Vec<&Figure> {
        let mut found: Vec<&Figure> =
            self.figures.iter().filter(|figure| figure.severity >= Some(Severity::Warning)).collect();
        found.sort_by(|a, b| Figure::worst_first(a, b));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcome: Outcome) -> Report {
        let mut report = Report::parse(include_str!("../../../fixtures/golden/scenarios/report.json")).unwrap();
        for scenario in &mut report.scenarios {
            scenario.outcome = outcome;
        }
        report
    }

    fn write(report: &Report, files: &mut [Option<Vec<u8>>; 2]) -> usize {
        let date = date(report).unwrap();
        let existing = [files[0].as_deref(), files[1].as_deref()];
        let changes = super::files(report, date, &Links::default(), existing).unwrap();
        for change in &changes {
            let at = layout::nightly(date).iter().position(|path| path == change.path()).unwrap();
            files[at] = match change {
                FileChange::Put { bytes, .. } => Some(bytes.clone()),
                FileChange::Remove { .. } => None,
            };
        }
        changes.len()
    }

    #[test]
    fn jobs_of_a_night_merge_in_any_order_and_twice_is_once() {
        let whole = report(Outcome::Failed);
        let part = |at: usize| Report::new(vec![whole.scenarios[at].clone()]);
        let mut expected = [None, None];
        assert_eq!(write(&whole, &mut expected), 2);
        for order in [[0, 1, 2, 0], [2, 1, 0, 1]] {
            let mut files = [None, None];
            order.iter().for_each(|at| _ = write(&part(*at), &mut files));
            assert_eq!(files, expected);
            assert_eq!(write(&whole, &mut files), 0);
        }
    }

    #[test]
    fn a_night_without_trouble_has_no_page() {
        let mut files = [None, None];
        write(&report(Outcome::Invalid), &mut files);
        assert!(files[1].is_some(), "a test that did not run is trouble");
        let mut later = report(Outcome::Inconclusive);
        for scenario in &mut later.scenarios {
            scenario.run.started_at = scenario.run.started_at.map(|at| at + jiff::SignedDuration::from_mins(9));
        }
        write(&later, &mut files);
        assert_eq!(files[1], None);
        write(&report(Outcome::Failed), &mut files);
        assert_eq!(files[1], None, "an earlier run does not replace a later one");
    }

    #[test]
    fn a_test_that_did_not_run_is_forgotten_when_it_ran() {
        let mut files = [None, None];
        let ran = report(Outcome::Passed);
        let date = date(&ran).unwrap();
        let failed = Report::new(vec![Scenario::invalid(&ran.scenarios[0].name, "no result")]);
        let changes = super::files(&failed, date, &Links::default(), [None, None]).unwrap();
        let FileChange::Put { bytes, .. } = &changes[0] else { panic!() };
        files[0] = Some(bytes.clone());
        write(&ran, &mut files);
        assert_eq!(Nightly::parse(files[0].as_ref().unwrap()).unwrap().unwrap().runs.len(), 3);
    }

    #[test]
    fn what_cannot_be_read_is_kept_and_what_is_newer_is_refused() {
        let report = report(Outcome::Passed);
        let date = date(&report).unwrap();
        let of = |bytes| super::files(&report, date, &Links::default(), [Some(bytes), None]);
        let changes = of(b"{").unwrap();
        assert!(changes[0].path().starts_with("damaged/nightly/2026-11-21.json-"), "{}", changes[0].path());
        assert!(of(br#"{"schema":"perf-gate/nightly/v2"}"#).is_err());
    }
}
