//! The main job: read, compare, judge; on trunk record; tell everybody whom it concerns.

use anyhow::Result;

use super::inputs::Mode;
use super::job::Job;
use super::{issue, night, tell, trunk};
use crate::cli;
use crate::files;
use crate::github::Event;
use crate::pipeline::{judge, status, whose};
use crate::render::{Output, Report, Style};
use crate::verdict::Outcome;

/// Commits before the merge base that are looked for in the history: a trunk that is tested less often than every
/// hundredth commit has no run that says what a pull request starts from.
const ANCESTORS: usize = 100;

/// Judges the results, and does what the mode asks for beyond that.
///
/// # Errors
/// Inputs that name nothing to read, or a report that cannot be written.
pub(super) fn run(job: &mut Job, mode: Mode) -> Result<u8> {
    let keeps = mode != Mode::Check;
    if keeps {
        trunk::settle(job);
    }
    let flags = flags(job);
    let answers = judge::against_history(&flags, job.store.as_ref(), &job.settings)?;
    if keeps {
        trunk::record(job, &answers);
    }
    let mut report = Report::new(answers.into_iter().map(|answer| answer.scenario).collect());
    report.approval = judge::decision(&report, None, job.store.as_ref());
    show(job, &report)?;
    if keeps {
        issue::keep(job, &report);
        night::badges(job, &report);
    }
    if mode == Mode::Nightly {
        night::keep(job, &report);
    }
    let commit = flags.identity.commit.unwrap_or_default();
    if let Some(number) = flags.identity.pull_request {
        tell::pull_request(job, &report, number, &commit);
    }
    tell::status(job, &report, flags.identity.pull_request, &commit);
    tell::outputs(job, &report);
    let fail_on = flags.fail_on.unwrap_or(job.settings.config.fail_on);
    Ok(job.status(status(&report, fail_on)))
}

/// The flags of the check: of the inputs, and whose run it is by the event.
fn flags(job: &mut Job) -> cli::Check {
    let mut flags = job.inputs.check.clone();
    flags.identity = whose::completed(&flags.identity, &job.workflow);
    let merge_base = merge_base(job);
    flags.identity.merge_base = job.attempt("the merge base", merge_base).unwrap_or_default();
    flags
}

/// The commits that the tested one has in common with the trunk, the newest first; none where that is not asked.
fn merge_base(job: &Job) -> Result<Vec<String>> {
    let base = match &job.workflow.event {
        Event::PullRequest { head, base, .. } => job.repository.merge_base(&base.sha, &head.sha)?,
        Event::MergeGroup { base, .. } => Some(base.clone()),
        _ => None,
    };
    base.map_or(Ok(Vec::new()), |base| job.repository.ancestors(&base, ANCESTORS))
}

/// Saves the report, and shows it in the log and in the summary of the job.
fn show(job: &mut Job, report: &Report) -> Result<()> {
    let document =
        |name: &str| Output::named(name).map_or(Ok(String::new()), |o| (o.render)(report, &Style::default()));
    files::write(Some(&job.inputs.report), &document("json")?)?;
    files::write(None, &document("text")?)?;
    if report.outcome != Outcome::Passed {
        tell::annotations(report)?;
    }
    tell::summary(job, report)
}
