//! Reading a commit: its file list once, and any number of files in one process.

use anyhow::{Context, Result, bail, ensure};

use super::command::Repository;
use crate::store::Snapshot;

/// The files of a commit; `None` is the branch that does not exist yet.
pub(super) struct Tree<'a> {
    repository: &'a Repository,
    commit: Option<String>,
}

impl<'a> Tree<'a> {
    /// The files of `commit`.
    pub(super) fn new(repository: &'a Repository, commit: Option<String>) -> Self {
        Self { repository, commit }
    }

    /// Runs `git cat-file` with a batch of paths.
    fn cat_file(&self, mode: &str, commit: &str, paths: &[&str]) -> Result<Vec<u8>> {
        let names: String = paths.iter().map(|path| format!("{commit}:{path}\n")).collect();
        self.repository.ask(&["cat-file", mode], names.as_bytes())
    }
}

impl Snapshot for Tree<'_> {
    fn list(&self, prefix: &str) -> Result<Vec<String>> {
        let Some(commit) = &self.commit else { return Ok(Vec::new()) };
        let mut arguments = vec!["--literal-pathspecs", "ls-tree", "-r", "-z", "--name-only", "--full-tree", commit];
        if !prefix.is_empty() {
            arguments.push(prefix);
        }
        let names = self.repository.ask(&arguments, b"")?;
        let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        let mut paths: Vec<String> =
            names.filter_map(|name| Some(std::str::from_utf8(name).ok()?.to_owned())).collect();
        paths.sort();
        Ok(paths)
    }

    fn load(&self, paths: &[&str]) -> Result<Vec<Option<Vec<u8>>>> {
        let Some(commit) = self.commit.as_ref().filter(|_| !paths.is_empty()) else {
            return Ok(vec![None; paths.len()]);
        };
        ensure!(!paths.iter().any(|path| path.contains('\n')), "a path with a line break");
        let answer = self.cat_file("--batch", commit, paths)?;
        let mut rest = answer.as_slice();
        paths.iter().map(|path| next_file(&mut rest).with_context(|| (*path).to_owned())).collect()
    }

    fn sizes(&self, paths: &[&str]) -> Result<Vec<u64>> {
        let Some(commit) = self.commit.as_ref().filter(|_| !paths.is_empty()) else { return Ok(vec![0; paths.len()]) };
        let answer = self.cat_file("--batch-check", commit, paths)?;
        let lines = std::str::from_utf8(&answer).context("git cat-file answers in text")?.lines();
        Ok(lines.map(|line| header(line).map_or(0, |(_, size)| size as u64)).collect())
    }
}

/// Takes the next file from the answer of `git cat-file --batch`: a line, and the content where there is one.
fn next_file(rest: &mut &[u8]) -> Result<Option<Vec<u8>>> {
    let end = rest.iter().position(|byte| *byte == b'\n').context("git cat-file ended early")?;
    let line = String::from_utf8_lossy(&rest[..end]).into_owned();
    *rest = &rest[end + 1..];
    let Some((kind, size)) = header(&line) else {
        ensure!(line.ends_with(" missing"), "git cat-file says '{line}'");
        return Ok(None);
    };
    if rest.len() <= size {
        bail!("git cat-file ended early");
    }
    let content = rest[..size].to_vec();
    *rest = &rest[size + 1..];
    Ok((kind == "blob").then_some(content))
}

/// Kind and size from `<hash> <kind> <size>`; `None` for `<name> missing`.
fn header(line: &str) -> Option<(String, usize)> {
    let mut words = line.rsplitn(3, ' ');
    let size = words.next()?.parse().ok()?;
    Some((words.next()?.to_owned(), size))
}
