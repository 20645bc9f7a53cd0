//! How the latencies of an endpoint are distributed, apart from what the run and the moment do to them.

use super::chance::normal_quantile;

/// Exponent of the slow requests: their mean exists, their variance hardly; what long tails of services look like.
const TAIL: f64 = 2.5;
/// Cells of the table.
const CELLS: usize = 2_048;
/// Cells at either end where the table is too coarse and the formula is taken.
const ENDS: f64 = 24.0 / CELLS as f64;

/// A distribution, as the latency that a share of the requests is below: lognormal, and over its last part stretched
/// like a Pareto distribution.
#[derive(Debug)]
pub(crate) struct Curve {
    median: f64,
    sd: f64,
    slow: f64,
    table: Vec<f32>,
}

impl Curve {
    /// Latencies around `median` s with the log s.d. `sd`, of which the share `slow` takes longer still.
    pub(crate) fn new(median: f64, sd: f64, slow: f64) -> Self {
        let mut curve = Self { median, sd, slow, table: Vec::new() };
        let edge = |cell: usize| (cell as f64 / CELLS as f64).clamp(1e-6, 1.0 - 1e-6);
        curve.table = (0..=CELLS).map(|cell| curve.exact(edge(cell)) as f32).collect();
        curve
    }

    /// The latency that `share` of the requests are below, s.
    pub(crate) fn at(&self, share: f64) -> f64 {
        if !(ENDS..1.0 - ENDS).contains(&share) {
            return self.exact(share);
        }
        let place = share * CELLS as f64;
        let cell = place as usize;
        let (low, high) = (f64::from(self.table[cell]), f64::from(self.table[cell + 1]));
        low + (high - low) * (place - cell as f64)
    }

    /// Mean latency, s.
    pub(crate) fn mean(&self) -> f64 {
        (0..CELLS).map(|cell| self.exact((cell as f64 + 0.5) / CELLS as f64)).sum::<f64>() / CELLS as f64
    }

    fn exact(&self, share: f64) -> f64 {
        let slower = (self.slow / (1.0 - share)).max(1.0);
        self.median * (self.sd * normal_quantile(share)).exp() * slower.powf(1.0 / TAIL)
    }
}
