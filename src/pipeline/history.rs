//! Commands that change the history: `record`, `compact`, `prune`.

use anyhow::{Result, bail, ensure};
use jiff::{SignedDuration, Timestamp};

use super::past::Unread;
use super::{INVALID, NOT_RECORDED, PASSED, judge, read, whose};
use crate::config::Config;
use crate::history::Retention;
use crate::model::{Run, Unit, parse_amount, parse_duration};
use crate::render::{Scenario, word};
use crate::store::{self, Preview, Prune, Recorded, Store, Upkeep};
use crate::verdict::{Outcome, Row, Severity, Verdict};
use crate::{cli, files};

/// Where history is kept when nothing else is said, and no workflow names a repository.
const DEFAULT_STORE: &str = "dir:.perf-gate";

/// The store that the flag, the configuration or the default names.
pub(super) fn open(flags: &cli::History, config: &Config) -> Result<Box<dyn Store>> {
    match flags.store.as_deref().or(config.store.as_deref()) {
        Some(named) => store::open(named),
        None => store::open(&whose::store().unwrap_or_else(|| DEFAULT_STORE.to_owned())),
    }
}

/// Adds runs to the history, each with what became of it beside the runs before.
pub(super) fn record(flags: &cli::Record) -> Result<u8> {
    let settings = read::Settings::new(&flags.input.reading, flags.format.clone(), flags.quiet)?;
    let store = previewed(open(&flags.history, &settings.config)?, flags.dry_run);
    let (identity, quiet) = (whose::identity(&flags.identity)?, flags.quiet);
    let mut status = PASSED;
    for wanted in read::wanted(&flags.input, &settings.config)? {
        status = status.max(match judge::to_record(&wanted, &identity, store.as_ref(), &settings) {
            Ok((runs, scenario)) => record_all(&runs, &scenario, store.as_ref(), flags.dry_run, quiet),
            Err(error) if error.is::<Unread>() => not_recorded(&wanted.scenario, &error),
            Err(error) => return Err(error),
        });
    }
    Ok(status)
}

/// Records the runs of a scenario, unless they are invalid.
pub(super) fn record_all(runs: &[Run], scenario: &Scenario, store: &dyn Store, dry_run: bool, quiet: bool) -> u8 {
    let say = |text: String| {
        if !quiet {
            files::say(&text)
        }
    };
    let named = |run: &Run| format!("run {} of {}", run.id.as_deref().unwrap_or("?"), run.scenario);
    scenario.warnings.iter().for_each(|warning| say(format!("warning: {warning}")));
    if scenario.outcome == Outcome::Invalid {
        let named = runs.iter().map(named).collect::<Vec<_>>().join(", ");
        files::say(&format!("perf-gate: {named} is invalid and was not recorded: {}", scenario.reason));
        return INVALID;
    }
    let mut status = PASSED;
    for run in runs {
        status = status.max(match record_one(run, &named(run), store, dry_run) {
            Ok(done) => {
                done.into_iter().for_each(&say);
                PASSED
            }
            Err(error) => not_recorded(&named(run), &error),
        });
    }
    regressed(scenario).into_iter().for_each(say);
    status
}

/// Records a run; returns what is to be told.
fn record_one(run: &Run, named: &str, store: &dyn Store, dry_run: bool) -> Result<Vec<String>> {
    if dry_run {
        return Ok(vec![format!("would record {named} in {}", store.name())]);
    }
    let (recorded, warnings) = store::record(store, run)?;
    let done = match recorded {
        Recorded::New => format!("recorded {named} in {}", store.name()),
        Recorded::AlreadyThere => format!("{named} is in {} already: nothing to do", store.name()),
    };
    Ok(warnings.iter().map(|warning| format!("warning: {warning}")).chain([done]).collect())
}

fn not_recorded(what: &str, error: &anyhow::Error) -> u8 {
    files::say(&format!("perf-gate: {what} was not recorded: {error:#}"));
    NOT_RECORDED
}

/// What to do about a run that regressed: it is no baseline for later ones.
fn regressed(scenario: &Scenario) -> Option<String> {
    let failing = |row: &&Row| row.verdict == Verdict::Regressed && row.severity >= Some(Severity::Failure);
    let row = scenario.rows.iter().find(failing)?;
    let (name, reason) = (&scenario.name, scenario.reason.trim_end_matches('.'));
    Some(format!(
        "{name} regressed ({reason}): later runs are compared with the level before, until it is fixed or accepted:\n  \
         perf-gate accept {} {} {} \"why\" --author NAME",
        word(name),
        word(&row.metric),
        word(&row.endpoint)
    ))
}

/// Thins the history by age.
pub(super) fn compact(flags: &cli::Compact) -> Result<u8> {
    let store = previewed(open(&flags.history, &read::configuration(flags.config.as_deref())?)?, flags.dry_run);
    if flags.squash {
        ensure!(
            !flags.dry_run,
            "--squash has nothing to preview: it keeps every file and drops the past of the branch"
        );
        store.squash("Squash the history")?;
    }
    let mut retention = Retention { full_runs: flags.keep, ..Retention::default() };
    retention.thin_for = Some(duration(&flags.thin_until)?);
    let done = store::compact(store.as_ref(), &retention, now(flags.at, store.as_ref())?)?;
    tell(&done, flags.dry_run);
    Ok(PASSED)
}

/// Removes runs from the history.
pub(super) fn prune(flags: &cli::Prune) -> Result<u8> {
    let store = previewed(open(&flags.history, &read::configuration(flags.config.as_deref())?)?, flags.dry_run);
    let mut wanted: Vec<Prune> = flags.id.iter().cloned().map(Prune::Run).collect();
    if let Some(age) = &flags.older_than {
        wanted.push(Prune::OlderThan(duration(age)?));
    }
    if let Some(size) = &flags.larger_than {
        match parse_amount(size)? {
            amount if matches!(amount.unit, None | Some(Unit::Bytes)) => {
                wanted.push(Prune::Beyond(amount.value as u64))
            }
            _ => bail!("--larger-than {size}: write a size such as 500MB"),
        }
    }
    ensure!(!wanted.is_empty(), "say what to remove: --older-than 365d, --larger-than 500MB or --id ID");
    let now = now(flags.at, store.as_ref())?;
    for what in &wanted {
        let done = store::prune(store.as_ref(), what, now)?;
        if let (Prune::Run(id), 0) = (what, done.removed) {
            files::say(&format!("warning: {} holds no run {id}", store.name()));
        }
        tell(&done, flags.dry_run);
    }
    Ok(PASSED)
}

/// The store, or with `--dry-run` one that changes nothing.
fn previewed(store: Box<dyn Store>, dry_run: bool) -> Box<dyn Store> {
    if dry_run { Box::new(Preview(store)) } else { store }
}

/// The given time, or the start of the latest run: the wall clock decides nothing.
fn now(given: Option<Timestamp>, store: &dyn Store) -> Result<Timestamp> {
    if let Some(given) = given {
        return Ok(given);
    }
    let snapshot = store.snapshot()?;
    let mut latest = None;
    for scenario in store::scenarios(snapshot.as_ref())? {
        latest = latest.max(store::environments(snapshot.as_ref(), &scenario)?.iter().map(|known| known.latest).max());
    }
    Ok(latest.unwrap_or(Timestamp::UNIX_EPOCH))
}

fn duration(text: &str) -> Result<SignedDuration> {
    Ok(SignedDuration::from_secs_f64(parse_duration(text)?))
}

fn tell(done: &Upkeep, dry_run: bool) {
    done.warnings.iter().for_each(|warning| files::say(&format!("warning: {warning}")));
    let verb = if dry_run { "would be " } else { "" };
    files::say(&format!(
        "{} runs {verb}thinned, {} {verb}kept as summaries only, {} {verb}removed",
        done.thinned, done.dropped, done.removed
    ));
}
