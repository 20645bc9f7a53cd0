//! The badges on the results branch, and `badges/state.json`, `perf-gate/badges/v1`: what they are of. A badge grows old
//! without a run, so the nightly run draws them all anew.
//!
//! To be called inside the update of a store, so that jobs that end together merge.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config;
use crate::model::{ALL, Outcome};
use crate::render::badge::{self, Badge, Limits};
use crate::render::{Report, Scenario};
use crate::store::{FileChange, layout};

/// Name and version of the format.
pub const SCHEMA: &str = "perf-gate/badges/v1";
/// What the badge of the repository is about.
const WHOLE: &str = "performance";
/// The figure of the latency badge.
const METRIC: &str = "p95";

/// What the badges are of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The format and its version: `perf-gate/badges/v1`.
    pub schema: String,
    /// When they were drawn.
    pub drawn_at: Timestamp,
    /// The latest run of each scenario and, in it, environment.
    pub scenarios: BTreeMap<String, BTreeMap<String, Latest>>,
}

/// The latest run of a scenario in an environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latest {
    /// Its start.
    pub at: Timestamp,
    /// What its judgement came to.
    pub outcome: Outcome,
    /// p95 of all of its requests, s.
    pub p95: Option<f64>,
}

/// The files that show `report`, the runs of the trunk, at the time `now`; an empty report draws what is there anew.
///
/// `existing` is what lies at [`layout::BADGES`]; what cannot be read is kept as damaged. Only files that change are told.
///
/// # Errors
/// A file of a later version, or a number that JSON cannot hold.
pub fn files(
    report: &Report,
    now: Timestamp,
    settings: &config::Badge,
    existing: Option<&[u8]>,
) -> Result<Vec<FileChange>> {
    let mut changes = Vec::new();
    let old = existing.map(State::parse).transpose()?;
    if let (Some(None), Some(bytes)) = (&old, existing) {
        changes.push(FileChange::put(layout::damaged(layout::BADGES, bytes), bytes));
    }
    let old = old.flatten();
    let before = old.as_ref().map(|state| state.draw(settings)).unwrap_or_default();
    let empty = State { schema: SCHEMA.to_owned(), drawn_at: now, scenarios: BTreeMap::new() };
    let mut next = State { drawn_at: now, ..old.clone().unwrap_or(empty) };
    report.scenarios.iter().for_each(|scenario| next.take(scenario, now));
    let drawn = next.draw(settings);
    let fresh = drawn.into_iter().filter(|(path, text)| before.get(path) != Some(text));
    changes.extend(fresh.map(|(path, text)| FileChange::put(path, text)));
    let same = old.is_some_and(|old| old.scenarios == next.scenarios);
    if !(same && changes.is_empty()) {
        let text = serde_json::to_string_pretty(&next).context("badges that cannot be written")?;
        changes.push(FileChange::put(layout::BADGES, text + "\n"));
    }
    Ok(changes)
}

impl State {
    /// Reads what badges are of; `None` for what is nothing of the kind.
    fn parse(bytes: &[u8]) -> Result<Option<Self>> {
        #[derive(Deserialize)]
        struct Named {
            schema: String,
        }
        let Ok(named) = serde_json::from_slice::<Named>(bytes) else { return Ok(None) };
        let is_newer = named.schema.starts_with("perf-gate/badges/") && named.schema != SCHEMA;
        ensure!(!is_newer, "'schema' is '{}', this perf-gate reads {SCHEMA}", named.schema);
        Ok(serde_json::from_slice(bytes).ok())
    }

    /// Takes a run in, unless a later one is there. One without a start was to be now, and has no environment of its own.
    fn take(&mut self, scenario: &Scenario, now: Timestamp) {
        let figure = scenario.rows.iter().find(|row| row.endpoint == ALL && row.metric == METRIC);
        let latest = Latest {
            at: scenario.run.started_at.unwrap_or(now),
            outcome: scenario.outcome,
            p95: figure.and_then(|row| row.candidate).filter(|value| value.is_finite()),
        };
        let environments = self.scenarios.entry(scenario.name.clone()).or_default();
        let fingerprint = &scenario.run.fingerprint;
        if !fingerprint.is_empty() {
            environments.retain(|name, other| !name.is_empty() || other.at > latest.at);
        }
        if environments.get(fingerprint).is_none_or(|other| other.at <= latest.at) {
            environments.insert(fingerprint.clone(), latest);
        }
    }

    /// Every badge, by path.
    fn draw(&self, settings: &config::Badge) -> BTreeMap<String, String> {
        let mut drawn = BTreeMap::new();
        let mut put = |scenario: Option<&str>, name: &str, badge: &Badge| {
            let path = layout::badge(scenario, name);
            drawn.insert(format!("{path}.svg"), badge.svg());
            drawn.insert(format!("{path}.json"), badge.endpoint());
        };
        let known: Vec<(&String, Shown)> =
            self.scenarios.iter().filter_map(|(name, runs)| Some((name, self.shown(runs, settings)?))).collect();
        for (name, shown) in &known {
            let limits = Limits { green: settings.green.0, yellow: settings.yellow.0 };
            let p95 = badge::p95(name, shown.outcome, shown.p95, limits);
            put(Some(name), "p95", &shown.aged(p95));
            put(Some(name), "outcome", &shown.aged(badge::outcome(name, shown.outcome)));
        }
        if let Some(whole) = known.iter().map(|(_, shown)| shown).copied().reduce(Shown::join) {
            put(None, "outcome", &whole.aged(badge::outcome(WHOLE, whole.outcome)));
        }
        drawn
    }

    /// What is shown of a scenario: the worst of its environments that are still tested.
    fn shown(&self, runs: &BTreeMap<String, Latest>, settings: &config::Badge) -> Option<Shown> {
        let each = runs.values().map(|latest| {
            let age = self.drawn_at.duration_since(latest.at).as_secs_f64();
            let stale = (age > settings.stale_after.0).then_some(age);
            Shown { outcome: latest.outcome, p95: latest.p95, stale }
        });
        let each: Vec<Shown> = each.collect();
        let fresh = each.iter().filter(|shown| shown.stale.is_none()).copied().reduce(Shown::join);
        let youngest = || each.iter().copied().min_by(|a, b| a.stale.unwrap_or(0.0).total_cmp(&b.stale.unwrap_or(0.0)));
        fresh.or_else(youngest)
    }
}

/// What badges show: of one environment, or the worst of several.
#[derive(Clone, Copy, Debug)]
struct Shown {
    outcome: Outcome,
    p95: Option<f64>,
    /// Since how many seconds there was no run, where that is too long.
    stale: Option<f64>,
}

impl Shown {
    /// The worse of two. What is out of date hides no failure, and no success hides that something is out of date.
    fn join(self, other: Self) -> Self {
        let slower = match (self.p95, other.p95) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
        let rank = |shown: &Self| match shown.stale {
            Some(_) => (1, Outcome::Passed),
            None if shown.outcome >= Outcome::Warned => (2, shown.outcome),
            None => (0, shown.outcome),
        };
        let worse = if rank(&other) > rank(&self) { other } else { self };
        Self { p95: slower, ..worse }
    }

    fn aged(self, badge: Badge) -> Badge {
        match self.stale {
            Some(age) => badge::stale(badge, age),
            None => badge,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    fn report() -> Report {
        Report::parse(include_str!("../../fixtures/golden/scenarios/report.json")).unwrap()
    }

    fn hours(hours: i64) -> Timestamp {
        let first = report().scenarios[0].run.started_at.unwrap();
        first + SignedDuration::from_hours(hours)
    }

    /// Draws at a time, and keeps the files.
    fn draw(report: &Report, at: i64, kept: &mut BTreeMap<String, Vec<u8>>) -> usize {
        let existing = kept.get(layout::BADGES).map(Vec::as_slice);
        let changes = files(report, hours(at), &config::Badge::default(), existing).unwrap();
        for change in &changes {
            let FileChange::Put { path, bytes } = change else { panic!() };
            kept.insert(path.clone(), bytes.clone());
        }
        changes.len()
    }

    fn message(kept: &BTreeMap<String, Vec<u8>>, path: &str) -> String {
        let value: serde_json::Value = serde_json::from_slice(&kept[path]).unwrap();
        value["message"].as_str().unwrap().to_owned()
    }

    #[test]
    fn every_scenario_has_its_badges_and_the_repository_one() {
        let mut kept = BTreeMap::new();
        assert_eq!(draw(&report(), 0, &mut kept), 3 * 4 + 2 + 1);
        assert_eq!(message(&kept, "badges/browse/outcome.json"), "passed");
        assert_eq!(message(&kept, "badges/outcome.json"), "failed");
        assert_eq!(draw(&report(), 1, &mut kept), 0, "nothing new, nothing written");
    }

    #[test]
    fn jobs_keep_what_others_drew() {
        let (mut kept, all) = (BTreeMap::new(), report());
        for scenario in &all.scenarios {
            draw(&Report::new(vec![scenario.clone()]), 0, &mut kept);
        }
        let mut expected = BTreeMap::new();
        draw(&all, 0, &mut expected);
        assert_eq!(kept, expected);
    }

    #[test]
    fn without_runs_they_grow_old() {
        let mut kept = BTreeMap::new();
        draw(&report(), 0, &mut kept);
        let mut fresh = report().scenarios[0].clone();
        fresh.run.started_at = Some(hours(24 * 8));
        draw(&Report::new(vec![fresh]), 24 * 8, &mut kept);
        assert_eq!(message(&kept, "badges/checkout/p95.json"), "stale, 8 days");
        assert_eq!(message(&kept, "badges/browse/outcome.json"), "passed");
        assert_eq!(message(&kept, "badges/outcome.json"), "stale, 8 days", "what passed does not hide it");
        assert!(draw(&Report::new(Vec::new()), 24 * 9, &mut kept) > 0);
        assert_eq!(message(&kept, "badges/checkout/outcome.json"), "stale, 9 days");
    }

    #[test]
    fn an_environment_that_is_gone_is_not_shown() {
        let mut kept = BTreeMap::new();
        draw(&report(), 0, &mut kept);
        let mut other = report().scenarios[1].clone();
        (other.run.fingerprint, other.outcome) = ("other".to_owned(), Outcome::Inconclusive);
        other.run.started_at = Some(hours(1));
        draw(&Report::new(vec![other.clone()]), 1, &mut kept);
        assert_eq!(message(&kept, "badges/checkout/outcome.json"), "failed", "the worse of both");
        other.run.started_at = Some(hours(24 * 8));
        draw(&Report::new(vec![other]), 24 * 8, &mut kept);
        assert_eq!(message(&kept, "badges/checkout/outcome.json"), "inconclusive");
    }
}
