//! What a step of a workflow works with, and what went wrong beside the judgement.

use std::cell::OnceCell;

use anyhow::{Context, Result};

use crate::cli::Inputs;
use crate::files;
use crate::github::{self, Access, Author, Error, Event, Repository, Workflow};
use crate::pipeline::{NOT_RECORDED, PASSED, history, read};
use crate::store::{Preview, Store};

/// Login of the app whose token a workflow has.
const WORKFLOW_APP: &str = "github-actions[bot]";

/// The step of a workflow: its inputs, its event, the configuration, the store and the repository.
pub(super) struct Job {
    /// What started it.
    pub(super) workflow: Workflow,
    /// What is asked.
    pub(super) inputs: Inputs,
    /// How files are read and judged.
    pub(super) settings: read::Settings,
    /// Where history is kept; only previewed in a dry run.
    pub(super) store: Box<dyn Store>,
    /// The repository of the workflow.
    pub(super) repository: Repository,
    /// Addresses of what was written.
    pub(super) written: Written,
    /// Who writes, once it was asked.
    me: OnceCell<Author>,
    /// Exit status of what went wrong beside the judgement.
    trouble: u8,
}

/// Addresses of what was written on GitHub.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// The comment.
    pub(super) comment_url: Option<String>,
    /// The issue.
    pub(super) issue_url: Option<String>,
}

impl Job {
    /// Opens what the inputs and the workflow name. Nothing is asked of GitHub yet.
    ///
    /// # Errors
    /// A configuration that is wrong, a store or repository that cannot be one.
    pub(super) fn open(mut inputs: Inputs, workflow: Workflow) -> Result<Self> {
        let mut settings = read::Settings::new(&inputs.check.input.reading, None, true)?;
        settings.config.know_trunk(workflow.default_branch.as_deref());
        let own = || Some(format!("github:{}#{}", workflow.repository, inputs.branch));
        let named = inputs.check.history.store.take().or_else(|| settings.config.store.clone());
        inputs.check.history.store = named.or_else(own);
        let mut store = history::open(&inputs.check.history, &settings.config)?;
        if inputs.dry_run {
            store = Box::new(Preview(store));
        }
        let repository = Repository::open(&Access::from_environment(), &workflow.repository)?;
        let written = Written::default();
        let me = OnceCell::new();
        Ok(Self { workflow, inputs, settings, store, repository, written, me, trouble: PASSED })
    }

    /// The value, or none where something beside the judgement went wrong: told, and kept for the exit status.
    ///
    /// A token that may not is no trouble for a pull request: that of a fork never may.
    pub(super) fn attempt<T>(&mut self, what: &str, result: Result<T>) -> Option<T> {
        let error = match result {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let forbidden = matches!(error.downcast_ref(), Some(Error::Forbidden { .. }));
        let degrades = forbidden && matches!(self.workflow.event, Event::PullRequest { .. });
        if !degrades {
            self.trouble = NOT_RECORDED;
        }
        files::say(&format!("perf-gate: {what} was left out: {error:#}"));
        None
    }

    /// Keeps the exit status of something that went wrong beside the judgement.
    pub(super) fn note(&mut self, status: u8) {
        self.trouble = self.trouble.max(status);
    }

    /// The exit status: that of the judgement, or of what went wrong beside it where the judgement is fine.
    pub(super) fn status(&self, judgement: u8) -> u8 {
        if judgement == PASSED { self.trouble } else { judgement }
    }

    /// Whether runs on `branch` are the baseline.
    pub(super) fn is_trunk(&self, branch: &str) -> bool {
        self.settings.config.baseline.trunk.iter().any(|trunk| trunk == branch)
    }

    /// Who writes: the owner of the token, or the app that a workflow's token is of. Only what they wrote is ours.
    ///
    /// # Errors
    /// The API cannot be reached.
    pub(super) fn me(&self) -> Result<Author> {
        if let Some(known) = self.me.get() {
            return Ok(known.clone());
        }
        let login = self.repository.login().context("the owner of the token is not known")?;
        let app = || Author { login: WORKFLOW_APP.to_owned(), is_bot: true };
        let me = login.map_or_else(app, |login| Author { is_bot: login.ends_with("[bot]"), login });
        Ok(self.me.get_or_init(|| me).clone())
    }

    /// Appends to a file of the runner; what cannot be written is told and changes nothing.
    pub(super) fn append(&mut self, file: &str, text: &str) {
        let written = github::append(file, text);
        self.attempt(file, written);
    }
}
