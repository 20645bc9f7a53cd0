//! From runs to a report: history or base runs, baseline, comparison, judgement.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;

use super::{history, read};
use crate::baseline::Baseline;
use crate::compare::Comparison;
use crate::model::{Record, Run, Warning};
use crate::render::{Candidate, Scenario};
use crate::store::{self, Snapshot, Store};
use crate::verdict::{Judgement, Policy};
use crate::{baseline, cli, compare, config, files, verdict};

/// A scenario as it was judged, with what it was judged by.
pub(super) struct Judged {
    pub(super) scenario: Scenario,
    /// What was compared under which rules; none where a scenario has no runs that could be read.
    pub(super) compared: Option<(Comparison, Policy)>,
}

impl Judged {
    /// A scenario without runs that could be read.
    fn unread(scenario: Scenario) -> Self {
        Self { scenario, compared: None }
    }
}

/// Judges the wanted runs against the history in the store.
pub(super) fn against_history(flags: &cli::Check, settings: &read::Settings) -> Result<Vec<Judged>> {
    let store = history::open(&flags.history, &settings.config)?;
    let wanted = read::wanted(&flags.input, &settings.config)?;
    let mut scenarios = Vec::new();
    for wanted in &wanted {
        let scenario = judged(wanted, flags, store.as_ref(), settings);
        scenarios.push(scenario.unwrap_or_else(|error| unreadable(&wanted.scenario, &error)));
    }
    for name in read::undelivered(&flags.input, &settings.config, &wanted) {
        let reason = "the configuration declares this scenario, and no result was given";
        scenarios.push(Judged::unread(Scenario::invalid(&name, reason)));
    }
    Ok(scenarios)
}

/// Judges the head runs against the base runs.
pub(super) fn against_base(flags: &cli::Compare, settings: &read::Settings) -> Result<Vec<Judged>> {
    let (scenario, named) = match &flags.scenario {
        Some(name) => (name.clone(), true),
        None => (settings.config.default_scenario(), false),
    };
    let read_side = |groups: &[Vec<String>]| -> Result<Vec<Run>> {
        let runs = groups.iter().map(|patterns| read::expand_all(patterns)).collect::<Result<_>>()?;
        let wanted = read::Wanted { scenario: scenario.clone(), named, runs };
        let mut runs = read_all(&wanted, &cli::Identity::default(), settings)?;
        date(&mut runs, &wanted, None)?;
        Ok(runs)
    };
    let (base, head) = match (read_side(&flags.bases), read_side(&flags.heads)) {
        (Ok(base), Ok(head)) => (base, head),
        (Err(error), _) | (_, Err(error)) => {
            return Ok(vec![unreadable(&scenario, &error)]);
        }
    };
    if let Some(broken) = base.iter().find_map(|run| run.invalid.as_ref()) {
        let reason = format!("a base run is invalid: {broken}");
        return Ok(vec![Judged::unread(Scenario::invalid(&scenario, &reason))]);
    }
    let baseline = Baseline { runs: records(&base)?, earlier: Vec::new(), notes: differences(&base, &head) };
    let command = compare_again(flags, &head);
    Ok(vec![conclude(&head, command, &baseline, Vec::new(), settings)?])
}

/// A scenario whose files cannot be judged: told where errors are looked for, and in the report.
fn unreadable(scenario: &str, error: &anyhow::Error) -> Judged {
    files::say(&format!("perf-gate: {error:#}"));
    Judged::unread(Scenario::invalid(scenario, &format!("{error:#}")))
}

/// Reads every run of a scenario and says whose they are.
fn read_all(wanted: &read::Wanted, identity: &cli::Identity, settings: &read::Settings) -> Result<Vec<Run>> {
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
fn judged(wanted: &read::Wanted, flags: &cli::Check, store: &dyn Store, settings: &read::Settings) -> Result<Judged> {
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
fn date(runs: &mut [Run], wanted: &read::Wanted, latest: Option<Timestamp>) -> Result<()> {
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

/// The arguments that compare the same files again.
fn compare_again(flags: &cli::Compare, head: &[Run]) -> Vec<String> {
    let mut words = vec!["compare".to_owned()];
    for (flag, groups) in [("--base", &flags.bases), ("--head", &flags.heads)] {
        for files in groups {
            words.push(flag.to_owned());
            words.extend(files.iter().cloned());
        }
    }
    words.extend(head.iter().take(1).flat_map(|run| ["--scenario".to_owned(), run.scenario.clone()]));
    words.extend(flags.reading.again());
    words
}

/// Compares and judges.
fn conclude(
    runs: &[Run],
    command: Vec<String>,
    baseline: &Baseline,
    warnings: Vec<Warning>,
    settings: &read::Settings,
) -> Result<Judged> {
    let candidates = records(runs)?;
    let scenario = runs.first().map_or("", |run| run.scenario.as_str());
    let mut policy = settings.config.policy(scenario);
    config::measure(&mut policy, runs.first());
    let compared = compare::Settings { metrics: config::metrics(&policy, runs.first()), ..Default::default() };
    let comparison = compare::compare(&candidates, baseline, &compared);
    let mut judgement = verdict::judge(&comparison, &policy);
    judgement.warnings.extend(unjudged(&policy, &judgement));
    let own = runs.iter().flat_map(|run| run.warnings.clone());
    for warning in warnings.into_iter().chain(own) {
        if !judgement.warnings.contains(&warning) {
            judgement.warnings.push(warning);
        }
    }
    let scenario = Scenario::new(judgement, Candidate::of(runs, command));
    Ok(Judged { scenario, compared: Some((comparison, policy)) })
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

fn records(runs: &[Run]) -> Result<Vec<Record>> {
    runs.iter().map(|run| Record::of(run).context("a run that was read has an id, a start and a summary")).collect()
}

/// What differs between the environments of base and head: then the difference may be that, and not the change.
fn differences(base: &[Run], head: &[Run]) -> Vec<String> {
    let (Some(base), Some(head)) = (base.first(), head.first()) else { return Vec::new() };
    let (before, after) = (base.identity(), head.identity());
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let shown = |value: Option<&String>| value.cloned().unwrap_or_else(|| "none".to_owned());
    let differing = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
    let list: Vec<_> =
        differing.map(|key| format!("{key}: {} → {}", shown(before.get(key)), shown(after.get(key)))).collect();
    if list.is_empty() { list } else { vec![format!("base and head differ in {}", list.join(", "))] }
}
