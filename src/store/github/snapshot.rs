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

    /// The list that says what is at `path`, and the folder it is of: the list of all, or where that is too long for one
    /// answer, of the first folder on the way down that can be listed.
    fn list_with<'p>(&self, path: &'p str) -> Result<Option<(Rc<List>, &'p str)>> {
        let Some(commit) = &self.commit else { return Ok(None) };
        let (mut sha, mut folder) = (commit.clone(), "");
        loop {
            let all = self.list_of(&sha, true)?;
            if !all.is_truncated {
                return Ok(Some((all, folder)));
            }
            let children = self.list_of(&sha, false)?;
            ensure!(!children.is_truncated, "the folder '{folder}' has more files than GitHub lists");
            let Some((part, _)) = path[folder.len()..].split_once('/') else { return Ok(Some((children, folder))) };
            match children.entries.get(part) {
                Some(entry) if entry.is_folder => sha.clone_from(&entry.sha),
                _ => return Ok(None),
            }
            folder = &path[..folder.len() + part.len() + 1];
        }
    }

    /// The entry at `path`.
    fn entry(&self, path: &str) -> Result<Option<TreeEntry>> {
        let list = self.list_with(path)?;
        Ok(list.and_then(|(list, folder)| list.entries.get(&path[folder.len()..]).cloned()))
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

    fn entries(&self, prefix: &str) -> Result<Vec<String>> {
        let Some((list, folder)) = self.list_with(prefix)? else { return Ok(Vec::new()) };
        let prefix = &prefix[folder.len()..];
        let below = list.entries.range(prefix.to_owned()..).take_while(|(path, _)| path.starts_with(prefix));
        let own = below.filter_map(|(path, entry)| Some((path.strip_prefix(prefix)?, entry.is_folder)));
        let own = own.filter(|(name, _)| !name.is_empty() && !name.contains('/'));
        Ok(own.map(|(name, is_folder)| if is_folder { format!("{name}/") } else { name.to_owned() }).collect())
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
