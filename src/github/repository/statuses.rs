//! Commit statuses.

use anyhow::Result;
use serde_json::json;

use super::{Repository, encoded, is_same, wire};
use crate::github::exchange::{Answer, Ask};
use crate::github::{Status, StatusState};

const READ: &str = "statuses: read";
const WRITE: &str = "statuses: write";

impl Repository {
    /// Gives a commit a status; an earlier one of the same context no longer counts.
    ///
    /// # Errors
    /// The API refuses or cannot be reached.
    pub fn set_status(&self, sha: &str, status: &Status) -> Result<()> {
        let mut content = json!({
            "context": status.context,
            "state": word(status.state),
            "description": status.description,
        });
        if let Some(url) = &status.target_url {
            content["target_url"] = json!(url);
        }
        let path = format!("statuses/{}", encoded(sha));
        let request = self.request(Ask::Post(content), &path, "setting a commit status", WRITE);
        let is_it = |other: &Status| {
            let same_context = other.context.eq_ignore_ascii_case(&status.context);
            same_context && other.state == status.state && is_same(&other.description, &status.description)
        };
        let landed = || Ok(self.statuses(sha)?.iter().any(is_it).then_some(()));
        self.client.once(&request, |_| Ok(()), landed)
    }

    /// The statuses of a commit: the latest of each context.
    ///
    /// # Errors
    /// The API refuses or cannot be reached.
    pub fn statuses(&self, sha: &str) -> Result<Vec<Status>> {
        let path = format!("commits/{}/status?per_page=100", encoded(sha));
        let pages = self.client.pages(&self.get(&path, "reading commit statuses", READ))?;
        let pages = pages.iter().map(Answer::read::<wire::Combined>).collect::<Result<Vec<_>>>()?;
        Ok(pages.into_iter().flat_map(|page| page.statuses).map(Status::from).collect())
    }
}

fn word(state: StatusState) -> &'static str {
    match state {
        StatusState::Error => "error",
        StatusState::Failure => "failure",
        StatusState::Pending => "pending",
        StatusState::Success => "success",
    }
}
