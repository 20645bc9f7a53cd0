//! Telling what was judged: in the comment on a pull request, the commit status, the log, the summary and the outputs.

use anyhow::Result;

use super::apply::{Others, converge};
use super::job::Job;
use crate::files;
use crate::github::{self, Error};
use crate::publish::{self, Annotation, Level, Origin, Section, Told};
use crate::render::Report;

/// Keeps the comment on a pull request true.
pub(super) fn pull_request(job: &mut Job, report: &Report, number: u64, commit: &str) {
    if !job.inputs.comment {
        return;
    }
    let told = converge(job, Others::Write, &mut |job| Ok(comment(job, report, number, commit)?.changes));
    job.attempt("the comment", told);
}

/// Sets the status of the commit: on a pull request that of all sections of its comment.
pub(super) fn status(job: &mut Job, report: &Report, pull_request: Option<u64>, commit: &str) {
    if !job.inputs.status {
        return;
    }
    let fail_on = job.inputs.check.fail_on.unwrap_or(job.settings.config.fail_on);
    let pull_request = pull_request.filter(|_| job.inputs.comment);
    let told = converge(job, Others::DoNot, &mut |job| {
        let sections = sections(job, report, pull_request, commit)?;
        let url = Some(job.workflow.run_url.as_str());
        let wanted = publish::status(&sections, fail_on, report.approval.as_ref(), url);
        Ok(publish::plan_status(commit, &wanted, &job.repository.statuses(commit)?))
    });
    job.attempt("the commit status", told);
}

/// What was judged of the commit: with a comment all that it says, for other jobs tested it too.
fn sections(job: &Job, report: &Report, pull_request: Option<u64>, commit: &str) -> Result<Vec<Section>> {
    let ours = own(job, report, commit)?;
    let Some(number) = pull_request else { return Ok(ours) };
    let said = match comment(job, report, number, commit) {
        Ok(planned) => planned.sections,
        // Without the comment the status still says what this job found.
        Err(error) if matches!(error.downcast_ref(), Some(Error::Forbidden { .. })) => return Ok(ours),
        Err(error) => return Err(error),
    };
    // The comment is of the newest commit; a job of an older one speaks for itself alone.
    Ok(if said.iter().all(|section| section.commit == commit) { said } else { ours })
}

/// What is left to do so that the comment says what was judged.
fn comment(job: &Job, report: &Report, number: u64, commit: &str) -> Result<publish::Planned> {
    let ours = own(job, report, commit)?;
    Ok(publish::plan(number, &job.repository.comments(number)?, &job.me()?.login, &ours))
}

fn own(job: &Job, report: &Report, commit: &str) -> Result<Vec<Section>> {
    publish::sections(report, &Origin { commit: Some(commit), leg: None, turn: job.workflow.turn })
}

/// Annotations of the job, in its log.
///
/// # Errors
/// Standard output cannot be written.
pub(super) fn annotations(report: &Report) -> Result<()> {
    let lines: Vec<String> = publish::annotations(report, None).iter().map(|line| format!("{line}\n")).collect();
    files::write(None, &lines.concat())
}

/// The summary of the job.
///
/// # Errors
/// A template that is wrong.
pub(super) fn summary(job: &mut Job, report: &Report) -> Result<()> {
    let text = publish::summary(report)?;
    job.append("GITHUB_STEP_SUMMARY", &text);
    Ok(())
}

/// The outputs of the step.
pub(super) fn outputs(job: &mut Job, report: &Report) {
    let told = Told {
        report,
        report_path: Some(&job.inputs.report),
        comment_url: job.written.comment_url.as_deref(),
        issue_url: job.written.issue_url.as_deref(),
    };
    let outputs = publish::outputs(&told, &github::delimiter());
    if let Some(text) = job.attempt("the outputs of the step", outputs) {
        job.append("GITHUB_OUTPUT", &text);
    }
}

/// A step that could not do what it should, where a workflow looks for it.
///
/// # Errors
/// Standard output or the file of the outputs cannot be written.
pub(super) fn failure(error: &anyhow::Error) -> Result<()> {
    let message = format!("{error:#}");
    let annotation = Annotation { level: Level::Error, title: "perf-gate".to_owned(), file: None, message };
    files::write(None, &format!("{annotation}\n"))?;
    github::append("GITHUB_OUTPUT", "outcome=invalid\n")
}
