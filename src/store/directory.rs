//! `dir:PATH`: a folder. Writers queue for a lock that the system frees when its holder dies; `journal` makes their
//! updates whole.
#![expect(clippy::disallowed_methods, reason = "the directory store is files")]

use std::fs::{self, DirEntry, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use super::{Edit, RESERVED, Snapshot, Store, check, journal, lock};

/// A folder as a store.
pub(super) struct Directory {
    root: PathBuf,
}

impl Directory {
    /// The folder at `path`, which need not be there before the first update.
    ///
    /// # Errors
    /// `path` is empty.
    pub(super) fn open(path: &str) -> Result<Self> {
        ensure!(!path.is_empty(), "no path: write dir:PATH");
        Ok(Self { root: PathBuf::from(path) })
    }

    fn check_folder(&self) -> Result<()> {
        ensure!(!self.root.exists() || self.root.is_dir(), "{}: {} is not a folder", self.name(), self.root.display());
        Ok(())
    }

    fn lock_path(&self) -> PathBuf {
        self.root.join(RESERVED).join("lock")
    }

    /// The right to change the folder, once everything decided before is finished.
    fn lock_to_write(&self) -> Result<File> {
        self.check_folder()?;
        let path = self.lock_path();
        fs::create_dir_all(self.root.join(RESERVED)).with_context(|| path.display().to_string())?;
        let file = File::options().create(true).append(true).open(&path);
        let file = file.with_context(|| path.display().to_string())?;
        wait_for(&path, || file.try_lock())?;
        journal::recover(&self.root)?;
        Ok(file)
    }

    /// The right to read the folder while nobody changes it; `None` where nobody ever has, or may.
    fn lock_to_read(&self) -> Result<Option<File>> {
        let path = self.lock_path();
        loop {
            let Ok(file) = File::open(&path) else { return Ok(None) };
            wait_for(&path, || file.try_lock_shared())?;
            if !journal::is_pending(&self.root) {
                return Ok(Some(file));
            }
            drop(file);
            self.lock_to_write()?;
        }
    }
}

impl Store for Directory {
    fn name(&self) -> String {
        format!("dir:{}", self.root.display())
    }

    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>> {
        self.check_folder()?;
        Ok(Box::new(Present { store: self, locked: false }))
    }

    fn update(&self, _message: &str, edit: &mut Edit<'_>) -> Result<()> {
        let _lock = self.lock_to_write()?;
        let changes = edit(&Present { store: self, locked: true })?;
        check(&changes)?;
        if changes.is_empty() { Ok(()) } else { journal::commit(&self.root, changes) }
    }

    fn squash(&self, _message: &str) -> Result<()> {
        bail!("{}: a folder keeps no past that could be squashed; compact it without", self.name())
    }
}

/// The folder as it is at each call.
struct Present<'a> {
    store: &'a Directory,
    /// Whether whoever asks holds the lock already.
    locked: bool,
}

impl Present<'_> {
    fn lock(&self) -> Result<Option<File>> {
        if self.locked { Ok(None) } else { self.store.lock_to_read() }
    }

    /// What `read` makes of each path; `None` for files that are absent.
    fn each<T>(&self, paths: &[&str], read: impl Fn(&Path) -> std::io::Result<T>) -> Result<Vec<Option<T>>> {
        let _lock = self.lock()?;
        let one = |path: &&str| {
            let path = self.store.root.join(path);
            present(read(&path)).with_context(|| path.display().to_string())
        };
        paths.iter().map(one).collect()
    }
}

impl Snapshot for Present<'_> {
    fn list(&self, prefix: &str) -> Result<Vec<String>> {
        let _lock = self.lock()?;
        let mut paths = Vec::new();
        walk(&self.store.root, prefix, &mut paths)?;
        paths.sort();
        Ok(paths)
    }

    fn entries(&self, prefix: &str) -> Result<Vec<String>> {
        let _lock = self.lock()?;
        entries(&self.store.root, prefix)
    }

    fn load(&self, paths: &[&str]) -> Result<Vec<Option<Vec<u8>>>> {
        self.each(paths, |path| fs::read(path))
    }

    fn sizes(&self, paths: &[&str]) -> Result<Vec<u64>> {
        let files = self.each(paths, Path::metadata)?;
        Ok(files.into_iter().map(|file| file.filter(|f| f.is_file()).map_or(0, |f| f.len())).collect())
    }
}

/// Adds the files in the folder `prefix` of `root` and below.
fn walk(root: &Path, prefix: &str, paths: &mut Vec<String>) -> Result<()> {
    for name in entries(root, prefix)? {
        let path = format!("{prefix}{name}");
        if name.ends_with('/') {
            walk(root, &path, paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}

/// Names of the files and folders in the folder `prefix` of `root`; links and names that are no text are none of ours.
fn entries(root: &Path, prefix: &str) -> Result<Vec<String>> {
    let folder = root.join(prefix);
    let entries = present(fs::read_dir(&folder)).with_context(|| folder.display().to_string())?;
    let mut names = Vec::new();
    for entry in entries.into_iter().flatten() {
        let entry: DirEntry = entry.with_context(|| folder.display().to_string())?;
        let kind = entry.file_type().with_context(|| entry.path().display().to_string())?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if kind.is_file() {
            names.push(name);
        } else if kind.is_dir() && name != ".git" && !(prefix.is_empty() && name == RESERVED) {
            names.push(name + "/");
        }
    }
    Ok(names)
}

/// `None` where nothing of the kind lies at a path.
fn present<T>(result: std::io::Result<T>) -> std::io::Result<Option<T>> {
    use ErrorKind::{IsADirectory, NotADirectory, NotFound};
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), NotFound | NotADirectory | IsADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Waits for a lock on the file at `path`.
fn wait_for(path: &Path, ask: impl FnMut() -> Result<(), TryLockError>) -> Result<()> {
    let given = lock::wait(ask).with_context(|| path.display().to_string())?;
    ensure!(given, "{} is held by another process for too long; run again when it has ended", path.display());
    Ok(())
}
