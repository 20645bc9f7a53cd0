//! What a regression on trunk leaves behind: the issue, the files of the night and of the week, the calls, and badges; each
//! compared with the document beside its report in `fixtures/golden/trunk-*` and with `fixtures/badges`.

use std::path::PathBuf;

use perf_gate::config;
use perf_gate::github::Author;
use perf_gate::model::Outcome;
use perf_gate::publish::issue::{self, Known, Memory};
use perf_gate::publish::nightly::{self, Nightly};
use perf_gate::publish::weekly::{self, Week};
use perf_gate::publish::{Change, Links, notify};
use perf_gate::render::Report;
use perf_gate::render::badge::{self, Badge, Limits};
use perf_gate::store::FileChange;

use crate::golden::golden;
use crate::program::root;

/// The cases, in the order of the week's nights.
const CASES: [&str; 3] = ["trunk-memory", "trunk-errors", "trunk-latency"];

#[test]
fn the_issue_of_a_regression_is_as_it_was_reviewed() {
    let wrong = CASES.iter().filter_map(|case| {
        let (issue, _) = opened(case);
        let text = format!("{}\n\n{}", issue.title, issue.body);
        golden(&folder(case).join("issue.md"), &text).err()
    });
    accept(wrong.collect());
}

#[test]
fn others_are_told_of_a_critical_regression_as_it_was_reviewed() {
    let (_, mut memory) = opened("trunk-errors");
    let report = report("trunk-errors");
    let notify = config::Notify { dispatch: Some("perf-gate-critical".to_owned()), webhook: Some("CHAT".to_owned()) };
    let (me, links, settings) = (Author::default(), links(), config::Issue::default());
    let known = Known { notify: &notify, ..known(&report, &me, &links, &settings) };
    let changes = notify::critical(&mut memory, "https://github.com/octo/shop/issues/12", &known);
    let [Change::Dispatch { payload, .. }, Change::CallWebhook { payload: same, .. }] = &changes[..] else {
        panic!("{changes:?}")
    };
    assert_eq!(payload, same);
    assert!(payload.as_object().unwrap().len() <= 10, "GitHub takes ten properties");
    let text = serde_json::to_string_pretty(payload).unwrap() + "\n";
    accept(golden(&folder("trunk-errors").join("critical.json"), &text).err().into_iter().collect());
    assert!(notify::critical(&mut memory, "", &known).is_empty(), "once is enough");
}

#[test]
fn the_files_of_a_night_and_of_a_week_are_as_they_were_reviewed() {
    let mut wrong = Vec::new();
    let mut nights = Vec::new();
    for (at, case) in CASES.iter().enumerate() {
        let report = report(case);
        // They ran on one day; in the week they are three nights.
        let date = nightly::date(&report).unwrap();
        let date = weekly::days(date)[3 + at];
        let files = nightly::files(&report, date, &links(), [None, None]).unwrap();
        let texts: Vec<String> = files.iter().map(text).collect();
        wrong.extend(golden(&folder(case).join("nightly.json"), &texts[0]).err());
        wrong.extend(golden(&folder(case).join("regression.md"), &texts[1]).err());
        nights.push(Nightly::parse(texts[0].as_bytes()).unwrap().unwrap());
    }
    let (_, mut memory) = opened("trunk-latency");
    memory.number = Some(12);
    let (issues, links) = ([memory], links());
    let week = Week { date: nights[0].date, nights: &nights, issues: &issues, links: &links };
    let files = week.files(None).unwrap();
    wrong.extend(golden(&folder("trunk-latency").join("weekly.md"), &text(&files[0])).err());
    accept(wrong);
}

#[test]
fn badges_are_as_they_were_reviewed() {
    let limits = Limits { green: 1.0, yellow: 1.5 };
    let p95 = |seconds| badge::p95("checkout", Outcome::Passed, seconds, limits);
    let mut badges: Vec<(String, Badge)> = vec![
        ("p95-green".to_owned(), p95(Some(0.0821))),
        ("p95-yellow".to_owned(), p95(Some(1.26))),
        ("p95-red".to_owned(), p95(Some(2.04))),
        ("p95-unknown".to_owned(), p95(None)),
        ("p95-stale".to_owned(), badge::stale(p95(Some(0.0821)), 9.0 * 86_400.0)),
        ("hostile".to_owned(), badge::outcome("<b>\"&'検索", Outcome::Passed)),
    ];
    let outcomes = [Outcome::Passed, Outcome::Inconclusive, Outcome::Warned, Outcome::Failed, Outcome::Invalid];
    badges
        .extend(outcomes.map(|outcome| (format!("outcome-{}", outcome.as_str()), badge::outcome("checkout", outcome))));
    let folder = root().join("fixtures/badges");
    let mut wrong = Vec::new();
    for (name, badge) in badges {
        wrong.extend(golden(&folder.join(format!("{name}.svg")), &badge.svg()).err());
        wrong.extend(golden(&folder.join(format!("{name}.json")), &badge.endpoint()).err());
    }
    accept(wrong);
}

/// The issue that a run of the case opens, and the state after it.
fn opened(case: &str) -> (perf_gate::github::NewIssue, Memory) {
    let (report, me, links, settings) = (report(case), Author::default(), links(), config::Issue::default());
    let changes = issue::plan(&Memory::new("checkout"), &known(&report, &me, &links, &settings)).unwrap();
    let [Change::WriteFiles { files, .. }, Change::OpenIssue { issue, .. }] = &changes[..] else {
        panic!("{changes:?}")
    };
    (issue.clone(), Memory::parse(text(&files[0]).as_bytes()).unwrap())
}

fn known<'a>(report: &'a Report, me: &'a Author, links: &'a Links, settings: &'a config::Issue) -> Known<'a> {
    const NOBODY: config::Notify = config::Notify { dispatch: None, webhook: None };
    let run = Some(&report.scenarios[0]);
    Known { run, accepted: &[], issue: None, comments: &[], me, settings, notify: &NOBODY, links }
}

fn report(case: &str) -> Report {
    Report::parse(&std::fs::read_to_string(folder(case).join("report.json")).unwrap()).unwrap()
}

fn folder(case: &str) -> PathBuf {
    root().join("fixtures/golden").join(case)
}

fn links() -> Links {
    Links {
        server: "https://github.com".to_owned(),
        repository: "octo/shop".to_owned(),
        branch: "perf-results".to_owned(),
        run: Some("https://github.com/octo/shop/actions/runs/9123456789".to_owned()),
        report: Some("https://github.com/octo/shop/actions/runs/9123456789/artifacts/42".to_owned()),
    }
}

fn text(change: &FileChange) -> String {
    let FileChange::Put { bytes, .. } = change else { panic!("{change:?}") };
    String::from_utf8(bytes.clone()).unwrap()
}

fn accept(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "{}\nUPDATE_GOLDEN=1 cargo test accepts the new documents", wrong.join("\n"));
}
