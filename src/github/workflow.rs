//! The workflow that this process is a step of: what the runner tells in variables, and the files it reads afterwards.
//!
//! Variables: <https://docs.github.com/actions/reference/variables-reference>. Inputs of a container action arrive as
//! `INPUT_` and the name in capitals, hyphens kept.
#![expect(clippy::disallowed_methods, reason = "the environment and the runner's files are met here")]

use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io::{Read, Write};

use anyhow::{Context, Result, bail};

use super::event::{Event, default_branch};

/// Largest payload that is read: those of GitHub are at most 25 MB.
const LARGEST_PAYLOAD: u64 = 25 << 20;

/// More than the attempts that a run of a workflow can have.
const ATTEMPTS: u64 = 1_000;

/// The workflow, job and event.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// `owner/name`.
    pub repository: String,
    /// What started it.
    pub event: Event,
    /// The commit it runs on; for a pull request a merge commit that no branch has.
    pub sha: String,
    /// Branch or tag it runs on: `main`, `7/merge`.
    pub branch: String,
    /// The repository's default branch, where the payload has it.
    pub default_branch: Option<String>,
    /// `RUN_ID-ATTEMPT-JOB`: part of a run's id.
    pub execution: String,
    /// Grows from run to run of a workflow, and with each attempt of one; for `workflow_run` that of the run that ended.
    pub turn: u64,
    /// Address of the repository for people: `https://github.com/owner/name`.
    pub address: String,
    /// Address of this run of the workflow.
    pub run_url: String,
}

/// Whether this process is a step of a workflow.
pub fn is_workflow() -> bool {
    variable("GITHUB_ACTIONS").as_deref() == Some("true") && variable("GITHUB_REPOSITORY").is_some()
}

/// The value of an environment variable that is set and not empty.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// An input of the action: `fail-on`.
pub fn input(name: &str) -> Option<String> {
    variable(&format!("INPUT_{}", name.replace(' ', "_").to_uppercase()))
}

impl Workflow {
    /// The workflow that the environment tells of.
    ///
    /// # Errors
    /// A variable that lacks, or a payload that cannot be read.
    pub fn from_environment() -> Result<Self> {
        let need = |name: &str| variable(name).with_context(|| format!("{name} is not set: is this a workflow?"));
        let repository = need("GITHUB_REPOSITORY")?;
        let payload = payload(&need("GITHUB_EVENT_PATH")?)?;
        let server = variable("GITHUB_SERVER_URL").unwrap_or_else(|| "https://github.com".to_owned());
        let address = format!("{}/{repository}", server.trim_end_matches('/'));
        let run = need("GITHUB_RUN_ID")?;
        let number = |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
        let event = Event::parse(&need("GITHUB_EVENT_NAME")?, &payload)?;
        let (number, attempt) = match event {
            Event::WorkflowRun { run, .. } => run,
            _ => (number(Some(run.clone())), number(variable("GITHUB_RUN_ATTEMPT"))),
        };
        let execution = [Some(run.clone()), variable("GITHUB_RUN_ATTEMPT"), variable("GITHUB_JOB")];
        Ok(Self {
            event,
            sha: need("GITHUB_SHA")?,
            branch: variable("GITHUB_REF_NAME").unwrap_or_default(),
            default_branch: default_branch(&payload),
            execution: execution.into_iter().flatten().collect::<Vec<_>>().join("-"),
            turn: number.saturating_mul(ATTEMPTS).saturating_add(attempt),
            run_url: format!("{address}/actions/runs/{run}"),
            repository,
            address,
        })
    }
}

fn payload(path: &str) -> Result<String> {
    let file = File::open(path).with_context(|| format!("{path}: the event's payload cannot be opened"))?;
    let mut text = String::new();
    file.take(LARGEST_PAYLOAD + 1)
        .read_to_string(&mut text)
        .with_context(|| format!("{path}: the event's payload cannot be read"))?;
    if text.len() as u64 > LARGEST_PAYLOAD {
        bail!("{path}: the event's payload is larger than 25 MB");
    }
    Ok(text)
}

/// Appends to the file that a variable names (`GITHUB_OUTPUT`, `GITHUB_STEP_SUMMARY`); nothing without it.
///
/// # Errors
/// The file cannot be written.
pub fn append(name: &str, text: &str) -> Result<()> {
    let Some(path) = variable(name) else { return Ok(()) };
    let append = || fs::OpenOptions::new().create(true).append(true).open(&path)?.write_all(text.as_bytes());
    append().with_context(|| format!("{name}: {path} cannot be written"))
}

/// A word that nobody outside can foresee, for the end of a value among step outputs.
pub fn delimiter() -> String {
    // The keys of the standard library's hasher are seeded by the system.
    let word = || RandomState::new().hash_one(0);
    format!("perf_gate_{:016x}{:016x}", word(), word())
}
