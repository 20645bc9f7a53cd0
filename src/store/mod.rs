//! Where history is kept: files under paths, changed by compare-and-swap.
//!
//! A [`Store`] knows paths and bytes only; what they mean is said once, for every store, by [`layout`] (paths),
//! `day` (a day's summaries) and the operations [`record`], [`load`], [`compact`] and their like. Every store passes the
//! conformance suite in `tests/it/store`.
//!
//! ```text
//!  record ─┐                        ┌─ dir:PATH          a folder, with a lock and a journal
//!  compact ├─▶ operations ─▶ Store ─┤
//!  load  ──┘   (paths, days)        ├─ git:PATH#BRANCH   a branch of a local repository
//!                                   └─ github:OWNER/REPO#BRANCH   the same on GitHub, through its API
//! ```

mod accepting;
mod backoff;
mod branch;
mod catalog;
mod day;
mod directory;
mod git;
mod github;
mod journal;
mod latest;
pub mod layout;
mod lock;
mod place;
mod reading;
mod recording;
mod upkeep;

use anyhow::{Context, Result, bail, ensure};

use crate::github::Access;

pub use accepting::{Pending, accept, accept_when_merged, acceptances, approvals, approve, pending, settle};
pub use day::Newer;
pub use github::open as open_on_github;
pub use reading::{Loaded, environments, load, load_runs, scenarios};
pub use recording::{Recorded, record};
pub use upkeep::{Prune, Upkeep, compact, prune};

/// Files under paths, as they were at one moment.
///
/// It holds no lock. Where a store cannot look back (`dir:`), each call sees the moment of the call; no call sees a part
/// of an update.
pub trait Snapshot {
    /// Paths of all files in the folder `prefix` (`runs/checkout/`; `""` for all) and below, in their order.
    ///
    /// # Errors
    /// The store cannot be read.
    fn list(&self, prefix: &str) -> Result<Vec<String>>;

    /// Names of what lies in the folder `prefix` itself, in no particular order; those of folders end in `/`.
    ///
    /// # Errors
    /// The store cannot be read.
    fn entries(&self, prefix: &str) -> Result<Vec<String>>;

    /// The files' bytes in the order of `paths`; `None` for those that are absent. One call is one request.
    ///
    /// # Errors
    /// The store cannot be read.
    fn load(&self, paths: &[&str]) -> Result<Vec<Option<Vec<u8>>>>;

    /// The files' sizes in bytes in the order of `paths`; 0 for those that are absent.
    ///
    /// # Errors
    /// The store cannot be read.
    fn sizes(&self, paths: &[&str]) -> Result<Vec<u64>>;
}

/// What an update does: from the present state, which files to change. It may be asked again when another was faster.
///
/// It reads from the snapshot it is given; asking the store itself would wait for the update that it is part of.
pub type Edit<'a> = dyn FnMut(&dyn Snapshot) -> Result<Vec<FileChange>> + 'a;

/// A place that keeps files and changes them atomically.
pub trait Store {
    /// The store as a user names it: `dir:.perf-gate`.
    fn name(&self) -> String;

    /// The present state; a store without any file yet is empty.
    ///
    /// # Errors
    /// The store cannot be read.
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>>;

    /// Applies all changes that `edit` asks for or none, on the state that `edit` saw; no changes write nothing.
    ///
    /// # Errors
    /// `edit` fails (nothing is written), the store cannot be written, or other writers were faster too often.
    fn update(&self, message: &str, edit: &mut Edit<'_>) -> Result<()>;

    /// Forgets how the present state came about: the branch becomes one commit.
    ///
    /// # Errors
    /// The store keeps no past, or cannot be written.
    fn squash(&self, message: &str) -> Result<()>;
}

/// A store that is read and never changed: updates are thought through on the present state and dropped.
pub struct Preview(pub Box<dyn Store>);

impl Store for Preview {
    fn name(&self) -> String {
        self.0.name()
    }

    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>> {
        self.0.snapshot()
    }

    fn update(&self, _message: &str, edit: &mut Edit<'_>) -> Result<()> {
        edit(&*self.0.snapshot()?).map(drop)
    }

    fn squash(&self, _message: &str) -> Result<()> {
        Ok(())
    }
}

/// A change of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileChange {
    /// Creates or replaces a file.
    Put {
        /// Where.
        path: String,
        /// All of its content.
        bytes: Vec<u8>,
    },
    /// Removes a file, if it is there.
    Remove {
        /// Where.
        path: String,
    },
}

impl FileChange {
    /// Creates or replaces the file at `path`.
    pub fn put(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::Put { path: path.into(), bytes: bytes.into() }
    }

    /// Removes the file at `path`.
    pub fn remove(path: impl Into<String>) -> Self {
        Self::Remove { path: path.into() }
    }

    /// The file that changes.
    pub fn path(&self) -> &str {
        match self {
            Self::Put { path, .. } | Self::Remove { path } => path,
        }
    }
}

/// A kind of store: the word before the colon, the form of the rest, and how it is opened.
struct Scheme {
    name: &'static str,
    form: &'static str,
    open: fn(&str) -> Result<Box<dyn Store>>,
}

const SCHEMES: &[Scheme] = &[
    Scheme { name: "dir", form: "dir:PATH", open: |rest| Ok(Box::new(directory::Directory::open(rest)?)) },
    Scheme { name: "git", form: "git:PATH#BRANCH", open: git::open },
    Scheme {
        name: "github",
        form: "github:OWNER/REPO#BRANCH",
        open: |rest| github::open(&Access::from_environment(), rest),
    },
];

/// Opens the store that `spec` names: `dir:PATH`, `git:PATH#BRANCH` or `github:OWNER/REPO#BRANCH` (without a branch
/// `perf-results`).
///
/// # Errors
/// An unknown kind of store, or a place that cannot be the name of one. A place that is not there or is something else
/// is told when it is read or written: the judgement does not depend on it.
pub fn open(spec: &str) -> Result<Box<dyn Store>> {
    let (scheme, rest) = spec.split_once(':').unwrap_or((spec, ""));
    match SCHEMES.iter().find(|s| s.name == scheme) {
        Some(scheme) => (scheme.open)(rest).with_context(|| format!("store '{spec}'")),
        None => {
            let forms: Vec<&str> = SCHEMES.iter().map(|s| s.form).collect();
            bail!("store '{spec}': unknown kind '{scheme}'; known are {}", forms.join(", "))
        }
    }
}

/// Name of the folder a `dir:` store keeps its lock and journal in; no file of any store lies there.
const RESERVED: &str = ".perf-gate";

/// Refuses changes that would leave the store or that not every store can hold.
fn check(changes: &[FileChange]) -> Result<()> {
    changes.iter().map(FileChange::path).try_for_each(|path| {
        let forbidden = |c: char| c.is_control() || matches!(c, '\\' | '"' | ':');
        let whole = path.split('/').all(|part| !matches!(part.to_ascii_lowercase().as_str(), "" | "." | ".." | ".git"));
        let reserved = path.split('/').next() == Some(RESERVED);
        ensure!(whole && !reserved && !path.contains(forbidden), "'{}' is no path of a store", path.escape_debug());
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_kinds_are_refused_with_the_known_ones() {
        for spec in ["s3:bucket", "results", "gitlab:o/r#b"] {
            let message = open(spec).err().map(|e| format!("{e:#}")).unwrap();
            assert!(message.contains("dir:PATH, git:PATH#BRANCH, github:OWNER/REPO#BRANCH"), "{message}");
        }
    }

    #[test]
    fn paths_that_leave_the_store_are_refused() {
        for path in ["", "/etc/passwd", "a//b", "a/../b", "./a", "a/", ".git/config", "a/.GIT/x", "a\\b", "a\nb"] {
            assert!(check(&[FileChange::remove(path)]).is_err(), "{path:?}");
        }
        assert!(check(&[FileChange::put(".perf-gate/lock", "")]).is_err());
        assert!(check(&[FileChange::put("a/.nojekyll", ""), FileChange::remove("README.md")]).is_ok());
    }
}
