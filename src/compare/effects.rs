//! The effects of each metric: of the run, and of its endpoints.

use crate::model::{ALL, EndpointSummary, LogValue, Metric, Record, SeriesName, quantile_of};
use crate::stats::{self, Counts, Priors, RateEffect, SE1_BODY, SE1_THROUGHPUT, Series};
use crate::stats::{endpoints, error_rate, error_rate_of_pairs, se1, single};

use super::runs::{Runs, requests};
use super::{Change, Comparison, Computed, Effect, LevelShift, LogChange, Origin, Scope, Settings};

/// Name of the second statistic of p95 among what endpoints share: no metric has it.
pub const SECOND: &str = "p95/body";
/// How far the shift of p95 and that of the body differ in an ordinary regression (s.d., log): both move together, and
/// the body is measured better.
pub const TAIL_SD: f64 = 0.05;
/// Step of latencies where the source does not say, s: finer than any load generator's clock.
const FINE: f64 = 1e-6;
/// The coarsest step that is the same at all latencies, s.
const MILLISECOND: f64 = 1e-3;

/// Adds the effects of all metrics to `comparison`, run first, then by endpoint.
pub(super) fn add(runs: &Runs<'_>, settings: &Settings, comparison: &mut Comparison) {
    for metric in &settings.metrics {
        let mut of = Of { runs, metric, priors: &settings.priors, comparison };
        match &*metric.name {
            "throughput" => of.throughput(),
            "error-rate" => of.error_rate(),
            name if Metric::is_latency(name) => of.latency(),
            _ => of.value(),
        }
    }
    let order = |effect: &Effect| (effect.scope, effect.endpoint.clone());
    // Stable: the metrics of an endpoint stay in the order of the settings.
    comparison.effects.sort_by_key(order);
}

/// One metric of the runs, and where its effects go.
struct Of<'a> {
    runs: &'a Runs<'a>,
    metric: &'a Metric,
    priors: &'a Priors,
    comparison: &'a mut Comparison,
}

impl Of<'_> {
    fn latency(&mut self) {
        let name = &*self.metric.name;
        let figure = |name: &'static str| move |e: &EndpointSummary| e.latency.get(name).copied();
        let own = |e: &EndpointSummary| e.latency.get(name).copied();
        let (common, all) = self.compare_endpoints(name, se1(name), own);
        // Only p95 has a second statistic: what was measured, was measured with it.
        let second = (name == "p95").then(|| self.compare_endpoints(SECOND, SE1_BODY, figure("body")).1);
        let mut bodies = second.into_iter().flatten();
        let is_single = self.runs.names() == [ALL];
        let is_tested = all.iter().any(Option::is_some);
        for (endpoint, computed) in self.runs.names().into_iter().zip(all) {
            let second = bodies.next().flatten();
            let Some(computed) = computed else { continue };
            let body = second.as_ref().map(|body| body.effect.estimate);
            let effect = &computed.effect;
            let change = LogChange { body, size: size(effect, body), ..log_change(effect, common.as_ref()) };
            self.push_endpoint(endpoint, computed, second, change, self.step(endpoint));
        }
        if !is_single && is_tested {
            self.pooled_latency(common.as_ref());
        }
    }

    /// The run's row: it tests the shift common to all endpoints and shows their pooled figure.
    fn pooled_latency(&mut self, common: Option<&stats::Common>) {
        let name = &*self.metric.name;
        let pooled = self.runs.series(
            self.metric.better.sign(),
            se1(name),
            |summary| summary.total.latency.get(name).copied(),
            |summary| Some(requests(&summary.total)),
        );
        let pooled = single(&self.runs.accepted(pooled, &self.series(ALL)), self.priors.cv_global, self.priors);
        let (change, runs, origin) = match (common, &pooled) {
            (Some(common), _) => (Change::Log(plain(common.estimate)), common.runs, Some(Origin::Common)),
            (None, Some(pooled)) => (Change::Shown(pooled.raw), pooled.runs, None),
            (None, None) => return,
        };
        let figures = pooled.map(|pooled| (pooled.centre.exp(), pooled.now.exp()));
        self.push(Effect { runs, origin, ..self.effect(ALL, Scope::Run, figures, change) });
    }

    fn throughput(&mut self) {
        let figure = |e: &EndpointSummary| e.throughput;
        let run = self.runs.series(
            self.metric.better.sign(),
            SE1_THROUGHPUT,
            |summary| summary.total.throughput,
            |summary| summary.total.count.map(|n| n as f64),
        );
        self.push_single(run, self.priors.cv_global);
        let names = self.runs.names();
        if names.len() >= self.priors.min_endpoints {
            // The common factor of the endpoints is the run's own row above: it is no row again.
            self.push_endpoints("throughput", SE1_THROUGHPUT, figure);
        }
    }

    /// A resource or custom metric: of the run, and of the endpoints that have it.
    fn value(&mut self) {
        let name = self.metric.name.to_string();
        let run = self.runs.series(self.metric.better.sign(), 0.0, |s| s.values.get(&name).copied(), |_| None);
        let cv = if name == "memory" { self.priors.cv_memory } else { self.priors.cv_global };
        self.push_single(run, cv);
        self.push_endpoints(&name, SE1_BODY, |e: &EndpointSummary| e.values.get(&name).copied());
    }

    fn error_rate(&mut self) {
        let whole = |run: &Record| counts(&run.summary.total).map(|counts| Counts { dispersion: 1.0, ..counts });
        self.push_rate(ALL, Scope::Run, whole);
        for name in self.runs.names().into_iter().filter(|name| *name != ALL) {
            self.push_rate(name, Scope::Endpoint, |run| run.summary.endpoints.get(name).and_then(counts));
        }
    }

    /// The shift common to all endpoints, and by endpoint what its series comes to; what they share is kept as `name`.
    fn compare_endpoints(
        &mut self,
        name: &str,
        se1: f64,
        figure: impl Fn(&EndpointSummary) -> Option<LogValue>,
    ) -> (Option<stats::Common>, Vec<Option<Computed>>) {
        let sign = self.metric.better.sign();
        let names = self.runs.names();
        let accepted =
            |name: &&str| self.runs.accepted(self.runs.endpoint(name, sign, se1, &figure), &self.series(name));
        let series: Vec<Series> = names.iter().map(accepted).collect();
        let all = endpoints(&series, self.priors);
        self.comparison.shared.insert(name.to_owned(), all.shared);
        let computed = |(series, effect): (Series, Option<_>)| Some(Computed { series, effect: effect? });
        (all.common, series.into_iter().zip(all.effects).map(computed).collect())
    }

    fn push_endpoints(&mut self, name: &str, se1: f64, figure: impl Fn(&EndpointSummary) -> Option<LogValue>) {
        let (common, all) = self.compare_endpoints(name, se1, figure);
        for (endpoint, computed) in self.runs.names().into_iter().zip(all) {
            let Some(computed) = computed else { continue };
            let change = log_change(&computed.effect, common.as_ref());
            self.push_endpoint(endpoint, computed, None, change, None);
        }
    }

    fn push_endpoint(
        &mut self,
        endpoint: &str,
        own: Computed,
        body: Option<Computed>,
        change: LogChange,
        step: Option<f64>,
    ) {
        self.note_shift(endpoint, &own.effect);
        let figures = Some(self.figures(&own.effect));
        let runs = own.effect.runs;
        let origin = Some(Origin::Series(Box::new(own), body.map(Box::new)));
        let change = Change::Log(change);
        self.push(Effect { runs, step, origin, ..self.effect(endpoint, Scope::Endpoint, figures, change) });
    }

    fn push_single(&mut self, series: Series, cv: f64) {
        let series = self.runs.accepted(series, &self.series(ALL));
        let Some(effect) = single(&series, cv, self.priors) else { return };
        self.note_shift(ALL, &effect);
        let (figures, runs) = (Some(self.figures(&effect)), effect.runs);
        let change = Change::Log(log_change(&effect, None));
        let origin = Some(Origin::Series(Box::new(Computed { series, effect }), None));
        self.push(Effect { runs, origin, ..self.effect(ALL, Scope::Run, figures, change) });
    }

    fn push_rate(&mut self, endpoint: &str, scope: Scope, of: impl Fn(&Record) -> Option<Counts>) {
        let series = self.series(endpoint);
        let valid = |run: &&Record| if self.runs.is_void(run, &series) { None } else { of(run) };
        let past: Vec<Option<Counts>> = self.runs.past.iter().map(valid).collect();
        let now: Vec<Option<Counts>> = self.runs.now.iter().map(|run| of(run)).collect();
        let start = self.runs.start(&series);
        if let Some(rate) = self.rate(start, &past, &now) {
            let (figures, runs) = (Some((rate.baseline, rate.candidate)), rate.runs);
            let origin = Some(Origin::Counts { start, past, now });
            self.push(Effect { runs, origin, ..self.effect(endpoint, scope, figures, Change::Rate(rate)) });
        }
    }

    /// The change of an error rate; the first `start` runs of the past inform the spread only.
    fn rate(&self, start: usize, past: &[Option<Counts>], now: &[Option<Counts>]) -> Option<RateEffect> {
        if self.runs.are_pairs() {
            let both = past.iter().zip(now).filter_map(|(base, head)| base.zip(*head));
            let (base, head): (Vec<Counts>, Vec<Counts>) = both.unzip();
            return error_rate_of_pairs(&base, &head, self.priors);
        }
        let present = |runs: &[Option<Counts>]| runs.iter().copied().flatten().collect::<Vec<_>>();
        let (earlier, window) = past.split_at(start);
        error_rate(&present(earlier), &present(window), &present(now), self.priors)
    }

    fn push(&mut self, effect: Effect) {
        self.comparison.effects.push(effect);
    }

    /// An effect of this metric, of which nothing more is known.
    fn effect(&self, endpoint: &str, scope: Scope, figures: Option<(f64, f64)>, change: Change) -> Effect {
        Effect {
            endpoint: endpoint.to_owned(),
            metric: self.metric.name.to_string(),
            unit: self.metric.unit,
            better: self.metric.better,
            scope,
            baseline: figures.map(|(baseline, _)| baseline),
            candidate: figures.map(|(_, candidate)| candidate),
            runs: 0,
            step: None,
            change,
            origin: None,
        }
    }

    /// The series of an endpoint.
    fn series(&self, endpoint: &str) -> SeriesName {
        SeriesName { endpoint: endpoint.to_owned(), metric: self.metric.name.to_string() }
    }

    /// Baseline and candidate in their unit.
    fn figures(&self, effect: &stats::Effect) -> (f64, f64) {
        let sign = self.metric.better.sign();
        ((sign * effect.centre).exp(), (sign * effect.now).exp())
    }

    /// Coarsest step of a quantile over the runs compared, s.
    ///
    /// Runs keep the step at their 95th percentile. Where steps grow with the latency they are finer below, so there no
    /// more than a millisecond is taken.
    fn step(&self, endpoint: &str) -> Option<f64> {
        let share = quantile_of(&self.metric.name)?;
        let all = self.runs.window().iter().chain(&self.runs.now);
        let steps = all.filter_map(|run| run.summary.endpoints.get(endpoint)?.resolution);
        let step = steps.fold(FINE, f64::max);
        Some(if share < 0.95 { step.min(MILLISECOND) } else { step })
    }

    fn note_shift(&mut self, endpoint: &str, effect: &stats::Effect) {
        let Some(start) = effect.cut.map(|at| self.runs.past[at]) else { return };
        self.comparison.shifts.push(LevelShift {
            endpoint: endpoint.to_owned(),
            metric: self.metric.name.to_string(),
            run: start.id.clone(),
            commit: start.commit.clone(),
            runs: effect.runs,
        });
    }
}

fn log_change(effect: &stats::Effect, common: Option<&stats::Common>) -> LogChange {
    let (raw, kappa) = (effect.raw, effect.kappa);
    LogChange { raw, kappa, common: common.map(|common| common.estimate), ..plain(effect.estimate) }
}

/// A change that nothing was taken out of.
fn plain(estimate: stats::Estimate) -> LogChange {
    LogChange { estimate, raw: estimate.value, size: estimate.value, body: None, common: None, kappa: 1.0 }
}

/// The estimate of the tail, or if larger its mean with that of the body, weighted by precision.
///
/// A regression of the tail alone still counts in full; an ordinary one is measured better.
fn size(effect: &stats::Effect, body: Option<stats::Estimate>) -> f64 {
    let tail = effect.estimate;
    let Some(body) = body else { return tail.value };
    let weight = 1.0 / (tail.se * tail.se);
    let body_weight = 1.0 / (body.se * body.se + TAIL_SD * TAIL_SD);
    let both = (weight * tail.value + body_weight * body.value) / (weight + body_weight);
    tail.value.max(both)
}

/// Counts of an endpoint with requests; more errors than requests are no counts.
fn counts(endpoint: &EndpointSummary) -> Option<Counts> {
    let requests = endpoint.count.filter(|count| *count > 0)?;
    let errors = endpoint.errors.filter(|errors| *errors <= requests)?;
    Some(Counts { requests, errors, dispersion: endpoint.error_dispersion.unwrap_or(1.0) })
}
