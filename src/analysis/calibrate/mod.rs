//! Calibration: how noisy a scenario is, and what a configuration does with that noise.
//!
//! Recorded runs of the trunk are judged again, as CI judged them: with the same baseline, comparison and policy
//! ([`Baseline::select`](crate::baseline::Baseline::select), [`compare`](crate::compare::compare()),
//! [`judge`](crate::verdict::judge)). Nobody changed them on purpose, so what fails there fails falsely.
//!
//! ```text
//!              ┌─ replay ──▶ checks ─┬─ levels: rows at a level shift do not count
//!  history ────┤                     ├─ tally: false alarms, noise floors         ──▶ series, alarms
//!              └─ spread: run-to-run ├─ suggest: the same under other thresholds  ──▶ advice, changes
//!                                    └─ power: known effects, injected            ──▶ power
//! ```
//!
//! **Which runs stand against which.** Where that gives 20 checks or more (`ENOUGH_CHECKS`) a run is judged
//! against the runs before it (*sequential*: exactly what CI did). A shorter history is judged leave-one-out: against
//! the other runs up to one baseline window before and after it, up to the next level shift. Every figure of a
//! calibration comes from one of the two, and says from which. Checks count from three baseline runs on; before, the
//! gate is blunt on purpose.
//!
//! **False alarms.** A row is left out where its baseline still holds runs from the other side of a level shift
//! ([`stretches`](crate::stats::stretches), the cut that baselines are made with): what fails there may be true. The
//! share of checks with a failing row left has the interval of Wilson (1927). Neighbouring checks share baseline runs,
//! so that they are not independent and the interval is approximate.
//!
//! **Spread.** The s.d. of the log figure from run to run about the mean of its own stretch, divisor n − stretches,
//! the variance within runs left in: what a person sees in a chart. Beside it that of the endpoint's own part, less
//! the median over endpoints of each run. Of error rates it is the s.d. of the rate.
//!
//! **Suggested threshold.** All checks are judged again with every threshold at T = 10 %, 15 %, …, 60 %. At T a row has
//! a critical value c and a standard error se, of p95 the smaller of its two statistics. T is good if a change of T is
//! beyond chance four times of five (median over the checks of exp((c + 0.85)·se) − 1 ≤ T), at most 1 % of the row's
//! checks fail falsely and at most 10 % cannot tell. The suggestion is the least T from which on all are good. (The
//! smallest detectable change of a row adds 0.85·se to the *larger* of threshold and noise floor, so it is never below
//! the threshold: it says what is found now, not what could be asked for.)
//!
//! **Advice.** A row is loosened, or beyond twice the default threshold made advisory, where more checks than that fail or
//! cannot tell, or where its own noise reaches the threshold: c·se, and two s.d. of its own part too, for endpoints share
//! what is known of their noise and one noisy endpoint raises the floor of all. Rows that gate well are tightened
//! together, the endpoints of a metric to what the noisiest of them allows. Error rates are judged by counts: only the
//! difference that matters at least is ever raised.
//!
//! **Power by injection.** Known effects are put into the summaries of replayed runs (all latencies of one endpoint
//! times 1 + δ, throughput, memory, errors), and the same judgement looks for them.

mod change;
mod levels;
mod power;
mod replay;
mod series;
mod spread;
mod suggest;
mod tally;
mod trunk;

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::baseline;
use crate::compare::Settings;
use crate::history::History;
use crate::verdict::Policy;

pub use change::{Change, Place};
pub use levels::Shift;
pub use power::{INJECTED, Least, Power};
pub use replay::Replay;
pub use series::{Advice, Series};
pub use tally::{Alarms, Share};

/// Name and version of the format.
pub const SCHEMA: &str = "perf-gate/calibration/v1";
/// Fewest runs of one environment from which advice is given: with fewer the priors of the comparison, not the runs,
/// say how noisy the test is.
pub const FEWEST: usize = 8;
/// Most runs that are replayed, the latest: half a year of nightly runs, and a share of 1 % is seen twice.
pub const MOST_RUNS: usize = 200;

/// How noisy scenarios are, and what the configuration does with that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// The format and its version: `perf-gate/calibration/v1`.
    pub schema: String,
    /// One entry per scenario, in the order of their names.
    pub scenarios: Vec<Scenario>,
}

/// The calibration of one scenario in one environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The scenario's name.
    pub name: String,
    /// The environment whose runs were replayed.
    pub environment: Environment,
    /// Other environments of the scenario.
    pub others: Vec<Environment>,
    /// Runs that were replayed.
    pub runs: usize,
    /// Runs from which advice is given.
    pub needs: usize,
    /// Which runs each was judged against.
    pub replay: Replay,
    /// False alarms under the present configuration.
    pub alarms: Alarms,
    /// The same under the suggested thresholds, where there are any.
    pub suggested_alarms: Option<Alarms>,
    /// Known effects, and how often they were found.
    pub power: Vec<Power>,
    /// The run first, then endpoints by name; metrics in the order of the configuration.
    pub series: Vec<Series>,
    /// Level shifts; runs that stand at one are no false alarms there.
    pub shifts: Vec<Shift>,
    /// What to change in the configuration.
    pub changes: Vec<Change>,
    /// Keys of these changes that the configuration has already: there they are merged, not added.
    pub occupied: Vec<String>,
    /// What a reader should know before trusting the figures.
    pub notes: Vec<String>,
}

/// An environment in which a scenario has been recorded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Its fingerprint.
    pub fingerprint: String,
    /// What the fingerprint was made of.
    pub identity: BTreeMap<String, String>,
    /// Valid runs of the trunk among those looked at.
    pub runs: usize,
    /// Start of the latest run.
    pub latest: Option<Timestamp>,
}

/// What a scenario is judged by.
#[derive(Clone, Debug)]
pub struct Present {
    /// Which runs are a baseline.
    pub rule: baseline::Rule,
    /// What matters.
    pub policy: Policy,
    /// What is compared.
    pub settings: Settings,
    /// Where the configuration takes changes.
    pub place: Place,
    /// Most replayed runs that effects are put into, [`INJECTED`] as a rule.
    pub injected: usize,
}

/// How many valid runs of the trunk a history holds from `since` on.
pub fn usable(history: &History, rule: &baseline::Rule, since: Timestamp) -> usize {
    history.records().iter().filter(|run| run.started_at >= since && trunk::is_usable(run, rule)).count()
}

/// Replays the history of one scenario in one environment.
pub fn calibrate(name: &str, environment: Environment, history: &History, present: &Present) -> Scenario {
    // Targets are promises about figures, not comparisons.
    let policy = Policy { targets: Vec::new(), ..present.policy.clone() };
    let present = &Present { policy, ..present.clone() };
    let trunk = trunk::Trunk::new(history, &present.rule);
    let replays = replay::replay(&trunk, present);
    let levels = levels::Levels::of(&trunk, &replays, &present.settings);
    let judged = tally::Judged::new(&replays, &levels);
    let now = judged.under(&present.policy);
    let suggestions = suggest::suggest(&judged, &present.policy);
    let series = series::series(&now, &suggestions, &levels, present, trunk.replayed() >= FEWEST);
    let changes = change::changes(&series, &present.policy, present.place);
    let suggested = (!changes.is_empty()).then(|| judged.under(&change::applied(&present.policy, &changes)).alarms);
    Scenario {
        name: name.to_owned(),
        environment,
        others: Vec::new(),
        runs: trunk.replayed(),
        needs: FEWEST,
        replay: replays.how,
        alarms: now.alarms,
        suggested_alarms: suggested,
        power: power::power(&trunk, &replays, &judged, present),
        series,
        shifts: levels.shifts(),
        changes,
        occupied: Vec::new(),
        notes: replays.notes(&trunk, present),
    }
}

impl Calibration {
    /// The calibration of scenarios.
    pub fn new(mut scenarios: Vec<Scenario>) -> Self {
        scenarios.sort_by(|a, b| a.name.cmp(&b.name));
        Self { schema: SCHEMA.to_owned(), scenarios }
    }

    /// Reads a saved calibration.
    ///
    /// # Errors
    /// Text that is no calibration of this version, with the path of what is wrong.
    pub fn parse(text: &str) -> Result<Self> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let calibration: Self = serde_path_to_error::deserialize(&mut reader)
            .map_err(|error| anyhow::anyhow!("at '{}': {}", error.path(), error.inner()))
            .context("not a perf-gate calibration")?;
        ensure!(calibration.schema == SCHEMA, "'schema' is '{}', this perf-gate reads {SCHEMA}", calibration.schema);
        Ok(calibration)
    }

    /// The JSON Schema of the format, generated from the types.
    pub fn schema() -> Value {
        let mut schema = schemars::schema_for!(Self);
        schema.insert("title".to_owned(), "perf-gate calibration".into());
        schema.to_value()
    }
}

#[cfg(test)]
mod tests;
