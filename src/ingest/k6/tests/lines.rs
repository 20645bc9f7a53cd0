//! Lines and rows: every way to write them, and those that are broken.

use proptest::prelude::*;

use super::*;
use crate::ingest::testing::parts;
use crate::ingest::{Options, join};

#[test]
fn point_times_are_ends_and_starts_are_earlier_by_the_latency() {
    let run = json(POINT);
    assert_eq!(run.started_at.unwrap().to_string(), "2026-11-21T01:52:00.3Z");
    assert_eq!(run.duration, Some(0.2));
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
fn answers_to_checks_count_whether_they_are_one_zero_or_neither() {
    // Those that passed, those that failed, and odd ones: all that is not 0 passed.
    let answers = ["1", "0", "1", "1", "0.5", "-0", "1e0", "1"];
    let check = |at: usize| ["a check", "another"][at / 2 % 2];
    let rows = answers.iter().enumerate().map(|(at, answer)| format!("checks,1795227963,{answer},{}\n", check(at)));
    let csv = "metric_name,timestamp,metric_value,check\n".to_owned() + &rows.collect::<String>();
    let lines = answers.iter().enumerate().map(|(at, answer)| {
        let check = check(at);
        format!(
            r#"{{"metric":"checks","type":"Point","data":{{"time":"2026-11-21T01:52:00Z","value":{answer},"tags":{{"check":"{check}"}}}}}}"#
        ) + "\n"
    });
    for (name, text) in [("x.csv", csv), ("x.json", format!("{POINT}\n{}", lines.collect::<String>()))] {
        assert_eq!(metric(&run(&[(name, text.as_bytes())]).unwrap(), "checks"), 0.75, "{name}");
    }
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
