//! `accept`: a regression becomes the new level of its series.

use anyhow::{Context, Result, bail, ensure};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{PASSED, history, read};
use crate::model::{ACCEPTANCE_SCHEMA, Acceptance, Record};
use crate::store::{self, Preview, Snapshot, Store};
use crate::{cli, files};

/// Keeps who accepted what, why and until when, and says from which run on the level counts.
pub(super) fn accept(flags: &cli::Accept) -> Result<u8> {
    let config = read::configuration(flags.config.as_deref())?;
    let mut store: Box<dyn Store> = history::open(&flags.history, &config)?;
    if flags.dry_run {
        store = Box::new(Preview(store));
    }
    files::say(&keep(flags, store.as_ref())?);
    Ok(PASSED)
}

/// Keeps an acceptance; returns what is to be told of it.
///
/// # Errors
/// A scenario that was never recorded, an empty reason, an end in the past; the store cannot be read or written.
pub(super) fn keep(flags: &cli::Accept, store: &dyn Store) -> Result<String> {
    let latest = latest(store.snapshot()?.as_ref(), &flags.scenario)?;
    let at = flags.at.or(latest.iter().map(|run| run.started_at).max()).context("no run is recorded: give --at")?;
    let mut acceptance = Acceptance {
        schema: ACCEPTANCE_SCHEMA.to_owned(),
        scenario: flags.scenario.clone(),
        endpoint: flags.endpoint.clone(),
        metric: flags.metric.clone(),
        reason: filled("REASON", &flags.reason)?,
        author: filled("--author", &flags.author)?,
        at,
        from: at,
        until: flags.until.as_deref().map(until).transpose()?,
        commit: flags.commit.clone(),
    };
    let regressed = since(&latest, &acceptance);
    acceptance.from = flags.from.or(regressed).unwrap_or(at);
    ensure!(acceptance.until.is_none_or(|until| until > at), "--until is before the acceptance ({at})");
    store::accept(store, &acceptance)?;
    Ok(told(&acceptance, flags, regressed.is_some(), store))
}

fn told(acceptance: &Acceptance, flags: &cli::Accept, is_open: bool, store: &dyn Store) -> String {
    let Acceptance { metric, endpoint, scenario, from, .. } = acceptance;
    let verb = if flags.dry_run { "would accept" } else { "accepted" };
    let until = acceptance.until.map(|until| format!(" until {until}")).unwrap_or_default();
    let note = if is_open || flags.from.is_some() {
        ""
    } else {
        "; the latest runs have no such regression: the level restarts with the runs to come"
    };
    format!("{verb} {metric} of {endpoint} in {scenario}{until}, on the level since {from}, in {}{note}", store.name())
}

/// The latest run of the scenario in each environment.
///
/// # Errors
/// A scenario that was never recorded: those that were.
pub(super) fn latest(snapshot: &dyn Snapshot, scenario: &str) -> Result<Vec<Record>> {
    let known = store::environments(snapshot, scenario)?;
    if known.is_empty() {
        bail!("no run of scenario '{scenario}' is recorded; recorded are: {}", store::scenarios(snapshot)?.join(", "));
    }
    let mut latest = Vec::new();
    for known in known {
        let loaded = store::load(snapshot, scenario, &known.fingerprint, known.latest..=known.latest)?;
        latest.extend(loaded.history.records().last().cloned());
    }
    Ok(latest)
}

/// Start of the regression that the latest runs have and the acceptance is about.
fn since(latest: &[Record], acceptance: &Acceptance) -> Option<Timestamp> {
    let open = latest.iter().filter_map(|run| {
        let judged = run.judged.as_ref()?;
        let about = judged.regressed.iter().any(|series| acceptance.covers(series));
        about.then(|| judged.since.unwrap_or(run.started_at))
    });
    open.min()
}

fn filled(name: &str, text: &str) -> Result<String> {
    ensure!(!text.trim().is_empty(), "{name} is empty: those who come later need it");
    Ok(text.trim().to_owned())
}

/// A time, or the end of a day in UTC.
pub(super) fn until(text: &str) -> Result<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let date: Date = text.parse().with_context(|| format!("until {text}: write a date such as 2026-12-31"))?;
    Ok(date.at(23, 59, 59, 0).to_zoned(TimeZone::UTC)?.timestamp())
}
