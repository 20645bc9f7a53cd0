//! Pull requests, the commits they are made of, who may do what, and events for other workflows.

use anyhow::Result;
use serde_json::{Value, json};

use super::{Repository, encoded, found, wire};
use crate::github::exchange::{Answer, Ask, Request};
use crate::github::{Error, Permission, PullRequest};

const PULLS: &str = "pull-requests: read";
const CONTENTS: &str = "contents: read";
const DISPATCH: &str = "contents: write";

impl Repository {
    /// A pull request; `None` if there is none of that number.
    ///
    /// # Errors
    /// The API refuses or cannot be reached.
    pub fn pull_request(&self, number: u64) -> Result<Option<PullRequest>> {
        let request = self.get(&format!("pulls/{number}"), &format!("reading pull request #{number}"), PULLS);
        let answer = found(self.client.repeat(&request))?;
        answer.map(|answer| Ok(answer.read::<wire::PullRequest>()?.into())).transpose()
    }

    /// The pull requests that a commit belongs to; none for a commit that the repository does not know.
    ///
    /// # Errors
    /// The API refuses or cannot be reached.
    pub fn pull_requests_of(&self, sha: &str) -> Result<Vec<PullRequest>> {
        let path = format!("commits/{}/pulls?per_page=100", encoded(sha));
        match self.pull_requests(&self.get(&path, "looking for pull requests of a commit", PULLS)) {
            Err(error) if matches!(error.downcast_ref(), Some(Error::Refused { status: 422, .. })) => Ok(Vec::new()),
            answer => answer,
        }
    }

    /// The open pull requests, of all branches or from one (`owner:branch`).
    ///
    /// # Errors
    /// The API refuses or cannot be reached.
    pub fn open_pull_requests(&self, head_owner_and_branch: Option<&str>) -> Result<Vec<PullRequest>> {
        let head = head_owner_and_branch.map(|head| format!("&head={}", encoded(head))).unwrap_or_default();
        let path = format!("pulls?state=open{head}&per_page=100");
        self.pull_requests(&self.get(&path, "listing open pull requests", PULLS))
    }

    fn pull_requests(&self, request: &Request) -> Result<Vec<PullRequest>> {
        let pages = self.client.pages(request)?;
        let pages = pages.iter().map(Answer::read::<Vec<wire::PullRequest>>).collect::<Result<Vec<_>>>()?;
        Ok(pages.into_iter().flatten().map(PullRequest::from).collect())
    }

    /// The commit where `head` left `base`; `None` if they have none in common or one of them is not there.
    ///
    /// # Errors
    /// The API refuses or cannot be reached.
    pub fn merge_base(&self, base: &str, head: &str) -> Result<Option<String>> {
        let path = format!("compare/{}...{}?per_page=1", encoded(base), encoded(head));
        let request = self.get(&path, "looking for the merge base", CONTENTS);
        let Some(answer) = found(self.client.repeat(&request))? else { return Ok(None) };
        Ok(answer.read::<wire::Compared>()?.merge_base_commit.map(|commit| commit.sha))
    }

    /// A commit and those before it, the newest first, `most` at most.
    ///
    /// # Errors
    /// The API refuses or cannot be reached.
    pub fn ancestors(&self, sha: &str, most: usize) -> Result<Vec<String>> {
        let path = format!("commits?sha={}&per_page={}", encoded(sha), most.clamp(1, 100));
        let request = self.get(&path, "listing commits", CONTENTS);
        let pages = self.client.pages_until(&request, most.div_ceil(100))?;
        let pages = pages.iter().map(Answer::read::<Vec<wire::Hashed>>).collect::<Result<Vec<_>>>()?;
        Ok(pages.into_iter().flatten().map(|commit| commit.sha).take(most).collect())
    }

    /// What a person may do here.
    ///
    /// # Errors
    /// The API refuses or cannot be reached.
    pub fn permission(&self, login: &str) -> Result<Permission> {
        let path = format!("collaborators/{}/permission", encoded(&login.replace('/', "")));
        let request = self.get(&path, "asking what a person may do", "metadata: read");
        let Some(answer) = found(self.client.repeat(&request))? else { return Ok(Permission::None) };
        // `maintain` and `triage` are told as `write` and `read`.
        Ok(match answer.read::<wire::Allowed>()?.permission.as_str() {
            "admin" => Permission::Admin,
            "write" => Permission::Write,
            "read" => Permission::Read,
            _ => Permission::None,
        })
    }

    /// Sends a `repository_dispatch` event, which starts workflows; at most once.
    ///
    /// # Errors
    /// The API refuses or cannot be reached; [`Error::Unreachable`] where the event may have been sent.
    pub fn dispatch(&self, event: &str, payload: &Value) -> Result<()> {
        let content = json!({ "event_type": event, "client_payload": payload });
        let request = self.request(Ask::Post(content), "dispatches", "sending an event", DISPATCH);
        self.client.at_most_once(&request).map(drop)
    }
}
