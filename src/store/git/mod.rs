//! `git:PATH#BRANCH`: a branch of a local repository, through the `git` command. Neither the checkout nor its index is
//! touched, and nothing is pushed.
//!
//! ```text
//!  tip ─▶ edit(snapshot of tip) ─▶ fast-import: blobs, trees, commit ─▶ update-ref BRANCH new tip
//!   ▲                                                                        │ the tip moved: again
//!   └────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! `fast-import` writes all objects of an update in one process and needs no index file; the name it commits to is
//! dropped before it ends, so that a killed process leaves nothing but objects that the next `git gc` collects. Writers on
//! one machine queue for a lock beside the repository's own files; what keeps the history whole is `update-ref`.

mod command;
mod objects;
mod snapshot;

use std::cell::RefCell;

use anyhow::{Context, Result, anyhow, bail, ensure};

use self::command::{Facts, Repository, said};
use self::objects::{Kind, Object, Objects};
use self::snapshot::Tree;
use super::backoff::Backoff;
use super::branch::{self, COMMITTER};
use super::{Edit, FileChange, Snapshot, Store, check};

/// First and longest wait before another try, ms: a try takes some 30, and twenty writers in turn take 600. Writers on
/// one machine queue; these are others, on the same disk.
const WAITS: (u64, u64) = (60, 2_000);
/// Tries to be faster than the other writers: as many of them may queue up, and each wins once.
const TRIES: usize = 60;
/// Tries for a branch that is locked and does not move: git holds its lock for a moment only, so that one which stays
/// was left by a git that was killed.
const TRIES_LOCKED: usize = 6;

/// A branch as a store.
struct Git {
    repository: Repository,
    path: String,
    branch: String,
    /// `refs/heads/BRANCH`.
    reference: String,
    /// The process that reads, once something was read.
    objects: RefCell<Option<Objects>>,
}

/// The branch that `place` (`PATH#BRANCH`) names; it need not exist before the first update, and git is asked nothing yet.
///
/// # Errors
/// No PATH, or BRANCH cannot be a branch.
pub(super) fn open(place: &str) -> Result<Box<dyn Store>> {
    let (path, branch) = place.rsplit_once('#').unwrap_or((place, branch::DEFAULT));
    ensure!(!path.is_empty(), "no path: write git:PATH#BRANCH");
    branch::check(branch)?;
    Ok(Box::new(Git {
        repository: Repository::at(path),
        path: path.to_owned(),
        branch: branch.to_owned(),
        reference: format!("refs/heads/{branch}"),
        objects: RefCell::new(None),
    }))
}

/// Whether the branch could be moved.
enum Move {
    Done,
    /// Another writer moved it.
    Outrun,
    /// Another writer holds its lock; git's words.
    Locked(String),
}

/// Makes a commit of the tip of a branch; `None`: nothing is to be changed.
type Make<'a> = dyn FnMut(Option<&str>, &Facts) -> Result<Option<String>> + 'a;

impl Git {
    /// The objects of those names in their order; `None` for what is not there.
    fn find(&self, names: &[String]) -> Result<Vec<Option<Object>>> {
        let mut objects = self.objects.borrow_mut();
        let open = match objects.take() {
            Some(open) => open,
            None => Objects::of(&self.repository).map_err(|error| self.unusable(&error))?,
        };
        let found = objects.insert(open).find(names);
        found.map_err(|error| {
            // It may have ended because there is no repository, and the next question deserves another one.
            *objects = None;
            match self.repository.facts() {
                Ok(_) => error,
                Err(why) => self.unusable(&why),
            }
        })
    }

    fn unusable(&self, why: &anyhow::Error) -> anyhow::Error {
        anyhow!("store '{}': {why:#}", self.name())
    }

    /// The commit at the tip of the branch, and the worktree that has it checked out (empty: none).
    fn tip(&self) -> Result<Option<(String, String)>> {
        let format = "--format=%(refname) %(objectname) %(worktreepath)";
        let lines = self.repository.ask_line(&["for-each-ref", format, &self.reference], b"")?;
        let own = |line: &str| line.strip_prefix(&self.reference)?.strip_prefix(' ').map(str::to_owned);
        let Some(line) = lines.lines().find_map(own) else { return Ok(None) };
        let (commit, worktree) = line.split_once(' ').unwrap_or((&line, ""));
        Ok(Some((commit.to_owned(), worktree.to_owned())))
    }

    /// The tip, where the branch may be moved.
    fn tip_to_move(&self) -> Result<Option<String>> {
        let tip = self.tip()?;
        let checked_out = match &tip {
            // A bare repository names the branch of its HEAD as well, but has no files of it.
            Some((_, worktree)) if worktree.is_empty() => false,
            Some((_, worktree)) => {
                let inside = self.repository.run(&["-C", worktree, "rev-parse", "--is-inside-work-tree"], b"")?;
                inside.stdout.starts_with(b"true")
            }
            None => {
                let head = self.repository.run(&["symbolic-ref", "-q", "HEAD"], b"")?;
                let bare = self.repository.ask_line(&["rev-parse", "--is-bare-repository"], b"")? == "true";
                !bare && String::from_utf8_lossy(&head.stdout).trim_end() == self.reference
            }
        };
        ensure!(
            !checked_out,
            "{}: the branch is checked out; writing to it would change it under the feet of whoever works there: check \
             out another branch, or name another one for the results",
            self.name()
        );
        Ok(tip.map(|(commit, _)| commit))
    }

    /// Moves the branch to the commit that `make` makes of its tip, again until no other writer is faster.
    fn swap(&self, make: &mut Make<'_>) -> Result<()> {
        let facts = self.repository.facts().map_err(|why| self.unusable(&why))?;
        let _turn = facts.queue();
        let mut backoff = Backoff::new(WAITS.0, WAITS.1);
        let mut locked = 0;
        for _ in 0..TRIES {
            let tip = self.tip_to_move()?;
            let Some(commit) = make(tip.as_deref(), &facts)? else { return Ok(()) };
            match self.move_branch(&commit, tip.as_deref())? {
                Move::Done => return Ok(()),
                Move::Outrun => locked = 0,
                Move::Locked(words) => {
                    locked += 1;
                    ensure!(locked < TRIES_LOCKED, "{}: not written, the branch stays locked: {words}", self.name());
                }
            }
            backoff.wait();
        }
        bail!("{}: not written: other writers were faster {TRIES} times; run again when they have ended", self.name())
    }

    /// Moves the branch from `old` (`None`: it is not there) to `new`, if it is still at `old`.
    fn move_branch(&self, new: &str, old: Option<&str>) -> Result<Move> {
        let arguments = ["update-ref", "-m", "perf-gate", &self.reference, new, old.unwrap_or_default()];
        let output = self.repository.run(&arguments, b"")?;
        if output.status.success() {
            return Ok(Move::Done);
        }
        let words = said(&output);
        if self.tip()?.map(|(commit, _)| commit).as_deref() != old {
            return Ok(Move::Outrun);
        }
        ensure!(words.contains(".lock'"), "{}: the branch cannot be moved: {words}", self.name());
        Ok(Move::Locked(words))
    }

    /// Writes a commit on `tip` with `changes`; no branch leads to it yet.
    fn commit(&self, tip: Option<&str>, null: &str, message: &str, changes: &[FileChange]) -> Result<String> {
        let stream = stream(tip, null, message, changes);
        self.repository.ask_line(&["fast-import", "--quiet", "--done", "--date-format=now"], &stream)
    }
}

impl Store for Git {
    fn name(&self) -> String {
        format!("git:{}#{}", self.path, self.branch)
    }

    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>> {
        let tip = self.find(std::slice::from_ref(&self.reference))?.remove(0);
        Ok(Box::new(Tree::new(self, tip.filter(|tip| tip.kind == Kind::Commit).map(|tip| tip.name))))
    }

    fn update(&self, message: &str, edit: &mut Edit<'_>) -> Result<()> {
        self.swap(&mut |tip, facts| {
            let changes = edit(&Tree::new(self, tip.map(str::to_owned)))?;
            check(&changes)?;
            let commit = || self.commit(tip, &facts.null, message, &changes).with_context(|| self.name());
            if changes.is_empty() { Ok(None) } else { commit().map(Some) }
        })
    }

    fn squash(&self, message: &str) -> Result<()> {
        self.swap(&mut |tip, _| {
            let Some(tip) = tip else { return Ok(None) };
            let tree = format!("{tip}^{{tree}}");
            let message = branch::message(message);
            self.repository.ask_line(&["commit-tree", &tree, "-F", "-"], message.as_bytes()).map(Some)
        })
    }
}

/// The input of `git fast-import` for one commit that no reference keeps; it answers with the commit's name.
///
/// Format: <https://git-scm.com/docs/git-fast-import>. A `reset` to the `null` commit drops the name again.
fn stream(tip: Option<&str>, null: &str, message: &str, changes: &[FileChange]) -> Vec<u8> {
    const NAME: &str = "refs/perf-gate/incoming";
    let (committer, email) = COMMITTER;
    let message = branch::message(message);
    let mut stream = format!("commit {NAME}\nmark :1\ncommitter {committer} <{email}> now\n").into_bytes();
    stream.extend(format!("data {}\n{message}\n", message.len()).bytes());
    if let Some(tip) = tip {
        stream.extend(format!("from {tip}\n").bytes());
    }
    for change in changes {
        match change {
            FileChange::Put { path, bytes } => {
                stream.extend(format!("M 100644 inline {path}\ndata {}\n", bytes.len()).bytes());
                stream.extend_from_slice(bytes);
                stream.push(b'\n');
            }
            FileChange::Remove { path } => stream.extend(format!("D {path}\n").bytes()),
        }
    }
    stream.extend(format!("get-mark :1\nreset {NAME}\nfrom {null}\n\ndone\n").bytes());
    stream
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_cannot_be_taken_for_commands() {
        let text = stream(Some("abc"), "000", "m", &[FileChange::put("a", "x\ndone\n"), FileChange::remove("b")]);
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("from abc\nM 100644 inline a\ndata 7\nx\ndone\n\nD b\nget-mark :1\n"), "{text}");
    }
}
