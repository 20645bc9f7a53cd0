//! A night in words, for people: what they should look at.

use anyhow::Result;
use serde::Serialize;

use super::{Night, Nightly};
use crate::model::Outcome;
use crate::publish::Links;
use crate::publish::figure::FigureWords;
use crate::publish::links::link;
use crate::render::numbers::{counted, minute};
use crate::render::template::fill;
use crate::render::{line, prose, short};
use crate::store::layout;

const TEMPLATE: &str = include_str!("../../render/templates/nightly.md.j2");
/// Most characters of a name and of a sentence.
const NAME: usize = 120;
const SENTENCE: usize = 600;

/// The page for people, where there is something they should know.
pub(super) fn page(nightly: &Nightly, links: &Links) -> Result<Option<String>> {
    let mut bad: Vec<&Night> = nightly.runs.iter().filter(|run| run.outcome >= Outcome::Warned).collect();
    bad.sort_by_key(|run| std::cmp::Reverse(run.outcome));
    if bad.is_empty() {
        return Ok(None);
    }
    let answer = format!("{} of {} to look at", bad.len(), counted(nightly.runs.len() as u64, "load test"));
    let sections: Vec<Section> = bad.into_iter().map(Section::of).collect();
    let json = link("All figures of the night", Some(&links.file(&layout::nightly(nightly.date)[0])));
    Ok(Some(fill(TEMPLATE, Page { date: nightly.date.to_string(), answer, sections, json })? + "\n"))
}

#[derive(Serialize)]
struct Page {
    date: String,
    answer: String,
    sections: Vec<Section>,
    json: String,
}

/// A scenario in words.
#[derive(Serialize)]
struct Section {
    scenario: String,
    environment: String,
    outcome: Outcome,
    answer: String,
    lines: Vec<FigureWords>,
    drifts: Vec<String>,
    place: String,
}

impl Section {
    fn of(night: &Night) -> Self {
        Self {
            scenario: line(&night.scenario, NAME),
            environment: line(&night.environment, NAME),
            outcome: night.outcome,
            answer: line(&night.answer, SENTENCE),
            lines: night.regressed().into_iter().map(FigureWords::of).collect(),
            drifts: night.drifts.iter().map(|drift| line(drift, SENTENCE)).collect(),
            place: place(night),
        }
    }
}

/// `2026-11-21 02:04 UTC, commit 1a2b3c4, workflow run, report`, as links.
fn place(night: &Night) -> String {
    let parts = [
        night.started_at.map(minute),
        night.commit.as_deref().map(|commit| format!("commit {}", prose(&short(commit)))),
        night.run_url.as_deref().map(|url| link("workflow run", Some(url))),
        night.report_url.as_deref().map(|url| link("report", Some(url))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
