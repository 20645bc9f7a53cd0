//! `github:OWNER/REPO#BRANCH`: a branch of a repository on GitHub, through its API; nothing is cloned.
//!
//! ```text
//!  tip ─▶ edit(snapshot of tip) ─▶ files, tree, commit ─▶ move BRANCH to it, if it is ahead of the tip
//!   ▲                                                          │ the tip moved: again
//!   └──────────────────────────────────────────────────────────┘
//! ```
//!
//! The move is the compare-and-swap: without `force` GitHub moves a branch only to a commit that has the tip among its
//! ancestors, and ours has the tip that the edit saw as its parent. When the answer to a move is lost the edit is thought
//! through again on what is there then, so that it is applied once. Objects that no branch leads to are GitHub's to collect.

mod changes;
mod snapshot;
#[cfg(test)]
mod tests;

use anyhow::{Context, Result, bail};

use self::changes::Writer;
use self::snapshot::{Cache, Files};
use super::backoff::Backoff;
use super::branch::{self, COMMITTER};
use super::{Edit, FileChange, Snapshot, Store, check};
use crate::github::{Access, Error, Repository};

/// First and longest wait before another try, ms: a try is some eight requests, which take two seconds.
const WAITS: (u64, u64) = (1_000, 15_000);
/// Tries to be faster than the other writers: of twenty that begin at once each wins once.
const TRIES: usize = 30;

/// The store that `place` (`OWNER/REPO#BRANCH`) names, with the access given; nothing is asked of the API yet, and the
/// branch need not exist before the first update.
///
/// # Errors
/// `OWNER/REPO` or BRANCH cannot be such, or the access cannot be one.
pub fn open(access: &Access, place: &str) -> Result<Box<dyn Store>> {
    let (repository, branch) = place.split_once('#').unwrap_or((place, branch::DEFAULT));
    branch::check(branch)?;
    let repository = Repository::open(access, repository)?;
    Ok(Box::new(GitHub::new(repository, branch, WAITS)))
}

/// A branch on GitHub as a store.
struct GitHub {
    repository: Repository,
    branch: String,
    cache: Cache,
    writer: Writer,
    /// First and longest wait before another try, ms.
    waits: (u64, u64),
}

/// Whether the branch could be moved.
enum Move {
    Done,
    /// Another writer moved it.
    Outrun,
}

impl GitHub {
    fn new(repository: Repository, branch: &str, waits: (u64, u64)) -> Self {
        let (cache, writer) = (Cache::default(), Writer::default());
        Self { repository, branch: branch.to_owned(), cache, writer, waits }
    }

    /// The commit at the tip of the branch; `None` if the branch is not there, but the repository is.
    fn tip(&self) -> Result<Option<String>> {
        let tip = self.repository.tip(&self.branch)?;
        if tip.is_none() && !self.cache.is_readable() {
            self.repository.check_readable()?;
            self.cache.set_readable();
        }
        Ok(tip)
    }

    fn files(&self, tip: Option<String>) -> Files<'_> {
        Files::new(&self.repository, &self.cache, tip)
    }

    /// Writes a commit on `tip` with `changes`, if they change anything; no branch leads to it yet.
    fn commit(&self, tip: Option<&str>, message: &str, changes: &[FileChange]) -> Result<Option<String>> {
        let base = tip.map(|tip| self.repository.tree_of(tip)).transpose()?;
        let files = self.files(tip.map(str::to_owned));
        let tree = self.writer.tree(&self.repository, base, changes, &|path| files.is_there(path))?;
        let commit = |tree: String| self.repository.write_commit(&branch::message(message), &tree, tip, COMMITTER);
        tree.map(commit).transpose()
    }

    /// Moves the branch from `old` (`None`: it is not there) to `new`.
    fn move_branch(&self, new: &str, old: Option<&str>) -> Result<Move> {
        let moved = match old {
            Some(_) => self.repository.move_branch(&self.branch, new),
            None => self.repository.create_branch(&self.branch, new),
        };
        let Err(error) = moved else { return Ok(Move::Done) };
        let Some(refused @ (Error::Refused { .. } | Error::NotFound { .. })) = error.downcast_ref() else {
            return Err(error);
        };
        match self.tip()?.as_deref() {
            // It was moved, and only the answer was lost.
            Some(tip) if tip == new => Ok(Move::Done),
            tip if tip != old || is_race(refused) => Ok(Move::Outrun),
            _ => Err(error.context(
                "the branch cannot be moved; if a branch protection or a ruleset forbids it, let the workflow's token \
                 pass it, or name another branch for the results",
            )),
        }
    }

    fn swap(&self, message: &str, edit: &mut Edit<'_>) -> Result<()> {
        let mut backoff = Backoff::new(self.waits.0, self.waits.1);
        for _ in 0..TRIES {
            let tip = self.tip()?;
            let changes = edit(&self.files(tip.clone()))?;
            check(&changes)?;
            if changes.is_empty() {
                return Ok(());
            }
            let commit = self.commit(tip.as_deref(), message, &changes).map_err(explained)?;
            let Some(commit) = commit else { return Ok(()) };
            if let Move::Done = self.move_branch(&commit, tip.as_deref())? {
                return Ok(());
            }
            backoff.wait();
        }
        bail!("not written: other writers were faster {TRIES} times; run again when they have ended")
    }
}

impl Store for GitHub {
    fn name(&self) -> String {
        format!("github:{}#{}", self.repository.name(), self.branch)
    }

    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>> {
        let tip = self.tip().with_context(|| self.name())?;
        Ok(Box::new(self.files(tip)))
    }

    fn update(&self, message: &str, edit: &mut Edit<'_>) -> Result<()> {
        self.swap(message, edit).with_context(|| self.name())
    }

    fn squash(&self, _message: &str) -> Result<()> {
        bail!(
            "{}: not squashed: a branch on GitHub can lose its past by force only, and with it what others write \
             meanwhile; squash a clone with git:PATH#{} and push that, when nobody writes",
            self.name(),
            self.branch
        )
    }
}

/// Whether a refusal to move a branch tells of another writer, in the API's words: where the tip looks unmoved to us, we
/// were answered by a server that lags behind.
fn is_race(refused: &Error) -> bool {
    let Error::Refused { words, .. } = refused else { return true };
    let words = words.to_lowercase();
    ["fast forward", "fast-forward", "already exists", "does not exist"].iter().any(|known| words.contains(known))
}

/// A failure to write objects, with what to do where that is known.
fn explained(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref() {
        Some(Error::Refused { status: 409, .. }) => {
            error.context("the repository is empty: make a first commit in it, a README for example, then run again")
        }
        _ => error,
    }
}
