//! How well change points and drifts are found: the rules, the same as in `peers.py`.

use std::collections::BTreeMap;

use crate::histories::History;

/// Runs by which a change point may miss a step and still count as it.
const NEAR: usize = 3;
/// Runs after a step within which it should be reported.
const LOOK_AHEAD: usize = 20;
/// The case whose steps are looked for run by run.
const GROWN: &str = "step 20 %";
/// Runs that are looked at for a drift: the window of `stats::drift` and the fewest of it.
const FIRST_LOOK: usize = 8;

/// Steps found, points reported, steps there are.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hits {
    found: usize,
    reported: usize,
    steps: usize,
}

impl Hits {
    /// Share of the reported points that are steps.
    pub(crate) fn precision(self) -> f64 {
        self.found as f64 / self.reported.max(1) as f64
    }

    /// Share of the steps that are found.
    pub(crate) fn recall(self) -> f64 {
        self.found as f64 / self.steps.max(1) as f64
    }

    /// The harmonic mean of both.
    pub(crate) fn f1(self) -> f64 {
        2.0 * self.found as f64 / (self.reported + self.steps).max(1) as f64
    }
}

/// Everything that is known of a way to find change points.
#[derive(Clone, Debug, Default)]
pub(crate) struct Score {
    /// By case, by noise, and `all`.
    pub(crate) hits: BTreeMap<String, Hits>,
    /// Change points in 1,000 stationary runs.
    pub(crate) false_points: f64,
    /// The same when the history is looked at after every run, and each place counts once.
    pub(crate) false_points_grown: f64,
    /// Share of the steps of 20 % reported within 20 runs, and after how many runs the middling one.
    pub(crate) delay: (f64, Option<usize>),
}

/// Scores `find`, which tells the first runs of new levels.
pub(crate) fn change_points(histories: &[History], find: impl Fn(&[f64]) -> Vec<usize>) -> Score {
    let mut score = Score::default();
    let (mut points, mut ever, mut runs, mut delays) = (0, 0, 0, Vec::new());
    for history in histories.iter().filter(|history| history.drift.is_none()) {
        let found = find(&history.values);
        if history.steps.is_empty() {
            (points, runs) = (points + found.len(), runs + history.values.len());
            ever += reported(&history.values, &find);
            continue;
        }
        for key in [history.case.as_str(), history.noise, "all"] {
            let hits = score.hits.entry(key.to_owned()).or_default();
            hits.found += matched(&history.steps, &found);
            hits.reported += found.len();
            hits.steps += history.steps.len();
        }
        if history.case == GROWN {
            delays.push(delay(&history.values, history.steps[0], &find));
        }
    }
    score.false_points = 1_000.0 * points as f64 / runs as f64;
    score.false_points_grown = 1_000.0 * ever as f64 / runs as f64;
    score.delay = (share(&delays), middle(&delays));
    score
}

/// Places at which a change point is reported while a history grows run by run; those that are close are one.
fn reported(values: &[f64], find: impl Fn(&[f64]) -> Vec<usize>) -> usize {
    let mut places: Vec<usize> = Vec::new();
    for end in 1..values.len() {
        for point in find(&values[..end]) {
            if places.iter().all(|place| place.abs_diff(point) > NEAR) {
                places.push(point);
            }
        }
    }
    places.len()
}

/// Steps that have a change point near them; each counts once.
fn matched(steps: &[usize], found: &[usize]) -> usize {
    let mut free = found.to_vec();
    let near = |step: &&usize| {
        let nearest = free.iter().enumerate().min_by_key(|(_, point)| point.abs_diff(**step));
        let place = nearest.filter(|(_, point)| point.abs_diff(**step) <= NEAR).map(|(place, _)| place);
        place.map(|place| free.remove(place)).is_some()
    };
    steps.iter().filter(near).count()
}

/// Runs of the new level until its step is reported for the first time.
fn delay(values: &[f64], step: usize, find: impl Fn(&[f64]) -> Vec<usize>) -> Option<usize> {
    let ends = (1..=LOOK_AHEAD).filter(|seen| step + seen <= values.len());
    ends.into_iter().find(|seen| matched(&[step], &find(&values[..step + seen])) == 1)
}

/// How well drifts are told.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DriftScore {
    /// Share of the histories in which one is told after its start.
    pub(crate) found: f64,
    /// Runs from its start until the middling one is told.
    pub(crate) delay: Option<usize>,
    /// Share of histories in which one is told before there is one; of histories without any, at all.
    pub(crate) false_alarms: f64,
}

/// Scores `tells`, which says whether the last of the runs so far drift, by case.
pub(crate) fn drifts(histories: &[History], tells: impl Fn(&[f64]) -> bool) -> BTreeMap<String, DriftScore> {
    let mut looks: BTreeMap<&str, Vec<(Option<usize>, bool)>> = BTreeMap::new();
    for history in histories.iter().filter(|history| history.steps.len() < 2) {
        let start = history.drift.unwrap_or(history.values.len());
        let told = |end: &usize| tells(&history.values[..*end]);
        let early = (FIRST_LOOK..=start).any(|end| told(&end));
        let first = (start + 1..=history.values.len()).find(told).map(|end| end - start);
        looks.entry(&history.case).or_default().push((first, early));
    }
    let scored = |looks: Vec<(Option<usize>, bool)>| {
        let (first, early): (Vec<_>, Vec<_>) = looks.into_iter().unzip();
        let alarms = early.iter().filter(|early| **early).count() as f64 / early.len() as f64;
        DriftScore { found: share(&first), delay: middle(&first), false_alarms: alarms }
    };
    looks.into_iter().map(|(case, looks)| (case.to_owned(), scored(looks))).collect()
}

fn share(delays: &[Option<usize>]) -> f64 {
    delays.iter().flatten().count() as f64 / delays.len().max(1) as f64
}

fn middle(delays: &[Option<usize>]) -> Option<usize> {
    let mut known: Vec<usize> = delays.iter().flatten().copied().collect();
    known.sort_unstable();
    known.get(known.len() / 2).copied()
}
