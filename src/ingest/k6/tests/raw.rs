//! Points of real tests, in JSON and CSV.

use super::*;
use crate::model::{Basis, Direction, Kind, Unit};

#[test]
fn json_points_agree_with_the_truth() {
    let run = run_of(&["k6/baseline-1/points.json.gz"]).unwrap();
    assert_raw(&run, &truth("baseline-1"), 1e-6);
    assert_eq!((run.tool.name.as_str(), run.basis), ("k6", Basis::Ok));
    assert_eq!((run.load.peak_users, run.load.dropped_iterations), (Some(9), None));
    assert_eq!(run.sources[0].format, "k6-json");
}

#[test]
fn csv_points_agree_with_the_truth() {
    for case in ["baseline-1", "errors-up"] {
        let run = run_of(&[&format!("k6/{case}/points.csv.gz")]).unwrap();
        // Times are whole seconds, of 25.
        assert_raw(&run, &truth(case), 0.04);
        assert!(warned(&run, "whole seconds"));
        assert_eq!(run.load.peak_users, Some(9));
    }
}

#[test]
fn custom_times_become_seconds_and_counters_rates() {
    let run = run_of(&["k6/baseline-1/points.json.gz"]).unwrap();
    assert!((metric(&run, "order_time.p95") - 0.033_129).abs() < 4e-5);
    assert!((metric(&run, "order_time.mean") - 0.021_471_45).abs() < 1e-8);
    let orders = run.metrics.iter().find(|m| m.name == "orders").unwrap();
    assert_eq!((orders.unit, orders.better), (Some(Unit::PerSecond), Some(Direction::Up)));
    assert!((orders.value - 24.205).abs() < 0.01);
    assert_eq!(run.metrics.iter().filter(|m| m.name.starts_with("http") || m.name.starts_with("data")).count(), 0);
}

#[test]
fn groups_are_transactions_and_no_part_of_the_total() {
    let run = run_of(&["k6/baseline-1/points.json.gz"]).unwrap();
    let groups: Vec<_> = run.endpoints.iter().filter(|e| e.kind == Kind::Transaction).collect();
    assert_eq!(groups.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(), ["::browse", "::browse::detail", "::buy"]);
    assert_eq!(groups.iter().filter_map(|e| e.count).sum::<u64>(), 1_740);
}

#[test]
fn refused_connections_fail_and_do_not_make_the_run_faster() {
    for points in ["points.json.gz", "points.csv.gz"] {
        let run = run_of(&[&format!("k6/network-errors/{points}")]).unwrap();
        let total = run.total.as_ref().unwrap();
        assert_eq!((total.count, total.errors), (Some(232), Some(116)));
        let median = |latency: &Option<Latency>| latency.as_ref().and_then(|l| l.figure("p50")).unwrap();
        assert!((median(&total.latency) - 0.000_768).abs() < 2e-6);
        assert!((median(&total.latency_all) - 0.000_449).abs() < 2e-6);
        assert_eq!(endpoint(&run, "http://127.0.0.1:1/refused").latency, None);
    }
}

#[test]
fn an_expected_404_succeeds_and_failures_are_named() {
    let run = run_of(&["k6/network-errors/points.json.gz"]).unwrap();
    assert_eq!(endpoint(&run, "http://127.0.0.1:18700/nosuch").errors, Some(0));
    let failures: Vec<_> = run.failures.iter().map(|f| (f.message.as_str(), f.count)).collect();
    assert_eq!(failures, [("error 1212: dial: connection refused", 58), ("status 404", 58)]);
}

#[test]
fn requests_around_the_test_are_left_out_with_their_number() {
    for points in ["points.json.gz", "points.csv.gz"] {
        let run = run_of(&[&format!("k6/setup/{points}")]).unwrap();
        assert_eq!(run.total.as_ref().unwrap().count, Some(40));
        assert!(warned(&run, "3 requests of setup() and teardown() were left out"));
        assert_eq!(run.requests().map(|e| e.name.as_str()).collect::<Vec<_>>(), ["flaky", "home, \"sweet\""]);
    }
}

#[test]
fn json_and_csv_of_one_run_agree() {
    let [json, csv] = ["points.json.gz", "points.csv.gz"].map(|p| run_of(&[&format!("k6/setup/{p}")]).unwrap());
    for (a, b) in json.endpoints.iter().zip(&csv.endpoints) {
        assert_eq!((&a.name, a.kind, a.count, a.errors), (&b.name, b.kind, b.count, b.errors));
        let p95 = |e: &Endpoint| e.latency_all.as_ref().and_then(|l| l.figure("p95"));
        assert_eq!(p95(a), p95(b));
    }
    assert_eq!(json.failures, csv.failures);
    assert_eq!(metric(&json, "checks"), metric(&csv, "checks"));
}

#[test]
fn the_script_s_metrics_have_their_types_in_json_and_are_numbers_in_csv() {
    let json = run_of(&["k6/setup/points.json.gz"]).unwrap();
    let summary = run_of(&["k6/setup/handle_summary.json"]).unwrap();
    assert!((metric(&json, "job_time.mean") - metric(&summary, "job_time.mean")).abs() < 1e-9);
    assert_eq!(metric(&json, "good"), metric(&summary, "good"));
    assert_eq!((metric(&json, "depth"), metric(&json, "job_size.max")), (3.0, 12345.0));
    let csv = run_of(&["k6/setup/points.csv.gz"]).unwrap();
    assert!((metric(&csv, "job_time.max") - metric(&json, "job_time.max") * 1e3).abs() < 1e-3);
}

#[test]
fn every_time_format_of_csv_gives_the_same_start() {
    for format in ["unix", "unix_milli", "unix_micro", "unix_nano", "rfc3339", "rfc3339_nano"] {
        let run = run_of(&[&format!("k6/csv-times/{format}.csv")]).unwrap();
        let summary = run_of(&[&format!("k6/csv-times/{format}.handle_summary.json")]).unwrap();
        assert!(run.started_at.unwrap().to_string().starts_with("2026-11-21T08:45:5"), "{format}");
        assert_eq!(warned(&run, "whole seconds"), matches!(format, "unix" | "rfc3339"), "{format}");
        // The summary also counts the three requests around the test.
        assert_eq!(run.total.unwrap().count.map(|n| n + 3), summary.total.unwrap().count, "{format}");
    }
}

#[test]
fn without_expected_response_http_req_failed_is_joined() {
    for case in ["notags", "noexp"] {
        let summary = run_of(&[&format!("k6/no-expected-response/{case}.handle_summary.json")]).unwrap();
        for points in ["json", "csv"] {
            let run = run_of(&[&format!("k6/no-expected-response/{case}.{points}.gz")]).unwrap();
            let total = run.total.as_ref().unwrap();
            assert_eq!(total.errors, summary.total.as_ref().unwrap().errors, "{case} {points}");
            assert!(total.errors > Some(0) && total.count == Some(40));
            assert!(!warned(&run, "count as successful"));
        }
    }
}
