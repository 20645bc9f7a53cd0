//! Changing several files of a folder at once, also when the process is killed in between.
//!
//! ```text
//!  new contents ─▶ .perf-gate/staged/N     killed here: the update did not happen
//!  journal ─▶ .perf-gate/journal.json      by renaming, the moment at which the update has happened
//!  staged/N ─▶ its place, removals         killed here: whoever opens the folder next finishes
//!  journal.json removed
//! ```
//!
//! Whoever calls holds the lock of the folder ([`super::directory`]). Files and folders are flushed to the disk at each
//! step, so that a power cut is like a kill.
#![expect(clippy::disallowed_methods, reason = "the directory store is files")]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::{FileChange, RESERVED};

/// An update whose new contents lie ready.
#[derive(Serialize, Deserialize)]
struct Journal {
    /// Number of the staged content, and where it goes.
    puts: Vec<(usize, String)>,
    /// What goes away.
    removes: Vec<String>,
}

/// Makes all `changes` in the folder `root`, or none.
///
/// # Errors
/// A file cannot be written; what was begun is finished, or forgotten, by the next caller.
pub(super) fn commit(root: &Path, changes: Vec<FileChange>) -> Result<()> {
    stage(root, changes)?;
    recover(root)
}

/// Whether an update has been decided and not finished.
pub(super) fn is_pending(root: &Path) -> bool {
    path(root).exists()
}

/// Finishes the update that another process has decided and not finished, if there is one.
///
/// # Errors
/// A file cannot be written.
pub(super) fn recover(root: &Path) -> Result<()> {
    let text = match fs::read(path(root)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| path(root).display().to_string()),
    };
    let journal: Journal = serde_json::from_slice(&text).with_context(|| path(root).display().to_string())?;
    finish(root, &journal)
}

/// Writes new contents and then the journal: when it returns the update is decided.
fn stage(root: &Path, changes: Vec<FileChange>) -> Result<()> {
    let staged = staged(root);
    forget(&staged)?;
    fs::create_dir_all(&staged).with_context(|| staged.display().to_string())?;
    let mut journal = Journal { puts: Vec::new(), removes: Vec::new() };
    for (number, change) in changes.into_iter().enumerate() {
        match change {
            FileChange::Put { path, bytes } => {
                write(&staged.join(number.to_string()), &bytes)?;
                journal.puts.push((number, path));
            }
            FileChange::Remove { path } => journal.removes.push(path),
        }
    }
    sync(&staged)?;
    let draft = staged.join("journal");
    write(&draft, &serde_json::to_vec(&journal)?)?;
    fs::rename(&draft, path(root)).with_context(|| draft.display().to_string())?;
    sync(&root.join(RESERVED))
}

/// Puts the staged contents in their places; those that are there already were put by whoever was killed.
fn finish(root: &Path, journal: &Journal) -> Result<()> {
    for (number, path) in &journal.puts {
        let (from, to) = (staged(root).join(number.to_string()), root.join(path));
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        absent_is_fine(fs::rename(&from, &to)).with_context(|| to.display().to_string())?;
    }
    for path in &journal.removes {
        absent_is_fine(fs::remove_file(root.join(path))).with_context(|| root.join(path).display().to_string())?;
    }
    let changed = journal.puts.iter().map(|(_, path)| path).chain(&journal.removes);
    let folders: BTreeSet<&Path> = changed.flat_map(|path| Path::new(path).ancestors().skip(1)).collect();
    folders.into_iter().map(|folder| root.join(folder)).filter(|f| f.exists()).try_for_each(|f| sync(&f))?;
    fs::remove_file(path(root)).with_context(|| path(root).display().to_string())
}

/// Removes what was staged by a process that was killed before it had decided.
fn forget(staged: &Path) -> Result<()> {
    absent_is_fine(fs::remove_dir_all(staged)).with_context(|| staged.display().to_string())
}

fn path(root: &Path) -> PathBuf {
    root.join(RESERVED).join("journal.json")
}

fn staged(root: &Path) -> PathBuf {
    root.join(RESERVED).join("staged")
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let to_disk = || {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_data()
    };
    to_disk().with_context(|| path.display().to_string())
}

/// Flushes which names a folder holds. Only Unix opens folders as files; elsewhere the system does it in its own time.
fn sync(folder: &Path) -> Result<()> {
    if cfg!(unix) {
        File::open(folder).and_then(|f| f.sync_all()).with_context(|| folder.display().to_string())?;
    }
    Ok(())
}

fn absent_is_fine(result: std::io::Result<()>) -> std::io::Result<()> {
    result.or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes() -> Vec<FileChange> {
        vec![FileChange::put("a/new", "1"), FileChange::put("b/new", "2"), FileChange::remove("old")]
    }

    fn state(root: &Path) -> [Option<String>; 3] {
        ["a/new", "b/new", "old"].map(|path| fs::read_to_string(root.join(path)).ok())
    }

    #[test]
    fn an_update_that_was_not_decided_did_not_happen() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("old"), "0").unwrap();
        stage(folder.path(), changes()).unwrap();
        fs::remove_file(path(folder.path())).unwrap();
        recover(folder.path()).unwrap();
        assert_eq!(state(folder.path()), [None, None, Some("0".to_owned())]);
        commit(folder.path(), vec![FileChange::put("a/new", "9")]).unwrap();
        assert_eq!(state(folder.path())[0].as_deref(), Some("9"));
    }

    #[test]
    fn a_decided_update_is_finished_wherever_it_stopped() {
        for done in 0..=3 {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path();
            fs::write(root.join("old"), "0").unwrap();
            stage(root, changes()).unwrap();
            for (number, place) in ["a/new", "b/new"].iter().enumerate().take(done) {
                fs::create_dir_all(root.join(place).parent().unwrap()).unwrap();
                fs::rename(staged(root).join(number.to_string()), root.join(place)).unwrap();
            }
            if done == 3 {
                fs::remove_file(root.join("old")).unwrap();
            }
            assert!(is_pending(root));
            recover(root).unwrap();
            assert_eq!(state(root), [Some("1".to_owned()), Some("2".to_owned()), None]);
            assert!(!is_pending(root));
        }
    }
}
