//! Writing changes as a tree: texts within it, other files before it, and as many requests as it takes.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use sha2::{Digest, Sha256};

use crate::github::{Repository, TreeChange};
use crate::store::FileChange;

/// Longest text that is written with its tree, bytes; longer ones are files of their own.
const TEXT: usize = 1 << 20;
/// Texts in one request, bytes in all.
const TEXTS: usize = 4 << 20;
/// Changes in one request: compaction changes thousands of files, and GitHub gives up on a request after 10 s.
const CHANGES: usize = 500;

/// Writes files and trees; a file that was written is not written again when another writer was faster.
#[derive(Default)]
pub(super) struct Writer {
    /// Hashes of files by the digest of their content.
    written: RefCell<HashMap<Vec<u8>, String>>,
}

impl Writer {
    /// The tree `base` with changes: its hash; `None` if nothing changes, for files that are not there are not removed.
    pub(super) fn tree(
        &self,
        repository: &Repository,
        base: Option<String>,
        changes: &[FileChange],
        is_there: &dyn Fn(&str) -> Result<bool>,
    ) -> Result<Option<String>> {
        // Of several changes of a path the last counts.
        let changes: BTreeMap<&str, &FileChange> = changes.iter().map(|change| (change.path(), change)).collect();
        let (mut tree, mut changed) = (base, None);
        let mut batch = Batch::default();
        for (path, change) in changes {
            let change = match change {
                FileChange::Put { bytes, .. } => self.put(repository, bytes)?,
                FileChange::Remove { .. } if is_there(path)? => TreeChange::Gone,
                FileChange::Remove { .. } => continue,
            };
            if batch.is_full(&change) {
                changed = Some(repository.write_tree(tree.as_deref(), &batch.take())?);
                tree.clone_from(&changed);
            }
            batch.add(path, change);
        }
        if !batch.changes.is_empty() {
            changed = Some(repository.write_tree(tree.as_deref(), &batch.changes)?);
        }
        Ok(changed)
    }

    fn put(&self, repository: &Repository, bytes: &[u8]) -> Result<TreeChange> {
        match std::str::from_utf8(bytes) {
            Ok(text) if text.len() <= TEXT && !text.contains('\0') => Ok(TreeChange::Text(text.to_owned())),
            _ => Ok(TreeChange::File(self.file(repository, bytes)?)),
        }
    }

    fn file(&self, repository: &Repository, bytes: &[u8]) -> Result<String> {
        let digest = Sha256::digest(bytes).to_vec();
        if let Some(sha) = self.written.borrow().get(&digest) {
            return Ok(sha.clone());
        }
        let sha = repository.write_file(bytes)?;
        self.written.borrow_mut().insert(digest, sha.clone());
        Ok(sha)
    }
}

/// The changes of one request.
#[derive(Default)]
struct Batch {
    changes: Vec<(String, TreeChange)>,
    /// Bytes of the texts among them.
    bytes: usize,
}

impl Batch {
    fn is_full(&self, next: &TreeChange) -> bool {
        self.changes.len() >= CHANGES || (!self.changes.is_empty() && self.bytes + length(next) > TEXTS)
    }

    fn add(&mut self, path: &str, change: TreeChange) {
        self.bytes += length(&change);
        self.changes.push((path.to_owned(), change));
    }

    fn take(&mut self) -> Vec<(String, TreeChange)> {
        std::mem::take(self).changes
    }
}

fn length(change: &TreeChange) -> usize {
    match change {
        TreeChange::Text(text) => text.len(),
        TreeChange::File(_) | TreeChange::Gone => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_so_many_changes_and_so_much_text() {
        let mut batch = Batch::default();
        let long = TreeChange::Text("x".repeat(TEXTS));
        assert!(!batch.is_full(&long));
        batch.add("a", long.clone());
        assert!(batch.is_full(&TreeChange::Text("y".to_owned())) && !batch.is_full(&TreeChange::Gone));
        assert_eq!(batch.take(), [("a".to_owned(), long)]);
        (0..CHANGES).for_each(|n| batch.add(&n.to_string(), TreeChange::Gone));
        assert!(batch.is_full(&TreeChange::Gone) && batch.bytes == 0);
    }
}
