//! Power by injection: known effects put into replayed runs, and how often the gate finds them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::baseline::Baseline;
use crate::compare::{Settings, compare};
use crate::model::{ALL, EndpointSummary, Record, Summary};
use crate::verdict::{Severity, judge};

use super::Present;
use super::replay::{Check, Replays, baseline, cuts};
use super::tally::Judged;
use super::trunk::Trunk;

/// Growth of all latencies of one endpoint.
const LATENCY: [f64; 5] = [0.10, 0.20, 0.30, 0.40, 0.50];
/// Fall of the throughput of the whole run.
const THROUGHPUT: [f64; 2] = [-0.15, -0.25];
/// Growth of memory.
const MEMORY: [f64; 2] = [0.30, 0.50];
/// Share of one endpoint's requests that fail in addition.
const ERRORS: [f64; 2] = [0.02, 0.05];
/// Replayed runs that effects are put into where nothing else is said: with twelve endpoints a size is then tried 360
/// times.
pub const INJECTED: usize = 30;
/// Most endpoints, those with the most requests: on others an effect of that size is rarely a reason to stop.
const MOST_ENDPOINTS: usize = 20;

/// One size of one effect, and how often it was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Power {
    /// The metric that the effect is found by.
    pub metric: String,
    /// The effect: relative; of an error rate the share of requests that fail in addition.
    pub change: f64,
    /// Whether it is put into one endpoint at a time, else into the run as a whole.
    pub one_endpoint: bool,
    /// How often it was put in.
    pub injected: usize,
    /// How often the row failed that should.
    pub found: usize,
    /// The endpoint where it was found least.
    pub least: Option<Least>,
}

/// The endpoint where an effect was found least.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Least {
    /// The endpoint.
    pub endpoint: String,
    /// How often it was put in.
    pub injected: usize,
    /// How often it was found.
    pub found: usize,
}

/// Puts every effect into replayed runs whose row gates and counts.
pub(super) fn power(trunk: &Trunk, replays: &Replays, judged: &Judged<'_>, present: &Present) -> Vec<Power> {
    let mut tried: BTreeMap<usize, BTreeMap<String, (usize, usize)>> = BTreeMap::new();
    let effects = effects();
    let cuts = cuts(trunk);
    let checks = judged.checks();
    let tries = present.injected.min(checks.len());
    // Evenly over the history, whatever its length.
    for (check, steady) in (0..tries).map(|number| &checks[number * checks.len() / tries]) {
        let past = baseline(trunk, check.run, &cuts, replays.how, &present.rule);
        let candidate = &trunk.runs()[check.run];
        for (number, effect) in effects.iter().enumerate() {
            for endpoint in effect.places(candidate, check) {
                let gates = present.policy.rule(endpoint, effect.metric).is_some_and(|rule| !rule.advisory);
                if gates && steady.contains(&(endpoint, effect.metric)) {
                    let found = effect.is_found(candidate, endpoint, &past, check, present);
                    let count = tried.entry(number).or_default().entry(endpoint.to_owned()).or_default();
                    *count = (count.0 + 1, count.1 + usize::from(found));
                }
            }
        }
    }
    tried.into_iter().map(|(number, counts)| effects[number].counted(&counts)).collect()
}

/// A known effect.
struct Effect {
    metric: &'static str,
    change: f64,
    one_endpoint: bool,
}

fn effects() -> Vec<Effect> {
    let of = |metric, one_endpoint, changes: &[f64]| -> Vec<Effect> {
        changes.iter().map(|change| Effect { metric, change: *change, one_endpoint }).collect()
    };
    let effects = [
        of("p95", true, &LATENCY),
        of("throughput", false, &THROUGHPUT),
        of("error-rate", true, &ERRORS),
        of("memory", false, &MEMORY),
    ];
    effects.into_iter().flatten().collect()
}

impl Effect {
    /// Where the effect is put in: the run, or one endpoint after the other.
    fn places<'a>(&self, candidate: &'a Record, check: &Check) -> Vec<&'a str> {
        let compared = |name: &str| {
            check.comparison.effects.iter().any(|effect| effect.endpoint == name && effect.metric == self.metric)
        };
        if !self.one_endpoint {
            return [ALL].into_iter().filter(|name| compared(name)).collect();
        }
        let mut endpoints: Vec<_> = candidate.summary.endpoints.iter().filter(|(name, _)| compared(name)).collect();
        endpoints.sort_by_key(|(_, summary)| std::cmp::Reverse(summary.count));
        endpoints.into_iter().take(MOST_ENDPOINTS).map(|(name, _)| name.as_str()).collect()
    }

    /// Whether the row that should fail does.
    fn is_found(&self, candidate: &Record, endpoint: &str, past: &Baseline, check: &Check, present: &Present) -> bool {
        let mut changed = candidate.clone();
        self.inject(&mut changed, endpoint);
        // Metrics are compared each for itself: those without the effect are as they were.
        let metrics = present.settings.metrics.iter().filter(|metric| metric.name == self.metric);
        let settings = Settings { metrics: metrics.cloned().collect(), priors: present.settings.priors };
        let mut comparison = compare(&[changed], past, &settings);
        let others = check.comparison.effects.iter().filter(|effect| effect.metric != self.metric);
        comparison.effects.extend(others.cloned());
        let judgement = judge(&comparison, &present.policy);
        judgement
            .rows
            .iter()
            .any(|row| row.endpoint == endpoint && row.metric == self.metric && row.severity >= Some(Severity::Failure))
    }

    fn inject(&self, run: &mut Record, endpoint: &str) {
        let log = self.change.ln_1p();
        let summary: &mut Summary = &mut run.summary;
        match self.metric {
            "throughput" => {
                let all = std::iter::once(&mut summary.total).chain(summary.endpoints.values_mut());
                all.filter_map(|cell| cell.throughput.as_mut()).for_each(|value| value.y += log);
            }
            "memory" => summary.values.get_mut("memory").into_iter().for_each(|value| value.y += log),
            "error-rate" => {
                let Some(cell) = summary.endpoints.get_mut(endpoint) else { return };
                let more = (self.change * cell.count.unwrap_or(0) as f64).round() as u64;
                fail(cell, more);
                fail(&mut summary.total, more);
            }
            _ => {
                let latencies =
                    summary.endpoints.get_mut(endpoint).into_iter().flat_map(|cell| cell.latency.values_mut());
                latencies.for_each(|value| value.y += log);
            }
        }
    }

    fn counted(&self, counts: &BTreeMap<String, (usize, usize)>) -> Power {
        let share = |(tries, found): &(usize, usize)| *found as f64 / *tries as f64;
        let least = counts.iter().min_by(|a, b| share(a.1).total_cmp(&share(b.1))).filter(|_| counts.len() > 1);
        let least = least.map(|(name, count)| Least { endpoint: name.clone(), injected: count.0, found: count.1 });
        Power {
            metric: self.metric.to_owned(),
            change: self.change,
            one_endpoint: self.one_endpoint,
            injected: counts.values().map(|count| count.0).sum(),
            found: counts.values().map(|count| count.1).sum(),
            least,
        }
    }
}

/// Lets `more` requests fail that did not.
fn fail(cell: &mut EndpointSummary, more: u64) {
    if let (Some(errors), Some(count)) = (cell.errors, cell.count) {
        cell.errors = Some((errors + more).min(count));
    }
}
