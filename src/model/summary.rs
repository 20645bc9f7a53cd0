//! What is judged of a run: log values with their within-run variances, small enough to keep for a year.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The start of a run that is not judged: caches fill, connections open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WarmUp {
    /// A share of the run, 0…1.
    Share(f64),
    /// Seconds from the first request.
    Seconds(f64),
}

impl Default for WarmUp {
    /// A tenth of the run.
    fn default() -> Self {
        Self::Share(0.10)
    }
}

impl WarmUp {
    /// Seconds of a run of `length` seconds; never the whole of it.
    pub fn seconds(self, length: f64) -> Option<f64> {
        let seconds = match self {
            Self::Share(share) => share * length,
            Self::Seconds(seconds) => seconds,
        };
        (0.0..length).contains(&seconds).then_some(seconds)
    }
}

/// The natural logarithm of a figure and how uncertain it is within its run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogValue {
    /// Natural logarithm of the figure in its base unit (latencies: of seconds).
    pub y: f64,
    /// Variance of `y` within the run; absent where the source gives no way to know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub v: Option<f64>,
}

/// The judged values of a run: its requests after the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Judged part of the run, s; absent where the source gives no time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// Seconds left out at the start.
    #[serde(default)]
    pub warm_up: f64,
    /// The run as a whole. Its latencies are pooled over endpoints and shown, never tested.
    pub total: EndpointSummary,
    /// By endpoint name; transactions are left out.
    #[serde(default)]
    pub endpoints: BTreeMap<String, EndpointSummary>,
    /// Resources (`memory`: 0.95 quantile; others: mean) and custom metrics of the run, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, LogValue>,
    /// Log change of latency over the judged part (Theil–Sen); above 0 the run became slower.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trend: Option<f64>,
    /// The same of memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_trend: Option<f64>,
}

/// The judged values of one endpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointSummary {
    /// Requests; absent where the source does not count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Failed requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<u64>,
    /// Requests the latencies are of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<u64>,
    /// Overdispersion of the errors over blocks (`phi_err`), at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_dispersion: Option<f64>,
    /// Requests per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<LogValue>,
    /// By name: `p50`, `p90`, `p95`, `p99`, `mean`, and `body`, the mean of the logarithms of p50 and p90.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub latency: BTreeMap<String, LogValue>,
    /// Step of the source's latencies at the 95th percentile, s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<f64>,
    /// Custom metrics of this endpoint.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, LogValue>,
}
