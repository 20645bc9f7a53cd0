//! Reading a commit: its file list in one request, each file once.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use anyhow::{Result, ensure};

use crate::github::{Repository, TreeEntry};
use crate::store::Snapshot;

/// Lists that are kept; a commit has one, or one for each folder if it is very large.
const LISTS: usize = 256;
/// Files that are kept, bytes in all: a year of days is a hundred megabytes.
const KEPT: usize = 256 << 20;

/// What was read so far. Everything is known by its hash, so nothing in it is ever out of date.
#[derive(Default)]
pub(super) struct Cache {
    lists: RefCell<HashMap<(String, bool), Rc<List>>>,
    files: RefCell<HashMap<String, Rc<Vec<u8>>>>,
    /// Bytes in `files`.
    kept: Cell<usize>,
    readable: Cell<bool>,
}

impl Cache {
    /// Whether the repository was seen.
    pub(super) fn is_readable(&self) -> bool {
        self.readable.get()
    }

    /// The repository was seen.
    pub(super) fn set_readable(&self) {
        self.readable.set(true);
    }

    fn keep_list(&self, key: (String, bool), list: &Rc<List>) {
        let mut lists = self.lists.borrow_mut();
        if lists.len() >= LISTS {
            lists.clear();
        }
        lists.insert(key, Rc::clone(list));
    }

    fn keep_file(&self, sha: &str, file: &Rc<Vec<u8>>) {
        if self.kept.get() + file.len() > KEPT {
            self.files.borrow_mut().clear();
            self.kept.set(0);
        }
        self.kept.set(self.kept.get() + file.len());
        self.files.borrow_mut().insert(sha.to_owned(), Rc::clone(file));
    }
}

/// What lies in a tree, by path.
struct List {
    entries: BTreeMap<String, TreeEntry>,
    is_truncated: bool,
}

/// The files of a commit; `None` is the branch that does not exist yet.
pub(super) struct Files<'a> {
    repository: &'a Repository,
    cache: &'a Cache,
    commit: Option<String>,
}

impl<'a> Files<'a> {
    /// The files of `commit`.
    pub(super) fn new(repository: &'a Repository, cache: &'a Cache, commit: Option<String>) -> Self {
        Self { repository, cache, commit }
    }

    /// Whether there is a file at `path`.
    pub(super) fn is_there(&self, path: &str) -> Result<bool> {
        Ok(self.find(path)?.is_some())
    }

    fn list_of(&self, sha: &str, recursive: bool) -> Result<Rc<List>> {
        let key = (sha.to_owned(), recursive);
        if let Some(list) = self.cache.lists.borrow().get(&key) {
            return Ok(Rc::clone(list));
        }
        let tree = self.repository.tree(sha, recursive)?;
        let entries = tree.entries.into_iter().map(|entry| (entry.path.clone(), entry)).collect();
        let list = Rc::new(List { entries, is_truncated: tree.is_truncated });
        self.cache.keep_list(key, &list);
        Ok(list)
    }

    /// The entry at `path`: from the list of all, or down the folders where that is too long for one answer.
    fn entry(&self, path: &str) -> Result<Option<TreeEntry>> {
        let Some(commit) = &self.commit else { return Ok(None) };
        let all = self.list_of(commit, true)?;
        if !all.is_truncated {
            return Ok(all.entries.get(path).cloned());
        }
        let mut at = commit.clone();
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            let Some(entry) = self.list_of(&at, false)?.entries.get(part).cloned() else { return Ok(None) };
            match (parts.peek(), entry.is_folder) {
                (None, _) => return Ok(Some(entry)),
                (Some(_), true) => at = entry.sha,
                (Some(_), false) => return Ok(None),
            }
        }
        Ok(None)
    }

    fn find(&self, path: &str) -> Result<Option<TreeEntry>> {
        Ok(self.entry(path)?.filter(|entry| !entry.is_folder))
    }

    /// Adds the paths of all files below the tree `sha`, which lies at `folder` (`""` or `a/b/`).
    fn collect(&self, sha: &str, folder: &str, paths: &mut Vec<String>) -> Result<()> {
        let all = self.list_of(sha, true)?;
        if !all.is_truncated {
            let files = all.entries.values().filter(|entry| !entry.is_folder);
            paths.extend(files.map(|entry| format!("{folder}{}", entry.path)));
            return Ok(());
        }
        let children = self.list_of(sha, false)?;
        ensure!(!children.is_truncated, "the folder '{folder}' has more files than GitHub lists");
        for entry in children.entries.values() {
            match entry.is_folder {
                true => self.collect(&entry.sha, &format!("{folder}{}/", entry.path), paths)?,
                false => paths.push(format!("{folder}{}", entry.path)),
            }
        }
        Ok(())
    }

    /// Reads the files of `shas` that were not read before, and returns them all.
    fn read(&self, shas: BTreeSet<&str>) -> Result<HashMap<String, Rc<Vec<u8>>>> {
        let known: HashMap<String, Rc<Vec<u8>>> = {
            let files = self.cache.files.borrow();
            shas.iter().filter_map(|sha| Some(((*sha).to_owned(), Rc::clone(files.get(*sha)?)))).collect()
        };
        let missing: Vec<&str> = shas.into_iter().filter(|sha| !known.contains_key(*sha)).collect();
        let mut files = known;
        for (sha, bytes) in missing.iter().zip(self.repository.files(&missing)?) {
            let file = Rc::new(bytes);
            self.cache.keep_file(sha, &file);
            files.insert((*sha).to_owned(), file);
        }
        Ok(files)
    }
}

impl Snapshot for Files<'_> {
    fn list(&self, prefix: &str) -> Result<Vec<String>> {
        let Some(commit) = &self.commit else { return Ok(Vec::new()) };
        let mut paths = Vec::new();
        let all = self.list_of(commit, true)?;
        if !all.is_truncated {
            let below = all.entries.range(prefix.to_owned()..).take_while(|(path, _)| path.starts_with(prefix));
            paths.extend(below.filter(|(_, entry)| !entry.is_folder).map(|(path, _)| path.clone()));
        } else if prefix.is_empty() {
            self.collect(commit, "", &mut paths)?;
        } else if let Some(folder) = self.entry(prefix.trim_end_matches('/'))?.filter(|entry| entry.is_folder) {
            self.collect(&folder.sha, prefix, &mut paths)?;
        }
        paths.sort();
        Ok(paths)
    }

    fn load(&self, paths: &[&str]) -> Result<Vec<Option<Vec<u8>>>> {
        let entries = paths.iter().map(|path| self.find(path)).collect::<Result<Vec<_>>>()?;
        let files = self.read(entries.iter().flatten().map(|entry| entry.sha.as_str()).collect())?;
        let bytes = |entry: &TreeEntry| files.get(&entry.sha).map(|file| file.as_ref().clone());
        Ok(entries.iter().map(|entry| entry.as_ref().and_then(bytes)).collect())
    }

    fn sizes(&self, paths: &[&str]) -> Result<Vec<u64>> {
        paths.iter().map(|path| Ok(self.find(path)?.map_or(0, |entry| entry.size))).collect()
    }
}
