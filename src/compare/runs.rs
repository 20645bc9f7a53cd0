//! The runs that are compared, and series taken through them.

use std::collections::BTreeSet;

use super::AnalysisKind;
use crate::baseline::Baseline;
use crate::model::{Acceptance, Basis, EndpointSummary, LogValue, Record, SeriesName, Summary};
use crate::stats::{MIN_OK, SD_UNKNOWN, Series};

use super::RunMark;

/// Baseline and candidate runs that can be compared.
pub(super) struct Runs<'a> {
    /// Baseline runs, oldest first; the first `earlier` inform the spread only.
    pub(super) past: Vec<&'a Record>,
    pub(super) earlier: usize,
    pub(super) now: Vec<&'a Record>,
    /// Levels that people accepted, and those whose acceptance has expired.
    accepted: Vec<&'a Acceptance>,
    expired: Vec<&'a Acceptance>,
    /// What they are to each other; of pairs, `past[i]` and `now[i]` are one.
    pub(super) kind: AnalysisKind,
}

impl<'a> Runs<'a> {
    /// The runs with latencies of the same requests: a p95 of successes says nothing about one of all requests.
    pub(super) fn new(candidates: &'a [Record], baseline: &'a Baseline, kind: AnalysisKind) -> Self {
        let basis = candidates.first().map(|record| record.basis).unwrap_or_default();
        let same = |record: &&Record| record.basis == basis;
        let mut past: Vec<&Record> = baseline.earlier.iter().filter(same).collect();
        let earlier = past.len();
        past.extend(baseline.runs.iter().filter(same));
        let at = candidates.first().map(|record| record.started_at);
        let (expired, accepted) = baseline.accepted.iter().partition(|a| at.is_some_and(|at| a.has_expired(at)));
        Self { past, earlier, now: candidates.iter().collect(), accepted, expired, kind }
    }

    /// The runs as pairs; none is left out, so that each keeps its partner.
    pub(super) fn pairs(base: &'a [Record], head: &'a [Record]) -> Self {
        let (past, now) = (base.iter().collect(), head.iter().collect());
        Self { past, earlier: 0, now, accepted: Vec::new(), expired: Vec::new(), kind: AnalysisKind::Pairs }
    }

    pub(super) fn are_pairs(&self) -> bool {
        self.kind == AnalysisKind::Pairs
    }

    pub(super) fn basis(&self) -> Basis {
        self.now.first().map(|record| record.basis).unwrap_or_default()
    }

    /// Baseline runs whose centre is compared with.
    pub(super) fn window(&self) -> &[&'a Record] {
        &self.past[self.earlier..]
    }

    /// Which runs these are, baseline first.
    pub(super) fn marks(&self) -> Vec<RunMark> {
        let mark = |run: &&Record| {
            let (id, commit) = (run.id.clone(), run.commit.clone());
            RunMark { id, started_at: run.started_at, commit }
        };
        self.past.iter().chain(&self.now).map(mark).collect()
    }

    /// Endpoints of the candidate runs: what only one of them has is judged too.
    pub(super) fn names(&self) -> Vec<&'a str> {
        let all = self.now.iter().flat_map(|run| run.summary.endpoints.keys().map(String::as_str));
        all.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// A figure of one endpoint over all runs; `se1` is its error in a single request, for runs that give no variance.
    pub(super) fn endpoint(
        &self,
        name: &str,
        sign: f64,
        se1: f64,
        figure: impl Fn(&EndpointSummary) -> Option<LogValue>,
    ) -> Series {
        let cell = |summary: &'a Summary| summary.endpoints.get(name);
        self.series(sign, se1, |summary| cell(summary).and_then(&figure), |summary| cell(summary).map(requests))
    }

    /// A figure of the run over all runs.
    pub(super) fn series(
        &self,
        sign: f64,
        se1: f64,
        figure: impl Fn(&'a Summary) -> Option<LogValue>,
        requests: impl Fn(&'a Summary) -> Option<f64>,
    ) -> Series {
        let value = |run: &&'a Record| figure(&run.summary).map(|value| LogValue { y: sign * value.y, v: value.v });
        let variance = |runs: &[&'a Record]| {
            let counts: Vec<f64> = runs.iter().filter_map(|run| requests(&run.summary)).collect();
            let mean = counts.iter().sum::<f64>() / counts.len().max(1) as f64;
            if mean > 0.0 { se1 * se1 / mean } else { SD_UNKNOWN * SD_UNKNOWN }
        };
        Series {
            past: self.past.iter().map(value).collect(),
            earlier: self.earlier,
            now: self.now.iter().map(value).collect(),
            paired: self.are_pairs(),
            past_variance: variance(&self.past),
            now_variance: variance(&self.now),
        }
    }

    /// Where the level of a series starts among the baseline runs: with the window, or where a new level was accepted.
    pub(super) fn start(&self, series: &SeriesName) -> usize {
        let accepted = self.accepted.iter().filter(|a| a.covers(series)).map(|a| a.from).max();
        let start = accepted.map_or(0, |from| self.past.partition_point(|run| run.started_at < from));
        start.max(self.earlier)
    }

    /// Whether a baseline run was on a level of the series that is accepted no more.
    pub(super) fn is_void(&self, run: &Record, series: &SeriesName) -> bool {
        let held = |a: &&&Acceptance| a.from <= run.started_at && a.until.is_some_and(|until| run.started_at <= until);
        self.expired.iter().filter(held).any(|a| a.covers(series))
    }

    /// The acceptances that changed what a series is compared with.
    pub(super) fn acceptances(&self) -> Vec<Acceptance> {
        let split = |a: &&&Acceptance| self.past.first().is_some_and(|run| run.started_at < a.from);
        let voided = |a: &&&Acceptance| {
            self.past.iter().any(|run| a.from <= run.started_at && a.until.is_some_and(|until| run.started_at <= until))
        };
        let held = self.accepted.iter().filter(split).chain(self.expired.iter().filter(voided));
        held.map(|a| (*a).clone()).collect()
    }

    /// A figure under what people accepted of it: before a new level only the spread counts.
    pub(super) fn accepted(&self, mut figure: Series, series: &SeriesName) -> Series {
        figure.earlier = self.start(series);
        for (value, run) in figure.past.iter_mut().zip(&self.past) {
            *value = value.filter(|_| !self.is_void(run, series));
        }
        figure
    }

    /// Endpoints of the candidate that no baseline run has.
    pub(super) fn appeared(&self) -> Vec<String> {
        let known = |name: &&str| self.past.iter().any(|run| run.summary.endpoints.contains_key(*name));
        self.names().into_iter().filter(|name| !known(name)).map(str::to_owned).collect()
    }

    /// Endpoints that at least half of the baseline runs had with requests enough, and that no candidate run has.
    pub(super) fn gone(&self) -> Vec<String> {
        let window = self.window();
        let mut names: Vec<&String> = window.iter().flat_map(|run| run.summary.endpoints.keys()).collect();
        names.sort_unstable();
        names.dedup();
        let had =
            |name: &str| window.iter().filter(|run| run.summary.endpoints.get(name).is_some_and(is_large)).count();
        let has =
            |name: &str| self.now.iter().any(|run| run.summary.endpoints.get(name).is_some_and(|e| e.count != Some(0)));
        names.into_iter().filter(|name| 2 * had(name) >= window.len() && !has(name)).cloned().collect()
    }

    /// Endpoints that only some of the candidate runs have with requests enough, and how many do.
    pub(super) fn partly(&self) -> Vec<(&'a str, usize)> {
        let having =
            |name: &str| self.now.iter().filter(|run| run.summary.endpoints.get(name).is_some_and(is_large)).count();
        let all = self.names().into_iter().map(|name| (name, having(name)));
        all.filter(|(_, having)| (1..self.now.len()).contains(having)).collect()
    }

    /// Endpoints with latencies in at least half of the baseline runs and too few requests for them now.
    pub(super) fn thinned(&self) -> Vec<&'a str> {
        let window = self.window();
        let timed = |run: &&Record, name: &str| run.summary.endpoints.get(name).is_some_and(|e| !e.latency.is_empty());
        let lost = |name: &&str| {
            let before = window.iter().filter(|run| timed(run, name)).count();
            2 * before >= window.len().max(1) && !self.now.iter().any(|run| timed(run, name))
        };
        self.names().into_iter().filter(lost).collect()
    }
}

/// Requests behind an endpoint's latencies; all of them where the source does not say which.
pub(super) fn requests(endpoint: &EndpointSummary) -> f64 {
    endpoint.measured.or(endpoint.count).unwrap_or(0) as f64
}

/// Whether an endpoint had requests enough for its absence to mean something.
fn is_large(endpoint: &EndpointSummary) -> bool {
    endpoint.measured.or(endpoint.count).map_or(!endpoint.latency.is_empty(), |n| n >= MIN_OK)
}
