//! A series of the run as a whole: throughput, memory, a custom metric.

use serde::{Deserialize, Serialize};

use super::estimate::Estimate;
use super::parts::Parts;
use super::priors::Priors;
use super::robust::centre_variance;
use super::series::{Seen, Series};
use super::shrink::Spread;

/// The change of a series against its baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// What the estimate's error was computed from, where the analysis keeps it.
    pub parts: Option<Parts>,
}

/// The change of `series`, whose log figure is thought to vary by `cv` from run to run.
pub fn single(series: &Series, cv: f64, priors: &Priors) -> Option<Effect> {
    let seen = series.seen()?;
    let prior = Spread { variance: cv * cv + seen.past_variance, df: priors.df_global };
    Some(Effect::shrunk(&seen, cv * cv, prior, 1.0, priors))
}

/// Standard error of the change: the candidate's mean, the baseline's centre, and no less than the floor.
pub(super) fn standard_error(seen: &Seen, variance: f64, priors: &Priors) -> f64 {
    let candidate = variance + (seen.now_variance - seen.past_variance).max(0.0);
    let both = candidate / seen.candidates + variance * baseline_share(seen);
    both.max(priors.floor_cv * priors.floor_cv).sqrt()
}

/// Variance of the baseline's centre as a multiple of one run's.
///
/// The variance of a difference within a pair is that of both runs: nothing is left to add for the baseline.
fn baseline_share(seen: &Seen) -> f64 {
    if seen.paired { 0.0 } else { centre_variance(seen.level.runs) }
}

impl Effect {
    /// The change less what is common to the endpoints, its error from the series' own spread shrunk towards `prior`; `between` is the part of
    /// the prior's variance that is from run to run.
    pub(super) fn shrunk(seen: &Seen, between: f64, prior: Spread, kappa: f64, priors: &Priors) -> Self {
        let own = seen.level.spread();
        let shrunk = own.shrunk(prior);
        let se = standard_error(seen, shrunk.variance, priors);
        let parts = Parts {
            residuals: seen.level.residuals.clone(),
            stretches: seen.level.parts,
            candidates: seen.candidates,
            past_variance: seen.past_variance,
            now_variance: seen.now_variance,
            own,
            between,
            prior,
            shrunk,
            centre_variance: baseline_share(seen),
            floor: priors.floor_cv,
            scale: 1.0,
        };
        let estimate = Estimate { value: seen.change() - seen.common, se, df: shrunk.df };
        Self { parts: Some(parts), ..Self::of(seen, estimate, kappa) }
    }

    pub(super) fn of(seen: &Seen, estimate: Estimate, kappa: f64) -> Self {
        let (centre, now) = (seen.level.centre, seen.now);
        let (raw, runs, cut) = (seen.change(), seen.level.runs, seen.level.cut);
        Self { estimate, raw, centre, now, runs, kappa, cut, parts: None }
    }
}
