//! Histories that are made up: what is told of them, and that nothing is told of runs that only scatter.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Case, Overview, Selection, findings, overview};
use crate::history::History;
use crate::model::{ACCEPTANCE_SCHEMA, ALL, Acceptance, Basis, EndpointSummary, Load, LogValue, Record, Summary};
use crate::verdict::{Finding, Policy};

const NAMES: [&str; 5] = ["GET /", "GET /search", "POST /cart", "POST /order", "PUT /address"];

/// Seeded chance: a linear congruential generator, and normal values as sums of twelve uniform ones.
struct Chance(u64);

impl Chance {
    fn normal(&mut self, sd: f64) -> f64 {
        let mut uniform = || {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 11) as f64 / 9_007_199_254_740_992.0
        };
        sd * ((0..12).map(|_| uniform()).sum::<f64>() - 6.0)
    }

    /// Daily runs whose endpoint `j` of run `i` is `change(i, j)` slower than at first (log).
    fn runs(&mut self, count: usize, change: impl Fn(usize, usize) -> f64) -> Vec<Record> {
        (0..count).map(|i| self.run(i, |j| change(i, j))).collect()
    }

    fn run(&mut self, i: usize, change: impl Fn(usize) -> f64) -> Record {
        let machine = self.normal(0.02);
        let endpoint = |y: f64| EndpointSummary {
            count: Some(12_000),
            errors: Some(24),
            latency: [("p95".to_owned(), LogValue { y, v: None })].into(),
            ..EndpointSummary::default()
        };
        let own = NAMES
            .iter()
            .enumerate()
            .map(|(j, name)| ((*name).to_owned(), endpoint(-2.0 + j as f64 + machine + change(j) + self.normal(0.03))));
        let endpoints: BTreeMap<String, EndpointSummary> = own.collect();
        let pooled = endpoints.values().map(|e| e.latency["p95"].y).sum::<f64>() / NAMES.len() as f64;
        let throughput = Some(LogValue { y: 5.0 + self.normal(0.02), v: None });
        let total = EndpointSummary { throughput, ..endpoint(pooled) };
        let values = [("memory".to_owned(), LogValue { y: 19.0 + self.normal(0.02), v: None })].into();
        Record {
            id: format!("run-{i}"),
            scenario: "checkout".to_owned(),
            fingerprint: "f".to_owned(),
            identity: BTreeMap::new(),
            started_at: at(i),
            commit: Some(format!("{:040x}", 0xabc_0000_0000_u64 + (i as u64).pow(3))),
            branch: None,
            pull_request: None,
            release: None,
            basis: Basis::Ok,
            load: Load::default(),
            invalid: None,
            judged: None,
            summary: Summary { total, endpoints, values, trend: Some(0.01), ..Summary::default() }.into(),
        }
    }
}

fn at(day: usize) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day as i64)
}

/// What a check of the last of these runs tells.
fn told(runs: &[Record], accepted: Vec<Acceptance>) -> Vec<Finding> {
    let (last, before) = runs.split_last().unwrap();
    let mut history: History = before.iter().cloned().collect();
    history.accept(accepted);
    let case = Case {
        history: &history,
        before: history.records().iter().collect(),
        candidates: std::slice::from_ref(last),
        baseline: &before[before.len().saturating_sub(7)..],
        policy: &Policy::default(),
    };
    findings(&case, |_, _| false)
}

fn seen(runs: &[Record], wanted: &Selection) -> Overview {
    overview(&runs.iter().cloned().collect(), |_| true, wanted)
}

fn kinds(findings: &[Finding]) -> Vec<(&str, Option<&str>)> {
    findings.iter().map(|finding| (finding.kind.as_str(), finding.endpoint.as_deref())).collect()
}

/// A step of `size` in one endpoint from run 20 on.
fn step(size: f64) -> impl Fn(usize, usize) -> f64 {
    move |i, j| if i >= 20 && j == 3 { size } else { 0.0 }
}

#[test]
fn nothing_is_told_of_runs_that_scatter() {
    let found = (0..60).flat_map(|seed| told(&Chance(seed).runs(40, |_, _| 0.0), Vec::new()));
    assert_eq!(found.collect::<Vec<_>>(), []);
}

#[test]
fn a_drift_of_all_endpoints_is_one_finding() {
    let runs = Chance(1).runs(50, |i, _| 0.012 * i.saturating_sub(20) as f64);
    let found = told(&runs, Vec::new());
    let drifts: Vec<_> = found.iter().filter(|finding| finding.kind == "drift").collect();
    let [drift] = drifts.as_slice() else { panic!("{found:?}") };
    assert!(drift.message.starts_with("The p95 of the endpoints together drifts: +"), "{}", drift.message);
    assert!(drift.message.contains("over the last 30 runs"), "{}", drift.message);
    assert_eq!(drift.commit, runs[20].commit);
    let overview = seen(&runs, &Selection::default());
    let growth = overview.series[0].drift.as_ref().unwrap();
    assert!((0.25..0.55).contains(&growth.change), "{growth:?}");
    assert_eq!((growth.first, growth.last), (20, 49));
}

#[test]
fn a_drift_of_some_endpoints_names_them() {
    let runs = Chance(2).runs(50, |i, j| if j < 2 { 0.02 * i.saturating_sub(25) as f64 } else { 0.0 });
    let found = told(&runs, Vec::new());
    let drift = found.iter().find(|finding| finding.kind == "drift").unwrap();
    assert!(
        drift.message.contains("so do GET /") && !drift.message.contains("POST") && !drift.message.contains("PUT"),
        "{}",
        drift.message
    );
    assert_eq!((drift.endpoint.as_deref(), drift.metric.as_deref()), (None, Some("p95")));
}

#[test]
fn a_step_is_a_change_point_and_no_drift() {
    let runs = Chance(3).runs(40, step(0.3));
    let overview = seen(&runs, &Selection { endpoint: Some("POST /order".to_owned()), metric: None });
    let [series] = overview.series.as_slice() else { panic!("{overview:?}") };
    let [point] = series.change_points.as_slice() else { panic!("{series:?}") };
    assert_eq!((point.last_before, point.first_after, point.worse), (19, 20, true));
    assert!(point.interval.lower < 0.35 && point.interval.upper > 0.35, "{point:?}");
    assert!(series.drift.is_none());
    assert_eq!(series.levels.iter().map(|level| (level.first, level.last)).collect::<Vec<_>>(), [(0, 19), (20, 39)]);
}

#[test]
fn a_level_over_the_threshold_above_an_old_one_is_told() {
    let found = told(&Chance(4).runs(40, step(0.3)), Vec::new());
    assert_eq!(kinds(&found), [("anchor", Some("POST /order"))]);
    assert!(found[0].message.contains("far above that of 1970-01-0"), "{}", found[0].message);
    assert!(told(&Chance(5).runs(40, step(0.1)), Vec::new()).is_empty(), "below the threshold");
    assert!(told(&Chance(6).runs(60, step(0.3)), Vec::new()).is_empty(), "more than 30 days ago");
}

#[test]
fn a_release_is_the_level_to_compare_with() {
    let mut runs = Chance(6).runs(60, step(0.3));
    runs[10].release = Some("v1.2.0".to_owned());
    let found = told(&runs, Vec::new());
    assert_eq!(kinds(&found), [("anchor", Some("POST /order"))]);
    assert!(found[0].message.contains("far above that of release v1.2.0: +"), "{}", found[0].message);
    runs[30].release = Some("v1.3.0".to_owned());
    assert!(told(&runs, Vec::new()).is_empty(), "released on the new level");
}

#[test]
fn an_accepted_level_is_its_own_measure() {
    let accepted = |metric: &str| Acceptance {
        schema: ACCEPTANCE_SCHEMA.to_owned(),
        scenario: "checkout".to_owned(),
        endpoint: ALL.to_owned(),
        metric: metric.to_owned(),
        reason: "encryption".to_owned(),
        author: "ada".to_owned(),
        at: at(22),
        from: at(20),
        until: None,
        commit: None,
    };
    let runs = Chance(4).runs(40, step(0.3));
    assert!(told(&runs, vec![accepted("p95")]).is_empty());
    assert_eq!(told(&runs, vec![accepted("memory")]).len(), 1);
    let drifting = Chance(1).runs(40, |i, _| 0.02 * i as f64);
    let from = |day| Acceptance { from: at(day), ..accepted("p95") };
    assert!(kinds(&told(&drifting, Vec::new())).contains(&("drift", None)));
    assert!(!kinds(&told(&drifting, vec![from(34)])).contains(&("drift", None)), "too few runs since");
}

#[test]
fn fewer_requests_and_more_errors_are_told_in_their_units() {
    let mut runs = Chance(7).runs(40, |_, _| 0.0);
    for run in &mut runs[25..] {
        run.summary.total.throughput.as_mut().unwrap().y -= 0.3;
        run.summary.total.errors = Some(400);
    }
    let found = told(&runs, Vec::new());
    let messages: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(kinds(&found), [("anchor", None), ("anchor", None)], "{messages:?}");
    assert!(messages[0].contains("error-rate of (all) is far above") && messages[0].contains("points"), "{messages:?}");
    assert!(messages[1].contains("throughput of (all) is far below") && messages[1].contains("−2"), "{messages:?}");
}

#[test]
fn growth_inside_the_run_is_told_beside_the_usual() {
    let mut runs = Chance(8).runs(20, |_, _| 0.0);
    let last = &mut runs.last_mut().unwrap().summary;
    (last.trend, last.memory_trend) = (Some(0.4), Some(0.5));
    let found = told(&runs, Vec::new());
    assert_eq!(kinds(&found), [("trend", None), ("trend", None)]);
    assert_eq!(found[0].message, "The latency grew inside the run: +49.2 % from start to end, usually +1.01 %.");
    assert!(found[1].message.starts_with("The memory grew inside the run: +64.9 %"), "{}", found[1].message);
}

#[test]
fn a_metric_that_is_named_is_shown_of_every_endpoint() {
    let runs = Chance(9).runs(10, |_, _| 0.0);
    let names = |endpoint: Option<&str>, metric: Option<&str>| {
        let wanted = Selection { endpoint: endpoint.map(str::to_owned), metric: metric.map(str::to_owned) };
        let overview = seen(&runs, &wanted);
        overview.series.iter().map(|s| format!("{} {}", s.endpoint, s.metric)).collect::<Vec<_>>()
    };
    assert_eq!(names(None, None).len(), 9);
    assert_eq!(names(None, Some("error-rate")).len(), 6);
    assert_eq!(names(Some("GET *"), None), ["GET / p95", "GET /search p95"]);
    assert_eq!(names(Some("(all)"), Some("p99")), [""; 0]);
    assert_eq!(seen(&[], &Selection::default()).series, []);
}
