//! The stable stretches of every judged figure, and which rows stand at a shift between them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::compare::{Effect, Settings};
use crate::model::{ALL, Metric, Record};
use crate::stats::{angle_of, median, rate_of};

use super::replay::{Check, Replays};
use super::spread::{Figure, common, own};
use super::trunk::Trunk;

/// Turns an angle of an error rate into the scale of log figures, on which level shifts are looked for: the prior s.d.
/// of an angle (0.01, [`crate::stats::Priors::sd_error`]) becomes that of a log figure there (0.05).
const ANGLE: f64 = 5.0;
/// The metric that is compared by counts.
const RATE: &str = "error-rate";

/// An endpoint and a metric.
pub(super) type Key = (String, String);

/// A figure that shifted its level: what fails there is no false alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// The endpoint, or `(all)`.
    pub endpoint: String,
    /// The metric.
    pub metric: String,
    /// The run that starts the new level.
    pub run: String,
    /// Its start.
    pub at: Timestamp,
    /// Its commit.
    pub commit: Option<String>,
    /// The relative change of the figure; of an error rate the difference.
    pub change: f64,
}

/// Every judged figure over the runs of the trunk.
pub(super) struct Levels<'a> {
    trunk: &'a Trunk,
    figures: BTreeMap<Key, Figure>,
    /// By metric: the factor common to the endpoints, where there is one.
    common: BTreeMap<String, Vec<Option<f64>>>,
}

impl<'a> Levels<'a> {
    pub(super) fn of(trunk: &'a Trunk, replays: &Replays, settings: &Settings) -> Self {
        let effects = replays.checks.iter().flat_map(|check| &check.comparison.effects);
        let keys: BTreeSet<Key> = effects.map(|effect| (effect.endpoint.clone(), effect.metric.clone())).collect();
        let values: BTreeMap<Key, Vec<Option<f64>>> =
            keys.into_iter().map(|key| (key.clone(), values(trunk, &key.0, &key.1))).collect();
        let mut common_factors = BTreeMap::new();
        for metric in settings.metrics.iter().filter(|metric| metric.name != RATE) {
            let endpoints: Vec<_> = values
                .iter()
                .filter(|(key, _)| key.1 == *metric.name && key.0 != ALL)
                .map(|(_, v)| v.clone())
                .collect();
            if endpoints.len() >= settings.priors.min_endpoints {
                common_factors.insert(metric.name.to_string(), common(&endpoints, settings.priors.min_endpoints));
            }
        }
        let figure = |(key, values): (Key, Vec<Option<f64>>)| {
            // The run's latency row tests what the endpoints share, not the pooled figure beside it.
            let shared = common_factors.get(&key.1).filter(|_| key.0 == ALL && Metric::is_latency(&key.1));
            let figure = Figure::new(shared.cloned().unwrap_or(values));
            (key, figure)
        };
        Self { trunk, figures: values.into_iter().map(figure).collect(), common: common_factors }
    }

    /// Endpoint and metric of the effects of a check whose baseline and candidate are on the same level.
    pub(super) fn steady<'c>(&self, check: &'c Check) -> BTreeSet<(&'c str, &'c str)> {
        let is_steady = |effect: &&Effect| {
            let on_level = |endpoint: &str| {
                self.runs_of_level(check, endpoint, &effect.metric).is_none_or(|runs| runs >= effect.runs)
            };
            // What the whole run shifted by is in every endpoint, also in those too noisy to show it.
            on_level(&effect.endpoint) && on_level(ALL)
        };
        let steady = check.comparison.effects.iter().filter(is_steady);
        steady.map(|effect| (effect.endpoint.as_str(), effect.metric.as_str())).collect()
    }

    /// The last runs of the check's window that are on the candidate's own level.
    fn runs_of_level(&self, check: &Check, endpoint: &str, metric: &str) -> Option<usize> {
        let figure = self.figures.get(&(endpoint.to_owned(), metric.to_owned()))?;
        let stretch = |run: usize| figure.stretch[run.saturating_sub(self.trunk.from)];
        let level = stretch(check.run)?;
        let known = check.window.iter().rev().filter_map(|run| stretch(*run));
        Some(known.take_while(|other| *other == level).count())
    }

    /// The s.d. of a figure from run to run, and of the part that is not common to the run.
    pub(super) fn spreads(&self, endpoint: &str, metric: &str) -> (Option<f64>, Option<f64>) {
        let Some(figure) = self.figures.get(&(endpoint.to_owned(), metric.to_owned())) else { return (None, None) };
        let first = self.trunk.first - self.trunk.from;
        if metric == RATE {
            return (figure.spread_of(&rates(self.trunk, endpoint), first), None);
        }
        let shared = self.common.get(metric).filter(|_| endpoint != ALL);
        let own = shared.and_then(|shared| Figure::new(own(&figure.values, shared)).spread(first));
        (figure.spread(first), own)
    }

    /// The shifts among the replayed runs, by time.
    pub(super) fn shifts(&self) -> Vec<Shift> {
        let first = self.trunk.first - self.trunk.from;
        let mut shifts = Vec::new();
        for ((endpoint, metric), figure) in &self.figures {
            for (at, change) in figure.shifts.iter().filter(|(at, _)| *at >= first) {
                let run = &self.trunk.runs()[self.trunk.from + at];
                shifts.push(Shift {
                    endpoint: endpoint.clone(),
                    metric: metric.clone(),
                    run: run.id.clone(),
                    at: run.started_at,
                    commit: run.commit.clone(),
                    change: if metric == RATE { rate_change(figure, *at, *change) } else { change.exp_m1() },
                });
            }
        }
        shifts.sort_by(|a, b| (a.at, &a.endpoint, &a.metric).cmp(&(b.at, &b.endpoint, &b.metric)));
        shifts
    }
}

/// The figure of every run on the scale on which its level is looked for.
fn values(trunk: &Trunk, endpoint: &str, metric: &str) -> Vec<Option<f64>> {
    if metric == RATE {
        return rates(trunk, endpoint).iter().map(|rate| rate.map(|rate| ANGLE * angle_of(rate))).collect();
    }
    trunk.figure(endpoint, metric)
}

fn rates(trunk: &Trunk, endpoint: &str) -> Vec<Option<f64>> {
    let rate = |run: &Record| {
        let summary = &run.summary;
        let cell = if endpoint == ALL { &summary.total } else { summary.endpoints.get(endpoint)? };
        Some(cell.errors? as f64 / cell.count.filter(|count| *count > 0)? as f64)
    };
    trunk.runs()[trunk.from..].iter().map(rate).collect()
}

/// The difference of error rates that a change of scaled angle is, from the level before the run `at`.
fn rate_change(figure: &Figure, at: usize, change: f64) -> f64 {
    let same = |(value, stretch): (&Option<f64>, &Option<usize>)| value.filter(|_| *stretch == figure.stretch[at]);
    let after: Vec<f64> = figure.values.iter().zip(&figure.stretch).filter_map(same).collect();
    let level = median(&after).unwrap_or_default();
    let rate = |angle: f64| rate_of(angle / ANGLE);
    rate(level) - rate(level - change)
}
