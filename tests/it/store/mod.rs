//! The conformance suite of stores: each case takes a [`Place`] and is run against every kind of store.
//!
//! A new kind of store is a `Place` and a word in `conformance!`. The store on GitHub needs a server: `tests/e2e` has it.

mod cases;
#[macro_use]
mod conformance;
mod git;
mod killed;
mod runs;

use std::path::PathBuf;
use std::process::Command;

use perf_gate::store::{self, Store};
use tempfile::TempDir;

use self::runs::{first_day, ids, list, load, read, run};

/// A fresh, empty place for a store, which any number of processes may open.
pub(crate) struct Place {
    folder: TempDir,
    /// What [`store::open`] takes.
    pub(crate) spec: String,
}

impl Place {
    /// A folder that is not there yet.
    pub(crate) fn directory() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let spec = format!("dir:{}", folder.path().join("history").display());
        Self { folder, spec }
    }

    /// A repository with a checkout and no results branch yet.
    pub(crate) fn git() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let spec = format!("git:{}#perf-results", folder.path().display());
        let place = Self { folder, spec };
        place.run_git(&["init", "-q", "-b", "main"]);
        place.run_git(&["commit", "-q", "--allow-empty", "-m", "code"]);
        place
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// What git answers in the folder.
    pub(crate) fn run_git(&self, arguments: &[&str]) -> String {
        let output = git_command().arg("-C").arg(self.folder.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn open(&self) -> Box<dyn Store> {
        store::open(&self.spec).unwrap()
    }
}

/// git as a test uses it: nothing of the user's settings, nothing of a hook that runs the tests.
fn git_command() -> Command {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
        command.env_remove(name);
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command.args(["-c", "user.name=Test", "-c", "user.email=test@example.com"]);
    command
}

mod stores {
    use super::{Place, cases};

    conformance!(directory git);
}
