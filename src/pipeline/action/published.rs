//! A report that another job saved, told on the pull request it is of.
//!
//! The report comes from a job that ran the code of a fork: nothing in it is believed but what it says of the load test. Which
//! pull request it is of is asked of GitHub by the commit and the repository that the event names; what people decided is
//! read from the results branch; nothing is recorded.

use anyhow::{Context, Result, bail, ensure};

use super::job::Job;
use super::tell;
use crate::files;
use crate::github::{Event, PullRequest};
use crate::model::Outcome;
use crate::pipeline::{PASSED, judge};
use crate::render::{Report, Scenario};
use crate::verdict::Severity;

/// Largest report that is read, bytes: a thousand endpoints with all their metrics take a tenth of it.
const LARGEST: usize = 16 << 20;
/// Most scenarios of a report.
const SCENARIOS: usize = 100;
/// Most rows, targets, findings and warnings of a scenario.
const ENTRIES: usize = 20_000;

/// Tells the saved report on the pull requests that the ended workflow ran for.
///
/// # Errors
/// A report that cannot be read, contradicts itself or is of another commit; no open pull request of that commit.
pub(super) fn publish(job: &mut Job) -> Result<u8> {
    let Event::WorkflowRun { head_sha, head_branch, head_repository, event, .. } = job.workflow.event.clone() else {
        bail!("mode publish needs the event workflow_run")
    };
    if event != "pull_request" {
        files::say(&format!("perf-gate: the workflow was started by {event}: there is no pull request to tell"));
        return Ok(PASSED);
    }
    let report = read(&job.inputs.report, &head_sha)?;
    let owner = head_repository.split('/').next().unwrap_or_default();
    let open = job.repository.open_pull_requests(Some(&format!("{owner}:{head_branch}")))?;
    let is_it = |pull: &PullRequest| {
        pull.is_open && pull.head.sha == head_sha && pull.head.repository.as_deref() == Some(&head_repository)
    };
    let pulls: Vec<PullRequest> = open.into_iter().filter(is_it).collect();
    ensure!(
        !pulls.is_empty(),
        "no open pull request has {head_sha} of {head_repository} at its head: it was closed, or has new commits"
    );
    // By the clock: the report could say that it is of a time at which a decision still held.
    let report = Report { approval: judge::decision(&report, Some(files::now()), job.store.as_ref()), ..report };
    for pull in &pulls {
        tell::pull_request(job, &report, pull.number, &head_sha);
    }
    tell::status(job, &report, pulls.first().map(|pull| pull.number), &head_sha);
    tell::outputs(job, &report);
    Ok(job.status(PASSED))
}

/// Reads a saved report of the commit `sha`.
fn read(path: &str, sha: &str) -> Result<Report> {
    let text = files::read_text(path)?.with_context(|| format!("{path}: no such file: was the report saved?"))?;
    ensure!(text.len() <= LARGEST, "{path}: larger than {} MiB", LARGEST >> 20);
    let report = Report::parse(&text).with_context(|| path.to_owned())?;
    if let Some(contradiction) = contradiction(&report) {
        bail!("{path}: {contradiction}");
    }
    ensure!(report.commit() == Some(sha), "{path}: not a report of the commit {sha} that the workflow ran for");
    Ok(report)
}

/// What in a report does not follow from the rest of it.
fn contradiction(report: &Report) -> Option<String> {
    if report.scenarios.is_empty() || report.scenarios.len() > SCENARIOS {
        return Some(format!("{} scenarios; 1 to {SCENARIOS} are read", report.scenarios.len()));
    }
    let entries = |s: &Scenario| s.rows.len().max(s.targets.len()).max(s.findings.len()).max(s.warnings.len());
    if report.scenarios.iter().any(|scenario| entries(scenario) > ENTRIES) {
        return Some(format!("a scenario with more than {ENTRIES} rows"));
    }
    let worst = report.scenarios.iter().map(|scenario| scenario.outcome).fold(Outcome::Passed, Outcome::join);
    let fails = |s: &Scenario| s.rows.iter().any(|row| row.severity >= Some(Severity::Failure));
    let hidden = report.scenarios.iter().find(|s| s.outcome < Outcome::Failed && fails(s));
    match hidden {
        Some(_) => Some("a scenario has rows that fail and says that it did not".to_owned()),
        None if worst != report.outcome => Some("the outcome is not the worst of its scenarios".to_owned()),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

    fn failed() -> Report {
        let mut report = Report::parse(include_str!("../../../fixtures/golden/hostile/report.json")).unwrap();
        report.scenarios[0].run.commit = Some(SHA.to_owned());
        report
    }

    fn reread(report: &Report) -> Result<Report> {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        files::write(Some(path), &serde_json::to_string(report).unwrap()).unwrap();
        read(path, SHA)
    }

    #[test]
    fn a_report_of_this_commit_is_read() {
        assert_eq!(reread(&failed()).unwrap(), failed());
    }

    #[test]
    fn a_report_of_another_commit_or_of_none_is_refused() {
        for commit in [None, Some("fedcba9876543210fedcba9876543210fedcba98".to_owned())] {
            let mut report = failed();
            report.scenarios[0].run.commit = commit;
            let told = format!("{:#}", reread(&report).unwrap_err());
            assert!(told.contains("not a report of the commit"), "{told}");
        }
    }

    #[test]
    fn a_report_that_hides_its_failures_is_refused() {
        let mut report = failed();
        report.outcome = Outcome::Passed;
        assert!(reread(&report).is_err());
        report.scenarios[0].outcome = Outcome::Passed;
        let told = format!("{:#}", reread(&report).unwrap_err());
        assert!(told.contains("rows that fail"), "{told}");
    }

    #[test]
    fn reports_without_end_are_refused() {
        let mut report = failed();
        report.scenarios = vec![report.scenarios[0].clone(); SCENARIOS + 1];
        assert!(format!("{:#}", reread(&report).unwrap_err()).contains("101 scenarios"));
        let deep = format!("{{\"schema\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        let file = tempfile::NamedTempFile::new().unwrap();
        files::write(file.path().to_str(), &deep).unwrap();
        assert!(read(file.path().to_str().unwrap(), SHA).is_err());
    }
}
