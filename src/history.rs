//! The history of a series of runs: its records in order, and how long each is kept in which detail.
//!
//! A history holds the runs of one scenario, as a rule of one environment. It is a value: the store loads and saves it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::model::{ALL, Acceptance, LogValue, Record};

/// Runs that keep their full histograms and intervals: more than any baseline takes, 4.6 MB at 46 kB a run.
const FULL_RUNS: usize = 100;
/// Days for which a run keeps a file of its own, thinned: a quarter of a year, 45 MB at 50 runs a day.
const THIN_DAYS: i64 = 90;

/// Recorded runs in the order of their start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    records: Vec<Record>,
    accepted: Vec<Acceptance>,
}

impl History {
    /// The recorded runs, oldest first; runs of one instant in the order of their ids.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The recorded runs, oldest first, by value.
    pub fn into_records(self) -> Vec<Record> {
        self.records
    }

    /// What people accepted in these runs' scenario, in the order of time.
    pub fn accepted(&self) -> &[Acceptance] {
        &self.accepted
    }

    /// Adds acceptances.
    pub fn accept(&mut self, accepted: impl IntoIterator<Item = Acceptance>) {
        self.accepted.extend(accepted);
        self.accepted.sort_by_key(|a| a.at);
    }

    /// Adds a run in its place; says whether it was new. A run whose id is known changes nothing.
    pub fn append(&mut self, record: Record) -> bool {
        if self.find(&record.id).is_some() {
            return false;
        }
        let place = self.records.partition_point(|r| order(r) < order(&record));
        self.records.insert(place, record);
        true
    }

    /// Takes the run called `id` out; says whether it was there.
    pub fn remove(&mut self, id: &str) -> bool {
        let before = self.records.len();
        self.records.retain(|r| r.id != id);
        self.records.len() < before
    }

    /// The run called `id`.
    pub fn find(&self, id: &str) -> Option<&Record> {
        self.records.iter().find(|r| r.id == id)
    }

    /// When the last run of one of `commits` started: the newest run that a branch which has them may be compared with.
    pub fn last_run_of(&self, commits: &[String]) -> Option<Timestamp> {
        let known = |record: &&Record| record.commit.as_ref().is_some_and(|commit| commits.contains(commit));
        self.records.iter().rev().find(known).map(|r| r.started_at)
    }

    /// One metric of one endpoint ([`ALL`]: of the run as a whole) over the runs that have it, oldest first.
    pub fn series<'a>(
        &'a self,
        endpoint: &'a str,
        metric: &'a str,
    ) -> impl Iterator<Item = (&'a Record, LogValue)> + 'a {
        self.records.iter().filter_map(move |r| Some((r, figure(r, endpoint, metric)?)))
    }
}

impl FromIterator<Record> for History {
    fn from_iter<I: IntoIterator<Item = Record>>(records: I) -> Self {
        let unique: BTreeMap<String, Record> = records.into_iter().map(|r| (r.id.clone(), r)).collect();
        let mut records: Vec<Record> = unique.into_values().collect();
        records.sort_by(|a, b| order(a).cmp(&order(b)));
        Self { records, accepted: Vec::new() }
    }
}

/// An environment in which a scenario has been run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownEnvironment {
    /// Its fingerprint ([`crate::model::Run::fingerprint`]).
    pub fingerprint: String,
    /// What the fingerprint was made of.
    pub identity: BTreeMap<String, String>,
    /// Start of its latest run.
    pub latest: Timestamp,
}

/// In how much detail a recorded run is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Its file as it was recorded.
    Full,
    /// Its file with histograms of two digits and without intervals.
    Thin,
    /// Its summary in the file of its day.
    Daily,
    /// Nothing.
    Gone,
}

/// How long runs are kept in which detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Latest runs of a series kept in full. Invalid runs and those of pull requests do not count towards it.
    pub full_runs: usize,
    /// Age up to which older runs keep a thinned file; `None`: for ever.
    pub thin_for: Option<SignedDuration>,
    /// Age up to which anything is kept; `None`: for ever.
    pub keep_for: Option<SignedDuration>,
    /// Bytes that runs and day files may take; beyond, the oldest days go. `None`: any number.
    pub bytes: Option<u64>,
}

impl Default for Retention {
    fn default() -> Self {
        let thin_for = Some(SignedDuration::from_hours(24 * THIN_DAYS));
        Self { full_runs: FULL_RUNS, thin_for, keep_for: None, bytes: None }
    }
}

impl Retention {
    /// Keeps everything as it is: the start of a policy that removes one kind of thing only.
    pub fn everything() -> Self {
        Self { full_runs: usize::MAX, thin_for: None, keep_for: None, bytes: None }
    }

    /// The detail in which each run of `history` is kept at the time `now`, in the order of the records.
    ///
    /// Looks at number and age only: bytes are known to the store.
    pub fn tiers(&self, history: &History, now: Timestamp) -> Vec<Tier> {
        let mut newer = 0;
        let newest_first = history.records.iter().rev().map(|record| {
            let tier = self.tier(now.duration_since(record.started_at), newer);
            newer += usize::from(record.invalid.is_none() && record.pull_request.is_none());
            tier
        });
        let mut tiers: Vec<Tier> = newest_first.collect();
        tiers.reverse();
        tiers
    }

    /// The detail for a run of that age that has `newer` runs after it.
    fn tier(&self, age: SignedDuration, newer: usize) -> Tier {
        match () {
            () if self.keep_for.is_some_and(|most| age > most) => Tier::Gone,
            () if newer < self.full_runs => Tier::Full,
            () if self.thin_for.is_some_and(|most| age > most) => Tier::Daily,
            () => Tier::Thin,
        }
    }
}

/// What runs are ordered by.
fn order(record: &Record) -> (Timestamp, &str) {
    (record.started_at, &record.id)
}

/// One metric of one endpoint ([`ALL`]: of the run as a whole) of a run; error rates are counts and have none.
pub fn figure(record: &Record, endpoint: &str, metric: &str) -> Option<LogValue> {
    let summary = &record.summary;
    let of_run = (endpoint == ALL).then(|| summary.values.get(metric)).flatten();
    let endpoint = if endpoint == ALL { &summary.total } else { summary.endpoints.get(endpoint)? };
    let own = || endpoint.latency.get(metric).or_else(|| endpoint.values.get(metric)).copied();
    let throughput = || endpoint.throughput.filter(|_| metric == "throughput");
    of_run.copied().or_else(throughput).or_else(own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Basis, Load, Summary};

    /// A run that started `hours` after the epoch.
    fn record(id: &str, hours: i64) -> Record {
        Record {
            id: id.to_owned(),
            scenario: "checkout".to_owned(),
            fingerprint: "f".to_owned(),
            identity: BTreeMap::new(),
            started_at: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours),
            commit: None,
            branch: None,
            pull_request: None,
            release: None,
            basis: Basis::Ok,
            load: Load::default(),
            invalid: None,
            judged: None,
            summary: Summary::default().into(),
        }
    }

    #[test]
    fn appending_a_known_id_changes_nothing() {
        let mut history = History::default();
        assert!(history.append(record("b", 2)));
        assert!(history.append(record("a", 1)));
        assert!(!history.append(record("b", 7)));
        let ids: Vec<_> = history.records().iter().map(|r| r.id.as_str()).collect();
        assert_eq!(ids, ["a", "b"]);
        assert_eq!(history.records()[1].started_at, record("b", 2).started_at);
        assert!(history.remove("a") && !history.remove("a"));
    }

    #[test]
    fn a_series_skips_runs_without_the_metric() {
        let mut with = record("a", 1);
        let p95 = LogValue { y: -1.0, v: None };
        with.summary.total.latency.insert("p95".to_owned(), p95);
        with.summary.values.insert("memory".to_owned(), LogValue { y: 20.0, v: None });
        let history: History = [record("b", 2), with].into_iter().collect();
        let seen: Vec<_> = history.series(ALL, "p95").map(|(r, v)| (r.id.as_str(), v)).collect();
        assert_eq!(seen, [("a", p95)]);
        assert_eq!(history.series(ALL, "memory").count(), 1);
        assert_eq!(history.series("GET /", "p95").count(), 0);
    }

    #[test]
    fn the_latest_valid_runs_stay_full_and_the_others_thin_with_age() {
        let mut invalid = record("invalid", 24 * 100);
        invalid.invalid = Some("zero requests".to_owned());
        let runs = [record("oldest", 0), record("old", 24 * 50), record("last", 24 * 99), invalid];
        let history: History = runs.into_iter().collect();
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 100);
        let mut retention = Retention { full_runs: 1, ..Retention::default() };
        assert_eq!(retention.tiers(&history, now), [Tier::Daily, Tier::Thin, Tier::Full, Tier::Full]);
        retention.keep_for = Some(SignedDuration::from_hours(24 * 60));
        assert_eq!(retention.tiers(&history, now)[0], Tier::Gone);
        assert_eq!(Retention::everything().tiers(&history, now), [Tier::Full; 4]);
    }

    #[test]
    fn a_full_run_is_kept_however_old() {
        let history: History = [record("only", 0)].into_iter().collect();
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 1000);
        assert_eq!(Retention::default().tiers(&history, now), [Tier::Full]);
    }
}
