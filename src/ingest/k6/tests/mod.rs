//! The formats against files that k6 wrote, and against the traps of the formats.

mod files;
mod lines;
mod raw;
mod summary;

use serde_json::Value;

use crate::ingest::testing::{fixture, run, run_of};
use crate::model::{Endpoint, Latency, Run};

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
