//! One bound on false alarms for the whole comparison, spent over families of tests.

use std::collections::BTreeMap;

use crate::compare::{Comparison, Scope};
use crate::stats::{Trial as Test, adjusted, benjamini_hochberg, critical_value};

use super::policy::{Levels, Policy};
use super::trial::Trial;

/// How the bound is spent: most on what people look at first. Shares of absent families go to the others.
const SHARES: [(&str, f64); 5] =
    [("p95/run", 0.25), ("p95/endpoints", 0.40), ("throughput", 0.10), ("memory", 0.10), ("error-rate", 0.15)];
/// Share of a further metric.
const FURTHER: f64 = 0.10;

/// Tests that share a part of the bound.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Family {
    /// Its name: a metric, of p95 with what it is of.
    pub(super) name: String,
    /// Its share of the bound, beside the shares of the other families of this comparison.
    pub(super) share: f64,
    /// The sum of those shares.
    pub(super) total: f64,
    /// The tests, as indices among all.
    pub(super) members: Vec<usize>,
}

impl Family {
    /// The part of `bound` that may be spent on this family.
    pub(super) fn bound(&self, bound: f64) -> f64 {
        bound * (self.share / self.total)
    }

    /// The tests among `trials`.
    pub(super) fn tests(&self, trials: &[Trial<'_>]) -> Vec<Test> {
        self.members.iter().map(|i| trials[*i].test()).collect()
    }
}

/// The effects that a rule asks about, each with the critical value and list of its family.
pub(super) fn tested<'a>(comparison: &'a Comparison, policy: &Policy) -> Vec<Trial<'a>> {
    let ruled = |effect: &'a crate::compare::Effect| {
        policy.rule(&effect.endpoint, &effect.metric).and_then(|rule| Trial::new(effect, rule))
    };
    let mut trials: Vec<Trial<'a>> = comparison.effects.iter().filter_map(ruled).collect();
    for family in families(&trials) {
        bound(&mut trials, &family, &policy.levels);
    }
    trials
}

/// By trial the value that `-t` must reach for an improvement of any size, so that nothing improves by chance in the
/// whole comparison but with the probability that bounds false failures.
///
/// No threshold helps here: the critical value alone keeps chance out.
pub(super) fn critical_for_better(trials: &[Trial<'_>], levels: &Levels) -> Vec<f64> {
    let mut critical = vec![f64::INFINITY; trials.len()];
    for family in families(trials) {
        let alone = |test: Test| Test { gate: 0.0, tries: 1.0, ..test };
        let tests: Vec<Test> = family.tests(trials).into_iter().map(alone).collect();
        let c = critical_value(&tests, family.bound(levels.q_fail));
        family.members.iter().for_each(|i| critical[*i] = c);
    }
    critical
}

/// The families of these tests, by name.
pub(super) fn families(trials: &[Trial<'_>]) -> Vec<Family> {
    let mut families: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (i, trial) in trials.iter().enumerate() {
        families.entry(family(trial)).or_default().push(i);
    }
    let total = families.keys().map(|name| share(name)).sum();
    let of = |(name, members): (String, _)| Family { share: share(&name), name, total, members };
    families.into_iter().map(of).collect()
}

fn family(trial: &Trial<'_>) -> String {
    let metric = &trial.effect.metric;
    match (metric.as_str(), trial.effect.scope) {
        ("p95", Scope::Run) => "p95/run".to_owned(),
        ("p95", Scope::Endpoint) => "p95/endpoints".to_owned(),
        _ => metric.clone(),
    }
}

fn share(family: &str) -> f64 {
    SHARES.iter().find(|(name, _)| *name == family).map_or(FURTHER, |(_, share)| *share)
}

/// Gives the members of a family their critical value and lists.
fn bound(trials: &mut [Trial<'_>], family: &Family, levels: &Levels) {
    let members = &family.members;
    let c = critical_value(&family.tests(trials), family.bound(levels.q_fail));
    let worse: Vec<f64> = members.iter().map(|i| trials[*i].p).collect();
    let better: Vec<f64> = members.iter().map(|i| trials[*i].p_better()).collect();
    let adjusted = adjusted(&worse);
    let listed = benjamini_hochberg(&worse, levels.q_list);
    let listed_better = benjamini_hochberg(&better, levels.q_list);
    for (k, i) in members.iter().enumerate() {
        (trials[*i].critical_value, trials[*i].adjusted) = (c, adjusted[k]);
        (trials[*i].listed, trials[*i].listed_better) = (listed[k], listed_better[k]);
    }
}
