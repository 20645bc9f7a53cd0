//! A figure of many endpoints: one factor common to the run, then the endpoints' own changes.
//!
//! A slow runner slows every endpoint. That factor is estimated first, as a weighted median over the endpoints, and
//! taken out of the endpoint tests, so that one endpoint that regressed stands out and a shift of everything is one
//! finding. The endpoints then share what is known of their run-to-run variance.

use super::estimate::Estimate;
use super::pairs;
use super::parts::{Factor, Guard, Shared};
use super::priors::Priors;
use super::robust::{centre_variance, median, sum_of_squares, weighted_median};
use super::series::{Seen, Series};
use super::shrink::{Spread, prior_df};
use super::single::Effect;

/// Sampling variance of a median relative to a mean's, π/2.
pub(super) const MEDIAN_LOSS: f64 = 1.57;
/// The median of |z| of a standard normal z: turns a median absolute deviation into a standard deviation.
pub const MEDIAN_ABSOLUTE: f64 = 0.6745;

/// What the endpoints say together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndpointEffects {
    /// The shift of the whole run; `None` with too few endpoints to tell one.
    pub common: Option<Common>,
    /// By series as given; `None` where candidate or baseline lack it.
    pub effects: Vec<Option<Effect>>,
    /// What these were computed from together.
    pub shared: Shared,
}

/// The shift of the whole run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Common {
    /// The shift.
    pub estimate: Estimate,
    /// Baseline runs it is measured against.
    pub runs: usize,
}

/// Compares one figure of all endpoints; every series covers the same runs.
pub fn endpoints(series: &[Series], priors: &Priors) -> EndpointEffects {
    let all: Vec<Option<Seen>> = series.iter().map(Series::seen).collect();
    let mut seen: Vec<Seen> = all.iter().flatten().cloned().collect();
    let runs = series.iter().map(|s| s.past.len() - s.earlier).max().unwrap_or(0);
    let candidates = series.first().map_or(0, |s| s.now.len());
    let together = seen.len() >= priors.min_endpoints;
    let (common, factor) = together
        .then(|| match seen[0].paired {
            true => pairs::take_out_common(&mut seen, priors),
            false => take_out_common(&mut seen, runs, candidates, priors),
        })
        .unzip();
    let (own, shared) = own_changes(&seen, together, priors);
    let mut own = own.into_iter();
    let effects = all.iter().map(|seen| seen.as_ref().and_then(|_| own.next())).collect();
    EndpointEffects { common, effects, shared: Shared { factor, ..shared } }
}

/// Estimates the common factor of every run and takes those of the baseline runs out of the residuals.
fn take_out_common(seen: &mut [Seen], runs: usize, candidates: usize, priors: &Priors) -> (Common, Factor) {
    let own = priors.cv_local * priors.cv_local;
    let weight = |s: &Seen| 1.0 / (own + s.past_variance);
    let factors: Vec<Option<f64>> = (0..seen[0].level.residuals.len())
        .map(|run| {
            let residual = |s: &Seen| Some((s.level.residuals[run]?, weight(s)));
            weighted_median(seen.iter().filter_map(residual).collect())
        })
        .collect();
    let shift = weighted_median(seen.iter().map(|s| (s.change(), weight(s))).collect()).unwrap_or(0.0);
    let spread = factor_spread(&factors, seen, runs);
    let precision: f64 = seen.iter().map(|s| 1.0 / (own + s.past_variance.max(s.now_variance))).sum();
    let sampling = MEDIAN_LOSS / precision;
    let prior = Spread { variance: priors.cv_global * priors.cv_global + sampling, df: priors.df_global };
    let shrunk = spread.shrunk(prior);
    // Never below what was seen: runners that differ more than the prior says keep doing so.
    let variance = shrunk.variance.max(spread.variance).max(priors.floor_cv * priors.floor_cv);
    let kept = typical_level(seen, runs);
    let centre_variance = centre_variance(kept);
    let se = (variance * (1.0 / candidates as f64 + centre_variance)).sqrt();
    for s in seen {
        s.common = shift;
        for (residual, factor) in s.level.residuals.iter_mut().zip(&factors) {
            *residual = residual.map(|r| r - factor.unwrap_or(0.0));
        }
    }
    let factor = Factor {
        shift,
        by_run: factors,
        own: spread,
        global: priors.cv_global,
        sampling,
        prior,
        shrunk,
        variance,
        floor: priors.floor_cv,
        candidates,
        centre_variance,
    };
    (Common { estimate: Estimate { value: shift, se, df: shrunk.df }, runs: kept }, factor)
}

/// Spread of the common factors of the baseline runs; one degree of freedom is spent on each stretch.
///
/// A window run without any of the endpoints counts with factor 0, an earlier one does not count.
fn factor_spread(factors: &[Option<f64>], seen: &[Seen], runs: usize) -> Spread {
    let earlier = factors.len() - runs;
    let counted = runs + factors[..earlier].iter().flatten().count();
    let parts = seen.iter().map(|s| s.level.parts).max().unwrap_or(1);
    let df = counted.saturating_sub(parts) as f64;
    Spread { variance: sum_of_squares(factors.iter().flatten().copied()) / df.max(1.0), df }
}

/// Window runs on the level of the middling endpoint: without those that a shift or an accepted new level cut off.
fn typical_level(seen: &[Seen], runs: usize) -> usize {
    let mut cut: Vec<usize> = seen.iter().map(|s| s.level.dropped + runs.saturating_sub(s.level.window)).collect();
    cut.sort_unstable();
    runs - cut.get(cut.len() / 2).copied().unwrap_or(0).min(runs)
}

/// The endpoints' own changes, and what they share; `together` says that a common factor was taken out.
fn own_changes(seen: &[Seen], together: bool, priors: &Priors) -> (Vec<Effect>, Shared) {
    let spreads: Vec<Spread> = seen.iter().map(|s| s.level.spread()).collect();
    let (prior, excess) = between_runs(seen, &spreads, together, priors);
    let seen_excess = Spread { variance: excess.variance.max(0.0), ..excess };
    let tau = seen_excess.shrunk(prior).variance;
    let prior_df = if together {
        let expected = seen.iter().zip(&spreads).map(|(s, spread)| (*spread, tau + s.past_variance));
        prior_df(&expected.collect::<Vec<_>>(), priors.df_local, priors.eb)
    } else {
        priors.df_global
    };
    let own_change = |s: &Seen| {
        let prior = Spread { variance: tau + s.past_variance, df: prior_df };
        let kappa = tau / (tau + s.now_variance / s.candidates);
        Effect::shrunk(s, tau, prior, kappa, priors)
    };
    let mut effects: Vec<Effect> = seen.iter().map(own_change).collect();
    let guard = if together { guard_scale(&mut effects, priors.guard_df) } else { Guard::default() };
    let (endpoints, local) = (seen.len(), priors.cv_local);
    (effects, Shared { endpoints, local, factor: None, prior, excess, between: tau, prior_df, guard })
}

/// The variance between runs that is assumed of the endpoints, and the one they show beyond that within runs.
fn between_runs(seen: &[Seen], spreads: &[Spread], together: bool, priors: &Priors) -> (Spread, Spread) {
    let own = priors.cv_local * priors.cv_local;
    let prior = if together { own } else { own + priors.cv_global * priors.cv_global };
    let assumed = Spread { variance: prior, df: priors.df_local };
    let weights: Vec<f64> =
        (seen.iter().zip(spreads)).map(|(s, spread)| spread.df / (prior + s.past_variance).powi(2)).collect();
    let total: f64 = weights.iter().sum();
    if total == 0.0 {
        return (assumed, Spread::default());
    }
    let beyond = seen.iter().zip(spreads).zip(&weights).map(|((s, spread), w)| w * (spread.variance - s.past_variance));
    // Without a common factor taken out the endpoints repeat each other.
    let df = spreads.iter().map(|spread| spread.df).sum::<f64>() * if together { 1.0 } else { 0.5 };
    (assumed, Spread { variance: beyond.sum::<f64>() / total, df })
}

/// Widens all errors when the endpoints of this run scatter more than history says: the run is noisy, whatever it says.
fn guard_scale(effects: &mut [Effect], weight: f64) -> Guard {
    let sizes: Vec<f64> = effects.iter().map(|e| e.estimate.t().abs()).collect();
    let Some(scatter) = median(&sizes) else { return Guard::default() };
    let n = sizes.len() as f64;
    let scale = ((n * (scatter / MEDIAN_ABSOLUTE).powi(2) + weight) / (n + weight)).sqrt();
    for effect in effects {
        effect.estimate.se *= scale.max(1.0);
        effect.parts.iter_mut().for_each(|parts| parts.scale = scale.max(1.0));
    }
    Guard { scatter, weight, scale }
}
