//! How much a figure moves from run to run while nothing shifts its level.

use crate::stats::{median, stretches};

/// Fewest degrees of freedom of a spread that is told.
const FEWEST_DF: usize = 2;

/// A figure over successive runs, cut into stable stretches.
#[derive(Clone, Debug)]
pub(super) struct Figure {
    /// By run; `None` where a run lacks it.
    pub(super) values: Vec<Option<f64>>,
    /// By run: the number of its stretch.
    pub(super) stretch: Vec<Option<usize>>,
    /// The runs that start a new level, with the log change from the stretch before.
    pub(super) shifts: Vec<(usize, f64)>,
}

impl Figure {
    pub(super) fn new(values: Vec<Option<f64>>) -> Self {
        let present: Vec<(usize, f64)> = values.iter().enumerate().filter_map(|(at, y)| Some((at, (*y)?))).collect();
        let mut starts = stretches(&present.iter().map(|(_, y)| *y).collect::<Vec<_>>());
        starts.push(present.len());
        let mut stretch = vec![None; values.len()];
        let (mut shifts, mut before) = (Vec::new(), None);
        for (number, ends) in starts.windows(2).enumerate() {
            let part = &present[ends[0]..ends[1]];
            part.iter().for_each(|(at, _)| stretch[*at] = Some(number));
            let level = median(&part.iter().map(|(_, y)| *y).collect::<Vec<_>>());
            if let (Some(before), Some(level)) = (before, level) {
                shifts.push((part[0].0, level - before));
            }
            before = level;
        }
        Self { values, stretch, shifts }
    }

    /// The s.d. about the mean of each stretch, over the runs from `first` on, of `values` that may be on another scale
    /// than those the stretches were found on.
    pub(super) fn spread_of(&self, values: &[Option<f64>], first: usize) -> Option<f64> {
        let (mut squares, mut df) = (0.0, 0);
        for number in 0..=self.shifts.len() {
            let inside = values.iter().zip(&self.stretch).skip(first).filter(|(_, stretch)| **stretch == Some(number));
            let part: Vec<f64> = inside.filter_map(|(value, _)| *value).collect();
            let mean = part.iter().sum::<f64>() / part.len().max(1) as f64;
            squares += part.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
            df += part.len().saturating_sub(1);
        }
        (df >= FEWEST_DF).then(|| (squares / df as f64).sqrt())
    }

    /// The s.d. about the mean of each stretch.
    pub(super) fn spread(&self, first: usize) -> Option<f64> {
        self.spread_of(&self.values, first)
    }
}

/// The factor common to all endpoints of each run: the median over endpoints of the distance from the endpoint's own
/// middle. `None` of runs with fewer than `least` endpoints.
pub(super) fn common(endpoints: &[Vec<Option<f64>>], least: usize) -> Vec<Option<f64>> {
    let middle = |values: &Vec<Option<f64>>| median(&values.iter().flatten().copied().collect::<Vec<_>>());
    let middles: Vec<Option<f64>> = endpoints.iter().map(middle).collect();
    let runs = endpoints.first().map_or(0, Vec::len);
    let factor = |run: usize| {
        let distance = |(values, middle): (&Vec<Option<f64>>, &Option<f64>)| Some(values[run]? - (*middle)?);
        let distances: Vec<f64> = endpoints.iter().zip(&middles).filter_map(distance).collect();
        if distances.len() < least { None } else { median(&distances) }
    };
    (0..runs).map(factor).collect()
}

/// What of an endpoint's figure is not common to the run.
pub(super) fn own(values: &[Option<f64>], common: &[Option<f64>]) -> Vec<Option<f64>> {
    values.iter().zip(common).map(|(value, common)| Some((*value)? - (*common)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(values: &[f64]) -> Figure {
        Figure::new(values.iter().copied().map(Some).collect())
    }

    #[test]
    fn a_shift_of_the_level_is_no_spread() {
        let steady = figure(&[0.0, 0.02, 0.0, 0.02, 0.0, 0.02]);
        let shifted = figure(&[0.0, 0.02, 0.0, 0.02, 0.5, 0.52, 0.5, 0.52]);
        assert!((steady.spread(0).unwrap() - 0.0110).abs() < 1e-4);
        assert!((shifted.spread(0).unwrap() - 0.0115).abs() < 1e-4);
        assert_eq!(shifted.shifts.len(), 1);
        assert_eq!(shifted.shifts[0].0, 4);
        assert!(figure(&[0.0, 0.1]).spread(0).is_none());
    }

    #[test]
    fn what_all_endpoints_share_is_common() {
        let runner = [0.0, 0.3, -0.1, 0.1];
        let with = |level: f64| runner.iter().map(|factor| Some(level + factor)).collect::<Vec<_>>();
        let endpoints = [with(1.0), with(2.0), with(-3.0)];
        let common = common(&endpoints, 3);
        let left = Figure::new(own(&endpoints[1], &common));
        assert!(left.spread(0).unwrap() < 1e-12 && Figure::new(common).spread(0).unwrap() > 0.1);
        assert_eq!(super::common(&endpoints[..2], 3), [None; 4]);
    }
}
