//! Latency of some requests, and how finely a source writes it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Histogram, quantile_of};

/// Latency of some requests: exact moments, and either a histogram or the quantiles a source gave.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// Requests measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Exact mean, s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Exact smallest, s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Exact largest, s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Quantiles as the source gave them, by name (`p95`), s.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub quantiles: BTreeMap<String, f64>,
    /// The whole distribution, where the source allows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<Histogram>,
    /// How finely the source writes latencies.
    #[serde(default)]
    pub resolution: Resolution,
}

impl Latency {
    /// The latency figure `name` (`p95`, `mean`, `min`, `max`) in seconds, where it is known.
    pub fn figure(&self, name: &str) -> Option<f64> {
        match name {
            "mean" => self.mean,
            "min" => self.min,
            "max" => self.max,
            _ => match (&self.histogram, quantile_of(name)) {
                (Some(histogram), Some(share)) => histogram.quantile(share, self.resolution),
                _ => self.quantiles.get(name).copied(),
            },
        }
    }
}

/// How finely a source writes latencies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolution {
    /// Smallest step, s.
    pub step: f64,
    /// Significant digits that are kept beyond, where values are rounded to so many (Locust: 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<u8>,
}

impl Resolution {
    /// One microsecond: finer than any load generator's clock is good for.
    pub const FINE: Self = Self { step: 1e-6, digits: None };
    /// Whole milliseconds.
    pub const MILLISECOND: Self = Self { step: 1e-3, digits: None };

    /// Width of a step at `seconds`, s.
    pub fn width(self, seconds: f64) -> f64 {
        match self.digits {
            Some(digits) if seconds > 0.0 => {
                let power = (seconds * (1.0 + 1e-9)).log10().floor() as i32 - i32::from(digits) + 1;
                self.step.max(10_f64.powi(power))
            }
            _ => self.step,
        }
    }

    /// The coarser of two.
    pub fn coarser(self, other: Self) -> Self {
        if (other.step, other.digits.is_some()) > (self.step, self.digits.is_some()) { other } else { self }
    }
}

impl Default for Resolution {
    fn default() -> Self {
        Self::FINE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_two_digits_widen_with_the_value() {
        let locust = Resolution { step: 0.001, digits: Some(2) };
        let widths: Vec<_> = [0.005, 0.099, 0.1, 0.99, 1.0, 9.9, 10.0].map(|s| locust.width(s)).into();
        for (width, expected) in widths.iter().zip([0.001, 0.001, 0.01, 0.01, 0.1, 0.1, 1.0]) {
            assert!((width - expected).abs() < 1e-12, "{width} is not {expected}");
        }
    }
}
