//! The stable stretches of a series: a baseline must not straddle a shift of the level.

use super::robust::{mean, sum_of_squares};

/// Fewest values on either side of a shift: one deviating run is no new level.
const FEWEST: usize = 2;
/// Standard errors beyond which two sides differ; at 5, 0.0 % of stationary windows of 20 runs are cut.
const CUT: f64 = 5.0;
/// Least relative shift that makes a new level.
const LEAST_CHANGE: f64 = 0.10;
/// Prior standard deviation of a log figure from run to run.
const PRIOR_SD: f64 = 0.05;
/// Degrees of freedom of that prior.
const PRIOR_DF: f64 = 6.0;

/// Where the stable stretches of a series of log values start, in order; the first starts at 0.
pub fn stretches(values: &[f64]) -> Vec<usize> {
    let mut starts = Vec::new();
    split(values, 0, &mut starts);
    starts
}

fn split(values: &[f64], offset: usize, starts: &mut Vec<usize>) {
    match shift(values) {
        Some(at) => {
            split(&values[..at], offset, starts);
            split(&values[at..], offset + at, starts);
        }
        None => starts.push(offset),
    }
}

/// The clearest shift of the level in a series: the first index of the new level.
fn shift(values: &[f64]) -> Option<usize> {
    let mut best = (CUT, None);
    for at in FEWEST..(values.len() + 1).saturating_sub(FEWEST) {
        let (before, after) = values.split_at(at);
        let (Some(low), Some(high)) = (mean(before), mean(after)) else { continue };
        let (k, n) = (before.len() as f64, values.len() as f64);
        let squares = sum_of_squares(before.iter().map(|y| y - low)) + sum_of_squares(after.iter().map(|y| y - high));
        let variance = (PRIOR_DF * PRIOR_SD * PRIOR_SD + squares) / (PRIOR_DF + n - 2.0);
        let t = (high - low).abs() / (variance * (1.0 / k + 1.0 / (n - k))).sqrt();
        if t > best.0 && (high - low).abs() >= LEAST_CHANGE.ln_1p() {
            best = (t, Some(at));
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::known;
    use proptest::prelude::*;

    #[test]
    fn the_last_stretch_agrees_with_the_reference() {
        for (values, start) in known().last_stretch {
            assert_eq!(stretches(&values).last(), Some(&start), "{values:?}");
        }
    }

    #[test]
    fn every_level_is_a_stretch() {
        let values: Vec<f64> = [0.0; 5].into_iter().chain([0.3; 4]).chain([0.1; 3]).collect();
        assert_eq!(stretches(&values), [0, 5, 9]);
        assert_eq!(stretches(&[0.0, 5.0]), [0]);
        assert_eq!(stretches(&[]), [0]);
    }

    proptest! {
        #[test]
        fn starts_ascend_and_leave_two_values_each(values in prop::collection::vec(-1.0..1.0_f64, 0..30)) {
            let starts = stretches(&values);
            prop_assert_eq!(starts[0], 0);
            prop_assert!(starts.windows(2).all(|pair| pair[1] >= pair[0] + FEWEST));
        }
    }
}
