//! What the figures are of: baseline, run, load, environment, and how to get them again.

use serde::Serialize;

use super::row::worst_first;
use super::{SENTENCE, name};
use crate::compare::BaselineRuns;
use crate::model::{Load, Regression, Unit};
use crate::render::escape::{line, word};
use crate::render::numbers::{count, counted, day, minute};
use crate::render::report::{Candidate, Scenario};
use crate::verdict::{Row, Severity, Verdict};

/// A named piece of context.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fact {
    /// What it is about.
    pub name: &'static str,
    /// What is known.
    pub value: String,
}

/// `5 runs, 2026-11-14 … 2026-11-20, last at 1a2b3c4`.
pub(super) fn baseline(baseline: &BaselineRuns) -> String {
    if baseline.runs == 0 {
        return "none".to_owned();
    }
    let span = match (baseline.from.map(day), baseline.to.map(day)) {
        (Some(from), Some(to)) if from != to => Some(format!("{from} … {to}")),
        (from, to) => from.or(to),
    };
    let last = baseline.commit.as_deref().map(|commit| match baseline.runs {
        1 => format!("at {}", short(commit)),
        _ => format!("last at {}", short(commit)),
    });
    let earlier =
        (baseline.earlier > 0).then(|| format!("spread also from {}", counted(baseline.earlier as u64, "earlier run")));
    joined([Some(counted(baseline.runs as u64, "run")), span, last, earlier])
}

/// What the two sides are called.
pub(super) fn sides(scenario: &Scenario) -> [&'static str; 2] {
    [scenario.analysis.kind.baseline(), scenario.analysis.kind.candidate()]
}

/// Run, regression, load and environment, as far as they are known.
pub(super) fn facts(scenario: &Scenario) -> Vec<Fact> {
    let run = &scenario.run;
    let known = [
        ("regression", scenario.regression.as_ref().map(regression).unwrap_or_default()),
        (scenario.analysis.kind.candidate(), candidate(run)),
        ("requests", requests(run)),
        ("load", load(&run.load)),
        ("environment", environment(run)),
        ("files", run.sources.iter().map(|source| name(source)).collect::<Vec<_>>().join(", ")),
    ];
    let fact = |(name, value): (&'static str, String)| Fact { name, value: line(&value, SENTENCE) };
    known.into_iter().filter(|(_, value)| !value.is_empty()).map(fact).collect()
}

/// Longest command that is shown.
const COMMAND: usize = 2_000;

/// The first characters of a commit, as people quote it.
pub fn short(commit: &str) -> String {
    let hash = commit.len() >= 12 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hash { commit.chars().take(7).collect() } else { name(commit) }
}

/// The command that gives the judgement again; empty where nothing was judged.
pub(super) fn reproduce(scenario: &Scenario) -> String {
    let words = scenario.run.command.iter().map(|argument| word(&name(argument)));
    let words: Vec<String> = std::iter::once("perf-gate".to_owned()).chain(words).collect();
    if words.len() == 1 { String::new() } else { line(&words.join(" "), COMMAND) }
}

/// The command that accepts the worst regression as the new level, for a person to fill in; empty where nothing regressed or no
/// history is behind it.
pub(super) fn accept(scenario: &Scenario) -> String {
    let failing = |row: &&Row| row.verdict == Verdict::Regressed && row.severity >= Some(Severity::Failure);
    let Some(row) = scenario.rows.iter().filter(failing).min_by(|a, b| worst_first(a, b)) else { return String::new() };
    if scenario.run.command.first().is_none_or(|command| command != "check") {
        return String::new();
    }
    let names = [&scenario.name, &row.metric, &row.endpoint].map(|text| word(&name(text)));
    let store = scenario.run.command.iter().skip_while(|argument| *argument != "--store").nth(1);
    let store = store.map(|store| format!(" --store {}", word(&name(store)))).unwrap_or_default();
    line(&format!("perf-gate accept {} 'why it is right' --author NAME{store}", names.join(" ")), COMMAND)
}

/// `since 2026-11-21 02:00 UTC, last good 1a2b3c4, first bad 5d6e7f8; 1 of 2 runs in a row: the next run decides`.
fn regression(open: &Regression) -> String {
    let commit = |what: &str, commit: &Option<String>| commit.as_deref().map(|c| format!("{what} {}", short(c)));
    let place = joined([
        Some(format!("since {}", minute(open.since))),
        commit("last good", &open.last_good),
        commit("first bad", &open.first_bad),
    ]);
    let runs = if open.is_confirmed() {
        format!("{} in a row", counted(open.runs as u64, "run"))
    } else {
        format!("{} of {} runs in a row: the next run decides", open.runs, open.needed)
    };
    format!("{place}; {runs}")
}

fn candidate(run: &Candidate) -> String {
    let runs = (run.runs > 1).then(|| counted(run.runs, "run"));
    let place = match (run.commit.as_deref().map(short), run.branch.as_deref().map(name)) {
        (Some(commit), Some(branch)) => Some(format!("{commit} on {branch}")),
        (commit, branch) => commit.or(branch),
    };
    joined([runs, place, run.started_at.map(minute)])
}

fn requests(run: &Candidate) -> String {
    let counts = run.count.map(|all| match run.errors {
        Some(errors) if all > 0 => {
            let share = Unit::Ratio.show(errors as f64 / all as f64);
            format!("{}, {} failed ({share})", count(all), count(errors))
        }
        _ => count(all),
    });
    let basis = run.environment.get("basis").map(|basis| match basis.as_str() {
        "ok" => "latencies of successful ones".to_owned(),
        _ => "latencies of all".to_owned(),
    });
    let duration = run.duration.map(|duration| format!("in {}", Unit::Seconds.show(duration)));
    let warm_up = run.warm_up.filter(|warm_up| *warm_up > 0.0);
    let warm_up = warm_up.map(|warm_up| format!("{} warm-up left out", Unit::Seconds.show(warm_up)));
    joined([counts, duration, warm_up, basis])
}

fn load(load: &Load) -> String {
    joined([
        load.virtual_users.map(|users| counted(users, "virtual user")),
        load.arrival_rate.map(|rate| format!("arrivals {}", Unit::PerSecond.show(rate))),
        load.duration.map(|duration| format!("for {}", Unit::Seconds.show(duration))),
        load.stages.as_deref().map(|stages| format!("stages {}", name(stages))),
        load.peak_users.map(|users| format!("peak {}", counted(users, "user"))),
        load.dropped_iterations.filter(|n| *n > 0).map(|n| format!("{} dropped", counted(n, "iteration"))),
    ])
}

/// What the fingerprint was made of, without what has a line of its own.
fn environment(run: &Candidate) -> String {
    const TOLD: [&str; 5] = ["basis", "virtual-users", "arrival-rate", "load-duration", "stages"];
    let parts = run.environment.iter().filter(|(key, value)| !TOLD.contains(&key.as_str()) && !value.is_empty());
    let parts = parts.map(|(key, value)| Some(format!("{} {}", name(key), name(value))));
    let fingerprint = (!run.fingerprint.is_empty()).then(|| format!("fingerprint {}", name(&run.fingerprint)));
    joined(parts.chain([fingerprint]))
}

fn joined(parts: impl IntoIterator<Item = Option<String>>) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
