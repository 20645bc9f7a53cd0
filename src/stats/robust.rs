//! Middles that one bad run or endpoint does not move.

/// Variance of the median of n = 3…7 normal values relative to that of their mean (simulated; n ≤ 2 is the mean).
const MEDIAN_VARIANCE: [f64; 5] = [1.35, 1.19, 1.43, 1.29, 1.47];
/// The same beyond: close to the limit π/2 of large samples.
const MEDIAN_VARIANCE_LARGE: f64 = 1.53;

/// The mean; `None` of nothing.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The variance with divisor n − 1 (at least 1).
pub(super) fn variance(values: &[f64]) -> f64 {
    let Some(mean) = mean(values) else { return 0.0 };
    sum_of_squares(values.iter().map(|value| value - mean)) / degrees(values.len()).max(1.0)
}

/// Σx².
pub(super) fn sum_of_squares(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().map(|value| value * value).sum()
}

/// n − 1, the degrees of freedom of a spread about the values' own middle.
pub(super) fn degrees(n: usize) -> f64 {
    n.saturating_sub(1) as f64
}

/// The median, of an even number of values the mean of the middle two; `None` of nothing.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some(0.5 * (sorted[sorted.len() / 2 - 1] + upper))
}

/// The centre of a series of runs: the mean of one or two, the median of more.
pub(super) fn centre(values: &[f64]) -> Option<f64> {
    if values.len() <= 2 { mean(values) } else { median(values) }
}

/// Variance of [`centre`] of `n` values, as a multiple of one value's variance.
pub(super) fn centre_variance(n: usize) -> f64 {
    let ratio = match n {
        0..=2 => 1.0,
        3..=7 => MEDIAN_VARIANCE[n - 3],
        _ => MEDIAN_VARIANCE_LARGE,
    };
    ratio / n.max(1) as f64
}

/// The smallest value whose cumulative weight reaches half of the total, of (value, weight); `None` of nothing.
pub(super) fn weighted_median(mut values: Vec<(f64, f64)>) -> Option<f64> {
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = 0.5 * values.iter().map(|(_, weight)| weight).sum::<f64>();
    let mut reached = 0.0;
    for (value, weight) in &values {
        reached += weight;
        if reached >= half {
            return Some(*value);
        }
    }
    values.last().map(|(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_are_averaged_and_three_have_a_middle() {
        assert_eq!(centre(&[1.0, 3.0]), Some(2.0));
        assert_eq!(centre(&[1.0, 30.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(centre(&[]), None);
    }

    #[test]
    fn weighted_median_does_not_average() {
        assert_eq!(weighted_median(vec![(2.0, 1.0), (1.0, 1.0)]), Some(1.0));
        assert_eq!(weighted_median(vec![(3.0, 5.0), (1.0, 1.0), (2.0, 1.0)]), Some(3.0));
        assert_eq!(weighted_median(Vec::new()), None);
    }

    #[test]
    fn a_centre_of_more_runs_is_surer() {
        assert_eq!(centre_variance(1), 1.0);
        assert!((1..40).all(|n| centre_variance(n + 1) < centre_variance(n)));
    }

    #[test]
    fn variance_has_one_degree_less_than_values() {
        assert_eq!(variance(&[1.0, 3.0]), 2.0);
        assert_eq!(variance(&[5.0]), 0.0);
    }
}
