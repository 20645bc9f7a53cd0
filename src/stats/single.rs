//! A series of the run as a whole: throughput, memory, a custom metric.

use super::estimate::Estimate;
use super::priors::Priors;
use super::robust::centre_variance;
use super::series::{Seen, Series};
use super::shrink::Spread;

/// The change of a series against its baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// The change that is tested; of an endpoint less the factor common to the run.
    pub estimate: Estimate,
    /// The change as it was seen.
    pub raw: f64,
    /// Centre of the baseline.
    pub centre: f64,
    /// Mean of the candidate runs.
    pub now: f64,
    /// Baseline values that the centre is of.
    pub runs: usize,
    /// Share of an endpoint's own change that is believed next to a shift of the whole run (κ); 1 of a single series.
    pub kappa: f64,
    /// The baseline run (index into `past`) that starts the level, where an older level was cut off.
    pub cut: Option<usize>,
}

/// The change of `series`, whose log figure is thought to vary by `cv` from run to run.
pub fn single(series: &Series, cv: f64, priors: &Priors) -> Option<Effect> {
    let seen = series.seen()?;
    let prior = Spread { variance: cv * cv + seen.past_variance, df: priors.df_global };
    let spread = seen.level.spread().shrunk(prior);
    let estimate = Estimate { value: seen.change(), se: standard_error(&seen, spread.variance, priors), df: spread.df };
    Some(Effect::of(&seen, estimate, 1.0))
}

/// Standard error of the change: the candidate's mean, the baseline's centre, and no less than the floor.
pub(super) fn standard_error(seen: &Seen, variance: f64, priors: &Priors) -> f64 {
    let candidate = variance + (seen.now_variance - seen.past_variance).max(0.0);
    // The variance of a difference within a pair is that of both runs: nothing is left to add for the baseline.
    let baseline = if seen.paired { 0.0 } else { variance * centre_variance(seen.level.runs) };
    let both = candidate / seen.candidates + baseline;
    both.max(priors.floor_cv * priors.floor_cv).sqrt()
}

impl Effect {
    pub(super) fn of(seen: &Seen, estimate: Estimate, kappa: f64) -> Self {
        let (centre, now) = (seen.level.centre, seen.now);
        Self { estimate, raw: seen.change(), centre, now, runs: seen.level.runs, kappa, cut: seen.level.cut }
    }
}
