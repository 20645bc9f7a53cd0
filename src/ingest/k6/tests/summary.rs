//! Summaries, in all three shapes.

use super::*;
use crate::model::Basis;

#[test]
fn options_that_a_script_wrote_are_the_configured_load() {
    let run = run_of(&["k6/arrival-rate/handle_summary.json"]).unwrap();
    assert_eq!((run.load.arrival_rate, run.load.duration, run.load.virtual_users), (Some(60.0), Some(2.0), None));
    assert_eq!(run.load.stages.as_deref(), Some("b 1s:3,1s:0"));
    assert_eq!(run.invalid, None);
    let wrapped = run_of(&["k6/setup/wrapped.json"]).unwrap();
    assert_eq!((wrapped.load.virtual_users, wrapped.invalid), (Some(2), None));
}

#[test]
fn a_test_that_ended_early_is_invalid() {
    let run = run_of(&["k6/aborted/handle_summary.json"]).unwrap();
    assert_eq!(run.invalid.as_deref(), Some("aborted: the test ran 0.5 s of 2 s"));
    // Beside the points, which do not tell, the summary still does.
    let both = run_of(&["k6/aborted/points.json.gz", "k6/aborted/handle_summary.json"]).unwrap();
    assert!(both.invalid.is_some() && both.sources.len() == 2);
}

#[test]
fn summaries_agree_with_the_truth() {
    for case in ["baseline-1", "errors-up", "latency-plus30"] {
        for file in ["summary_export.json", "handle_summary.json"] {
            let run = run_of(&[&format!("k6/{case}/{file}")]).unwrap();
            let truth = truth(case);
            let total = run.total.as_ref().unwrap();
            assert_endpoint(total, &truth["overall"]);
            assert_eq!(run.requests().map(|e| e.name.as_str()).collect::<Vec<_>>(), ["checkout", "fast", "slow"]);
            for endpoint in run.requests() {
                let truth = &truth["endpoints"][&endpoint.name];
                assert_eq!((endpoint.count, endpoint.errors), (truth["count"].as_u64(), None));
                assert_latency(endpoint.latency_all.as_ref(), truth, &endpoint.name);
                assert_eq!(endpoint.latency, None, "whether requests of {} failed is unknown", endpoint.name);
            }
            // The test time has ramps and the graceful stop in it.
            let rate = truth["overall"]["throughput_per_s"].as_f64().unwrap();
            assert_close(total.throughput, rate, 0.02, "throughput");
            assert_eq!((run.basis, run.load.peak_users), (Basis::All, Some(9)));
        }
    }
}

#[test]
fn thresholds_that_were_crossed_are_told_and_kept_ones_are_not() {
    for file in ["summary_export.json", "handle_summary.json"] {
        let crossed = run_of(&[&format!("k6/latency-plus30/{file}")]).unwrap();
        let told: Vec<_> = crossed.warnings.iter().map(|w| w.0.as_str()).collect();
        assert_eq!(told, ["k6 threshold crossed: http_req_duration{name:slow} p(95)<95"]);
        assert_eq!(run_of(&[&format!("k6/baseline-1/{file}")]).unwrap().warnings, []);
    }
}

#[test]
fn a_p95_that_is_absent_is_absent_and_not_zero() {
    let run = run_of(&["k6/trend-stats-no-p95/summary_export.json"]).unwrap();
    let latency = run.total.as_ref().unwrap().latency_all.clone().unwrap();
    assert_eq!((latency.figure("p95"), latency.mean, latency.max), (None, None, None));
    assert_eq!((latency.count, run.total.as_ref().unwrap().errors), (Some(392), Some(1)));
    assert!((latency.figure("p50").unwrap() - 0.016_466_806).abs() < 1e-8);
    assert!((latency.figure("p99.9").unwrap() - 0.190_647_413).abs() < 1e-8);
    assert!(warned(&run, "summaryTrendStats"));
}

#[test]
fn passes_of_http_req_failed_are_failures() {
    let run = run_of(&["k6/network-errors/summary_export.json"]).unwrap();
    let total = run.total.as_ref().unwrap();
    assert_eq!((total.count, total.errors, run.basis), (Some(232), Some(116), Basis::Ok));
    assert_eq!(total.latency.as_ref().unwrap().count, Some(116));
    assert!((total.latency.as_ref().unwrap().figure("p50").unwrap() - 0.000_768_067).abs() < 1e-9);
    assert!(warned(&run, "http_req_failed rate<0.01") && warned(&run, "no figures per endpoint"));
}

#[test]
fn machine_readable_summaries_are_read() {
    let run = run_of(&["k6/machine-readable/synthetic.json"]).unwrap();
    let total = run.total.as_ref().unwrap();
    let truth = truth("baseline-1");
    assert_eq!((total.count, total.errors, run.basis), (Some(2306), Some(15), Basis::All));
    assert_close(total.latency_all.as_ref().unwrap().figure("p95"), 0.058_912_983, EXACT, "p95");
    assert_eq!(total.latency_all.as_ref().unwrap().figure("p99"), None);
    assert_close(total.throughput, truth["overall"]["throughput_per_s"].as_f64().unwrap(), 0.01, "throughput");
    assert_eq!(run.tool.version.as_deref(), Some("1.5.0"));
    assert!((metric(&run, "checks") - 0.994_777).abs() < 1e-6);
    assert!((metric(&run, "order_time.p95") - 0.033_129_402).abs() < 1e-8);
    assert_eq!(run.started_at.unwrap().to_string(), "2026-11-21T01:59:34.708566594Z");
}

#[test]
fn selectors_make_endpoints_and_metrics() {
    for file in ["handle_summary.json", "wrapped.json", "summary_export.json"] {
        let run = run_of(&[&format!("k6/setup/{file}")]).unwrap();
        let flaky = endpoint(&run, "flaky");
        assert_eq!((run.endpoints.len(), flaky.count), (1, Some(20)), "{file}");
        assert!(flaky.errors > Some(0));
        // This endpoint has figures of the successful requests, and so has the total.
        assert_eq!(run.basis, Basis::Ok);
        assert!(flaky.latency.is_some() && flaky.latency != flaky.latency_all);
        assert!(metric(&run, "http_req_duration{group:::work}.p95") < 0.1);
        assert_eq!(run.metrics.iter().filter(|m| m.name.starts_with("http_req_duration{name")).count(), 0);
        assert!(metric(&run, "job_time{scenario:default}.p50") > 0.0);
    }
}

#[test]
fn several_selectors_of_a_name_are_kept_apart() {
    let text = r#"{"root_group":{},"metrics":{"http_reqs":{"count":9},"http_req_failed":{"value":0,"passes":0,"fails":9},
        "http_req_duration":{"avg":2,"p(95)":3},"http_req_duration{expected_response:true}":{"avg":2,"p(95)":3},
        "http_req_duration{name:a, b}":{"avg":1,"p(95)":2},
        "http_req_duration{name:cart,method:GET}":{"avg":2,"p(95)":3},"http_req_duration{method:POST,name:cart}":{"avg":4,"p(95)":5},
        "http_req_duration{name:pay,method:POST}":{"avg":6,"p(95)":7},"http_req_failed{name:x}":{"value":0,"passes":0,"fails":0}}}"#;
    let run = run(&[("s.json", text.as_bytes())]).unwrap();
    let names: Vec<_> = run.endpoints.iter().map(|e| e.name.as_str()).collect();
    assert_eq!(names, ["a, b", "cart{method:GET}", "cart{method:POST}", "pay", "x"]);
    // Nothing failed at all, so the successful requests of each endpoint are all of them.
    assert_eq!(endpoint(&run, "pay").errors, Some(0));
    assert_eq!(endpoint(&run, "pay").latency, endpoint(&run, "pay").latency_all);
    assert_eq!(run.basis, Basis::All, "the basis follows from the figures there are, not from their values");
}

#[test]
fn a_run_that_failed_altogether_keeps_its_basis() {
    let text = r#"{"metrics":{"http_reqs":{"count":9,"rate":1},"http_req_failed":{"value":1,"passes":9,"fails":0},
        "http_req_duration":{"avg":2,"min":1,"p(95)":3}},"root_group":{}}"#;
    let run = run(&[("s.json", text.as_bytes())]).unwrap();
    assert_eq!((run.basis, run.total.unwrap().latency), (Basis::Ok, None));
}

#[test]
fn figures_that_are_null_are_absent() {
    let text =
        r#"{"metrics":{"http_reqs":{"count":2},"http_req_duration":{"avg":null,"med":1,"p(95)":2}},"root_group":{}}"#;
    let latency = run(&[("s.json", text.as_bytes())]).unwrap().total.unwrap().latency_all.unwrap();
    assert_eq!((latency.mean, latency.figure("p50")), (None, Some(0.001)));
}

#[test]
fn what_powershell_cut_off_is_refused() {
    for text in [
        r#"{"root_group":"@{name=}","metrics":{"http_reqs":{"type":"counter","values":"@{count=9; rate=1}"}}}"#,
        r#"{"root_group":"@{name=}","metrics":{"http_reqs":"@{type=counter; values=}"}}"#,
        r#"{"root_group":"@{name=}","metrics":"@{http_reqs=; http_req_duration=}"}"#,
    ] {
        let message = fails("summary.json", text);
        assert!(message.contains("summary.json") && message.contains("PowerShell"), "{message}");
    }
}

#[test]
fn summaries_that_lack_something_say_what() {
    let message = fails("s.json", r#"{"root_group":{},"metrics":{"http_reqs":{"count":9,"rate":1}}}"#);
    assert!(message.contains("http_req_duration") && message.contains("handleSummary"), "{message}");
    let message = fails("s.json", r#"{"root_group":{},"metrics":{"http_reqs":7}}"#);
    assert!(message.contains("'metrics.http_reqs'") || message.contains("'http_reqs'"), "{message}");
    let message = fails("s.json", r#"{"root_group":{},"metrics":{"http_reqs":{"count":9"#);
    assert!(message.contains("truncated"), "{message}");
    let message = fails("s.json", r#"{"root_group":{},"metrics":[]}"#);
    assert!(message.contains("no object 'metrics'"), "{message}");
}
