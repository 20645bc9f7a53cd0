//! A comment that gives an order: who may give it, what it changes, and the reply.
//!
//! Only people with write access are obeyed, or answered at all: a reply to anybody would let anybody make us write. Who
//! may do what is asked of GitHub, not read from the comment.

use anyhow::{Result, bail, ensure};
use jiff::Timestamp;

use super::apply::apply;
use super::issue;
use super::job::Job;
use super::order::{FORMS, Order, Said};
use crate::github::{Event, Permission, PullRequest, Status, StatusState};
use crate::model::{ACCEPTANCE_SCHEMA, APPROVAL_SCHEMA, Acceptance, Approval, Decision};
use crate::pipeline::{PASSED, accept};
use crate::publish::{self, Change};
use crate::{cli, files, render, store};

/// A comment, and the person who wrote it.
struct Given {
    on: u64,
    is_pull_request: bool,
    author: String,
    at: Timestamp,
}

/// Obeys the comment that started the workflow, if it gives an order.
///
/// # Errors
/// An order that could not be carried out; the reply says so too.
pub(super) fn obey(job: &mut Job) -> Result<u8> {
    let Event::Comment { on, is_pull_request, body, author, created_at } = job.workflow.event.clone() else {
        bail!("mode command needs the event issue_comment")
    };
    let order = Order::parse(&body);
    if matches!(order, Ok(None)) || author.is_bot {
        files::say("perf-gate: the comment gives no order");
        return Ok(PASSED);
    }
    if job.repository.permission(&author.login)? < Permission::Write {
        files::say("perf-gate: the comment is by someone without write access: it is not obeyed");
        return Ok(PASSED);
    }
    let given = Given { on, is_pull_request, author: author.login, at: created_at };
    let done = order.and_then(|order| match order {
        Some(order) => carry_out(job, &given, order),
        None => bail!("the comment gives no order"),
    });
    let text = match &done {
        Ok(told) => render::prose(told),
        Err(error) => format!("Nothing was changed: {}. Orders are {FORMS}.", render::prose(&format!("{error:#}"))),
    };
    apply(job, &Change::CreateComment { on, body: text })?;
    done.map(|_| job.status(PASSED))
}

/// Carries out an order; returns the reply.
fn carry_out(job: &mut Job, given: &Given, order: Order) -> Result<String> {
    match order {
        Order::Approve(said) => decide(job, given, said, Decision::Approved),
        Order::Reject(said) => decide(job, given, said, Decision::Rejected),
        Order::Accept { scenario, metric, endpoint, said } => {
            let acceptance = Acceptance {
                schema: ACCEPTANCE_SCHEMA.to_owned(),
                scenario,
                endpoint,
                metric,
                reason: said.reason,
                author: given.author.clone(),
                at: given.at,
                from: given.at,
                until: said.until,
                commit: None,
            };
            if given.is_pull_request { accept_when_merged(job, given, acceptance) } else { accept_now(job, acceptance) }
        }
    }
}

/// Records what a person decided on the head of the pull request, and sets its status.
fn decide(job: &mut Job, given: &Given, said: Said, decision: Decision) -> Result<String> {
    let pull = open_pull_request(job, given)?;
    let present = job.repository.statuses(&pull.head.sha)?;
    let present = present.iter().find(|status| status.context.eq_ignore_ascii_case(publish::CONTEXT));
    let Some(present) = present else {
        bail!("{} has not been judged yet: wait for the check, so that it is known what is decided on", pull.head.sha)
    };
    ensure!(
        present.state != StatusState::Error || decision == Decision::Rejected,
        "the check of {} is invalid: there is nothing that could be approved",
        pull.head.sha
    );
    ensure!(said.until.is_none_or(|until| until > given.at), "the date behind 'until' has passed");
    let approval = Approval {
        schema: APPROVAL_SCHEMA.to_owned(),
        commit: pull.head.sha.clone(),
        decision,
        author: given.author.clone(),
        reason: said.reason,
        at: given.at,
        until: said.until,
        pull_request: Some(given.on),
    };
    store::approve(job.store.as_ref(), &approval)?;
    let status = Status { target_url: present.target_url.clone(), ..publish::decided(&approval) };
    apply(job, &Change::SetStatus { sha: pull.head.sha.clone(), status })?;
    let Approval { commit, author, reason, .. } = approval;
    let until = approval.until.map(|until| format!(" until {until}")).unwrap_or_default();
    Ok(format!("{commit} is {} by {author}{until}: {reason}. A new push needs a new decision.", decision.as_str()))
}

/// Keeps an acceptance until its pull request is merged.
fn accept_when_merged(job: &mut Job, given: &Given, acceptance: Acceptance) -> Result<String> {
    let pull = open_pull_request(job, given)?;
    accept::latest(job.store.snapshot()?.as_ref(), &acceptance.scenario)?;
    let acceptance = Acceptance { commit: Some(pull.head.sha.clone()), ..acceptance };
    store::accept_when_merged(job.store.as_ref(), &acceptance, given.on)?;
    let Acceptance { metric, endpoint, scenario, reason, author, .. } = acceptance;
    Ok(format!(
        "{metric} of {endpoint} in {scenario} is accepted by {author} for {}: {reason}. Run the check again for a new \
         verdict; the series restarts when this commit is merged. A new push needs a new acceptance.",
        pull.head.sha
    ))
}

/// Accepts the level of a regression that is open on trunk.
fn accept_now(job: &mut Job, acceptance: Acceptance) -> Result<String> {
    let scenario = acceptance.scenario.clone();
    let flags = cli::Accept {
        scenario: acceptance.scenario,
        metric: acceptance.metric,
        endpoint: acceptance.endpoint,
        reason: acceptance.reason,
        author: acceptance.author,
        until: acceptance.until.map(|until| until.to_string()),
        from: None,
        at: Some(acceptance.at),
        commit: None,
        history: cli::History::default(),
        config: None,
        dry_run: job.inputs.dry_run,
    };
    let told = accept::keep(&flags, job.store.as_ref())?;
    issue::accepted(job, &scenario);
    Ok(told)
}

fn open_pull_request(job: &Job, given: &Given) -> Result<PullRequest> {
    ensure!(given.is_pull_request, "this is no pull request");
    match job.repository.pull_request(given.on)? {
        Some(pull) if pull.is_open => Ok(pull),
        _ => bail!("#{} is no open pull request", given.on),
    }
}
