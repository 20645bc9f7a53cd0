//! What is assumed of runs before any history is seen.

use std::f64::consts::SQRT_2;

/// Priors and floors of the comparison; the defaults are those the false-alarm rates were measured with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Priors {
    /// Run-to-run s.d. of a log figure of the whole run: what a shared runner does to all endpoints.
    pub cv_global: f64,
    /// Degrees of freedom of `cv_global`: after six runs history weighs as much.
    pub df_global: f64,
    /// Run-to-run s.d. of one endpoint that is left when the common factor is taken out.
    pub cv_local: f64,
    /// Degrees of freedom of `cv_local`; more than `df_global`, since all endpoints inform it.
    pub df_local: f64,
    /// The s.d. of the common factor of a head run against the base run that shares its runner.
    pub cv_pair: f64,
    /// Run-to-run s.d. of log memory.
    pub cv_memory: f64,
    /// Degrees of freedom of the binomial variance of an error rate, as prior of the run-to-run one.
    pub df_error: f64,
    /// Run-to-run s.d. of an error rate on the arcsine scale, beyond chance.
    pub sd_error: f64,
    /// Fewest endpoints with a common factor: of two, none can be told from the endpoints themselves.
    pub min_endpoints: usize,
    /// Weight of "the scatter is as history says" in the scale guard, in endpoints.
    pub guard_df: f64,
    /// Least standard error of a log change: no history makes a gate sharper than 1 %.
    pub floor_cv: f64,
    /// Weight of `df_local`, in endpoints, when the endpoints' likeness is estimated.
    pub eb: f64,
}

impl Default for Priors {
    /// `DEFAULT` of the reference implementation.
    fn default() -> Self {
        Self {
            cv_global: 0.06,
            df_global: 6.0,
            cv_local: 0.03,
            df_local: 16.0,
            cv_pair: 0.04,
            cv_memory: 0.08,
            df_error: 20.0,
            sd_error: 0.01,
            min_endpoints: 3,
            guard_df: 20.0,
            floor_cv: 0.01,
            eb: 6.0,
        }
    }
}

impl Priors {
    /// What is assumed of differences within pairs instead of values of single runs.
    ///
    /// An endpoint's own part is drawn anew by either run. Of the whole run only `cv_pair` is left, the runner cancels.
    /// Of memory half of the variance is thought to be the machine's (heap sized by cores and limits) and to cancel, so
    /// that a difference varies as a single value does.
    #[must_use]
    pub fn of_pairs(self) -> Self {
        Self { cv_local: SQRT_2 * self.cv_local, cv_global: self.cv_pair, ..self }
    }
}

/// Standard deviation of one log p95 within a run, times the root of its requests; used where only final aggregates
/// are known. Measured on raw results.
pub const SE1_P95: f64 = 2.3;
/// The same of the body of the distribution (p50, p90, mean).
pub const SE1_BODY: f64 = 1.2;
/// The same of a throughput: that of a Poisson process.
pub const SE1_THROUGHPUT: f64 = 1.0;
/// Standard deviation of a log figure within a run of which not even the requests are known.
pub const SD_UNKNOWN: f64 = 0.03;

/// Standard deviation within a run of the latency figure `name`, times the root of its requests.
///
/// Beyond p95 the error of a quantile grows as in an exponential tail: √(p/(1−p)) / ln(1/(1−p)).
pub fn se1(name: &str) -> f64 {
    let tail = |p: f64| (p / (1.0 - p)).sqrt() / -(-p).ln_1p();
    match crate::model::quantile_of(name) {
        Some(p) if p > 0.95 => SE1_P95 * tail(p) / tail(0.95),
        Some(p) if p > 0.9 => SE1_P95,
        _ => SE1_BODY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_far_tail_is_less_sure() {
        assert_eq!((se1("p95"), se1("body"), se1("p50")), (2.3, 1.2, 1.2));
        assert!(se1("p99") > 1.3 * se1("p95"));
    }
}
