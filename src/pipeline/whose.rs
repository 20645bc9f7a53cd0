//! Whose run it is: what the flags do not say, the workflow's event does.

use anyhow::Result;

use crate::cli::{self, Identity};
use crate::github::{self, Event, Workflow};

/// Branch that keeps the history, in the repository of the workflow.
pub(super) const BRANCH: &str = "perf-results";

/// The flags of a check, with the identity completed from the workflow.
pub(super) fn check(flags: &cli::Check) -> Result<cli::Check> {
    Ok(cli::Check { identity: identity(&flags.identity)?, ..flags.clone() })
}

/// The identity, completed from the workflow if this is a step of one.
///
/// # Errors
/// A workflow whose event cannot be read.
pub(super) fn identity(given: &Identity) -> Result<Identity> {
    if !github::is_workflow() {
        return Ok(given.clone());
    }
    Ok(completed(given, &Workflow::from_environment()?))
}

/// The store of the workflow's repository, if this is a step of one.
pub(super) fn store() -> Option<String> {
    let repository = github::variable("GITHUB_REPOSITORY").filter(|_| github::is_workflow())?;
    Some(format!("github:{repository}#{BRANCH}"))
}

/// What is not given is that of the event.
pub(super) fn completed(given: &Identity, workflow: &Workflow) -> Identity {
    let (commit, branch, number) = subject(workflow);
    let given = given.clone();
    Identity {
        commit: given.commit.or(Some(commit)),
        branch: given.branch.or(Some(branch)),
        pull_request: given.pull_request.or(number),
        run_id: given.run_id.or(Some(workflow.execution.clone())),
        run_url: given.run_url.or(Some(workflow.run_url.clone())),
        ..given
    }
}

/// Commit, branch and pull request that an event is about. Only what runs on a branch of the repository itself has the
/// plain name of one: nothing else may be taken for the trunk.
fn subject(workflow: &Workflow) -> (String, String, Option<u64>) {
    match &workflow.event {
        Event::PullRequest { number, head, .. } => (head.sha.clone(), head.branch.clone(), Some(*number)),
        Event::Push { branch: Some(branch), after } => (after.clone(), branch.clone(), None),
        Event::Push { branch: None, after } => (after.clone(), format!("refs/tags/{}", workflow.branch), None),
        Event::MergeGroup { head, .. } => (head.clone(), format!("merge-group/{}", workflow.branch), None),
        Event::WorkflowRun { head_sha, head_branch, head_repository, .. } => {
            (head_sha.clone(), format!("{head_repository}:{head_branch}"), None)
        }
        Event::Schedule | Event::WorkflowDispatch | Event::Comment { .. } | Event::Other(_) => {
            (workflow.sha.clone(), workflow.branch.clone(), None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::github::Side;

    fn workflow(event: Event) -> Workflow {
        Workflow {
            repository: "o/r".to_owned(),
            event,
            sha: "merge".to_owned(),
            branch: "7/merge".to_owned(),
            default_branch: None,
            execution: "1-1-load".to_owned(),
            turn: 0,
            address: String::new(),
            run_url: String::new(),
        }
    }

    #[test]
    fn a_pull_request_is_its_head_and_not_the_merge_commit() {
        let side = |branch: &str| Side { branch: branch.to_owned(), sha: "head".to_owned(), repository: None };
        let event = Event::PullRequest { number: 7, head: side("main"), base: side("main") };
        let identity = completed(&Identity::default(), &workflow(event));
        assert_eq!((identity.commit.as_deref(), identity.pull_request), (Some("head"), Some(7)));
        assert_eq!(identity.run_id.as_deref(), Some("1-1-load"));
    }

    #[test]
    fn what_is_given_stays() {
        let given = Identity { commit: Some("mine".to_owned()), ..Identity::default() };
        assert_eq!(completed(&given, &workflow(Event::Schedule)).commit.as_deref(), Some("mine"));
    }

    #[test]
    fn only_branches_of_the_repository_itself_can_be_the_trunk() {
        let events = [
            Event::Push { branch: None, after: String::new() },
            Event::MergeGroup { head: String::new(), base: String::new() },
            Event::WorkflowRun {
                head_sha: String::new(),
                head_branch: "main".to_owned(),
                head_repository: "other/r".to_owned(),
                event: "pull_request".to_owned(),
                run: (1, 1),
            },
        ];
        for event in events {
            let event = Workflow { branch: "main".to_owned(), ..workflow(event) };
            assert_ne!(completed(&Identity::default(), &event).branch.as_deref(), Some("main"), "{event:?}");
        }
    }
}
