//! From the configuration to the policy of a scenario: defaults, then all scenarios, then this one; the last rule wins.

use std::borrow::Cow;

use crate::baseline::Rule as BaselineRule;
use crate::model::{ALL, Direction, Metric, Run, Unit};
use crate::verdict::{Bound, Policy, Rule, Target as Promise};

use super::{Config, Endpoints, MetricName, Percent, Target, Threshold, Thresholds};

/// Threshold of a metric that has none of its own: that of latency.
const OTHERWISE: f64 = 0.20;

impl Config {
    /// What matters in the scenario `name`.
    pub fn policy(&self, name: &str) -> Policy {
        let scenario = self.scenario(name);
        let mut policy = Policy::default();
        for (thresholds, critical, endpoints) in [
            (&self.thresholds, &self.critical, &self.endpoints),
            (&scenario.thresholds, &scenario.critical, &scenario.endpoints),
        ] {
            add(&mut policy, None, thresholds);
            add_critical(&mut policy, critical);
            add_endpoints(&mut policy, endpoints);
        }
        policy.targets = self.targets.iter().chain(&scenario.targets).map(promise).collect();
        policy
    }

    /// Which past runs are compared with.
    pub fn baseline_rule(&self) -> BaselineRule {
        BaselineRule {
            trunk: self.baseline.trunk.iter().cloned().collect(),
            window: jiff::SignedDuration::from_secs_f64(self.baseline.window.0),
            max_runs: self.baseline.max_runs,
            ..BaselineRule::default()
        }
    }
}

/// The metrics that a policy judges, each once, those that every run has first; `run` tells the unit of its own ones.
pub fn metrics(policy: &Policy, run: Option<&Run>) -> Vec<Metric> {
    let mut found: Vec<Metric> = Vec::new();
    for rule in &policy.rules {
        if !found.iter().any(|metric| metric.name == rule.metric) {
            found.push(metric(&rule.metric, run));
        }
    }
    found
}

/// Gives the targets of a policy the units that a run's own metrics have.
pub fn measure(policy: &mut Policy, run: Option<&Run>) {
    for target in &mut policy.targets {
        target.metric = metric(&target.metric.name, run);
    }
}

/// The metric called `name`: a known one, or one of the run's own.
fn metric(name: &str, run: Option<&Run>) -> Metric {
    if let Some(known) = Metric::known(name) {
        return known;
    }
    let own = run.and_then(|run| run.metrics.iter().find(|measurement| measurement.name == name));
    let series = run.and_then(|run| run.resources.iter().find(|series| series.name == name));
    let unit = own.and_then(|m| m.unit).or(series.map(|s| s.unit)).unwrap_or(Unit::Count);
    let better = own.and_then(|m| m.better).unwrap_or(Direction::Down);
    Metric { name: Cow::Owned(name.to_owned()), unit, better }
}

fn add(policy: &mut Policy, endpoint: Option<&str>, thresholds: &Thresholds) {
    for (MetricName(metric), threshold) in thresholds {
        let Threshold { relative, at_least, critical, advisory } = *threshold;
        let before = policy.rule(endpoint.unwrap_or(ALL), metric).map(|rule| rule.threshold);
        let threshold = relative.or(before).unwrap_or(OTHERWISE);
        let endpoint = endpoint.map(str::to_owned);
        policy.rules.push(Rule { endpoint, metric: metric.clone(), threshold, at_least, critical, advisory });
    }
}

fn add_critical(policy: &mut Policy, critical: &std::collections::BTreeMap<MetricName, Percent>) {
    for (MetricName(metric), share) in critical {
        // Only a metric that is judged can be critical: without a threshold of its own it gets one.
        let before = policy.rule(ALL, metric);
        let threshold = before.as_ref().map_or(OTHERWISE, |rule| rule.threshold);
        let advisory = before.is_some_and(|rule| rule.advisory);
        let (metric, critical) = (metric.clone(), Some(share.0));
        policy.rules.push(Rule { endpoint: None, metric, threshold, at_least: None, critical, advisory });
    }
}

fn add_endpoints(policy: &mut Policy, endpoints: &Endpoints) {
    for (pattern, thresholds) in &endpoints.0 {
        add(policy, Some(pattern), thresholds);
    }
}

fn promise(target: &Target) -> Promise {
    let (bound, limit) = match (target.below, target.above) {
        (Some(below), _) => (Bound::Upper, below),
        (None, above) => (Bound::Lower, above.unwrap_or(0.0)),
    };
    let metric = metric(&target.metric, None);
    Promise { metric, endpoint: target.endpoint.clone(), bound, limit, at: target.at }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> Policy {
        Config::parse("x", text).unwrap().policy("checkout")
    }

    #[test]
    fn a_scenario_goes_over_all_and_all_over_the_defaults() {
        let policy = policy(
            "thresholds: {p95: 25%}\nscenarios: {checkout: {thresholds: {p95: 40%}}, other: {thresholds: {p95: 60%}}}",
        );
        assert_eq!(policy.rule(ALL, "p95").unwrap().threshold, 0.4);
        assert_eq!(policy.rule(ALL, "memory").unwrap().threshold, 0.3);
    }

    #[test]
    fn endpoints_have_thresholds_of_their_own() {
        let policy = policy("endpoints: {'GET /report*': {p95: 50%}}\ncritical: {p95: 90%}");
        assert_eq!(policy.rule("GET /report/1", "p95").unwrap().threshold, 0.5);
        assert_eq!(policy.rule("GET /", "p95").unwrap().threshold, 0.2);
        assert_eq!(policy.rule("GET /report/1", "p95").unwrap().critical, Some(0.9));
    }

    #[test]
    fn configured_metrics_are_judged_after_the_usual_four() {
        let policy = policy("thresholds: {p99: 30%, order_time.p95: {advisory: true}}");
        let names: Vec<_> = metrics(&policy, None).into_iter().map(|m| m.name.into_owned()).collect();
        assert_eq!(names, ["p95", "throughput", "error-rate", "memory", "order_time.p95", "p99"]);
        assert!(policy.rule(ALL, "order_time.p95").unwrap().advisory);
    }

    #[test]
    fn targets_are_promises() {
        let policy = policy("targets: ['p95 < 200ms at 100rps', {metric: throughput, above: 50rps}]");
        assert_eq!((policy.targets[0].bound, policy.targets[0].limit), (Bound::Upper, 0.2));
        assert_eq!((policy.targets[1].bound, policy.targets[1].limit), (Bound::Lower, 50.0));
    }
}
