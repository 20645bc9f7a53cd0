//! From runs to a report: history or base runs, baseline, comparison, judgement.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;

use super::read;
use crate::baseline::Baseline;
use crate::history::History;
use crate::model::{Judged, Record, Run, Warning};
use crate::render::{Candidate, Report, Scenario};
use crate::store::{self, Loaded, Snapshot, Store};
use crate::verdict::{Finding, Judgement, Policy, Verdict};
use crate::{analysis, baseline, cli, compare, config, files, verdict};

/// Judges the wanted runs against the history in the store.
pub(super) fn against_history(flags: &cli::Check, settings: &read::Settings) -> Result<Report> {
    let store = super::history::open(&flags.history, &settings.config)?;
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

/// Judges the head runs against the base runs.
pub(super) fn against_base(flags: &cli::Compare, settings: &read::Settings) -> Result<Report> {
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
            return Ok(Report::new(vec![unreadable(&scenario, &error)]));
        }
    };
    if let Some(broken) = base.iter().find_map(|run| run.invalid.as_ref()) {
        return Ok(Report::new(vec![Scenario::invalid(&scenario, &format!("a base run is invalid: {broken}"))]));
    }
    let baseline = Baseline { runs: records(&base)?, notes: differences(&base, &head), ..Baseline::default() };
    let case = Case { runs: &head, past: Past { baseline, ..Past::default() }, command: compare_again(flags, &head) };
    Ok(Report::new(vec![case.conclude(settings)?.0]))
}

/// A scenario whose files cannot be judged: told where errors are looked for, and in the report.
fn unreadable(scenario: &str, error: &anyhow::Error) -> Scenario {
    files::say(&format!("perf-gate: {error:#}"));
    Scenario::invalid(scenario, &format!("{error:#}"))
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

/// What the store remembers for the runs under judgement.
#[derive(Default)]
pub(super) struct Past {
    /// Recorded runs, acceptances.
    pub(super) history: History,
    /// Those compared with.
    pub(super) baseline: Baseline,
    /// Suspicious recorded runs of the same commit: the new runs confirm them or not.
    suspicious: Vec<Record>,
    /// What could not be read.
    warnings: Vec<Warning>,
}

/// Judges the runs of one scenario against what the store remembers of it; without it where the store cannot be read.
///
/// # Errors
/// Runs that cannot be judged, and a history of which this program could read only the older part.
fn judged(wanted: &read::Wanted, flags: &cli::Check, store: &dyn Store, settings: &read::Settings) -> Result<Scenario> {
    let mut runs = read_all(wanted, &flags.identity, settings)?;
    let past = match remembered(&mut runs, wanted, flags.identity.at, store, settings) {
        Ok(past) => past,
        Err(error) => {
            let unread = error.downcast::<Unread>()?;
            if unread.0.is::<store::Newer>() {
                return Err(unread.0);
            }
            date(&mut runs, wanted, None)?;
            Past { warnings: vec![Warning(format!("the history could not be read: {unread}"))], ..Past::default() }
        }
    };
    let command = check_again(wanted, flags, store, &runs);
    Ok(Case { runs: &runs, past, command }.conclude(settings)?.0)
}

/// Judges the runs of one scenario, to be recorded: the runs, each with what became of them.
///
/// # Errors
/// Runs that cannot be judged, a store that cannot be read.
pub(super) fn to_record(
    wanted: &read::Wanted,
    identity: &cli::Identity,
    store: &dyn Store,
    settings: &read::Settings,
) -> Result<(Vec<Run>, Scenario)> {
    let mut runs = read_all(wanted, identity, settings)?;
    let past = remembered(&mut runs, wanted, identity.at, store, settings)?;
    let (scenario, judged) = Case { runs: &runs, past, command: Vec::new() }.conclude(settings)?;
    for run in &mut runs {
        run.judged = Some(judged.clone());
    }
    Ok((runs, scenario))
}

/// Dates the runs and finds what to compare them with.
///
/// # Errors
/// [`Unread`], and runs without a time.
fn remembered(
    runs: &mut [Run],
    wanted: &read::Wanted,
    at: Option<Timestamp>,
    store: &dyn Store,
    settings: &read::Settings,
) -> Result<Past> {
    let snapshot = store.snapshot().map_err(Unread)?;
    let latest = latest(&*snapshot, &runs[0]).map_err(Unread)?;
    date(runs, wanted, latest)?;
    let candidates = records(runs)?;
    let at = at.unwrap_or(candidates[0].started_at);
    let rule = baseline::Rule { at: Some(at), ..settings.config.baseline_rule() };
    recalled(&*snapshot, &candidates, latest, &rule).map_err(|error| Unread(error).into())
}

/// What the store has to compare the candidates with.
fn recalled(
    snapshot: &dyn Snapshot,
    candidates: &[Record],
    latest: Option<Timestamp>,
    rule: &baseline::Rule,
) -> Result<Past> {
    let candidate = &candidates[0];
    let (history, warnings) = history(snapshot, candidate, latest, rule)?;
    let mut baseline = Baseline::select(&history, candidate, rule);
    if baseline.runs.is_empty() {
        baseline.note_other_environments(candidate, &store::environments(snapshot, &candidate.scenario)?);
    }
    let suspicious = baseline::suspicious(&history, candidates);
    baseline.leave_out(&suspicious);
    Ok(Past { history, baseline, suspicious, warnings })
}

/// The recorded runs that may matter: those of the window and before it, and where a regression is open, those from
/// before that.
fn history(
    snapshot: &dyn Snapshot,
    candidate: &Record,
    latest: Option<Timestamp>,
    rule: &baseline::Rule,
) -> Result<(History, Vec<Warning>)> {
    let at = rule.at.unwrap_or(candidate.started_at);
    let reach = |at: Timestamp| at.checked_sub(rule.window + rule.memory).unwrap_or(Timestamp::MIN);
    let load = |from, to| store::load(snapshot, &candidate.scenario, &candidate.fingerprint, from..=to);
    // The latest run tells whether a regression is open, however long ago it was.
    let from = latest.map_or(reach(at), |latest| latest.min(reach(at)));
    let Loaded { mut history, mut warnings } = load(from, at)?;
    if let Some(pinned) = baseline::pinned(&history, candidate, rule).filter(|pinned| reach(*pinned) < from) {
        let before = load(reach(pinned), from)?;
        for record in before.history.records() {
            history.append(record.clone());
        }
        warnings.extend(before.warnings.into_iter().filter(|warning| !warnings.contains(warning)).collect::<Vec<_>>());
    }
    Ok((history, warnings))
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

/// Runs under judgement, and what they are judged against.
struct Case<'a> {
    runs: &'a [Run],
    past: Past,
    /// The arguments that give the judgement again.
    command: Vec<String>,
}

impl Case<'_> {
    /// Compares and judges; beside the judgement, what history is to remember of it.
    fn conclude(self, settings: &read::Settings) -> Result<(Scenario, Judged)> {
        let Self { runs, past, command } = self;
        let scenario = runs.first().map_or("", |run| run.scenario.as_str());
        let mut policy = settings.config.policy(scenario);
        config::measure(&mut policy, runs.first());
        let compared = compare::Settings { metrics: config::metrics(&policy, runs.first()), ..Default::default() };
        let judge = |candidates: &[Record], baseline: &Baseline| {
            verdict::judge(&compare::compare(candidates, baseline, &compared), &policy)
        };
        let candidates: Vec<Record> = past.suspicious.iter().cloned().chain(records(runs)?).collect();
        let mut judgement = judge(&candidates, &past.baseline);
        if let (false, [_, .., last]) = (past.history.records().is_empty(), candidates.as_slice()) {
            judgement = verdict::confirmed(judgement, &judge(std::slice::from_ref(last), &past.baseline));
        }
        let rule = settings.config.baseline_rule();
        let off_trunk = candidates.last().is_some_and(|last| !rule.is_trunk(last));
        if off_trunk && !past.baseline.regressed.is_empty() {
            judgement = verdict::inherited(judgement, &judge(&candidates, &past.baseline.of_open_regression()));
        }
        let told = from_history(&past, &candidates, &rule, &policy, &judgement);
        judgement.findings.extend(told);
        judgement.warnings.extend(unjudged(&policy, &judgement));
        let own = runs.iter().flat_map(|run| run.warnings.clone());
        for warning in past.warnings.into_iter().chain(own) {
            if !judgement.warnings.contains(&warning) {
                judgement.warnings.push(warning);
            }
        }
        let mut judged = judgement.remembered();
        let last = candidates.last().map(|last| Record { judged: Some(judged.clone()), ..last.clone() });
        let confirm = settings.config.confirm.map(|runs| usize::from(runs.get()));
        let regression = last.and_then(|last| baseline::open_regression(&past.history, &last, &rule, confirm));
        judged.since = regression.as_ref().map(|regression| regression.since);
        let scenario = Scenario::new(judgement, Candidate::of(runs, &past.suspicious, command));
        Ok((Scenario { regression, ..scenario }, judged))
    }
}

/// What the history tells of the candidates beside the rows.
fn from_history(
    past: &Past,
    candidates: &[Record],
    rule: &baseline::Rule,
    policy: &Policy,
    judgement: &Judgement,
) -> Vec<Finding> {
    let known = |record: &Record| candidates.iter().any(|candidate| candidate.id == record.id);
    let before = past.history.records().iter().filter(|record| !known(record));
    let before = before.filter(|record| candidates.iter().any(|candidate| rule.is_comparable(record, candidate)));
    let is_told = |endpoint: &str, metric: &str| {
        let regressed = judgement.rows.iter().filter(|row| row.verdict == Verdict::Regressed);
        regressed.into_iter().any(|row| row.endpoint == endpoint && row.metric == metric)
    };
    let case = analysis::Case {
        history: &past.history,
        before: before.collect(),
        candidates,
        baseline: &past.baseline.runs,
        policy,
    };
    analysis::findings(&case, is_told)
}

/// A store that could not be read, where what is in it is needed.
#[derive(Debug)]
pub(super) struct Unread(pub(super) anyhow::Error);

impl std::fmt::Display for Unread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

impl std::error::Error for Unread {}

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
