//! What matters: thresholds, targets, and how sure a verdict must be.

use serde::{Deserialize, Serialize};

use crate::model::{Metric, matches};

/// Rules, targets and levels of a judgement.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Thresholds; the last rule that matches an endpoint and metric wins. What no rule matches is not judged.
    pub rules: Vec<Rule>,
    /// Absolute promises.
    pub targets: Vec<Target>,
    /// How sure a verdict must be.
    pub levels: Levels,
}

/// From which size on a degradation matters.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Endpoints, with `*` for any text; `None` is all of them and the run as a whole.
    pub endpoint: Option<String>,
    /// The metric's name.
    pub metric: String,
    /// The relative change that matters: 0.2 is 20 % worse.
    pub threshold: f64,
    /// Of an error rate, the least difference that matters; `None` leaves an earlier rule's.
    pub at_least: Option<f64>,
    /// The relative change (of an error rate, the difference) that asks for approval; `None` leaves an earlier rule's.
    pub critical: Option<f64>,
    /// Reports without gating.
    pub advisory: bool,
}

/// An absolute promise about a figure of the candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The metric.
    pub metric: Metric,
    /// Endpoints, with `*` for any text; `None` is the run as a whole.
    pub endpoint: Option<String>,
    /// Which side of `limit` is promised.
    pub bound: Bound,
    /// The limit in the metric's base unit.
    pub limit: f64,
    /// The load the promise is made for, 1/s.
    pub at: Option<f64>,
}

/// Which side of a limit is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Bound {
    /// Not above it.
    Upper,
    /// Not below it.
    Lower,
}

/// How sure a verdict must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    /// Nominal bound on the chance of any false failure when nothing changed (measured: at most 1 %).
    pub q_fail: f64,
    /// Share of false entries in lists of further regressions, and among improvements.
    pub q_list: f64,
    /// Over the threshold with a p-value up to this, but not sure in the whole comparison: a warning.
    pub p_warn: f64,
    /// Error rates over their threshold with a larger p-value: chance.
    pub p_unsure: f64,
    /// "Unchanged" needs the 95 % upper bound below this multiple of the threshold.
    pub inconclusive_factor: f64,
    /// Baseline runs from which the threshold itself decides.
    pub min_runs: usize,
    /// With fewer runs a failure needs this multiple of the threshold: priors carry the variance.
    pub small_factor: f64,
    /// With fewer runs a proven gain needs this multiple of the threshold: to be believed it must be beyond any prior.
    pub proof_factor: f64,
}

impl Default for Levels {
    /// What the scorecard (`cargo bench --bench scorecard`) found to find most with at most 1 % of false failures at up to
    /// 7 % spread from run to run.
    fn default() -> Self {
        Self {
            q_fail: 0.04,
            q_list: 0.05,
            p_warn: 0.01,
            p_unsure: 0.025,
            inconclusive_factor: 2.0,
            min_runs: 3,
            small_factor: 1.3,
            proof_factor: 2.0,
        }
    }
}

impl Default for Policy {
    /// p95 +20 %, throughput −15 %, error rate +5 % and at least half a point, memory +30 %.
    fn default() -> Self {
        let rule = |metric: &str, threshold, critical| Rule {
            endpoint: None,
            metric: metric.to_owned(),
            threshold,
            at_least: None,
            critical: Some(critical),
            advisory: false,
        };
        let rules = vec![
            rule("p95", 0.20, 0.30),
            rule("throughput", 0.15, 0.30),
            // A relative rule alone would fail 0.010 % → 0.011 %, points alone would pass 0.1 % → 4.9 %.
            Rule { at_least: Some(0.005), ..rule("error-rate", 0.05, 0.05) },
            rule("memory", 0.30, 0.60),
        ];
        Self { rules, targets: Vec::new(), levels: Levels::default() }
    }
}

impl Policy {
    /// The rule for a metric of an endpoint, with what it leaves to earlier rules filled in.
    pub fn rule(&self, endpoint: &str, metric: &str) -> Option<Rule> {
        let here =
            |rule: &&Rule| rule.metric == metric && rule.endpoint.as_deref().is_none_or(|g| matches(g, endpoint));
        self.rules.iter().filter(here).cloned().reduce(|before, rule| Rule {
            at_least: rule.at_least.or(before.at_least),
            critical: rule.critical.or(before.critical),
            ..rule
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rule_wins_and_leaves_what_it_does_not_say() {
        let mut policy = Policy::default();
        policy.rules.push(Rule {
            endpoint: Some("GET /slow*".to_owned()),
            metric: "p95".to_owned(),
            threshold: 0.5,
            at_least: None,
            critical: None,
            advisory: true,
        });
        let slow = policy.rule("GET /slow", "p95").unwrap();
        assert_eq!((slow.threshold, slow.critical, slow.advisory), (0.5, Some(0.30), true));
        assert_eq!(policy.rule("GET /fast", "p95").unwrap().threshold, 0.20);
        assert!(policy.rule("GET /slow", "p99").is_none());
    }
}
