//! Candidate against baseline: an effect for each endpoint and metric, and what stands in the way of one.
//!
//! Effects are estimates with their errors; whether one is real and large enough is for [`crate::verdict`] to say.

mod analysis;
mod effects;
mod figures;
mod runs;
mod standing;
mod turns;

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::baseline::Baseline;
use crate::model::{Acceptance, Basis, Direction, Metric, Record, Unit, Warning};
use crate::stats::{self, Counts, Estimate, Priors, RateEffect, Series};

pub use analysis::{Analysis, AnalysisKind};
pub use effects::{SECOND, TAIL_SD};
pub use turns::in_turn;

use runs::Runs;

/// What is compared, and what is assumed of runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The metrics, in the order they are reported.
    pub metrics: Vec<Metric>,
    /// Priors of the statistics.
    pub priors: Priors,
}

impl Default for Settings {
    /// p95, throughput, error rate and memory.
    fn default() -> Self {
        let metrics = ["p95", "throughput", "error-rate", "memory"].into_iter().filter_map(Metric::known).collect();
        Self { metrics, priors: Priors::default() }
    }
}

/// A candidate beside its baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The load test's name.
    pub scenario: String,
    /// Start of the first candidate run.
    pub at: Option<Timestamp>,
    /// Which analysis this is, and why.
    pub analysis: Analysis,
    /// Whether there is anything to compare.
    pub standing: Standing,
    /// The runs compared with.
    pub baseline: BaselineRuns,
    /// Candidate runs; their mean is compared.
    pub candidates: usize,
    /// Which requests the latencies are of.
    pub basis: Basis,
    /// Effects: of the run first, then by endpoint; metrics in the order of the settings.
    pub effects: Vec<Effect>,
    /// Endpoints of the candidate that no baseline run has.
    pub appeared: Vec<String>,
    /// Endpoints that most baseline runs have and the candidate lacks.
    pub gone: Vec<String>,
    /// Series whose baseline starts at a shift of their level.
    pub shifts: Vec<LevelShift>,
    /// New levels that people accepted since the first baseline run; those that expired lately among them.
    pub accepted: Vec<Acceptance>,
    /// The candidate's own figures by endpoint and metric, in base units; the run's under `(all)`.
    pub figures: BTreeMap<String, BTreeMap<String, f64>>,
    /// What a reader should know before trusting an effect.
    pub warnings: Vec<Warning>,
    /// The runs behind the effects: baseline, oldest first, then candidates.
    pub runs: Vec<RunMark>,
    /// What the endpoints say together, by metric; the body of p95 under [`SECOND`].
    pub shared: BTreeMap<String, stats::Shared>,
}

/// Which run it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunMark {
    /// Identity of the run.
    pub id: String,
    /// Its start.
    pub started_at: Timestamp,
    /// Its commit.
    pub commit: Option<String>,
}

/// Whether a candidate can be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It was.
    Compared,
    /// There is nothing to compare with yet.
    NoBaseline,
    /// Candidate and baseline are not the same experiment, for this reason.
    Incomparable(String),
    /// The candidate is no valid run, for this reason.
    Invalid(String),
}

/// The runs compared with, as a report shows them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BaselineRuns {
    /// Runs in the window.
    pub runs: usize,
    /// Older runs that inform the spread only.
    pub earlier: usize,
    /// Start of the first run in the window.
    pub from: Option<Timestamp>,
    /// Start of the last.
    pub to: Option<Timestamp>,
    /// Commit of the last.
    pub commit: Option<String>,
    /// Notes on the choice of runs.
    pub notes: Vec<String>,
}

/// The change of one metric of one endpoint, or of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// The endpoint, or `(all)`.
    pub endpoint: String,
    /// The metric's name.
    pub metric: String,
    /// Its unit.
    pub unit: Unit,
    /// Which way is better.
    pub better: Direction,
    /// Whether this is the run as a whole.
    pub scope: Scope,
    /// The baseline's figure.
    pub baseline: Option<f64>,
    /// The candidate's figure.
    pub candidate: Option<f64>,
    /// Baseline runs, or pairs, behind it.
    pub runs: usize,
    /// Coarsest step of the figure in the runs compared, in its unit.
    pub step: Option<f64>,
    /// The change.
    pub change: Change,
    /// What the change was computed from, where that is kept.
    pub origin: Option<Origin>,
}

/// What a change was computed from, to be told on request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A series, and the second one of an endpoint's p95.
    Series(Box<Computed>, Option<Box<Computed>>),
    /// The factor common to all endpoints: [`Comparison::shared`] has it.
    Common,
    /// Counts of errors.
    Counts {
        /// Runs at the start of `past` that inform the spread only.
        start: usize,
        /// By baseline run.
        past: Vec<Option<Counts>>,
        /// By candidate run.
        now: Vec<Option<Counts>>,
    },
}

/// A series and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Computed {
    /// The figure by run.
    pub series: Series,
    /// The change, with the parts of its error.
    pub effect: stats::Effect,
}

/// What an effect is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The run as a whole.
    Run,
    /// One endpoint.
    Endpoint,
}

/// The kinds of change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Of a figure compared on the log scale.
    Log(LogChange),
    /// Of an error rate.
    Rate(RateEffect),
    /// Shown only: this log change is tested by other rows.
    Shown(f64),
}

/// A change on the log scale, positive is worse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogChange {
    /// The change that is tested; of an endpoint less the shift of the whole run.
    pub estimate: Estimate,
    /// The change as it was seen.
    pub raw: f64,
    /// How large the change is taken to be: the estimate, or if larger its mean with that of the body.
    pub size: f64,
    /// The same change of the body of the distribution: the second statistic of an endpoint's p95.
    pub body: Option<Estimate>,
    /// The shift of the whole run that was taken out.
    pub common: Option<Estimate>,
    /// Share of the endpoint's own change that is believed next to a shift of the whole run.
    pub kappa: f64,
}

/// A series whose level shifted inside the baseline window: only what follows is its centre.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevelShift {
    /// The endpoint, or `(all)`.
    pub endpoint: String,
    /// The metric.
    pub metric: String,
    /// The run that starts the new level.
    pub run: String,
    /// Its commit.
    pub commit: Option<String>,
    /// Runs on the new level.
    pub runs: usize,
}

/// Compares one or more runs of the same commit with a baseline chosen from history.
pub fn compare(candidates: &[Record], baseline: &Baseline, settings: &Settings) -> Comparison {
    compared(&Runs::new(candidates, baseline, AnalysisKind::History), baseline, settings)
}

/// Compares runs of the head with runs of the base, each made on a runner of its own.
pub fn compare_runs(base: &[Record], head: &[Record], settings: &Settings) -> Comparison {
    let baseline = Baseline { runs: base.to_vec(), ..Baseline::default() };
    compared(&Runs::new(head, &baseline, AnalysisKind::Runs), &baseline, settings)
}

/// Compares pairs: `base[i]` and `head[i]` were made in turn on the same runner, which cancels in their difference.
pub fn compare_pairs(base: &[Record], head: &[Record], settings: &Settings) -> Comparison {
    let baseline = Baseline { runs: base.to_vec(), ..Baseline::default() };
    let settings = Settings { priors: settings.priors.of_pairs(), ..settings.clone() };
    compared(&Runs::pairs(base, head), &baseline, &settings)
}

fn compared(runs: &Runs<'_>, baseline: &Baseline, settings: &Settings) -> Comparison {
    let candidates = &runs.now;
    let described = standing::describe(runs, baseline);
    let mut comparison = Comparison {
        scenario: candidates.first().map_or_else(String::new, |record| record.scenario.clone()),
        at: candidates.first().map(|record| record.started_at),
        analysis: Analysis::of(runs.kind, &described, candidates.len()),
        standing: standing::standing(runs, baseline),
        baseline: described,
        candidates: candidates.len(),
        basis: runs.basis(),
        effects: Vec::new(),
        appeared: Vec::new(),
        gone: Vec::new(),
        shifts: Vec::new(),
        accepted: runs.acceptances(),
        figures: figures::figures(candidates),
        warnings: standing::warnings(runs, baseline),
        runs: runs.marks(),
        shared: BTreeMap::new(),
    };
    if comparison.standing == Standing::Compared {
        effects::add(runs, settings, &mut comparison);
        comparison.appeared = runs.appeared();
        comparison.gone = runs.gone();
    }
    comparison
}
