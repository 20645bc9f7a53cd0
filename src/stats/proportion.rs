//! The interval of a share of counted cases.

use super::estimate::ConfidenceInterval;

/// The 0.975 quantile of a normal: two-sided 95 %.
const Z: f64 = 1.959_964;

/// The 95 % interval of a share of which `hits` of `trials` were seen, after Wilson (1927), doi 10.2307/2276774.
///
/// ```text
/// (p̂ + z²/2n ± z·√(p̂(1−p̂)/n + z²/4n²)) / (1 + z²/n)
/// ```
///
/// Unlike p̂ ± 2·se it is right at 0 of n too, which is what a quiet gate gives. `trials` are taken to be independent;
/// without any, nothing is known: 0…1.
pub fn wilson(hits: usize, trials: usize) -> ConfidenceInterval {
    if trials == 0 {
        return ConfidenceInterval { lower: 0.0, upper: 1.0 };
    }
    let n = trials as f64;
    let share = hits as f64 / n;
    let middle = share + Z * Z / (2.0 * n);
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let end = |sum: f64| (sum / (1.0 + Z * Z / n)).clamp(0.0, 1.0);
    // At the ends the formula gives exactly 0 and 1; rounding would leave 1e-17.
    let lower = if hits == 0 { 0.0 } else { end(middle - half) };
    let upper = if hits >= trials { 1.0 } else { end(middle + half) };
    ConfidenceInterval { lower, upper }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_solve_the_score_equation() {
        // Roots of |p − p̂| = z·√(p(1−p)/n), found by bisection in Python.
        for (hits, trials, lower, upper) in [
            (10, 100, 0.055_229_14, 0.174_365_7),
            (0, 31, 0.0, 0.110_255_4),
            (1, 20, 0.008_881_4, 0.236_131_2),
            (5, 5, 0.565_517_5, 1.0),
        ] {
            let interval = wilson(hits, trials);
            assert!((interval.lower - lower).abs() < 1e-6, "{hits}/{trials}: {interval:?}");
            assert!((interval.upper - upper).abs() < 1e-6, "{hits}/{trials}: {interval:?}");
        }
    }

    #[test]
    fn without_a_trial_nothing_is_known() {
        assert_eq!(wilson(0, 0), ConfidenceInterval { lower: 0.0, upper: 1.0 });
    }
}
