//! A regression that people accepted: the level of a series restarts there.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ALL, Metric, SeriesName, matches};

/// Name and version of the format.
pub const ACCEPTANCE_SCHEMA: &str = "perf-gate/acceptance/v1";

/// A new level that was accepted, by whom, why and until when.
///
/// While it holds, the series is compared with the runs since `from`; what was known of its spread is kept. When it has
/// expired, what was measured from `from` to `until` is left out, and the series is compared with its old level again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// The format and its version: `perf-gate/acceptance/v1`.
    pub schema: String,
    /// The load test's name.
    pub scenario: String,
    /// The endpoint, or a pattern of endpoints (`GET /search*`); `(all)` of a latency means every endpoint.
    pub endpoint: String,
    /// The metric; `*` is any.
    pub metric: String,
    /// Why the new level is accepted.
    pub reason: String,
    /// Who accepted it.
    pub author: String,
    /// When it was accepted.
    pub at: Timestamp,
    /// Start of the first run on the new level.
    pub from: Timestamp,
    /// When the acceptance ends; without it, never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The commit at which it was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

impl Acceptance {
    /// Whether it is about this series.
    pub fn covers(&self, series: &SeriesName) -> bool {
        let whole = self.endpoint == ALL && Metric::is_latency(&series.metric);
        matches(&self.metric, &series.metric) && (whole || matches(&self.endpoint, &series.endpoint))
    }

    /// Whether it has ended at the time `at`.
    pub fn has_expired(&self, at: Timestamp) -> bool {
        self.until.is_some_and(|until| until < at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_as_a_whole_stands_for_every_latency_and_for_its_own_figures() {
        let accepted = |endpoint: &str, metric: &str| Acceptance {
            schema: ACCEPTANCE_SCHEMA.to_owned(),
            scenario: "checkout".to_owned(),
            endpoint: endpoint.to_owned(),
            metric: metric.to_owned(),
            reason: "encryption".to_owned(),
            author: "ada".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            from: Timestamp::UNIX_EPOCH,
            until: Some(Timestamp::UNIX_EPOCH),
            commit: None,
        };
        let series =
            |endpoint: &str, metric: &str| SeriesName { endpoint: endpoint.to_owned(), metric: metric.to_owned() };
        assert!(accepted(ALL, "p95").covers(&series("GET /slow", "p95")));
        assert!(accepted("GET /s*", "*").covers(&series("GET /slow", "throughput")));
        assert!(!accepted(ALL, "error-rate").covers(&series("GET /slow", "error-rate")));
        assert!(!accepted("GET /slow", "p95").covers(&series("GET /fast", "p95")));
        assert!(!accepted(ALL, "p95").has_expired(Timestamp::UNIX_EPOCH));
    }
}
