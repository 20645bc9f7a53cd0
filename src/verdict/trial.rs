//! One effect under its rule: what must be exceeded, and by how much it was.

use crate::compare::{Change, Effect, LogChange, Scope};
use crate::model::Direction;
use crate::stats::{RateEffect, Trial as Test, angle_of, survival};

use super::policy::{Levels, Rule};
use super::{Severity, Verdict};

/// An effect that is tested.
#[derive(Clone, Debug)]
pub(super) struct Trial<'a> {
    pub(super) effect: &'a Effect,
    pub(super) rule: Rule,
    pub(super) change: Tested<'a>,
    /// The threshold on the scale of the estimate: a logarithm, or a difference of rates.
    pub(super) limit: f64,
    /// One-sided p-value of a degradation.
    pub(super) p: f64,
    /// The critical value of its family.
    pub(super) critical_value: f64,
    /// The p-value adjusted for its family's list (Benjamini & Hochberg).
    pub(super) adjusted: f64,
    /// Whether it is significant in that list.
    pub(super) listed: bool,
    /// The same in the direction of improvement.
    pub(super) listed_better: bool,
    pub(super) verdict: Verdict,
    /// What the verdict does, before `critical` and `advisory` are looked at.
    pub(super) severity: Option<Severity>,
    pub(super) grounds: Grounds,
    /// The line of the table that applied before other rows were looked at.
    pub(super) line: Grounds,
}

/// The change that is tested.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tested<'a> {
    Log(&'a LogChange),
    Rate(&'a RateEffect),
}

/// Which line of the table gave a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grounds {
    /// Sure and large enough.
    Sure,
    /// Over the threshold, not sure in the whole comparison.
    Likely,
    /// Over the threshold, and it may well be chance.
    Chance,
    /// Real, below the threshold.
    Small,
    /// Better.
    Better,
    /// Not over the threshold, but a change far over it cannot be excluded.
    Wide,
    /// No change that matters.
    Nothing,
    /// Within two steps of the source's clock.
    Steps,
    /// Carried over the threshold by a shift of the whole run.
    Shift,
    /// Failed because something else did and this is over the threshold too.
    Completed,
}

impl<'a> Trial<'a> {
    /// The effect under `rule`; `None` of an effect that is only shown.
    pub(super) fn new(effect: &'a Effect, rule: Rule) -> Option<Self> {
        let change = match &effect.change {
            Change::Log(change) => Tested::Log(change),
            Change::Rate(change) => Tested::Rate(change),
            Change::Shown(_) => return None,
        };
        let mut trial = Self {
            effect,
            rule,
            change,
            limit: 0.0,
            p: 1.0,
            critical_value: f64::INFINITY,
            adjusted: 1.0,
            listed: false,
            listed_better: false,
            verdict: Verdict::Unchanged,
            severity: None,
            grounds: Grounds::Nothing,
            line: Grounds::Nothing,
        };
        trial.limit = match change {
            Tested::Log(_) => trial.scaled(1.0),
            Tested::Rate(rate) => (trial.rule.threshold * rate.baseline).max(trial.rule.at_least.unwrap_or(0.0)),
        };
        trial.p = trial.p_value();
        Some(trial)
    }

    /// `factor` times the relative threshold, on the log scale.
    pub(super) fn scaled(&self, factor: f64) -> f64 {
        let relative = factor * self.rule.threshold;
        match self.effect.better {
            Direction::Down => relative.ln_1p(),
            // Nothing falls by more than all of it.
            Direction::Up => -(-relative.min(0.9)).ln_1p(),
        }
    }

    /// The estimate on the scale of `limit`.
    pub(super) fn estimate(&self) -> f64 {
        match self.change {
            Tested::Log(change) => change.estimate.value,
            Tested::Rate(rate) => rate.candidate - rate.baseline,
        }
    }

    /// How large the change is taken to be.
    pub(super) fn size(&self) -> f64 {
        match self.change {
            Tested::Log(change) => change.size,
            Tested::Rate(_) => self.estimate(),
        }
    }

    /// The change as it was seen.
    pub(super) fn raw(&self) -> f64 {
        match self.change {
            Tested::Log(change) => change.raw,
            Tested::Rate(_) => self.estimate(),
        }
    }

    /// The estimate that is tested, with its error.
    pub(super) fn tested(&self) -> crate::stats::Estimate {
        match self.change {
            Tested::Log(change) => change.estimate,
            Tested::Rate(rate) => rate.angle,
        }
    }

    /// The second statistic.
    pub(super) fn body(&self) -> Option<crate::stats::Estimate> {
        match self.change {
            Tested::Log(change) => change.body,
            Tested::Rate(_) => None,
        }
    }

    /// The better of the statistics.
    pub(super) fn statistic(&self) -> f64 {
        self.body().map_or(self.tested().t(), |body| self.tested().t().max(body.t()))
    }

    /// Whether the change is sure without the second statistic.
    pub(super) fn is_sure_by_itself(&self) -> bool {
        self.tested().t() >= self.critical_value
    }

    /// One-sided p-value; with two statistics the better one, paid for twice.
    fn p_value(&self) -> f64 {
        let of = |estimate: &crate::stats::Estimate| survival(estimate.t(), estimate.df);
        match self.change {
            Tested::Log(LogChange { estimate, body: Some(body), .. }) => (2.0 * of(estimate).min(of(body))).min(1.0),
            _ => of(&self.tested()),
        }
    }

    /// One-sided p-value of an improvement.
    pub(super) fn p_better(&self) -> f64 {
        survival(-self.tested().t(), self.tested().df)
    }

    /// How many standard errors better the tested change is.
    pub(super) fn better(&self) -> f64 {
        -self.tested().t()
    }

    /// The test as the bound on false alarms sees it.
    pub(super) fn test(&self) -> Test {
        let tested = self.tested();
        let gate = match self.change {
            // A shift of the run below the threshold still carries endpoints over it.
            Tested::Log(_) if self.is_run_latency() => 0.0,
            Tested::Log(_) => self.limit / tested.se,
            Tested::Rate(rate) => self.angle_limit(rate) / tested.se,
        };
        let tries = if matches!(self.change, Tested::Log(LogChange { body: Some(_), .. })) { 2.0 } else { 1.0 };
        Test { gate, df: tested.df, tries }
    }

    /// The threshold of an error rate on the arcsine scale.
    pub(super) fn angle_limit(&self, rate: &RateEffect) -> f64 {
        angle_of(rate.baseline + self.limit) - angle_of(rate.baseline)
    }

    pub(super) fn is_rate(&self) -> bool {
        matches!(self.change, Tested::Rate(_))
    }

    pub(super) fn is_run(&self) -> bool {
        self.effect.scope == Scope::Run
    }

    /// Whether this tests the shift of a latency common to all endpoints.
    pub(super) fn is_run_latency(&self) -> bool {
        self.is_run() && crate::model::Metric::is_latency(&self.effect.metric)
    }

    /// Whether a few baseline runs are made up for by the size, or none are needed.
    pub(super) fn has_weight(&self, levels: &Levels) -> bool {
        self.is_rate() || self.effect.runs >= levels.min_runs || self.estimate() >= self.scaled(levels.small_factor)
    }

    /// The threshold that a shift of the run must carry the endpoint over.
    pub(super) fn shift_limit(&self, levels: &Levels) -> f64 {
        if self.effect.runs >= levels.min_runs { self.limit } else { self.scaled(levels.small_factor) }
    }

    /// Whether an endpoint's latency moved by no more than two steps of the source's clock.
    pub(super) fn is_within_steps(&self) -> bool {
        let Effect { baseline: Some(baseline), candidate: Some(candidate), step: Some(step), .. } = *self.effect else {
            return false;
        };
        // Two steps and what rounding to a logarithm and back takes.
        !self.is_run() && (candidate - baseline).abs() <= 2.000_001 * step
    }

    pub(super) fn is_failure(&self) -> bool {
        self.severity >= Some(Severity::Failure) && !self.rule.advisory
    }
}
