//! `k6 run --out json=FILE`: one JSON object a line, metrics and their points interleaved.
//!
//! <https://grafana.com/docs/k6/latest/results-output/real-time/json/>. Nine lines in ten are of metrics that are not
//! used: their name is read off the line's beginning or end, where it is unmistakable, and the line is passed over.

use std::borrow::Cow;
use std::fmt;

use anyhow::Result;
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

use super::points::{Point, Points, Tags};
use super::time;
use crate::ingest::{Detail, Format, Head, Input, Line, Recorder};

pub(in crate::ingest) const FORMAT: Format =
    Format { name: "k6-json", tool: "k6", about: "k6 run --out json=FILE", detail: Detail::Raw, detect, read };

/// Whether the first line is one of k6's.
pub(super) fn detect(head: &Head<'_>) -> bool {
    let first = head.first_line();
    let typed = |kind: &[u8]| memchr::memmem::find(first, kind).is_some();
    Head::new(first).has_keys(&["type", "data", "metric"]) && (typed(b"\"Metric\"") || typed(b"\"Point\""))
}

fn read(input: &mut Input<'_>, recorder: &mut Recorder) -> Result<()> {
    let mut points = Points::default();
    while let Some(line) = input.next_line()? {
        let (number, terminated) = (line.number, line.terminated);
        if let Err(why) = take(line, &mut points, recorder) {
            input.malformed(number, terminated, &why, recorder)?;
        }
    }
    points.finish(recorder);
    Ok(())
}

/// Takes one line, or says what is wrong with it.
fn take(line: Line<'_>, points: &mut Points, recorder: &mut Recorder) -> Result<(), String> {
    let bytes = line.bytes.trim_ascii();
    let unwanted = |name: &[u8]| std::str::from_utf8(name).is_ok_and(|name| !points.wants(name));
    // A line without an end may be cut: it is read in full to find out.
    if bytes.is_empty() || (line.terminated && metric_of_point(bytes).is_some_and(unwanted)) {
        return Ok(());
    }
    let record: Record<'_> = serde_json::from_slice(bytes).map_err(|error| explained(&error))?;
    let metric = record.metric.as_str();
    match record.kind.as_str() {
        "Point" => {
            if points.wants(metric) {
                points.take(&record.point()?, recorder);
            }
            Ok(())
        }
        "Metric" => {
            points.declare(metric, record.data.kind.as_str(), record.data.contains.as_str(), recorder);
            Ok(())
        }
        other => Err(format!("not a line of k6: its type is '{other}' instead of Metric or Point")),
    }
}

/// Name of the metric of a point, where the line begins or ends as k6 writes it and nothing else could be meant.
///
/// k6 writes `{"metric":"NAME","type":"Point","data":{…}}`, and wrote `{"type":"Point","data":{…},"metric":"NAME"}`.
fn metric_of_point(line: &[u8]) -> Option<&[u8]> {
    if let Some(rest) = line.strip_prefix(b"{\"metric\":\"") {
        let name = &rest[..memchr::memchr2(b'"', b'\\', rest)?];
        let after = &rest[name.len()..];
        return (after.starts_with(b"\",\"type\":\"Point\",") && line.ends_with(b"}")).then_some(name);
    }
    line.strip_prefix(b"{\"type\":\"Point\",")?;
    let rest = line.strip_suffix(b"\"}")?;
    let start = memchr::memrchr(b'"', rest)? + 1;
    // The comma tells a key from the end of a string that holds an escaped quote.
    (rest[..start].ends_with(b",\"metric\":\"") && !rest[start..].contains(&b'\\')).then(|| &rest[start..])
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
        let tags = self.data.tags.as_ref().map(Labels::tags).unwrap_or_default();
        Ok(Point { metric: self.metric.as_str(), time: nanos, value, tags })
    }
}

impl Labels<'_> {
    fn tags(&self) -> Tags<'_> {
        Tags {
            name: self.name.as_str(),
            url: self.url.as_str(),
            method: self.method.as_str(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
            match metric_of_point(line.as_bytes()) {
                Some(name) => prop_assert_eq!(name, parsed.metric.as_str().as_bytes()),
                None => prop_assert!(metric.contains('\\'), "{} must be read in full", line),
            }
        }
    }
}
