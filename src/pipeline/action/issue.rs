//! The regression issues of the scenarios, kept true after each run of the trunk.

use anyhow::{Context, Result};

use super::apply::{Others, converge};
use super::job::Job;
use crate::github::{Author, Issue};
use crate::publish::issue::{self, Known, Memory};
use crate::publish::{Change, Links};
use crate::render::{Report, Scenario};
use crate::store::{self, layout};

/// Brings the issues of a report's scenarios up to date.
pub(super) fn keep(job: &mut Job, report: &Report) {
    if !job.inputs.issue {
        return;
    }
    for scenario in &report.scenarios {
        let kept = converge(job, Others::DoNot, &mut |job| plan(job, &scenario.name, Some(scenario)));
        job.attempt(&format!("the issue of {}", scenario.name), kept);
    }
}

/// Brings the issue of a scenario up to date after something was accepted in it.
pub(super) fn accepted(job: &mut Job, scenario: &str) {
    let kept = converge(job, Others::DoNot, &mut |job| plan(job, scenario, None));
    job.attempt(&format!("the issue of {scenario}"), kept);
}

fn plan(job: &Job, scenario: &str, run: Option<&Scenario>) -> Result<Vec<Change>> {
    let memory = remembered(job, scenario)?;
    if !issue::concerns(&memory, run) {
        return Ok(Vec::new());
    }
    let me = job.me()?;
    let (accepted, _) = store::acceptances(job.store.snapshot()?.as_ref(), scenario)?;
    let present = look_up(job, &memory, &me)?;
    let comments = match &present {
        Some(issue) if memory.pending.is_some() => job.repository.comments(issue.number)?,
        _ => Vec::new(),
    };
    let known = Known {
        run,
        accepted: &accepted,
        issue: present.as_ref(),
        comments: &comments,
        me: &me,
        settings: &job.settings.config.issue,
        notify: &job.settings.config.notify,
        links: &links(job),
    };
    issue::plan(&memory, &known)
}

/// What the branch remembers of the scenario's issue.
fn remembered(job: &Job, scenario: &str) -> Result<Memory> {
    let path = layout::issue(scenario);
    match job.store.snapshot()?.load(&[&path])?.remove(0) {
        Some(bytes) => Memory::parse(&bytes).with_context(|| path),
        None => Ok(Memory::new(scenario)),
    }
}

/// The issue: by its number, or where that is not known or gone, by its mark.
fn look_up(job: &Job, memory: &Memory, me: &Author) -> Result<Option<Issue>> {
    if let Some(number) = memory.number
        && let Some(issue) = job.repository.issue(number)?
    {
        return Ok(Some(issue));
    }
    let labels: Vec<String> = job.settings.config.issue.labels.iter().take(1).cloned().collect();
    let issues = job.repository.issues(&labels, None)?;
    Ok(issue::find(&issues, &memory.scenario, me).cloned())
}

/// Where the things are that an issue leads to.
pub(super) fn links(job: &Job) -> Links {
    let Job { workflow, inputs, .. } = job;
    let server = workflow.address.strip_suffix(&format!("/{}", workflow.repository)).unwrap_or_default();
    // The history may be kept on a branch of another name than the input's.
    let name = job.store.name();
    Links {
        server: server.to_owned(),
        repository: workflow.repository.clone(),
        branch: name.split_once('#').map_or(inputs.branch.as_str(), |(_, branch)| branch).to_owned(),
        run: Some(workflow.run_url.clone()),
        report: None,
    }
}
