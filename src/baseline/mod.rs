//! Which past runs a candidate is compared with, and why.
//!
//! Comparable are valid runs of the trunk with the candidate's scenario, fingerprint and basis that did not regress. Those
//! of the last days give the level; older ones tell how much runs differ. While a regression is open, the days before it
//! give the level. What was left out is said in notes. Names in notes come from outside and are escaped where they are
//! shown.

mod objection;
mod regression;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::history::{History, KnownEnvironment};
use crate::model::{Acceptance, Record};

use objection::{LeftOut, Objection};
pub use regression::{open_regression, suspicious};

/// Days before the time of judgement whose runs give the level.
const WINDOW_DAYS: i64 = 7;
/// Days before the window whose runs tell how much runs differ: four windows, beyond which a runner is another runner.
const MEMORY_DAYS: i64 = 28;
/// Most runs of the window: the centre of more is no sharper, for the spread between runs outweighs it.
const MOST_RUNS: usize = 50;
/// Most runs before the window.
const MOST_EARLIER: usize = 50;
/// Fewer runs are thin evidence: failure only beyond 1.3 times the threshold.
const ENOUGH_RUNS: usize = 3;
/// Names that a note lists before it says how many more there are.
const MOST_NAMES: usize = 3;

/// The runs chosen from history to compare with, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Baseline {
    /// The runs whose centre the candidate is compared with.
    pub runs: Vec<Record>,
    /// Older comparable runs: they tell how much runs differ, not where the level is.
    pub earlier: Vec<Record>,
    /// Runs of the trunk with a regression that is open: what a pull request starts from.
    pub regressed: Vec<Record>,
    /// What people accepted in this scenario, expired acceptances included.
    pub accepted: Vec<Acceptance>,
    /// What a reader should know about the choice: runs left out, a changed environment.
    pub notes: Vec<String>,
}

/// Which runs may be a baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Names of the trunk; a run without a branch counts as trunk.
    pub trunk: BTreeSet<String>,
    /// How long before the time of judgement a run of the level may have started.
    pub window: SignedDuration,
    /// How long before the window an earlier run may have started.
    pub memory: SignedDuration,
    /// Most runs of the level; the latest are taken.
    pub max_runs: usize,
    /// The time of judgement; the candidate's start without one.
    pub at: Option<Timestamp>,
    /// For a pull request: start of the latest run that its merge base knows ([`History::last_run_of`]).
    pub not_after: Option<Timestamp>,
}

impl Default for Rule {
    fn default() -> Self {
        let days = |days| SignedDuration::from_hours(24 * days);
        Self {
            trunk: ["main", "master"].map(str::to_owned).into(),
            window: days(WINDOW_DAYS),
            memory: days(MEMORY_DAYS),
            max_runs: MOST_RUNS,
            at: None,
            not_after: None,
        }
    }
}

impl Rule {
    /// Whether `record` is a run of the trunk.
    pub fn is_trunk(&self, record: &Record) -> bool {
        record.pull_request.is_none() && record.branch.as_ref().is_none_or(|branch| self.trunk.contains(branch))
    }

    /// Whether `record` is a valid run of the trunk before `candidate` with the same environment and basis, regressed or not.
    pub fn is_comparable(&self, record: &Record, candidate: &Record) -> bool {
        let earlier = record.started_at <= self.at.unwrap_or(candidate.started_at);
        earlier && record.basis == candidate.basis && regression::is_of_trunk(record, candidate, self)
    }
}

/// When the level that `candidate` is compared with was last known to be good, where that is not the present.
///
/// It is the start of the regression that is open on trunk, or of a level whose acceptance expired within the window.
pub fn pinned(history: &History, candidate: &Record, rule: &Rule) -> Option<Timestamp> {
    let at = rule.at.unwrap_or(candidate.started_at);
    let from = before(at, rule.window);
    let open = regression::open_since(&regression::trunk(history, candidate, rule));
    let expired = history.accepted().iter().filter(|a| a.until.is_some_and(|until| (from..at).contains(&until)));
    open.into_iter().chain(expired.map(|a| a.from)).min().filter(|pinned| *pinned < at)
}

impl Baseline {
    /// Chooses the runs of `history` that `candidate` is compared with, and notes what was left out of the window.
    pub fn select(history: &History, candidate: &Record, rule: &Rule) -> Self {
        let at = rule.at.unwrap_or(candidate.started_at);
        let pinned = pinned(history, candidate, rule);
        let from = before(pinned.unwrap_or(at), rule.window);
        let oldest = before(from, rule.memory);
        let trunk = regression::trunk(history, candidate, rule);
        let open: BTreeMap<&str, &[String]> = trunk.iter().map(|(run, what)| (&*run.id, &**what)).collect();
        let mut left_out = LeftOut::default();
        let mut chosen = Self { accepted: history.accepted().to_vec(), ..Self::default() };
        let others = history.records().iter().filter(|r| r.id != candidate.id && r.scenario == candidate.scenario);
        for record in others.filter(|r| (oldest..=at).contains(&r.started_at)) {
            let regressed = open.get(&*record.id).filter(|what| !what.is_empty());
            let objection = Objection::to(record, candidate, rule).or_else(|| {
                chosen.regressed.extend(regressed.map(|_| record.clone()));
                regressed.map(|what| Objection::Regressed(what.join(", ")))
            });
            match (objection, record.started_at >= from) {
                (None, true) => chosen.runs.push(record.clone()),
                (None, false) => chosen.earlier.push(record.clone()),
                (Some(objection), true) => left_out.add(objection),
                (Some(_), false) => {}
            }
        }
        chosen.notes = left_out.notes();
        chosen.notes.extend(latest(&mut chosen.runs, rule.max_runs));
        latest(&mut chosen.earlier, MOST_EARLIER);
        chosen.notes.extend(pinned.map(|since| pinned_level(since, rule.window)));
        chosen.notes.extend(thin_evidence(chosen.runs.len(), rule.window));
        chosen
    }

    /// Takes runs out that are judged themselves.
    pub fn leave_out(&mut self, judged: &[Record]) {
        let is_judged = |record: &Record| judged.iter().any(|other| other.id == record.id);
        for runs in [&mut self.runs, &mut self.earlier, &mut self.regressed] {
            runs.retain(|record| !is_judged(record));
        }
    }

    /// The runs of the open regression as the level; all others inform the spread only.
    #[must_use]
    pub fn of_open_regression(&self) -> Self {
        let earlier = self.earlier.iter().chain(&self.runs).cloned().collect();
        Self { runs: self.regressed.clone(), earlier, accepted: self.accepted.clone(), ..Self::default() }
    }

    /// Says how the candidate's environment differs from the nearest one that has runs, where the baseline is empty.
    pub fn note_other_environments(&mut self, candidate: &Record, known: &[KnownEnvironment]) {
        let others = known.iter().filter(|e| e.fingerprint != candidate.fingerprint);
        let differences = others.map(|e| (differences(&e.identity, &candidate.identity), e.latest));
        let nearest = differences.min_by_key(|(keys, latest)| (keys.len(), std::cmp::Reverse(*latest)));
        if let (true, Some((keys, _))) = (self.runs.is_empty(), nearest) {
            self.notes.push(format!(
                "no baseline in this environment; the nearest recorded environment differs in {}",
                keys.join(", ")
            ));
        }
    }
}

/// What differs between two identities: `cpu: A → B`, in the order of the keys.
fn differences(from: &BTreeMap<String, String>, to: &BTreeMap<String, String>) -> Vec<String> {
    let keys: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let shown = |identity: &BTreeMap<String, String>, key| identity.get(key).cloned().unwrap_or("(none)".to_owned());
    let differing = keys.into_iter().filter(|key| from.get(*key) != to.get(*key));
    differing.map(|key| format!("{key}: {} → {}", shown(from, key), shown(to, key))).collect()
}

/// Keeps the latest `most` runs; says so if that were not all.
fn latest(records: &mut Vec<Record>, most: usize) -> Option<String> {
    let surplus = records.len().saturating_sub(most);
    let note = format!("the latest {} of {} are used", most, runs(records.len()));
    records.drain(..surplus);
    (surplus > 0).then_some(note)
}

/// Says that the level is an old one, and of when.
fn pinned_level(since: Timestamp, window: SignedDuration) -> String {
    let day = jiff::tz::Offset::UTC.to_datetime(since).date();
    format!("a regression is open since {day}: the level is that of the {} before it", span(window))
}

/// Says that there is no baseline, or that it is too short for the full rule.
fn thin_evidence(count: usize, window: SignedDuration) -> Option<String> {
    match count {
        0 => Some(format!("no comparable run in the last {}", span(window))),
        _ if count < ENOUGH_RUNS => Some(format!("thin evidence: needs {ENOUGH_RUNS} runs, has {count}")),
        _ => None,
    }
}

/// `7 days`, or hours where it is not whole days.
fn span(duration: SignedDuration) -> String {
    match duration.as_hours() {
        24 => "day".to_owned(),
        hours if hours % 24 == 0 => format!("{} days", hours / 24),
        hours => format!("{hours} hours"),
    }
}

fn runs(count: usize) -> String {
    format!("{count} run{}", if count == 1 { "" } else { "s" })
}

/// ` (a; b; c; and 2 more)`, or nothing.
fn listed(names: &[&str]) -> String {
    let more = names.len().saturating_sub(MOST_NAMES);
    let mut shown: Vec<String> = names.iter().take(MOST_NAMES).map(|&n| n.to_owned()).collect();
    shown.extend((more > 0).then(|| format!("and {more} more")));
    if shown.is_empty() { String::new() } else { format!(" ({})", shown.join("; ")) }
}

/// The time `span` before `at`, or the earliest there is.
fn before(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_sub(span).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests;
