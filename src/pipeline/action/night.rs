//! What a run on trunk shows on the results branch: badges; and what a night adds: its document, the digest of the week, the
//! upkeep of the history.

use anyhow::Result;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::apply::{Others, converge};
use super::issue::links;
use super::job::Job;
use crate::config::{Duration, Weekday};
use crate::files;
use crate::history::Retention;
use crate::publish::issue::Memory;
use crate::publish::nightly::{self, Nightly};
use crate::publish::weekly::{self, LABEL, Present, Week};
use crate::publish::{Change, badges};
use crate::render::Report;
use crate::store::{self, Snapshot, layout};

/// Draws the badges of the report's scenarios anew, and those of others that are out of date by now.
pub(super) fn badges(job: &mut Job, report: &Report) {
    let Some(now) = at(report).filter(|_| job.inputs.badge) else { return };
    let settings = &job.settings.config.badge;
    let drawn = job.store.update("Draw the badges", &mut |snapshot| {
        let existing = snapshot.load(&[layout::BADGES])?.remove(0);
        badges::files(report, now, settings, existing.as_deref())
    });
    job.attempt("the badges", drawn);
}

/// Adds the report to the document of its night, writes the digest on its day, and keeps the history small.
pub(super) fn keep(job: &mut Job, report: &Report) {
    let Some((now, date)) = at(report).zip(nightly::date(report)) else { return };
    let written = document(job, report, date);
    job.attempt("the report of the night", written);
    if job.settings.config.weekly.day.is_some_and(|day| is_on(date, day)) {
        let written = digest(job, date);
        job.attempt("the digest of the week", written);
    }
    let kept = upkeep(job, now);
    job.attempt("the upkeep of the history", kept);
}

/// The start of the report's latest run.
fn at(report: &Report) -> Option<Timestamp> {
    report.scenarios.iter().filter_map(|scenario| scenario.run.started_at).max()
}

/// The legs of a night write one document, each its part.
fn document(job: &Job, report: &Report, date: Date) -> Result<()> {
    let links = links(job);
    let paths = layout::nightly(date);
    job.store.update(&format!("Report the night of {date}"), &mut |snapshot| {
        let existing = snapshot.load(&[&paths[0], &paths[1]])?;
        nightly::files(report, date, &links, [existing[0].as_deref(), existing[1].as_deref()])
    })
}

/// Writes the digest of the week, and keeps its rolling issue where that is asked for.
fn digest(job: &mut Job, date: Date) -> Result<()> {
    let links = links(job);
    job.store.update(&format!("Report the week {}", layout::week(date)), &mut |snapshot| {
        let (nights, issues) = (nights(snapshot, date)?, memories(snapshot)?);
        let existing = snapshot.load(&[&layout::weekly(date)])?.remove(0);
        Week { date, nights: &nights, issues: &issues, links: &links }.files(existing.as_deref())
    })?;
    if !job.settings.config.weekly.issue {
        return Ok(());
    }
    converge(job, Others::DoNot, &mut |job| {
        let snapshot = job.store.snapshot()?;
        let (nights, issues) = (nights(snapshot.as_ref(), date)?, memories(snapshot.as_ref())?);
        rolling(job, &Week { date, nights: &nights, issues: &issues, links: &links })
    })
}

fn rolling(job: &Job, week: &Week<'_>) -> Result<Vec<Change>> {
    let me = job.me()?;
    let issues = job.repository.issues(&[LABEL.to_owned()], None)?;
    let ours = issues.iter().find(|issue| issue.author == me);
    let comments = ours.map(|issue| job.repository.comments(issue.number)).transpose()?.unwrap_or_default();
    week.plan(&Present { issues: &issues, comments: &comments, me: &me })
}

/// The documents of the nights of a week; what cannot be read of them was told when it was written.
fn nights(snapshot: &dyn Snapshot, date: Date) -> Result<Vec<Nightly>> {
    let paths: Vec<String> = weekly::days(date).into_iter().map(|day| layout::nightly(day)[0].clone()).collect();
    let loaded = snapshot.load(&paths.iter().map(String::as_str).collect::<Vec<_>>())?;
    Ok(loaded.into_iter().flatten().filter_map(|bytes| Nightly::parse(&bytes).ok().flatten()).collect())
}

/// What the branch remembers of the issues.
fn memories(snapshot: &dyn Snapshot) -> Result<Vec<Memory>> {
    let paths = snapshot.list("issues/")?;
    let loaded = snapshot.load(&paths.iter().map(String::as_str).collect::<Vec<_>>())?;
    Ok(loaded.into_iter().flatten().filter_map(|bytes| Memory::parse(&bytes).ok()).collect())
}

/// Thins the history as the configuration says, and drops what is too old or too much.
fn upkeep(job: &Job, now: Timestamp) -> Result<()> {
    let kept = &job.settings.config.retention;
    let age = |age: Duration| SignedDuration::from_secs_f64(age.0);
    let retention = Retention {
        full_runs: kept.whole,
        thin_for: Some(age(kept.thinned)),
        keep_for: kept.summaries.map(age),
        bytes: kept.size.map(|size| size.0),
    };
    let done = store::compact(job.store.as_ref(), &retention, now)?;
    done.warnings.iter().for_each(|warning| files::say(&format!("warning: {warning}")));
    Ok(())
}

fn is_on(date: Date, day: Weekday) -> bool {
    let known = match day {
        Weekday::Monday => jiff::civil::Weekday::Monday,
        Weekday::Tuesday => jiff::civil::Weekday::Tuesday,
        Weekday::Wednesday => jiff::civil::Weekday::Wednesday,
        Weekday::Thursday => jiff::civil::Weekday::Thursday,
        Weekday::Friday => jiff::civil::Weekday::Friday,
        Weekday::Saturday => jiff::civil::Weekday::Saturday,
        Weekday::Sunday => jiff::civil::Weekday::Sunday,
    };
    date.weekday() == known
}
