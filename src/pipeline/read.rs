//! From flags to runs: which files belong to which run of which scenario, reading them, and saying whose they are.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use jiff::Timestamp;
use twox_hash::XxHash3_128;

use crate::cli::{Identity, Input, Reading};
use crate::config::{self, Config};
use crate::model::{Metric, Run, WarmUp};
use crate::render::Output as Document;
use crate::stats::{SummarySettings, summarize};
use crate::{files, ingest, render};

/// Digits of a run's id: enough that a year of runs holds no two alike.
const ID_DIGITS: usize = 16;

/// The files of one scenario: a list for each run.
#[derive(Debug, PartialEq)]
pub(super) struct Wanted {
    /// Name of the scenario.
    pub(super) scenario: String,
    /// Whether the user gave that name: it then goes over the one a native file has.
    pub(super) named: bool,
    /// Files of each run.
    pub(super) runs: Vec<Vec<String>>,
}

/// How files are read: from the flags and the configuration.
pub(super) struct Settings {
    pub(super) config: Config,
    allow_truncated: bool,
    format: Option<String>,
    resources: BTreeMap<String, String>,
    warm_up: Option<WarmUp>,
    quiet: bool,
}

impl Settings {
    /// # Errors
    /// A configuration that is named and not there, or wrong; flags that are no amounts or assignments.
    pub(super) fn new(reading: &Reading, format: Option<String>, quiet: bool) -> Result<Self> {
        let config = configuration(reading.config.as_deref())?;
        let mut resources = config.resources.clone();
        for given in &reading.resource {
            let Some((metric, column)) = given.split_once('=') else {
                bail!("--resource {given}: write METRIC=COLUMN, for example memory=heap_bytes");
            };
            resources.insert(metric.to_owned(), column.to_owned());
        }
        let warm_up = reading.warm_up.as_deref().map(config::warm_up).transpose();
        Ok(Self {
            config,
            allow_truncated: reading.allow_truncated,
            format,
            resources,
            warm_up: warm_up.map_err(|error| anyhow::anyhow!("--warm-up: {error}"))?,
            quiet,
        })
    }

    /// The warm-up of runs of a scenario: the flag's, else the configuration's.
    fn warm_up(&self, scenario: &str) -> WarmUp {
        self.warm_up.unwrap_or_else(|| self.config.warm_up(scenario))
    }
}

/// What `--format` names where it is given for documents and for input files: the document, text
/// by default, and the format of the input, if one is named.
///
/// # Errors
/// A name that is neither.
pub(super) fn formats(given: &[String]) -> Result<(&'static Document, Option<String>)> {
    let mut input = None;
    let mut document = document("text")?;
    for name in given {
        match Document::named(name) {
            Some(named) => document = named,
            None if ingest::FORMATS.iter().any(|format| format.name == name) => input = Some(name.clone()),
            None => {
                let formats: Vec<_> = ingest::FORMATS.iter().map(|format| format.name).collect();
                bail!("{}; input formats are {}", unknown(name), formats.join(", "));
            }
        }
    }
    Ok((document, input))
}

/// The document of that name.
///
/// # Errors
/// There is none: those there are.
pub(super) fn document(name: &str) -> Result<&'static Document> {
    Document::named(name).with_context(|| unknown(name))
}

fn unknown(name: &str) -> String {
    let documents: Vec<_> = render::OUTPUTS.iter().map(|output| output.name).collect();
    format!("--format {name}: unknown; documents are {}", documents.join(", "))
}

/// The runs that the flags, or else the configuration, ask for.
///
/// # Errors
/// No files at all, a pattern that is none, files beside `NAME=PATTERN`.
pub(super) fn wanted(input: &Input, config: &Config) -> Result<Vec<Wanted>> {
    let (named, plain): (Vec<_>, Vec<_>) = input.scenario.iter().partition(|given| given.contains('='));
    ensure!(plain.len() <= 1, "--scenario {}: files of several scenarios need NAME=PATTERN", plain[1]);
    let scenario = plain.first().map_or_else(|| config.default_scenario(), |name| (*name).clone());
    let mut found = Vec::new();
    if !input.files.is_empty() || !input.runs.is_empty() {
        ensure!(named.is_empty(), "--scenario {}: beside files, give the name alone", named[0]);
        let groups = std::iter::once(&input.files).chain(&input.runs).filter(|group| !group.is_empty());
        let runs = groups.map(|group| expand_all(group)).collect::<Result<_>>()?;
        return Ok(vec![Wanted { scenario, named: !plain.is_empty(), runs }]);
    }
    for given in named {
        let (name, pattern) = given.split_once('=').unwrap_or((given, ""));
        found.push(Wanted { scenario: name.to_owned(), named: true, runs: vec![files::expand(pattern)?] });
    }
    if found.is_empty() {
        let listed = config.scenarios.iter().filter(|(name, _)| plain.is_empty() || **name == scenario);
        let listed = listed.filter(|(_, declared)| is_tagged(declared, &input.tag));
        for (name, declared) in listed.filter(|(_, declared)| !declared.results.is_empty()) {
            let runs = vec![expand_all(&declared.results)?];
            found.push(Wanted { scenario: name.clone(), named: true, runs });
        }
    }
    ensure!(
        !found.is_empty() || input.tag.is_empty(),
        "no scenario with 'results' in {} has the tag {}",
        config::FILE,
        input.tag.join(" or ")
    );
    ensure!(
        !found.is_empty(),
        "no result files: name them, or list them under 'scenarios: NAME: results:' in {}",
        config::FILE
    );
    Ok(found)
}

/// Scenarios that the configuration declares and nobody gave results of, where several were asked for.
pub(super) fn undelivered(input: &Input, config: &Config, wanted: &[Wanted]) -> Vec<String> {
    if !input.files.is_empty() || !input.runs.is_empty() || input.scenario.iter().any(|given| !given.contains('=')) {
        return Vec::new();
    }
    let given = |name: &String| wanted.iter().any(|w| w.scenario == *name);
    let asked = config.scenarios.iter().filter(|(_, declared)| is_tagged(declared, &input.tag)).map(|(name, _)| name);
    asked.filter(|name| !given(name)).cloned().collect()
}

/// Whether a scenario has one of the tags; without tags every one does.
fn is_tagged(scenario: &config::Scenario, tags: &[String]) -> bool {
    tags.is_empty() || scenario.tags.iter().any(|tag| tags.contains(tag))
}

/// Reads the files of one run and cuts its warm-up.
///
/// # Errors
/// Whatever ingest refuses.
pub(super) fn run(wanted: &Wanted, paths: &[String], settings: &Settings) -> Result<Run> {
    let options = ingest::Options {
        scenario: wanted.scenario.clone(),
        allow_truncated: settings.allow_truncated,
        format: settings.format.clone(),
        resources: settings.resources.clone(),
        blocks: ingest::Blocks::default(),
    };
    let parts = paths.iter().map(|path| files::open(path, !settings.quiet)).collect::<Result<_>>()?;
    let mut run = ingest::join(parts, &options)?;
    if wanted.named {
        run.scenario.clone_from(&wanted.scenario);
    }
    let mut environment = files::machine();
    environment.0.extend(std::mem::take(&mut run.environment.0));
    environment.0.extend(settings.config.environment.clone());
    run.environment = environment;
    let policy = settings.config.policy(&run.scenario);
    let latencies =
        policy.rules.iter().map(|rule| rule.metric.clone()).filter(|name| Metric::is_latency(name)).collect();
    let cut = SummarySettings { warm_up: settings.warm_up(&run.scenario), latencies };
    summarize(&mut run, &cut);
    Ok(run)
}

/// Says whose run it is: what the flags say goes over what the files say.
pub(super) fn identify(run: &mut Run, identity: &Identity) {
    run.started_at = identity.at.or(run.started_at);
    run.commit = identity.commit.clone().or(run.commit.take());
    run.branch = identity.branch.clone().or(run.branch.take());
    run.pull_request = identity.pull_request.or(run.pull_request);
    run.release = identity.release.clone().or(run.release.take());
    run.url = identity.run_url.clone().or(run.url.take());
    if run.id.is_none() || identity.run_id.is_some() {
        run.id = Some(id(run, identity.run_id.as_deref().unwrap_or_default()));
    }
}

/// Identity of a run: of the execution, the scenario, the environment and the bytes it was read from, so that the same
/// files are the same run however often they are given.
fn id(run: &Run, execution: &str) -> String {
    let mut digests: Vec<&str> = run.sources.iter().map(|source| source.digest.as_str()).collect();
    digests.sort_unstable();
    let text = format!("{execution}\n{}\n{}\n{}", run.scenario, run.fingerprint(), digests.join("\n"));
    format!("{:032x}", XxHash3_128::oneshot(text.as_bytes()))[..ID_DIGITS].to_owned()
}

pub(super) fn configuration(path: Option<&str>) -> Result<Config> {
    let name = path.unwrap_or(config::FILE);
    match files::read_text(name)? {
        Some(text) => Config::parse(name, &text),
        None if path.is_some() => bail!("{name}: no such configuration file"),
        None => Ok(Config::default()),
    }
}

pub(super) fn expand_all(patterns: &[String]) -> Result<Vec<String>> {
    let expanded: Vec<Vec<String>> = patterns.iter().map(|pattern| files::expand(pattern)).collect::<Result<_>>()?;
    Ok(expanded.into_iter().flatten().collect())
}

/// Refuses to judge or record a run of which only resource series were given: the load may never have run.
pub(super) fn require_load(run: &mut Run) {
    if run.total.is_none() && run.endpoints.is_empty() && run.metrics.is_empty() {
        let reason = "no load test result among the files, only resource series: did the load test run?";
        run.invalid.get_or_insert_with(|| reason.to_owned());
    }
}

/// Gives a run whose files do not say when it was the time of their last change, but none before `latest`.
///
/// # Errors
/// Standard input has no such time.
pub(super) fn date(run: &mut Run, paths: &[String], latest: Option<Timestamp>) -> Result<()> {
    if run.started_at.is_none() {
        let changed = paths.iter().filter_map(|path| files::changed(path)).max().max(latest);
        run.started_at =
            Some(changed.context("the input does not say when the run was: give --at 2026-11-21T02:00:00Z")?);
        run.warn("the files do not say when the run was; the time of their last change was taken (--at sets it)");
    }
    Ok(())
}
