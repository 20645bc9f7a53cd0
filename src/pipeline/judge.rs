//! From runs to a judgement against history.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;

use super::past::{Past, Unread, remembered};
use super::{read, told};
use crate::baseline::{self, Baseline};
use crate::compare::Comparison;
use crate::model::{Approval, Record, Run, Warning};
use crate::render::{Candidate, Report, Scenario};
use crate::store::{self, Store};
use crate::verdict::{Judgement, Policy};
use crate::{cli, compare, config, files, verdict};

/// A scenario as it was judged, with what it was judged by.
pub(super) struct Answer {
    pub(super) scenario: Scenario,
    /// What was compared under which rules; none where a scenario has no runs that could be read.
    pub(super) compared: Option<(Comparison, Policy)>,
    /// The runs, each with what became of it; none where history could not be read, or was not asked.
    pub(super) runs: Vec<Run>,
}

impl Answer {
    /// A scenario without runs that could be read.
    pub(super) fn unread(scenario: Scenario) -> Self {
        Self { scenario, compared: None, runs: Vec::new() }
    }
}

/// Judges the wanted runs against the history in the store.
pub(super) fn against_history(flags: &cli::Check, store: &dyn Store, settings: &read::Settings) -> Result<Vec<Answer>> {
    let wanted = read::wanted(&flags.input, &settings.config)?;
    let mut scenarios = Vec::new();
    for wanted in &wanted {
        let scenario = judged(wanted, flags, store, settings);
        scenarios.push(scenario.unwrap_or_else(|error| unreadable(&wanted.scenario, &error)));
    }
    for name in read::undelivered(&flags.input, &settings.config, &wanted) {
        let reason = "the configuration declares this scenario, and no result was given";
        scenarios.push(Answer::unread(Scenario::invalid(&name, reason)));
    }
    Ok(scenarios)
}

/// What a person decided on the commit under test, if the decision holds at the time `at`, or else of the run.
///
/// A store that cannot be read holds no decision: that it cannot be read is told where the history is.
pub(super) fn decision(report: &Report, at: Option<Timestamp>, store: &dyn Store) -> Option<Approval> {
    let at = at.or(report.scenarios.iter().filter_map(|scenario| scenario.run.started_at).max())?;
    let (decisions, _) = store::approvals(store.snapshot().ok()?.as_ref(), report.commit()?).ok()?;
    Approval::in_force(&decisions, at).cloned()
}

/// Judges the runs of one scenario, to be recorded: the runs, each with what became of them.
///
/// # Errors
/// Runs that cannot be judged, and [`Unread`].
pub(super) fn to_record(
    wanted: &read::Wanted,
    identity: &cli::Identity,
    store: &dyn Store,
    settings: &read::Settings,
) -> Result<(Vec<Run>, Scenario)> {
    let mut runs = read_all(wanted, identity, settings)?;
    let past = remembered(&mut runs, wanted, identity, store, settings)?;
    let answer = conclude(runs, past, Vec::new(), settings)?;
    Ok((answer.runs, answer.scenario))
}

/// A scenario whose files cannot be judged: told where errors are looked for, and in the report.
pub(super) fn unreadable(scenario: &str, error: &anyhow::Error) -> Answer {
    files::say(&format!("perf-gate: {error:#}"));
    Answer::unread(Scenario::invalid(scenario, &format!("{error:#}")))
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

/// Gives runs whose files do not say when they were a start that is not before `latest`.
pub(super) fn date(runs: &mut [Run], wanted: &read::Wanted, latest: Option<Timestamp>) -> Result<()> {
    runs.iter_mut().zip(&wanted.runs).try_for_each(|(run, paths)| read::date(run, paths, latest))
}

/// What history keeps of the runs.
pub(super) fn records(runs: &[Run]) -> Result<Vec<Record>> {
    runs.iter().map(|run| Record::of(run).context("a run that was read has an id, a start and a summary")).collect()
}

/// What matters in the runs' scenario, and what is compared for it.
pub(super) fn rules(runs: &[Run], settings: &read::Settings) -> (Policy, compare::Settings) {
    let scenario = runs.first().map_or("", |run| run.scenario.as_str());
    let mut policy = settings.config.policy(scenario);
    config::measure(&mut policy, runs.first());
    let metrics = config::metrics(&policy, runs.first());
    (policy, compare::Settings { metrics, ..Default::default() })
}

/// Adds to a judgement what a reader should know before trusting it: of the rules, of what was read, of the runs.
pub(super) fn warn(judgement: &mut Judgement, policy: &Policy, read: Vec<Warning>, runs: &[Run]) {
    judgement.warnings.extend(unjudged(policy, judgement));
    let own = runs.iter().flat_map(|run| run.warnings.clone());
    for warning in read.into_iter().chain(own) {
        if !judgement.warnings.contains(&warning) {
            judgement.warnings.push(warning);
        }
    }
}

/// Judges the runs of one scenario against what the store remembers of it; without it where the store cannot be read.
///
/// # Errors
/// Runs that cannot be judged, and a history of which this program could read only the older part.
fn judged(wanted: &read::Wanted, flags: &cli::Check, store: &dyn Store, settings: &read::Settings) -> Result<Answer> {
    let mut runs = read_all(wanted, &flags.identity, settings)?;
    let past = match remembered(&mut runs, wanted, &flags.identity, store, settings) {
        Ok(past) => past,
        Err(error) => {
            let unread = error.downcast::<Unread>()?;
            if unread.0.is::<store::Newer>() {
                return Err(unread.0);
            }
            date(&mut runs, wanted, None)?;
            let warnings = vec![Warning(format!("the history could not be read: {unread}"))];
            Past { unread: true, warnings, ..Past::default() }
        }
    };
    let command = again(wanted, flags, store, &runs);
    let unread = past.unread;
    let mut answer = conclude(runs, past, command, settings)?;
    if unread {
        answer.runs.clear();
    }
    Ok(answer)
}

/// The arguments that judge the runs again, later or elsewhere, against the same part of the same history.
fn again(wanted: &read::Wanted, flags: &cli::Check, store: &dyn Store, runs: &[Run]) -> Vec<String> {
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

/// Compares and judges; the runs learn what became of them.
fn conclude(mut runs: Vec<Run>, past: Past, command: Vec<String>, settings: &read::Settings) -> Result<Answer> {
    let (policy, how) = rules(&runs, settings);
    let candidates: Vec<Record> = past.suspicious.iter().cloned().chain(records(&runs)?).collect();
    let last = candidates.last().context("there is a run to judge")?;
    let rule = settings.config.baseline_rule();
    let comparison = compare::compare(&candidates, &past.baseline, &how);
    let judge = |candidates: &[Record], baseline: &Baseline| {
        verdict::judge(&compare::compare(candidates, baseline, &how), &policy)
    };
    let mut judgement = verdict::judge(&comparison, &policy);
    if candidates.len() > 1 {
        judgement = verdict::confirmed(judgement, &judge(std::slice::from_ref(last), &past.baseline));
    }
    if !rule.is_trunk(last) && !past.baseline.regressed.is_empty() {
        judgement = verdict::inherited(judgement, &judge(&candidates, &past.baseline.of_open_regression()));
    }
    judgement.findings.extend(told::by_history(&past, &candidates, &rule, &policy, &judgement));
    warn(&mut judgement, &policy, past.warnings, &runs);
    let mut judged = judgement.remembered();
    let last = Record { judged: Some(judged.clone()), ..last.clone() };
    let confirm = settings.config.confirm.map(|runs| usize::from(runs.get()));
    let regression = baseline::open_regression(&past.history, &last, &rule, confirm);
    judged.since = regression.as_ref().map(|regression| regression.since);
    let scenario = Scenario::new(judgement, Candidate::of(&runs, &past.suspicious, command));
    runs.iter_mut().for_each(|run| run.judged = Some(judged.clone()));
    Ok(Answer { scenario: Scenario { regression, ..scenario }, compared: Some((comparison, policy)), runs })
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
