//! The verdict of a row, in the order of the table in the documentation, and the two rules across rows.

use super::policy::Levels;
use super::trial::{Grounds, Tested, Trial};
use super::{Severity, Verdict};

/// Gives every trial its verdict.
pub(super) fn judged<'a>(mut trials: Vec<Trial<'a>>, levels: &Levels) -> Vec<Trial<'a>> {
    for trial in &mut trials {
        let grounds = if trial.is_within_steps() { Grounds::Steps } else { grounds(trial, levels) };
        decide(trial, grounds);
    }
    carry_shift(&mut trials, levels);
    complete(&mut trials, levels);
    trials
}

/// Which line of the table applies, without a look at other rows.
fn grounds(trial: &Trial<'_>, levels: &Levels) -> Grounds {
    let (limit, raw, estimate) = (trial.limit, trial.raw(), trial.estimate());
    let over = trial.size() >= limit && raw >= 0.5 * limit;
    if over && trial.statistic() >= trial.critical_value && trial.has_weight(levels) {
        Grounds::Sure
    } else if over || raw >= limit {
        match trial.p {
            p if p <= levels.p_warn => Grounds::Likely,
            p if trial.is_rate() && p > levels.p_unsure => Grounds::Nothing,
            _ => Grounds::Chance,
        }
    } else if trial.listed && estimate >= 0.5 * limit && raw >= 0.5 * limit {
        Grounds::Small
    } else if estimate <= -limit && raw <= -0.5 * limit && trial.listed_better {
        Grounds::Better
    } else if upper_bound(trial) >= trial.scaled(levels.inconclusive_factor) {
        Grounds::Wide
    } else {
        Grounds::Nothing
    }
}

/// The one-sided 95 % upper bound of a log change; error rates have counts to tell and are never too wide.
fn upper_bound(trial: &Trial<'_>) -> f64 {
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
