//! Resource series: the same series in four formats, and what is known to go wrong.

use proptest::prelude::*;
use serde_json::Value;

use crate::ingest::testing::{fixture, parts, run, run_of};
use crate::ingest::{Head, Options, detect, join};
use crate::model::{Run, Series, Unit};

const START: f64 = 1_795_225_991.877;

fn of(text: &str) -> Run {
    run(&[("server.csv", text.as_bytes())]).unwrap()
}

fn refused(text: &str) -> String {
    run(&[("server.csv", text.as_bytes())]).unwrap_err().to_string()
}

fn with(resources: &[(&str, &str)], files: &[(&str, &[u8])]) -> anyhow::Result<Run> {
    let resources = resources.iter().map(|(metric, name)| ((*metric).to_owned(), (*name).to_owned())).collect();
    join(parts(files), &Options { resources, ..Options::default() })
}

fn series<'a>(run: &'a Run, name: &str) -> &'a Series {
    run.resources.iter().find(|s| s.name == name).unwrap_or_else(|| panic!("no {name}"))
}

fn agrees(run: &Run, truth: &Value, digits: f64) {
    let (memory, truth) = (series(run, "memory"), &truth["server_resources"]);
    for (value, key) in
        [(memory.max, "rss_max_bytes"), (memory.mean, "rss_mean_bytes"), (memory.last, "rss_last_bytes")]
    {
        assert!((value / truth[key].as_f64().unwrap() - 1.0).abs() < digits, "{key} {value}");
    }
    assert_eq!((memory.unit, memory.points.len() as u64), (Unit::Bytes, truth["samples"].as_u64().unwrap()));
}

#[test]
fn one_series_in_four_formats_is_one_series() {
    let truth: Value = serde_json::from_slice(&fixture("resources/baseline.truth.json")).unwrap();
    for (ending, digits) in [("csv", 1e-8), ("om.txt", 1e-8), ("prom_query_range.json", 1e-8), ("prom.txt", 1e-6)] {
        let run = run_of(&[&format!("resources/baseline.{ending}")]).unwrap();
        agrees(&run, &truth, digits);
        assert!((series(&run, "memory").points[0].0 - START).abs() < 1e-6, "{ending}: ms and s are told apart");
        if ending != "prom.txt" {
            let cpu = series(&run, "cpu");
            assert_eq!((cpu.unit, cpu.points.len()), (Unit::Cores, 25));
            assert!((cpu.mean - truth["server_resources"]["cpu_mean_cores"].as_f64().unwrap()).abs() < 5e-5, "rounded");
        }
        assert_eq!((run.warnings.len(), run.invalid), (0, None));
    }
}

#[test]
fn memory_that_grows_is_seen() {
    let truth: Value = serde_json::from_slice(&fixture("resources/memory-up.truth.json")).unwrap();
    agrees(&run_of(&["resources/memory-up.csv"]).unwrap(), &truth, 1e-8);
}

#[test]
fn series_are_attached_to_the_run_beside_them() {
    let run = run_of(&["locust/baseline/report.json", "resources/baseline.csv"]).unwrap();
    assert_eq!((run.resources.len(), run.total.unwrap().count), (2, Some(2312)));
    assert_eq!(run.sources[1].format, "resources-csv");
}

#[test]
fn separators_times_and_gaps_are_as_people_write_them() {
    let run =
        of("time;rss_bytes;note\n2026-11-21T01:53:11Z;10;a\n\n2026-11-21T01:53:12Z;;b\n2026-11-21T01:53:13Z;NaN;\n\
                  2026-11-21T01:53:14Z;30;\n");
    assert_eq!((series(&run, "memory").mean, series(&run, "memory").points.len()), (20.0, 2));
    assert_eq!(run.warnings[0].0, "1 values of rss_bytes are NaN or infinite and were left out");
    let percent = of("timestamp\tcpu_percent\r\n1795225991877\t50\r\n1795225992877\t150\r\n");
    assert_eq!((series(&percent, "cpu").mean, series(&percent, "cpu").unit), (1.0, Unit::Cores));
}

#[test]
fn what_is_wrong_is_named_with_file_and_line() {
    for (text, why) in [
        ("timestamp,rss_bytes\n1,2\nx,3\n4,5\n", "server.csv:3: 'x' is neither Unix time"),
        ("timestamp,rss_bytes\n1,2\n2026-11-21 01:53:11,3\n4,5\n", "RFC 3339 with a zone"),
        ("timestamp,rss_bytes\n1,2\n2,\"3,5\"\n4,5\n", "server.csv:3: '3,5' in the column 'rss_bytes' is no number"),
        ("timestamp,rss_bytes\n1,2\n2,3,5\n4,5\n", "server.csv:3: 3 fields where the header has 2"),
        ("timestamp,rss_bytes\n1,2\n2", "--allow-truncated"),
    ] {
        let message = refused(text);
        assert!(message.contains(why), "{message}");
    }
    let mut descending = "timestamp,rss_bytes\n".to_owned();
    (0..200).for_each(|i| descending += &format!("{},5\n", 1000 - i));
    assert!(refused(&descending).contains("in no order"));
}

#[test]
fn a_last_row_without_line_end_may_be_cut_and_is_left_out() {
    let run = of("timestamp,rss_bytes\n1,1000\n2,1200\n3,14");
    assert_eq!(series(&run, "memory").last, 1200.0);
    assert!(run.warnings[0].0.contains("left out"), "{:?}", run.warnings);
}

#[test]
fn names_that_mean_nothing_are_refused_with_the_way_to_say_it() {
    let heap = "timestamp,nodejs_heap_size_used_bytes,eventloop_lag_ms\n1,5,2\n2,7,4\n";
    let message = refused(heap);
    assert!(message.contains("eventloop_lag_ms, nodejs_heap_size_used_bytes"), "{message}");
    assert!(message.contains("--resource memory=NAME"));
    let file = [("server.csv", heap.as_bytes())];
    let run = with(&[("memory", "nodejs_heap_size_used_bytes"), ("lag", "eventloop_lag_ms")], &file).unwrap();
    assert_eq!((series(&run, "memory").max, series(&run, "memory").unit), (7.0, Unit::Bytes));
    assert_eq!((series(&run, "lag").mean, series(&run, "lag").unit), (0.003, Unit::Seconds));
}

#[test]
fn a_name_that_was_asked_for_must_be_somewhere() {
    let csv = fixture("resources/baseline.csv");
    let error = with(&[("memory", "rss_byte")], &[("a.csv", &csv)]).unwrap_err().to_string();
    assert!(error.contains("rss_byte") && error.contains("cpu_seconds_total, rss_bytes"), "{error}");
    let stats = fixture("locust/baseline/locust_stats.csv");
    let failures = fixture("locust/baseline/locust_failures.csv");
    let none = with(&[("memory", "rss_byte")], &[("s.csv", &stats), ("f.csv", &failures)]).unwrap();
    assert!(none.resources.is_empty(), "without a file of series there is nothing to look in");
}

#[test]
fn what_was_asked_for_comes_before_what_is_known() {
    let text = b"timestamp,rss_bytes,jvm_mib\n1,5,2\n2,7,4\n";
    let run = with(&[("memory", "jvm_mib")], &[("a.csv", text)]).unwrap();
    assert_eq!((run.resources.len(), series(&run, "memory").last), (1, 4.0 * 1_048_576.0));
    let both = of("timestamp,container_memory_rss,process_resident_memory_bytes\n1,5,6\n2,5,6\n");
    assert_eq!(series(&both, "memory").max, 6.0);
    assert!(both.warnings[0].0.starts_with("memory is process_resident_memory_bytes; container_memory_rss"));
}

#[test]
fn pods_are_added_up_and_whole_pods_are_not_counted_twice() {
    let one = |labels: &str, values: &str| {
        format!(r#"{{"metric": {{"__name__": "container_memory_rss", {labels}}}, "values": [{values}]}}"#)
    };
    let result = [
        one(r#""pod": "a", "container": "app""#, r#"[100, "5"], [101, "6"]"#),
        one(r#""pod": "b", "container": "app""#, r#"[100, "10"], [101, "+Inf"]"#),
        one(r#""pod": "a", "container": "POD""#, r#"[100, "1000"]"#),
        one(r#""pod": "a""#, r#"[100, "1005"]"#),
    ];
    let text = format!(
        r#"{{"data": {{"result": [{}], "resultType": "matrix"}}, "warnings": ["slow"], "status": "success"}}"#,
        result.join(",")
    );
    let run = run(&[("m.json", text.as_bytes())]).unwrap();
    assert_eq!(series(&run, "memory").points, [(100.0, 15.0), (101.0, 6.0)]);
    let told: Vec<&str> = run.warnings.iter().map(|w| w.0.as_str()).collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told.iter().any(|w| w.starts_with("memory is the sum of 2 series of container_memory_rss")));
    assert!(told.iter().any(|w| w.starts_with("2 series of container_memory_rss are of whole pods")));
}

#[test]
fn one_series_given_twice_counts_once() {
    let run = run_of(&["resources/baseline.om.txt", "resources/baseline.prom_query_range.json"]).unwrap();
    let truth: Value = serde_json::from_slice(&fixture("resources/baseline.truth.json")).unwrap();
    agrees(&run, &truth, 1e-8);
    assert!(run.warnings.is_empty());
}

#[test]
fn two_hosts_without_labels_are_told_apart_by_their_files() {
    let (a, b) = (b"timestamp,rss_bytes\n1,5\n2,5\n", b"timestamp,rss_bytes\n1,7\n2,7\n");
    let run = run(&[("a.csv", a), ("b.csv", b)]).unwrap();
    assert_eq!(series(&run, "memory").max, 12.0);
    assert!(run.warnings[0].0.contains("sum of 2 series of rss_bytes"));
}

#[test]
fn vectors_scalars_and_unnamed_answers_are_read() {
    let vector = br#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"rss_bytes"},"value":[1,"5"]}]}}"#;
    assert_eq!(series(&run(&[("v.json", vector)]).unwrap(), "memory").last, 5.0);
    let scalar = br#"{"status":"success","data":{"resultType":"scalar","result":[100.5,"7"]}}"#;
    let run_of_scalar = with(&[("memory", "heap")], &[("dir/heap.json", scalar)]).unwrap();
    assert_eq!(series(&run_of_scalar, "memory").points, [(100.5, 7.0)]);
    let sum =
        br#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"5"],[2,"6"]]}]}}"#;
    let error = run(&[("sum.json", sum)]).unwrap_err().to_string();
    assert!(error.contains("CPU: sum;"), "{error}");
    assert_eq!(series(&with(&[("memory", "sum")], &[("sum.json", sum)]).unwrap(), "memory").max, 6.0);
}

#[test]
fn an_answer_that_is_an_error_is_refused_with_its_words() {
    let text = br#"{"status":"error","errorType":"bad_data","error":"parse error at char 5"}"#;
    let error = run(&[("m.json", text)]).unwrap_err().to_string();
    assert!(
        error.contains("m.json: Prometheus answered with an error") && error.contains("parse error at char 5"),
        "{error}"
    );
    let empty = br#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#;
    assert!(run(&[("m.json", empty)]).unwrap_err().to_string().contains("no series"));
}

#[test]
fn a_scrape_without_times_is_refused() {
    let text = b"# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes 38219776\n";
    let error = run(&[("metrics.txt", text)]).unwrap_err().to_string();
    assert!(error.contains("no time stamps"), "{error}");
}

#[test]
fn cut_texts_are_refused() {
    let whole = fixture("resources/baseline.om.txt");
    for cut in [whole.len() - 6, whole.len() - 10, whole.len() / 2] {
        let error = run(&[("a.txt", &whole[..cut])]).unwrap_err().to_string();
        assert!(error.contains("--allow-truncated"), "{error}");
    }
    let json = fixture("resources/baseline.prom_query_range.json");
    assert!(run(&[("a.json", &json[..json.len() / 2])]).unwrap_err().to_string().contains("--allow-truncated"));
    let bad = [&whole[..400], b"\n!!\n", &whole[400..]].concat();
    assert!(run(&[("a.txt", &bad)]).is_err());
}

#[test]
fn each_format_is_claimed_by_its_own_row_only() {
    let claim = |bytes: &[u8]| detect("x", &Head::new(bytes), None).map(|format| format.name).ok();
    let formats = [
        ("csv", "resources-csv"),
        ("om.txt", "prometheus-text"),
        ("prom.txt", "prometheus-text"),
        ("prom_query_range.json", "prometheus-json"),
    ];
    for (ending, format) in formats {
        assert_eq!(claim(&fixture(&format!("resources/baseline.{ending}"))), Some(format));
    }
    assert_eq!(claim(b"rss_bytes 5 1795225991877\nrss_bytes 6 1795225992877\n"), Some("prometheus-text"));
    for other in
        [&b"timeStamp,elapsed,label\n1,2,3\n"[..], b"metric_name,timestamp,metric_value\n", b"Running 8s test @ http\n"]
    {
        let own = |name: &str| name.starts_with("resources") || name.starts_with("prometheus");
        assert!(!claim(other).is_some_and(own));
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(text in "[a-z0-9_\"{}\\[\\]:,.=#\n\\- ]{0,200}") {
        for head in ["timestamp,rss_bytes\n1,2\n", "# TYPE rss_bytes gauge\n", "{\"status\": \"success\", \"data\": {\"resultType\": 1, \"result\": ["] {
            let _ = run(&[("x", format!("{head}{text}").as_bytes())]);
        }
    }
}
