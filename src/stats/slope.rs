//! The slope through a series, robust against single values: Theil (1950), Sen (1968).

use super::robust;

/// The median of the slopes between all pairs of values at 0, 1, 2, …; 0 with fewer than two.
pub fn theil_sen(values: &[f64]) -> f64 {
    let pairs = values.iter().enumerate().flat_map(|(i, early)| {
        let later = values.iter().enumerate().skip(i + 1);
        later.map(move |(j, late)| (late - early) / (j - i) as f64)
    });
    robust::median(&pairs.collect::<Vec<_>>()).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::known;

    #[test]
    fn slopes_agree_with_the_reference() {
        for (values, slope) in known().theil_sen {
            assert!((theil_sen(&values) - slope).abs() < 1e-12);
        }
    }

    #[test]
    fn one_wild_value_does_not_tilt_a_level_series() {
        assert_eq!(theil_sen(&[1.0, 1.0, 1.0, 9.0, 1.0, 1.0, 1.0]), 0.0);
        assert_eq!(theil_sen(&[1.0]), 0.0);
    }
}
