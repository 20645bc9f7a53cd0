//! How one verdict came about: every number of it, from the runs to the line of the table that applied.
//!
//! Nothing is computed a second time here: the values are those that `stats`, `compare` and the judgement kept, told in
//! the order of their computation. What follows from them by a formula that a reader can check carries that formula.

mod bound;
mod document;
mod factor;
mod rates;
mod ruling;
mod runs;
mod series;
mod size;
mod spread;

pub use document::{Check, Column, Explanation, Figures, Formula, Kind, Line, Step, Value};

use std::collections::BTreeSet;

use crate::compare::{Comparison, Computed, Effect, Origin, SECOND, Scope, Standing};
use crate::model::Metric;

use super::policy::Policy;
use super::trial::{Tested, Trial};
use super::{Outcome, Row, families, judge, table};

/// How the verdict on `metric` of `endpoint` came about; `None` of what the comparison does not know.
pub fn explain(comparison: &Comparison, policy: &Policy, endpoint: &str, metric: &str) -> Option<Explanation> {
    let judgement = judge(comparison, policy);
    let row = judgement.rows.iter().find(|row| row.endpoint == endpoint && row.metric == metric).cloned();
    if row.is_none() && !subjects(comparison, policy).iter().any(|(e, m)| e == endpoint && m == metric) {
        return None;
    }
    let (outcome, reason) = (judgement.outcome, &judgement.outcome_reason);
    let blank = Explanation::nothing(&comparison.scenario, endpoint, metric, outcome, reason);
    let Some(row) = row else { return Some(blank) };
    let steps = of_row(comparison, policy, &row);
    Some(Explanation { unit: row.unit, row: Some(row), steps, ..blank })
}

impl Explanation {
    /// Of a scenario of which nothing was compared, for this reason.
    pub fn nothing(scenario: &str, endpoint: &str, metric: &str, outcome: Outcome, reason: &str) -> Self {
        Self {
            scenario: scenario.to_owned(),
            endpoint: endpoint.to_owned(),
            metric: metric.to_owned(),
            unit: Metric::known(metric).map(|known| known.unit).unwrap_or_default(),
            outcome,
            outcome_reason: reason.to_owned(),
            row: None,
            steps: vec![nothing(reason)],
        }
    }
}

/// Every endpoint and metric that can be explained, in the order of the report; where nothing was compared, those that
/// would have been.
pub fn subjects(comparison: &Comparison, policy: &Policy) -> Vec<(String, String)> {
    let rows = judge(comparison, policy).rows;
    if comparison.standing == Standing::Compared {
        return rows.into_iter().map(|row| (row.endpoint, row.metric)).collect();
    }
    let figures = comparison.figures.iter().flat_map(|(name, metrics)| metrics.keys().map(move |m| (name, m)));
    let judged = figures.filter(|(name, metric)| policy.rule(name, metric).is_some());
    judged.map(|(name, metric)| (name.clone(), metric.clone())).collect()
}

/// The only step where nothing was computed.
fn nothing(why: &str) -> Step {
    Step { notes: vec![why.to_owned()], ..Step::new("Nothing to explain", "No verdict was derived.") }
}

/// The steps of a row of the report.
fn of_row(comparison: &Comparison, policy: &Policy, row: &Row) -> Vec<Step> {
    let trials = table::judged(families::tested(comparison, policy), &policy.levels);
    let here = |trial: &&Trial<'_>| trial.effect.endpoint == row.endpoint && trial.effect.metric == row.metric;
    let Some(trial) = trials.iter().find(here) else { return vec![nothing(&row.reason)] };
    let mut steps = to_error(comparison, trial);
    steps.extend(lacking(&steps, trial));
    steps.push(bound::statistics(trial));
    let families = families::families(&trials);
    let own = families.iter().find(|family| family.members.iter().any(|i| std::ptr::eq(&trials[*i], trial)));
    steps.extend(own.map(|family| bound::bound(trial, family, &trials, &policy.levels)));
    steps.push(size::step(trial));
    steps.push(ruling::step(trial, row, &trials, &policy.levels));
    forget_unknown(&mut steps);
    steps
}

/// Leaves out formulas of values that were not kept: what they come to is there all the same.
fn forget_unknown(steps: &mut [Step]) {
    let names: BTreeSet<String> = steps.iter().flat_map(|step| &step.values).map(|value| value.name.clone()).collect();
    let known = |part: &str| part.split_once('}').is_some_and(|(name, _)| names.contains(name));
    for step in steps {
        step.formulas.retain(|formula| formula.expression.split('{').skip(1).all(known));
    }
}

/// The steps from the runs to the standard error, as far as they were kept.
fn to_error(comparison: &Comparison, trial: &Trial<'_>) -> Vec<Step> {
    let effect = trial.effect;
    match (&effect.origin, trial.change) {
        (Some(Origin::Counts { start, past, now }), Tested::Rate(rate)) => {
            rates::steps(comparison, rate, *start, [past, now])
        }
        (Some(Origin::Series(own, body)), Tested::Log(_)) => {
            let mut steps = told(comparison, effect, own, false, series::steps);
            let second =
                body.as_ref().map(|body| told(comparison, effect, body, true, |told| vec![series::second(told)]));
            steps.extend(second.into_iter().flatten());
            steps
        }
        (Some(Origin::Common), Tested::Log(_)) => of_factor(comparison, trial).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// The steps of the shift that all endpoints share.
fn of_factor(comparison: &Comparison, trial: &Trial<'_>) -> Option<Vec<Step>> {
    let metric = &trial.effect.metric;
    let shared = comparison.shared.get(metric)?;
    let endpoints = series::endpoints(&series::computed(comparison, metric, false), None);
    let (runs, factor) = (trial.effect.runs, shared.factor.as_ref()?);
    Some(factor::steps(comparison, runs, shared, factor, &trial.tested(), endpoints))
}

/// The steps of a series, where its parts were kept.
fn told(
    comparison: &Comparison,
    effect: &Effect,
    computed: &Computed,
    second: bool,
    steps: impl Fn(&series::Told<'_>) -> Vec<Step>,
) -> Vec<Step> {
    let Some(parts) = &computed.effect.parts else { return Vec::new() };
    let name = if second { SECOND } else { &effect.metric };
    let shared = comparison.shared.get(name).filter(|_| effect.scope == Scope::Endpoint);
    let endpoints = match shared {
        Some(_) => series::computed(comparison, &effect.metric, second),
        None => Vec::new(),
    };
    steps(&series::Told { comparison, effect, computed, parts, shared, endpoints: &endpoints })
}

/// The estimate itself, where the analysis kept nothing of its derivation.
fn lacking(steps: &[Step], trial: &Trial<'_>) -> Option<Step> {
    let known = |name: &str| steps.iter().flat_map(|step| &step.values).any(|value| value.name == name);
    let mut step = Step::new("The estimate", "How it was computed was not kept.");
    let tested = trial.tested();
    let body = trial.body();
    let values = [
        ("n", "n", Kind::Count, Some(trial.effect.runs as f64)),
        ("est", "est", Kind::Log, Some(trial.estimate())),
        ("d", "d", Kind::Log, Some(trial.raw()).filter(|_| !trial.is_rate() && !trial.is_run_latency())),
        ("se", "se", Kind::Log, Some(tested.se)),
        ("df", "df", Kind::Number, Some(tested.df)),
        ("est_body", "est′", Kind::Log, body.map(|body| body.value)),
        ("se_body", "se′", Kind::Log, body.map(|body| body.se)),
        ("df_body", "df′", Kind::Number, body.map(|body| body.df)),
    ];
    for (name, symbol, kind, value) in values {
        if let Some(value) = value.filter(|_| !known(name)) {
            step.given(name, symbol, kind, value, "as the comparison has it");
        }
    }
    (!step.values.is_empty()).then_some(step)
}
