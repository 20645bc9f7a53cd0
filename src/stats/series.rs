//! One series: a figure over the baseline runs and the candidate runs, its centre, residuals and variances.

use serde::{Deserialize, Serialize};

use crate::model::LogValue;

use super::pairs;
use super::robust::{centre, degrees, mean, sum_of_squares};
use super::shrink::Spread;
use super::stretch::stretches;

/// A figure over runs, its sign turned so that growth is a degradation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// By baseline run, oldest first; `None` where the run does not have it.
    pub past: Vec<Option<LogValue>>,
    /// Runs at the start of `past` that inform the spread only, never the centre.
    pub earlier: usize,
    /// By candidate run.
    pub now: Vec<Option<LogValue>>,
    /// Whether `past[i]` and `now[i]` were made in turn on one runner: then their differences are compared.
    pub paired: bool,
    /// Within-run variance where no baseline run has one.
    pub past_variance: f64,
    /// Within-run variance where no candidate run has one.
    pub now_variance: f64,
}

impl Series {
    /// What the series says, where the candidate and the baseline have it.
    pub(super) fn seen(&self) -> Option<Seen> {
        if self.paired {
            return pairs::seen(self);
        }
        let level = Level::of(&self.past, self.earlier)?;
        let present: Vec<f64> = self.now.iter().flatten().map(|value| value.y).collect();
        Some(Seen {
            now: mean(&present)?,
            candidates: present.len() as f64,
            past_variance: within(&self.past, self.past_variance),
            now_variance: within(&self.now, self.now_variance),
            common: 0.0,
            paired: false,
            level,
        })
    }
}

/// Mean variance within the runs that have one.
pub(super) fn within(values: &[Option<LogValue>], otherwise: f64) -> f64 {
    let known: Vec<f64> = values.iter().flatten().filter_map(|value| value.v).collect();
    mean(&known).unwrap_or(otherwise)
}

/// A series with values on both sides.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// The baseline's level and what is left of its values.
    pub(super) level: Level,
    /// Mean over the candidate runs that have a value.
    pub(super) now: f64,
    /// Those runs.
    pub(super) candidates: f64,
    /// Mean variance within a baseline run.
    pub(super) past_variance: f64,
    /// The same of the candidate.
    pub(super) now_variance: f64,
    /// What the change has in common with the other endpoints, once that is taken out.
    pub(super) common: f64,
    /// Whether the residuals are of differences within pairs.
    pub(super) paired: bool,
}

impl Seen {
    /// Candidate less baseline.
    pub(super) fn change(&self) -> f64 {
        self.now - self.level.centre
    }
}

/// The level of a series at the time of the candidate.
///
/// ```text
///   earlier        │ window          ▂▄▂▃ last stable stretch: centre, n
///   ▃▂▃▄▂▃▂        │ ▇█▇▇▆█
///   own centre     │ own centre
///   └──────────────┴── residuals from the centre of one's own part: the spread
/// ```
#[derive(Clone, Debug)]
pub(super) struct Level {
    /// Centre of the last stable stretch of the window.
    pub(super) centre: f64,
    /// Values it is of.
    pub(super) runs: usize,
    /// Runs of the window, with a value or without.
    pub(super) window: usize,
    /// Values of the window before that stretch.
    pub(super) dropped: usize,
    /// By run: the value less the centre of its own part.
    pub(super) residuals: Vec<Option<f64>>,
    /// Parts with a centre of their own.
    pub(super) parts: usize,
    /// Degrees of freedom of the residuals.
    pub(super) df: f64,
    /// The run that starts the last stretch, where the window holds an older one.
    pub(super) cut: Option<usize>,
}

impl Level {
    /// The level of `past`, of which the first `earlier` only inform the spread; `None` without a value in the window.
    pub(super) fn of(past: &[Option<LogValue>], earlier: usize) -> Option<Self> {
        let present: Vec<(usize, f64)> =
            past.iter().enumerate().filter_map(|(i, v)| Some((i, v.as_ref()?.y))).collect();
        let window = present.iter().position(|(run, _)| *run >= earlier)?;
        let mut starts = stretches(&present.iter().map(|(_, y)| *y).collect::<Vec<_>>());
        starts.push(window);
        starts.sort_unstable();
        starts.dedup();
        let mut level = Self {
            centre: f64::NAN,
            runs: 0,
            window: past.len() - earlier,
            dropped: 0,
            residuals: vec![None; past.len()],
            parts: starts.len(),
            df: 0.0,
            cut: None,
        };
        for (i, start) in starts.iter().enumerate() {
            level.add(&present[*start..starts.get(i + 1).copied().unwrap_or(present.len())]);
        }
        level.dropped = present.len() - window - level.runs;
        level.cut = (level.dropped > 0).then(|| present[present.len() - level.runs].0);
        Some(level)
    }

    /// Adds a part; the last one added is the level.
    fn add(&mut self, part: &[(usize, f64)]) {
        let values: Vec<f64> = part.iter().map(|(_, y)| *y).collect();
        let Some(centre) = centre(&values) else { return };
        (self.centre, self.runs) = (centre, part.len());
        self.df += degrees(part.len());
        for (run, y) in part {
            self.residuals[*run] = Some(y - centre);
        }
    }

    /// Spread of the residuals.
    pub(super) fn spread(&self) -> Spread {
        let squares = sum_of_squares(self.residuals.iter().flatten().copied());
        Spread { variance: squares / self.df.max(1.0), df: self.df }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(ys: &[f64]) -> Vec<Option<LogValue>> {
        ys.iter().map(|y| Some(LogValue { y: *y, v: None })).collect()
    }

    #[test]
    fn a_stable_window_is_its_median() {
        let level = Level::of(&values(&[0.0, 0.02, 0.04]), 0).unwrap();
        assert_eq!((level.centre, level.runs, level.df, level.cut), (0.02, 3, 2.0, None));
        assert_eq!(level.residuals, [Some(-0.02), Some(0.0), Some(0.02)]);
    }

    #[test]
    fn after_a_step_only_the_new_level_is_the_centre() {
        let level = Level::of(&values(&[0.0, 0.02, 0.01, 0.01, 0.5, 0.52]), 0).unwrap();
        assert_eq!((level.centre, level.runs, level.dropped, level.cut), (0.51, 2, 4, Some(4)));
        assert_eq!(level.df, 4.0);
        assert!(level.residuals.iter().flatten().all(|r| r.abs() < 0.02));
    }

    #[test]
    fn earlier_runs_widen_the_spread_and_leave_the_centre() {
        let level = Level::of(&values(&[0.1, 0.0, 0.1, 0.0, 0.05, 0.05]), 4).unwrap();
        assert_eq!((level.centre, level.runs, level.cut), (0.05, 2, None));
        assert_eq!(level.df, 4.0);
        assert!(level.spread().variance > 0.002);
        assert!(Level::of(&values(&[0.1, 0.2]), 2).is_none());
    }

    #[test]
    fn a_step_among_earlier_runs_is_no_cut() {
        let level = Level::of(&values(&[0.0, 0.01, 0.0, 0.5, 0.51, 0.5, 0.5, 0.51]), 6).unwrap();
        assert_eq!((level.runs, level.cut, level.parts), (2, None, 3));
    }
}
