//! Files as wholes: whose they are, and what several of them make.

use super::*;
use crate::ingest::{FORMATS, Head};

#[test]
fn dropped_iterations_are_told_and_counted() {
    for file in ["points.json.gz", "handle_summary.json"] {
        let run = run_of(&[&format!("k6/arrival-rate/{file}")]).unwrap();
        assert!(run.load.dropped_iterations > Some(10), "{file}");
        assert!(warned(&run, "dropped"), "{file}");
    }
}

#[test]
fn no_requests_are_invalid() {
    let vus = r#"{"metric":"vus","type":"Point","data":{"time":"2026-11-21T03:52:00Z","value":1,"tags":null}}"#;
    assert_eq!(json(vus).invalid.as_deref(), Some("zero requests"));
    assert_eq!(run(&[("a.csv", HEADER.as_bytes())]).unwrap().invalid.as_deref(), Some("zero requests"));
    let zero = r#"{"root_group":{},"metrics":{"http_reqs":{"count":0,"rate":0},"http_req_duration":{"avg":0,"max":0,"p(95)":0}}}"#;
    assert_eq!(run(&[("s.json", zero.as_bytes())]).unwrap().invalid.as_deref(), Some("zero requests"));
    let alone = r#"{"root_group":{},"metrics":{"http_req_duration":{"avg":0,"min":0,"med":0,"max":0,"p(95)":0}}}"#;
    let run = run(&[("s.json", alone.as_bytes())]).unwrap();
    assert_eq!((run.invalid.as_deref(), run.total.unwrap().latency_all), (Some("zero requests"), None));
}

#[test]
fn points_are_used_and_the_summary_completes_them() {
    let run = run_of(&["k6/baseline-1/points.json.gz", "k6/baseline-1/handle_summary.json"]).unwrap();
    assert_raw(&run, &truth("baseline-1"), 1e-6);
    assert_eq!(run.metrics.iter().filter(|m| m.name == "order_time.p95").count(), 1);
}

#[test]
fn shards_add_up() {
    let one = run_of(&["k6/setup/points.json.gz"]).unwrap();
    let both = run_of(&["k6/setup/points.json.gz", "k6/arrival-rate/points.json.gz"]).unwrap();
    let other = run_of(&["k6/arrival-rate/points.json.gz"]).unwrap();
    let count = |run: &Run| run.total.as_ref().and_then(|t| t.count).unwrap();
    assert_eq!(count(&both), count(&one) + count(&other));
}

#[test]
fn each_fixture_is_claimed_by_one_format() {
    for (file, format) in [
        ("baseline-1/points.json.gz", "k6-json"),
        ("network-errors/points.json.gz", "k6-json"),
        ("baseline-1/points.csv.gz", "k6-csv"),
        ("no-expected-response/noexp.csv.gz", "k6-csv"),
        ("baseline-1/summary_export.json", "k6-summary"),
        ("baseline-1/handle_summary.json", "k6-summary"),
        ("trend-stats-no-p95/summary_export.json", "k6-summary"),
        ("setup/wrapped.json", "k6-summary"),
        ("machine-readable/synthetic.json", "k6-summary"),
    ] {
        let bytes = fixture(&format!("k6/{file}"));
        let head = Head::new(&bytes);
        let claims: Vec<_> = FORMATS.iter().filter(|f| (f.detect)(&head)).map(|f| f.name).collect();
        assert_eq!(claims, [format], "{file}");
    }
}

#[test]
fn files_of_others_are_not_claimed() {
    for text in [
        r#"{"aggregate":{"counters":{"http.requests":9}},"intermediate":[]}"#,
        r#"{"schema":"perf-gate/run/v1","scenario":"a","metrics":[{"name":"iterations","value":1}]}"#,
        r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"job":"vus"}}]}}"#,
        r#"{"results":[{"command":"sleep 1","mean":1}]}"#,
        r#"{"metrics":{"cpu":{"value":1}}}"#,
        "timeStamp,elapsed,label",
        "[]",
        "",
    ] {
        let claims = FORMATS.iter().filter(|f| f.tool == "k6" && (f.detect)(&Head::new(text.as_bytes()))).count();
        assert_eq!(claims, 0, "{text}");
    }
}
