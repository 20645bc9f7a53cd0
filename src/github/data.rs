//! What is read from and written to the API, without the parts that nobody here needs.

use jiff::Timestamp;

/// Who wrote something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Author {
    /// The login: `octocat`, `github-actions[bot]`.
    pub login: String,
    /// Whether it is an app.
    pub is_bot: bool,
}

/// A comment on an issue or a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its id in the repository.
    pub id: u64,
    /// Markdown.
    pub body: String,
    /// Who wrote it.
    pub author: Author,
    /// Where people read it.
    pub url: String,
}

/// An issue; never a pull request, although the API lists those too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Its number in the repository.
    pub number: u64,
    /// The title.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// Open or closed.
    pub state: IssueState,
    /// Names of its labels.
    pub labels: Vec<String>,
    /// Logins of its assignees.
    pub assignees: Vec<String>,
    /// Who wrote it.
    pub author: Author,
    /// Where people read it.
    pub url: String,
}

/// Whether an issue is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum IssueState {
    Open,
    Closed,
}

/// An issue to be opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewIssue {
    /// The title.
    pub title: String,
    /// Markdown, at most 65,536 characters.
    pub body: String,
    /// Names of labels; unknown ones are made.
    pub labels: Vec<String>,
    /// Logins; those who cannot be assigned are left out.
    pub assignees: Vec<String>,
}

/// What changes of an issue; `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IssueChange {
    /// The title.
    pub title: Option<String>,
    /// Markdown.
    pub body: Option<String>,
    /// Open or closed.
    pub state: Option<IssueState>,
}

/// What a commit status says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Whose it is: `perf-gate`. Names differ only by more than case.
    pub context: String,
    /// The state.
    pub state: StatusState,
    /// One line, at most 140 characters.
    pub description: String,
    /// Where it leads.
    pub target_url: Option<String>,
}

/// State of a commit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the API")]
pub enum StatusState {
    Error,
    Failure,
    Pending,
    Success,
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// Whether it is open.
    pub is_open: bool,
    /// When it was merged.
    pub merged_at: Option<Timestamp>,
    /// What it brings.
    pub head: Side,
    /// What it goes into.
    pub base: Side,
}

/// One side of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Branch.
    pub branch: String,
    /// Commit at its tip.
    pub sha: String,
    /// `owner/name`; `None` where the fork was deleted.
    pub repository: Option<String>,
}

/// What a person may do in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of the API")]
pub enum Permission {
    None,
    Read,
    Write,
    Admin,
}
