//! Which runs are chosen, and what is said of the others.

use super::*;
use crate::model::{Basis, Judged, Load, Outcome, SeriesName, Summary};

/// A run that started `day` days after the epoch, on machine A.
fn record(id: &str, day: i64) -> Record {
    Record {
        id: id.to_owned(),
        scenario: "checkout".to_owned(),
        fingerprint: "f".to_owned(),
        identity: [("cpu", "A"), ("os", "Linux")].map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        started_at: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day),
        commit: None,
        branch: Some("main".to_owned()),
        pull_request: None,
        release: None,
        basis: Basis::Ok,
        load: Load::default(),
        invalid: None,
        judged: None,
        summary: Summary::default().into(),
    }
}

fn with(mut record: Record, change: impl FnOnce(&mut Record)) -> Record {
    change(&mut record);
    record
}

fn select(records: Vec<Record>, rule: &Rule) -> Baseline {
    Baseline::select(&records.into_iter().collect(), &record("candidate", 100), rule)
}

fn ids(records: &[Record]) -> Vec<&str> {
    records.iter().map(|r| r.id.as_str()).collect()
}

#[test]
fn the_window_gives_the_level_and_the_month_before_the_spread() {
    let records = [("ancient", 64), ("earlier", 92), ("edge", 93), ("same", 100), ("later", 101)];
    let chosen = select(records.map(|(id, day)| record(id, day)).into(), &Rule::default());
    assert_eq!(ids(&chosen.runs), ["edge", "same"]);
    assert_eq!(ids(&chosen.earlier), ["earlier"]);
    assert_eq!(chosen.notes, ["thin evidence: needs 3 runs, has 2"]);
}

#[test]
fn what_is_left_out_is_said() {
    let left_out = vec![
        with(record("pr", 99), |r| r.pull_request = Some(7)),
        with(record("x", 99), |r| r.branch = Some("feature".to_owned())),
        with(record("y", 99), |r| r.branch = Some("dev".to_owned())),
        with(record("cpu", 99), |r| {
            r.fingerprint = "g".to_owned();
            r.identity.insert("cpu".to_owned(), "B".to_owned());
            r.identity.remove("os");
        }),
        with(record("basis", 99), |r| r.basis = Basis::All),
        with(record("bad", 99), |r| r.invalid = Some("zero requests".to_owned())),
        with(record("other scenario", 99), |r| r.scenario = "search".to_owned()),
        with(record("candidate", 99), |_| {}),
    ];
    let chosen = select(left_out, &Rule::default());
    assert!(chosen.runs.is_empty());
    assert_eq!(
        chosen.notes,
        [
            "1 run left out: of pull requests",
            "2 runs left out: of another branch (dev; feature)",
            "1 run left out: of another environment (cpu: B → A, os: (none) → Linux)",
            "1 run left out: latencies of another basis (all)",
            "1 run left out: invalid (zero requests)",
            "no comparable run in the last 7 days",
        ]
    );
}

#[test]
fn runs_newer_than_the_merge_base_are_left_out() {
    let rule = Rule { not_after: Some(record("", 98).started_at), ..Rule::default() };
    let chosen = select((96..=99).map(|day| record(&format!("d{day}"), day)).collect(), &rule);
    assert_eq!(ids(&chosen.runs), ["d96", "d97", "d98"]);
    assert_eq!(chosen.notes, ["1 run left out: newer than the merge base"]);
}

#[test]
fn the_latest_runs_are_taken_and_no_branch_is_trunk() {
    let rule = Rule { max_runs: 3, ..Rule::default() };
    let runs = (94..=99).map(|day| with(record(&format!("d{day}"), day), |r| r.branch = None));
    let chosen = select(runs.collect(), &rule);
    assert_eq!(ids(&chosen.runs), ["d97", "d98", "d99"]);
    assert_eq!(chosen.notes, ["the latest 3 of 6 runs are used"]);
}

#[test]
fn the_time_of_judgement_can_be_given() {
    let rule = Rule { at: Some(record("", 50).started_at), ..Rule::default() };
    let chosen = select(vec![record("now", 49), record("future", 99)], &rule);
    assert_eq!(ids(&chosen.runs), ["now"]);
}

/// What a judgement found: this series regressed, by a shift of the whole run alone or by itself.
fn found(endpoint: &str, shift_alone: bool) -> Option<Judged> {
    Some(Judged {
        outcome: Outcome::Failed,
        regressed: vec![SeriesName { endpoint: endpoint.to_owned(), metric: "p95".to_owned() }],
        shift_alone,
        critical: false,
        needs_confirmation: true,
        since: None,
    })
}

fn accepted(endpoint: &str, from: i64, until: Option<i64>) -> Acceptance {
    let day = |day| record("", day).started_at;
    Acceptance {
        schema: String::new(),
        scenario: "checkout".to_owned(),
        endpoint: endpoint.to_owned(),
        metric: "p95".to_owned(),
        reason: "why".to_owned(),
        author: "ada".to_owned(),
        at: day(from),
        from: day(from),
        until: until.map(day),
        commit: None,
    }
}

/// Good runs on days 80 to 84, then one on each day to 99 in which GET /slow regressed.
fn open_since_85() -> History {
    let since = Some(record("", 85).started_at);
    let judged = |day: i64| found("GET /slow", false).filter(|_| day >= 85).map(|judged| Judged { since, ..judged });
    (80..100).map(|day| with(record(&format!("d{day}"), day), |r| r.judged = judged(day))).collect()
}

#[test]
fn while_a_regression_is_open_the_days_before_it_are_the_level() {
    let history = open_since_85();
    let chosen = Baseline::select(&history, &record("candidate", 100), &Rule::default());
    assert_eq!(ids(&chosen.runs), ["d80", "d81", "d82", "d83", "d84"]);
    assert_eq!((chosen.regressed.len(), chosen.earlier.len()), (15, 0));
    assert_eq!(chosen.notes[0], "15 runs left out: regressed (p95 of GET /slow)");
    assert_eq!(chosen.of_open_regression().runs.len(), 15);
    let fixed = with(record("fixed", 99), |r| r.started_at += SignedDuration::from_hours(1));
    let mut history = history;
    history.append(fixed);
    let chosen = Baseline::select(&history, &record("candidate", 100), &Rule::default());
    assert_eq!(ids(&chosen.runs), ["fixed"]);
}

#[test]
fn what_was_accepted_is_no_regression_until_it_expires() {
    let mut history = open_since_85();
    history.accept([accepted("GET /s*", 85, None)]);
    let chosen = Baseline::select(&history, &record("candidate", 100), &Rule::default());
    assert_eq!((chosen.runs.len(), chosen.regressed.len()), (7, 0));
    let mut history = open_since_85();
    history.accept([accepted("GET /slow", 85, Some(98))]);
    let chosen = Baseline::select(&history, &record("candidate", 100), &Rule::default());
    assert_eq!(ids(&chosen.runs), ["d80", "d81", "d82", "d83", "d84"]);
    let mut history = open_since_85();
    history.accept([accepted("GET /other", 85, None)]);
    assert_eq!(Baseline::select(&history, &record("candidate", 100), &Rule::default()).regressed.len(), 15);
}

#[test]
fn what_regresses_from_an_accepted_level_is_a_regression_of_its_own() {
    let accepted_before = |begin: i64| {
        let since = Some(record("", begin).started_at);
        let judged = |day: i64| found("GET /slow", false).filter(|_| day >= begin);
        let run = |day: i64| {
            with(record(&format!("d{day}"), day), |r| r.judged = judged(day).map(|judged| Judged { since, ..judged }))
        };
        let mut history: History = (90..100).map(run).collect();
        history.accept([accepted("GET /slow", 93, None)]);
        Baseline::select(&history, &record("candidate", 100), &Rule::default()).regressed.len()
    };
    assert_eq!(accepted_before(93), 0, "the regression that was accepted");
    assert_eq!(accepted_before(97), 3, "another one, from the accepted level");
}

#[test]
fn a_shift_that_the_next_run_does_not_have_is_part_of_the_spread() {
    let shifted = |day: i64| with(record(&format!("d{day}"), day), |r| r.judged = found("(all)", true));
    let noise = select(vec![record("d96", 96), shifted(97), record("d98", 98)], &Rule::default());
    assert_eq!(ids(&noise.runs), ["d96", "d97", "d98"]);
    let open = select(vec![record("d96", 96), shifted(97), shifted(98)], &Rule::default());
    assert_eq!(ids(&open.runs), ["d96"]);
}

#[test]
fn a_regression_is_told_with_its_range_and_whether_it_waits() {
    let commit = |record: Record| with(record, |r| r.commit = Some(r.id.clone()));
    let bad = |day: i64| with(record(&format!("d{day}"), day), |r| r.judged = found("(all)", true));
    let history: History = [record("d97", 97), bad(98)].map(commit).into_iter().collect();
    let open = open_regression(&history, &commit(bad(99)), &Rule::default(), None).unwrap();
    assert_eq!((open.last_good.as_deref(), open.first_bad.as_deref()), (Some("d97"), Some("d98")));
    assert_eq!((open.runs, open.needed, open.since), (2, 2, record("", 98).started_at));
    let first = open_regression(&History::default(), &commit(bad(99)), &Rule::default(), None).unwrap();
    assert!(!first.is_confirmed() && first.last_good.is_none());
    let own = with(bad(99), |r| r.judged = found("GET /slow", false));
    assert!(open_regression(&History::default(), &own, &Rule::default(), None).unwrap().is_confirmed());
    assert!(!open_regression(&History::default(), &own, &Rule::default(), Some(2)).unwrap().is_confirmed());
    let branch = with(own, |r| r.branch = Some("feature".to_owned()));
    assert_eq!(open_regression(&history, &branch, &Rule::default(), None), None);
}

#[test]
fn a_suspicious_run_of_the_same_commit_is_judged_again() {
    let of = |id: &str, day: i64, commit: &str| with(record(id, day), |r| r.commit = Some(commit.to_owned()));
    let first = with(of("first", 98, "abc"), |r| r.judged = found("(all)", true));
    let other = with(of("other", 98, "def"), |r| r.judged = found("(all)", true));
    let branch = with(first.clone(), |r| (r.id, r.branch) = ("b".to_owned(), Some("feature".to_owned())));
    let history: History = [first, other, branch, of("calm", 97, "abc")].into_iter().collect();
    let joined = suspicious(&history, &[of("second", 99, "abc")]);
    assert_eq!(ids(&joined), ["first"]);
    assert!(suspicious(&history, &[record("uncommitted", 99)]).is_empty());
}

#[test]
fn the_nearest_environment_explains_an_empty_baseline() {
    let known = |fingerprint: &str, cpu: &str, os: &str| KnownEnvironment {
        fingerprint: fingerprint.to_owned(),
        identity: [("cpu", cpu), ("os", os)].map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        latest: Timestamp::UNIX_EPOCH,
    };
    let mut chosen = Baseline::default();
    let environments = [known("f", "A", "Linux"), known("g", "C", "Windows"), known("h", "B", "Linux")];
    chosen.note_other_environments(&record("candidate", 100), &environments);
    let expected = "no baseline in this environment; the nearest recorded environment differs in cpu: B → A";
    assert_eq!(chosen.notes, [expected]);
    chosen.note_other_environments(&record("candidate", 100), &environments[..1]);
    assert_eq!(chosen.notes.len(), 1);
}
