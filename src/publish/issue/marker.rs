//! Hidden marks by which an issue of ours and a comment of ours are found again. Anybody can write a mark: it counts
//! together with its author only.

use crate::github::{Author, Comment, Issue, IssueState};
use crate::store::layout::component;

/// First line of the issue of a scenario.
pub(super) fn of_issue(scenario: &str) -> String {
    format!("<!-- perf-gate:issue scenario={} -->", component(scenario))
}

/// First line of a comment that tells what `cause` changed.
pub(super) fn of_note(cause: &str) -> String {
    format!("<!-- perf-gate:issue-note cause={} -->", component(cause))
}

/// The issue of a scenario among `issues`: written by `me`, with the scenario's mark; the first of the open ones, else the
/// last of the closed ones.
pub fn find<'a>(issues: &'a [Issue], scenario: &str, me: &Author) -> Option<&'a Issue> {
    marked(issues, &of_issue(scenario), me)
}

/// The issue with that first line, written by `me`.
pub(in crate::publish) fn marked<'a>(issues: &'a [Issue], mark: &str, me: &Author) -> Option<&'a Issue> {
    let own = || issues.iter().filter(|issue| issue.author == *me && starts_with(&issue.body, mark));
    let open = own().filter(|issue| issue.state == IssueState::Open).min_by_key(|issue| issue.number);
    open.or_else(|| own().max_by_key(|issue| issue.number))
}

/// Whether a comment with that first line is there, written by `me`.
pub(in crate::publish) fn is_said(comments: &[Comment], mark: &str, me: &Author) -> bool {
    comments.iter().any(|comment| comment.author == *me && starts_with(&comment.body, mark))
}

/// Whether two texts are the same to GitHub, which changes the ends of lines.
pub(in crate::publish) fn is_same(a: &str, b: &str) -> bool {
    a.trim().lines().map(str::trim_end).eq(b.trim().lines().map(str::trim_end))
}

fn starts_with(body: &str, mark: &str) -> bool {
    body.lines().next().is_some_and(|first| first.trim() == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_ends_its_mark() {
        assert_eq!(of_issue("a --> @b"), "<!-- perf-gate:issue scenario=a%20--%3e%20%40b -->");
        assert!(is_same("a\nb", "a\r\nb\r\n\r\n") && !is_same("a\nb", "a b"));
    }
}
