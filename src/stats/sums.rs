//! Means and sums of squares of any part of a series in constant time.

/// Running sums over a series, about its overall mean so that no digits are lost.
#[derive(Clone, Debug)]
pub(super) struct Sums {
    centre: f64,
    /// Sums of the values before each index.
    firsts: Vec<f64>,
    /// Sums of their squares.
    seconds: Vec<f64>,
    /// Sums of the products of each value before the index with the one after it.
    lags: Vec<f64>,
}

impl Sums {
    /// The sums of `values`.
    pub(super) fn of(values: &[f64]) -> Self {
        let centre = super::robust::mean(values).unwrap_or(0.0);
        let values: Vec<f64> = values.iter().map(|y| y - centre).collect();
        let firsts = running(values.iter().copied());
        let seconds = running(values.iter().map(|y| y * y));
        let lags = running(values.windows(2).map(|pair| pair[0] * pair[1]));
        Self { centre, firsts, seconds, lags }
    }

    /// Mean of `start..end`.
    pub(super) fn mean(&self, start: usize, end: usize) -> f64 {
        self.centre + self.centred_mean(start, end)
    }

    /// Sum of squares of `start..end` about its mean.
    pub(super) fn squares(&self, start: usize, end: usize) -> f64 {
        let mean = self.centred_mean(start, end);
        (self.seconds[end] - self.seconds[start] - (end - start) as f64 * mean * mean).max(0.0)
    }

    /// Sum of the products of neighbours in `start..end` about its mean.
    pub(super) fn lagged(&self, start: usize, end: usize) -> f64 {
        let mean = self.centred_mean(start, end);
        let products = self.lags[end - 1] - self.lags[start];
        let (early, late) = (self.sum(start, end - 1), self.sum(start + 1, end));
        products - mean * (early + late) + (end - start - 1) as f64 * mean * mean
    }

    fn centred_mean(&self, start: usize, end: usize) -> f64 {
        self.sum(start, end) / (end - start) as f64
    }

    fn sum(&self, start: usize, end: usize) -> f64 {
        self.firsts[end] - self.firsts[start]
    }
}

/// 0, and the sums of the first value, the first two, …
fn running(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let sums = values.scan(0.0, |sum, value| {
        *sum += value;
        Some(*sum)
    });
    std::iter::once(0.0).chain(sums).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_agree_with_their_definitions(
            values in prop::collection::vec(-9.0..9.0_f64, 2..40), ends in (0..40_usize, 0..40_usize),
        ) {
            let (a, b) = (ends.0 % values.len(), ends.1 % values.len());
            let (start, end) = (a.min(b), a.max(b) + 1);
            let (sums, part) = (Sums::of(&values), &values[start..end]);
            let mean = part.iter().sum::<f64>() / part.len() as f64;
            let squares: f64 = part.iter().map(|y| (y - mean).powi(2)).sum();
            let lagged: f64 = part.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
            prop_assert!((sums.mean(start, end) - mean).abs() < 1e-9);
            prop_assert!((sums.squares(start, end) - squares).abs() < 1e-9);
            prop_assert!((sums.lagged(start, end) - lagged).abs() < 1e-9);
        }
    }
}
