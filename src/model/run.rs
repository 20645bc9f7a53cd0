//! A run: everything ingested for one execution of one scenario.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Direction, Environment, Judged, Latency, Load, Summary, Timeline, Tool, Unit};

/// The name of the run as a whole, where an endpoint's name is shown.
pub const ALL: &str = "(all)";

/// The name under which endpoints beyond the cap are merged.
pub const OTHER: &str = "(other)";

/// Everything ingested for one execution of one scenario; also the native format `perf-gate/run/v1`.
///
/// Units are base units: seconds, bytes, 1/s, ratios. What the source could not tell is absent, never 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The format and its version: `perf-gate/run/v1`.
    pub schema: String,
    /// The load test's name, `checkout` for example.
    pub scenario: String,
    /// Identity of this execution; recording the same id twice is recording once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Start of the first request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// Seconds from the start of the first request to the end of the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// The commit under test (full hash).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The branch under test; without one a run counts as trunk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Number of the pull request under test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<u64>,
    /// The release that this run is of: later runs are compared with its level too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Address of the workflow run that executed the test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The load generator.
    #[serde(default, skip_serializing_if = "Tool::is_unknown")]
    pub tool: Tool,
    /// Which requests the judged latencies are of.
    #[serde(default)]
    pub basis: Basis,
    /// What must agree for runs to be comparable.
    #[serde(default, skip_serializing_if = "Environment::is_empty")]
    pub environment: Environment,
    /// The configured and the observed load.
    #[serde(default, skip_serializing_if = "Load::is_empty")]
    pub load: Load,
    /// The run as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Endpoint>,
    /// One entry per request label, in the order of their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<Endpoint>,
    /// Values of the run as a whole: custom metrics, or all there is in a hand-written file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Measurement>,
    /// Memory, CPU and other series of the system under test.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Series>,
    /// Kinds of failed requests, most frequent first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Failure>,
    /// The files this run was read from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
    /// What a reader should know before trusting the figures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// Why this run cannot be judged (zero requests, an aborted test), if it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid: Option<String>,
    /// What became of the run when it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<Judged>,
    /// What is judged: the values left when the warm-up is cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// Slices of the run while it is in memory; what is kept of them is [`Run::summary`].
    #[serde(skip)]
    pub timeline: Option<Timeline>,
}

impl Run {
    /// A run of `scenario` about which nothing else is known yet.
    pub fn new(scenario: &str) -> Self {
        Self {
            schema: super::SCHEMA.to_owned(),
            scenario: scenario.to_owned(),
            id: None,
            started_at: None,
            duration: None,
            commit: None,
            branch: None,
            pull_request: None,
            release: None,
            url: None,
            tool: Tool::default(),
            basis: Basis::default(),
            environment: Environment::default(),
            load: Load::default(),
            total: None,
            endpoints: Vec::new(),
            metrics: Vec::new(),
            resources: Vec::new(),
            failures: Vec::new(),
            sources: Vec::new(),
            warnings: Vec::new(),
            invalid: None,
            judged: None,
            summary: None,
            timeline: None,
        }
    }

    /// Adds a warning, once.
    pub fn warn(&mut self, message: impl Into<String>) {
        let warning = Warning(message.into());
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// The endpoints that are requests, without transactions made of them.
    pub fn requests(&self) -> impl Iterator<Item = &Endpoint> {
        self.endpoints.iter().filter(|e| e.kind == Kind::Request)
    }
}

/// Which requests a latency figure is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// Successful requests only.
    #[default]
    Ok,
    /// All requests, failed ones included: the format gives no other figure.
    All,
}

impl Basis {
    /// `ok` or `all`, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::All => "all",
        }
    }
}

/// What the requests of one label did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The request label.
    pub name: String,
    /// Whether this is a request or a transaction made of requests.
    #[serde(default, skip_serializing_if = "Kind::is_request")]
    pub kind: Kind,
    /// Requests, failed ones included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Failed requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<u64>,
    /// Requests per second, from the start of the run's first request to the end of its last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<f64>,
    /// Latency of successful requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// Latency of all requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_all: Option<Latency>,
    /// Values of this endpoint that are none of the above; in a hand-written file also those that are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Measurement>,
    /// The whole run in equal intervals, for trends and charts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intervals: Vec<Interval>,
}

impl Endpoint {
    /// An endpoint about which only the name is known.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Failed requests as a share of all, where both are known and there was a request.
    pub fn error_rate(&self) -> Option<f64> {
        match (self.errors, self.count) {
            (Some(errors), Some(count)) if count > 0 => Some(errors as f64 / count as f64),
            _ => None,
        }
    }

    /// The latency that is judged on `basis`.
    pub fn latency_on(&self, basis: Basis) -> Option<&Latency> {
        match basis {
            Basis::Ok => self.latency.as_ref(),
            Basis::All => self.latency_all.as_ref(),
        }
    }
}

/// Whether an endpoint is a request, or a transaction whose time covers several requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A request; the run as a whole is made of these.
    #[default]
    Request,
    /// A group of requests (`JMeter` transaction controller, k6 group); listed, never part of the total.
    Transaction,
}

impl Kind {
    fn is_request(&self) -> bool {
        *self == Self::Request
    }
}

/// One named value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// The metric's name: `p95`, `throughput`, `error-rate`, or any other.
    pub name: String,
    /// Its value in `unit`.
    pub value: f64,
    /// The unit; without one that of the named metric, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// Which way is better; without it that of the named metric, or down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub better: Option<Direction>,
}

/// One interval of an endpoint's run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// Seconds from the start of the run to the start of the interval.
    pub at: f64,
    /// Requests that started in it.
    pub count: u64,
    /// Failed ones among them.
    pub errors: u64,
    /// Median latency of the successful ones, s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50: Option<f64>,
    /// 95th percentile of the successful ones, s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95: Option<f64>,
}

/// A series of the system under test: memory, CPU, connections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// `memory`, `cpu`, or the name the file gave.
    pub name: String,
    /// Unit of the values.
    pub unit: Unit,
    /// Exact largest value.
    pub max: f64,
    /// Exact mean of the values.
    pub mean: f64,
    /// The last value.
    pub last: f64,
    /// `[Unix time in s, value]` in the order of time, thinned where there were very many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<(f64, f64)>,
}

/// A kind of failed request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The endpoint, where the source names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// What failed, in the source's words.
    pub message: String,
    /// How often.
    pub count: u64,
}

/// A file a run was read from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// File name without directories.
    pub name: String,
    /// Name of its format, `k6-json` for example.
    pub format: String,
    /// Bytes as they lie on disk.
    pub size: u64,
    /// Digest of those bytes: `xxh3-256k:` and 32 hexadecimal digits. It tells files apart; it is no signature.
    pub digest: String,
}

/// Something a reader should know before trusting a figure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Warning(pub String);

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
