//! A calibration in words: every number is text, and every outside name is one tame line.

use serde::Serialize;

use super::facts;
use crate::analysis::calibrate::{Advice, Scenario, Series};
use crate::model::ALL;
use crate::render::escape::line;
use crate::render::numbers::{NONE, Scale, counted, share, shares};

/// Most characters shown of a name.
const NAME: usize = 120;
/// Noisy series that the answer names before it counts the others.
const NAMED: usize = 2;
/// The effect that the answer tells of: what a person calls a clear regression.
const TOLD: f64 = 0.30;

/// A scenario in words.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Section {
    /// The answer in one line.
    pub(super) answer: String,
    /// What to do first, where there are too few runs.
    pub(super) action: Option<String>,
    pub(super) lines: Vec<Line>,
    /// Named pieces of what was found.
    pub(super) facts: Vec<(&'static str, String)>,
}

/// A series in words.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Line {
    pub(super) endpoint: String,
    pub(super) metric: String,
    pub(super) spread: String,
    pub(super) own_spread: String,
    pub(super) noise_floor: String,
    pub(super) detectable: String,
    pub(super) failed: String,
    pub(super) warned: String,
    pub(super) inconclusive: String,
    pub(super) threshold: String,
    pub(super) suggested: String,
    pub(super) advice: String,
    /// Whether the gate should not rely on it as it is.
    #[serde(skip)]
    pub(super) stands_out: bool,
}

impl Section {
    pub(super) fn of(scenario: &Scenario) -> Self {
        Self {
            answer: answer(scenario),
            action: action(scenario),
            lines: scenario.series.iter().map(Line::of).collect(),
            facts: facts::facts(scenario),
        }
    }
}

impl Line {
    fn of(series: &Series) -> Self {
        let scale = Scale::of(&series.metric);
        // Nothing is a dash, so that a column in which nothing happened is not shown.
        let of_checks = |hits: usize| match hits {
            0 => NONE.to_owned(),
            _ => share(hits as f64 / series.checks.max(1) as f64),
        };
        Self {
            endpoint: name(&series.endpoint),
            metric: name(&series.metric),
            spread: scale.size(series.spread),
            own_spread: scale.size(series.own_spread),
            noise_floor: scale.size(series.noise_floor),
            detectable: scale.size(series.smallest_detectable),
            failed: of_checks(series.failed),
            warned: of_checks(series.warned),
            inconclusive: of_checks(series.inconclusive),
            threshold: scale.threshold(&series.metric, Some(series.threshold)),
            suggested: scale.threshold(&series.metric, series.suggested),
            advice: advice(series),
            stands_out: series.is_too_noisy(),
        }
    }
}

fn advice(series: &Series) -> String {
    let to = Scale::of(&series.metric).threshold(&series.metric, series.to);
    match series.advice {
        Advice::Keep if series.advisory => "keep advisory".to_owned(),
        Advice::Keep => "keep".to_owned(),
        Advice::Tighten => format!("tighten to {to}"),
        Advice::Loosen => format!("loosen to {to}"),
        Advice::Advisory => "make advisory".to_owned(),
        Advice::Wait => NONE.to_owned(),
    }
}

/// `checkout: 34 runs replayed, 0 of 31 checks failed falsely (0–11 %), +30 % on one endpoint found in 94 %; …`.
fn answer(scenario: &Scenario) -> String {
    let (name, runs) = (name(&scenario.name), counted(scenario.runs as u64, "run"));
    let failed = scenario.alarms.failed;
    let start = if scenario.runs < scenario.needs {
        format!("{name}: needs {} runs in one environment, has {}", scenario.needs, scenario.runs)
    } else {
        format!("{name}: {runs} replayed")
    };
    if failed.of == 0 {
        return format!("{start}; no run could be judged against others");
    }
    let interval = failed.interval.map_or(String::new(), |i| format!(" ({})", shares(i.lower, i.upper)));
    let alarms = format!("{} of {} failed falsely{interval}", failed.hits, counted(failed.of as u64, "check"));
    let parts = [Some(alarms), power(scenario)].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let joint = if scenario.runs < scenario.needs { "; with these" } else { "," };
    format!("{start}{joint} {parts}{}", noisy(scenario))
}

fn power(scenario: &Scenario) -> Option<String> {
    let is_told = |power: &&crate::analysis::calibrate::Power| {
        power.one_endpoint && power.metric == "p95" && power.change == TOLD
    };
    let power = scenario.power.iter().find(is_told)?;
    let found = share(power.found as f64 / power.injected.max(1) as f64);
    Some(format!("{} on one endpoint found in {found}", Scale::Relative.threshold("p95", Some(TOLD))))
}

/// `; p95 of GET /search is too noisy for +20 %`, or nothing.
fn noisy(scenario: &Scenario) -> String {
    let noisy: Vec<&Series> = scenario.series.iter().filter(|series| series.is_too_noisy()).collect();
    let named: Vec<String> = noisy.iter().take(NAMED).map(|series| subject(series)).collect();
    let more = noisy.len() - named.len();
    let thresholds = |series: &Series| Scale::of(&series.metric).threshold(&series.metric, Some(series.threshold));
    match (named.as_slice(), more) {
        ([], _) => String::new(),
        ([one], _) => format!("; {one} is too noisy for {}", thresholds(noisy[0])),
        (several, 0) => format!("; {} are too noisy for their thresholds", several.join(" and ")),
        (several, more) => format!("; {} and {more} more are too noisy for their thresholds", several.join(", ")),
    }
}

/// `p95 of GET /search`, `throughput of the run`.
pub(super) fn subject(series: &Series) -> String {
    of(&series.endpoint, &series.metric)
}

/// A metric of an endpoint, or of the run.
pub(super) fn of(endpoint: &str, metric: &str) -> String {
    if endpoint == ALL {
        format!("{} of the run", name(metric))
    } else {
        format!("{} of {}", name(metric), name(endpoint))
    }
}

fn action(scenario: &Scenario) -> Option<String> {
    (scenario.runs < scenario.needs).then(|| {
        format!(
            "Record more unchanged runs, for example one commit {} times more: run the load test, then \
             perf-gate record FILE… --scenario {}. Until then the figures below rest on assumptions more than on runs.",
            scenario.needs - scenario.runs,
            name(&crate::render::escape::word(&scenario.name)),
        )
    })
}

/// An outside name on one line.
pub(super) fn name(text: &str) -> String {
    line(text, NAME)
}
