//! Error rates, judged by counts so that they work with a single baseline run.
//!
//! On the arcsine scale of Anscombe, "The transformation of Poisson, binomial and negative-binomial data" (1948), the
//! variance of a rate does not depend on the rate.

use serde::{Deserialize, Serialize};

use super::estimate::Estimate;
use super::parts::RateParts;
use super::priors::Priors;
use super::robust::{degrees, mean, median, variance};
use super::shrink::Spread;

/// Requests of one run or endpoint, and how they failed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Requests; more than 0.
    pub requests: u64,
    /// Failed ones among them.
    pub errors: u64,
    /// Overdispersion of the errors over blocks of the run, at least 1.
    pub dispersion: f64,
}

/// The change of an error rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateEffect {
    /// Candidate less baseline on the arcsine scale, tested.
    pub angle: Estimate,
    /// Pooled rate of the baseline.
    pub baseline: f64,
    /// Pooled rate of the candidate.
    pub candidate: f64,
    /// Baseline runs.
    pub runs: usize,
    /// What the error of `angle` was computed from.
    pub parts: RateParts,
}

impl Counts {
    /// The rate on the arcsine scale, corrected for small counts.
    pub fn angle(&self) -> f64 {
        ((self.errors as f64 + 0.375) / (self.requests as f64 + 0.75)).sqrt().asin()
    }
}

/// Compares the counts of the candidate runs with those of the baseline's; `earlier` runs inform the spread only.
pub fn error_rate(earlier: &[Counts], past: &[Counts], now: &[Counts], priors: &Priors) -> Option<RateEffect> {
    let (angles, candidate) = (angles(past), angles(now));
    let (before, after) = (mean(&angles)?, mean(&candidate)?);
    let (n, m) = (past.len() as f64, now.len() as f64);
    let dispersion = dispersion(past, now);
    let extra = priors.sd_error * priors.sd_error;
    let chance = mean(&past.iter().map(|c| 0.25 / c.requests as f64).collect::<Vec<_>>())?;
    let own = spread(&angles, &self::angles(earlier));
    let prior = Spread { variance: dispersion * chance + extra, df: priors.df_error };
    let shrunk = own.shrunk(prior);
    // Rates that do move from run to run keep doing so.
    let between = if own.df > 1.0 { shrunk.variance.max(own.variance) } else { shrunk.variance };
    let requests: u64 = now.iter().map(|c| c.requests).sum();
    let within = between.max(0.25 * dispersion * m / requests as f64 + extra);
    let se = (within / m + between / n).sqrt();
    let angle = Estimate { value: after - before, se, df: shrunk.df };
    let (extra, candidates) = (priors.sd_error, now.len());
    let parts = RateParts {
        before,
        after,
        dispersion,
        extra,
        chance,
        own,
        prior,
        shrunk,
        between,
        requests,
        within,
        candidates,
    };
    Some(RateEffect { angle, baseline: pooled(past), candidate: pooled(now), runs: past.len(), parts })
}

/// The angle of a rate without the correction for small counts: the scale that thresholds are turned to.
pub fn angle_of(rate: f64) -> f64 {
    rate.clamp(0.0, 1.0).sqrt().asin()
}

/// The rate of an angle.
pub fn rate_of(angle: f64) -> f64 {
    angle.clamp(0.0, std::f64::consts::FRAC_PI_2).sin().powi(2)
}

/// How unevenly errors fall over a run's blocks of (requests, errors): 1 is chance (`phi_err`).
pub(super) fn overdispersion(blocks: &[(u64, u64)]) -> f64 {
    let (requests, errors) = blocks.iter().fold((0, 0), |(n, e), block| (n + block.0, e + block.1));
    if errors == 0 || blocks.len() < 2 {
        return 1.0;
    }
    let rate = errors as f64 / requests as f64;
    let squares = |(n, e): &(u64, u64)| (*e as f64 - *n as f64 * rate).powi(2);
    let sum: f64 = blocks.iter().filter(|(n, _)| *n > 0).map(squares).sum();
    let expected = (requests as f64 / blocks.len() as f64 * rate * (1.0 - rate)).max(1e-12);
    (sum / expected / (blocks.len() - 1) as f64).max(1.0)
}

pub(super) fn angles(counts: &[Counts]) -> Vec<f64> {
    counts.iter().map(Counts::angle).collect()
}

pub(super) fn pooled(counts: &[Counts]) -> f64 {
    let (errors, requests) = counts.iter().fold((0, 0), |(e, n), c| (e + c.errors, n + c.requests));
    errors as f64 / requests as f64
}

/// The larger of the candidate's overdispersion and the baseline's usual one.
pub(super) fn dispersion(past: &[Counts], now: &[Counts]) -> f64 {
    let usual = median(&past.iter().map(|c| c.dispersion).collect::<Vec<_>>()).unwrap_or(1.0);
    now.iter().map(|c| c.dispersion).fold(usual.max(1.0), f64::max)
}

/// Spread from run to run, of either group about its own mean.
fn spread(past: &[f64], earlier: &[f64]) -> Spread {
    let squares = [past, earlier].map(|group| variance(group) * degrees(group.len()));
    let df = degrees(past.len()) + degrees(earlier.len());
    Spread { variance: (squares[0] + squares[1]) / df.max(1.0), df }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(requests: u64, errors: u64) -> Counts {
        Counts { requests, errors, dispersion: 1.0 }
    }

    #[test]
    fn one_baseline_run_is_enough_for_a_collapse() {
        let effect = error_rate(&[], &[counts(1000, 20)], &[counts(1000, 80)], &Priors::default()).unwrap();
        assert!(effect.angle.t() > 4.0, "{effect:?}");
        assert!((effect.candidate - effect.baseline - 0.06).abs() < 1e-12);
        assert!(error_rate(&[], &[], &[counts(1, 0)], &Priors::default()).is_none());
    }

    #[test]
    fn rates_that_move_from_run_to_run_are_less_sure() {
        let steady = [counts(1000, 20); 5];
        let moving = [0, 10, 20, 30, 40].map(|errors| counts(1000, errors));
        let t = |past: &[Counts]| error_rate(&[], past, &[counts(1000, 50)], &Priors::default()).unwrap().angle.t();
        assert!(t(&steady) > 1.5 * t(&moving));
    }

    #[test]
    fn errors_in_one_block_are_overdispersed() {
        assert_eq!(overdispersion(&[(100, 0), (100, 0)]), 1.0);
        assert!(overdispersion(&[(100, 50), (100, 0), (100, 0), (100, 0)]) > 10.0);
        assert!(overdispersion(&[(100, 5), (100, 5), (100, 4), (100, 6)]) <= 1.0 + 1e-12);
    }

    #[test]
    fn angles_and_rates_are_inverse() {
        for rate in [0.0, 0.01, 0.5, 1.0] {
            assert!((rate_of(angle_of(rate)) - rate).abs() < 1e-12);
        }
        assert_eq!((rate_of(-1.0), rate_of(9.0)), (0.0, 1.0));
    }
}
