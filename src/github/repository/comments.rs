//! Comments on issues and pull requests, which are the same to the API.

use anyhow::Result;
use serde_json::json;

use super::{Repository, found, is_same, wire};
use crate::github::Comment;
use crate::github::exchange::{Answer, Ask};

const READ: &str = "pull-requests: read` or, on an issue, `issues: read";
const WRITE: &str = "pull-requests: write` or, on an issue, `issues: write";

impl Repository {
    /// All comments on an issue or pull request, the oldest first.
    ///
    /// # Errors
    /// The API refuses or cannot be reached.
    pub fn comments(&self, on: u64) -> Result<Vec<Comment>> {
        let request =
            self.get(&format!("issues/{on}/comments?per_page=100"), &format!("reading the comments of #{on}"), READ);
        let pages = self.client.pages(&request)?;
        let pages = pages.iter().map(Answer::read::<Vec<wire::Comment>>).collect::<Result<Vec<_>>>()?;
        Ok(pages.into_iter().flatten().map(Comment::from).collect())
    }

    /// Writes a comment, once.
    ///
    /// # Errors
    /// The API refuses or cannot be reached.
    pub fn create_comment(&self, on: u64, body: &str) -> Result<Comment> {
        let ask = Ask::Post(json!({ "body": body }));
        let request = self.request(ask, &format!("issues/{on}/comments"), &format!("commenting on #{on}"), WRITE);
        // It is ours whoever it says wrote it: a token cannot ask for its own name.
        let landed = || Ok(self.comments(on)?.into_iter().rev().find(|comment| is_same(&comment.body, body)));
        self.client.once(&request, comment, landed)
    }

    /// Gives a comment another text.
    ///
    /// # Errors
    /// The comment is gone ([`crate::github::Error::NotFound`]), the API refuses or cannot be reached.
    pub fn update_comment(&self, id: u64, body: &str) -> Result<Comment> {
        let ask = Ask::Patch(json!({ "body": body }));
        let request = self.request(ask, &format!("issues/comments/{id}"), "updating a comment", WRITE);
        comment(&self.client.repeat(&request)?)
    }

    /// Removes a comment; one that is gone already is fine.
    ///
    /// # Errors
    /// The API refuses or cannot be reached.
    pub fn delete_comment(&self, id: u64) -> Result<()> {
        let request = self.request(Ask::Delete, &format!("issues/comments/{id}"), "deleting a comment", WRITE);
        found(self.client.repeat(&request)).map(drop)
    }
}

fn comment(answer: &Answer) -> Result<Comment> {
    Ok(answer.read::<wire::Comment>()?.into())
}
