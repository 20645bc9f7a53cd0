//! A week in words: what regressed, recovered and drifts, from the nights of each scenario and environment.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;

use super::{Week, days};
use crate::model::{ALL, Outcome};
use crate::publish::Figure;
use crate::publish::figure::subject;
use crate::publish::links::link;
use crate::publish::nightly::Night;
use crate::render::history::spark;
use crate::render::numbers::{NONE, Scale, counted, value};
use crate::render::{line, prose};
use crate::store::layout;

/// The figure that is drawn.
const METRIC: &str = "p95";
/// Most characters of a name and of a sentence.
const NAME: usize = 120;
const SENTENCE: usize = 600;

/// The nights of one scenario in one environment.
type Course<'a> = Vec<(Date, &'a Night)>;

/// A week in words.
#[derive(Serialize)]
pub(super) struct Digest {
    answer: String,
    span: String,
    lines: Vec<Line>,
    pub(super) regressed: Cut,
    recovered: Cut,
    drifts: Cut,
    /// Markdown.
    open: Vec<String>,
}

impl Digest {
    /// The digest, with as many entries of each list.
    pub(super) fn of(week: &Week<'_>, entries: usize) -> Self {
        let nights = week.nights();
        let days = days(week.date);
        let mut courses: BTreeMap<(&str, &str), Course<'_>> = BTreeMap::new();
        for night in &nights {
            for run in &night.runs {
                courses.entry((&run.scenario, &run.environment)).or_default().push((night.date, run));
            }
        }
        let regressed: Vec<String> = courses.values().flat_map(regressed).collect();
        let answer = answer(&layout::week(week.date), nights.len(), &courses);
        let cut = |list: Vec<String>| Cut::of(list, entries);
        Self {
            answer,
            span: format!("{} … {}", days[0], days[6]),
            lines: courses.iter().take(entries).map(|(key, course)| Line::of(key, course, &days)).collect(),
            regressed: cut(regressed),
            recovered: cut(courses.values().flat_map(recovered).collect()),
            drifts: cut(courses.values().flat_map(drifts).collect()),
            open: open(week, entries),
        }
    }
}

/// The beginning of a list, and how many entries follow.
#[derive(Serialize)]
pub(super) struct Cut {
    shown: Vec<String>,
    more: usize,
}

impl Cut {
    fn of(mut list: Vec<String>, most: usize) -> Self {
        let more = list.len().saturating_sub(most);
        list.truncate(most);
        Self { shown: list, more }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }
}

/// A scenario in an environment, in words.
#[derive(Serialize)]
struct Line {
    scenario: String,
    environment: String,
    nights: String,
    outcome: Outcome,
    first: String,
    last: String,
    change: String,
    spark: String,
}

impl Line {
    fn of((scenario, environment): &(&str, &str), course: &Course<'_>, days: &[Date]) -> Self {
        let values: Vec<Option<f64>> = days.iter().map(|day| latency(course, *day)).collect();
        let unit = course.iter().flat_map(|(_, night)| headline(night)).map(|figure| figure.unit).next();
        let known: Vec<f64> = values.iter().flatten().copied().collect();
        let shown = |figure: Option<&f64>| unit.map_or(NONE.to_owned(), |unit| value(unit, figure.copied()));
        let change = match known[..] {
            [first, .., last] if first > 0.0 => Scale::Relative.change(Some(last / first - 1.0)),
            _ => NONE.to_owned(),
        };
        Self {
            scenario: line(scenario, NAME),
            environment: line(environment, NAME),
            nights: course.iter().map(|(date, _)| date).collect::<BTreeSet<_>>().len().to_string(),
            outcome: course.last().map(|(_, night)| night.outcome).unwrap_or_default(),
            first: shown(known.first()),
            last: shown(known.last()),
            change,
            // Markdown drops spaces at the ends of a cell, and with them the days.
            spark: spark::line(&values, 0.0, days.len()).replace(' ', "·"),
        }
    }
}

/// `Week 2026-W47: 1 of 3 load tests failed in 5 nights.`
fn answer(week: &str, nights: usize, courses: &BTreeMap<(&str, &str), Course<'_>>) -> String {
    let has = |course: &&Course<'_>, outcome| course.iter().any(|(_, night)| night.outcome == outcome);
    let count = |outcome| courses.values().filter(|course| has(course, outcome)).count();
    let words = [(Outcome::Failed, "failed"), (Outcome::Invalid, "had no valid run"), (Outcome::Warned, "warned")];
    let parts = words.map(|(outcome, word)| (count(outcome), word));
    let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    let told = if parts.is_empty() { "nothing became worse".to_owned() } else { parts.join(", ") };
    let tests = counted(courses.len() as u64, "load test");
    format!("Week {week}: {told}; {tests} in {}.", counted(nights as u64, "night"))
}

/// Links to the issues that are open.
fn open(week: &Week<'_>, entries: usize) -> Vec<String> {
    let open = week.issues.iter().filter(|memory| memory.open).filter_map(|memory| Some((memory, memory.number?)));
    let told = open.map(|(memory, number)| {
        let scenario = prose(&line(&memory.scenario, NAME));
        link(&format!("issue {number}: {scenario}"), Some(&week.links.issue(number)))
    });
    told.take(entries).collect()
}

/// What regressed, since which night: the last figures of each series that failed.
fn regressed(course: &Course<'_>) -> Vec<String> {
    let mut first: BTreeMap<(&str, &str), (Date, &Figure)> = BTreeMap::new();
    for (date, night) in course {
        for figure in failing(night) {
            let since = first.entry((&figure.endpoint, &figure.metric)).or_insert((*date, figure));
            since.1 = figure;
        }
    }
    let Some((_, last)) = course.last() else { return Vec::new() };
    let mut found: Vec<_> = first.into_values().collect();
    found.sort_by(|(_, a), (_, b)| Figure::worst_first(a, b));
    let told = found.into_iter().map(|(since, figure)| {
        let [before, now] = figure.sides();
        let scenario = line(&last.scenario, NAME);
        format!("{scenario}: {} {} ({before} → {now}), first on {since}", figure.subject(), figure.change())
    });
    told.collect()
}

/// What failed in a night of the week and does not in the last one, which could tell.
fn recovered(course: &Course<'_>) -> Vec<String> {
    let Some((date, last)) = course.last() else { return Vec::new() };
    if matches!(last.outcome, Outcome::Invalid | Outcome::Inconclusive) {
        return Vec::new();
    }
    let now: BTreeSet<_> = failing(last).map(Figure::series).collect();
    let before: BTreeSet<_> = course.iter().flat_map(|(_, night)| failing(night).map(Figure::series)).collect();
    let told =
        before.difference(&now).map(|series| format!("{}: {}, on {date}", line(&last.scenario, NAME), subject(series)));
    told.collect()
}

/// What becomes worse slowly, as the last night says.
fn drifts(course: &Course<'_>) -> Vec<String> {
    let last = course.last().map(|(_, night)| *night);
    let told = |night: &Night| {
        let scenario = line(&night.scenario, NAME);
        night.drifts.iter().map(|drift| format!("{scenario}: {}", line(drift, SENTENCE))).collect()
    };
    last.map(told).unwrap_or_default()
}

fn failing(night: &Night) -> impl Iterator<Item = &Figure> {
    night.figures.iter().filter(|figure| figure.is_failure())
}

fn headline(night: &Night) -> Option<&Figure> {
    night.figures.iter().find(|figure| figure.endpoint == ALL && figure.metric == METRIC)
}

/// The latency of the run as a whole on a day.
fn latency(course: &Course<'_>, day: Date) -> Option<f64> {
    let night = course.iter().find(|(date, _)| *date == day)?.1;
    headline(night)?.candidate
}
