//! Where a whole series of runs changed its level, for the report of a history.
//!
//! ```text
//!   ▃▂▃▃▂▃▂ │ ▆▇▆█▆▇ │ ▄▃▄▃▄      levels
//!           ↑        ↑            change points: the first runs of new levels
//! ```
//!
//! E-divisive (Matteson & James 2014, doi 10.1080/01621459.2013.849605) in the form of Hunter, now Apache Otava (Fleming
//! et al. 2023, doi 10.1145/3578244.3583719): windows are split where two sides differ most ([`super::energy`]) as long
//! as a t-test at a weak level agrees, then the weakest points are taken out until all hold at the final level. Two
//! things are added, which `benches/drift` shows to be worth it: single wild runs are drawn in first
//! ([`super::outliers`]), and the test knows that runs resemble their neighbours.
//!
//! [`super::stretches`] is another answer to another question. It says where a *baseline* may start, with a handful of
//! runs, a prior for their spread and a cut only from 10 % on: a needless cut costs power in the next check. This here
//! looks back at months, estimates spread and correlation from them, finds steps of 5 %, and gates nothing.

use super::energy;
use super::estimate::Estimate;
use super::outliers::{drawn_in, noise};
use super::student;
use super::sums::Sums;

/// Fewest runs of a level: one or two deviating runs are none.
const FEWEST: usize = 3;
/// Runs looked at together: enough for a step of 5 % at 5 % noise, few enough that a year takes milliseconds.
const WINDOW: usize = 80;
/// Two-sided p-value of a change point, nominal: it is of the best of many places. With it 0.1 to 0.3 false points
/// are found in 1,000 stationary runs (`benches/drift`).
const LEVEL: f64 = 1e-4;
/// The same of a first guess, ten times as large as in Hunter.
const WEAK_LEVEL: f64 = 1e-3;
/// Degrees of freedom of the noise that is known from the differences of neighbours: it carries short histories.
const PRIOR_DF: f64 = 5.0;
/// Largest lag-1 autocorrelation that is corrected for, as for drift.
const MOST_CORRELATION: f64 = 0.8;

/// A series in levels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Segments {
    /// The levels, oldest first; one more than there are change points, none of nothing.
    pub levels: Vec<Level>,
    /// Where one level ends and the next starts.
    pub change_points: Vec<ChangePoint>,
}

/// Runs on one level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Index of the first run.
    pub start: usize,
    /// Number of runs.
    pub runs: usize,
    /// Mean of the log values, wild runs drawn in; in its standard error counts what neighbours have in common.
    pub mean: Estimate,
    /// Standard deviation of the log values from run to run, as they are; 0 of one.
    pub sd: f64,
}

impl Level {
    /// This level less an earlier one, with the variance of both.
    pub fn change_from(&self, earlier: &Self) -> Estimate {
        let [one, other] = [self, earlier].map(|level| (level.runs as f64, level.mean));
        let squares = |(runs, mean): (f64, Estimate)| mean.df * mean.se * mean.se * runs;
        let df = one.1.df + other.1.df;
        let variance = (squares(one) + squares(other)) / df;
        let se = (variance * (1.0 / one.0 + 1.0 / other.0)).sqrt();
        Estimate { value: one.1.value - other.1.value, se, df }
    }
}

/// A change of the level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChangePoint {
    /// Index of the first run of the new level.
    pub at: usize,
    /// New level less old level.
    pub change: Estimate,
    /// Two-sided p-value, as if the place had been known before.
    pub p_value: f64,
}

/// Cuts a series of log values (oldest first, none of them NaN) into levels.
///
/// Takes time in proportion to the number of values.
pub fn segments(values: &[f64]) -> Segments {
    if values.is_empty() {
        return Segments::default();
    }
    let series = Tamed::of(values);
    let cuts = series.confirmed(series.guessed());
    let correlation = series.correlation(&cuts);
    let starts: Vec<usize> = std::iter::once(0).chain(cuts.iter().copied()).collect();
    let end = |i: usize| starts.get(i + 1).copied().unwrap_or(values.len());
    let levels =
        starts.iter().enumerate().map(|(i, start)| series.level(values, *start, end(i), correlation)).collect();
    let change_points =
        (1..starts.len()).map(|i| series.change(starts[i - 1], starts[i], end(i), correlation)).collect();
    Segments { levels, change_points }
}

/// A series without its wild runs.
struct Tamed {
    values: Vec<f64>,
    sums: Sums,
    /// Standard deviation from run to run, from the differences of neighbours.
    noise: f64,
}

impl Tamed {
    fn of(values: &[f64]) -> Self {
        let noise = noise(values);
        let values = drawn_in(values, noise);
        let sums = Sums::of(&values);
        Self { noise, sums, values }
    }

    /// Places that may be change points, in order: windows that overlap by half are split.
    fn guessed(&self) -> Vec<usize> {
        let (mut cuts, mut start) = (Vec::new(), 0);
        loop {
            let end = (start + WINDOW).min(self.values.len());
            let before = cuts.len();
            self.split(start, end, &mut cuts);
            let last = cuts[before..].iter().max().copied().unwrap_or(0);
            if end == self.values.len() {
                break;
            }
            start = last.max(start + WINDOW / 2);
        }
        cuts.sort_unstable();
        cuts.dedup();
        cuts
    }

    fn split(&self, start: usize, end: usize, cuts: &mut Vec<usize>) {
        let Some((at, _)) = energy::split(&self.values[start..end], FEWEST) else { return };
        let at = start + at;
        if self.change(start, at, end, 0.0).p_value <= WEAK_LEVEL {
            cuts.push(at);
            self.split(start, at, cuts);
            self.split(at, end, cuts);
        }
    }

    /// The places that remain when the weakest is taken out until all hold.
    fn confirmed(&self, mut cuts: Vec<usize>) -> Vec<usize> {
        loop {
            let correlation = self.correlation(&cuts);
            let weakness = |i: usize| {
                let start = if i == 0 { 0 } else { cuts[i - 1] };
                let end = cuts.get(i + 1).copied().unwrap_or(self.values.len());
                let short = (cuts[i] - start).min(end - cuts[i]) < FEWEST;
                if short { 1.0 } else { self.change(start, cuts[i], end, correlation).p_value }
            };
            let weakest = (0..cuts.len()).map(|i| (i, weakness(i))).max_by(|a, b| a.1.total_cmp(&b.1));
            match weakest {
                Some((i, p_value)) if p_value > LEVEL => drop(cuts.remove(i)),
                _ => return cuts,
            }
        }
    }

    /// Lag-1 autocorrelation about the levels, within 0…0.8; what the levels' own means take away from it is given back.
    fn correlation(&self, cuts: &[usize]) -> f64 {
        let starts = std::iter::once(0).chain(cuts.iter().copied());
        let ends = cuts.iter().copied().chain([self.values.len()]);
        let (mut lagged, mut squares) = (0.0, 0.0);
        for (start, end) in starts.zip(ends) {
            lagged += self.sums.lagged(start, end);
            squares += self.sums.squares(start, end);
        }
        let given_back = (cuts.len() + 1) as f64 / self.values.len() as f64;
        (lagged / squares.max(1e-12) + given_back).clamp(0.0, MOST_CORRELATION)
    }

    /// The change from the level of `start..at` to that of `at..end`.
    fn change(&self, start: usize, at: usize, end: usize, correlation: f64) -> ChangePoint {
        let (before, after) = ((at - start) as f64, (end - at) as f64);
        let df = PRIOR_DF + before + after - 2.0;
        let squares = self.sums.squares(start, at) + self.sums.squares(at, end);
        let variance = (PRIOR_DF * self.noise * self.noise + squares) / df * inflation(correlation);
        let value = self.sums.mean(at, end) - self.sums.mean(start, at);
        let change = Estimate { value, se: (variance * (1.0 / before + 1.0 / after)).sqrt(), df };
        ChangePoint { at, change, p_value: 2.0 * student::survival(change.t().abs(), df) }
    }

    /// The level of `start..end`; `values` are the series as it is.
    fn level(&self, values: &[f64], start: usize, end: usize, correlation: f64) -> Level {
        let runs = (end - start) as f64;
        let squares = self.sums.squares(start, end);
        let df = PRIOR_DF + runs - 1.0;
        let variance = (PRIOR_DF * self.noise * self.noise + squares) / df * inflation(correlation);
        let mean = Estimate { value: self.sums.mean(start, end), se: (variance / runs).sqrt(), df };
        Level { start, runs: end - start, mean, sd: super::robust::variance(&values[start..end]).sqrt() }
    }
}

/// What autocorrelation makes of the variance of a mean of many values.
fn inflation(correlation: f64) -> f64 {
    (1.0 + correlation) / (1.0 - correlation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Seeded noise of 5 %: `SplitMix64`, and normal values as sums of twelve uniform ones.
    fn noise(seed: u64, runs: usize) -> Vec<f64> {
        let mut state = seed.wrapping_mul(0x2545_f491_4f6c_dd1d);
        let mut uniform = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0
        };
        (0..runs).map(|_| 0.05 * ((0..12).map(|_| uniform()).sum::<f64>() - 6.0)).collect()
    }

    fn places(values: &[f64]) -> Vec<usize> {
        segments(values).change_points.iter().map(|point| point.at).collect()
    }

    #[test]
    fn a_fifth_more_is_found_where_it_began() {
        let found = (0..60).filter(|seed| {
            let at = 20 + *seed as usize;
            let mut values = noise(*seed, 100);
            values[at..].iter_mut().for_each(|y| *y += 0.2_f64.ln_1p());
            matches!(places(&values)[..], [place] if place.abs_diff(at) <= 3)
        });
        assert!(found.count() >= 58);
    }

    #[test]
    fn stationary_runs_have_next_to_no_change_points() {
        let points: usize = (0..40).map(|seed| places(&noise(seed, 200)).len()).sum();
        assert!(points <= 4, "{points} in 8,000 runs");
        let short: usize = (0..400).map(|seed| places(&noise(1_000 + seed, 20)).len()).sum();
        assert!(short <= 8, "{short} in 400 short histories");
    }

    #[test]
    fn levels_and_sizes_are_told_with_their_intervals() {
        let mut values = noise(7, 60);
        values[20..].iter_mut().for_each(|y| *y += 0.5);
        values[45..].iter_mut().for_each(|y| *y -= 0.3);
        values[30] += 2.0;
        let Segments { levels, change_points } = segments(&values);
        assert_eq!(levels.iter().map(|l| (l.start, l.runs)).collect::<Vec<_>>(), [(0, 20), (20, 25), (45, 15)]);
        for (point, size) in change_points.iter().zip([0.5, -0.3]) {
            assert!((point.change.value - size).abs() < point.change.half_width(), "{point:?}");
            assert!(point.p_value < LEVEL && point.change.half_width() < 0.1);
        }
        assert!((0.03..0.07).contains(&levels[0].sd) && levels[1].sd > 0.3, "a wild run is part of the spread");
        let direct = levels[1].change_from(&levels[0]);
        assert!((direct.value - change_points[0].change.value).abs() < 1e-12);
        assert!((direct.se / change_points[0].change.se - 1.0).abs() < 0.05, "the same test, the prior counted twice");
    }

    #[test]
    fn runs_that_do_not_scatter_have_no_change_points() {
        assert_eq!(places(&[0.3; 50]), [0; 0]);
        assert_eq!(segments(&[]), Segments::default());
        assert_eq!(segments(&[0.3]).levels.len(), 1);
        // 3 or 4 ms in a file of whole milliseconds.
        let coarse: Vec<f64> = noise(3, 200).iter().map(|y| (3.0 + (y.abs() / 0.08).floor().min(1.0)).ln()).collect();
        assert!(places(&coarse).is_empty(), "{:?}", places(&coarse));
    }

    proptest! {
        #[test]
        fn levels_follow_each_other_whatever_the_values(values in prop::collection::vec(-2.0..2.0_f64, 0..300)) {
            let Segments { levels, change_points } = segments(&values);
            prop_assert_eq!(levels.iter().map(|level| level.runs).sum::<usize>(), values.len());
            prop_assert_eq!(levels.len().saturating_sub(1), change_points.len());
            prop_assert!(levels.windows(2).all(|pair| pair[0].start + pair[0].runs == pair[1].start));
            prop_assert!(change_points.is_empty() || levels.iter().all(|level| level.runs >= FEWEST));
        }
    }
}
