//! What an estimate was computed from, kept so that every number of a verdict can be told and computed again.

use serde::{Deserialize, Serialize};

use super::shrink::Spread;

/// What the standard error of one series was computed from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parts {
    /// By baseline run: what the centre of its own part and the factor of its run leave of the value.
    pub residuals: Vec<Option<f64>>,
    /// Parts of the series with a centre of their own.
    pub stretches: usize,
    /// Candidate runs that have a value.
    pub candidates: f64,
    /// Mean variance within a baseline run.
    pub past_variance: f64,
    /// Mean variance within a candidate run.
    pub now_variance: f64,
    /// Spread of the residuals.
    pub own: Spread,
    /// Variance from run to run that was expected beforehand, the one within runs aside (τ² or cv²).
    pub between: f64,
    /// The variance expected of the residuals: between and within runs, with the degrees of freedom it is worth.
    pub prior: Spread,
    /// The mean of `own` and `prior`.
    pub shrunk: Spread,
    /// Variance of the centre as a multiple of one run's.
    pub centre_variance: f64,
    /// Least standard error.
    pub floor: f64,
    /// Factor by which the error was widened because the endpoints of the candidate scatter; at least 1.
    pub scale: f64,
}

/// What the endpoints of a comparison say together of one figure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shared {
    /// Endpoints with values on both sides.
    pub endpoints: usize,
    /// Run-to-run s.d. of one endpoint that weights are made of.
    pub local: f64,
    /// The factor common to a run; `None` with too few endpoints to tell one.
    pub factor: Option<Factor>,
    /// Variance from run to run before any history is seen, with its degrees of freedom.
    pub prior: Spread,
    /// What the endpoints' residuals show beyond the variance within runs (may be below 0), with its degrees of freedom.
    pub excess: Spread,
    /// The mean of both, τ².
    pub between: f64,
    /// Degrees of freedom that τ² is worth to one endpoint, from how unequal the endpoints are.
    pub prior_df: f64,
    /// How the endpoints of the candidate scatter against their errors.
    pub guard: Guard,
}

/// How the endpoints of the candidate scatter: more than their errors say, and all errors are widened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Guard {
    /// Median of |own change / error| over the endpoints, before errors are widened.
    pub scatter: f64,
    /// Weight of "the scatter is as history says", in endpoints.
    pub weight: f64,
    /// The scatter against that of a normal variable, drawn towards 1; errors are widened by it above 1.
    pub scale: f64,
}

/// What the factor common to all endpoints of a run, and its error, were computed from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Factor {
    /// The candidate's factor: the shift of the whole run.
    pub shift: f64,
    /// By baseline run: its factor; `None` of a run without any of the endpoints.
    pub by_run: Vec<Option<f64>>,
    /// Spread of the factors.
    pub own: Spread,
    /// Run-to-run s.d. of a whole run that is expected beforehand.
    pub global: f64,
    /// Variance that the median over so many endpoints has itself.
    pub sampling: f64,
    /// Both together, with the degrees of freedom they are worth.
    pub prior: Spread,
    /// The mean of `own` and `prior`.
    pub shrunk: Spread,
    /// The variance that is used: the largest of the shrunk one, the seen one and the floor's.
    pub variance: f64,
    /// Least standard deviation.
    pub floor: f64,
    /// Candidate runs.
    pub candidates: usize,
    /// Variance of the centre as a multiple of one run's.
    pub centre_variance: f64,
}

/// What the standard error of an error rate was computed from, on the arcsine scale.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateParts {
    /// Mean angle of the baseline runs.
    pub before: f64,
    /// Mean angle of the candidate runs.
    pub after: f64,
    /// Overdispersion of errors within a run (φ).
    pub dispersion: f64,
    /// Run-to-run s.d. of an angle beyond chance.
    pub extra: f64,
    /// Mean of ¼ over the requests of a baseline run: what chance alone makes of an angle.
    pub chance: f64,
    /// Spread of the angles from run to run.
    pub own: Spread,
    /// The variance expected of an angle, with the degrees of freedom it is worth.
    pub prior: Spread,
    /// The mean of `own` and `prior`.
    pub shrunk: Spread,
    /// The variance of a baseline run's angle: the shrunk one, and with two degrees or more never below the seen one.
    pub between: f64,
    /// Requests of all candidate runs.
    pub requests: u64,
    /// The variance of a candidate run's angle.
    pub within: f64,
    /// Candidate runs.
    pub candidates: usize,
}
