//! GitHub's REST API, as far as perf-gate uses it: plain data in, plain data out, every call blocking.
//!
//! octocrab and its runtime live here and nowhere else. The address is a parameter: GitHub Enterprise and a test server are
//! the same knob.

mod data;
mod event;
mod workflow;

pub use data::{
    Author, Comment, Issue, IssueChange, IssueState, NewIssue, Permission, PullRequest, Side, Status, StatusState,
};
pub use event::{Event, is_commit};
pub use workflow::{Workflow, append, delimiter, input, is_workflow, variable};
