//! Many comparisons at once: one bound on any false alarm, and lists with few false entries.

use super::student;

/// The least critical value: a one-sided 5 % test of a single normal statistic.
const LEAST: f64 = 1.645;
/// The largest: beyond it no data would be enough.
const MOST: f64 = 60.0;
/// Halvings of LEAST…MOST: down to 5e-8, far below what any statistic is good for.
const HALVINGS: usize = 30;

/// One test that may raise a false alarm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// The threshold in standard errors: a false alarm must get over this too.
    pub gate: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// Statistics that are tried: the better one counts.
    pub tries: f64,
}

/// The smallest c ≥ 1.645 with which the chance of any false alarm, Σ min(SF(gate), tries·SF(c)), is at most `bound`.
///
/// A union bound: it holds however the tests depend on each other. 0 without tests.
pub fn critical_value(trials: &[Trial], bound: f64) -> f64 {
    if trials.is_empty() {
        return 0.0;
    }
    let gates: Vec<f64> = trials.iter().map(|trial| student::survival(trial.gate, trial.df)).collect();
    let chance = |c: f64| -> f64 {
        // Neighbours mostly share their degrees of freedom, and the tail is what takes time.
        let mut last = (f64::NAN, f64::NAN);
        let one = |(trial, gate): (&Trial, &f64)| {
            if trial.df != last.0 {
                last = (trial.df, student::survival(c, trial.df));
            }
            gate.min(trial.tries * last.1)
        };
        trials.iter().zip(&gates).map(one).sum()
    };
    if chance(LEAST) <= bound {
        return LEAST;
    }
    let (mut low, mut high) = (LEAST, MOST);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if chance(middle) > bound { low = middle } else { high = middle }
    }
    high
}

/// Which of `p_values` are significant when at most a share `level` of those may be false.
///
/// Benjamini & Hochberg, "Controlling the False Discovery Rate" (1995).
pub fn benjamini_hochberg(p_values: &[f64], level: f64) -> Vec<bool> {
    let mut sorted = p_values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let limit = sorted.iter().enumerate().rev().find(|(rank, p)| **p <= level * (*rank + 1) as f64 / n);
    p_values.iter().map(|p| limit.is_some_and(|(_, limit)| p <= limit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::known;

    #[test]
    fn critical_values_agree_with_the_reference() {
        for (trials, bound, c) in known().critical_value {
            let trials: Vec<_> = trials.iter().map(|&(gate, df, tries)| Trial { gate, df, tries }).collect();
            let ours = critical_value(&trials, bound);
            assert!((ours - c).abs() < 1e-3, "{ours} is not {c}");
        }
    }

    #[test]
    fn lists_agree_with_the_reference() {
        for (p_values, listed) in known().benjamini_hochberg {
            assert_eq!(benjamini_hochberg(&p_values, 0.05), listed, "{p_values:?}");
        }
        assert!(benjamini_hochberg(&[], 0.05).is_empty());
    }

    #[test]
    fn a_threshold_that_noise_cannot_reach_needs_no_more_than_the_least() {
        let far = Trial { gate: 30.0, df: 20.0, tries: 1.0 };
        assert_eq!(critical_value(&[far; 50], 0.001), LEAST);
        let near = Trial { gate: 0.5, ..far };
        assert!(critical_value(&[near; 50], 0.001) > 4.0);
    }
}
