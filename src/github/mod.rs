//! GitHub's REST API, as far as perf-gate uses it: plain data in, plain data out, every call blocking.
//!
//! octocrab and its runtime live here and nowhere else. The address is a parameter: GitHub Enterprise and a test server are
//! the same knob.

mod data;

pub use data::{
    Author, Comment, Issue, IssueChange, IssueState, NewIssue, Permission, PullRequest, Side, Status, StatusState,
};
