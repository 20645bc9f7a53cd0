//! From runs to a report: history, baseline, comparison, judgement.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;

use super::{history, read};
use crate::baseline::Baseline;
use crate::compare::Comparison;
use crate::model::{Record, Run, Warning};
use crate::render::{Candidate, Report, Scenario};
use crate::store::{self, Snapshot, Store};
use crate::verdict::{Judgement, Policy};
use crate::{baseline, cli, compare, config, files, verdict};

/// Judges the wanted runs against the history in the store.
pub(super) fn against_history(flags: &cli::Check, settings: &read::Settings) -> Result<Report> {
    let store = history::open(&flags.history, &settings.config)?;
    let wanted = read::wanted(&flags.input, &settings.config)?;
    let mut scenarios = Vec::new();
    for wanted in &wanted {
        let scenario = judged(wanted, flags, store.as_ref(), settings);
        scenarios.push(scenario.unwrap_or_else(|error| unreadable(&wanted.scenario, &error)));
    }
    for name in read::undelivered(&flags.input, &settings.config, &wanted) {
        scenarios.push(Scenario::invalid(&name, "the configuration declares this scenario, and no result was given"));
    }
    Ok(Report::new(scenarios))
}

/// A scenario whose files cannot be judged: told where errors are looked for, and in the report.
pub(super) fn unreadable(scenario: &str, error: &anyhow::Error) -> Scenario {
    files::say(&format!("perf-gate: {error:#}"));
    Scenario::invalid(scenario, &format!("{error:#}"))
}

/// Reads every run of a scenario and says whose they are.
pub(super) fn read_all(wanted: &read::Wanted, identity: &cli::Identity, settings: &read::Settings) -> Result<Vec<Run>> {
    let mut runs: Vec<Run> = Vec::new();
    for paths in &wanted.runs {
        let mut run = read::run(wanted, paths, settings)?;
        read::identify(&mut run, identity);
        read::require_load(&mut run);
        let twin = runs.iter().any(|other| other.id == run.id);
        ensure!(!twin, "{} is given twice: the same run cannot confirm itself", paths.join(" "));
        runs.push(run);
    }
    Ok(runs)
}

/// Judges the runs of one scenario against what the store remembers of it; without it where the store cannot be read.
///
/// # Errors
/// Runs that cannot be judged, and a history of which this program could read only the older part.
fn judged(wanted: &read::Wanted, flags: &cli::Check, store: &dyn Store, settings: &read::Settings) -> Result<Scenario> {
    let mut runs = read_all(wanted, &flags.identity, settings)?;
    match remembered(&mut runs, wanted, flags, store, settings) {
        Ok((baseline, warnings)) => {
            conclude(&runs, check_again(wanted, flags, store, &runs), &baseline, warnings, settings)
        }
        Err(error) if error.is::<store::Newer>() => Err(error),
        Err(error) => {
            let warning = Warning(format!("the history could not be read: {error:#}"));
            date(&mut runs, wanted, None)?;
            conclude(&runs, check_again(wanted, flags, store, &runs), &Baseline::default(), vec![warning], settings)
        }
    }
}

/// Dates the runs and finds what to compare them with.
fn remembered(
    runs: &mut [Run],
    wanted: &read::Wanted,
    flags: &cli::Check,
    store: &dyn Store,
    settings: &read::Settings,
) -> Result<(Baseline, Vec<Warning>)> {
    let snapshot = store.snapshot()?;
    let latest = latest(&*snapshot, &runs[0])?;
    date(runs, wanted, latest)?;
    baseline(&*snapshot, &records(runs)?[0], flags.identity.at, settings)
}

/// The runs that the store has to compare `candidate` with, and what it warns of.
fn baseline(
    snapshot: &dyn Snapshot,
    candidate: &Record,
    at: Option<Timestamp>,
    settings: &read::Settings,
) -> Result<(Baseline, Vec<Warning>)> {
    let at = at.unwrap_or(candidate.started_at);
    let rule = baseline::Rule { at: Some(at), ..settings.config.baseline_rule() };
    let from = at.checked_sub(rule.window).and_then(|from| from.checked_sub(rule.memory)).unwrap_or(Timestamp::MIN);
    let loaded = store::load(snapshot, &candidate.scenario, &candidate.fingerprint, from..=at)?;
    let mut baseline = Baseline::select(&loaded.history, candidate, &rule);
    if baseline.runs.is_empty() {
        baseline.note_other_environments(candidate, &store::environments(snapshot, &candidate.scenario)?);
    }
    Ok((baseline, loaded.warnings))
}

/// Start of the latest recorded run of the same scenario and environment.
fn latest(snapshot: &dyn Snapshot, run: &Run) -> Result<Option<Timestamp>> {
    let known = store::environments(snapshot, &run.scenario)?;
    Ok(known.iter().find(|known| known.fingerprint == run.fingerprint()).map(|known| known.latest))
}

/// Gives runs whose files do not say when they were a start that is not before `latest`.
pub(super) fn date(runs: &mut [Run], wanted: &read::Wanted, latest: Option<Timestamp>) -> Result<()> {
    runs.iter_mut().zip(&wanted.runs).try_for_each(|(run, paths)| read::date(run, paths, latest))
}

/// The arguments that judge the runs again, later or elsewhere, against the same part of the same history.
fn check_again(wanted: &read::Wanted, flags: &cli::Check, store: &dyn Store, runs: &[Run]) -> Vec<String> {
    let mut words = vec!["check".to_owned()];
    for (at, files) in wanted.runs.iter().enumerate() {
        words.extend((at > 0).then(|| "--run".to_owned()));
        words.extend(files.iter().cloned());
    }
    let first = &runs[0];
    words.extend(["--scenario".to_owned(), first.scenario.clone()]);
    words.extend(first.started_at.iter().flat_map(|at| ["--at".to_owned(), at.to_string()]));
    words.extend(["--store".to_owned(), store.name()]);
    words.extend(flags.input.reading.again());
    words
}

/// Compares with a baseline and judges.
fn conclude(
    runs: &[Run],
    command: Vec<String>,
    baseline: &Baseline,
    warnings: Vec<Warning>,
    settings: &read::Settings,
) -> Result<Scenario> {
    let compare = |candidates: &[Record], how: &compare::Settings| compare::compare(candidates, baseline, how);
    concluded(runs, command, warnings, settings, compare, verdict::judge)
}

/// Compares in the way given, and judges.
pub(super) fn concluded(
    runs: &[Run],
    command: Vec<String>,
    warnings: Vec<Warning>,
    settings: &read::Settings,
    compare: impl FnOnce(&[Record], &compare::Settings) -> Comparison,
    judge: impl FnOnce(&Comparison, &Policy) -> Judgement,
) -> Result<Scenario> {
    let candidates = records(runs)?;
    let scenario = runs.first().map_or("", |run| run.scenario.as_str());
    let mut policy = settings.config.policy(scenario);
    config::measure(&mut policy, runs.first());
    let compared = compare::Settings { metrics: config::metrics(&policy, runs.first()), ..Default::default() };
    let comparison = compare(&candidates, &compared);
    let mut judgement = judge(&comparison, &policy);
    judgement.warnings.extend(unjudged(&policy, &judgement));
    let own = runs.iter().flat_map(|run| run.warnings.clone());
    for warning in warnings.into_iter().chain(own) {
        if !judgement.warnings.contains(&warning) {
            judgement.warnings.push(warning);
        }
    }
    Ok(Scenario::new(judgement, Candidate::of(runs, command)))
}

/// A warning for each metric that the configuration gives a threshold and no row has: it gates nothing.
fn unjudged(policy: &Policy, judgement: &Judgement) -> Vec<Warning> {
    let own = &policy.rules[Policy::default().rules.len()..];
    let names: BTreeSet<&str> = own.iter().map(|rule| rule.metric.as_str()).collect();
    let judged = |name: &&str| judgement.rows.is_empty() || judgement.rows.iter().any(|row| row.metric == **name);
    let warning = |name| {
        Warning(format!(
            "{name} has a threshold and was not judged: the runs do not have it, or too few requests for it"
        ))
    };
    names.into_iter().filter(|name| !judged(name)).map(warning).collect()
}

pub(super) fn records(runs: &[Run]) -> Result<Vec<Record>> {
    runs.iter().map(|run| Record::of(run).context("a run that was read has an id, a start and a summary")).collect()
}
