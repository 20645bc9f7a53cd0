//! The issue of a scenario: one that rolls, opened by a confirmed regression on trunk, told only what changes, closed when
//! it is over.
//!
//! ```text
//!             run, acceptances, what people did
//!                          │
//!  issues/<scenario>.json ─┴─advance─▶ Memory ──plan──▶ write it, open / edit / comment ──▶ plan again, until nothing is left
//! ```
//!
//! The state is written before GitHub is touched, and what is still to be done is part of it ([`Pending`]) until it is seen
//! to be done. So a job that dies anywhere loses nothing: whoever comes next finds the issue by its mark and goes on. And
//! of jobs that end together only the one whose run changed the state acts on it.
//!
//! Environments of a scenario have regressions of their own ([`Episode`]); the issue is closed when all are over. A series
//! has recovered when it was clean in so many runs in a row: it does not come and go with noise. Assumed of the caller:
//! the run is one of the trunk, and the issue was looked up by the number in the state or, where that is none or gone, with
//! [`find`] among those that carry the first label, whenever [`concerns`] says so.

mod advance;
mod body;
mod marker;
mod memory;
mod observed;
mod words;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};

use crate::config;
use crate::github::{Author, Comment, Issue, IssueChange, IssueState, NewIssue};
use crate::model::{Acceptance, matches};
use crate::publish::{Change, Figure, Links, notify};
use crate::render::Scenario;

pub use advance::advance;
pub use marker::find;
pub(in crate::publish) use marker::{is_said, is_same, marked};
pub use memory::{Episode, Memory, Open, Pending, SCHEMA, Told};

/// Most assignees that one request may name.
/// <https://docs.github.com/rest/issues/assignees#add-assignees-to-an-issue>
const ASSIGNEES: usize = 10;
/// How long an issue is left to the job of the run that was to open it: jobs of several environments end together.
const OWN_WORK: SignedDuration = SignedDuration::from_mins(10);

/// What is known when the issue of a scenario is planned.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The judgement of a run of the trunk; none where only an acceptance is news.
    pub run: Option<&'a Scenario>,
    /// What people accepted in the scenario.
    pub accepted: &'a [Acceptance],
    /// The issue as it is now.
    pub issue: Option<&'a Issue>,
    /// Its comments; they are looked at only while the state has something [`Pending`].
    pub comments: &'a [Comment],
    /// Who we are: whatever others wrote is not ours, whatever marks it has.
    pub me: &'a Author,
    /// How issues are kept.
    pub settings: &'a config::Issue,
    /// Who is told of critical regressions.
    pub notify: &'a config::Notify,
    /// Where things are.
    pub links: &'a Links,
}

/// Whether the issue must be looked up: nothing is to be done for a scenario that is well and was before.
pub fn concerns(memory: &Memory, run: Option<&Scenario>) -> bool {
    let regressed = run.is_some_and(|run| run.rows.iter().any(Figure::is_failing));
    regressed || memory.open || memory.dismissed || memory.pending.is_some()
}

/// What is to be changed so that the scenario's issue says what is so; nothing where it does.
///
/// The number of a new issue is not known before it is opened: carry out, look again, plan again, until nothing is left.
///
/// # Errors
/// A template that is wrong, or a number that JSON cannot hold: mistakes of this program.
pub fn plan(memory: &Memory, known: &Known<'_>) -> Result<Vec<Change>> {
    let next = advance(memory, known);
    let mut outside = reconciled(&next, known)?;
    let mut after = next.clone();
    if outside.is_empty() && (known.issue().is_some() || !next.open) {
        after.pending = None;
    }
    if let Some(issue) = known.issue().filter(|_| next.open) {
        outside.extend(notify::critical(&mut after, &issue.url, known));
    }
    let mut changes = Vec::new();
    if !outside.is_empty() && next != *memory {
        changes.push(write(&next)?);
    }
    let written = if outside.is_empty() { memory } else { &next };
    changes.extend(outside);
    if after != *written {
        changes.push(write(&after)?);
    }
    Ok(changes)
}

impl<'a> Known<'a> {
    /// The issue, if we wrote it.
    fn issue(&self) -> Option<&'a Issue> {
        self.issue.filter(|issue| issue.author == *self.me)
    }

    /// What happens now: the run's id and start, or the latest acceptance.
    fn cause(&self) -> Option<(String, Timestamp)> {
        let run = self.run.and_then(|scenario| {
            let at = scenario.run.started_at?;
            Some((scenario.run.ids.last().cloned().unwrap_or_else(|| at.to_string()), at))
        });
        let latest = self.accepted.iter().max_by_key(|acceptance| acceptance.at);
        run.or_else(|| latest.map(|acceptance| (format!("accepted {}", acceptance.at), acceptance.at)))
    }
}

/// What GitHub lacks of what the state says.
fn reconciled(memory: &Memory, known: &Known<'_>) -> Result<Vec<Change>> {
    let Some(issue) = known.issue() else {
        let opens = memory.open && !memory.episodes.is_empty() && is_ours_to_open(memory, known);
        return if opens { Ok(vec![opened(memory, known)?]) } else { Ok(Vec::new()) };
    };
    let is_drawn_now = memory.drawn.is_some() && memory.drawn == known.cause().map(|(cause, _)| cause);
    let mut changes = Vec::new();
    if memory.pending.is_some() || is_drawn_now {
        let change = difference(memory, issue, known)?;
        changes
            .extend((change != IssueChange::default()).then_some(Change::EditIssue { number: issue.number, change }));
    }
    if let Some((pending, note)) = memory.pending.as_ref().and_then(|pending| Some((pending, pending.note.as_ref()?))) {
        let mark = marker::of_note(&pending.cause);
        let comment = Change::CreateComment { on: issue.number, body: format!("{mark}\n{note}") };
        changes.extend((!is_said(known.comments, &mark, known.me)).then_some(comment));
    }
    Ok(changes)
}

/// Whether this job opens the issue, and not one that may be about to.
fn is_ours_to_open(memory: &Memory, known: &Known<'_>) -> bool {
    let (Some(pending), Some((cause, at))) = (&memory.pending, known.cause()) else { return true };
    pending.cause == cause || at.duration_since(pending.at) >= OWN_WORK
}

fn opened(memory: &Memory, known: &Known<'_>) -> Result<Change> {
    let issue = NewIssue {
        title: body::title(memory),
        body: body::body(memory, known)?,
        labels: known.settings.labels.clone(),
        assignees: assignees(memory, known.settings),
    };
    Ok(Change::OpenIssue { scenario: memory.scenario.clone(), issue })
}

/// Who is configured, and who owns what regressed.
fn assignees(memory: &Memory, settings: &config::Issue) -> Vec<String> {
    let endpoints: Vec<&str> = memory.worst_first().iter().map(|open| open.figure.endpoint.as_str()).collect();
    let owning = settings.owners.iter().filter(|(pattern, _)| endpoints.iter().any(|name| matches(pattern, name)));
    let mut all: Vec<String> = Vec::new();
    for login in settings.assignees.iter().chain(owning.flat_map(|(_, logins)| logins)) {
        if !all.contains(login) {
            all.push(login.clone());
        }
    }
    all.truncate(ASSIGNEES);
    all
}

/// What of the issue is not as it should be. What a closed one says stays as it was last: it is what happened.
fn difference(memory: &Memory, issue: &Issue, known: &Known<'_>) -> Result<IssueChange> {
    let state = if memory.open { IssueState::Open } else { IssueState::Closed };
    let mut change = IssueChange { state: (issue.state != state).then_some(state), ..IssueChange::default() };
    if memory.open && !memory.episodes.is_empty() {
        let (title, body) = (body::title(memory), body::body(memory, known)?);
        change.title = (!is_same(&title, &issue.title)).then_some(title);
        change.body = (!is_same(&body, &issue.body)).then_some(body);
    }
    Ok(change)
}

fn write(memory: &Memory) -> Result<Change> {
    let message = format!("Keep what the issue of {} was told", memory.scenario);
    Ok(Change::WriteFiles { message, files: vec![memory.file()?] })
}

#[cfg(test)]
mod tests;
