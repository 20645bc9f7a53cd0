//! What started a workflow: the event's name and payload, of which only what decides is kept.
//!
//! Payloads: <https://docs.github.com/webhooks/webhook-events-and-payloads>. A payload comes from outside: whatever lacks is an
//! error that names it, and names in it are data.

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use serde_json::Value;

use super::{Author, Side};

/// What started the workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A pull request was opened or got new commits.
    PullRequest {
        /// Its number.
        number: u64,
        /// What it brings.
        head: Side,
        /// What it goes into.
        base: Side,
    },
    /// Commits came to a branch.
    Push {
        /// The branch; `None` for a tag.
        branch: Option<String>,
        /// The commit at its tip now.
        after: String,
    },
    /// A time of day came.
    Schedule,
    /// Somebody asked for it.
    WorkflowDispatch,
    /// A group of pull requests waits to be merged.
    MergeGroup {
        /// The commit that would be merged.
        head: String,
        /// The commit that it goes onto.
        base: String,
    },
    /// Another workflow has ended.
    WorkflowRun {
        /// The commit it ran on.
        head_sha: String,
        /// The branch it ran on.
        head_branch: String,
        /// `owner/name` of the repository it is from.
        head_repository: String,
        /// Event that started that workflow: `pull_request`.
        event: String,
        /// Its number among all runs, and its attempt.
        run: (u64, u64),
    },
    /// Somebody commented on an issue or a pull request.
    Comment {
        /// Number of the issue or pull request.
        on: u64,
        /// Whether it is a pull request.
        is_pull_request: bool,
        /// What was written.
        body: String,
        /// Who wrote it.
        author: Author,
        /// When.
        created_at: Timestamp,
    },
    /// Anything else, by name.
    Other(String),
}

impl Event {
    /// Understands the payload of the event called `name`.
    ///
    /// # Errors
    /// Text that is no JSON, or a payload without what the event must have.
    pub fn parse(name: &str, payload: &str) -> Result<Self> {
        let payload: Value = serde_json::from_str(payload).context("the event's payload is no JSON")?;
        Self::of(name, &payload).with_context(|| format!("the payload of the event '{name}'"))
    }

    fn of(name: &str, payload: &Value) -> Result<Self> {
        Ok(match name {
            "pull_request" | "pull_request_target" => Self::PullRequest {
                number: number(payload, "/pull_request/number")?,
                head: side(payload, "/pull_request/head")?,
                base: side(payload, "/pull_request/base")?,
            },
            "push" => Self::Push {
                branch: text(payload, "/ref")?.strip_prefix("refs/heads/").map(str::to_owned),
                after: commit(payload, "/after")?,
            },
            "schedule" => Self::Schedule,
            "workflow_dispatch" => Self::WorkflowDispatch,
            "merge_group" => Self::MergeGroup {
                head: commit(payload, "/merge_group/head_sha")?,
                base: commit(payload, "/merge_group/base_sha")?,
            },
            "workflow_run" => Self::WorkflowRun {
                head_sha: commit(payload, "/workflow_run/head_sha")?,
                head_branch: text(payload, "/workflow_run/head_branch")?,
                head_repository: text(payload, "/workflow_run/head_repository/full_name")?,
                event: text(payload, "/workflow_run/event")?,
                run: (number(payload, "/workflow_run/id")?, number(payload, "/workflow_run/run_attempt")?),
            },
            "issue_comment" => Self::Comment {
                on: number(payload, "/issue/number")?,
                is_pull_request: payload.pointer("/issue/pull_request").is_some_and(|value| !value.is_null()),
                body: text(payload, "/comment/body")?,
                author: Author {
                    login: text(payload, "/comment/user/login")?,
                    is_bot: text(payload, "/comment/user/type")? == "Bot",
                },
                created_at: text(payload, "/comment/created_at")?.parse().context("comment.created_at is no time")?,
            },
            other => Self::Other(other.to_owned()),
        })
    }

    /// Whether it is a pull request from another repository, or from one that is gone: its token may only read.
    pub fn is_fork(&self) -> bool {
        matches!(self, Self::PullRequest { head, base, .. } if head.repository.is_none() || head.repository != base.repository)
    }
}

/// The repository's default branch, where the payload has it (`schedule` may not).
pub(super) fn default_branch(payload: &str) -> Option<String> {
    let payload: Value = serde_json::from_str(payload).ok()?;
    text(&payload, "/repository/default_branch").ok()
}

fn side(payload: &Value, at: &str) -> Result<Side> {
    Ok(Side {
        branch: text(payload, &format!("{at}/ref"))?,
        sha: commit(payload, &format!("{at}/sha"))?,
        repository: text(payload, &format!("{at}/repo/full_name")).ok(),
    })
}

fn text(payload: &Value, at: &str) -> Result<String> {
    payload.pointer(at).and_then(Value::as_str).map(str::to_owned).with_context(|| lacks(at))
}

fn number(payload: &Value, at: &str) -> Result<u64> {
    payload.pointer(at).and_then(Value::as_u64).with_context(|| lacks(at))
}

/// A commit's hash: it becomes part of addresses and paths, so nothing else may pass for one.
fn commit(payload: &Value, at: &str) -> Result<String> {
    let hash = text(payload, at)?;
    if !is_commit(&hash) {
        bail!("{} is no commit", at.replace('/', "."));
    }
    Ok(hash)
}

/// Whether `text` is the full hash of a commit (SHA-1 or SHA-256).
pub fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn lacks(at: &str) -> String {
    format!("has no {}", at.trim_start_matches('/').replace('/', "."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

    fn pull_request(head: &str) -> Event {
        let side = |repo: &str| format!(r#"{{"ref": "feature", "sha": "{SHA}", "repo": {repo}}}"#);
        let base = side(r#"{"full_name": "o/r", "default_branch": "main"}"#);
        let payload = format!(r#"{{"pull_request": {{"number": 7, "head": {}, "base": {base}}}}}"#, side(head));
        Event::parse("pull_request", &payload).unwrap()
    }

    #[test]
    fn a_pull_request_from_another_or_a_deleted_repository_is_a_fork() {
        assert!(!pull_request(r#"{"full_name": "o/r"}"#).is_fork());
        assert!(pull_request(r#"{"full_name": "other/r"}"#).is_fork());
        assert!(pull_request("null").is_fork());
    }

    #[test]
    fn a_push_of_a_tag_is_of_no_branch() {
        let push = |name: &str| Event::parse("push", &format!(r#"{{"ref": "{name}", "after": "{SHA}"}}"#)).unwrap();
        assert_eq!(push("refs/heads/a/b"), Event::Push { branch: Some("a/b".to_owned()), after: SHA.to_owned() });
        assert_eq!(push("refs/tags/v1"), Event::Push { branch: None, after: SHA.to_owned() });
    }

    #[test]
    fn what_lacks_or_is_no_commit_is_named() {
        let message = |payload: &str| format!("{:#}", Event::parse("push", payload).unwrap_err());
        assert_eq!(message("{}"), "the payload of the event 'push': has no ref");
        let forged = r#"{"ref": "refs/heads/x", "after": "../../x"}"#;
        assert_eq!(message(forged), "the payload of the event 'push': .after is no commit");
        assert!(message("[").contains("no JSON"));
    }

    #[test]
    fn other_events_keep_their_name() {
        assert_eq!(Event::parse("release", "{}").unwrap(), Event::Other("release".to_owned()));
        assert_eq!(default_branch(r#"{"repository": {"default_branch": "trunk"}}"#).as_deref(), Some("trunk"));
        assert_eq!(default_branch("{}"), None);
    }
}
