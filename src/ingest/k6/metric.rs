//! The metrics k6 has of its own, and what their values mean.
//!
//! <https://grafana.com/docs/k6/latest/using-k6/metrics/reference/>

use crate::ingest::Sampled;
use crate::model::Unit;

/// Milliseconds per second: k6 writes every duration in milliseconds.
pub(super) const MILLIS: f64 = 1e3;

/// Latency of a request: sending, waiting and receiving, without connecting.
pub(super) const DURATION: &str = "http_req_duration";
/// Whether a request failed: 1 says that it did.
pub(super) const FAILED: &str = "http_req_failed";
/// Requests.
pub(super) const REQUESTS: &str = "http_reqs";
/// Iterations an arrival-rate executor could not start in time.
pub(super) const DROPPED: &str = "dropped_iterations";
/// Whether a check held.
pub(super) const CHECKS: &str = "checks";
/// Duration of a group.
pub(super) const GROUP: &str = "group_duration";
/// Virtual users that are active.
pub(super) const USERS: &str = "vus";
/// Virtual users that were made, active or not.
pub(super) const MOST_USERS: &str = "vus_max";

/// Metrics of modules, which only tests that use the module have; they are sampled as custom metrics are.
const MODULES: [(&str, Sampled); 12] = [
    ("ws_connecting", Sampled::Trend(Unit::Seconds)),
    ("ws_session_duration", Sampled::Trend(Unit::Seconds)),
    ("ws_ping", Sampled::Trend(Unit::Seconds)),
    ("ws_sessions", Sampled::Counter(Unit::Count)),
    ("ws_msgs_sent", Sampled::Counter(Unit::Count)),
    ("ws_msgs_received", Sampled::Counter(Unit::Count)),
    ("grpc_req_duration", Sampled::Trend(Unit::Seconds)),
    ("grpc_streams", Sampled::Counter(Unit::Count)),
    ("grpc_streams_msgs_sent", Sampled::Counter(Unit::Count)),
    ("grpc_streams_msgs_received", Sampled::Counter(Unit::Count)),
    ("browser_http_req_duration", Sampled::Trend(Unit::Seconds)),
    ("browser_http_req_failed", Sampled::Rate),
];

/// Metrics of every test that tell nothing that is judged: parts of a request, and what follows from the requests.
pub(super) const UNUSED: [&str; 12] = [
    "http_reqs",
    "http_req_blocked",
    "http_req_connecting",
    "http_req_looking_up",
    "http_req_tls_handshaking",
    "http_req_sending",
    "http_req_waiting",
    "http_req_receiving",
    "data_sent",
    "data_received",
    "iterations",
    "iteration_duration",
];

/// Whether nothing of the metric is used.
pub(super) fn is_unused(metric: &str) -> bool {
    is_passed_over(metric.as_bytes())
}

/// Whether nothing of the metric with this raw name is used.
pub(super) fn is_passed_over(name: &[u8]) -> bool {
    UNUSED.iter().any(|unused| unused.as_bytes() == name)
}

/// Whether the metric is one of every test, not of the script or of a module.
pub(super) fn is_built_in(metric: &str) -> bool {
    is_unused(metric) || [DURATION, FAILED, DROPPED, CHECKS, GROUP, USERS, MOST_USERS].contains(&metric)
}

/// How values are read of a metric whose type the file does not tell: by name, else as a distribution of numbers.
pub(super) fn by_name(metric: &str) -> Sampled {
    let known = MODULES.iter().find(|(name, _)| *name == metric);
    known.map_or(Sampled::Trend(Unit::Count), |(_, sampled)| *sampled)
}

/// How values are read of a metric whose type and contents the file tells, as k6 spells them.
pub(super) fn sampled(kind: &str, contains: &str) -> Option<Sampled> {
    let unit = unit(contains);
    match kind {
        "counter" => Some(Sampled::Counter(unit)),
        "gauge" => Some(Sampled::Gauge(unit)),
        "rate" => Some(Sampled::Rate),
        "trend" => Some(Sampled::Trend(unit)),
        _ => None,
    }
}

/// The unit of values that are `contains`, once [`tidied`].
pub(super) fn unit(contains: &str) -> Unit {
    match contains {
        "time" => Unit::Seconds,
        "data" => Unit::Bytes,
        _ => Unit::Count,
    }
}

/// A value as k6 writes it, in its base unit.
pub(super) fn tidied(value: f64, unit: Unit) -> f64 {
    if unit == Unit::Seconds { value / MILLIS } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_become_seconds_and_counts_stay() {
        assert_eq!(tidied(20.0, unit("time")), 0.020);
        assert_eq!(tidied(20.0, unit("data")), 20.0);
        assert_eq!(sampled("trend", "default"), Some(Sampled::Trend(Unit::Count)));
        assert_eq!(sampled("tree", "time"), None);
    }

    #[test]
    fn modules_are_known_by_name_and_the_rest_are_numbers() {
        assert_eq!(by_name("grpc_req_duration"), Sampled::Trend(Unit::Seconds));
        assert_eq!(by_name("order_time"), Sampled::Trend(Unit::Count));
        assert!(is_built_in("http_req_waiting") && is_built_in("vus") && !is_built_in("ws_ping"));
    }
}
