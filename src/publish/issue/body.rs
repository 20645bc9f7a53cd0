//! Title and text of the issue, from the state alone: the same state gives the same text.

use anyhow::Result;
use serde::Serialize;

use super::memory::{Episode, Memory, Open};
use super::{Known, marker, words};
use crate::publish::Figure;
use crate::publish::figure::FigureWords;
use crate::render::numbers::{counted, minute};
use crate::render::template::fill;
use crate::render::{line, word};

const TEMPLATE: &str = include_str!("../../render/templates/issue.md.j2");
/// GitHub refuses a text of more than 65,536 characters.
const MOST: usize = 65_536;
/// Environments, rows and findings of each, as many as fit.
const STEPS: [[usize; 3]; 5] = [[8, 100, 3], [8, 40, 3], [8, 15, 3], [4, 5, 1], [1, 1, 1]];
/// Most characters of a name, a sentence, a command.
const NAME: usize = 120;
const SENTENCE: usize = 600;
const COMMAND: usize = 2_000;

/// `Performance Regression: p95 of GET /slow degraded 27% (checkout)`.
pub(super) fn title(memory: &Memory) -> String {
    let all = memory.worst_first();
    let Some(worst) = all.first().map(|open| &open.figure) else { return String::new() };
    let scenario = line(&memory.scenario, NAME / 2);
    line(&format!("Performance Regression: {} degraded {} ({scenario})", worst.subject(), worst.degraded()), 2 * NAME)
}

/// The text, in at most as many characters as GitHub takes: rows go before truth.
pub(super) fn body(memory: &Memory, known: &Known<'_>) -> Result<String> {
    let mut text = String::new();
    for step in STEPS {
        text = fill(TEMPLATE, Page::of(memory, known, step))? + "\n";
        if text.chars().count() <= MOST {
            break;
        }
    }
    Ok(text)
}

#[derive(Serialize)]
struct Page {
    mark: String,
    lead: String,
    episodes: Vec<Part>,
    /// Environments that are not shown.
    hidden: usize,
    /// Of the worst environment, as a link.
    range: Option<String>,
    reproduce: Option<String>,
    accept: String,
    accept_command: Option<String>,
    close_after: String,
}

/// An environment.
#[derive(Serialize)]
struct Part {
    environment: String,
    since: String,
    range: Option<String>,
    place: String,
    critical: bool,
    lines: Vec<Line>,
    hidden: usize,
    findings: Vec<String>,
}

/// A regressed series.
#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    figure: FigureWords,
    since: String,
}

impl Page {
    fn of(memory: &Memory, known: &Known<'_>, [environments, rows, findings]: [usize; 3]) -> Self {
        let mut parts: Vec<(&String, &Episode)> = memory.episodes.iter().collect();
        parts.sort_by(|(_, a), (_, b)| b.critical.cmp(&a.critical).then(a.since.cmp(&b.since)));
        let shown = parts.iter().take(environments).map(|(name, part)| Part::of(name, part, known, [rows, findings]));
        let shown: Vec<Part> = shown.collect();
        let command = parts.first().map_or(&[][..], |(_, episode)| &episode.told.command);
        let worst = memory.worst_first();
        let worst = worst.first().map(|open| &open.figure);
        Self {
            mark: marker::of_issue(&memory.scenario),
            lead: lead(memory),
            range: shown.first().and_then(|part| part.range.clone()),
            hidden: parts.len() - shown.len(),
            episodes: shown,
            reproduce: (!command.is_empty()).then(|| shell(command)),
            accept: worst.map(|worst| comment(memory, worst)).unwrap_or_default(),
            accept_command: worst.map(|worst| accept_command(memory, worst, command)),
            close_after: counted(known.settings.close_after.max(1) as u64, "run"),
        }
    }
}

impl Part {
    fn of(environment: &str, episode: &Episode, known: &Known<'_>, [rows, findings]: [usize; 2]) -> Self {
        let mut series: Vec<&Open> = episode.series.iter().collect();
        series.sort_by(|a, b| Figure::worst_first(&a.figure, &b.figure));
        Self {
            environment: line(environment, NAME),
            since: minute(episode.since),
            range: words::range(episode.last_good.as_deref(), episode.first_bad.as_deref(), known.links),
            place: words::place(&episode.told, known.links),
            critical: episode.critical,
            hidden: series.len().saturating_sub(rows),
            lines: series.into_iter().take(rows).map(Line::of).collect(),
            findings: episode.told.findings.iter().take(findings).map(|finding| line(finding, SENTENCE)).collect(),
        }
    }
}

impl Line {
    fn of(open: &Open) -> Self {
        Self { figure: FigureWords::of(&open.figure), since: minute(open.since) }
    }
}

/// `checkout became worse: p95 of GET /slow +26.8 % (82.1 ms → 104 ms), and 2 more.`
fn lead(memory: &Memory) -> String {
    let all = memory.worst_first();
    let Some(worst) = all.first().map(|open| &open.figure) else { return String::new() };
    let [before, now] = worst.sides();
    let more = if all.len() > 1 { format!(", and {} more", all.len() - 1) } else { String::new() };
    let scenario = line(&memory.scenario, NAME);
    format!("{scenario} became worse: {} {} ({before} → {now}){more}.", worst.subject(), worst.change())
}

/// The comment that accepts a series: `/perf-gate accept checkout p95 "GET /slow" REASON`.
fn comment(memory: &Memory, worst: &Figure) -> String {
    let [scenario, metric, endpoint] = [&memory.scenario, &worst.metric, &worst.endpoint].map(|text| line(text, NAME));
    format!("/perf-gate accept {} {} {} REASON", quoted(&scenario), quoted(&metric), quote(&endpoint))
}

/// The command that does the same.
fn accept_command(memory: &Memory, worst: &Figure, command: &[String]) -> String {
    let names = [&memory.scenario, &worst.metric, &worst.endpoint].map(|text| word(&line(text, NAME)));
    let store = command.iter().skip_while(|argument| *argument != "--store").nth(1);
    let store = store.map(|store| format!(" --store {}", word(&line(store, NAME)))).unwrap_or_default();
    line(&format!("perf-gate accept {} 'why it is right' --author NAME{store}", names.join(" ")), COMMAND)
}

fn shell(command: &[String]) -> String {
    let words = command.iter().map(|argument| word(&line(argument, NAME)));
    line(&["perf-gate".to_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" "), COMMAND)
}

/// In quotes where it is more than a plain word.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { quote(text) }
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
