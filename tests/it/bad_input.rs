//! What is no good run, and what the program answers: one test for each line of the contract.
//!
//! `check` of input that cannot be judged writes its report all the same, so most tests read `--format json`.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{Answer, answer, perf_gate, scrubbed};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
const HEADER: &str = "timeStamp,elapsed,label,responseCode,success,threadName\n";
/// Start of the runs below, Unix time in ms.
const START: i64 = 1_795_226_767_000;
const DAY: i64 = 86_400_000;
/// Memory that reading a bomb may take, KiB of address space: the bombs below inflate to a gigabyte.
const ENOUGH: u32 = 600_000;

/// A folder with files in it.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        Self::new().and(name, bytes)
    }

    fn and(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        fs::write(self.path(name), bytes).unwrap();
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Answer {
        perf_gate(self.0.path(), args)
    }

    /// The exit status and the only scenario of the report that `check` writes.
    fn check(&self, args: &[&str]) -> (i32, Value) {
        let answer = self.run(&[&["check", "--format", "json"], args].concat());
        (answer.code, scenario(&answer))
    }

    /// Why `check` calls the run invalid, which it must.
    fn invalid(&self, args: &[&str]) -> String {
        let (code, scenario) = self.check(args);
        assert_eq!((code, &scenario["outcome"]), (2, &"invalid".into()), "{scenario:#}");
        scenario["reason"].as_str().unwrap().to_owned()
    }

    /// The warnings of a run that is no worse than inconclusive.
    fn warnings(&self, args: &[&str]) -> String {
        let (code, scenario) = self.check(args);
        assert_eq!((code, &scenario["outcome"]), (0, &"inconclusive".into()), "{scenario:#}");
        warnings(&scenario)
    }
}

fn scenario(answer: &Answer) -> Value {
    let report: Value = serde_json::from_str(&answer.stdout).unwrap_or_else(|_| panic!("no report: {answer:?}"));
    report["scenarios"][0].clone()
}

fn warnings(scenario: &Value) -> String {
    scenario["warnings"].as_array().unwrap().iter().map(|w| format!("{}\n", w.as_str().unwrap())).collect()
}

fn says(text: &str, parts: &[&str]) {
    let missing: Vec<_> = parts.iter().filter(|part| !text.contains(**part)).collect();
    assert!(missing.is_empty(), "{missing:?} is not in: {text}");
}

/// A JTL with a row for each of `count` requests, 10 ms apart.
fn jtl(count: i64, row: impl Fn(i64) -> String) -> String {
    (0..count).fold(HEADER.to_owned(), |text, at| text + &row(at) + "\n")
}

fn good(at: i64) -> String {
    format!("{},5,a,200,true,t 1-1", START + at * 10)
}

fn failed(at: i64) -> String {
    format!("{},6,a,500,false,t 1-1", START + at * 10)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// `head`, then `unit` over and over to a gigabyte, compressed to some megabytes: one member of gzip, repeated.
fn bomb(head: &str, unit: u8) -> Vec<u8> {
    let member = gzip(&vec![unit; 16 << 20]);
    [gzip(head.as_bytes()), member.repeat(64)].concat()
}

#[test]
fn unknown_formats_are_answered_with_what_was_seen_and_the_formats_there_are() {
    let place = Place::with("notes.txt", "hello, load test\n");
    let seen = ["notes.txt: unknown format", "\"hello, load test", "k6-json", "native", "--format"];
    says(&place.invalid(&["notes.txt"]), &seen);
    let inspected = place.run(&["inspect", "notes.txt"]);
    assert_eq!(inspected.code, 2);
    says(&inspected.stderr, &seen);
}

#[test]
fn a_file_that_two_formats_claim_needs_a_name() {
    // An object with the keys of a k6 summary and of an Artillery report.
    let both =
        r#"{"metrics": {}, "root_group": {}, "aggregate": {"counters": {}, "summaries": {}}, "intermediate": []}"#;
    let place = Place::with("both.json", both);
    says(&place.invalid(&["both.json"]), &["could be k6-summary, artillery", "Name one with --format", "metrics"]);
    let named = place.invalid(&["both.json", "--format", "artillery"]);
    assert!(!named.contains("could be"), "{named}");
}

#[test]
fn a_cut_last_line_is_refused_with_its_place_or_used_with_a_warning() {
    let text = jtl(500, good);
    let place = Place::with("cut.jtl", &text[..text.len() - 12]);
    let offset = format!("byte {}", text.len() - 12);
    says(&place.invalid(&["cut.jtl"]), &["cut.jtl", "truncated", &offset, "line 501", "--allow-truncated"]);
    says(&place.warnings(&["cut.jtl", "--allow-truncated"]), &["truncated", &offset, "only what is whole was used"]);
    assert_eq!(place.check(&["cut.jtl", "--allow-truncated"]).1["run"]["count"], 499);
}

#[test]
fn cut_gzip_is_refused_with_its_place_or_used_with_a_warning() {
    let whole = fs::read(Path::new(FIXTURES).join("k6/baseline-1/points.json.gz")).unwrap();
    let place = Place::with("cut.json.gz", &whole[..whole.len() / 2]);
    says(&place.invalid(&["cut.json.gz"]), &["cut.json.gz", "compressed data", "at byte", "--allow-truncated"]);
    let (_, scenario) = place.check(&["cut.json.gz", "--allow-truncated"]);
    says(&warnings(&scenario), &["cut.json.gz", "truncated at byte", "only what is whole was used"]);
    assert!(scenario["run"]["count"].as_u64().unwrap() > 100, "{scenario:#}");
    let text = place.run(&["check", "cut.json.gz", "--allow-truncated"]);
    says(&text.stdout, &["note: cut.json.gz: truncated"]);
}

#[test]
fn damaged_gzip_is_refused_whatever_is_allowed() {
    let mut bytes = gzip(jtl(2_000, good).as_bytes());
    let middle = bytes.len() / 2;
    bytes[middle..middle + 40].fill(0xff);
    let place = Place::with("x.jtl.gz", bytes);
    for flags in [&["x.jtl.gz"][..], &["x.jtl.gz", "--allow-truncated"]] {
        says(&place.invalid(flags), &["x.jtl.gz"]);
    }
}

#[test]
fn a_wrong_line_in_the_middle_is_told_and_never_skipped() {
    let text = jtl(100, |at| if at == 50 { "what, is this".to_owned() } else { good(at) });
    let place = Place::with("x.jtl", text);
    for flags in [&["x.jtl"][..], &["x.jtl", "--allow-truncated"]] {
        says(&place.invalid(flags), &["x.jtl:52:", "what, is this"]);
    }
    let points = "{\"metric\":\"http_reqs\",\"type\":\"Metric\",\"data\":{\"type\":\"counter\"}}\nnonsense\n{}\n";
    says(&Place::with("x.json", points).invalid(&["x.json"]), &["x.json:2:", "nonsense"]);
}

#[test]
fn a_second_header_is_skipped_with_a_warning_and_blank_lines_without() {
    let row = |at| good(at) + "\n";
    let rows: String = (0..100).map(row).collect();
    let appended: String = (100..200).map(row).collect();
    let place = Place::with("x.jtl", format!("{HEADER}{rows}\n\r\n{HEADER}{appended}"));
    says(&place.warnings(&["x.jtl"]), &["x.jtl:104: a second header"]);
    assert_eq!(place.check(&["x.jtl"]).1["run"]["count"], 200);
    let blank = Place::with("x.jtl", format!("\n\n{HEADER}\n{rows}\n\n"));
    assert!(!blank.warnings(&["x.jtl"]).contains("x.jtl"));
}

#[test]
fn impossible_latencies_are_counted_left_out_and_warned_about() {
    for impossible in ["-5", "NaN", "Infinity"] {
        let row = |every: i64| {
            move |at: i64| {
                if at % every == 7 { good(at).replacen(",5,", &format!(",{impossible},"), 1) } else { good(at) }
            }
        };
        let few = Place::with("x.jtl", jtl(1_000, row(200)));
        says(&few.warnings(&["x.jtl"]), &["5 of 1000 requests have an impossible latency"]);
        assert_eq!(few.check(&["x.jtl"]).1["run"]["count"], 995);
        let many = Place::with("x.jtl", jtl(1_000, row(50)));
        says(&many.invalid(&["x.jtl"]), &["20 of 1000 requests have an impossible latency"]);
    }
}

#[test]
fn steps_of_the_clock_are_counted_left_out_and_warned_about() {
    let stepped = |many: i64| move |at: i64| if at < many { good(at - 400 * DAY / 10) } else { good(at) };
    let place = Place::with("x.jtl", jtl(1_000, stepped(5)));
    says(&place.warnings(&["x.jtl"]), &["the clock stepped", "5 of 1000"]);
    let duration = place.check(&["x.jtl"]).1["run"]["duration"].as_f64().unwrap();
    assert!(duration < 11.0, "{duration}");
    says(&Place::with("x.jtl", jtl(1_000, stepped(50))).invalid(&["x.jtl"]), &["50 of 1000"]);
}

#[test]
fn no_requests_are_invalid_in_every_format() {
    let place = Place::with("zero.jtl", HEADER);
    assert_eq!(place.invalid(&["zero.jtl"]), "zero requests.");
    assert_eq!(place.run(&["inspect", "zero.jtl"]).code, 2);
    let recorded = place.run(&["record", "zero.jtl"]);
    assert_eq!((recorded.code, place.path(".perf-gate").exists()), (2, false));
    says(&recorded.stderr, &["not recorded", "zero requests"]);
    for file in ["locust_stats.csv", "locust_stats_history.csv"] {
        let path = format!("{FIXTURES}/locust/no-requests/{file}");
        assert_eq!(place.invalid(&[&path]), "zero requests.");
    }
}

#[test]
fn resource_series_alone_are_no_run_to_judge_or_record() {
    let series = "timestamp,rss_bytes\n1795226400,1000\n1795226401,1000\n1795226402,1000\n";
    let place = Place::with("server.csv", series);
    says(&place.invalid(&["server.csv"]), &["no load test result", "did the load test run"]);
    let recorded = place.run(&["record", "server.csv"]);
    assert_eq!((recorded.code, place.path(".perf-gate").exists()), (2, false));
    assert_eq!(place.run(&["inspect", "server.csv"]).code, 0, "to look at, they are fine");
}

#[test]
fn latencies_that_were_not_judged_are_not_passed() {
    let history = format!("{FIXTURES}/locust/baseline/locust_stats_history.csv");
    let flags = ["compare", "--base", &history, "--head", &history, "--format", "json"];
    let answer = Place::new().run(&flags);
    let scenario = scenario(&answer);
    assert_eq!((answer.code, &scenario["outcome"]), (0, &"inconclusive".into()), "{scenario:#}");
    says(scenario["reason"].as_str().unwrap(), &["no latency was judged"]);
}

#[test]
fn only_errors_fail_where_the_baseline_had_successes_and_are_invalid_elsewhere() {
    let place = Place::with("bad.jtl", jtl(1_000, failed))
        .and("worse.jtl", jtl(900, failed))
        .and("good.jtl", jtl(1_000, |at| good(at - DAY / 10)));
    says(&place.invalid(&["bad.jtl"]), &["every request failed"]);
    let compared = place.run(&["compare", "--base", "good.jtl", "--head", "bad.jtl", "--format", "json"]);
    assert_eq!(compared.code, 1);
    says(scenario(&compared)["reason"].as_str().unwrap(), &["error-rate"]);
    let never = place.run(&["compare", "--base", "worse.jtl", "--head", "bad.jtl"]);
    assert_eq!(never.code, 2);
    assert_eq!(place.run(&["record", "good.jtl"]).code, 0);
    let (code, scenario) = place.check(&["bad.jtl"]);
    assert_eq!((code, &scenario["outcome"]), (1, &"failed".into()));
}

#[test]
fn a_hundred_thousand_endpoints_become_a_thousand() {
    let mut text = HEADER.to_owned();
    for at in 0..100_000 {
        writeln!(text, "{},5,/item/{at},200,true,t 1-{at}", START + at).unwrap();
        if at % 10 == 0 {
            writeln!(text, "{},5,/often,200,true,t 2-1", START + at).unwrap();
        }
    }
    let place = Place::with("x.jtl", text);
    says(&place.warnings(&["x.jtl"]), &["more than 1,000 endpoints", "(other)", "give requests a name"]);
    let inspected = place.run(&["inspect", "x.jtl", "--format", "json"]).stdout;
    says(&inspected, &["\"/often\"", "\"(other)\""]);
    let runs: Value = serde_json::from_str(&inspected).unwrap();
    let endpoints = count_of(&runs, "endpoints");
    assert!((1_000..=1_001).contains(&endpoints), "{endpoints}");
}

/// Length of the first array with that key.
fn count_of(value: &Value, key: &str) -> usize {
    match value {
        Value::Object(map) => match map.get(key) {
            Some(Value::Array(found)) => found.len(),
            _ => map.values().map(|inner| count_of(inner, key)).max().unwrap_or(0),
        },
        Value::Array(items) => items.iter().map(|inner| count_of(inner, key)).max().unwrap_or(0),
        _ => 0,
    }
}

#[test]
fn bombs_are_refused_in_bounded_memory() {
    let thread = "{\"metric\":\"http_reqs\",\"type\":\"Point\",\"data\":{\"x\":";
    for (head, unit, why) in [
        ("", b'x', "unknown format"),
        ("", b'\n', "is empty"),
        ("", b'[', "unknown format"),
        ("", b'{', "unknown format"),
        (HEADER, b'x', "line 2 is longer than 16 MiB"),
        (HEADER, b'\n', "a million empty lines"),
        (HEADER, b'"', "16 MiB"),
        (thread, b'[', "16 MiB"),
        ("{\"schema\":\"perf-gate/run/v1\",\"scenario\":\"", b'x', "256 MiB"),
        ("{\"metrics\":{},\"root_group\":", b'[', ""),
        ("{\"aggregate\":{\"counters\":{},\"summaries\":{\"a\":", b'[', ""),
        ("<?xml version=\"1.0\"?>\n<testResults version=\"1.2\">\n<sample lb=\"", b'x', ""),
    ] {
        let place = Place::with("bomb.gz", bomb(head, unit));
        let program = env!("CARGO_BIN_EXE_perf-gate");
        let script = format!("ulimit -v {ENOUGH} && exec '{program}' check bomb.gz --format json");
        let answered = answer(scrubbed(&mut Command::new("sh")).args(["-c", &script]).current_dir(place.0.path()));
        let scenario = scenario(&answered);
        assert_eq!((answered.code, &scenario["outcome"]), (2, &"invalid".into()), "{head}{unit}: {answered:?}");
        says(scenario["reason"].as_str().unwrap(), &["bomb.gz", why]);
    }
}

#[test]
fn deep_nesting_is_an_error_and_no_crash() {
    let deep = "[".repeat(1_000_000);
    for head in [
        "{\"metric\":\"http_reqs\",\"type\":\"Point\",\"data\":{\"a\":",
        "{\"schema\":\"perf-gate/run/v1\",\"scenario\":\"s\",\"load\":",
        "{\"metrics\":{\"a\":1},\"root_group\":",
        "{\"aggregate\":{\"counters\":{},\"summaries\":{\"a\":",
        "{\"aggregate\":{\"counters\":{},\"summaries\":{}},\"intermediate\":",
        "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":",
        "{\"a\":{\"transaction\":\"a\",\"sampleCount\":",
        "[{\"name\":\"a\",\"method\":\"GET\",\"num_requests\":1,\"response_times\":",
    ] {
        let place = Place::with("deep.json", format!("{head}{deep}"));
        says(&place.invalid(&["deep.json"]), &["deep.json"]);
    }
}

#[test]
fn unknown_keys_and_units_are_told_with_line_column_and_the_nearest_key() {
    for (text, place, answer) in [
        ("thresholds:\n  p95: 20%\nwarmup: 30s\n", "perf-gate.yml:3:1", "did you mean 'warm-up'"),
        ("scenarios:\n  a:\n    result: [x]\n", "perf-gate.yml:3:5", "did you mean 'results'"),
        ("baseline:\n  window: 7 parsecs\n", "perf-gate.yml:2:3", "'parsecs' in '7 parsecs' is not a unit"),
        ("thresholds:\n  p95: 20 ms\n", "perf-gate.yml:2", "ms"),
        ("a: [1\n", "perf-gate.yml:", ""),
    ] {
        let folder = Place::with("x.jtl", jtl(100, good)).and("perf-gate.yml", text);
        let checked = folder.run(&["check", "x.jtl"]);
        assert_eq!(checked.code, 2, "{checked:?}");
        says(&checked.stderr, &[place, answer]);
    }
}

/// A folder with a recorded run, and a candidate of the day after.
fn recorded() -> Place {
    let place = Place::with("base.jtl", jtl(1_000, |at| good(at - DAY / 10))).and("x.jtl", jtl(1_000, good));
    assert_eq!(place.run(&["record", "base.jtl"]).code, 0);
    place
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() { found.extend(files(&entry)) } else { found.push(entry) }
    }
    found
}

#[test]
fn damaged_history_is_skipped_and_named() {
    let place = recorded();
    let (runs, days) = (files(&place.path(".perf-gate/runs")), files(&place.path(".perf-gate/days")));
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    fs::write(&days[0], "garbage").unwrap();
    let (_, scenario) = place.check(&["x.jtl"]);
    says(&warnings(&scenario), &[&name(&days[0]), "damaged"]);
    assert_eq!(scenario["rows"][0]["runs"], 1, "{scenario:#}");
    fs::write(&runs[0], "garbage").unwrap();
    says(&place.warnings(&["x.jtl"]), &[&name(&days[0]), &name(&runs[0]), "skipped"]);
}

#[test]
fn history_of_a_newer_version_is_refused_with_that_version() {
    let place = recorded();
    let days = files(&place.path(".perf-gate/days"));
    let text = fs::read_to_string(&days[0]).unwrap().replace("perf-gate/day/v1", "perf-gate/day/v7");
    fs::write(&days[0], text).unwrap();
    says(&place.invalid(&["x.jtl"]), &["perf-gate/day/v7", "newer perf-gate", "use a version that reads it"]);
    let recorded = place.run(&["record", "x.jtl", "--at", "2026-11-20T05:00:00Z"]);
    assert_eq!(recorded.code, 3);
    says(&recorded.stderr, &["perf-gate/day/v7"]);
}

#[test]
fn a_store_out_of_reach_leaves_the_judgement_and_fails_the_record() {
    let place = Place::with("x.jtl", jtl(1_000, good)).and("file", "no folder");
    #[cfg(unix)]
    std::os::unix::fs::symlink("runs", {
        fs::create_dir(place.path("loop")).unwrap();
        place.path("loop/runs")
    })
    .unwrap();
    for (store, why) in [
        ("dir:file", "is not a folder"),
        ("git:nowhere#results", "no git repository"),
        ("dir:/proc/self/nothing", ""),
        ("dir:loop", ""),
    ] {
        let (code, scenario) = place.check(&["x.jtl", "--store", store]);
        assert_eq!((code, &scenario["run"]["count"]), (0, &1_000.into()), "{store}: {scenario:#}");
        if !why.is_empty() {
            says(&warnings(&scenario), &["the history could not be read", why]);
        }
        let recorded = place.run(&["record", "x.jtl", "--store", store]);
        assert_eq!(recorded.code, 3, "{store}: {recorded:?}");
        says(&recorded.stderr, &["was not recorded", why]);
    }
    let unknown = place.run(&["check", "x.jtl", "--store", "s3:bucket"]);
    assert_eq!(unknown.code, 2);
    says(&unknown.stderr, &["unknown kind 's3'", "dir:PATH"]);
}

#[test]
fn what_is_no_file_of_a_run_is_told_in_the_report() {
    let place = Place::with("x.jtl", jtl(100, good)).and("empty.json", "").and("zero.json", [0; 3]);
    fs::create_dir(place.path("folder")).unwrap();
    says(&place.invalid(&["missing.jtl"]), &["missing.jtl", "No such file"]);
    says(&place.invalid(&["results/*.json"]), &["no file matches 'results/*.json'"]);
    says(&place.invalid(&["--scenario", "a=results/*.json"]), &["no file matches 'results/*.json'"]);
    says(&place.invalid(&["empty.json"]), &["empty.json: the file is empty"]);
    says(&place.invalid(&["zero.json"]), &["zero.json", "zero bytes"]);
    says(&place.invalid(&["folder"]), &["folder: is a directory", "folder/*.json"]);
    says(&place.invalid(&["x.jtl", "x.jtl"]), &["x.jtl and x.jtl are the same file"]);
    says(&place.invalid(&["x.jtl", "--run", "x.jtl"]), &["given twice"]);
}

#[test]
fn a_declared_scenario_without_a_result_is_invalid() {
    let config = "scenarios:\n  browse:\n    results: [x.jtl]\n  buy:\n    results: ['buy/*.jtl']\n  sell: {}\n";
    let place = Place::with("x.jtl", jtl(1_000, good)).and("perf-gate.yml", config);
    let checked = place.run(&["check", "--format", "json"]);
    let report: Value = serde_json::from_str(&checked.stdout).unwrap();
    assert_eq!((checked.code, &report["outcome"]), (2, &"invalid".into()));
    let outcome = |at: usize| {
        let scenario = &report["scenarios"][at];
        [&scenario["name"], &scenario["outcome"], &scenario["reason"]].map(|text| text.as_str().unwrap().to_owned())
    };
    assert_eq!(outcome(0)[..2], ["browse", "inconclusive"]);
    assert_eq!(outcome(1)[..2], ["buy", "invalid"]);
    says(&outcome(1)[2], &["no file matches 'buy/*.jtl'"]);
    assert_eq!(outcome(2)[..2], ["sell", "invalid"]);
    says(&outcome(2)[2], &["declares this scenario, and no result was given"]);
}

#[test]
fn invalid_input_is_told_in_every_document() {
    let place = Place::with("empty.json", "");
    for document in ["text", "markdown", "json", "junit", "csv"] {
        let checked =
            place.run(&["check", "empty.json", "--format", document, "--output", "report", "--fail-on", "never"]);
        assert_eq!(checked.code, 2, "{document}");
        let text = fs::read_to_string(place.path("report")).unwrap();
        assert!(text.to_lowercase().contains("invalid") || document == "csv", "{document}: {text}");
    }
}
