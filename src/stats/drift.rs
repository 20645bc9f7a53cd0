//! Slow change, which no comparison of neighbours sees: over a history, and inside one run.

use statrs::function::erf::erfc;

use super::robust::{centre, centre_variance, degrees, sum_of_squares};
use super::shrink::Spread;
use super::slope::theil_sen;
use super::student;
use super::sums::Sums;

/// Most recent runs that are looked at.
const WINDOW: usize = 30;
/// Fewest runs in which a drift can be seen.
const FEWEST: usize = 8;
/// Fewest runs on either side of a step.
const FEWEST_OF_LEVEL: usize = 3;
/// Chance of a false drift in a look; histories are looked at after every run, so it is small.
const LEVEL: f64 = 0.001;
/// Least relative change over the window that is worth telling.
const LEAST_CHANGE: f64 = 0.20;
/// Largest lag-1 autocorrelation that is corrected for: beyond, the correction has no basis in 30 values.
const MOST_CORRELATION: f64 = 0.8;
/// Degrees of freedom of the prior of a trend inside a run.
const TREND_DF: f64 = 6.0;

/// A slow change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drift {
    /// Whether it is real and large enough to tell.
    pub found: bool,
    /// One-sided p-value of growth.
    pub p_value: f64,
    /// Log change over the values looked at.
    pub change: f64,
}

/// Whether log values drift upwards over the last runs; `None` with fewer than eight.
///
/// Mann (1945) and Kendall (1975), with the variance inflated for autocorrelation after Hamed & Rao (1998); the size
/// is that of Sen (1968).
pub fn drift(values: &[f64]) -> Option<Drift> {
    let values = &values[values.len().saturating_sub(WINDOW)..];
    if values.len() < FEWEST {
        return None;
    }
    let (n, slope) = (values.len() as f64, theil_sen(values));
    let rises = pairs(values).map(|(early, late)| if late == early { 0.0 } else { (late - early).signum() });
    let sum: f64 = rises.sum();
    let r = correlation(values, slope);
    let variance = n * (n - 1.0) * (2.0 * n + 5.0) / 18.0 * (1.0 + r) / (1.0 - r);
    let z = if sum == 0.0 { 0.0 } else { (sum - sum.signum()) / variance.sqrt() };
    let (p_value, change) = (0.5 * erfc(z / std::f64::consts::SQRT_2), slope * (n - 1.0));
    Some(Drift { found: p_value < LEVEL && change >= LEAST_CHANGE.ln_1p(), p_value, change })
}

/// Whether one step explains the last runs better than a steady slope: a rank test takes both for growth.
///
/// Compares what the least-squares line leaves with what the best two levels leave.
pub fn is_step(values: &[f64]) -> bool {
    let values = &values[values.len().saturating_sub(WINDOW)..];
    let sums = Sums::of(values);
    let n = values.len();
    let left_by_step = |at: usize| sums.squares(0, at) + sums.squares(at, n);
    let places = FEWEST_OF_LEVEL..(n + 1).saturating_sub(FEWEST_OF_LEVEL);
    let by_step = places.map(left_by_step).fold(f64::INFINITY, f64::min);
    by_step < left_by_line(values)
}

/// Sum of squares about the least-squares line.
fn left_by_line(values: &[f64]) -> f64 {
    let middle = (values.len() as f64 - 1.0) / 2.0;
    let mean = super::robust::mean(values).unwrap_or(0.0);
    let points: Vec<(f64, f64)> = values.iter().enumerate().map(|(i, y)| (i as f64 - middle, y - mean)).collect();
    let slope = points.iter().map(|(x, y)| x * y).sum::<f64>() / points.iter().map(|(x, _)| x * x).sum::<f64>();
    sum_of_squares(points.iter().map(|(x, y)| y - slope * x))
}

/// Whether a run's own `trend` (log change from start to end) is beyond that of the baseline runs.
///
/// `prior_sd` is how much trends differ from run to run: 0.05 of latency, 0.03 of memory.
pub fn trend(baseline: &[f64], candidate: f64, prior_sd: f64) -> Drift {
    let middle = centre(baseline).unwrap_or(0.0);
    let df = degrees(baseline.len());
    let variance = sum_of_squares(baseline.iter().map(|y| y - middle)) / df.max(1.0);
    let prior = Spread { variance: prior_sd * prior_sd, df: TREND_DF };
    let spread = Spread { variance, df }.shrunk(prior);
    let se = (spread.variance * (1.0 + centre_variance(baseline.len()))).sqrt();
    let change = candidate - middle;
    let p_value = student::survival(change / se, spread.df);
    let large = change >= LEAST_CHANGE.ln_1p() && candidate >= LEAST_CHANGE.ln_1p();
    Drift { found: p_value <= LEVEL && large, p_value, change }
}

fn pairs(values: &[f64]) -> impl Iterator<Item = (f64, f64)> {
    values.iter().enumerate().flat_map(|(i, early)| values[i + 1..].iter().map(|late| (*early, *late)))
}

/// Lag-1 autocorrelation of what the slope leaves, within 0…0.8.
fn correlation(values: &[f64], slope: f64) -> f64 {
    let left: Vec<f64> = values.iter().enumerate().map(|(i, y)| y - slope * i as f64).collect();
    let mean = super::robust::mean(&left).unwrap_or(0.0);
    let centred: Vec<f64> = left.iter().map(|y| y - mean).collect();
    let lagged: f64 = centred.windows(2).map(|pair| pair[0] * pair[1]).sum();
    (lagged / sum_of_squares(centred).max(1e-12)).clamp(0.0, MOST_CORRELATION)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::known;

    #[test]
    fn drifts_agree_with_the_reference() {
        for (values, expected) in known().drift {
            let ours = drift(&values);
            assert_eq!(ours.is_some(), expected.verdict != "insufficient", "{values:?}");
            let (Some(ours), Some(p), Some(total)) = (ours, expected.p, expected.total) else { continue };
            assert_eq!(ours.found, expected.verdict == "drift");
            assert!((ours.p_value / p - 1.0).abs() < 1e-6 && (ours.change.exp_m1() - total).abs() < 1e-9);
        }
    }

    #[test]
    fn a_step_is_no_slope() {
        let wave = |i: i32| 0.03 * f64::from(7 * i % 11 - 5);
        let step: Vec<f64> = (0..30).map(|i| wave(i) + if i < 15 { 0.0 } else { 0.4 }).collect();
        let slope: Vec<f64> = (0..30).map(|i| wave(i) + 0.02 * f64::from(i)).collect();
        assert!(drift(&step).unwrap().found && is_step(&step), "{:?}", drift(&step));
        assert!(drift(&slope).unwrap().found && !is_step(&slope));
    }

    #[test]
    fn trends_agree_with_the_reference() {
        for (baseline, candidate, expected) in known().trend {
            let ours = trend(&baseline, candidate, 0.05);
            assert_eq!(ours.found, expected.verdict == "fail");
            assert!((ours.p_value / expected.p.unwrap() - 1.0).abs() < 2e-3, "{baseline:?}");
        }
    }
}
