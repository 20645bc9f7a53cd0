//! An estimate with what is needed to test it and to draw its interval.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::student;

/// A log change: positive is worse.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The estimated change.
    pub value: f64,
    /// Its standard error.
    pub se: f64,
    /// Degrees of freedom of the standard error.
    pub df: f64,
}

/// A change that 95 of 100 such intervals hold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfidenceInterval {
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

impl Estimate {
    /// The estimate in standard errors.
    pub fn t(&self) -> f64 {
        self.value / self.se
    }

    /// Half the width of the two-sided 95 % interval.
    pub fn half_width(&self) -> f64 {
        student::upper_quantile(0.025, self.df) * self.se
    }

    /// The one-sided 95 % upper bound.
    pub fn upper_bound(&self) -> f64 {
        self.value + student::upper_quantile(0.05, self.df) * self.se
    }

    /// The estimate of `value` whose error is that of both, with the smaller degrees of freedom.
    pub fn joined(&self, other: &Self, value: f64) -> Self {
        Self { value, se: self.se.hypot(other.se), df: self.df.min(other.df) }
    }
}
