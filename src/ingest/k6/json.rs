//! `k6 run --out json=FILE`: one JSON object a line, metrics and their points interleaved.
//!
//! <https://grafana.com/docs/k6/latest/results-output/real-time/json/>. Nine lines in ten are of metrics that are not
//! used: their name is read off the line's beginning or end, where it is unmistakable, and the line is passed over. Points
//! that are used are read in one [walk], and what is unusual by a JSON parser.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

use super::batch::{Batch, Between, Taken};
use super::points::{Point, Points, Tags, label};
use super::{metric, time, walk};
use crate::ingest::bits::Look;
use crate::ingest::blocks;
use crate::ingest::parser::{Parsed, Parser, Place, Taker};
use crate::ingest::{Detail, Format, Head, Input, Label, Recorder, lines};

pub(in crate::ingest) const FORMAT: Format =
    Format { name: "k6-json", tool: "k6", about: "k6 run --out json=FILE", detail: Detail::Raw, detect, read };

/// Whether the first line is one of k6's.
pub(super) fn detect(head: &Head<'_>) -> bool {
    let first = head.first_line();
    let typed = |kind: &[u8]| memchr::memmem::find(first, kind).is_some();
    Head::new(first).has_keys(&["type", "data", "metric"]) && (typed(b"\"Metric\"") || typed(b"\"Point\""))
}

fn read(input: &mut Input<'_>, recorder: &mut Recorder) -> Result<()> {
    read_lines(&Lines::default(), input, recorder)
}

fn read_lines(lines: &Lines, input: &mut Input<'_>, recorder: &mut Recorder) -> Result<()> {
    let taking = blocks::read(input, lines, Taking { lines, points: Points::default(), recorder })?;
    taking.points.finish(taking.recorder);
    Ok(())
}

/// Parses lines.
#[derive(Default)]
struct Lines {
    /// Whether `http_req_failed` is needed.
    joining: AtomicBool,
    /// Whether labels are so many that requests are taken one by one.
    is_full: AtomicBool,
}

impl Parser for Lines {
    type Batch = Batch;

    fn parse(&self, bytes: &[u8], last: bool, batch: &mut Batch) -> Parsed {
        batch.clear(!self.is_full.load(Ordering::Relaxed));
        let mut reader = Reader { joining: self.joining.load(Ordering::Relaxed), batch, wrong: None };
        let walked = lines::unquoted_lines(bytes, &mut reader);
        let mut parsed = Parsed { bytes: walked.bytes, lines: walked.lines, wrong: reader.wrong };
        let rest = &bytes[parsed.bytes..];
        // A line without an end may be cut: it is read in full to find out.
        if last && !rest.is_empty() && parsed.wrong.is_none() {
            match in_full(rest.trim_ascii(), batch) {
                Ok(()) => parsed.bytes = bytes.len(),
                Err(why) => parsed.wrong = Some(why),
            }
        }
        batch.settle();
        if batch.undecided {
            self.joining.store(true, Ordering::Relaxed);
        }
        parsed
    }
}

/// Reads the lines of one block.
struct Reader<'a> {
    joining: bool,
    batch: &'a mut Batch,
    wrong: Option<String>,
}

impl lines::Reader for Reader<'_> {
    #[inline(always)]
    fn passes_over(&mut self, line: &[u8]) -> bool {
        passes_over(line, self.joining, self.batch)
    }

    #[inline(always)]
    fn read(&mut self, look: impl Look, line: &[u8]) -> bool {
        walk::point(look, line, self.batch).is_some() || self.is_read(line)
    }
}

impl Reader<'_> {
    #[inline(never)]
    fn is_read(&mut self, line: &[u8]) -> bool {
        self.wrong = in_full(line.trim_ascii(), self.batch).err();
        self.wrong.is_none()
    }
}

/// Whether nothing of a line is used, as its beginning or its end tells.
#[inline(always)]
fn passes_over(line: &[u8], joining: bool, batch: &mut Batch) -> bool {
    let is_failed = match walk::unused_metric(line) {
        Some(name) if !name.is_failed => return true,
        Some(_) => true,
        None => match walk::metric_behind(line) {
            Some(name) if metric::is_passed_over(name) => return true,
            name => name == Some(metric::FAILED.as_bytes()),
        },
    };
    let is_unused = is_failed && !joining && !batch.undecided;
    batch.passed_over |= is_unused;
    is_unused
}

/// Takes points in the order of the file.
struct Taking<'a> {
    lines: &'a Lines,
    points: Points,
    recorder: &'a mut Recorder,
}

impl Taker<Batch> for Taking<'_> {
    fn take(&mut self, _: &Place<'_>, batch: &mut Batch) -> Result<Option<usize>> {
        if batch.passed_over && self.points.is_joining() {
            self.lines.joining.store(true, Ordering::Relaxed);
            return Ok(Some(0));
        }
        if batch.counts_of().is_some_and(|labels| !self.points.can_count(labels, self.recorder)) {
            self.lines.is_full.store(true, Ordering::Relaxed);
            return Ok(Some(0));
        }
        batch.each(|taken| match taken {
            Taken::Value(time, value, tail) => self.points.take(time, value, tail, self.recorder),
            Taken::Between(Between::Declared { metric, kind, contains }) => {
                self.points.declare(metric, kind, contains, self.recorder);
            }
            Taken::Between(Between::Coarse) => {}
        });
        batch.each_counted(|tail| Points::take_counted(tail, self.recorder));
        Ok(None)
    }

    fn recorder(&mut self) -> &mut Recorder {
        self.recorder
    }
}

/// Parses a line with a JSON parser.
fn in_full(text: &[u8], batch: &mut Batch) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    let record: Record<'_> = serde_json::from_slice(text).map_err(|error| explained(&error))?;
    let metric = record.metric.as_str();
    match record.kind.as_str() {
        "Point" if metric::is_unused(metric) => {}
        "Point" => batch.push(&record.point()?, None),
        "Metric" => batch.declare(metric, record.data.kind.as_str(), record.data.contains.as_str()),
        other => return Err(format!("not a line of k6: its type is '{other}' instead of Metric or Point")),
    }
    Ok(())
}

/// A message of serde without its place, which is within the line.
fn explained(error: &serde_json::Error) -> String {
    let text = error.to_string();
    format!("not a line of k6: {}", text.split(" at line ").next().unwrap_or_default())
}

/// A line; k6: `output/json/wrapper.go`.
#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    metric: Text<'a>,
    #[serde(borrow)]
    data: Contents<'a>,
}

/// The contents of a point or of a metric.
#[derive(Deserialize)]
struct Contents<'a> {
    #[serde(borrow, default)]
    time: Text<'a>,
    /// Absent and `null` are both no number.
    #[serde(default)]
    value: Option<f64>,
    #[serde(borrow, default)]
    tags: Option<Labels<'a>>,
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    contains: Text<'a>,
}

/// The tags of a point that are looked at.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Labels<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    url: Text<'a>,
    #[serde(borrow)]
    method: Text<'a>,
    #[serde(borrow)]
    group: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    error: Text<'a>,
    #[serde(borrow)]
    error_code: Text<'a>,
    #[serde(borrow)]
    expected_response: Text<'a>,
}

impl Record<'_> {
    fn point(&self) -> Result<Point<'_>, String> {
        let time = self.data.time.as_str();
        let Some(nanos) = time::rfc3339(time.as_bytes()) else {
            return Err(format!("data.time '{time}' is not an RFC 3339 time"));
        };
        let value = self.data.value.unwrap_or(f64::NAN);
        let told = self.data.tags.as_ref();
        let label = told.map_or_else(|| label("", "", ""), Labels::label);
        let tags = told.map(Labels::tags).unwrap_or_default();
        Ok(Point { metric: self.metric.as_str(), time: nanos, value, label, tags })
    }
}

impl Labels<'_> {
    fn label(&self) -> Label<'_> {
        label(self.name.as_str(), self.url.as_str(), self.method.as_str())
    }

    fn tags(&self) -> Tags<'_> {
        Tags {
            group: self.group.as_str(),
            status: self.status.as_str(),
            error: self.error.as_str(),
            error_code: self.error_code.as_str(),
            expected_response: self.expected_response.as_str(),
        }
    }
}

/// A text that borrows from the line unless it holds escapes; `null` and absent are empty, numbers their digits.
#[derive(Default)]
struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Texts).map(Text)
    }
}

struct Texts;

impl<'de> Visitor<'de> for Texts {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(""))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(if value { "true" } else { "false" }))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(value.to_string()))
    }
}

/// Holds what is walked of lines, and what is read off them, equal to what a JSON parser sees.
#[cfg(any(test, fuzzing))]
pub(in crate::ingest) fn assert_agrees(bytes: &[u8]) {
    let mut batch = Batch::default();
    for line in bytes.split(|byte| *byte == b'\n') {
        batch.clear(false);
        let walked = walk::point(crate::ingest::bits::usual(), line, &mut batch).map(|()| batch.shown());
        let parsed = serde_json::from_slice::<Record<'_>>(line);
        let name = parsed.as_ref().map(|record| record.metric.as_str()).unwrap_or_default();
        if walked.is_some() {
            let mut plain = Batch::default();
            let unused = metric::is_unused(name);
            let expected =
                in_full(line, &mut plain).map(|()| if unused { walked.clone() } else { Some(plain.shown()) });
            assert_eq!(Ok(walked), expected, "{}", String::from_utf8_lossy(line));
        }
        if let Ok(record) = &parsed {
            let unused = walk::unused_metric(line).map(|found| &name.as_bytes()[..found.size]);
            for read in [walk::metric_behind(line), unused].into_iter().flatten() {
                assert_eq!(
                    (read, "Point"),
                    (name.as_bytes(), record.kind.as_str()),
                    "{}",
                    String::from_utf8_lossy(line)
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::{Blocks, Options};
    use crate::model::Run;
    use proptest::prelude::*;

    /// What lines make, whose requests are counted where they are parsed, or taken one by one.
    fn taken(text: &str, size: usize, is_counting: bool) -> Run {
        let options = Options { blocks: Blocks { size, threads: 2 }, ..Options::default() };
        let lines = Lines { is_full: AtomicBool::new(!is_counting), ..Lines::default() };
        let (mut recorder, mut bytes) = (Recorder::new(&options), text.as_bytes());
        read_lines(&lines, &mut Input::new("x.json", &mut bytes, &options), &mut recorder).unwrap();
        recorder.finish().unwrap()
    }

    fn request(name: &str, millis: u64, value: f64, group: &str, expected: &str) -> String {
        let (second, millis) = (millis / 1_000 % 60, millis % 1_000);
        format!(
            r#"{{"metric":"http_req_duration","type":"Point","data":{{"time":"2026-11-21T01:52:{second:02}.{millis:03}Z","value":{value},"tags":{{"expected_response":"{expected}","group":"{group}","name":"{name}"}}}}}}"#
        )
    }

    #[test]
    fn requests_of_very_many_labels_are_merged_as_if_taken_one_by_one() {
        let line = |at: u64| request(&format!("/item/{}", at % 4_500), at, at as f64, "", "true") + "\n";
        let text: String = (0..6_000).map(line).collect();
        let counted = taken(&text, 1 << 14, true);
        assert_eq!(counted, taken(&text, 1 << 14, false));
        assert!(counted.warnings.iter().any(|warning| warning.0.contains("(other)")));
    }

    proptest! {
        #[test]
        fn requests_that_are_counted_count_as_those_taken_one_by_one(
            requests in prop::collection::vec((
                prop::sample::select(vec!["a", "b", "c"]), 0_u64..9_000,
                prop_oneof![0.0..5_000.0_f64, prop::sample::select(vec![0.0, -0.0, -1.0, 1e300, 7.0, 0.000_000_1])],
                prop::sample::select(vec!["", "", "::a", "::setup"]), prop::sample::select(vec!["true", "true", "true", "false", ""]),
            ), 0..60),
            size in prop::sample::select(vec![300, 1_000, 100_000]),
        ) {
            let line = |(name, at, value, group, expected): &(&str, u64, f64, &str, &str)| request(name, *at, *value, group, expected) + "\n";
            let text: String = requests.iter().map(line).collect();
            prop_assert_eq!(taken(&text, size, true), taken(&text, size, false));
        }
    }

    /// Lines as k6 writes them, now and formerly, and what each may hold.
    const LINES: [&str; 4] = [
        r#"{"metric":"http_req_duration","type":"Point","data":{"time":"2026-11-21T01:52:00.5Z","value":200.25,"tags":{"expected_response":"true","group":"::a","name":"slow","status":"200","team":"a \"b\"","url":"http://x/"}}}"#,
        r#"{"type":"Point","data":{"time":"2026-11-21T01:52:01.123456789+05:30","value":1,"tags":{"error":"line1\nline2 \u00e9","error_code":"1050","expected_response":"false","name":"café"}},"metric":"http_req_duration"}"#,
        r#"{"metric":"checks","type":"Point","data":{"time":"2026-11-21T01:52:00Z","value":-0.5e-3,"tags":null,"more":{"a":[1]}}}"#,
        r#"{"metric":"vus","type":"Point","data":{"time":"2026-11-21T01:53:00.25Z","value":7,"tags":{}}}"#,
    ];
    /// What is put into them.
    const PIECES: [&str; 24] = [
        "\"",
        "\\",
        "\\u0041",
        "\\ud800",
        "\\u00",
        ",",
        ":",
        "{",
        "}",
        "[",
        "]",
        " ",
        "\t",
        "0",
        "1",
        "-",
        "+",
        ".",
        "e5",
        "null",
        "true",
        "\u{7f}",
        "\"value\":2,",
        "\"name\":\"b\",",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn a_walk_sees_what_a_parser_sees_or_nothing(
            line in prop::sample::select(LINES.as_slice()),
            edits in prop::collection::vec((any::<prop::sample::Index>(), 0..3_usize, prop::sample::select(PIECES.as_slice())), 0..4),
        ) {
            let mut bytes = line.as_bytes().to_vec();
            for (at, removed, piece) in edits {
                let at = at.index(bytes.len());
                let end = (at + removed).min(bytes.len());
                bytes.splice(at..end, piece.bytes());
            }
            // The line before it makes its tags known.
            assert_agrees(&[line.as_bytes(), &bytes].join(&b'\n'));
        }

        #[test]
        fn a_usual_line_is_walked(
            name in r#"([a-zA-Z0-9 /?=.,:{}é]|\\"|\\\\|\\u0026){0,30}"#, value in -1e9..1e9_f64, nanos in 0_u32..999_999_999,
        ) {
            let line = format!(
                r#"{{"metric":"http_req_duration","type":"Point","data":{{"time":"2026-11-21T01:52:00.{nanos:09}Z","value":{value},"tags":{{"expected_response":"true","name":"{name}"}}}}}}"#,
            );
            let mut batch = Batch::default();
            for _ in 0..2 {
                prop_assert!(walk::point(crate::ingest::bits::usual(), line.as_bytes(), &mut batch).is_some(), "{}", line);
            }
        }
    }

    proptest! {
        #[test]
        fn a_name_read_off_a_line_is_the_one_a_parser_finds(
            metric in prop::sample::select(vec!["http_reqs", "vus", "a\"b", "a\\", ",\"metric\":\"", "\u{e9}"]),
            tag in prop::collection::vec(prop::sample::select(vec!["\"", "\\", ",", "}", "metric", ":", "\"metric\":\"x\"}"]), 0..6),
            old in any::<bool>(),
        ) {
            let (metric, tag) = (serde_json::to_string(metric).unwrap(), serde_json::to_string(&tag.concat()).unwrap());
            let data = format!(r#"{{"time":"","value":1,"tags":{{{tag}:{tag}}}}}"#);
            let line = if old {
                format!(r#"{{"type":"Point","data":{data},"metric":{metric}}}"#)
            } else {
                format!(r#"{{"metric":{metric},"type":"Point","data":{data}}}"#)
            };
            let parsed: Record<'_> = serde_json::from_str(&line).unwrap();
            let name = parsed.metric.as_str();
            match walk::metric_behind(line.as_bytes()) {
                Some(found) => prop_assert_eq!(found, name.as_bytes()),
                None => prop_assert!(!old || metric.contains('\\'), "{} must be read in full", line),
            }
            let is_found = walk::unused_metric(line.as_bytes()).is_some();
            prop_assert_eq!(is_found, !old && metric::is_unused(name));
        }
    }
}
