//! What a run on trunk leaves behind: its record, what was accepted by merging, issues, badges, the documents of a night.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use jiff::Timestamp;

use super::job::Job;
use crate::files;
use crate::github::PullRequest;
use crate::model::Acceptance;
use crate::pipeline::judge::Answer;
use crate::pipeline::{NOT_RECORDED, history};
use crate::store::{self, Pending};

/// Adds the runs to the history, each with what became of it.
pub(super) fn record(job: &mut Job, answers: &[Answer]) {
    for answer in answers {
        let (runs, scenario) = (&answer.runs, &answer.scenario);
        if !runs.is_empty() {
            let done = history::record_all(runs, scenario, job.store.as_ref(), job.inputs.dry_run, false);
            job.note(if done == NOT_RECORDED { done } else { 0 });
        } else if answer.compared.is_some() {
            files::say(&format!("perf-gate: {} was not recorded: its history could not be read", scenario.name));
            job.note(NOT_RECORDED);
        }
    }
}

/// Lets what was accepted on pull requests hold from their merge on.
pub(super) fn settle(job: &mut Job) {
    let settled = settled(job);
    job.attempt("what was accepted on merged pull requests", settled);
}

fn settled(job: &Job) -> Result<()> {
    let (pending, warnings) = store::pending(job.store.snapshot()?.as_ref())?;
    warnings.iter().for_each(|warning| files::say(&format!("warning: {warning}")));
    let numbers: BTreeSet<u64> = pending.iter().map(|pending| pending.pull_request).collect();
    let pulls = numbers.into_iter().map(|number| Ok((number, job.repository.pull_request(number)?)));
    let pulls = pulls.collect::<Result<BTreeMap<_, _>>>()?;
    let (mut merged, mut dropped) = (Vec::new(), Vec::new());
    for pending in pending {
        let number = pending.pull_request;
        match fate(&pending, pulls[&number].as_ref()) {
            Fate::Holds(from) => {
                let acceptance = Acceptance { from, ..pending.acceptance };
                merged.push(Pending { acceptance, ..pending });
            }
            Fate::Waits => {}
            Fate::Drops(why) => {
                files::say(&format!("warning: what was accepted on #{number} is dropped: {why}"));
                dropped.push(pending);
            }
        }
    }
    if merged.is_empty() && dropped.is_empty() {
        return Ok(());
    }
    store::settle(job.store.as_ref(), &merged, &dropped)
}

/// What becomes of an acceptance.
#[derive(Debug, PartialEq)]
enum Fate {
    /// It holds, from the merge on.
    Holds(Timestamp),
    /// The pull request is open.
    Waits,
    /// It was for something that was not merged.
    Drops(&'static str),
}

fn fate(pending: &Pending, pull: Option<&PullRequest>) -> Fate {
    let accepted = &pending.acceptance;
    match pull {
        None => Fate::Drops("there is no such pull request any more"),
        Some(pull) if pull.is_open => Fate::Waits,
        Some(pull) => match pull.merged_at {
            None => Fate::Drops("the pull request was closed"),
            Some(_) if accepted.commit.as_ref() != Some(&pull.head.sha) => {
                Fate::Drops("another commit was merged than the one it was accepted for")
            }
            Some(at) => Fate::Holds(at),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::github::Side;
    use crate::model::ACCEPTANCE_SCHEMA;

    fn pending() -> Pending {
        let acceptance = Acceptance {
            schema: ACCEPTANCE_SCHEMA.to_owned(),
            scenario: "checkout".to_owned(),
            endpoint: "GET /slow".to_owned(),
            metric: "p95".to_owned(),
            reason: "encryption".to_owned(),
            author: "ada".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            from: Timestamp::UNIX_EPOCH,
            until: None,
            commit: Some("head".to_owned()),
        };
        Pending { path: "pending/7/x.json".to_owned(), pull_request: 7, acceptance }
    }

    fn pull(is_open: bool, merged_at: Option<&str>, sha: &str) -> PullRequest {
        let side = |sha: &str| Side { branch: String::new(), sha: sha.to_owned(), repository: None };
        let merged_at = merged_at.map(|at| at.parse().unwrap());
        PullRequest { number: 7, is_open, merged_at, head: side(sha), base: side("base") }
    }

    #[test]
    fn what_was_accepted_holds_from_the_merge_of_that_very_commit() {
        let merged = pull(false, Some("2026-01-02T03:04:05Z"), "head");
        assert_eq!(fate(&pending(), Some(&merged)), Fate::Holds("2026-01-02T03:04:05Z".parse().unwrap()));
        assert_eq!(fate(&pending(), Some(&pull(true, None, "head"))), Fate::Waits);
        for gone in [None, Some(pull(false, None, "head")), Some(pull(false, Some("2026-01-02T03:04:05Z"), "other"))] {
            assert!(matches!(fate(&pending(), gone.as_ref()), Fate::Drops(_)), "{gone:?}");
        }
    }
}
