//! Endpoints of tools that tell only final figures of all requests, failed ones included.

use crate::model::{Endpoint, Latency};

/// The endpoint `name` of a run of `duration` seconds. Its latencies are of all requests; where none failed, they are
/// those of the successful ones as well.
pub(super) fn endpoint(
    name: &str,
    count: u64,
    errors: u64,
    latency: Option<Latency>,
    duration: Option<f64>,
) -> Endpoint {
    Endpoint {
        count: Some(count),
        errors: Some(errors),
        throughput: duration.filter(|seconds| *seconds > 0.0).map(|seconds| count as f64 / seconds),
        latency: latency.clone().filter(|_| errors == 0),
        latency_all: latency,
        ..Endpoint::new(name)
    }
}
