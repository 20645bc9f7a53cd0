//! What must agree for two runs to be comparable.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Basis, Run};

/// A load generator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// `k6`, `locust`, `jmeter`, `artillery`, or what a native file says.
    pub name: String,
    /// Its version, where the source tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl Tool {
    /// The tool called `name`, version unknown.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), version: None }
    }

    pub(super) fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

/// Machine and settings of a run, by key: `os`, `arch`, `cpu`, and whatever the configuration adds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Environment(pub BTreeMap<String, String>);

impl Environment {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The load: what was configured (part of the fingerprint) and what was seen (not part of it).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Configured virtual users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_users: Option<u64>,
    /// Configured arrivals per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrival_rate: Option<f64>,
    /// Configured duration, s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// Configured ramp or stages, as the tool writes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stages: Option<String>,
    /// Most virtual users seen at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_users: Option<u64>,
    /// Iterations the generator could not start in time: the load asked for was not reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped_iterations: Option<u64>,
}

impl Load {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Run {
    /// What the fingerprint is made of, by key, in the order of the keys.
    ///
    /// Configured load only: measured counts and patch versions differ between runs that are comparable.
    pub fn identity(&self) -> BTreeMap<String, String> {
        let mut parts = self.environment.0.clone();
        parts.insert("tool".to_owned(), self.tool.name.clone());
        if let Some(version) = &self.tool.version {
            let major = version.trim_start_matches('v').split('.').next().unwrap_or_default();
            parts.insert("tool-version".to_owned(), major.to_owned());
        }
        let basis = if self.basis == Basis::Ok { "ok" } else { "all" };
        parts.insert("basis".to_owned(), basis.to_owned());
        let load = &self.load;
        let mut put = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                parts.insert(key.to_owned(), value);
            }
        };
        put("virtual-users", load.virtual_users.map(|n| n.to_string()));
        put("arrival-rate", load.arrival_rate.map(|r| format!("{r}/s")));
        put("load-duration", load.duration.filter(|d| *d > 0.0).map(within_ten_percent));
        put("stages", load.stages.clone());
        parts
    }

    /// Hash of [`Run::identity`]: 12 hexadecimal digits, the name of the environment in the store.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for (key, value) in self.identity() {
            hash.update(format!("{key}={value}\n"));
        }
        hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A duration in steps of about 10 %, so that configured 299 s and 300 s are the same test.
fn within_ten_percent(seconds: f64) -> String {
    let step = (seconds.ln() / 1.1_f64.ln()).round();
    format!("{:.0}s", 1.1_f64.powf(step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patch_versions_and_observed_users_do_not_change_the_fingerprint() {
        let mut run = Run::new("checkout");
        run.tool = Tool { name: "k6".to_owned(), version: Some("1.1.0".to_owned()) };
        let before = run.fingerprint();
        run.tool.version = Some("v1.4.2".to_owned());
        run.load.peak_users = Some(12);
        assert_eq!(run.fingerprint(), before);
        assert_eq!(before.len(), 12);
    }

    #[test]
    fn major_version_basis_and_configured_load_change_it() {
        let run = Run::new("checkout");
        let mut other = run.clone();
        other.basis = Basis::All;
        assert_ne!(run.fingerprint(), other.fingerprint());
        let mut other = run.clone();
        other.load.virtual_users = Some(20);
        assert_ne!(run.fingerprint(), other.fingerprint());
        let mut other = run.clone();
        other.environment.0.insert("cpu".to_owned(), "EPYC".to_owned());
        assert_ne!(run.fingerprint(), other.fingerprint());
    }

    #[test]
    fn durations_within_a_few_percent_are_the_same_load() {
        assert_eq!(within_ten_percent(300.0), within_ten_percent(299.0));
        assert_ne!(within_ten_percent(300.0), within_ten_percent(360.0));
    }
}
