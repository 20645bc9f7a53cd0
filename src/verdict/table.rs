//! The verdict of a row, in the order of the table in the documentation, and the two rules across rows.

use super::policy::Levels;
use super::trial::{Grounds, Tested, Trial};
use super::{Severity, Verdict};

/// Gives every trial its verdict.
pub(super) fn judged<'a>(mut trials: Vec<Trial<'a>>, levels: &Levels) -> Vec<Trial<'a>> {
    for trial in &mut trials {
        let grounds = if trial.is_within_steps() { Grounds::Steps } else { Conditions::of(trial, levels).grounds() };
        decide(trial, grounds);
        trial.line = grounds;
    }
    carry_shift(&mut trials, levels);
    complete(&mut trials, levels);
    trials
}

/// What the lines of the table ask of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Conditions {
    /// Taken to be over the threshold, and seen over half of it.
    pub(super) is_large: bool,
    /// Over the critical value.
    pub(super) is_sure: bool,
    /// Behind it are runs enough, or a size that makes up for them.
    pub(super) has_weight: bool,
    /// Seen over the threshold.
    pub(super) is_seen_large: bool,
    /// Likely real by itself.
    pub(super) is_likely: bool,
    /// Too much like chance to be worth a word; of error rates only.
    pub(super) is_chance: bool,
    /// On the list of degradations, and over half of the threshold.
    pub(super) is_small: bool,
    /// Better by the threshold, and on the list of improvements.
    pub(super) is_better: bool,
    /// A degradation far over the threshold cannot be excluded.
    pub(super) is_wide: bool,
}

impl Conditions {
    pub(super) fn of(trial: &Trial<'_>, levels: &Levels) -> Self {
        let (limit, raw, estimate) = (trial.limit, trial.raw(), trial.estimate());
        Self {
            is_large: trial.size() >= limit && raw >= 0.5 * limit,
            is_sure: trial.statistic() >= trial.critical_value,
            has_weight: trial.has_weight(levels),
            is_seen_large: raw >= limit,
            is_likely: trial.p <= levels.p_warn,
            is_chance: trial.is_rate() && trial.p > levels.p_unsure,
            is_small: trial.listed && estimate >= 0.5 * limit && raw >= 0.5 * limit,
            is_better: estimate <= -limit && raw <= -0.5 * limit && trial.listed_better,
            is_wide: upper_bound(trial) >= trial.scaled(levels.inconclusive_factor),
        }
    }

    /// Which line of the table applies, without a look at other rows.
    fn grounds(self) -> Grounds {
        match self {
            Self { is_large: true, is_sure: true, has_weight: true, .. } => Grounds::Sure,
            Self { is_large: true, .. } | Self { is_seen_large: true, .. } => match self {
                Self { is_likely: true, .. } => Grounds::Likely,
                Self { is_chance: true, .. } => Grounds::Nothing,
                _ => Grounds::Chance,
            },
            Self { is_small: true, .. } => Grounds::Small,
            Self { is_better: true, .. } => Grounds::Better,
            Self { is_wide: true, .. } => Grounds::Wide,
            _ => Grounds::Nothing,
        }
    }
}

/// The one-sided 95 % upper bound of a log change; error rates have counts to tell and are never too wide.
pub(super) fn upper_bound(trial: &Trial<'_>) -> f64 {
    match trial.change {
        Tested::Log(change) => change.estimate.upper_bound(),
        Tested::Rate(_) => f64::NEG_INFINITY,
    }
}

fn decide(trial: &mut Trial<'_>, grounds: Grounds) {
    trial.grounds = grounds;
    (trial.verdict, trial.severity) = match grounds {
        Grounds::Sure | Grounds::Shift | Grounds::Completed => (Verdict::Regressed, Some(Severity::Failure)),
        Grounds::Likely | Grounds::Small => (Verdict::Regressed, Some(Severity::Warning)),
        Grounds::Chance | Grounds::Wide => (Verdict::Inconclusive, Some(Severity::Info)),
        Grounds::Better => (Verdict::Improved, Some(Severity::Info)),
        Grounds::Nothing | Grounds::Steps => (Verdict::Unchanged, None),
    };
}

/// A sure shift of the whole run carries every endpoint over the threshold that it, with what is believed of the
/// endpoint's own change, exceeds.
fn carry_shift(trials: &mut [Trial<'_>], levels: &Levels) {
    let is_sure = |trial: &&Trial<'_>| trial.is_run_latency() && trial.statistic() >= trial.critical_value;
    let shifts: Vec<(String, f64)> =
        trials.iter().filter(is_sure).map(|trial| (trial.effect.metric.clone(), trial.estimate())).collect();
    for trial in trials.iter_mut().filter(|trial| !trial.is_run()) {
        let Some((_, shift)) = shifts.iter().find(|(metric, _)| *metric == trial.effect.metric) else { continue };
        let Tested::Log(change) = trial.change else { continue };
        let limit = trial.shift_limit(levels);
        let carried = trial.raw() >= limit && shift + change.kappa * change.estimate.value >= limit;
        if carried && trial.grounds != Grounds::Steps && trial.grounds != Grounds::Sure {
            decide(trial, Grounds::Shift);
        }
    }
}

/// Once anything fails, warnings that are sure enough for a list and over the threshold fail too: the list is complete.
fn complete(trials: &mut [Trial<'_>], levels: &Levels) {
    if !trials.iter().any(Trial::is_failure) {
        return;
    }
    for trial in trials.iter_mut().filter(|trial| trial.severity == Some(Severity::Warning)) {
        if trial.listed && trial.estimate() >= trial.limit && trial.effect.runs >= levels.min_runs {
            decide(trial, Grounds::Completed);
        }
    }
}
