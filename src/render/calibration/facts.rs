//! What was found besides the series: false alarms, power, level shifts, and which runs all that is of.

use std::collections::BTreeMap;

use super::words::{name, of};
use crate::analysis::calibrate::{Alarms, Environment, Power, Replay, Scenario, Share, Shift};
use crate::render::escape::line;
use crate::render::numbers::{Scale, counted, day, share, shares};

/// Most characters shown of a sentence.
const SENTENCE: usize = 600;
/// Level shifts and environments that are named before the others are counted.
const NAMED: usize = 3;

/// The facts, those there are.
pub(super) fn facts(scenario: &Scenario) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if scenario.alarms.failed.of > 0 {
        facts.push(("false alarms", alarms(&scenario.alarms)));
    }
    facts.extend(scenario.suggested_alarms.iter().map(|after| ("with the advice", alarms(after))));
    facts.extend(powers(&scenario.power).into_iter().map(|power| ("found", power)));
    if !scenario.shifts.is_empty() {
        facts.push(("level shifts", shifts(&scenario.shifts)));
    }
    facts.push(("runs", runs(scenario)));
    if !scenario.others.is_empty() {
        let named: Vec<String> = scenario.others.iter().take(NAMED).map(environment).collect();
        facts.push(("elsewhere", listed(&named, scenario.others.len())));
    }
    facts.extend(scenario.notes.iter().map(|note| ("note", line(note, SENTENCE))));
    facts
}

/// `0 of 57 checks failed (0–6 %), 3 warned (2–14 %), 0 could not tell (0–6 %)`.
fn alarms(alarms: &Alarms) -> String {
    let part = |share: &Share, what: &str| {
        let interval = share.interval.map_or(String::new(), |i| format!(" ({})", shares(i.lower, i.upper)));
        format!("{} {what}{interval}", share.hits)
    };
    let checks = format!("of {} failed", counted(alarms.failed.of as u64, "check"));
    let rest = [part(&alarms.warned, "warned"), part(&alarms.inconclusive, "could not tell")].join(", ");
    format!("{}, {rest}", part(&alarms.failed, &checks))
}

/// A sentence for each metric: `p95 of one endpoint: +10 % in 2 %, +20 % in 49 %, …`.
fn powers(powers: &[Power]) -> Vec<String> {
    let mut by_metric: Vec<(&str, bool, Vec<String>)> = Vec::new();
    for power in powers {
        let one = one_size(power);
        match by_metric.last_mut().filter(|(metric, ..)| *metric == power.metric) {
            Some((_, _, sizes)) => sizes.push(one),
            None => by_metric.push((&power.metric, power.one_endpoint, vec![one])),
        }
    }
    let told = |(metric, one, sizes): (&str, bool, Vec<String>)| {
        format!("{}{} {}", name(metric), if one { " of one endpoint" } else { "" }, sizes.join(", "))
    };
    by_metric.into_iter().map(told).collect()
}

/// `+30 % in 94 % (GET /search 57 %)`.
fn one_size(power: &Power) -> String {
    let of = |found: usize, injected: usize| share(found as f64 / injected.max(1) as f64);
    let least = power.least.as_ref().filter(|least| least.found * power.injected < power.found * least.injected);
    let least = least.map_or(String::new(), |l| format!(" ({} {})", name(&l.endpoint), of(l.found, l.injected)));
    let size = Scale::of(&power.metric).threshold("", Some(power.change));
    format!("{size} in {}{least}", of(power.found, power.injected))
}

/// Level shifts by the run where they are, the latest first.
fn shifts(shifts: &[Shift]) -> String {
    let mut by_run: BTreeMap<(jiff::Timestamp, &str), Vec<&Shift>> = BTreeMap::new();
    shifts.iter().for_each(|shift| by_run.entry((shift.at, &shift.run)).or_default().push(shift));
    let one = |((at, _), shifts): (&(jiff::Timestamp, &str), &Vec<&Shift>)| {
        let commit = shifts[0]
            .commit
            .as_deref()
            .map_or(String::new(), |commit| format!(" (commit {})", name(&commit.chars().take(7).collect::<String>())));
        let largest = shifts.iter().max_by(|a, b| a.change.abs().total_cmp(&b.change.abs())).unwrap_or(&shifts[0]);
        let change = Scale::of(&largest.metric).change(Some(largest.change));
        let more = if shifts.len() > 1 { format!(" and {} more", shifts.len() - 1) } else { String::new() };
        format!("{}{commit} {} {change}{more}", day(*at), of(&largest.endpoint, &largest.metric))
    };
    let told: Vec<String> = by_run.iter().rev().take(NAMED).map(one).collect();
    format!("{}; rows across one are no false alarms", listed(&told, by_run.len()))
}

/// Which runs were replayed, and how.
fn runs(scenario: &Scenario) -> String {
    let how = match scenario.replay {
        Replay::Sequential => "each judged against those before it",
        Replay::LeaveOneOut => "each judged against the others (leave-one-out)",
    };
    let latest = scenario.environment.latest.map_or(String::new(), |at| format!(", the latest of {}", day(at)));
    let runs = counted(scenario.runs as u64, "run");
    let overlap = "neighbouring checks share runs, so intervals are approximate";
    format!("{runs} of environment {}{latest}, {how}; {overlap}", name(&scenario.environment.fingerprint))
}

/// `e141b99eea00 (5 runs, the latest of 2026-11-21)`.
fn environment(environment: &Environment) -> String {
    let latest = environment.latest.map_or(String::new(), |at| format!(", the latest of {}", day(at)));
    format!("{} ({}{latest})", name(&environment.fingerprint), counted(environment.runs as u64, "run"))
}

fn listed(named: &[String], all: usize) -> String {
    let more = all - named.len();
    if more == 0 { named.join("; ") } else { format!("{}; and {more} more", named.join("; ")) }
}
