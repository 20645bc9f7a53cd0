//! What people decided: accepted levels and approved commits. One file each, never changed.

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::day::refuse_newer;
use super::{FileChange, Snapshot, Store, layout};
use crate::model::{ACCEPTANCE_SCHEMA, APPROVAL_SCHEMA, Acceptance, Approval, Warning};

/// Keeps an acceptance; the same one twice is kept once.
///
/// # Errors
/// The store cannot be written.
pub fn accept(store: &dyn Store, acceptance: &Acceptance) -> Result<()> {
    let text = written(acceptance)?;
    keep(store, &message(acceptance), layout::acceptance(acceptance, &text), &text)
}

/// Keeps an acceptance that starts to hold when its pull request is merged.
///
/// # Errors
/// The store cannot be written.
pub fn accept_when_merged(store: &dyn Store, acceptance: &Acceptance, pull_request: u64) -> Result<()> {
    let text = written(acceptance)?;
    let message = format!("{} when #{pull_request} is merged", message(acceptance));
    keep(store, &message, layout::pending_acceptance(pull_request, acceptance, &text), &text)
}

/// Keeps a decision on a commit.
///
/// # Errors
/// The store cannot be written.
pub fn approve(store: &dyn Store, approval: &Approval) -> Result<()> {
    let text = written(approval)?;
    let message = format!("{} is {}", approval.commit, approval.decision.as_str());
    keep(store, &message, layout::approval(approval, &text), &text)
}

/// What was accepted in `scenario`, in the order of time, and a warning for each file that is no acceptance.
///
/// # Errors
/// The store cannot be read, or a file was written by a newer version.
pub fn acceptances(snapshot: &dyn Snapshot, scenario: &str) -> Result<(Vec<Acceptance>, Vec<Warning>)> {
    let (found, warnings) = decisions(snapshot, &layout::accepted(scenario), is_acceptance)?;
    let mut accepted: Vec<Acceptance> = found.into_iter().map(|(_, acceptance)| acceptance).collect();
    accepted.sort_by_key(|acceptance| acceptance.at);
    Ok((accepted, warnings))
}

/// What was decided on `commit`, and a warning for each file that is no decision.
///
/// # Errors
/// The store cannot be read, or a file was written by a newer version.
pub fn approvals(snapshot: &dyn Snapshot, commit: &str) -> Result<(Vec<Approval>, Vec<Warning>)> {
    let is_of_commit = |approval: &Approval| approval.schema == APPROVAL_SCHEMA && approval.commit == commit;
    let (found, warnings) = decisions(snapshot, &layout::approvals(commit), is_of_commit)?;
    Ok((found.into_iter().map(|(_, approval)| approval).collect(), warnings))
}

/// An acceptance that waits for the merge of a pull request.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// Its file.
    pub path: String,
    /// The pull request.
    pub pull_request: u64,
    /// What is accepted; `from` is not known yet.
    pub acceptance: Acceptance,
}

/// The acceptances that wait for a merge, and a warning for each file that is none.
///
/// # Errors
/// The store cannot be read, or a file was written by a newer version.
pub fn pending(snapshot: &dyn Snapshot) -> Result<(Vec<Pending>, Vec<Warning>)> {
    let (found, warnings) = decisions(snapshot, layout::PENDING, is_acceptance)?;
    let number = |path: &str| path.split('/').nth(1)?.parse().ok();
    let pending = found
        .into_iter()
        .filter_map(|(path, acceptance)| Some(Pending { pull_request: number(&path)?, path, acceptance }));
    Ok((pending.collect(), warnings))
}

/// Lets pending acceptances hold, each as it is given here, and forgets others: all in one update.
///
/// # Errors
/// The store cannot be written.
pub fn settle(store: &dyn Store, merged: &[Pending], dropped: &[Pending]) -> Result<()> {
    let message = format!("Settle what was accepted on {} pull requests", merged.len() + dropped.len());
    store.update(&message, &mut |snapshot| {
        let mut changes = Vec::new();
        for pending in merged.iter().chain(dropped) {
            if snapshot.load(&[&pending.path])?[0].is_some() {
                changes.push(FileChange::remove(pending.path.clone()));
            }
        }
        for Pending { acceptance, .. } in merged {
            let text = written(acceptance)?;
            let path = layout::acceptance(acceptance, &text);
            if snapshot.load(&[&path])?[0].is_none() {
                changes.push(FileChange::put(path, text));
            }
        }
        Ok(changes)
    })
}

fn message(acceptance: &Acceptance) -> String {
    format!("Accept {} of {} in {}", acceptance.metric, acceptance.endpoint, acceptance.scenario)
}

fn is_acceptance(acceptance: &Acceptance) -> bool {
    acceptance.schema == ACCEPTANCE_SCHEMA
}

fn written(decision: &impl Serialize) -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(decision).context("a decision that cannot be written")?;
    text.push(b'\n');
    Ok(text)
}

fn keep(store: &dyn Store, message: &str, path: String, text: &[u8]) -> Result<()> {
    store.update(message, &mut |snapshot| {
        let known = snapshot.load(&[&path])?[0].is_some();
        Ok(if known { Vec::new() } else { vec![FileChange::put(path.clone(), text)] })
    })
}

/// Decisions with the paths of their files, and a warning for each file that is none.
type Decisions<T> = (Vec<(String, T)>, Vec<Warning>);

/// The decisions in a folder.
fn decisions<T: DeserializeOwned>(
    snapshot: &dyn Snapshot,
    folder: &str,
    is_one: impl Fn(&T) -> bool,
) -> Result<Decisions<T>> {
    let paths = snapshot.list(folder)?;
    if paths.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let loaded = snapshot.load(&paths.iter().map(String::as_str).collect::<Vec<_>>())?;
    let (mut found, mut warnings) = (Vec::new(), Vec::new());
    for (path, bytes) in paths.into_iter().zip(loaded) {
        let Some(bytes) = bytes else { continue };
        refuse_newer(&path, &bytes)?;
        match parse(&bytes, &is_one) {
            Ok(decision) => found.push((path, decision)),
            Err(error) => warnings.push(Warning(format!("{path}: skipped, nothing that people decided: {error:#}"))),
        }
    }
    Ok((found, warnings))
}

fn parse<T: DeserializeOwned>(bytes: &[u8], is_one: impl Fn(&T) -> bool) -> Result<T> {
    let decision: T = serde_json::from_slice(bytes)?;
    ensure!(is_one(&decision), "its 'schema' or subject is another");
    Ok(decision)
}
