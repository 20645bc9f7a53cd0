//! The size of a change on the scale that people read: relative, or of error rates a difference.

use crate::compare::LogChange;
use crate::model::Direction;
use crate::stats::{ConfidenceInterval, Estimate, RateEffect, angle_of, rate_of};

use super::trial::{Tested, Trial};

/// Standard errors beyond the critical value at which four of five changes are found (the 0.8 quantile of a normal).
pub const POWER: f64 = 0.85;

/// The figures of a change, turned back to the scale that people read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) change: f64,
    pub(super) interval: ConfidenceInterval,
    pub(super) noise_floor: f64,
    pub(super) smallest_detectable: f64,
}

impl Shape {
    pub(super) fn of(trial: &Trial<'_>) -> Self {
        match trial.change {
            Tested::Rate(rate) => Self::of_rate(trial, rate),
            Tested::Log(change) => {
                let whole = whole(change);
                let (better, se) = (trial.effect.better, change.estimate.se);
                let floor = trial.critical_value * se;
                Self {
                    change: relative(change.raw, better),
                    interval: interval(&whole, better),
                    noise_floor: relative(floor, better).abs(),
                    smallest_detectable: relative(floor.max(trial.limit) + POWER * se, better).abs(),
                }
            }
        }
    }

    fn of_rate(trial: &Trial<'_>, rate: &RateEffect) -> Self {
        let (half, floor) = (rate.angle.half_width(), trial.critical_value * rate.angle.se);
        let end = |offset: f64| rate_of(angle_of(rate.candidate) + offset) - rate.baseline;
        let above = |offset: f64| rate_of(angle_of(rate.baseline) + offset) - rate.baseline;
        Self {
            change: rate.candidate - rate.baseline,
            interval: ConfidenceInterval { lower: end(-half), upper: end(half) },
            noise_floor: above(floor),
            smallest_detectable: above(trial.angle_limit(rate).max(floor) + POWER * rate.angle.se),
        }
    }
}

/// The change as it was seen, with the error of the shift that was taken out of the estimate.
pub(super) fn whole(change: &LogChange) -> Estimate {
    let seen = Estimate { value: change.raw, ..change.estimate };
    change.common.map_or(seen, |common| seen.joined(&common, change.raw))
}

/// A log change (positive is worse) as a relative change of the figure.
pub(super) fn relative(log: f64, better: Direction) -> f64 {
    (better.sign() * log).exp_m1()
}

/// The 95 % interval of an estimate as relative changes.
pub(super) fn interval(estimate: &Estimate, better: Direction) -> ConfidenceInterval {
    let ends = [-1.0, 1.0].map(|side| relative(estimate.value + side * estimate.half_width(), better));
    ConfidenceInterval { lower: ends[0].min(ends[1]), upper: ends[0].max(ends[1]) }
}
