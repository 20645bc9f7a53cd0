//! Plans carried out: read, plan, apply, again until nothing is left to change.
//!
//! Comments and issues have no conditional update, so several jobs may write the same one at once. Whoever plans again after
//! writing sees what the others wrote, and mends it; when a plan is empty, what is there is what was to be said.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

use anyhow::{Result, bail};

use super::job::Job;
use crate::files;
use crate::github;
use crate::publish::Change;

/// Rounds of planning and applying: each of ten jobs that write at once spoils one round for the others.
const ROUNDS: u64 = 12;
/// Shortest pause before it is looked whether what was written stayed, ms: longer than other jobs take from reading a comment
/// to writing it, so that one which read before we wrote has written by then.
const PAUSE: u64 = 2_500;
/// By how much pauses differ at most, ms, and by how much more in each round.
const SPREAD: u64 = 1_000;

/// Who else may write the same thing at the same time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    /// Other jobs of the same workflow, each its part.
    Write,
    /// Nobody, as a rule.
    DoNot,
}

/// Plans and applies until a plan is empty; in a dry run tells the first plan.
///
/// # Errors
/// A plan or a change that fails, or other jobs that never stop writing.
pub(super) fn converge(job: &mut Job, others: Others, plan: &mut dyn FnMut(&Job) -> Result<Vec<Change>>) -> Result<()> {
    for round in 0..ROUNDS {
        if round > 0 && others == Others::Write {
            wait(round);
        }
        let changes = plan(job)?;
        if changes.is_empty() {
            return Ok(());
        }
        for change in &changes {
            apply(job, change)?;
        }
        if job.inputs.dry_run {
            return Ok(());
        }
    }
    bail!("other jobs changed it in each of {ROUNDS} rounds; run this job again when they have ended")
}

/// Makes one change, or tells it in a dry run.
///
/// # Errors
/// The change cannot be made.
pub(super) fn apply(job: &mut Job, change: &Change) -> Result<()> {
    if job.inputs.dry_run {
        files::say(&format!("would {change}"));
        return Ok(());
    }
    let github = &job.repository;
    match change {
        Change::CreateComment { on, body } => job.written.comment_url = Some(github.create_comment(*on, body)?.url),
        Change::UpdateComment { id, body } => job.written.comment_url = Some(github.update_comment(*id, body)?.url),
        Change::DeleteComment { id } => github.delete_comment(*id)?,
        Change::SetStatus { sha, status } => github.set_status(sha, status)?,
        Change::OpenIssue { issue, .. } => job.written.issue_url = Some(github.open_issue(issue)?.url),
        Change::EditIssue { number, change } => {
            job.written.issue_url = Some(github.edit_issue(*number, change)?.url);
        }
        Change::WriteFiles { message, files } => {
            job.store.update(message, &mut |_| Ok(files.clone()))?;
        }
        Change::Dispatch { event, payload } => github.dispatch(event, payload)?,
        Change::CallWebhook { variable, payload } => match github::variable(variable) {
            Some(address) => github::call_webhook(&address, payload)?,
            None => bail!("notify: the environment variable {variable} is not set"),
        },
    }
    Ok(())
}

/// Waits a little longer in each round, and never as long as the neighbour.
fn wait(round: u64) {
    let chance = RandomState::new().hash_one(round) % (SPREAD * round);
    std::thread::sleep(Duration::from_millis(PAUSE + chance));
}
