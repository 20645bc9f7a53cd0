//! Who is told of a critical regression on trunk: a `repository_dispatch` event, for a rollback, and a webhook, for a chat.
//! Once for each regression and environment; what was told is in the state of the issue.

use serde_json::{Value, json};

use super::issue::{Episode, Known, Memory, Open};
use super::{Change, Figure};
use crate::render::line;

/// Series that a payload names, the worst: an event takes less than 64 KB.
/// <https://docs.github.com/rest/repos/repos#create-a-repository-dispatch-event>
const SERIES: usize = 20;
/// Most characters of a name.
const NAME: usize = 200;

/// The calls that are due, and the mark in `memory` that they were made: it is to be written after them.
pub fn critical(memory: &mut Memory, issue: &str, known: &Known<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    let scenario = memory.scenario.clone();
    for (environment, episode) in &mut memory.episodes {
        if !episode.critical || episode.notified {
            continue;
        }
        let payload = payload(&scenario, environment, episode, issue, known);
        let event = known.notify.dispatch.iter().map(|event| (event, payload.clone()));
        changes.extend(event.map(|(event, payload)| Change::Dispatch { event: event.clone(), payload }));
        let webhook = known.notify.webhook.iter().map(|variable| (variable, payload.clone()));
        changes.extend(webhook.map(|(variable, payload)| Change::CallWebhook { variable: variable.clone(), payload }));
        episode.notified = !changes.is_empty();
    }
    changes
}

/// What is told; an event takes at most ten properties at the top. `text` is what chats show.
fn payload(scenario: &str, environment: &str, episode: &Episode, issue: &str, known: &Known<'_>) -> Value {
    let mut series: Vec<&Open> = episode.series.iter().collect();
    series.sort_by(|a, b| Figure::worst_first(&a.figure, &b.figure));
    let (good, bad) = (&episode.last_good, &episode.first_bad);
    let compare = good.as_deref().zip(bad.as_deref()).and_then(|(good, bad)| known.links.compare(good, bad));
    json!({
        "text": text(scenario, &series, issue),
        "scenario": line(scenario, NAME),
        "environment": line(environment, NAME),
        "series": series.iter().take(SERIES).map(|open| entry(&open.figure)).collect::<Vec<_>>(),
        "since": episode.since.to_string(),
        "commit": episode.told.commit,
        "range": { "last_good": good, "first_bad": bad, "url": compare },
        "issue_url": issue,
        "run_url": episode.told.url,
        "report_url": episode.told.report,
    })
}

fn entry(figure: &Figure) -> Value {
    json!({
        "endpoint": line(&figure.endpoint, NAME),
        "metric": line(&figure.metric, NAME),
        "unit": figure.unit.as_str(),
        "severity": figure.severity,
        "baseline": figure.baseline,
        "candidate": figure.candidate,
        "change": figure.change,
        "threshold": figure.threshold,
    })
}

/// `Critical performance regression in checkout: p95 of GET /slow +31.8 % (88.7 ms → 117 ms) and 1 more. https://…`
fn text(scenario: &str, series: &[&Open], issue: &str) -> String {
    let scenario = line(scenario, NAME);
    let what = series.first().map(|open| {
        let [before, now] = open.figure.sides();
        format!(": {} {} ({before} → {now})", open.figure.subject(), open.figure.change())
    });
    let more = if series.len() > 1 { format!(" and {} more", series.len() - 1) } else { String::new() };
    let told = format!("Critical performance regression in {scenario}{}{more}.", what.unwrap_or_default());
    // Chats notify on `<!channel>` and `@here`: a zero-width space ends that.
    format!("{} {issue}", told.replace('<', "<\u{200b}").replace('@', "@\u{200b}"))
}
