//! How finely Locust wrote response times, inferred from the values: the rounding can be replaced by the user.

use crate::model::Resolution;

/// What Locust does by itself: whole milliseconds of two digits (`StatsEntry._log_response_time`).
pub(super) const USUAL: Resolution = Resolution { step: 1e-3, digits: Some(2) };

/// Distinct values from which on a common divisor is taken for the step: fewer share one by chance.
const ENOUGH: usize = 10;
/// Decimals of a millisecond that are told apart.
const MOST_DECIMALS: i32 = 3;

/// The resolution of a histogram whose buckets are `values`, in milliseconds.
pub(super) fn infer(values: impl Iterator<Item = f64> + Clone) -> Resolution {
    let decimals = values.clone().map(decimals).max().unwrap_or(0);
    if decimals > 0 {
        return Resolution { step: 10_f64.powi(-3 - decimals), digits: digits(values) };
    }
    let whole = values.clone().map(|ms| ms as u64).filter(|ms| *ms > 0);
    let step = if whole.clone().count() >= ENOUGH { whole.reduce(divisor).unwrap_or(1) } else { 1 };
    Resolution { step: step as f64 * 1e-3, digits: digits(values) }
}

/// Two or three, where every value has no more significant digits than that.
fn digits(values: impl Iterator<Item = f64> + Clone) -> Option<u8> {
    (2..=3).find(|digits| values.clone().all(|ms| is_rounded(ms, *digits)))
}

fn is_rounded(ms: f64, digits: u8) -> bool {
    let unit = 10_f64.powi((ms * (1.0 + 1e-9)).log10().floor() as i32 + 1 - i32::from(digits));
    ms <= 0.0 || ((ms / unit) - (ms / unit).round()).abs() < 1e-6
}

/// Decimals that `ms` needs, at most [`MOST_DECIMALS`].
fn decimals(ms: f64) -> i32 {
    let whole = |decimals: &i32| {
        let scaled = ms * 10_f64.powi(*decimals);
        (scaled - scaled.round()).abs() < 1e-6
    };
    (0..MOST_DECIMALS).find(whole).unwrap_or(MOST_DECIMALS)
}

fn divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Resolution {
        infer(values.iter().copied())
    }

    #[test]
    fn the_usual_rounding_is_recognised() {
        assert_eq!(of(&[1.0, 7.0, 37.0, 99.0, 110.0, 980.0, 1200.0, 10_000.0]), USUAL);
        assert_eq!(of(&[]), USUAL);
        assert_eq!(of(&[40.0]), USUAL);
    }

    #[test]
    fn other_roundings_are_inferred_from_the_values() {
        assert_eq!(of(&[1.0, 101.0]), Resolution { step: 1e-3, digits: Some(3) });
        assert_eq!(of(&[1.0, 1234.0]), Resolution { step: 1e-3, digits: None });
        let coarse: Vec<f64> = (1..20).map(|n| f64::from(n) * 5.0).collect();
        assert_eq!(of(&coarse), Resolution { step: 5e-3, digits: Some(2) });
        assert!((of(&[0.25, 13.5, 1234.25]).step - 1e-5).abs() < 1e-12);
    }
}
