//! What perf-gate assumes about load tests, as formulas: one small file per idea, no clock, file or chance.
//!
//! The run is the unit of replication. A run yields log figures with their variance within the run ([`summarize()`]);
//! how much runs differ comes from history, drawn towards a prior where history is short (`shrink`). A candidate's
//! figures become effects: per endpoint with one factor common to the run taken out ([`endpoints()`]), for a single
//! series ([`single()`]), for counts of errors ([`error_rate`]). [`critical_value`] bounds the chance of any false alarm.

mod change_points;
mod counts;
mod drift;
mod endpoints;
mod energy;
mod estimate;
mod multiple;
mod outliers;
mod pairs;
mod parts;
mod priors;
mod proportion;
mod robust;
mod series;
mod shrink;
mod single;
mod slope;
mod stretch;
mod student;
mod summarize;
mod sums;

pub use change_points::{ChangePoint, Level, Segments, segments};
pub use counts::{Counts, RateEffect, angle_of, error_rate, rate_of};
pub use drift::{Drift, drift, is_step, trend};
pub use endpoints::{Common, EndpointEffects, MEDIAN_ABSOLUTE, endpoints};
pub use estimate::{ConfidenceInterval, Estimate};
pub use multiple::{Trial, adjusted, benjamini_hochberg, chance, critical_value};
pub use pairs::error_rate_of_pairs;
pub use parts::{Factor, Guard, Parts, RateParts, Shared};
pub use priors::{Priors, SD_UNKNOWN, SE1_BODY, SE1_P95, SE1_THROUGHPUT, se1};
pub use proportion::wilson;
pub use robust::median;
pub use series::Series;
pub use shrink::Spread;
pub use single::{Effect, single};
pub use slope::theil_sen;
pub use stretch::stretches;
pub use student::{survival, upper_quantile};
pub use summarize::{MIN_OK, SummarySettings, summarize};

/// Known answers of the reference implementation for the small functions.
#[cfg(test)]
fn known() -> Known {
    serde_json::from_str(include_str!("../../fixtures/reference/pure.json")).unwrap()
}

#[cfg(test)]
#[derive(serde::Deserialize)]
struct Known {
    trigamma: Vec<(f64, f64)>,
    trigamma_inverse: Vec<(f64, f64)>,
    theil_sen: Vec<(Vec<f64>, f64)>,
    last_stretch: Vec<(Vec<f64>, usize)>,
    critical_value: Vec<KnownCritical>,
    benjamini_hochberg: Vec<(Vec<f64>, Vec<bool>)>,
    drift: Vec<(Vec<f64>, KnownDrift)>,
    trend: Vec<(Vec<f64>, f64, KnownDrift)>,
}

/// Trials of (gate, df, tries), the bound, and the critical value.
#[cfg(test)]
type KnownCritical = (Vec<(f64, f64, f64)>, f64, f64);

#[cfg(test)]
#[derive(serde::Deserialize)]
struct KnownDrift {
    verdict: String,
    p: Option<f64>,
    total: Option<f64>,
}
