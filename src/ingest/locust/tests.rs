//! Locust's files: against the truth of real runs, and against what is known to go wrong.

use proptest::prelude::*;
use serde_json::Value;

use crate::ingest::testing::{fixture, parts, run, run_of};
use crate::ingest::{Head, Options, detect, join};
use crate::model::{Basis, Endpoint, Latency, Run};

const CSV_SET: [&str; 4] =
    ["locust_stats.csv", "locust_stats_history.csv", "locust_failures.csv", "locust_exceptions.csv"];
const HEADER: &str = "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,\
    Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,50%,95%,99.9%,100%\r\n";
const HISTORY: &str = "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,95%,Total Request Count,\
    Total Failure Count,Total Median Response Time,Total Average Response Time,Total Min Response Time,\
    Total Max Response Time,Total Average Content Size\r\n";

fn truth(case: &str) -> Value {
    serde_json::from_slice(&fixture(&format!("locust/{case}/truth.json"))).unwrap()
}

fn set(case: &str) -> Vec<String> {
    CSV_SET.iter().map(|name| format!("locust/{case}/{name}")).collect()
}

fn of(names: &[String]) -> Run {
    run_of(&names.iter().map(String::as_str).collect::<Vec<_>>()).unwrap()
}

fn endpoint<'a>(run: &'a Run, name: &str) -> &'a Endpoint {
    run.endpoints.iter().find(|e| e.name == name).unwrap_or_else(|| panic!("no {name}"))
}

fn all(endpoint: &Endpoint) -> &Latency {
    endpoint.latency_all.as_ref().unwrap()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * b.abs()
}

/// Counts and moments are exact; quantiles are within a step of the exact ones.
fn agrees(endpoint: &Endpoint, truth: &Value) {
    assert_eq!((endpoint.count, endpoint.errors), (truth["count"].as_u64(), truth["errors"].as_u64()));
    let latency = all(endpoint);
    for (figure, key) in [("mean", "mean_ms"), ("min", "min_ms"), ("max", "max_ms")] {
        let exact = truth[key].as_f64().unwrap() / 1e3;
        assert!((latency.figure(figure).unwrap() - exact).abs() <= 1e-6 * exact + 1e-9, "{figure}");
    }
    for name in ["p50", "p90", "p95", "p99"] {
        let exact = truth[format!("{name}_ms")].as_f64().unwrap() / 1e3;
        let value = latency.figure(name).unwrap();
        assert!((value - exact).abs() <= latency.resolution.width(exact), "{name} {value} {exact}");
    }
}

#[test]
fn the_json_agrees_with_every_single_request() {
    for case in ["baseline", "errors-up"] {
        let (run, truth) = (run_of(&[&format!("locust/{case}/report.json")]).unwrap(), truth(case));
        agrees(run.total.as_ref().unwrap(), &truth["overall"]);
        let endpoints = truth["endpoints"].as_object().unwrap();
        assert_eq!(run.endpoints.len(), endpoints.len());
        endpoints.iter().for_each(|(name, truth)| agrees(endpoint(&run, name), truth));
        // The first start is that of the first answer: a request's length late.
        let span = truth["span_s"].as_f64().unwrap();
        assert!((run.duration.unwrap() - span).abs() < 0.1, "{:?} {span}", run.duration);
        let started = run.started_at.unwrap().as_millisecond() as f64 / 1e3;
        assert!((started - truth["first_start_unix_s"].as_f64().unwrap()).abs() < 0.1);
        assert_eq!((run.basis, run.tool.name.as_str(), run.invalid), (Basis::All, "locust", None));
    }
}

#[test]
fn successful_latencies_are_known_only_where_nothing_failed() {
    let run = run_of(&["locust/baseline/report.json"]).unwrap();
    assert_eq!(endpoint(&run, "GET /slow").latency, endpoint(&run, "GET /slow").latency_all);
    assert!(endpoint(&run, "POST /checkout").latency.is_none());
    assert!(run.total.unwrap().latency.is_none());
}

#[test]
fn the_total_row_has_no_type_and_is_no_endpoint() {
    let run = run_of(&["locust/baseline/locust_stats.csv"]).unwrap();
    assert_eq!(run.endpoints.len(), 4);
    let total = run.total.as_ref().unwrap();
    assert_eq!((total.count, total.errors), (Some(2247), Some(7)));
    assert!(close(total.throughput.unwrap(), 93.483_524_663_936_8), "{:?}", total.throughput);
    assert!(close(all(total).mean.unwrap(), 0.019_003_930_865_149_947));
    assert_eq!(all(total).quantiles["p99.9"], 0.22);
    assert!(!all(total).quantiles.contains_key("p100"));
    assert_eq!(endpoint(&run, "GET /items/[id], \"all\"").count, Some(535));
    assert!(run.started_at.is_none(), "the file does not tell");
}

#[test]
fn an_endpoint_may_be_called_aggregated() {
    let text = format!(
        "{HEADER}GET,Aggregated,4,0,1,1.5,1,2,0,2.0,0,1,2,2,2\r\n,Aggregated,4,0,1,1.5,1,2,0,2.0,0,1,2,2,2\r\n"
    );
    let run = run(&[("locust_stats.csv", text.as_bytes())]).unwrap();
    assert_eq!(run.endpoints.len(), 1);
    assert_eq!((run.endpoints[0].name.as_str(), run.duration), ("GET Aggregated", Some(2.0)));
}

#[test]
fn the_same_name_with_two_methods_is_two_endpoints() {
    let row = "4,0,1,1.5,1,2,0,2.0,0,1,2,2,2\r\n";
    let text = format!("{HEADER}GET,/a,{row}POST,/a,{row},custom,{row},Aggregated,{row}");
    let run = run(&[("locust_stats.csv", text.as_bytes())]).unwrap();
    let names: Vec<&str> = run.endpoints.iter().map(|e| e.name.as_str()).collect();
    assert_eq!(names, ["GET /a", "POST /a", "custom"]);
}

#[test]
fn files_before_version_1_have_other_columns_and_no_last_line_end() {
    let text = "\"Method\",\"Name\",\"# requests\",\"# failures\",\"Median response time\",\"Average response time\",\
                \"Min response time\",\"Max response time\",\"Average Content Size\",\"Requests/s\"\n\
                \"GET\",\"/a\",10,1,5,6,1,20,100,2.50\n\"None\",\"Total\",10,1,5,6,1,20,100,2.50";
    let run = run(&[("locust_requests.csv", text.as_bytes())]).unwrap();
    let total = run.total.as_ref().unwrap();
    assert_eq!((total.count, total.errors, run.duration), (Some(10), Some(1), Some(4.0)));
    assert_eq!(all(endpoint(&run, "GET /a")).quantiles["p50"], 0.005);
}

#[test]
fn the_history_ends_with_the_figures_of_the_statistics() {
    let history = run_of(&["locust/baseline/locust_stats_history.csv"]).unwrap();
    let stats = run_of(&["locust/baseline/locust_stats.csv"]).unwrap();
    assert_eq!(history.endpoints.len(), stats.endpoints.len());
    for (a, b) in history.endpoints.iter().chain(&history.total).zip(stats.endpoints.iter().chain(&stats.total)) {
        assert_eq!((&a.name, a.count, a.errors), (&b.name, b.count, b.errors));
        let figures = |e: &Endpoint| ["p50", "min", "max"].map(|name| all(e).figure(name));
        assert_eq!(figures(a), figures(b), "not the window's percentiles");
        assert!(close(all(a).mean.unwrap(), all(b).mean.unwrap()));
    }
    assert_eq!((history.load.peak_users, history.duration), (Some(9), Some(24.0)));
    assert_eq!(history.started_at.unwrap().as_second(), 1_795_226_326);
}

#[test]
fn a_reset_begins_the_totals_anew() {
    let mut text = HISTORY.to_owned();
    for (time, users, count) in [(100, 0, 0), (101, 5, 10), (102, 9, 25), (103, 9, 8), (104, 9, 30)] {
        text += &format!("{time},{users},GET,/a,0,0,N/A,N/A,{count},0,5,6.0,1,20,3\r\n");
        if time < 103 {
            text += &format!("{time},{users},GET,/login,0,0,N/A,N/A,{count},0,5,6.0,1,20,3\r\n");
        }
        text += &format!("{time},{users},,Aggregated,0,0,N/A,N/A,{count},0,5,6.0,1,20,3\r\n");
    }
    let run = run(&[("locust_stats_history.csv", text.as_bytes())]).unwrap();
    assert_eq!((run.total.as_ref().unwrap().count, run.duration), (Some(30), Some(2.0)));
    assert_eq!(run.endpoints.len(), 1, "/login was before");
    assert!(run.warnings.iter().any(|w| w.0.contains("--reset-stats")));
}

#[test]
fn a_set_of_files_is_one_run_and_the_json_counts() {
    let mut names = set("baseline");
    let csv = of(&names);
    assert_eq!(csv.total.as_ref().unwrap().count, Some(2247));
    assert_eq!((csv.load.peak_users, csv.started_at.is_some()), (Some(9), true));
    assert_eq!(csv.failures[0].endpoint.as_deref(), Some("POST /checkout"));
    assert_eq!(csv.failures[0].count, 7);
    assert!(csv.failures[0].message.starts_with("HTTPError('500 Server Error"));
    names.push("locust/baseline/report.json".to_owned());
    let whole = of(&names);
    assert_eq!(whole.total.as_ref().unwrap().count, Some(2312), "the CSV files lag behind the JSON");
    assert_eq!((whole.load.peak_users, whole.failures.len(), whole.sources.len()), (Some(9), 1, 5));
}

#[test]
fn no_requests_are_invalid_in_every_file() {
    let console = b"[2026-11-21 01:58:46,880] host/INFO/locust.main: Starting\n[]\n";
    assert_eq!(run(&[("report.json", b"[]")]).unwrap().invalid.as_deref(), Some("zero requests"));
    assert_eq!(run(&[("report.json", console)]).unwrap().invalid.as_deref(), Some("zero requests"));
    for name in CSV_SET {
        let run = run_of(&[&format!("locust/no-requests/{name}")]).unwrap();
        assert_eq!(run.invalid.as_deref(), Some("zero requests"), "{name}");
    }
}

#[test]
fn console_output_before_and_after_the_json_is_passed_over() {
    let json = fixture("locust/baseline/report.json");
    let plain = run(&[("report.json", &json)]).unwrap();
    let noisy = [b"[INFO] starting\n[1, 2]\nuser said {\"a\": 1}\n", json.as_slice(), b"\nbye\n"].concat();
    let compact = serde_json::to_vec(&serde_json::from_slice::<Value>(&json).unwrap()).unwrap();
    for other in [noisy, compact] {
        let mut run = run(&[("report.json", &other)]).unwrap();
        run.sources.clone_from(&plain.sources);
        assert_eq!(run, plain);
    }
}

#[test]
fn requests_without_response_time_are_counted_and_not_measured() {
    let json = br#"[{"name": "a", "method": null, "last_request_timestamp": null, "start_time": 100.0,
        "num_requests": 3, "num_none_requests": 1, "num_failures": 0, "total_response_time": 30.0,
        "max_response_time": 20.0, "min_response_time": null, "response_times": {"20": 1, "10": 1}}]"#;
    let run = run(&[("report.json", json)]).unwrap();
    let endpoint = endpoint(&run, "a");
    assert_eq!((endpoint.count, endpoint.throughput), (Some(3), None));
    let latency = endpoint.latency.as_ref().unwrap();
    assert_eq!((latency.count, latency.mean, latency.min), (Some(2), Some(0.015), None));
}

#[test]
fn exceptions_of_the_locustfile_are_warnings() {
    let text = b"Count,Message,Traceback,Nodes\r\n3,\"division\nby zero\",\"Traceback...\nline\",local\r\n";
    let run = run(&[("locust_exceptions.csv", text)]).unwrap();
    assert_eq!(run.warnings[0].0, "the locustfile raised an exception 3 times: division by zero");
    assert!(run.failures.is_empty());
}

#[test]
fn cut_files_are_refused_or_used_as_far_as_they_are_whole() {
    for (name, at, whole) in
        [("report.json", 0.6, 2), ("locust_stats.csv", 0.7, 3), ("locust_stats_history.csv", 0.5, 4)]
    {
        let bytes = fixture(&format!("locust/baseline/{name}"));
        let cut = &bytes[..(bytes.len() as f64 * at) as usize];
        let refused = run(&[(name, cut)]).unwrap_err().to_string();
        assert!(refused.contains(name) && refused.contains("--allow-truncated"), "{refused}");
        let options = Options { allow_truncated: true, ..Options::default() };
        let run = join(parts(&[(name, cut)]), &options).unwrap();
        assert_eq!(run.endpoints.len(), whole, "{name}");
        assert!(run.warnings.iter().any(|w| w.0.contains("truncated")));
    }
    let stats = fixture("locust/baseline/locust_stats.csv");
    let line_end = stats.windows(2).rposition(|pair| pair == b"\r\n").unwrap();
    assert!(run(&[("locust_stats.csv", &stats[..line_end])]).is_err(), "the last number may have lost digits");
    let total = stats[..line_end].windows(2).rposition(|pair| pair == b"\r\n").unwrap() + 2;
    let error = run(&[("locust_stats.csv", &stats[..total])]).unwrap_err().to_string();
    assert!(error.contains("Aggregated"), "{error}");
}

#[test]
fn what_is_wrong_is_named_with_file_and_line() {
    let total = ",Aggregated,4,0,1,1.5,1,2,0,2.0,0,1,2,2,2\r\n";
    let missing = format!("{}{total}", HEADER.replace("Average Response Time", "Avg"));
    let error = run(&[("s.csv", missing.as_bytes())]).unwrap_err().to_string();
    assert!(error.contains("'average response time' is missing"), "{error}");
    for row in ["GET,/a,4x,0,1,1.5,1,2,0,2.0,0,1,2,2,2\r\n", "GET,/a,4,0,1,1,5,1,2,0,2.0,0,1,2,2,2\r\n"] {
        let error = run(&[("s.csv", format!("{HEADER}{row}{total}").as_bytes())]).unwrap_err().to_string();
        assert!(error.starts_with("s.csv:2: "), "{error}");
    }
    let json = br#"[{"name": "a", "method": "GET", "num_requests": 1, "response_times": {}}]"#;
    let error = run(&[("r.json", json)]).unwrap_err().to_string();
    assert!(error.contains("r.json") && error.contains("num_failures"), "{error}");
}

#[test]
fn each_file_is_claimed_by_its_own_format_only() {
    let formats = ["locust-stats", "locust-history", "locust-failures", "locust-exceptions"];
    for case in ["baseline", "errors-up", "no-requests"] {
        for (name, format) in CSV_SET.into_iter().zip(formats) {
            let bytes = fixture(&format!("locust/{case}/{name}"));
            assert_eq!(detect(name, &Head::new(&bytes), None).unwrap().name, format);
        }
    }
    let json = fixture("locust/baseline/report.json");
    assert_eq!(detect("results.txt", &Head::new(&json), None).unwrap().name, "locust-json");
}

proptest! {
    #[test]
    fn no_bytes_panic(text in "[A-Za-z0-9,\"\r\n.%/ N\\[\\]{}:]{0,200}", which in 0..5_usize) {
        let heads = [HEADER, HISTORY, "Method,Name,Error,Occurrences\r\n", "Count,Message,Traceback\r\n", "[{\"num_requests\": 1, \"response_times\": {"];
        let _ = run(&[("x", format!("{}{text}", heads[which]).as_bytes())]);
    }

    #[test]
    fn the_order_of_keys_and_endpoints_changes_nothing(seed in 0..24_usize) {
        let json: Vec<serde_json::Map<String, Value>> = serde_json::from_slice(&fixture("locust/baseline/report.json")).unwrap();
        let mut turned = json.clone();
        turned.rotate_left(seed % json.len());
        let swapped = |entry: serde_json::Map<String, Value>| {
            let mut fields: Vec<String> = entry.iter().map(|(key, value)| format!("{key:?}: {value}")).collect();
            let at = seed % fields.len();
            fields.rotate_left(at);
            format!("{{{}}}", fields.join(","))
        };
        let text = format!("[{}]", turned.into_iter().map(swapped).collect::<Vec<_>>().join(","));
        let (mut a, b) = (run(&[("r", text.as_bytes())]).unwrap(), run(&[("r", &serde_json::to_vec(&json).unwrap())]).unwrap());
        a.sources.clone_from(&b.sources);
        let same = |a: &Run, b: &Run| a.endpoints == b.endpoints && a.duration == b.duration && a.started_at == b.started_at;
        prop_assert!(same(&a, &b));
    }
}
