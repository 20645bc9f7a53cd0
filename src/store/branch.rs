//! What the stores on a branch have in common: its name, who commits, and what a commit says.

use anyhow::{Result, ensure};

/// The branch where none is named.
pub(super) const DEFAULT: &str = "perf-results";
/// Who commits, whoever runs the program: name and mail.
pub(super) const COMMITTER: (&str, &str) = ("perf-gate", "perf-gate@users.noreply.github.com");
/// Ends each commit message: pushed, the branch starts no workflow.
const SKIP_CI: &str = "[skip ci]";

/// A commit message: names in it come from outside and stay on the first line.
pub(super) fn message(message: &str) -> String {
    let line: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("{line}\n\n{SKIP_CI}\n")
}

/// Refuses what cannot be the name of a branch, as <https://git-scm.com/docs/git-check-ref-format> has it.
///
/// # Errors
/// As said.
pub(super) fn check(name: &str) -> Result<()> {
    let forbidden = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    let whole = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    let pairs = name.contains("..") || name.contains("@{") || name.ends_with('.') || name.starts_with('-');
    let legal = name != "@" && name.split('/').all(whole) && !name.contains(forbidden) && !pairs;
    ensure!(legal, "'{}' cannot be the name of a branch", name.escape_debug());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_message_is_one_line_and_skips_workflows() {
        assert_eq!(message("Record a\nfrom x"), "Record a from x\n\n[skip ci]\n");
    }

    #[test]
    fn names_that_git_refuses_are_refused() {
        for name in ["", "a b", "-a", "a/", "/a", "a//b", ".a", "a/.b", "a..b", "a.lock", "a.", "@", "a@{1}", "a\nb"] {
            assert!(check(name).is_err(), "{name:?}");
        }
        assert!([DEFAULT, "a/b-c_d.e", "é@f"].iter().all(|name| check(name).is_ok()));
    }
}
