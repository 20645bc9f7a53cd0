//! The formats against files that k6 wrote, and the traps of the formats.

use proptest::prelude::*;
use serde_json::Value;

use crate::ingest::testing::{fixture, parts, run, run_of};
use crate::ingest::{FORMATS, Head, Options, join};
use crate::model::{Basis, Direction, Endpoint, Kind, Latency, Run, Unit};

/// Widest distance of a quantile from the exact one: half a bucket of the histogram on either side.
const QUANTILES: f64 = 1e-3;
/// Widest distance of an exact figure, which the truth has with six digits after the point.
const EXACT: f64 = 1e-6;

const POINT: &str = r#"{"metric":"http_req_duration","type":"Point","data":{"time":"2026-11-21T01:52:00.5Z","value":200,"tags":{"expected_response":"true","group":"","method":"GET","name":"slow","scenario":"default","status":"200","url":"http://x/slow"}}}"#;
const HEADER: &str = "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,proto,scenario,service,status,subproto,tls_version,url,extra_tags,metadata";

fn truth(case: &str) -> Value {
    serde_json::from_slice(&fixture(&format!("k6/{case}/truth.json"))).unwrap()
}

fn json(text: &str) -> Run {
    run(&[("points.json", text.as_bytes())]).unwrap()
}

fn fails(name: &str, text: &str) -> String {
    format!("{:#}", run(&[(name, text.as_bytes())]).unwrap_err())
}

fn endpoint<'r>(run: &'r Run, name: &str) -> &'r Endpoint {
    let names: Vec<_> = run.endpoints.iter().map(|e| &e.name).collect();
    run.endpoints.iter().find(|e| e.name == name).unwrap_or_else(|| panic!("no {name} in {names:?}"))
}

fn metric(run: &Run, name: &str) -> f64 {
    let names: Vec<_> = run.metrics.iter().map(|m| &m.name).collect();
    run.metrics.iter().find(|m| m.name == name).unwrap_or_else(|| panic!("no {name} in {names:?}")).value
}

fn warned(run: &Run, text: &str) -> bool {
    run.warnings.iter().any(|warning| warning.0.contains(text))
}

fn assert_close(seen: Option<f64>, exact: f64, tolerance: f64, what: &str) {
    let seen = seen.unwrap_or_else(|| panic!("{what} is absent"));
    // The truth has milliseconds with six digits: 0.5 ns.
    assert!((seen - exact).abs() <= exact.abs() * tolerance + 6e-10, "{what} is {seen}, not {exact}");
}

fn assert_latency(latency: Option<&Latency>, truth: &Value, what: &str) {
    let latency = latency.unwrap_or_else(|| panic!("{what} has no latency"));
    for (figure, key, tolerance) in [
        ("mean", "mean_ms", EXACT),
        ("min", "min_ms", EXACT),
        ("max", "max_ms", EXACT),
        ("p50", "p50_ms", QUANTILES),
        ("p90", "p90_ms", QUANTILES),
        ("p95", "p95_ms", QUANTILES),
        ("p99", "p99_ms", QUANTILES),
    ] {
        if let Some(exact) = truth[key].as_f64() {
            let what = format!("{what} {figure}");
            // One step of what the file tells.
            let tolerance = if figure.starts_with('p') { tolerance + 1e-6 / (exact / 1e3) } else { tolerance };
            assert_close(latency.figure(figure), exact / 1e3, tolerance, &what);
        }
    }
}

fn assert_endpoint(seen: &Endpoint, truth: &Value) {
    let what = &seen.name;
    assert_eq!(seen.count, truth["count"].as_u64(), "{what}");
    assert_eq!(seen.errors, truth["errors"].as_u64(), "{what}");
    assert_latency(seen.latency_all.as_ref(), truth, what);
    assert_latency(seen.latency.as_ref(), &truth["ok_only"], what);
}

fn assert_raw(run: &Run, truth: &Value, span: f64) {
    let total = run.total.as_ref().unwrap();
    assert_endpoint(total, &truth["overall"]);
    let expected = truth["endpoints"].as_object().unwrap();
    assert_eq!(run.requests().count(), expected.len());
    expected.iter().for_each(|(name, truth)| assert_endpoint(endpoint(run, name), truth));
    assert_close(total.throughput, truth["overall"]["throughput_per_s"].as_f64().unwrap(), span, "throughput");
    assert_close(run.duration, truth["span_s"].as_f64().unwrap(), span, "duration");
    for (check, kind) in [("passes", true), ("fails", false)] {
        let counts = truth["checks"].as_object().unwrap().values();
        let (all, some) = counts.fold((0, 0), |(all, some), c| {
            let (passes, fails) = (c["passes"].as_u64().unwrap(), c["fails"].as_u64().unwrap());
            (all + passes + fails, some + if kind { passes } else { fails })
        });
        let share = metric(run, "checks");
        let share = if kind { share } else { 1.0 - share };
        assert!((share - some as f64 / all as f64).abs() < 1e-9, "{check}");
    }
}

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
fn point_times_are_ends_and_starts_are_earlier_by_the_latency() {
    let run = json(POINT);
    assert_eq!(run.started_at.unwrap().to_string(), "2026-11-21T01:52:00.3Z");
    assert_eq!(run.duration, Some(0.2));
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

#[test]
fn without_expected_response_and_failed_the_status_decides() {
    let point = |status: &str| POINT.replace(r#""expected_response":"true","#, "").replace("\"200\"", status);
    let text = [point("\"200\""), point("\"0\""), point("\"404\""), point("\"301\"")].join("\n");
    let total = json(&text).total.unwrap();
    assert_eq!((total.count, total.errors), (Some(4), Some(2)));
    let run = json(&POINT.replace(r#""expected_response":"true","#, "").replace(r#","status":"200""#, ""));
    assert_eq!(run.total.as_ref().unwrap().errors, Some(0));
    assert!(warned(&run, "1 requests count as successful"));
}

#[test]
fn dropped_iterations_are_told_and_counted() {
    for file in ["points.json.gz", "handle_summary.json"] {
        let run = run_of(&[&format!("k6/arrival-rate/{file}")]).unwrap();
        assert!(run.load.dropped_iterations > Some(10), "{file}");
        assert!(warned(&run, "dropped"), "{file}");
    }
}

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
fn keys_in_the_order_of_older_releases_mean_the_same() {
    let old = POINT.replace(r#"{"metric":"http_req_duration","type":"Point","#, r#"{"type":"Point","#);
    let old = format!(r#"{},"metric":"http_req_duration"}}"#, old.strip_suffix('}').unwrap());
    let unused = old.replace("http_req_duration", "http_req_waiting");
    assert_eq!(json(&format!("{old}\n{unused}\n")).total, json(POINT).total);
}

#[test]
fn escapes_null_tags_exponents_blanks_and_offsets_are_read() {
    let escaped = POINT.replace("http_req_duration", r"http_req_dur\u0061tion").replace("\"slow\"", r#""a \"b\"\n""#);
    let gauge =
        r#"{"metric":"vus","type":"Point","data":{"time":"2026-11-21T03:52:00+02:00","value":1e+01,"tags":null}}"#;
    let spaced = POINT.replace("\":", "\" : ");
    let text = format!("\r\n{escaped}\r\n  {gauge}  \n\n{spaced}");
    let run = json(&text);
    assert_eq!(run.load.peak_users, Some(10));
    assert_eq!(run.requests().map(|e| e.name.as_str()).collect::<Vec<_>>(), ["a \"b\"\n", "slow"]);
}

#[test]
fn a_metric_named_inside_a_tag_is_not_the_metric() {
    let inside = POINT.replace(r#""method":"GET""#, r#""metric":"http_reqs","x":"\",\"metric\":\"http_reqs\"}""#);
    let unused =
        POINT.replace("http_req_duration", "http_reqs").replace(r#""method":"GET""#, r#""metric":"http_req_duration""#);
    assert_eq!(json(&format!("{inside}\n{unused}")).total.unwrap().count, Some(1));
}

#[test]
fn fields_that_are_not_known_are_passed_over() {
    let later = POINT.replace(r#""tags":{"#, r#""metadata":{"vu":1,"deep":[{}]},"tags":{"team":"a","#);
    assert_eq!(json(&later).total, json(POINT).total);
}

#[test]
fn a_broken_line_is_an_error_with_its_number() {
    let text = format!("{POINT}\n{{\"metric\":\"http_req_duration\",\"type\":\"Point\",\"data\":{{\n{POINT}\n");
    let message = fails("points.json", &text);
    assert!(message.contains("points.json:2") && message.contains("EOF"), "{message}");
    let message = fails("points.json", &format!("{}\n", POINT.replace("2026-11-21T", "21.11.2026 ")));
    assert!(message.contains("RFC 3339"), "{message}");
    let message = fails("points.json", &format!("{POINT}\n{}\n", POINT.replace("Point", "Dot")));
    assert!(message.contains("'Dot'"), "{message}");
}

#[test]
fn a_cut_last_line_is_refused_unless_allowed() {
    let unused = POINT.replace("http_req_duration", "http_req_waiting");
    let row = "http_req_duration,1795227963,1.5,,,,true,,GET,fast,,,,200,,,fast,,";
    for (name, whole, cut) in [
        ("a.json", format!("{POINT}\n"), &POINT[..100]),
        ("b.json", format!("{POINT}\n"), &unused[..unused.len() - 1]),
        ("c.csv", format!("{HEADER}\n{row}\n"), &row[..30]),
        ("d.csv", format!("{HEADER}\n{row}\n"), "checks,1795227963,1.0,\"a check"),
    ] {
        let text = format!("{whole}{cut}");
        let message = fails(name, &text);
        assert!(message.contains("truncated") && message.contains("--allow-truncated"), "{name}: {message}");
        let options = Options { allow_truncated: true, ..Options::default() };
        let run = join(parts(&[(name, text.as_bytes())]), &options).unwrap();
        assert_eq!(run.total.as_ref().unwrap().count, Some(1), "{name}");
        assert!(warned(&run, "only what is whole was used"), "{name}");
    }
    assert_eq!(json(POINT).total.unwrap().count, Some(1), "a missing last line end alone cuts nothing");
}

#[test]
fn rows_that_are_no_points_are_errors() {
    let row = "http_req_duration,1795227963,1.5,,,,true,,GET,fast,,,,200,,,fast,,";
    for (bad, why) in [
        (row.replace(",,fast", "fast"), "columns"),
        (row.replace("1.5", "much"), "'much' is not a number"),
        (row.replace("1795227963", "noon"), "'noon'"),
        (row.replace("GET", "5\" hose").replace("200", "x\"y"), "quote"),
    ] {
        let message = fails("points.csv", &format!("{HEADER}\n{row}\n{bad}\n{row}\n"));
        assert!(message.contains("points.csv:3") && message.contains(why), "{message}");
    }
    let options = Options { format: Some("k6-csv".to_owned()), ..Options::default() };
    let message = join(parts(&[("points.csv", b"a,b\n1,2\n")]), &options).err().unwrap().to_string();
    assert!(message.contains("'metric_name'") && message.contains("--out csv"), "{message}");
}

#[test]
fn columns_are_found_by_name() {
    let text = "extra_tags,metric_value,name,metric_name,expected_response,timestamp\n\"a=\"\"1\"\",b=2\",20.0,slow,http_req_duration,false,1795227963123\n,1.0,slow,http_req_waiting,true,1795227963123\n";
    let run = run(&[("points.csv", text.as_bytes())]).unwrap();
    let slow = endpoint(&run, "slow");
    assert_eq!((slow.count, slow.errors, slow.latency_all.as_ref().unwrap().max), (Some(1), Some(1), Some(0.020)));
}

#[test]
fn appended_runs_are_told() {
    let declared = r#"{"type":"Metric","data":{"name":"http_req_duration","type":"trend","contains":"time","thresholds":[],"submetrics":null},"metric":"http_req_duration"}"#;
    assert!(warned(&json(&[declared, POINT, declared, POINT].join("\n")), "several runs"));
    let row = "http_req_duration,1795227963123,1.5,,,,true,,GET,fast,,,,200,,,fast,,";
    let text = [HEADER, row, HEADER, row].join("\n");
    assert!(warned(&run(&[("a.csv", text.as_bytes())]).unwrap(), "several runs"));
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

/// A point with its keys and tags in another order, as JSON.
fn shuffled(keys: &[usize], tags: &[usize]) -> String {
    let tag =
        [r#""name":"slow""#, r#""status":"500""#, r#""expected_response":"false""#, r#""group":"""#, r#""x":"}\"{""#];
    let tags: Vec<_> = tags.iter().map(|at| tag[*at]).collect();
    let contents = format!(r#"{{"value":20,"tags":{{{}}},"time":"2026-11-21T01:52:00Z"}}"#, tags.join(","));
    let key =
        [r#""metric":"http_req_duration""#.to_owned(), r#""type":"Point""#.to_owned(), format!(r#""data":{contents}"#)];
    let keys: Vec<_> = keys.iter().map(|at| key[*at].as_str()).collect();
    format!("{{{}}}\n", keys.join(","))
}

proptest! {
    #[test]
    fn the_order_of_keys_does_not_matter(keys in Just([0, 1, 2]).prop_shuffle(), tags in Just([0, 1, 2, 3, 4]).prop_shuffle()) {
        prop_assert_eq!(json(&shuffled(&keys, &tags)).total, json(&shuffled(&[0, 1, 2], &[0, 1, 2, 3, 4])).total);
    }

    #[test]
    fn no_bytes_make_the_readers_panic(
        format in prop::sample::select(vec!["k6-json", "k6-csv", "k6-summary"]),
        noise in prop::collection::vec(any::<u8>(), 0..200),
        at in 0..400_usize,
        allow_truncated in any::<bool>(),
    ) {
        let row = "http_req_duration,1795227963,1.5,,,,true,,GET,\"fa\"\"st\",,,,200,,,fast,,";
        let mut bytes = match format {
            "k6-json" => format!("{POINT}\n{POINT}\n").into_bytes(),
            "k6-csv" => format!("{HEADER}\n{row}\n{row}\n").into_bytes(),
            _ => fixture("k6/trend-stats-no-p95/summary_export.json"),
        };
        let at = at.min(bytes.len());
        let end = (at + noise.len() / 2).min(bytes.len());
        bytes.splice(at..end, noise);
        let options = Options { format: Some(format.to_owned()), allow_truncated, ..Options::default() };
        let _ = join(parts(&[("x", &bytes)]), &options);
    }
}
