//! Whether an optimisation is proven: something became better beyond chance, and nothing worse.
//!
//! A gate must not cry over small regressions, so they need a threshold; who proves a gain wants to know a small one too.
//! A gain of any size counts where its statistic passes the bound on chance in the whole comparison and the interval of
//! the change excludes zero. Simulated pairs of 12 endpoints (`verdict::tests::pairs`): where nothing changed, at most 0.8 %
//! are called improved with 1 to 10 pairs; −8 % on one endpoint is proven by 10 pairs in 89 %, a threshold of 20 % never
//! would.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::compare::{Comparison, Standing};
use crate::model::{ALL, Direction};
use crate::stats::{ConfidenceInterval, angle_of, rate_of, upper_quantile};

use super::policy::{Levels, Policy};
use super::reason;
use super::shape::{Shape, relative, whole};
use super::trial::{Tested, Trial};
use super::{Judgement, Outcome, Row, Severity, Verdict, families};

/// What was asked to be proven, and whether it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// What was asked for.
    pub expected: Expected,
    /// Whether it is proven.
    pub met: bool,
    /// Why, with the figures that decide.
    pub reason: String,
    /// Gains that are proven, the largest first; without one the gain that is closest to it.
    pub gains: Vec<Gain>,
}

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Expected {
    /// Something became better, nothing worse.
    Improvement,
}

/// A change for the better. Changes are relative (-0.23 is −23 %), of error rates differences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gain {
    /// The endpoint; `(all)` is the run as a whole.
    pub endpoint: String,
    /// The metric.
    pub metric: String,
    /// Whether it is proven.
    pub proven: bool,
    /// The change.
    pub change: f64,
    /// Its 95 % interval.
    pub interval: ConfidenceInterval,
    /// The change from which on it would be proven with these errors.
    pub needed: f64,
}

/// The judgement with the answer to whether something improved; rows that did by less than the threshold say so.
#[must_use]
pub fn expecting_improvement(mut judgement: Judgement, comparison: &Comparison, policy: &Policy) -> Judgement {
    let gains = gains(comparison, policy);
    for gain in gains.iter().filter(|gain| gain.proven) {
        let row = judgement.rows.iter_mut().find(|row| row.endpoint == gain.endpoint && row.metric == gain.metric);
        row.into_iter().filter(|row| row.verdict == Verdict::Unchanged).for_each(improve);
    }
    if judgement.outcome == Outcome::Passed {
        let better = judgement.rows.iter().filter(|row| row.verdict == Verdict::Improved).count();
        judgement.outcome_reason = reason::stopped(&reason::nothing_worse(better));
    }
    let proven = gains.first().is_some_and(|gain| gain.proven);
    let met = proven && matches!(judgement.outcome, Outcome::Passed | Outcome::Inconclusive);
    let reason = reason::stopped(&reason(&judgement, &comparison.standing, &gains));
    judgement.expectation = Some(Expectation { expected: Expected::Improvement, met, reason, gains });
    judgement
}

/// Makes an unchanged row an improved one: it moved by less than the threshold, and not by chance.
fn improve(row: &mut Row) {
    let moved = reason::moved(row.change.unwrap_or_default(), row.metric == "error-rate");
    row.verdict = Verdict::Improved;
    row.severity = Some(Severity::Info);
    row.reason = reason::sentence(&format!("{moved}: better beyond chance, by less than the threshold"));
}

/// The proven gains, the largest first; without one the one that is closest to it.
fn gains(comparison: &Comparison, policy: &Policy) -> Vec<Gain> {
    let trials = families::tested(comparison, policy);
    let critical = families::critical_for_better(&trials, &policy.levels);
    let tried = trials.iter().zip(critical).filter(|(trial, _)| !trial.rule.advisory && !trial.is_within_steps());
    let mut gains: Vec<(f64, Gain)> =
        tried.map(|(trial, c)| (trial.better() / c, gain(trial, c, &policy.levels))).collect();
    gains.retain(|(share, _)| *share > 0.0);
    gains.sort_by(|a, b| b.0.total_cmp(&a.0));
    let is_proven = |gain: &(f64, Gain)| gain.1.proven;
    if gains.iter().any(is_proven) {
        gains.retain(is_proven);
        gains.sort_by(|a, b| b.1.change.abs().total_cmp(&a.1.change.abs()));
    } else {
        gains.truncate(1);
    }
    gains.into_iter().map(|(_, gain)| gain).collect()
}

fn gain(trial: &Trial<'_>, c: f64, levels: &Levels) -> Gain {
    let shape = Shape::of(trial);
    let excludes_zero = match trial.effect.better {
        Direction::Down => shape.interval.upper < 0.0,
        Direction::Up => shape.interval.lower > 0.0,
    };
    Gain {
        endpoint: trial.effect.endpoint.clone(),
        metric: trial.effect.metric.clone(),
        proven: excludes_zero && trial.better() >= c && -trial.estimate() >= least(trial, levels),
        change: shape.change,
        interval: shape.interval,
        needed: needed(trial, c, levels),
    }
}

/// The least gain that is believed: with few runs or pairs the error is assumed, and only a large one is, as of failures.
fn least(trial: &Trial<'_>, levels: &Levels) -> f64 {
    let is_assumed = !trial.is_rate() && trial.effect.runs < levels.min_runs;
    if is_assumed { trial.scaled(levels.proof_factor) } else { 0.0 }
}

/// The change that is large enough, reaches the critical value and has an interval that excludes zero.
fn needed(trial: &Trial<'_>, c: f64, levels: &Levels) -> f64 {
    let reach = |own: f64, se: f64, df: f64| (c * own).max(upper_quantile(0.025, df) * se);
    match trial.change {
        Tested::Log(change) => {
            let whole = whole(change);
            let reach = reach(change.estimate.se, whole.se, whole.df).max(least(trial, levels));
            relative(-reach, trial.effect.better)
        }
        Tested::Rate(rate) => {
            let least = reach(rate.angle.se, rate.angle.se, rate.angle.df);
            rate_of(angle_of(rate.baseline) - least) - rate.baseline
        }
    }
}

fn reason(judgement: &Judgement, standing: &Standing, gains: &[Gain]) -> String {
    if *standing != Standing::Compared {
        return judgement.outcome_reason.clone();
    }
    let worse = matches!(judgement.outcome, Outcome::Warned | Outcome::Failed);
    match gains {
        [] => "nothing became better".to_owned(),
        [gain, ..] if !gain.proven => {
            format!("no gain beyond chance; closest is {}, needs {}", told(gain), shown(gain.needed, gain))
        }
        [gain, ..] if worse => {
            format!("{}, but something became worse: {}", told(gain), judgement.outcome_reason)
        }
        [gain] => told(gain),
        [gain, others @ ..] => format!("{}; and {} more", told(gain), others.len()),
    }
}

/// `GET /slow p95 −24.1 % (95 % interval −28.0 … −20.1 %)`.
fn told(gain: &Gain) -> String {
    let name = if gain.endpoint == ALL { gain.metric.clone() } else { format!("{} {}", gain.endpoint, gain.metric) };
    let [lower, upper] = [gain.interval.lower, gain.interval.upper].map(|end| shown(end, gain));
    let lower = lower.split(' ').next().unwrap_or_default();
    format!("{name} {} (95 % interval {lower} … {upper})", shown(gain.change, gain))
}

/// A change with its sign, in percent or points.
fn shown(change: f64, gain: &Gain) -> String {
    let sign = match change {
        c if c < 0.0 => "−",
        c if c > 0.0 => "+",
        _ => "",
    };
    format!("{sign}{}", reason::size(change.abs(), gain.metric == "error-rate"))
}
