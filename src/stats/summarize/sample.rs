//! A latency distribution as a sample: quantiles, their errors, the body.

use crate::model::{Histogram, LogValue, Resolution};

/// Shares whose log quantiles make the body of a distribution: the bulk, sharper than the tail.
const BODY: (f64, f64) = (0.5, 0.9);
/// Correlation of the quantiles of [`BODY`]: √(p(1−q)/(q(1−p))).
const BODY_CORRELATION: f64 = 1.0 / 3.0;
/// Share of a step of the source's clock below which a latency cannot be: stands for 0 ms in a logarithm.
const LEAST_STEP: f64 = 0.3;
/// Standard deviation of a rounding error in steps: 1/√12.
const ROUNDING: f64 = 0.29;

/// Latencies of some requests, at least one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample<'a> {
    histogram: &'a Histogram,
    resolution: Resolution,
    /// Requests in it.
    pub(super) count: u64,
}

impl<'a> Sample<'a> {
    pub(super) fn new(histogram: &'a Histogram, resolution: Resolution) -> Option<Self> {
        let count = histogram.count();
        (count > 0).then_some(Self { histogram, resolution, count })
    }

    /// The `share` quantile, s.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        self.histogram.quantile(share, self.resolution).unwrap_or(f64::NAN)
    }

    /// Logarithm of the `share` quantile.
    pub(super) fn log_quantile(&self, share: f64) -> f64 {
        log(self.quantile(share), self.resolution)
    }

    /// Half the log width of one standard error about the `share` quantile, no less than rounding makes it.
    ///
    /// Woodruff, "Confidence Intervals for Medians and Other Position Measures" (1952): the interval is taken on the
    /// scale of shares, where the error is binomial times `dispersion`, and read back through the quantiles. `least`
    /// is the smallest latency, in steps, that rounding is related to.
    pub(super) fn half_width(&self, share: f64, dispersion: f64, least: f64) -> f64 {
        let d = (dispersion * share * (1.0 - share) / self.count as f64).sqrt();
        let width = self.log_quantile((share + d).min(1.0)) - self.log_quantile((share - d).max(0.0));
        let at = self.quantile(share);
        let step = self.resolution.width(at);
        (0.5 * width).max(ROUNDING * step / at.max(least * step) / 2.0)
    }

    /// Variance of the log quantile of a sample that was timed.
    pub(super) fn variance(&self, share: f64, dispersion: f64) -> f64 {
        self.half_width(share, dispersion, LEAST_STEP).powi(2)
    }

    /// Half the sum of log p50 and log p90.
    pub(super) fn body(&self) -> f64 {
        0.5 * (self.log_quantile(BODY.0) + self.log_quantile(BODY.1))
    }

    /// The body with the variance that the quantiles' half-widths imply, for a sample without time.
    pub(super) fn body_untimed(&self, dispersion: f64) -> LogValue {
        let (a, b) = (self.half_width(BODY.0, dispersion, 1.0), self.half_width(BODY.1, dispersion, 1.0));
        let v = 0.25 * (a * a + b * b + 2.0 * BODY_CORRELATION * a * b);
        LogValue { y: self.body(), v: Some(v) }
    }

    /// Logarithm of the mean of the buckets.
    pub(super) fn log_mean(&self) -> f64 {
        let value = |(bucket, n): &(u16, u64)| Histogram::representative(*bucket, self.resolution) * *n as f64;
        let sum: f64 = self.histogram.cells().iter().map(value).sum();
        log(sum / self.count as f64, self.resolution)
    }

    /// Step of the source at the `share` quantile, s.
    pub(super) fn step(&self, share: f64) -> f64 {
        self.resolution.width(self.quantile(share))
    }

    /// Whether enough observations lie beyond the quantile called `name`.
    pub(super) fn reaches(&self, name: &str, share: f64) -> bool {
        // The share of 0.95 is a rounded number: 200·(1 − 0.95) must count as 10.
        name == "p95" || self.count as f64 * (1.0 - share).min(share) >= super::BEYOND - 1e-9
    }
}

/// Logarithm of a latency in seconds; below a third of the source's step it is that.
pub(super) fn log(seconds: f64, resolution: Resolution) -> f64 {
    seconds.max(LEAST_STEP * resolution.step).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_milliseconds_have_a_logarithm() {
        let histogram = Histogram::from_seconds([(0.0, 10)]);
        let sample = Sample::new(&histogram, Resolution::MILLISECOND).unwrap();
        assert_eq!(sample.log_quantile(0.95), 0.0003_f64.ln());
        assert!(Sample::new(&Histogram::default(), Resolution::FINE).is_none());
    }

    #[test]
    fn rounding_is_the_least_error() {
        let histogram = Histogram::from_seconds([(0.010, 100_000)]);
        let sample = Sample::new(&histogram, Resolution::MILLISECOND).unwrap();
        assert!((sample.half_width(0.95, 1.0, 0.3) - 0.29 / 20.0).abs() < 1e-12);
    }

    #[test]
    fn far_quantiles_need_ten_observations_beyond() {
        let histogram = Histogram::from_seconds([(0.1, 999)]);
        let sample = Sample::new(&histogram, Resolution::FINE).unwrap();
        assert!(!sample.reaches("p99", 0.99) && sample.reaches("p90", 0.9) && sample.reaches("p95", 0.95));
    }
}
