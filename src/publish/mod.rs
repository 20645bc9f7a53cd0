//! What is to be changed on GitHub, as values: the plan.
//!
//! Everything here is pure: from what a judgement says and what is there already to a list of [`Change`]s. Carried out and
//! planned again, nothing is left to change.

mod annotation;
pub mod badges;
mod comment;
pub mod figure;
pub mod issue;
pub mod links;
mod marker;
pub mod nightly;
pub mod notify;
mod output;
mod section;
mod status;
mod summary;
#[cfg(test)]
mod testing;
pub mod weekly;

use std::fmt;

pub use annotation::{Annotation, Level, annotations, neutralise};
pub use comment::{Planned, plan};
pub use output::{OUTPUTS, Output, Told, outputs};
pub use section::{Key, Origin, Section, sections};
pub use status::{CONTEXT, decided, fails, plan_status, status};
pub use summary::summary;

use crate::github::{IssueChange, NewIssue, Status};
use crate::store::FileChange;

pub use figure::Figure;
pub use links::Links;

/// One change, with all that is needed to make it.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A new comment on an issue or pull request.
    CreateComment {
        /// Number of the issue or pull request.
        on: u64,
        /// Markdown.
        body: String,
    },
    /// Another text for one of our comments.
    UpdateComment {
        /// The comment.
        id: u64,
        /// Markdown.
        body: String,
    },
    /// One of our comments goes: another says the same.
    DeleteComment {
        /// The comment.
        id: u64,
    },
    /// A commit status.
    SetStatus {
        /// The commit.
        sha: String,
        /// What it says.
        status: Status,
    },
    /// A new issue of a scenario.
    OpenIssue {
        /// The scenario it is about.
        scenario: String,
        /// The issue.
        issue: NewIssue,
    },
    /// An issue changes: title, text, open or closed.
    EditIssue {
        /// The issue.
        number: u64,
        /// What changes.
        change: IssueChange,
    },
    /// Files on the results branch, all in one commit.
    WriteFiles {
        /// First line of the commit message.
        message: String,
        /// The files.
        files: Vec<FileChange>,
    },
    /// A `repository_dispatch` event.
    Dispatch {
        /// Its type.
        event: String,
        /// Its `client_payload`.
        payload: serde_json::Value,
    },
    /// A call of a webhook; its address is a secret and not told.
    CallWebhook {
        /// Name of the environment variable that holds the address.
        variable: String,
        /// What is posted.
        payload: serde_json::Value,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = |body: &str| format!("{} characters", body.chars().count());
        match self {
            Self::CreateComment { on, body } => write!(f, "comment on #{on} ({})", size(body)),
            Self::UpdateComment { id, body } => write!(f, "rewrite comment {id} ({})", size(body)),
            Self::DeleteComment { id } => write!(f, "delete comment {id}, of which there is another"),
            Self::SetStatus { sha, status } => {
                write!(f, "set status {} of {sha} to {:?}: {}", status.context, status.state, status.description)
            }
            Self::OpenIssue { scenario, issue } => write!(f, "open an issue for {scenario}: {}", issue.title),
            Self::EditIssue { number, change } => {
                let state = change.state.map(|state| format!("{state:?}").to_lowercase());
                let parts = [change.title.as_ref().map(|_| "title"), change.body.as_ref().map(|_| "text")];
                let parts: Vec<&str> = parts.into_iter().flatten().chain(state.as_deref()).collect();
                write!(f, "change issue #{number}: {}", parts.join(", "))
            }
            Self::WriteFiles { message, files } => {
                let paths: Vec<&str> = files.iter().map(FileChange::path).collect();
                write!(f, "{message}: {}", paths.join(", "))
            }
            Self::Dispatch { event, .. } => write!(f, "send the event {event}"),
            Self::CallWebhook { variable, .. } => write!(f, "call the webhook in {variable}"),
        }
    }
}
