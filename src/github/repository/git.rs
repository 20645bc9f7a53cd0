//! Git's own objects: branches, trees, files, commits.
//!
//! Files, trees and commits that no branch leads to do nobody harm: writing them again after a lost answer is fine.

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Repository, encoded, found, wire};
use crate::github::Error;
use crate::github::exchange::{Answer, Ask, FILE, Request};

const READ: &str = "contents: read";
const WRITE: &str = "contents: write";

/// What a tree holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// Its entries; their paths begin at this tree.
    pub entries: Vec<TreeEntry>,
    /// Whether there are more than one answer can have.
    pub is_truncated: bool,
}

/// A file or folder in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// Where.
    pub path: String,
    /// Its hash.
    pub sha: String,
    /// Bytes of a file.
    pub size: u64,
    /// Whether it is a folder.
    pub is_folder: bool,
}

/// How a path of a tree changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreeChange {
    /// A file with this text.
    Text(String),
    /// The file of this hash.
    File(String),
    /// The path goes; it must be there.
    Gone,
}

impl Repository {
    /// Fails where the repository is not there or cannot be read.
    ///
    /// # Errors
    /// As said, or the API cannot be reached.
    pub fn check_readable(&self) -> Result<()> {
        self.client.repeat(&self.get("", "looking for the repository", READ)).map(drop)
    }

    /// The commit at the tip of a branch; `None` if there is no such branch, or no repository.
    ///
    /// # Errors
    /// The API refuses or cannot be reached.
    pub fn tip(&self, branch: &str) -> Result<Option<String>> {
        let path = format!("git/ref/heads/{}", encoded(branch));
        let answer = match found(self.client.repeat(&self.get(&path, "reading a branch", READ))) {
            // An empty repository has no branches to look among.
            Err(error) if matches!(error.downcast_ref(), Some(Error::Refused { status: 409, .. })) => None,
            answer => answer?,
        };
        let tip = answer.map(|answer| answer.read::<Reference>()).transpose()?;
        Ok(tip.map(|reference| reference.object.sha))
    }

    /// The tree of a tree or commit, with all below if `recursive`.
    ///
    /// # Errors
    /// The API refuses or cannot be reached.
    pub fn tree(&self, sha: &str, recursive: bool) -> Result<Tree> {
        let query = if recursive { "?recursive=1" } else { "" };
        let request = self.get(&format!("git/trees/{}{query}", encoded(sha)), "listing files", READ);
        let listing: Listing = self.client.repeat(&Request { largest: FILE, ..request })?.read()?;
        let entries = listing.tree.into_iter().filter(|entry| entry.kind != "commit");
        let entries = entries.map(|Entry { path, sha, size, kind }| TreeEntry {
            path,
            sha,
            size: size.unwrap_or_default(),
            is_folder: kind == "tree",
        });
        Ok(Tree { entries: entries.collect(), is_truncated: listing.truncated })
    }

    /// The files of some hashes, in their order; several requests at once.
    ///
    /// # Errors
    /// The API refuses or cannot be reached, or a file is not as long as it should be.
    pub fn files(&self, shas: &[&str]) -> Result<Vec<Vec<u8>>> {
        let ask = |sha: &&str| {
            let request = self.get(&format!("git/blobs/{}", encoded(sha)), "reading a file", READ);
            Request { largest: FILE, ..request }
        };
        self.client.repeat_all(shas.iter().map(ask).collect())?.iter().map(content).collect()
    }

    /// Writes a file; no tree holds it yet. Returns its hash.
    ///
    /// # Errors
    /// The API refuses or cannot be reached.
    pub fn write_file(&self, bytes: &[u8]) -> Result<String> {
        self.write(
            "git/blobs",
            json!({ "content": BASE64_STANDARD.encode(bytes), "encoding": "base64" }),
            "writing a file",
        )
    }

    /// Writes a tree: `base` (a tree) with changes. Returns its hash.
    ///
    /// # Errors
    /// The API refuses or cannot be reached.
    pub fn write_tree(&self, base: Option<&str>, changes: &[(String, TreeChange)]) -> Result<String> {
        let entry = |(path, change): &(String, TreeChange)| {
            let (field, value) = match change {
                TreeChange::Text(text) => ("content", Value::from(text.as_str())),
                TreeChange::File(sha) => ("sha", Value::from(sha.as_str())),
                TreeChange::Gone => ("sha", Value::Null),
            };
            json!({ "path": path, "mode": "100644", "type": "blob", field: value })
        };
        let mut content = json!({ "tree": changes.iter().map(entry).collect::<Vec<_>>() });
        if let Some(base) = base {
            content["base_tree"] = json!(base);
        }
        self.write("git/trees", content, "writing a tree")
    }

    /// The tree of a commit.
    ///
    /// # Errors
    /// The API refuses or cannot be reached.
    pub fn tree_of(&self, commit: &str) -> Result<String> {
        let request = self.get(&format!("git/commits/{}", encoded(commit)), "reading a commit", READ);
        Ok(self.client.repeat(&request)?.read::<Commit>()?.tree.sha)
    }

    /// Writes a commit of a tree by `who` (name and mail); no branch leads to it yet. Returns its hash.
    ///
    /// # Errors
    /// The API refuses or cannot be reached.
    pub fn write_commit(&self, message: &str, tree: &str, parent: Option<&str>, who: (&str, &str)) -> Result<String> {
        let person = json!({ "name": who.0, "email": who.1 });
        let parents: Vec<&str> = parent.into_iter().collect();
        let content =
            json!({ "message": message, "tree": tree, "parents": parents, "author": person, "committer": person });
        self.write("git/commits", content, "writing a commit")
    }

    /// Moves a branch to a commit that has its tip among its ancestors.
    ///
    /// # Errors
    /// Another commit is the tip by now, a rule forbids it, there is no such branch ([`Error::Refused`],
    /// [`Error::NotFound`]); the API refuses or cannot be reached.
    pub fn move_branch(&self, branch: &str, commit: &str) -> Result<()> {
        let ask = Ask::Patch(json!({ "sha": commit, "force": false }));
        let path = format!("git/refs/heads/{}", encoded(branch));
        // Again is the same: a branch that is there already is moved nowhere.
        self.client.repeat(&self.request(ask, &path, "moving a branch", WRITE)).map(drop)
    }

    /// Makes a branch, once.
    ///
    /// # Errors
    /// There is one ([`Error::Refused`]), the API refuses or cannot be reached.
    pub fn create_branch(&self, branch: &str, commit: &str) -> Result<()> {
        let ask = Ask::Post(json!({ "ref": format!("refs/heads/{branch}"), "sha": commit }));
        let request = self.request(ask, "git/refs", "making a branch", WRITE);
        let landed = || Ok(self.tip(branch)?.filter(|tip| tip == commit).map(drop));
        self.client.once(&request, |_| Ok(()), landed)
    }

    /// Writes an object and returns its hash.
    fn write(&self, path: &str, content: Value, doing: &str) -> Result<String> {
        let answer = self.client.repeat(&self.request(Ask::Post(content), path, doing, WRITE))?;
        Ok(answer.read::<wire::Hashed>()?.sha)
    }
}

#[derive(Deserialize)]
struct Reference {
    object: wire::Hashed,
}

#[derive(Deserialize)]
struct Commit {
    tree: wire::Hashed,
}

#[derive(Deserialize)]
struct Listing {
    tree: Vec<Entry>,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
struct Entry {
    path: String,
    sha: String,
    size: Option<u64>,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Blob {
    content: String,
    encoding: String,
    size: u64,
}

/// The bytes of a file.
fn content(answer: &Answer) -> Result<Vec<u8>> {
    let blob: Blob = answer.read()?;
    let bytes = match blob.encoding.as_str() {
        "base64" => {
            let text: Vec<u8> = blob.content.into_bytes().into_iter().filter(|b| !b.is_ascii_whitespace()).collect();
            BASE64_STANDARD.decode(text).context("a file that is not in base64")?
        }
        _ => blob.content.into_bytes(),
    };
    ensure!(bytes.len() as u64 == blob.size, "a file of {} bytes came as {}", blob.size, bytes.len());
    Ok(bytes)
}
