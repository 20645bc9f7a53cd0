//! GitHub's REST API, as far as perf-gate uses it: plain data in, plain data out, every call blocking.
//!
//! octocrab and its runtime live here and nowhere else. The address is a parameter: GitHub Enterprise and a test server are
//! the same knob.
//!
//! ```text
//!  Repository ─▶ Client: again, or look whether it landed ─▶ Line: one request, bounded ─▶ octocrab
//! ```

mod access;
mod client;
mod data;
mod error;
mod event;
mod exchange;
mod limits;
mod repository;
#[cfg(test)]
pub(crate) mod testing;
mod webhook;
mod workflow;

pub use access::Access;
pub use data::{
    Author, Comment, Issue, IssueChange, IssueState, NewIssue, Permission, PullRequest, Side, Status, StatusState,
};
pub use error::Error;
pub use event::{Event, is_commit};
pub use repository::{Repository, Tree, TreeChange, TreeEntry};
pub use webhook::call as call_webhook;
pub use workflow::{Workflow, append, delimiter, input, is_workflow, variable};
