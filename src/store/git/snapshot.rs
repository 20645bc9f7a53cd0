//! Reading a commit: its folders and files, all from one process.

use anyhow::{Context, Result};

use super::Git;
use super::objects::{Kind, Object, entries};
use crate::store::Snapshot;

/// The files of a commit; `None` is the branch that does not exist yet.
pub(super) struct Tree<'a> {
    git: &'a Git,
    commit: Option<String>,
}

impl<'a> Tree<'a> {
    /// The files of `commit`.
    pub(super) fn new(git: &'a Git, commit: Option<String>) -> Self {
        Self { git, commit }
    }

    /// The objects at `paths`, in their order.
    fn find(&self, paths: &[&str]) -> Result<Vec<Option<Object>>> {
        let Some(commit) = self.commit.as_ref().filter(|_| !paths.is_empty()) else {
            return Ok(paths.iter().map(|_| None).collect());
        };
        self.git.find(&paths.iter().map(|path| format!("{commit}:{path}")).collect::<Vec<_>>())
    }

    /// The folder `prefix` (`""` or `a/b/`), if there is one.
    fn folder(&self, prefix: &str) -> Result<Option<Object>> {
        let found = self.find(&[prefix.strip_suffix('/').unwrap_or(prefix)])?.remove(0);
        Ok(found.filter(|object| object.kind == Kind::Tree))
    }
}

impl Snapshot for Tree<'_> {
    fn list(&self, prefix: &str) -> Result<Vec<String>> {
        let mut paths = Vec::new();
        let mut folders: Vec<(String, Object)> =
            self.folder(prefix)?.map(|f| (prefix.to_owned(), f)).into_iter().collect();
        // Level by level: the folders of a level are one question.
        while !folders.is_empty() {
            let (mut below, mut names) = (Vec::new(), Vec::new());
            for (folder, object) in &folders {
                for entry in entries(&object.content, object.name.len())? {
                    if entry.is_folder {
                        below.push(format!("{folder}{}/", entry.name));
                        names.push(entry.object);
                    } else {
                        paths.push(format!("{folder}{}", entry.name));
                    }
                }
            }
            let found = self.git.find(&names)?.into_iter();
            let present = |(path, object): (String, Option<Object>)| Some((path, object?));
            folders = below.into_iter().zip(found).filter_map(present).collect();
        }
        paths.sort();
        Ok(paths)
    }

    fn entries(&self, prefix: &str) -> Result<Vec<String>> {
        let Some(folder) = self.folder(prefix)? else { return Ok(Vec::new()) };
        let entries = entries(&folder.content, folder.name.len())?.into_iter();
        Ok(entries.map(|entry| if entry.is_folder { entry.name + "/" } else { entry.name }).collect())
    }

    fn load(&self, paths: &[&str]) -> Result<Vec<Option<Vec<u8>>>> {
        let found = self.find(paths)?.into_iter();
        Ok(found.map(|object| object.filter(|o| o.kind == Kind::Blob).map(|o| o.content)).collect())
    }

    fn sizes(&self, paths: &[&str]) -> Result<Vec<u64>> {
        let Some(commit) = self.commit.as_ref().filter(|_| !paths.is_empty()) else { return Ok(vec![0; paths.len()]) };
        let names: String = paths.iter().map(|path| format!("{commit}:{path}\n")).collect();
        let answer = self.git.repository.ask(&["cat-file", "--batch-check"], names.as_bytes())?;
        let lines = std::str::from_utf8(&answer).context("git cat-file answers in text")?.lines();
        Ok(lines.map(|line| size(line).unwrap_or(0)).collect())
    }
}

/// The size from `<hash> <kind> <size>`; `None` for `<name> missing`.
fn size(line: &str) -> Option<u64> {
    line.rsplit(' ').next()?.parse().ok()
}
