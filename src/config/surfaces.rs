//! What perf-gate keeps on GitHub: issues, badges, digests, the history's size, calls to others.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Duration, Size};

/// The issue that a confirmed regression on trunk opens, one per scenario.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Issue {
    /// Labels it gets; they are made where they are not there.
    pub labels: Vec<String>,
    /// Who it is assigned to.
    pub assignees: Vec<String>,
    /// Who else, by endpoint name or pattern: `"GET /search*": [ada]`.
    pub owners: BTreeMap<String, Vec<String>>,
    /// Runs in a row without the regression that close it.
    pub close_after: usize,
}

impl Default for Issue {
    fn default() -> Self {
        let labels = vec!["performance-regression".to_owned(), "needs-investigation".to_owned()];
        Self { labels, assignees: Vec::new(), owners: BTreeMap::new(), close_after: 2 }
    }
}

/// The colours of the latency badge, and when a badge is out of date.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Badge {
    /// p95 of the run below this is green: `1s`.
    pub green: Duration,
    /// Below this it is yellow, above red: `1.5s`.
    pub yellow: Duration,
    /// A badge without a run for so long says that it is out of date: `7d`.
    pub stale_after: Duration,
}

impl Default for Badge {
    fn default() -> Self {
        Self { green: Duration(1.0), yellow: Duration(1.5), stale_after: Duration(7.0 * 86_400.0) }
    }
}

/// The weekly digest of the nightly runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Weekly {
    /// The day whose nightly run writes it; without one there is none.
    pub day: Option<Weekday>,
    /// Also keep it in one rolling issue.
    pub issue: bool,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// How long history is kept; applied by nightly runs.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Retention {
    /// The latest runs of each scenario and environment that are kept whole.
    pub whole: usize,
    /// How long thinned runs are kept; of older ones only the summaries of their day: `90d`.
    pub thinned: Duration,
    /// How long summaries are kept; without it for ever: `730d`.
    pub summaries: Option<Duration>,
    /// How large the history may grow before the oldest runs go: `500MB`.
    pub size: Option<Size>,
}

impl Default for Retention {
    fn default() -> Self {
        Self { whole: 100, thinned: Duration(90.0 * 86_400.0), summaries: None, size: None }
    }
}

/// Who is told of a critical regression on trunk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Notify {
    /// Type of the `repository_dispatch` event that is sent, for a rollback: `perf-gate-critical`.
    pub dispatch: Option<String>,
    /// Name of the environment variable that holds the address of a webhook, which is a secret: `CHAT_WEBHOOK`.
    pub webhook: Option<String>,
}
