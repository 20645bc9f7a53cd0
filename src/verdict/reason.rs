//! Verdicts in plain words.

use crate::compare::AnalysisKind;
use crate::model::Unit;

use super::shape::Shape;
use super::trial::{Grounds, Trial};

/// Why a row has its verdict, in a sentence.
pub(super) fn reason(trial: &Trial<'_>, shape: &Shape, kind: AnalysisKind) -> String {
    sentence(&clause(trial, shape, kind))
}

/// The words as a sentence: with a capital and a full stop.
pub(super) fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    stopped(&format!("{first}{}", characters.as_str()))
}

/// The words with a full stop; they may begin with a name, which keeps its letters.
pub(super) fn stopped(words: &str) -> String {
    let stop = if words.is_empty() || words.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{words}{stop}")
}

fn clause(trial: &Trial<'_>, shape: &Shape, kind: AnalysisKind) -> String {
    let is_rate = trial.is_rate();
    let moved = moved(shape.change, is_rate);
    let threshold = round(if is_rate { trial.limit } else { trial.rule.threshold }, is_rate);
    let least = size(shape.smallest_detectable, is_rate);
    let runs = kind.counted(trial.effect.runs);
    let over = over(trial, &threshold);
    match trial.grounds {
        Grounds::Sure => format!("{moved}: {over}, and {}", sure(trial, shape)),
        Grounds::Completed => format!("{moved}: {over}, and significant beside the rows that failed"),
        Grounds::Shift => format!("{moved}: a shift of the whole run carries it over the threshold of {threshold}"),
        Grounds::Likely if trial.statistic() >= trial.critical_value => {
            format!("{moved}: {over}, but {runs} can vouch only for a third more")
        }
        Grounds::Likely => {
            let p = Unit::Ratio.show(trial.p);
            format!("{moved}: {over} and likely real (p = {p}), but not beyond doubt among all that was tested")
        }
        Grounds::Chance => format!("{moved}: {over}, but with {runs} only {least} or more can be told from chance"),
        Grounds::Small => format!("{moved}: real, and below the threshold of {threshold}"),
        Grounds::Better => format!("{moved}: better, beyond chance and beyond {threshold}"),
        Grounds::Wide => {
            format!("{moved}, but with {runs} a degradation below {least} can go unseen (threshold {threshold})")
        }
        Grounds::Steps => format!("{moved}: no more than two steps of the source's clock"),
        Grounds::Nothing => format!("{moved}: no degradation of {threshold} or more"),
    }
}

/// What is over the threshold: the change as seen, or what it is taken to be with the body of the distribution.
fn over(trial: &Trial<'_>, threshold: &str) -> String {
    if trial.raw() >= trial.limit {
        return format!("over the threshold of {threshold}");
    }
    format!(
        "taken with p50 and p90 about {}, over the threshold of {threshold}",
        Unit::Ratio.show(trial.size().exp_m1())
    )
}

/// Why a change is no chance: its own size, or that of the body of the distribution.
fn sure(trial: &Trial<'_>, shape: &Shape) -> String {
    if trial.is_sure_by_itself() {
        return format!("beyond the noise floor of {}", size(shape.noise_floor, trial.is_rate()));
    }
    "p50 and p90 show that it is no chance".to_owned()
}

/// A qualification of the verdict.
pub(super) fn note(trial: &Trial<'_>) -> Option<&'static str> {
    match trial.grounds {
        Grounds::Likely => Some("likely"),
        Grounds::Small => Some("real, below the threshold"),
        Grounds::Shift => Some("by a shift of the whole run"),
        _ => None,
    }
}

/// That nothing became worse, and how many rows improved.
pub(super) fn nothing_worse(better: usize) -> String {
    if better > 0 { format!("nothing became worse, {better} improved") } else { "nothing became worse".to_owned() }
}

/// `rose by 31.0 %`, `fell by 0.20 points`, `did not move`.
pub(super) fn moved(change: f64, is_rate: bool) -> String {
    match change {
        c if c > 0.0 => format!("rose by {}", size(c, is_rate)),
        c if c < 0.0 => format!("fell by {}", size(-c, is_rate)),
        _ => "did not move".to_owned(),
    }
}

/// The size of a change: percent, of error rates percentage points.
pub(super) fn size(change: f64, is_rate: bool) -> String {
    if is_rate { format!("{} points", Unit::Count.show(100.0 * change)) } else { Unit::Ratio.show(change) }
}

/// The size of a threshold, without digits it was not given with.
fn round(threshold: f64, is_rate: bool) -> String {
    let number = (1e6 * threshold).round() / 1e4;
    if is_rate { format!("{number} points") } else { format!("{number} %") }
}
