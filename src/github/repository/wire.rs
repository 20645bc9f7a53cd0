//! What the API answers, as far as it is read; fields that are not here do not matter.
//!
//! <https://docs.github.com/rest>, version 2022-11-28.

use serde::Deserialize;

use crate::github::data;

#[derive(Deserialize)]
pub(super) struct User {
    login: String,
    #[serde(rename = "type", default)]
    kind: String,
}

/// Whoever was deleted is nobody.
fn author(user: Option<User>) -> data::Author {
    user.map_or_else(data::Author::default, |user| data::Author { is_bot: user.kind == "Bot", login: user.login })
}

#[derive(Deserialize)]
pub(super) struct Comment {
    id: u64,
    body: Option<String>,
    user: Option<User>,
    #[serde(default)]
    html_url: String,
}

impl From<Comment> for data::Comment {
    fn from(comment: Comment) -> Self {
        let Comment { id, body, user, html_url } = comment;
        Self { id, body: body.unwrap_or_default(), author: author(user), url: html_url }
    }
}

#[derive(Deserialize)]
pub(super) struct Issue {
    pub(super) number: u64,
    title: String,
    body: Option<String>,
    state: String,
    #[serde(default)]
    labels: Vec<Label>,
    #[serde(default)]
    assignees: Vec<User>,
    user: Option<User>,
    #[serde(default)]
    html_url: String,
    pull_request: Option<serde::de::IgnoredAny>,
}

impl Issue {
    /// The issue, unless it is a pull request.
    pub(super) fn unless_pull_request(self) -> Option<data::Issue> {
        self.pull_request.is_none().then(|| self.into())
    }
}

impl From<Issue> for data::Issue {
    fn from(issue: Issue) -> Self {
        let state = if issue.state == "open" { data::IssueState::Open } else { data::IssueState::Closed };
        Self {
            number: issue.number,
            title: issue.title,
            body: issue.body.unwrap_or_default(),
            state,
            labels: issue.labels.into_iter().map(Label::name).collect(),
            assignees: issue.assignees.into_iter().map(|user| user.login).collect(),
            author: author(issue.user),
            url: issue.html_url,
        }
    }
}

/// A label is an object or, in old answers, its name.
#[derive(Deserialize)]
#[serde(untagged)]
enum Label {
    Name(String),
    Object { name: Option<String> },
}

impl Label {
    fn name(self) -> String {
        match self {
            Self::Name(name) => name,
            Self::Object { name } => name.unwrap_or_default(),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct PullRequest {
    number: u64,
    state: String,
    merged_at: Option<String>,
    head: Side,
    base: Side,
}

#[derive(Deserialize)]
struct Side {
    #[serde(rename = "ref")]
    branch: String,
    sha: String,
    repo: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    full_name: String,
}

impl From<PullRequest> for data::PullRequest {
    fn from(pull: PullRequest) -> Self {
        let side = |side: Side| data::Side {
            branch: side.branch,
            sha: side.sha,
            repository: side.repo.map(|named| named.full_name),
        };
        Self {
            number: pull.number,
            is_open: pull.state == "open",
            merged_at: pull.merged_at.and_then(|at| at.parse().ok()),
            head: side(pull.head),
            base: side(pull.base),
        }
    }
}

/// The owner of a token.
#[derive(Deserialize)]
pub(super) struct Owner {
    pub(super) login: String,
}

#[derive(Deserialize)]
pub(super) struct Combined {
    pub(super) statuses: Vec<Status>,
}

#[derive(Deserialize)]
pub(super) struct Status {
    context: String,
    state: String,
    description: Option<String>,
    target_url: Option<String>,
}

impl From<Status> for data::Status {
    fn from(status: Status) -> Self {
        let state = match status.state.as_str() {
            "success" => data::StatusState::Success,
            "failure" => data::StatusState::Failure,
            "pending" => data::StatusState::Pending,
            _ => data::StatusState::Error,
        };
        let Status { context, description, target_url, .. } = status;
        Self { context, state, description: description.unwrap_or_default(), target_url }
    }
}

/// Anything that is known by its hash.
#[derive(Deserialize)]
pub(super) struct Hashed {
    pub(super) sha: String,
}

#[derive(Deserialize)]
pub(super) struct Compared {
    pub(super) merge_base_commit: Option<Hashed>,
}

#[derive(Deserialize)]
pub(super) struct Allowed {
    pub(super) permission: String,
}
