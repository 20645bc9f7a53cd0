//! How differently two parts of a series are distributed: the energy distance, and the split where it is largest.
//!
//! Székely & Rizzo (2013, doi 10.1016/j.jspi.2013.03.018); as the divergence of E-divisive in Matteson & James (2014,
//! equation 5). It asks for no distribution and is less drawn by far values than the distance of means.

/// Where to split `values` so that both sides, of at least `fewest` values, differ most, and how much they do; `None`
/// with too few.
pub(super) fn split(values: &[f64], fewest: usize) -> Option<(usize, f64)> {
    let mut pairs = Pairs::of(values);
    let mut best: Option<(usize, f64)> = None;
    for at in 1..values.len() {
        pairs.move_over(values, at - 1);
        if at >= fewest && values.len() - at >= fewest {
            let divergence = pairs.divergence(at, values.len() - at);
            if best.is_none_or(|(_, most)| divergence > most) {
                best = Some((at, divergence));
            }
        }
    }
    best
}

/// Sums of the distances of all pairs, by where the two values lie.
struct Pairs {
    left: f64,
    right: f64,
    between: f64,
}

impl Pairs {
    /// All values on the right.
    fn of(values: &[f64]) -> Self {
        let right = (0..values.len()).map(|i| distance(values[i], &values[i + 1..])).sum();
        Self { left: 0.0, right, between: 0.0 }
    }

    /// Moves the value at `place` from the right to the left.
    fn move_over(&mut self, values: &[f64], place: usize) {
        let to_left = distance(values[place], &values[..place]);
        let to_right = distance(values[place], &values[place + 1..]);
        self.right -= to_right;
        self.left += to_left;
        self.between += to_right - to_left;
    }

    /// The divergence of `n` values on the left and `m` on the right, both at least 2, scaled as a test statistic.
    fn divergence(&self, n: usize, m: usize) -> f64 {
        let (n, m) = (n as f64, m as f64);
        let within = m / (n - 1.0).max(1.0) * self.left + n / (m - 1.0).max(1.0) * self.right;
        2.0 / (n + m) * (self.between - within)
    }
}

/// Sum of the distances of `value` from `others`.
fn distance(value: f64, others: &[f64]) -> f64 {
    others.iter().map(|other| (value - other).abs()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_agree_with_otava() {
        let text = include_str!("../../fixtures/reference/energy.json");
        let known: Vec<(Vec<f64>, usize, f64)> = serde_json::from_str(text).unwrap();
        for (values, at, divergence) in known {
            let (ours, size) = split(&values, 3).unwrap();
            assert_eq!(ours, at, "{values:?}");
            assert!((size - divergence).abs() < 1e-9, "{size} is not {divergence}");
        }
        assert_eq!(split(&[1.0, 2.0, 3.0, 4.0, 5.0], 3), None);
        assert_eq!(split(&[], 3), None);
    }
}
