//! The report at a terminal: the answer, what stands out, and the context of the figures. Quiet when all is well.

use anyhow::Result;

use super::escape::log;
use super::style::{Paint, Style};
use super::table::{Align, Table, paragraph};
use super::view::{Heading, Line, Promise, Rank, Section, Status, View};
use super::{Output, Report};
use crate::verdict::Outcome;

pub(super) const OUTPUT: Output = Output { name: "text", about: "Table for a terminal", render };

/// The columns of the rows; the sides are called as in the section.
fn columns([baseline, candidate]: [&'static str; 2]) -> [(&'static str, Align); 9] {
    [
        ("endpoint", Align::Left),
        ("metric", Align::Left),
        (baseline, Align::Right),
        (candidate, Align::Right),
        ("change", Align::Right),
        ("95 % interval", Align::Right),
        ("noise floor", Align::Right),
        ("threshold", Align::Right),
        ("verdict", Align::Left),
    ]
}

const TARGETS: [(&str, Align); 5] = [
    ("requirement", Align::Left),
    ("target", Align::Left),
    ("actual", Align::Left),
    ("status", Align::Left),
    ("notes", Align::Left),
];

fn render(report: &Report, style: &Style) -> Result<String> {
    let view = View::of(report);
    let mut text = headline(view.heading, &view.answer, style);
    if let Some(decision) = &view.decision {
        text.push_str(&paragraph(decision, style, 2));
    }
    for section in &view.sections {
        if view.sections.len() > 1 {
            text.push('\n');
            text.push_str(&headline(section.heading, &format!("{}: {}", section.name, section.answer), style));
        }
        text.push_str(&body(section, style));
    }
    Ok(log(&text))
}

fn headline(heading: Heading, answer: &str, style: &Style) -> String {
    let paint = match heading {
        Heading::Passed | Heading::Improved => Paint::Green,
        Heading::Warned | Heading::Inconclusive => Paint::Yellow,
        Heading::Failed | Heading::Invalid | Heading::NotImproved => Paint::Red,
    };
    format!("{}  {answer}\n", style.paint(paint, heading.shout()))
}

/// Everything of a scenario but its headline.
fn body(section: &Section, style: &Style) -> String {
    let mut text = String::new();
    for sentence in section.reason.iter().chain(&section.action) {
        text.push_str(&paragraph(sentence, style, 2));
    }
    text.push_str(&separated(rows(section, style)));
    text.push_str(&separated(targets(section, style)));
    let findings = section.findings.iter().map(|finding| format!("{} {}", finding.title, finding.detail));
    text.push_str(&separated(list("finding:", findings, style)));
    let warnings = section.warnings.iter().chain(&section.notes).cloned();
    text.push_str(&separated(list("note:", warnings, style)));
    text.push_str(&separated(context(section, style)));
    text
}

fn rows(section: &Section, style: &Style) -> String {
    let mut table = Table::new(&columns(section.sides));
    for line in &section.rows {
        table.push(cells(line));
        if !line.why.is_empty() && !line.repeats {
            table.note(&line.why);
        }
    }
    for line in section.rest.iter().filter(|line| line.whole || style.verbose) {
        table.push(cells(line));
        if !line.note.is_empty() {
            table.note(&line.note);
        }
    }
    let table = table.text(style, 2);
    let summary = section.rest_summary.as_deref();
    table + &summary.map_or(String::new(), |summary| format!("  {}\n", style.paint(Paint::Dim, summary)))
}

fn cells(line: &Line) -> Vec<(String, Paint)> {
    let paint = match line.rank {
        Rank::Critical | Rank::Failure => Paint::Red,
        Rank::Warning | Rank::Advisory | Rank::Inconclusive => Paint::Yellow,
        Rank::Improved => Paint::Green,
        Rank::Changed | Rank::Unchanged => Paint::Plain,
    };
    let plain =
        [&line.endpoint, &line.metric, &line.baseline, &line.candidate].map(|text| (text.clone(), Paint::Plain));
    let rest = [
        (line.change.clone(), paint),
        (line.interval.clone(), Paint::Plain),
        (line.noise_floor.clone(), Paint::Plain),
        (line.threshold.clone(), Paint::Plain),
        (line.verdict.clone(), paint),
    ];
    plain.into_iter().chain(rest).collect()
}

/// The targets as a table, or on one line where all are met.
fn targets(section: &Section, style: &Style) -> String {
    let promises = &section.promises;
    if !style.verbose && promises.iter().all(|promise| promise.status == Status::Met) {
        let met = promises.iter().map(|p| format!("{} {} ({})", p.requirement, p.target, p.actual));
        return list("targets met:", (!promises.is_empty()).then(|| met.collect::<Vec<_>>().join(", ")), style);
    }
    let mut table = Table::new(&TARGETS);
    promises.iter().for_each(|promise| table.push(promised(promise)));
    table.text(style, 2)
}

fn promised(promise: &Promise) -> Vec<(String, Paint)> {
    let paint = match promise.status {
        Status::Met => Paint::Green,
        Status::Unknown | Status::Missed => Paint::Yellow,
        Status::Failed => Paint::Red,
    };
    let plain = |text: &str| (text.to_owned(), Paint::Plain);
    vec![
        plain(&promise.requirement),
        plain(&promise.target),
        plain(&promise.actual),
        (promise.status.as_str().to_owned(), paint),
        plain(&promise.notes),
    ]
}

fn context(section: &Section, style: &Style) -> String {
    let quiet = section.outcome == Outcome::Passed && !style.verbose;
    let facts = section.facts.iter().map(|fact| (fact.name, fact.value.as_str()));
    let facts = facts.filter(|(name, _)| !quiet || *name == section.sides[1] || *name == "requests");
    let again = Some(("reproduce", section.reproduce.as_str())).filter(|(_, command)| !quiet && !command.is_empty());
    let accept = Some(("accept", section.accept.as_str())).filter(|(_, command)| !quiet && !command.is_empty());
    let analysis = Some(("analysis", section.analysis.as_str())).filter(|(_, reason)| !reason.is_empty());
    let baseline = [(section.sides[0], section.baseline.as_str())];
    let all = analysis.into_iter().chain(baseline).chain(facts).chain(again).chain(accept);
    all.map(|(name, value)| fact(name, value, style)).collect()
}

/// A name and its value, wrapped beside it. A command is not wrapped: it is there to be copied.
fn fact(name: &str, value: &str, style: &Style) -> String {
    // The longest name and the space around it.
    const COLUMN: usize = 15;
    let value =
        if matches!(name, "reproduce" | "accept") { format!("{value}\n") } else { paragraph(value, style, COLUMN) };
    let name = format!("{name:<width$}", width = COLUMN - 2);
    format!("  {}{}", style.paint(Paint::Dim, &name), value.trim_start())
}

fn list(name: &str, entries: impl IntoIterator<Item = String>, style: &Style) -> String {
    entries.into_iter().map(|entry| paragraph(&format!("{name} {entry}"), style, 2)).collect()
}

/// A part with a blank line before it, if there is one.
fn separated(part: String) -> String {
    if part.is_empty() { part } else { format!("\n{part}") }
}
