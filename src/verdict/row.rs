//! What a row shows: figures on their own scale, the change with its interval, floors and limits.

use crate::compare::{AnalysisKind, Change, Comparison, Effect, Scope};
use crate::model::{ALL, Metric};

use super::policy::{Policy, Rule};
use super::reason;
use super::shape::{Shape, interval, relative};
use super::trial::{Tested, Trial};
use super::{Row, Severity, Specific, Verdict};

/// Difference between a shift of the run and its pooled figure that is worth a note.
const CARRIED: f64 = 0.05;

/// Rows of all effects that a rule asks about, in the order of the comparison.
pub(super) fn rows(comparison: &Comparison, policy: &Policy, trials: &[Trial<'_>]) -> Vec<Row> {
    let mut trials = trials.iter().peekable();
    let mut rows = Vec::new();
    for effect in &comparison.effects {
        if let Some(trial) = trials.next_if(|trial| std::ptr::eq(trial.effect, effect)) {
            rows.push(tested(trial, comparison));
        } else if let (Change::Shown(raw), Some(rule)) = (&effect.change, policy.rule(&effect.endpoint, &effect.metric))
        {
            rows.push(shown(effect, *raw, &rule, comparison));
        }
    }
    settle_shown(&mut rows);
    rows
}

/// Rows of endpoints that only one side has.
pub(super) fn unmatched(comparison: &Comparison, policy: &Policy) -> Vec<Row> {
    let row = |endpoint: &String, verdict, severity, reason: String| {
        let metric = Metric::known("p95")?;
        let advisory = policy.rule(endpoint, &metric.name).is_some_and(|rule| rule.advisory);
        let severity = if advisory { Severity::Info } else { severity };
        let mut row = blank(endpoint, &metric, comparison);
        (row.verdict, row.severity, row.reason, row.advisory) = (verdict, Some(severity), reason, advisory);
        row.candidate = comparison.figures.get(endpoint).and_then(|figures| figures.get("p95")).copied();
        Some(row)
    };
    let kind = comparison.analysis.kind;
    let (baseline, candidate) = (kind.baseline(), kind.candidate());
    let appeared = comparison.appeared.iter().filter_map(|name| {
        let since = if kind == AnalysisKind::History { ": judged from the next runs on" } else { "" };
        row(name, Verdict::New, Severity::Info, format!("not in the {baseline}{since}"))
    });
    let gone = comparison.gone.iter().filter_map(|name| {
        let reason = format!("Most {baseline} runs have this endpoint and the {candidate} lacks it.");
        row(name, Verdict::Missing, Severity::Warning, reason)
    });
    appeared.chain(gone).collect()
}

fn tested(trial: &Trial<'_>, comparison: &Comparison) -> Row {
    let effect = trial.effect;
    let shape = Shape::of(trial);
    Row {
        verdict: trial.verdict,
        severity: severity(trial, shape.change),
        advisory: trial.rule.advisory,
        baseline: effect.baseline,
        candidate: effect.candidate,
        change: Some(shape.change),
        interval: Some(shape.interval),
        specific: specific(trial),
        noise_floor: Some(shape.noise_floor),
        smallest_detectable: Some(shape.smallest_detectable),
        threshold: Some(threshold(trial)),
        critical: trial.rule.critical,
        p_value: Some(trial.p),
        statistic: Some(trial.statistic()),
        critical_value: Some(trial.critical_value),
        runs: effect.runs,
        reason: reason::reason(trial, &shape, comparison.analysis.kind),
        note: reason::note(trial).map(str::to_owned).or_else(|| carried(trial, comparison)),
        ..blank_of(effect, comparison)
    }
}

/// The endpoint's own change, where a shift of the whole run was taken out.
fn specific(trial: &Trial<'_>) -> Option<Specific> {
    let Tested::Log(change) = trial.change else { return None };
    change.common?;
    let better = trial.effect.better;
    let interval = interval(&change.estimate, better);
    Some(Specific { change: relative(change.estimate.value, better), interval })
}

/// The threshold on the scale of the change, without a sign.
fn threshold(trial: &Trial<'_>) -> f64 {
    if trial.is_rate() { trial.limit } else { trial.rule.threshold }
}

/// What the verdict does: failures far beyond are critical, advisory rules only report.
fn severity(trial: &Trial<'_>, change: f64) -> Option<Severity> {
    let severity = trial.severity?;
    if trial.rule.advisory {
        return Some(Severity::Info);
    }
    let worse = trial.effect.better.sign() * change;
    let is_critical = severity == Severity::Failure && trial.rule.critical.is_some_and(|far| worse >= far);
    Some(if is_critical { Severity::Critical } else { severity })
}

/// Of the run's latency: who carries its pooled figure, where that differs from the common shift.
fn carried(trial: &Trial<'_>, comparison: &Comparison) -> Option<String> {
    let effect = trial.effect;
    let (baseline, candidate) = (effect.baseline?, effect.candidate?);
    let pooled = candidate / baseline - 1.0;
    let shift = relative(trial.raw(), effect.better);
    if !trial.is_run_latency() || (pooled - shift).abs() <= CARRIED {
        return None;
    }
    let moved = comparison.effects.iter().filter(|e| e.metric == effect.metric && e.scope == Scope::Endpoint);
    let towards = |e: &&Effect| Some((e.candidate? - e.baseline?) * (pooled - shift).signum());
    let most = moved.max_by(|a, b| towards(a).partial_cmp(&towards(b)).unwrap_or(std::cmp::Ordering::Equal))?;
    Some(format!(
        "The change is what all endpoints share; the pooled figures beside it are carried by {}.",
        most.endpoint
    ))
}

/// A figure that the rows of one or two endpoints test already.
fn shown(effect: &Effect, raw: f64, rule: &Rule, comparison: &Comparison) -> Row {
    Row {
        advisory: rule.advisory,
        baseline: effect.baseline,
        candidate: effect.candidate,
        change: Some(relative(raw, effect.better)),
        threshold: Some(rule.threshold),
        critical: rule.critical,
        runs: effect.runs,
        reason: "Shown without a test: with so few endpoints their own rows are tested.".to_owned(),
        ..blank_of(effect, comparison)
    }
}

/// A row without a test that moved by the threshold shares the verdict of its endpoints, and does nothing.
fn settle_shown(rows: &mut [Row]) {
    let worst = |rows: &[Row], metric: &str| {
        let own = rows.iter().filter(|row| row.metric == metric && row.endpoint != ALL);
        own.map(|row| row.verdict).filter(|verdict| *verdict != Verdict::Improved).max()
    };
    for i in 0..rows.len() {
        let (Some(change), Some(threshold)) = (rows[i].change, rows[i].threshold) else { continue };
        let is_large = rows[i].better.sign() * change >= threshold;
        if rows[i].p_value.is_none() && is_large {
            rows[i].verdict = worst(rows, &rows[i].metric).unwrap_or(Verdict::Unchanged);
        }
    }
}

fn blank_of(effect: &Effect, comparison: &Comparison) -> Row {
    let metric = Metric { name: effect.metric.clone().into(), unit: effect.unit, better: effect.better };
    blank(&effect.endpoint, &metric, comparison)
}

/// A row about which nothing is known yet.
fn blank(endpoint: &str, metric: &Metric, comparison: &Comparison) -> Row {
    Row {
        endpoint: endpoint.to_owned(),
        metric: metric.name.to_string(),
        unit: metric.unit,
        better: metric.better,
        verdict: Verdict::Unchanged,
        severity: None,
        advisory: false,
        baseline: None,
        candidate: None,
        change: None,
        interval: None,
        specific: None,
        noise_floor: None,
        smallest_detectable: None,
        threshold: None,
        critical: None,
        p_value: None,
        statistic: None,
        critical_value: None,
        runs: comparison.baseline.runs,
        basis: comparison.basis,
        reason: String::new(),
        note: None,
    }
}
