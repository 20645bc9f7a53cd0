//! `history`: what became of a scenario, from the summaries in the store.

use anyhow::{Context, Result, bail, ensure};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{PASSED, history, read, style};
use crate::analysis::levels::{self, Overview, Selection};
use crate::config::Config;
use crate::history::{History, KnownEnvironment};
use crate::model::{ALL, Warning, parse_duration};
use crate::render;
use crate::store::{self, Snapshot, Store};
use crate::{cli, files};

/// Prints the levels, change points and drift of a scenario's series.
pub(super) fn show(flags: &cli::ShowHistory) -> Result<u8> {
    let render = render::history::output(&flags.format)?;
    let config = read::configuration(flags.config.as_deref())?;
    let store = history::open(&flags.history, &config)?;
    let overview = overview(flags, &config, store.as_ref())?;
    if !flags.quiet {
        overview.warnings.iter().for_each(|warning| files::say(&format!("warning: {warning}")));
    }
    let path = flags.output.as_deref();
    files::write(path, &render(&overview, &style(path))?)?;
    Ok(PASSED)
}

/// The overview of the environment that was used last.
fn overview(flags: &cli::ShowHistory, config: &Config, store: &dyn Store) -> Result<Overview> {
    let snapshot = store.snapshot()?;
    let scenario = scenario(flags.scenario.as_deref(), config, snapshot.as_ref(), &store.name())?;
    let environments = store::environments(snapshot.as_ref(), &scenario)?;
    let KnownEnvironment { fingerprint, latest, .. } =
        environments.first().with_context(|| format!("no run of '{scenario}' can be read in {}", store.name()))?;
    let from = since(&flags.since, *latest)?;
    ensure!(from <= *latest, "--since {}: the latest run is of {}", flags.since, latest.strftime("%Y-%m-%d"));
    let loaded = store::load(snapshot.as_ref(), &scenario, fingerprint, from..=*latest)?;
    let rule = config.baseline_rule();
    let wanted = Selection { endpoint: flags.endpoint.clone(), metric: flags.metric.clone() };
    let mut overview = levels::overview(&loaded.history, |record| rule.is_trunk(record), &wanted);
    ensure!(!overview.runs.is_empty(), "no valid run of the trunk in {}: --since reaches further back", store.name());
    ensure!(!overview.series.is_empty(), "no series of that name: {}", named(&loaded.history));
    overview.warnings.extend(loaded.warnings);
    overview.warnings.extend(others(&environments[1..]));
    Ok(overview)
}

/// The scenario that is meant.
///
/// # Errors
/// It was never recorded, or nothing was: what was.
fn scenario(given: Option<&str>, config: &Config, snapshot: &dyn Snapshot, store: &str) -> Result<String> {
    let known = store::scenarios(snapshot)?;
    ensure!(!known.is_empty(), "{store} holds no runs: perf-gate record adds them");
    let wanted = given.map_or_else(|| config.default_scenario(), str::to_owned);
    match known.as_slice() {
        _ if known.contains(&wanted) => Ok(wanted),
        [only] if given.is_none() => Ok(only.clone()),
        _ => bail!("no run of scenario '{wanted}' is recorded in {store}; recorded are: {}", known.join(", ")),
    }
}

/// What the latest run has, where nothing of it was asked for.
fn named(history: &History) -> String {
    let Some(summary) = history.records().last().map(|record| &record.summary) else { return "nothing".to_owned() };
    let latencies = summary.total.latency.keys().filter(|name| *name != "body");
    let metrics: Vec<&str> =
        latencies.chain(summary.values.keys()).map(String::as_str).chain(["throughput", "error-rate"]).collect();
    let endpoints: Vec<&str> = std::iter::once(ALL).chain(summary.endpoints.keys().map(String::as_str)).collect();
    format!("metrics are {}; endpoints are {}", metrics.join(", "), endpoints.join(", "))
}

/// Says that runs of other environments are not shown.
fn others(environments: &[KnownEnvironment]) -> Option<Warning> {
    let last = environments.first()?;
    let (count, day) = (environments.len(), last.latest.strftime("%Y-%m-%d"));
    let those = if count == 1 {
        "runs of 1 other environment are".to_owned()
    } else {
        format!("runs of {count} other environments are")
    };
    Some(Warning(format!("{those} not shown, the last of {day}: runs of different environments are not comparable")))
}

/// The start of what is shown: a time, a day in UTC, or so long before the latest run.
fn since(text: &str, latest: Timestamp) -> Result<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    if let Ok(date) = text.parse::<Date>() {
        return Ok(date.to_zoned(TimeZone::UTC)?.timestamp());
    }
    let span = parse_duration(text).ok().and_then(|seconds| SignedDuration::try_from_secs_f64(seconds).ok());
    let span =
        span.with_context(|| format!("--since {text}: write a day such as 2026-10-01, or a time such as 30d"))?;
    Ok(latest.checked_sub(span).unwrap_or(Timestamp::MIN))
}
