//! Real runs in every shape a JTL may have, and rows by bits against the plain reading.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::super::Rows;
use super::super::batch::Batch;
use super::super::columns::Columns;
use super::super::time::Clock;
use super::super::truth::{assert_true, read, truth};
use super::table::{assert_agrees, plainly};
use crate::ingest::testing::{fixture, parts, run};
use crate::ingest::{Blocks, Options, Recorder, join};
use crate::model::{Kind, Run};

const HEADER: &str = "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,\
                      failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect\n";

/// The run of rows below the usual header.
fn rows(rows: &str) -> anyhow::Result<Run> {
    run(&[("x.jtl", format!("{HEADER}{rows}").as_bytes())])
}

fn message(result: anyhow::Result<Run>) -> String {
    format!("{:#}", result.unwrap_err())
}

/// The real rows of the baseline, without quotes, field by field.
fn baseline() -> Vec<Vec<String>> {
    let text = String::from_utf8(fixture("jmeter/baseline.jtl")).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// A file of `header` and fields, written by another writer than ours.
fn written(delimiter: u8, header: Option<&[&str]>, rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    header.into_iter().for_each(|names| writer.write_record(names).unwrap());
    rows.iter().for_each(|row| writer.write_record(row).unwrap());
    writer.into_inner().unwrap()
}

/// What a field may hold instead of what is usual there.
const UNUSUAL: [&str; 20] = [
    "",
    "0",
    "7",
    "-1",
    "00",
    "1795226767636",
    "179522676763x",
    "\"1\"",
    "\"a \"\"b\"\"\"",
    "\"x\ny\"",
    "\"a,b\"",
    "a,b",
    "false",
    "TRUE",
    "Number of samples in transaction : 2, number of failing samples : 0",
    "threads 2-",
    "threads",
    "-5",
    "123456789",
    "1e3",
];

fn names() -> Vec<&'static str> {
    HEADER.trim_end().split(',').collect()
}

#[test]
fn a_real_run_is_read_exactly() {
    let (run, truth) = (read("baseline.jtl"), truth("baseline"));
    assert_true(&run, &truth);
    assert!((run.started_at.unwrap().as_millisecond() as f64 / 1e3 - truth.first_start_unix_s).abs() < 1e-3);
    assert_eq!((run.load.peak_users, run.warnings.len()), (Some(9), 0));
    assert_eq!(run.failures[0].message, "500 Internal Server Error");
    assert_eq!(run.failures[0].endpoint.as_deref(), Some("POST /checkout"));
}

#[test]
fn controllers_that_the_end_of_the_test_cut_short_are_no_requests() {
    assert_true(&read("parent.jtl"), &truth("parent"));
}

#[test]
fn semicolons_and_dates_are_read() {
    let run = read("semicolon.jtl");
    assert_true(&run, &truth("semicolon"));
    assert!(run.warnings[0].0.contains("time zone"));
}

#[test]
fn tabs_and_whole_seconds_give_the_same_counts_and_latencies() {
    let mut rows = baseline();
    for row in &mut rows {
        let at = jiff::Timestamp::from_millisecond(row[0].parse().unwrap()).unwrap();
        row[0] = at.strftime("%Y/%m/%d %H:%M:%S").to_string();
    }
    let (run, truth) = (run(&[("x", &written(b'\t', Some(&names()), &rows))]).unwrap(), truth("baseline"));
    let total = run.total.unwrap();
    assert_eq!((total.count, total.errors), (Some(truth.overall.count), Some(truth.overall.errors)));
    assert_eq!(total.latency, read("baseline.jtl").total.unwrap().latency);
    assert!(!run.warnings.iter().any(|w| w.0.contains("end of each sample")));
}

#[test]
fn default_columns_need_no_header() {
    assert_true(&run(&[("x", &written(b',', None, &baseline()))]).unwrap(), &truth("baseline"));
    assert_true(&run(&[("x", &written(b'|', None, &baseline()))]).unwrap(), &truth("baseline"));
}

#[test]
fn the_twelve_columns_of_2_13_need_no_header() {
    let old = [0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 12, 14];
    let rows: Vec<Vec<String>> = baseline().iter().map(|row| old.iter().map(|at| row[*at].clone()).collect()).collect();
    assert_true(&run(&[("x", &written(b',', None, &rows))]).unwrap(), &truth("baseline"));
}

#[test]
fn end_stamps_are_told_by_the_order_of_the_rows() {
    let mut rows = baseline();
    for row in &mut rows {
        let [stamp, elapsed, idle] = [0, 1, 15].map(|at| row[at].parse::<i64>().unwrap());
        row[0] = (stamp + elapsed + idle).to_string();
    }
    let run = run(&[("x", &written(b',', Some(&names()), &rows))]).unwrap();
    assert_true(&run, &truth("baseline"));
    assert!(run.warnings[0].0.contains("end of each sample"));
}

#[test]
fn sample_variables_and_more_columns_change_nothing() {
    let more = ["Hostname", "SampleCount", "ErrorCount", "Encoding", "SessionName", "label", "success"];
    let header = [names(), more.to_vec()].concat();
    let values = ["vm", "1", "0", "UTF-8", "null", "another, \"label\"\nof two lines", "maybe"];
    let mut rows = baseline();
    rows.iter_mut().for_each(|row| row.extend(values.map(str::to_owned)));
    assert_true(&run(&[("x", &written(b',', Some(&header), &rows))]).unwrap(), &truth("baseline"));
}

#[test]
fn the_order_of_the_columns_does_not_matter() {
    let reversed = |mut row: Vec<String>| {
        row.reverse();
        row
    };
    let header: Vec<&str> = names().into_iter().rev().collect();
    let rows: Vec<Vec<String>> = baseline().into_iter().map(reversed).collect();
    assert_true(&run(&[("x", &written(b';', Some(&header), &rows))]).unwrap(), &truth("baseline"));
}

#[test]
fn success_alone_says_what_failed() {
    let run = rows(
        "1795226767635,5,a,200,OK,t 1-1,text,FALSE,expected 7,1,1,1,1,null,1,0,0\n\
         1795226767645,5,a,500,Error,t 1-1,text,True,,1,1,1,1,null,1,0,0\n\
         1795226767655,0,a,Non HTTP response code: java.net.ConnectException,,t 1-1,text,false,,0,0,1,1,null,0,0,0\n",
    )
    .unwrap();
    assert_eq!((run.total.as_ref().unwrap().count, run.total.as_ref().unwrap().errors), (Some(3), Some(2)));
    let messages: Vec<&str> = run.failures.iter().map(|f| f.message.as_str()).collect();
    assert!(messages.contains(&"200 OK expected 7"), "{messages:?}");
    assert!(messages.contains(&"Non HTTP response code: java.net.ConnectException"), "{messages:?}");
}

#[test]
fn controllers_are_listed_and_not_counted() {
    let message = "\"Number of samples in transaction : 1, number of failing samples : 0\"";
    let empty = message.replace(": 1", ": 0");
    let run = rows(&format!(
        "1795226767635,5,a,200,OK,t 1-1,text,true,,1,1,1,1,null,1,0,0\n\
         1795226767635,5,flow,200,{message},t 1-1,,true,,1,1,1,1,null,1,0,0\n\
         1795226767640,0,flow,200,{empty},t 1-1,,true,,1,1,1,1,null,1,0,0\n"
    ))
    .unwrap();
    assert_eq!(run.total.unwrap().count, Some(1));
    let flow = run.endpoints.iter().find(|e| e.name == "flow").unwrap();
    assert_eq!((flow.kind, flow.count), (Kind::Transaction, Some(1)));
}

#[test]
fn controllers_are_the_requests_where_their_samples_are_lost() {
    let message = "\"Number of samples in transaction : 3, number of failing samples : 1\"";
    let run = rows(&format!(
        "1795226767635,50,flow,200,{message},browse 1-1,,false,,1,1,1,1,null,1,0,0\n\
         1795226767645,5,pay,200,OK,buy 2-1,text,true,,1,1,1,1,null,1,0,0\n\
         1795226767755,60,flow,200,,browse 1-1,,true,,1,1,1,1,null,1,0,0\n"
    ))
    .unwrap();
    assert_eq!((run.total.as_ref().unwrap().count, run.total.as_ref().unwrap().errors), (Some(3), Some(1)));
    assert!(run.endpoints.iter().all(|e| e.kind == Kind::Request) && run.timeline.is_some());
    assert!(run.warnings[0].0.contains("browse 1"), "{:?}", run.warnings);
    assert_eq!(run.failures[0].message, "200 a sample of the transaction failed");
}

#[test]
fn nested_rows_without_messages_are_warned_about() {
    let mut text = "timeStamp,elapsed,label,threadName,success\n".to_owned();
    for at in 0..50_i64 {
        let start = 1_795_226_767_000 + at * 100;
        writeln!(text, "{start},20,a,t 1-1,true\n{},30,b,t 1-1,true", start + 20).unwrap();
        writeln!(text, "{start},50,flow,t 1-1,true").unwrap();
    }
    let run = run(&[("x", text.as_bytes())]).unwrap();
    assert!(run.warnings[0].0.contains("overlap"), "{:?}", run.warnings);
}

#[test]
fn rows_of_the_statistical_sender_stand_for_many() {
    let text = "timeStamp,elapsed,label,threadName,success,SampleCount,ErrorCount\n\
                1795226767635,300,a,t 1-1,false,10,2\n1795226768635,20,a,t 1-1,true,1,0\n";
    let total = run(&[("x", text.as_bytes())]).unwrap().total.unwrap();
    assert_eq!((total.count, total.errors), (Some(11), Some(2)));
    assert_eq!(total.latency.unwrap().max, Some(0.030));
}

/// The message of a controller.
const CONTROLLER: &str = "\"Number of samples in transaction : 1, number of failing samples : 0\"";

/// Rows of four groups, one after the other, of which the last has controllers only; some fail, some pause.
fn row(at: u64, label: &str) -> String {
    // Ends are not in their order, so that the first rows tell what stamps are.
    let (stamp, elapsed) = (1_795_226_767_000 + 5 * at, at * 7_919 % 900);
    let group = ["first", "second", "late", "controllers"][(at / 6_000) as usize % 4];
    let (message, label) = match at % 50 {
        7 => (CONTROLLER, "controller"),
        _ if group == "controllers" => (CONTROLLER, "alone"),
        8 => ("", "controller"),
        _ => ("OK", label),
    };
    let (code, success) = if at % 97 == 3 { ("500", "false") } else { ("200", "true") };
    let (kind, idle) = (if message.is_empty() { "" } else { "text" }, if at.is_multiple_of(31) { 5 } else { 0 });
    let (thread, users) = (at % 11, at % 13);
    format!(
        "{stamp},{elapsed},{label},{code},{message},{group} 1-{thread},{kind},{success},,155,122,2,{users},http://x/,37,{idle},28\n"
    )
}

#[test]
fn rows_that_are_counted_add_up_to_those_that_are_taken_one_by_one() {
    const LABELS: [&str; 4] =
        ["GET /", "POST /a/b", "\"a, \"\"b\"\"\"", "a label that is longer than what is compared at once"];
    let few: String = (0..20_000).map(|at| row(at, LABELS[at as usize % 4])).collect();
    // From some row on each has a label of its own, and the rarer ones are merged.
    let many: String = (0..20_000).map(|at| row(at, &format!("label {}", at.saturating_sub(9_000)))).collect();
    for (rows, merged) in [(few, false), (many, true)] {
        let plain = by_rows(&rows, false);
        assert_eq!(by_rows(&rows, true), plain);
        assert_eq!(plain.endpoints.iter().any(|endpoint| endpoint.name == "(other)"), merged);
        for (size, threads) in [(256 << 10, 1), (256 << 10, 3), (9_973, 2), (70_001, 2)] {
            let options = Options { blocks: Blocks { size, threads }, ..Options::default() };
            let mut run = join(parts(&[("x.jtl", format!("{HEADER}{rows}").as_bytes())]), &options).unwrap();
            run.sources.clear();
            (run.tool, run.environment) = (plain.tool.clone(), plain.environment.clone());
            assert_eq!(run, plain, "{size} {threads}");
        }
    }
}

/// The run of rows with the usual columns, read and taken one after another, and counted or not.
fn by_rows(text: &str, counting: bool) -> Run {
    let mut recorder = Recorder::new(&Options::default());
    let (mut batch, mut clock, columns) = (Batch::default(), Clock::default(), Columns::USUAL);
    batch.clear(None);
    assert_eq!(plainly(text.as_bytes(), true, &columns, &mut clock, &mut batch).bytes, text.len());
    let mut rows = if counting { Rows::counting(&mut recorder) } else { Rows::new(&mut recorder) };
    for (row, rest) in batch.rows() {
        rows.take(&batch.row(&row, rest));
    }
    let users = batch.users;
    batch.clear(None);
    batch.users = users;
    rows.take_all(&batch);
    rows.finish();
    recorder.finish().unwrap()
}

#[test]
fn a_second_header_is_skipped_with_a_warning() {
    let row = "1795226767635,5,a,200,OK,t 1-1,text,true,,1,1,1,1,null,1,0,0\n";
    let mixed = rows(&format!("{row}\n\r\n{HEADER}{row}")).unwrap();
    assert_eq!(mixed.total.unwrap().count, Some(2));
    assert!(mixed.warnings[0].0.contains("x.jtl:5: a second header"), "{:?}", mixed.warnings);
    let other = rows(&format!("{row}label;success;elapsed;timeStamp\na;true;7;2026/11/21 02:12:56\n")).unwrap();
    assert_eq!(other.total.unwrap().count, Some(2));
}

#[test]
fn a_header_may_follow_blank_lines_and_a_byte_order_mark() {
    let row = "1795226767635,5,a,200,OK,t 1-1,text,true,,1,1,1,1,null,1,0,0\n";
    for text in [format!("\n\r\n{HEADER}{row}"), format!("{HEADER}{row}").replace('\n', "\r\n")] {
        assert_eq!(run(&[("x", text.as_bytes())]).unwrap().total.unwrap().count, Some(1));
    }
    let options = Options { format: Some("jmeter-csv".to_owned()), ..Options::default() };
    let marked = format!("\u{feff}{HEADER}{row}");
    assert_eq!(join(parts(&[("x", marked.as_bytes())]), &options).unwrap().total.unwrap().count, Some(1));
}

#[test]
fn what_is_wrong_in_the_middle_is_told_with_its_line() {
    let row = "1795226767635,5,a,200,OK,t 1-1,text,true,,1,1,1,1,null,1,0,0\n";
    for (bad, says) in [
        ("1795226767635,5,a,200,OK\n", "5 fields instead of 17"),
        ("2026/20/21 02:12:56,5,a,200,OK,t 1-1,text,true,,1,1,1,1,null,1,0,0\n", "'timeStamp'"),
        ("1795226767635,,a,200,OK,t 1-1,text,true,,1,1,1,1,null,1,0,0\n", "'elapsed'"),
        ("1795226767635,5,a,200,OK,t 1-1,text,yes,,1,1,1,1,null,1,0,0\n", "'success'"),
        ("1795226767635,5,\"a\"b,200,OK,t 1-1,text,true,,1,1,1,1,null,1,0,0\n", "quotes"),
    ] {
        let said = message(rows(&format!("{row}{bad}{row}")));
        assert!(said.contains("x.jtl:3") && said.contains(says), "{said}");
    }
}

#[test]
fn a_cut_last_line_is_refused_unless_allowed() {
    let row = "1795226767635,5,a,200,OK,t 1-1,text,true,,1,1,1,1,null,1,0,0\n";
    let allow = Options { allow_truncated: true, ..Options::default() };
    for cut in ["17952267", "1795226767635,5,a,200,\"O\nK", "1795226767635,5,a,200,OK,t 1-1,text,tr"] {
        let text = format!("{HEADER}{row}{cut}");
        assert!(message(run(&[("x", text.as_bytes())])).contains("--allow-truncated"));
        let kept = join(parts(&[("x", text.as_bytes())]), &allow).unwrap();
        assert_eq!((kept.total.unwrap().count, kept.warnings.len()), (Some(1), 1));
    }
    assert_eq!(rows(row.trim_end()).unwrap().total.unwrap().count, Some(1));
}

#[test]
fn impossible_latencies_are_counted_and_left_out() {
    let mut text = String::new();
    for at in 0..200 {
        let elapsed = if at == 100 { "-3" } else { "5" };
        writeln!(text, "{},{elapsed},a,200,OK,t 1-1,text,true,,1,1,1,1,null,1,0,0", 1_795_226_767_000_i64 + at * 9)
            .unwrap();
    }
    let run = rows(&text).unwrap();
    assert_eq!((run.total.unwrap().count, run.invalid), (Some(199), None));
    assert!(run.warnings[0].0.contains("1 of 200"), "{:?}", run.warnings);
}

#[test]
fn metrics_of_perfmon_are_no_latencies() {
    let said = message(rows("1795226767635,53210,localhost CPU,,,,,true,,0,0,0,0,null,0,0,0\n"));
    assert!(said.contains("PerfMon") && said.contains("x.jtl:2"), "{said}");
    let bare = "timeStamp,elapsed,label,success\n1795226767635,53210,10.0.0.1 Network I/O bytesrecv,true\n";
    assert!(message(run(&[("x", bare.as_bytes())])).contains("PerfMon"));
}

#[test]
fn a_missing_column_is_named() {
    let said = message(run(&[("x", b"elapsed,label,threadName,success\n5,a,t 1-1,true\n")]));
    assert!(said.contains("'timeStamp'") && said.contains("timestamp_format=ms"), "{said}");
}

#[test]
fn a_header_alone_is_zero_requests() {
    assert_eq!(rows("").unwrap().invalid.as_deref(), Some("zero requests"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_bytes_panic(rest in prop::collection::vec(any::<u8>(), 0..300), cut in any::<bool>()) {
        let bytes = [HEADER.as_bytes(), &rest].concat();
        let options = Options { allow_truncated: cut, ..Options::default() };
        let _ = join(parts(&[("x", &bytes)]), &options);
    }

    #[test]
    fn rows_by_bits_are_those_of_the_plain_reading(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "1795226767635,5,a,true,t 1-1\n", "1795226767640,7,\"a, b\",false,t 1-2\r\n", "1795226767650,1,\"x\ny\",TRUE,b 2-1\n",
            "1795226767635,5,\"say \"\"hi\"\"\",true,t 1-1\n", "1,2,", "\"", "\n", "\r\n", ",", "5\" hose", "\"\"", "true", "  \n", "é", "-1",
        ]), 0..30),
    ) {
        assert_agrees(format!("timeStamp,elapsed,label,success,threadName\n{}", pieces.concat()).as_bytes());
    }

    #[test]
    fn rows_with_the_usual_columns_are_those_of_the_plain_reading(
        rows in prop::collection::vec(
            (prop::collection::vec((prop::sample::select(UNUSUAL.as_slice()), 0_usize..17), 0..2), 0_u64..3_000, 0_usize..6),
            1..40,
        ),
    ) {
        let text = rows.iter().enumerate().fold(HEADER.to_owned(), |text, (at, (changes, elapsed, label))| {
            let label = ["GET /", "a", "POST /a/rather/long/path", "\"a, b\"", "GET /a/path/that/is/longer/than/that", "x1234567"][*label];
            let row = format!(
                "{},{elapsed},{label},200,OK,group {}-{at},text,true,,155,122,2,{at},http://x/{label},37,0,{at}",
                1_795_226_767_635 + 40 * at, at % 7 % 2,
            );
            let mut fields: Vec<&str> = row.split(',').collect();
            for (change, column) in changes {
                fields[*column] = change;
            }
            text + &fields.join(",") + "\n"
        });
        assert_agrees(text.as_bytes());
    }

    #[test]
    fn writers_and_delimiters_do_not_matter(
        samples in prop::collection::vec(("[a-z ,;|\"\n]{1,9}", 0..5_000_u32, any::<bool>()), 1..40),
        delimiter in prop::sample::select(b",;\t|".as_slice()),
    ) {
        let row = |(at, (label, elapsed, ok)): (usize, &(String, u32, bool))| {
            let start = 1_795_226_767_000 + at as i64 * 10;
            vec![start.to_string(), elapsed.to_string(), label.clone(), ok.to_string(), format!("t 1-{at}")]
        };
        let rows: Vec<Vec<String>> = samples.iter().enumerate().map(row).collect();
        let header = ["timeStamp", "elapsed", "label", "success", "threadName"];
        let mut run = run(&[("x", &written(delimiter, Some(&header), &rows))]).unwrap();
        let failed = samples.iter().filter(|(_, _, ok)| !ok).count() as u64;
        let total = run.total.take().unwrap();
        prop_assert_eq!((total.count, total.errors), (Some(samples.len() as u64), Some(failed)));
        let mut labels: Vec<&String> = samples.iter().map(|(label, ..)| label).collect();
        labels.sort_unstable();
        labels.dedup();
        prop_assert_eq!(run.endpoints.iter().map(|e| &e.name).collect::<Vec<_>>(), labels);
    }
}
