//! Issues; pull requests, which the API lists among them, are left out.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::{Repository, encoded, found, is_same, wire};
use crate::github::exchange::{Answer, Ask};
use crate::github::{Error, Issue, IssueChange, IssueState, NewIssue};

const READ: &str = "issues: read";
const WRITE: &str = "issues: write";

impl Repository {
    /// All issues that have all of `labels`, in a state or in any, the newest first.
    ///
    /// # Errors
    /// The API refuses or cannot be reached.
    pub fn issues(&self, labels: &[String], state: Option<IssueState>) -> Result<Vec<Issue>> {
        let labels = encoded(&labels.join(","));
        let path = format!("issues?labels={labels}&state={}&per_page=100", state.map_or("all", word));
        let pages = self.client.pages(&self.get(&path, "listing issues", READ))?;
        let pages = pages.iter().map(Answer::read::<Vec<wire::Issue>>).collect::<Result<Vec<_>>>()?;
        Ok(pages.into_iter().flatten().filter_map(wire::Issue::unless_pull_request).collect())
    }

    /// An issue; `None` if it is absent, deleted, moved to another repository, or a pull request.
    ///
    /// # Errors
    /// The API refuses or cannot be reached.
    pub fn issue(&self, number: u64) -> Result<Option<Issue>> {
        let request = self.get(&format!("issues/{number}"), &format!("reading issue #{number}"), READ);
        let Some(answer) = found(self.client.repeat(&request))? else { return Ok(None) };
        let issue: wire::Issue = answer.read()?;
        // One that was moved answers from where it is now, under its number there.
        Ok(if issue.number == number { issue.unless_pull_request() } else { None })
    }

    /// Opens an issue, once. If there is somebody among the assignees who cannot be one, it has none: the answer's
    /// `assignees` are those that were taken.
    ///
    /// # Errors
    /// The API refuses or cannot be reached.
    pub fn open_issue(&self, issue: &NewIssue) -> Result<Issue> {
        match self.open_issue_as_it_is(issue) {
            Err(error) if !issue.assignees.is_empty() && is_invalid(&error) => {
                self.open_issue_as_it_is(&NewIssue { assignees: Vec::new(), ..issue.clone() })
            }
            answer => answer,
        }
    }

    fn open_issue_as_it_is(&self, issue: &NewIssue) -> Result<Issue> {
        let NewIssue { title, body, labels, assignees } = issue;
        let mut content = json!({ "title": title, "body": body, "labels": labels });
        if !assignees.is_empty() {
            content["assignees"] = json!(assignees);
        }
        let request = self.request(Ask::Post(content), "issues", "opening an issue", WRITE);
        let is_it = |other: &Issue| is_same(&other.title, title) && is_same(&other.body, body);
        let landed = || Ok(self.issues(labels, Some(IssueState::Open))?.into_iter().find(is_it));
        self.client.once(&request, |answer| Ok(answer.read::<wire::Issue>()?.into()), landed)
    }

    /// Changes an issue.
    ///
    /// # Errors
    /// The issue is gone ([`Error::NotFound`]), the API refuses or cannot be reached.
    pub fn edit_issue(&self, number: u64, change: &IssueChange) -> Result<Issue> {
        let mut content = Map::new();
        let text = |text: &Option<String>| text.as_ref().map(|text| Value::from(text.as_str()));
        content.extend(text(&change.title).map(|title| ("title".to_owned(), title)));
        content.extend(text(&change.body).map(|body| ("body".to_owned(), body)));
        if let Some(state) = change.state {
            content.insert("state".to_owned(), word(state).into());
            let reason = if state == IssueState::Closed { "completed" } else { "reopened" };
            content.insert("state_reason".to_owned(), reason.into());
        }
        let doing = format!("changing issue #{number}");
        let request = self.request(Ask::Patch(Value::Object(content)), &format!("issues/{number}"), &doing, WRITE);
        Ok(self.client.repeat(&request)?.read::<wire::Issue>()?.into())
    }
}

fn word(state: IssueState) -> &'static str {
    match state {
        IssueState::Open => "open",
        IssueState::Closed => "closed",
    }
}

/// Whether a value was not taken.
fn is_invalid(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(Error::Refused { status: 422, .. }))
}
