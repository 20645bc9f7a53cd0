//! Single wild runs in a series whose level may change: what they hide, and how they are drawn in.

use super::endpoints::MEDIAN_ABSOLUTE;
use super::robust::median;

/// Values on either side of one that say where it should be: of five values two may be wild.
const REACH: usize = 2;
/// Standard deviations from there beyond which a value is wild (Hampel's identifier; Pearson 2002 suggests 3).
const WILD: f64 = 3.0;
/// Least standard deviation of a log figure from run to run: no load test repeats better than 1 %.
const LEAST: f64 = 0.01;

/// Standard deviation of a series from run to run, from the differences of neighbours: a change of level is one of many.
///
/// At least half of what the mean difference says: of coarse figures most neighbours are equal.
pub(super) fn noise(values: &[f64]) -> f64 {
    let steps: Vec<f64> = values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    let middle = median(&steps).unwrap_or(0.0) / MEDIAN_ABSOLUTE;
    // The mean of |z| is sqrt(2/π).
    let mean = super::robust::mean(&steps).unwrap_or(0.0) * std::f64::consts::FRAC_PI_2.sqrt();
    (middle.max(0.5 * mean) * std::f64::consts::FRAC_1_SQRT_2).max(LEAST)
}

/// The series with every wild value drawn in to three standard deviations from the median of its neighbourhood.
///
/// A running median keeps steps as they are: what stays for three runs is no wild value.
pub(super) fn drawn_in(values: &[f64], noise: f64) -> Vec<f64> {
    let around = |i: usize| {
        let near = &values[i.saturating_sub(REACH)..values.len().min(i + REACH + 1)];
        median(near).unwrap_or(values[i])
    };
    values.iter().enumerate().map(|(i, y)| y.clamp(around(i) - WILD * noise, around(i) + WILD * noise)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten values that scatter by about 0.05.
    const CALM: [f64; 10] = [0.02, -0.05, 0.04, -0.01, 0.06, -0.04, 0.01, -0.06, 0.05, -0.02];

    #[test]
    fn one_or_two_wild_runs_are_drawn_in_and_a_step_stays() {
        let mut values = CALM.to_vec();
        (values[4], values[5]) = (0.9, 0.8);
        let noise = noise(&values);
        assert!(drawn_in(&values, noise).iter().all(|y| *y < 0.45), "{:?}", drawn_in(&values, noise));
        let step: Vec<f64> = CALM.iter().enumerate().map(|(i, y)| if i < 7 { *y } else { y + 1.0 }).collect();
        assert_eq!(drawn_in(&step, self::noise(&step)), step);
    }

    #[test]
    fn noise_is_known_in_spite_of_a_step() {
        let step: Vec<f64> = CALM.iter().enumerate().map(|(i, y)| if i < 5 { *y } else { y + 1.0 }).collect();
        assert!((0.04..0.12).contains(&noise(&step)), "{}", noise(&step));
        assert_eq!(noise(&[0.0; 9]), LEAST);
        assert_eq!(noise(&[]), LEAST);
    }
}
