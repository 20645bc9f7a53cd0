//! Artillery's reports: against the files themselves, and against what is known to go wrong.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::ingest::testing::{fixture, parts, run, run_of};
use crate::ingest::{Head, Options, detect, join};
use crate::model::{Basis, Endpoint, Run};

fn endpoint<'a>(run: &'a Run, name: &str) -> &'a Endpoint {
    run.endpoints.iter().find(|e| e.name == name).unwrap_or_else(|| panic!("no {name}"))
}

fn of(report: &Value) -> Run {
    run(&[("report.json", report.to_string().as_bytes())]).unwrap()
}

/// A report of version 1 with these latencies, as `lib/stats2.js` writes it.
fn version_1(latencies: &Value, codes: &Value, errors: &Value) -> Value {
    json!({
        "aggregate": {
            "timestamp": "2021-03-01T10:21:34.000Z", "scenariosCreated": 4, "scenariosCompleted": 4,
            "requestsCompleted": 4, "latency": {"min": 1.0, "max": 4.0, "median": 2.5, "p95": 4.0, "p99": null},
            "rps": {"count": 5, "mean": 0.5}, "scenarioDuration": {"min": null}, "scenarioCounts": {"0": 4},
            "errors": errors, "codes": codes, "matches": 0, "customStats": {}, "counters": {}
        },
        "intermediate": [
            {"timestamp": "2021-03-01T10:21:34.000Z", "scenariosCreated": 4, "latencies": latencies, "codes": codes}
        ]
    })
}

#[test]
fn the_report_agrees_with_itself_and_with_the_server() {
    let run = run_of(&["artillery/baseline.json"]).unwrap();
    let report: Value = serde_json::from_slice(&fixture("artillery/baseline.json")).unwrap();
    let total = run.total.as_ref().unwrap();
    assert_eq!((total.count, total.errors), (Some(568), Some(1)));
    assert!((run.duration.unwrap() - 19.999).abs() < 1e-9);
    assert!((total.throughput.unwrap() - 568.0 / 19.999).abs() < 1e-9);
    let latency = total.latency_all.as_ref().unwrap();
    let figures = &report["aggregate"]["summaries"]["http.response_time"];
    for (name, key) in [("mean", "mean"), ("min", "min"), ("max", "max"), ("p50", "p50"), ("p99.9", "p999")] {
        assert!((latency.figure(name).unwrap() * 1e3 - figures[key].as_f64().unwrap()).abs() < 1e-9, "{name}");
    }
    let server: Value = serde_json::from_slice(&fixture("artillery/baseline.truth.json")).unwrap();
    for (name, path, answers) in [("items/:id", "/items", 164), ("slow", "/slow", 164), ("checkout", "/checkout", 76)] {
        let truth = &server["server_side"][path];
        assert_eq!((endpoint(&run, name).count, truth["count"].as_u64()), (Some(answers), Some(answers)));
        assert_eq!(endpoint(&run, name).errors, truth["errors"].as_u64());
    }
    assert_eq!((run.basis, run.started_at.unwrap().as_millisecond()), (Basis::All, 1_795_227_465_622));
}

#[test]
fn an_answer_of_500_is_an_error_and_that_is_said() {
    let run = run_of(&["artillery/baseline.json"]).unwrap();
    assert_eq!(endpoint(&run, "checkout").errors, Some(1));
    assert!(endpoint(&run, "checkout").latency.is_none() && endpoint(&run, "slow").latency.is_some());
    assert_eq!(run.failures.len(), 1);
    assert_eq!((run.failures[0].endpoint.as_deref(), run.failures[0].message.as_str()), (Some("checkout"), "HTTP 500"));
    assert!(run.warnings.iter().any(|w| w.0.starts_with("1 answers of status 400 and above")), "{:?}", run.warnings);
}

#[test]
fn counters_that_are_missing_are_zero_and_names_may_hold_dots() {
    let report = json!({"aggregate": {"counters": {
            "http.requests": 12, "http.responses": 8, "http.codes.200": 8, "errors.ECONNREFUSED": 3, "vusers.skipped": 2,
            "plugins.metrics-by-endpoint./a.codes.x/b.codes.200": 8},
        "summaries": {"custom.size": {"min": 1, "max": 9, "count": 3, "p95": 9}},
        "rates": {}, "firstMetricAt": 1000, "lastMetricAt": 5000, "period": "1000"}, "intermediate": []});
    let run = of(&report);
    let total = run.total.as_ref().unwrap();
    assert_eq!((total.count, total.errors, total.throughput), (Some(12), Some(3), Some(3.0)));
    assert!(total.latency_all.is_none());
    assert_eq!((endpoint(&run, "/a.codes.x/b").count, run.load.dropped_iterations), (Some(8), Some(2)));
    assert_eq!(run.failures[0].message, "ECONNREFUSED");
    assert!(run.warnings.iter().any(|w| w.0.starts_with("1 of 12 requests had neither")));
    assert_eq!(run.metrics.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(), ["custom.size.p95", "custom.size.max"]);
}

#[test]
fn no_requests_are_invalid_and_other_engines_are_refused() {
    let empty =
        json!({"aggregate": {"counters": {"vusers.created": 3}, "rates": {}, "summaries": {}}, "intermediate": []});
    assert_eq!(of(&empty).invalid.as_deref(), Some("zero requests"));
    let socket = json!({"aggregate": {"counters": {"socketio.emit": 3}, "summaries": {}}, "intermediate": []});
    let error = run(&[("r.json", socket.to_string().as_bytes())]).unwrap_err().to_string();
    assert!(error.contains("socketio.emit"), "{error}");
}

#[test]
fn latencies_of_version_1_are_nanoseconds() {
    let run = of(&version_1(
        &json!([1_000_000, 2_000_000.4, 3_000_000, 4_000_000]),
        &json!({"200": 4}),
        &json!({"ETIMEDOUT": 1}),
    ));
    let total = run.total.as_ref().unwrap();
    assert_eq!((total.count, total.errors, run.duration), (Some(5), Some(1), Some(10.0)));
    let latency = total.latency_all.as_ref().unwrap();
    assert_eq!(
        (latency.count, latency.mean, latency.min, latency.max),
        (Some(4), Some(0.0025), Some(0.001), Some(0.004))
    );
    assert!((latency.figure("p50").unwrap() - 0.0025).abs() < 2e-6);
    assert_eq!(run.started_at.unwrap().to_string(), "2021-03-01T10:21:24Z");
    assert_eq!((run.basis, run.failures[0].message.as_str()), (Basis::All, "ETIMEDOUT"));
}

#[test]
fn old_rows_tell_which_requests_failed() {
    let rows =
        json!([[1_614_594_084_000_u64, "a", 1_000_000, 200], [1, "b", 9_000_000, 503], [1, "c", 3_000_000, 302]]);
    let run = of(&version_1(&rows, &json!({"200": 1, "302": 1, "503": 1}), &json!({})));
    let total = run.total.as_ref().unwrap();
    assert_eq!((run.basis, total.count, total.errors), (Basis::Ok, Some(3), Some(1)));
    assert_eq!(total.latency.as_ref().unwrap().mean, Some(0.002));
    assert_eq!(total.latency_all.as_ref().unwrap().max, Some(0.009));
}

#[test]
fn null_latencies_are_left_out_and_told() {
    let run = of(&version_1(&json!([1_000_000, null, -5]), &json!({"200": 4}), &json!({})));
    let told: Vec<&str> = run.warnings.iter().map(|w| w.0.as_str()).collect();
    assert_eq!(
        told,
        ["2 latencies are null or negative and were left out", "the report has 1 latencies for 4 answers"]
    );
    let without = of(&version_1(&json!([]), &json!({"200": 4}), &json!({})));
    let latency = without.total.as_ref().unwrap().latency_all.as_ref().unwrap();
    assert_eq!(latency.figure("p95"), Some(0.004), "the figures of the aggregate, in ms");
    assert_eq!(latency.figure("p99"), None, "null is not 0");
}

#[test]
fn cut_reports_are_refused_or_used_as_far_as_they_are_whole() {
    let bytes = fixture("artillery/baseline.json");
    let cut = &bytes[..bytes.len() / 2];
    let error = run(&[("report.json", cut)]).unwrap_err().to_string();
    assert!(error.contains("report.json") && error.contains("--allow-truncated"), "{error}");
    let options = Options { allow_truncated: true, ..Options::default() };
    let run = join(parts(&[("report.json", cut)]), &options).unwrap();
    assert_eq!(run.total.unwrap().count, Some(568));
    let error = join(parts(&[("report.json", &bytes[..2000])]), &options).unwrap_err().to_string();
    assert!(error.contains("'aggregate' is missing"), "{error}");
}

#[test]
fn each_version_is_claimed_by_its_own_format_only() {
    let claim = |bytes: &[u8]| detect("x", &Head::new(bytes), None).unwrap().name;
    assert_eq!(claim(&fixture("artillery/baseline.json")), "artillery");
    assert_eq!(claim(&fixture("artillery/latency-plus30.json")), "artillery");
    assert_eq!(claim(version_1(&json!([1]), &json!({}), &json!({})).to_string().as_bytes()), "artillery-v1");
}

proptest! {
    #[test]
    fn no_bytes_panic(text in "[a-zA-Z0-9\"{}\\[\\]:,.\\- ]{0,200}") {
        let _ = run(&[("x", format!("{{\"aggregate\": {{\"counters\": {{}}, \"summaries\": {{{text}").as_bytes())]);
        let _ = run(&[("x", format!("{{\"aggregate\": {{\"scenariosCreated\": 1}}, \"intermediate\": [{text}").as_bytes())]);
    }

    #[test]
    fn the_order_of_keys_changes_nothing(latencies in prop::collection::vec(0_u64..1 << 40, 1..50)) {
        let report = version_1(&json!(latencies), &json!({"200": latencies.len()}), &json!({}));
        let turned = format!("{{\"intermediate\": {}, \"aggregate\": {}}}", report["intermediate"], report["aggregate"]);
        let mut other = run(&[("report.json", turned.as_bytes())]).unwrap();
        let run = of(&report);
        other.sources.clone_from(&run.sources);
        prop_assert_eq!(other, run);
    }
}
