//! `calibrate`: from the history in a store to what it says about the configuration.

use anyhow::{Result, ensure};
use jiff::{SignedDuration, Timestamp};

use super::{PASSED, history, read, style};
use crate::analysis::calibrate::{self, Calibration, Environment, INJECTED, MOST_RUNS, Place, Present, Scenario};
use crate::config::{self, Config};
use crate::history::{History, KnownEnvironment};
use crate::model::Run;
use crate::render::calibration;
use crate::store::{self, Snapshot};
use crate::{cli, compare, files};

/// Spans of history that are read one after the other until there are runs enough, in spans of a baseline: a year of
/// 50 runs a day need not be read for its latest days.
const SPANS: [i32; 2] = [2, 8];

/// Replays the history of the scenarios that are asked for.
pub(super) fn calibrate(flags: &cli::Calibrate) -> Result<u8> {
    let output = calibration::Output::named(&flags.format)?;
    let config = read::configuration(flags.config.as_deref())?;
    let store = history::open(&flags.history, &config)?;
    let snapshot = store.snapshot()?;
    let known = store::scenarios(&*snapshot)?;
    ensure!(!known.is_empty(), "{} holds no run yet: add some with perf-gate record FILE…", store.name());
    let wanted = match flags.name.as_ref().or(flags.scenario.as_ref()) {
        Some(name) => vec![name.clone()],
        None => known.clone(),
    };
    let unknown = wanted.iter().find(|name| !known.contains(name));
    ensure!(
        unknown.is_none(),
        "{} holds no scenario '{}'; it holds {}",
        store.name(),
        unknown.map_or("", |name| name),
        known.join(", ")
    );
    let place = place(&config, &wanted, &known);
    let scenarios = wanted.iter().map(|name| one(name, place, &*snapshot, &config, flags)).collect::<Result<_>>()?;
    let document = (output.render)(&Calibration::new(scenarios), &style(flags.output.as_deref()))?;
    files::write(flags.output.as_deref(), &document)?;
    Ok(PASSED)
}

/// Calibrates one scenario in the environment with the most runs, or the one that is asked for.
fn one(name: &str, place: Place, snapshot: &dyn Snapshot, config: &Config, flags: &cli::Calibrate) -> Result<Scenario> {
    let policy = config.policy(name);
    let known = store::environments(snapshot, name)?;
    let start = flags.environment.as_deref().unwrap_or_default();
    let fits = |known: &&KnownEnvironment| known.fingerprint.starts_with(start);
    ensure!(
        known.iter().any(|known| fits(&known)),
        "{name} has no environment '{start}…'; it has {}",
        known.iter().map(|known| known.fingerprint.as_str()).collect::<Vec<_>>().join(", ")
    );
    let mut read: Vec<(Environment, History)> = Vec::new();
    for environment in &known {
        read.push(environment_of(name, environment, snapshot, config, flags)?);
    }
    // The environment used last comes first, and wins where several have as many.
    let most = |(_, (environment, _)): &(usize, &(Environment, History))| environment.runs.min(MOST_RUNS);
    let chosen = read.iter().enumerate().filter(|(i, _)| fits(&&known[*i])).rev().max_by_key(most);
    let (environment, history) = read.remove(chosen.map_or(0, |(at, _)| at));
    let latest = history.records().last().map(|record| store::load_runs(snapshot, std::slice::from_ref(record)));
    let run: Option<Run> = latest.transpose()?.and_then(|(mut runs, _)| runs.pop());
    let settings = compare::Settings { metrics: config::metrics(&policy, run.as_ref()), ..Default::default() };
    let present = Present { rule: config.baseline_rule(), policy, settings, place, injected: INJECTED };
    let mut scenario = calibrate::calibrate(name, environment, &history, &present);
    scenario.others = read.into_iter().map(|(environment, _)| environment).collect();
    scenario.occupied = occupied(config, &scenario);
    Ok(scenario)
}

/// The latest runs of an environment: as many as are replayed, and their baselines.
fn environment_of(
    name: &str,
    known: &KnownEnvironment,
    snapshot: &dyn Snapshot,
    config: &Config,
    flags: &cli::Calibrate,
) -> Result<(Environment, History)> {
    let rule = config.baseline_rule();
    let at = flags.at.unwrap_or(known.latest);
    let baseline = rule.window.checked_add(rule.memory).unwrap_or(SignedDuration::MAX);
    let back = |spans: i32| baseline.checked_mul(spans).and_then(|span| at.checked_sub(span).ok());
    for from in SPANS.map(back).into_iter().flatten().chain([Timestamp::MIN]) {
        let loaded = store::load(snapshot, name, &known.fingerprint, from..=at)?;
        let runs = calibrate::usable(&loaded.history, &rule, from);
        // Runs of the first span of a baseline are there to judge the others against.
        let judged = from.checked_add(baseline).unwrap_or(Timestamp::MAX);
        if from == Timestamp::MIN || calibrate::usable(&loaded.history, &rule, judged) >= MOST_RUNS {
            if !flags.quiet {
                loaded.warnings.iter().for_each(|warning| files::say(&format!("warning: {warning}")));
            }
            let latest = loaded.history.records().last().map(|record| record.started_at);
            let (fingerprint, identity) = (known.fingerprint.clone(), known.identity.clone());
            return Ok((Environment { fingerprint, identity, runs, latest }, loaded.history));
        }
    }
    Ok((Environment::default(), History::default()))
}

/// Where changes go: to the top level of the configuration unless that would reach other scenarios, or not reach this
/// one.
fn place(config: &Config, wanted: &[String], known: &[String]) -> Place {
    let others = config.scenarios.keys().chain(known).any(|name| !wanted.contains(name));
    let own = wanted.iter().map(|name| config.scenario(name));
    let has_own =
        own.into_iter().any(|s| !s.thresholds.is_empty() || !s.critical.is_empty() || !s.endpoints.0.is_empty());
    if wanted.len() > 1 || others || has_own { Place::Scenario } else { Place::Top }
}

/// The keys of a scenario's changes that the configuration has already.
fn occupied(config: &Config, scenario: &Scenario) -> Vec<String> {
    let mut keys = Vec::new();
    for change in &scenario.changes {
        let (key, taken) = match (change.place, &change.endpoint) {
            (Place::Scenario, _) => ("scenarios", !config.scenarios.is_empty()),
            (Place::Top, None) => ("thresholds", !config.thresholds.is_empty()),
            (Place::Top, Some(_)) => ("endpoints", !config.endpoints.0.is_empty()),
        };
        if taken && !keys.iter().any(|known| known == key) {
            keys.push(key.to_owned());
        }
    }
    keys
}
