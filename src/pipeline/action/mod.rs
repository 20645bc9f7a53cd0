//! `perf-gate action`: a step of a workflow. The inputs and the event decide what is done.
//!
//! ```text
//!  INPUT_*, GITHUB_* ─▶ Job ─▶ gate       check, record, nightly: judge, keep, tell
//!                           ├▶ published  a report that a job without write access saved
//!                           └▶ command    a comment that approves, rejects or accepts
//! ```

mod apply;
mod command;
mod gate;
mod inputs;
mod issue;
mod job;
mod night;
mod order;
mod published;
mod tell;
mod trunk;

use anyhow::{Result, bail};

pub use inputs::INPUTS;

use crate::github::{self, Event, Workflow};
use inputs::{Inputs, Mode};
use job::Job;

/// Does what the workflow asks for, and says so where a workflow looks, also when it fails.
///
/// # Errors
/// Invalid inputs, configuration or results.
pub(super) fn act() -> Result<u8> {
    let done = begin();
    if let Err(error) = &done {
        tell::failure(error)?;
    }
    done
}

fn begin() -> Result<u8> {
    let inputs = Inputs::read(github::input)?;
    let mut job = Job::open(inputs, Workflow::from_environment()?)?;
    match mode(&job)? {
        Mode::Publish => published::publish(&mut job),
        Mode::Command => command::obey(&mut job),
        mode => gate::run(&mut job, mode),
    }
}

/// What is to be done: what is asked for, or what the event asks for.
///
/// # Errors
/// Recording what is not on trunk: everybody who may open a pull request could move the baseline.
fn mode(job: &Job) -> Result<Mode> {
    let records = match &job.workflow.event {
        Event::Push { branch, .. } => branch.as_ref().is_some_and(|branch| job.is_trunk(branch)),
        Event::Schedule | Event::WorkflowDispatch | Event::Other(_) => job.is_trunk(&job.workflow.branch),
        _ => false,
    };
    let asked = job.inputs.mode;
    if !records && matches!(asked, Mode::Record | Mode::Nightly) {
        bail!(
            "input mode: only runs on trunk are recorded, and this is none ({}); trunk is set by 'baseline: trunk:'",
            job.workflow.branch
        );
    }
    Ok(match (&job.workflow.event, asked) {
        (Event::WorkflowRun { .. }, Mode::Auto) => Mode::Publish,
        (Event::Comment { .. }, Mode::Auto) => Mode::Command,
        (Event::Schedule, Mode::Auto) if records => Mode::Nightly,
        (Event::Push { .. } | Event::WorkflowDispatch, Mode::Auto) if records => Mode::Record,
        (_, Mode::Auto) => Mode::Check,
        (_, asked) => asked,
    })
}
