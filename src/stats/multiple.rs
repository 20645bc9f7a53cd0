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

impl Trial {
    /// Chance of getting over the threshold when nothing changed.
    pub fn over_threshold(&self) -> f64 {
        student::survival(self.gate, self.df)
    }

    /// Chance that a statistic gets over `c` when nothing changed: of several tried, their sum bounds it.
    pub fn beyond(&self, c: f64) -> f64 {
        self.tries * student::survival(c, self.df)
    }
}

/// A bound on the chance that any of `trials` raises a false alarm with the critical value `c`, at most 1.
///
/// At the critical value this is what was spent; at the statistic of one test it is that test's p-value adjusted for the
/// family, which is at most the family's bound exactly when the statistic reaches the critical value.
pub fn chance(trials: &[Trial], c: f64) -> f64 {
    trials.iter().map(|trial| trial.over_threshold().min(trial.beyond(c))).sum::<f64>().min(1.0)
}

/// The smallest c ≥ 1.645 with which the chance of any false alarm, Σ min(SF(gate), tries·SF(c)), is at most `bound`.
///
/// A union bound: it holds however the tests depend on each other. 0 without tests.
pub fn critical_value(trials: &[Trial], bound: f64) -> f64 {
    if trials.is_empty() {
        return 0.0;
    }
    let gates: Vec<f64> = trials.iter().map(Trial::over_threshold).collect();
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

/// The smallest level at which each of `p_values` is on the list of [`benjamini_hochberg`]; `p.adjust` of R.
pub fn adjusted(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*b].total_cmp(&p_values[*a]));
    let n = p_values.len() as f64;
    let mut adjusted = vec![1.0; p_values.len()];
    let mut least: f64 = 1.0;
    for (largest, i) in order.into_iter().enumerate() {
        least = least.min(p_values[i] * n / (n - largest as f64));
        adjusted[i] = least;
    }
    adjusted
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

    /// The example of Benjamini & Hochberg (1995), section 4, as `scipy.stats.false_discovery_control` adjusts it
    /// (version 1.17.1); `p.adjust(p, "BH")` of R is the same function.
    #[test]
    fn adjusted_p_values_agree_with_scipy() {
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
            0.7590, 1.0,
        ];
        let known = [
            0.0015,
            0.003,
            0.0095,
            0.035625,
            0.0603,
            0.063_857_142_857_142_86,
            0.063_857_142_857_142_86,
            0.0645,
            0.0765,
            0.486,
            0.581_181_818_181_818_1,
            0.714_875,
            0.753_230_769_230_769_2,
            0.813_214_285_714_285_7,
            1.0,
        ];
        for (ours, known) in adjusted(&p).iter().zip(known) {
            assert!((ours - known).abs() < 1e-12, "{ours} is not {known}");
        }
        let (tied, known) = (adjusted(&[0.05, 0.01, 0.03, 0.03, 0.2]), [0.0625, 0.05, 0.05, 0.05, 0.2]);
        assert!(tied.iter().zip(known).all(|(ours, known)| (ours - known).abs() < 1e-12), "{tied:?}");
    }

    #[test]
    fn a_p_value_is_listed_when_its_adjusted_value_is_within_the_level() {
        for (p_values, listed) in known().benjamini_hochberg {
            let within: Vec<bool> = adjusted(&p_values).iter().map(|p| *p <= 0.05).collect();
            assert_eq!(within, listed, "{p_values:?}");
        }
    }

    #[test]
    fn a_statistic_at_the_critical_value_spends_the_bound() {
        for (trials, bound, _) in known().critical_value {
            let trials: Vec<_> = trials.iter().map(|&(gate, df, tries)| Trial { gate, df, tries }).collect();
            let c = critical_value(&trials, bound);
            assert!(chance(&trials, c) <= bound, "{bound}");
            assert!(c == LEAST || chance(&trials, c - 1e-6) > bound, "{bound}");
        }
    }

    #[test]
    fn a_threshold_that_noise_cannot_reach_needs_no_more_than_the_least() {
        let far = Trial { gate: 30.0, df: 20.0, tries: 1.0 };
        assert_eq!(critical_value(&[far; 50], 0.001), LEAST);
        let near = Trial { gate: 0.5, ..far };
        assert!(critical_value(&[near; 50], 0.001) > 4.0);
    }
}
