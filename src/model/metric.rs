//! Metrics: name, unit and direction of what is judged.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Unit;

/// Which way a metric is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Smaller is better: latency, errors, memory.
    Down,
    /// Larger is better: throughput.
    Up,
}

impl Direction {
    /// +1 where growth is a degradation, −1 where it is an improvement.
    pub fn sign(self) -> f64 {
        match self {
            Self::Down => 1.0,
            Self::Up => -1.0,
        }
    }
}

/// A quantity with a unit and a direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// As users write it: `p95`, `throughput`, `error-rate`, `memory`, `order_time.p95`.
    pub name: Cow<'static, str>,
    /// Unit of its values.
    pub unit: Unit,
    /// Which way is better.
    pub better: Direction,
}

impl Metric {
    /// The metric of that name, if it is one that every run may have.
    pub fn known(name: &str) -> Option<Self> {
        let (unit, better) = match name {
            "throughput" => (Unit::PerSecond, Direction::Up),
            "error-rate" => (Unit::Ratio, Direction::Down),
            "memory" => (Unit::Bytes, Direction::Down),
            "cpu" => (Unit::Cores, Direction::Down),
            "mean" | "min" | "max" => (Unit::Seconds, Direction::Down),
            _ if quantile_of(name).is_some() => (Unit::Seconds, Direction::Down),
            _ => return None,
        };
        Some(Self { name: Cow::Owned(name.to_owned()), unit, better })
    }

    /// Whether the metric is a latency figure: a quantile, the mean, the extremes.
    pub fn is_latency(name: &str) -> bool {
        matches!(name, "mean" | "min" | "max") || quantile_of(name).is_some()
    }
}

/// The share that a quantile's name means: `p95` is 0.95, `p99.9` is 0.999.
pub fn quantile_of(name: &str) -> Option<f64> {
    let digits = name.strip_prefix('p')?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let percent: f64 = digits.parse().ok()?;
    (percent > 0.0 && percent < 100.0).then_some(percent / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantile_names_are_shares() {
        assert_eq!(quantile_of("p95"), Some(0.95));
        assert!((quantile_of("p99.9").unwrap() - 0.999).abs() < 1e-12);
        for not_one in ["p", "p0", "p100", "pages", "95", "p.", "p9e1"] {
            assert_eq!(quantile_of(not_one), None, "{not_one}");
        }
    }

    #[test]
    fn throughput_is_better_up() {
        assert_eq!(Metric::known("throughput").unwrap().better, Direction::Up);
        assert_eq!(Metric::known("p99").unwrap().unit, Unit::Seconds);
        assert!(Metric::known("order_time").is_none());
    }
}
