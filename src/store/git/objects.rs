//! Reading objects by name: one `git cat-file` that is asked as long as the store is open.
//!
//! A process costs some milliseconds, an object in it some ten microseconds. Names and answers go through pipes, and a
//! full pipe stops whoever writes: no more names are sent at once than fit in one, and then all answers to them are read.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::command::Repository;

/// Bytes of names that are sent before their answers are read: what every system takes in one write to a pipe, and a
/// sixteenth of what Linux keeps in one.
const AT_ONCE: usize = 4096;

/// An object as git keeps it.
#[derive(Debug)]
pub(super) struct Object {
    /// Its name, in hexadecimal digits.
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) content: Vec<u8>,
}

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Blob,
    Tree,
    Commit,
    Other,
}

/// A `git cat-file` at work.
pub(super) struct Objects {
    process: Child,
    /// Gone when the process is to end.
    names: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Objects {
    /// Starts the process; that it finds no repository is told by the first question.
    ///
    /// # Errors
    /// git cannot be started.
    pub(super) fn of(repository: &Repository) -> Result<Self> {
        // What git has to say is not read, and a full pipe would stop it: who wants to know asks `Repository::facts`.
        let mut process = repository.start(&["cat-file", "--batch"], Stdio::null())?;
        let names = process.stdin.take();
        let answers = process.stdout.take().context("git cat-file has an output")?;
        Ok(Self { process, names, answers: BufReader::new(answers) })
    }

    /// The objects of those names (a hash, `COMMIT:PATH`, `refs/heads/BRANCH`) in their order; `None` for what is not there.
    ///
    /// # Errors
    /// git ended, or a name has a line break.
    pub(super) fn find(&mut self, names: &[String]) -> Result<Vec<Option<Object>>> {
        ensure!(!names.iter().any(|name| name.contains('\n')), "a path with a line break");
        let mut found = Vec::with_capacity(names.len());
        let mut rest = names;
        while !rest.is_empty() {
            let mut length = 0;
            let fitting = rest.iter().take_while(|name| {
                length += name.len() + 1;
                length <= AT_ONCE
            });
            let (now, later) = rest.split_at(fitting.count().max(1));
            self.send(now)?;
            for name in now {
                found.push(self.receive().with_context(|| name.clone())?);
            }
            rest = later;
        }
        Ok(found)
    }

    fn send(&mut self, names: &[String]) -> Result<()> {
        let pipe = self.names.as_mut().context("git cat-file has an input")?;
        let mut lines = names.join("\n");
        lines.push('\n');
        pipe.write_all(lines.as_bytes()).context("git cat-file ended early")
    }

    /// Reads an answer: a line, and the content where there is one.
    fn receive(&mut self) -> Result<Option<Object>> {
        let mut line = Vec::new();
        self.answers.read_until(b'\n', &mut line)?;
        ensure!(line.pop() == Some(b'\n'), "git cat-file ended early");
        let line = String::from_utf8_lossy(&line).into_owned();
        let Some((name, kind, size)) = header(&line) else {
            ensure!(line.ends_with(" missing"), "git cat-file says '{line}'");
            return Ok(None);
        };
        let mut content = vec![0; size + 1];
        self.answers.read_exact(&mut content).context("git cat-file ended early")?;
        content.pop();
        Ok(Some(Object { name, kind, content }))
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // git ends when there is nothing more to ask; what its status was matters to nobody any more.
        self.names = None;
        self.process.wait().ok();
    }
}

/// Name, kind and size from `<hash> <kind> <size>`; `None` for `<name> missing`.
fn header(line: &str) -> Option<(String, Kind, usize)> {
    let mut words = line.rsplitn(3, ' ');
    let size = words.next()?.parse().ok()?;
    let kind = match words.next()? {
        "blob" => Kind::Blob,
        "tree" => Kind::Tree,
        "commit" => Kind::Commit,
        _ => Kind::Other,
    };
    Some((words.next()?.to_owned(), kind, size))
}

/// An entry of a tree.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) is_folder: bool,
    /// Name of its object, in hexadecimal digits.
    pub(super) object: String,
}

/// The entries of a tree; names that are no text are none of ours. `digits` is the length of an object's name.
///
/// Format: mode, a space, the name, a zero byte and the object's name in bytes, without anything between entries; see
/// `tree.c` of git, for it is documented nowhere.
///
/// # Errors
/// It is no tree.
pub(super) fn entries(tree: &[u8], digits: usize) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut rest = tree;
    while !rest.is_empty() {
        let (Some(space), Some(zero)) = (memchr::memchr(b' ', rest), memchr::memchr(0, rest)) else {
            bail!("a tree that cannot be read")
        };
        let end = zero + 1 + digits / 2;
        ensure!(space < zero && end <= rest.len(), "a tree that cannot be read");
        if let Ok(name) = std::str::from_utf8(&rest[space + 1..zero]) {
            let object = rest[zero + 1..end].iter().map(|byte| format!("{byte:02x}")).collect();
            entries.push(Entry { name: name.to_owned(), is_folder: &rest[..space] == b"40000", object });
        }
        rest = &rest[end..];
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_answer_is_told_from_a_name_that_is_missing() {
        assert_eq!(header("abc blob 12"), Some(("abc".to_owned(), Kind::Blob, 12)));
        assert_eq!(header("refs/heads/a tree 1 missing"), None);
        assert_eq!(header("x missing"), None);
    }

    #[test]
    fn a_tree_that_is_cut_is_an_error() {
        let tree = b"100644 a b\0\x01\x0240000 c\0\xfe\xff";
        let read = entries(tree, 4).unwrap();
        let entry = |name: &str, is_folder, object: &str| Entry { name: name.into(), is_folder, object: object.into() };
        assert_eq!(read, [entry("a b", false, "0102"), entry("c", true, "feff")]);
        for end in (1..tree.len()).filter(|end| *end != 13) {
            assert!(entries(&tree[..end], 4).is_err(), "{end}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_reading_a_tree_panic(tree in prop::collection::vec(any::<u8>(), 0..80)) {
            entries(&tree, 40).ok();
        }
    }
}
