//! The configuration, `perf-gate.yml`: what to compare, how much matters, and how runs are told apart.
//!
//! Every key has a default, unknown keys are errors with line, column and the nearest valid key, and amounts carry
//! their unit (`20%`, `200ms`, `0.5pp`, `7d`).

mod amounts;
mod policy;
mod surfaces;
mod threshold;

pub use amounts::{Duration, Percent, Quantity, Size, Start, warm_up};
pub use policy::{measure, metrics};
pub use surfaces::{Badge, Issue, Notify, Retention, Weekday, Weekly};
pub use threshold::{MetricName, Target, Threshold};

use std::collections::BTreeMap;
use std::num::NonZeroU8;

use anyhow::{Result, anyhow};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::model::WarmUp;

/// File name that is looked for when no other is given.
pub const FILE: &str = "perf-gate.yml";

/// The configuration file `perf-gate.yml`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// Name of the only scenario, where there is one.
    pub scenario: Option<String>,
    /// Load tests by name, with what differs from the settings below.
    pub scenarios: BTreeMap<String, Scenario>,
    /// How much of a degradation matters, by metric: `p95: 20%`.
    pub thresholds: Thresholds,
    /// From which degradation on a person must approve, by metric: `p95: 30%`, `error-rate: 5pp`.
    pub critical: BTreeMap<MetricName, Percent>,
    /// Thresholds of single endpoints, by name or pattern (`GET /search*`); the last that fits decides.
    #[schemars(with = "BTreeMap<String, Thresholds>")]
    pub endpoints: Endpoints,
    /// Absolute promises: `p95 < 200ms at 100rps`.
    pub targets: Vec<Target>,
    /// Start of each run that is not judged, as a share or a time: `10%` (default), `30s`.
    pub warm_up: Option<Start>,
    /// Where history is kept: `dir:PATH` (default `dir:.perf-gate`), `git:PATH#BRANCH` or `github:OWNER/REPO#BRANCH`
    /// (default inside a workflow).
    pub store: Option<String>,
    /// Which outcome sets exit status 1.
    pub fail_on: FailOn,
    /// Runs in a row on trunk that confirm a regression; without it one, but two of a mere shift of the whole run.
    pub confirm: Option<NonZeroU8>,
    /// Which past runs are compared with.
    pub baseline: Baseline,
    /// Added to the environment of every run and part of its fingerprint: `region: eu-1`; `os`, `arch` and `cpu` can
    /// be set as well.
    pub environment: BTreeMap<String, String>,
    /// Which column or metric of a resource file stands for which metric: `memory: heap_bytes`.
    pub resources: BTreeMap<String, String>,
    /// The issue that a confirmed regression on trunk opens.
    pub issue: Issue,
    /// Colours of the latency badge.
    pub badge: Badge,
    /// The weekly digest of the nightly runs.
    pub weekly: Weekly,
    /// How long history is kept.
    pub retention: Retention,
    /// Who is told of a critical regression on trunk.
    pub notify: Notify,
}

/// One load test and what differs for it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Scenario {
    /// Its result files, as patterns; read when the command line names no files.
    pub results: Vec<String>,
    /// Words by which some of the scenarios are picked: `smoke`, `daily`, `weekly`.
    pub tags: Vec<String>,
    /// As at the top level, over what is said there.
    pub thresholds: Thresholds,
    /// As at the top level, over what is said there.
    pub critical: BTreeMap<MetricName, Percent>,
    /// As at the top level, after what is said there.
    #[schemars(with = "BTreeMap<String, Thresholds>")]
    pub endpoints: Endpoints,
    /// As at the top level, in addition to those.
    pub targets: Vec<Target>,
    /// As at the top level, instead of it.
    pub warm_up: Option<Start>,
}

/// Thresholds by metric.
pub type Thresholds = BTreeMap<MetricName, Threshold>;

/// Thresholds by endpoint pattern, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Endpoints(pub Vec<(String, Thresholds)>);

/// Which past runs are compared with.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Baseline {
    /// How far back: `7d`.
    pub window: Duration,
    /// Branches whose runs are the baseline.
    pub trunk: Vec<String>,
    /// At most so many runs, the latest.
    pub max_runs: usize,
}

impl Default for Baseline {
    fn default() -> Self {
        let trunk = vec!["main".to_owned(), "master".to_owned()];
        Self { window: Duration(7.0 * 86_400.0), trunk, max_runs: 50 }
    }
}

/// Which outcome sets exit status 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    /// A regression, or a target missed by far.
    #[default]
    Failure,
    /// That, and a judgement that could not be made.
    Inconclusive,
    /// Nothing: report only. What is invalid still ends with 2.
    Never,
}

impl Config {
    /// Reads a configuration; `name` is the file's, for messages.
    ///
    /// # Errors
    /// Text that is no YAML, an unknown key, a value or unit that is none: with line, column and the nearest valid key.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let documents = text.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
        if !documents {
            return Ok(Self::default());
        }
        serde_yaml::from_str(text).map_err(|error| explain(name, &error))
    }

    /// The JSON Schema of the file, for editors.
    pub fn schema() -> Value {
        let mut schema = schemars::schema_for!(Self);
        schema.insert("title".to_owned(), "perf-gate configuration".into());
        schema.to_value()
    }

    /// Takes the repository's default branch for the trunk, where the configuration names none.
    pub fn know_trunk(&mut self, default_branch: Option<&str>) {
        let unnamed = self.baseline.trunk == Baseline::default().trunk;
        if let Some(branch) =
            default_branch.filter(|branch| unnamed && !self.baseline.trunk.iter().any(|t| t == branch))
        {
            self.baseline.trunk.push(branch.to_owned());
        }
    }

    /// What is said of the scenario `name`, if anything.
    pub fn scenario(&self, name: &str) -> Scenario {
        self.scenarios.get(name).cloned().unwrap_or_default()
    }

    /// The scenario of files that are given without a name: the only one there is, or `default`.
    pub fn default_scenario(&self) -> String {
        let only = || (self.scenarios.len() == 1).then(|| self.scenarios.keys().next().cloned()).flatten();
        self.scenario.clone().or_else(only).unwrap_or_else(|| "default".to_owned())
    }

    /// The warm-up of runs of the scenario `name`.
    pub fn warm_up(&self, name: &str) -> WarmUp {
        self.scenario(name).warm_up.or(self.warm_up).map(|start| start.0).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Endpoints {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> serde::de::Visitor<'de> for InOrder {
            type Value = Endpoints;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("endpoint patterns with thresholds, such as 'GET /search*': {p95: 30%}")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Endpoints, A::Error> {
                let mut endpoints = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    endpoints.push(entry);
                }
                Ok(Endpoints(endpoints))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// A message of the YAML reader as people need it: file, line, column, and the key that was probably meant.
fn explain(name: &str, error: &serde_yaml::Error) -> anyhow::Error {
    let mut message = error.to_string();
    let place = match error.location() {
        Some(at) => {
            let suffix = format!(" at line {} column {}", at.line(), at.column());
            message = message.replace(&suffix, "");
            format!("{name}:{}:{}", at.line(), at.column())
        }
        None => name.to_owned(),
    };
    if let Some((wrong, known)) = unknown_key(&message) {
        let nearest = known
            .iter()
            .map(|key| (strsim::damerau_levenshtein(key, &wrong), key))
            .min()
            .filter(|(distance, key)| *distance <= 1 + key.len() / 3)
            .map_or_else(|| ".".to_owned(), |(_, key)| format!("; did you mean '{key}'?"));
        return anyhow!("{place}: unknown key '{wrong}'{nearest} Known here: {}", known.join(", "));
    }
    anyhow!("{place}: {message}")
}

/// The wrong and the known keys of serde's message about an unknown field.
fn unknown_key(message: &str) -> Option<(String, Vec<String>)> {
    let at = message.find("unknown field ")?;
    let mut quoted = message[at..].split('`').skip(1).step_by(2).map(str::to_owned);
    Some((quoted.next()?, quoted.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: &str = "
scenarios:
  checkout:
    results: ['k6/*.json.gz']
    thresholds: {p95: 25%}
    warm-up: 10s
thresholds:
  p95: 20%
  error-rate: {relative: 5%, at-least: 0.5pp}
  order_time.p95: {relative: 30%, advisory: true}
critical: {p95: 40%}
endpoints:
  'GET /z*': {p95: 50%}
  'GET /a': {p99: 30%}
targets:
  - p95 < 200 ms at 100 rps
  - {metric: throughput, above: 50rps}
baseline: {window: 14d, trunk: [develop]}
environment: {region: eu-1}
fail-on: inconclusive
";

    #[test]
    fn a_full_file_is_understood() {
        let config = Config::parse("perf-gate.yml", FULL).unwrap();
        assert_eq!(config.default_scenario(), "checkout");
        assert_eq!(config.warm_up("checkout"), WarmUp::Seconds(10.0));
        assert_eq!(config.warm_up("other"), WarmUp::Share(0.1));
        assert_eq!(config.baseline.window, Duration(14.0 * 86_400.0));
        assert_eq!(config.endpoints.0[0].0, "GET /z*");
        assert_eq!(config.fail_on, FailOn::Inconclusive);
    }

    #[test]
    fn an_empty_file_is_all_defaults() {
        for text in ["", "\n# nothing\n", "{}"] {
            assert_eq!(Config::parse("x", text).unwrap(), Config::default());
        }
    }

    #[test]
    fn unknown_keys_are_told_with_place_and_the_nearest_one() {
        let cases = [
            ("threshold:\n  p95: 20%\n", "perf-gate.yml:1:1: unknown key 'threshold'; did you mean 'thresholds'?"),
            ("baseline:\n  windw: 7d\n", "perf-gate.yml:2:3: unknown key 'windw'; did you mean 'window'?"),
            ("thresholds:\n  p95: {relativ: 20%}\n", "did you mean 'relative'?"),
            ("scenarios:\n  a:\n    warmup: 10s\n", "perf-gate.yml:3:5: unknown key 'warmup'; did you mean 'warm-up'?"),
        ];
        for (text, says) in cases {
            let message = Config::parse("perf-gate.yml", text).unwrap_err().to_string();
            assert!(message.contains(says), "{message}");
        }
    }

    #[test]
    fn wrong_units_and_metrics_are_told_with_line_and_column() {
        let cases = [
            ("thresholds:\n  p95: 20ms\n", "20ms"),
            ("thresholds:\n  p95: 20\n", "20%"),
            ("thresholds:\n  througput: 20%\n", "throughput"),
            ("baseline:\n  window: 7 parsecs\n", "parsecs"),
            ("targets:\n  - p95 = 3\n", "p95 = 3"),
            ("targets:\n  - p95 < 100rps\n", "1/s"),
            ("fail-on: sometimes\n", "never"),
            ("warm-up: 120%\n", "120%"),
        ];
        for (text, says) in cases {
            let message = Config::parse("perf-gate.yml", text).unwrap_err().to_string();
            assert!(message.starts_with("perf-gate.yml:") && message.contains(says), "{message}");
        }
    }
}
