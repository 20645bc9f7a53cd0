//! Running `git` in a repository, undisturbed by the caller's environment and settings.
#![expect(clippy::disallowed_methods, reason = "the git store is the git command")]

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use anyhow::{Context, Result, bail};

use crate::store::branch::COMMITTER;
use crate::store::lock;

/// Variables that would lead git to another repository, index or configuration: what `git rev-parse --local-env-vars`
/// lists, and the namespace. A git hook sets some of them for whatever it starts.
const MISLEADING: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// Settings that must not depend on the user: no hook runs, nothing is signed, nothing is rewritten.
const SETTINGS: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "commit.gpgSign=false",
    "i18n.commitEncoding=UTF-8",
    "fastimport.unpackLimit=100",
];

/// A place that is taken for a repository, and the `git` command for it.
pub(super) struct Repository {
    path: PathBuf,
}

/// What a writer needs to know of a repository.
pub(super) struct Facts {
    /// The folder that all worktrees of the repository share.
    shared: PathBuf,
    /// Name of the object that does not exist, as long as every name here.
    pub(super) null: String,
}

impl Repository {
    /// The repository that holds `path`: a checkout, a linked worktree or a bare one. Nothing is asked of git yet.
    pub(super) fn at(path: &str) -> Self {
        Self { path: PathBuf::from(path) }
    }

    /// Asks git what it is.
    ///
    /// # Errors
    /// git is not installed, or the path lies in no repository.
    pub(super) fn facts(&self) -> Result<Facts> {
        let answer = self.run(&["rev-parse", "--git-common-dir", "--show-object-format"], b"")?;
        if !answer.status.success() {
            bail!("{} is no git repository that can be used: {}", self.path.display(), said(&answer));
        }
        let answer = String::from_utf8_lossy(&answer.stdout).into_owned();
        let mut lines = answer.lines();
        let shared = self.path.join(lines.next().unwrap_or_default());
        let length = if lines.next() == Some("sha256") { 64 } else { 40 };
        Ok(Facts { shared, null: "0".repeat(length) })
    }

    /// What git answers when it succeeds.
    ///
    /// # Errors
    /// It fails; the message has its words.
    pub(super) fn ask(&self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>> {
        let output = self.run(arguments, input)?;
        match output.status.success() {
            true => Ok(output.stdout),
            false => bail!("git {} failed: {}", arguments.first().copied().unwrap_or_default(), said(&output)),
        }
    }

    /// [`Repository::ask`] for an answer of one line.
    ///
    /// # Errors
    /// As there.
    pub(super) fn ask_line(&self, arguments: &[&str], input: &[u8]) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.ask(arguments, input)?).trim_end().to_owned())
    }

    /// Runs git with `input` on its standard input, and waits for it.
    ///
    /// # Errors
    /// git cannot be started.
    pub(super) fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Output> {
        let mut child = self.start(arguments, Stdio::piped())?;
        let stdin = child.stdin.take();
        std::thread::scope(|scope| {
            // Fed from beside: git answers before it has read all, and a full pipe would stop both. That it reads no
            // further is no failure of ours; its status says what is.
            scope.spawn(move || stdin.map(|mut pipe| pipe.write_all(input)));
            child.wait_with_output().context("git was lost")
        })
    }

    /// Starts git, to be asked and listened to through pipes.
    ///
    /// # Errors
    /// It cannot be started.
    pub(super) fn start(&self, arguments: &[&str], errors: Stdio) -> Result<Child> {
        self.command(arguments).stderr(errors).spawn().map_err(|error| match error.kind() {
            ErrorKind::NotFound => anyhow::anyhow!("git is not installed or not on the PATH; a dir: store needs none"),
            _ => anyhow::Error::new(error).context("git cannot be started"),
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.path);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        for name in MISLEADING {
            command.env_remove(name);
        }
        let (name, email) = COMMITTER;
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), name).env(format!("GIT_{role}_EMAIL"), email);
            command.env_remove(format!("GIT_{role}_DATE"));
        }
        command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0").env("GIT_OPTIONAL_LOCKS", "0");
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    }
}

impl Facts {
    /// Waits until no other writer on this machine is at work, as long as the file that is returned lives.
    ///
    /// A courtesy that saves lost races: `None`, where there are no locks or one is held for ever, is no obstacle.
    pub(super) fn queue(&self) -> Option<File> {
        let file = File::options().create(true).append(true).open(self.shared.join("perf-gate.lock")).ok()?;
        let given = lock::wait(|| file.try_lock()).ok()?;
        given.then_some(file)
    }
}

/// What git wrote about a failure, on one line.
pub(super) fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() { output.status.to_string() } else { lines.join("; ") }
}
