//! Variances of few runs, drawn towards what is known beforehand.
//!
//! Seven runs say little about a variance: it is averaged with a prior worth some degrees of freedom, and how many they
//! are worth is itself estimated from how unequal the endpoints are. Smyth, "Linear Models and Empirical Bayes Methods"
//! (2004), doi 10.2202/1544-6115.1027.

use serde::{Deserialize, Serialize};

use super::robust;

/// Fewest degrees of freedom left to the prior: endpoints are never taken to be wholly unlike.
const FEWEST_DF: f64 = 3.0;
/// Most degrees of freedom that the endpoints' likeness can give the prior.
const MOST_DF: f64 = 60.0;
/// Least excess of variance over chance: below, the moment estimate has no finite solution.
const LEAST_EXCESS: f64 = 1e-3;
/// Fewest endpoints from which their likeness is judged.
const FEWEST_ENDPOINTS: usize = 5;
/// Fewest degrees of freedom of an endpoint's variance that takes part.
const FEWEST_OWN_DF: f64 = 3.0;
/// Floor of a variance whose logarithm is taken.
const TINY: f64 = 1e-12;

/// A variance and the degrees of freedom it rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The variance.
    pub variance: f64,
    /// Degrees of freedom.
    pub df: f64,
}

impl Spread {
    /// The mean of this variance and a prior one, weighted by their degrees of freedom.
    pub(super) fn shrunk(self, prior: Self) -> Self {
        let df = prior.df + self.df;
        Self { variance: (prior.df * prior.variance + self.df * self.variance) / df, df }
    }
}

/// Degrees of freedom of the prior that the endpoints' likeness suggests, drawn with weight `weight` towards `usual`.
///
/// `seen` are the endpoints' own spreads, each with the variance expected of it. Moment estimate of Smyth (2004),
/// section 6.2: the variance of ln s² over what trigamma explains.
pub(super) fn prior_df(seen: &[(Spread, f64)], usual: f64, weight: f64) -> f64 {
    let known: Vec<_> = seen.iter().filter(|(own, _)| own.df >= FEWEST_OWN_DF).collect();
    if known.len() < FEWEST_ENDPOINTS {
        return usual;
    }
    let logs: Vec<f64> = known.iter().map(|(own, expected)| (own.variance.max(TINY) / expected).ln()).collect();
    let chance: Vec<f64> = known.iter().map(|(own, _)| trigamma(0.5 * own.df)).collect();
    let excess = robust::variance(&logs) - robust::mean(&chance).unwrap_or_default();
    let df = (2.0 * trigamma_inverse(excess.max(LEAST_EXCESS))).min(MOST_DF);
    let n = known.len() as f64;
    ((n + weight) / (n / df + weight / usual)).max(FEWEST_DF)
}

/// ψ′(x) for x > 0: recurrence up to 8, then the asymptotic series (Abramowitz & Stegun 6.4.12).
pub(super) fn trigamma(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < 8.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    sum + 1.0 / x + 1.0 / (2.0 * x * x) + 1.0 / (6.0 * x.powi(3)) - 1.0 / (30.0 * x.powi(5)) + 1.0 / (42.0 * x.powi(7))
}

/// The x in 0.001…10,000 with ψ′(x) = y, by bisection on a logarithmic scale: ψ′ falls throughout.
pub(super) fn trigamma_inverse(y: f64) -> f64 {
    let (mut low, mut high) = (1e-3_f64, 1e4_f64);
    for _ in 0..80 {
        let middle = (low * high).sqrt();
        if trigamma(middle) > y { low = middle } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::known;

    #[test]
    fn trigamma_agrees_with_the_reference() {
        for (x, y) in known().trigamma {
            assert!((trigamma(x) / y - 1.0).abs() < 1e-9, "{x}");
        }
        for (y, x) in known().trigamma_inverse {
            assert!((trigamma_inverse(y) / x - 1.0).abs() < 1e-9, "{y}");
        }
        let exact = std::f64::consts::PI.powi(2) / 6.0;
        assert!((trigamma(1.0) - exact).abs() < 1e-8);
    }

    #[test]
    fn a_prior_weighs_as_many_runs_as_its_degrees_say() {
        let spread = Spread { variance: 4.0, df: 6.0 }.shrunk(Spread { variance: 1.0, df: 6.0 });
        assert_eq!(spread, Spread { variance: 2.5, df: 12.0 });
    }

    #[test]
    fn unlike_endpoints_trust_the_prior_less() {
        let alike: Vec<_> = (0..8).map(|_| (Spread { variance: 1.0, df: 6.0 }, 1.0)).collect();
        let unlike: Vec<_> = (0..8).map(|i| (Spread { variance: 10_f64.powi(i - 4), df: 6.0 }, 1.0)).collect();
        assert!(prior_df(&alike, 16.0, 6.0) > 16.0);
        assert!(prior_df(&unlike, 16.0, 6.0) < 6.0);
        assert_eq!(prior_df(&unlike[..4], 16.0, 6.0), 16.0);
    }
}
