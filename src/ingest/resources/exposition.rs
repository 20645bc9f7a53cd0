//! Prometheus' text exposition 0.0.4 and `OpenMetrics` 1.0, with time stamps: scrapes written one after the other.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>, <https://prometheus.io/docs/specs/om/open_metrics_spec/>.
//! The first has milliseconds, the second seconds, `# UNIT`, exemplars, and `# EOF` at the end.

use std::collections::HashMap;

use anyhow::Result;

use super::{Labels, time};
use crate::ingest::{Detail, Format, Head, Input, Recorder};

pub(in crate::ingest) const FORMAT: Format = Format {
    name: "prometheus-text",
    tool: "",
    about: "memory and CPU series: Prometheus text or OpenMetrics with time stamps",
    detail: Detail::Resources,
    detect,
    read,
};

/// What comments of the format begin with.
const COMMENTS: [&[u8]; 4] = [b"# HELP ", b"# TYPE ", b"# UNIT ", b"# EOF"];
/// Lines without comments that are looked at for detection.
const LINES: usize = 3;
/// A first stamp before this is none (1 January 2000): lines of three numbers are common elsewhere.
const EARLIEST: f64 = 946_684_800.0;

fn detect(head: &Head<'_>) -> bool {
    let first = head.first_line();
    let stamped = |line: &[u8]| {
        let Some(sample) = std::str::from_utf8(line).ok().and_then(|line| Sample::parse(line).ok()) else {
            return false;
        };
        sample.time.is_some_and(|time| time > EARLIEST)
    };
    COMMENTS.iter().any(|comment| first.starts_with(comment))
        || (!first.is_empty() && head.lines().take(LINES).all(stamped))
}

fn read(input: &mut Input<'_>, recorder: &mut Recorder) -> Result<()> {
    recorder.resources().begin(input.name());
    let mut text = Text::default();
    while let Some(line) = input.next_line()? {
        let (number, terminated) = (line.number, line.terminated);
        // The format ends every line, so one without an end was cut, however well it reads.
        let cut = !terminated && !line.bytes.starts_with(b"#") && !line.bytes.trim_ascii().is_empty();
        let taken = match std::str::from_utf8(line.bytes) {
            _ if cut => Err("cut off".to_owned()),
            Ok(line) => text.take(line.trim(), recorder)?,
            Err(_) => Err("no UTF-8".to_owned()),
        };
        if let Err(why) = taken {
            input.malformed(number, terminated, &why, recorder)?;
        }
    }
    if text.units && !text.ended {
        input.truncated("OpenMetrics ends with '# EOF', which is missing", recorder)?;
    }
    recorder.resources().end()
}

/// What is known of the text so far.
#[derive(Default)]
struct Text {
    /// Numbers of the series, by name and labels as they are written.
    series: HashMap<String, usize>,
    /// Whether `# UNIT` was seen, which only `OpenMetrics` has.
    units: bool,
    ended: bool,
}

impl Text {
    /// Takes a line; the inner error says why it is none of the format.
    fn take(&mut self, line: &str, recorder: &mut Recorder) -> Result<Result<(), String>> {
        if let Some(comment) = line.strip_prefix('#') {
            self.comment(comment, recorder);
            return Ok(Ok(()));
        }
        // A brace first is the form for names of any characters, none of which is known.
        if line.is_empty() || line.starts_with('{') {
            return Ok(Ok(()));
        }
        let sample = match Sample::parse(line) {
            Ok(sample) => sample,
            Err(why) => return Ok(Err(why)),
        };
        let resources = recorder.resources();
        if !resources.wants(sample.name) {
            return Ok(Ok(()));
        }
        let Some(time) = sample.time else {
            resources.add_untimed();
            return Ok(Ok(()));
        };
        let series = match self.series.get(sample.key) {
            Some(known) => *known,
            None => {
                let Some(labels) = labels(sample.labels) else { return Ok(Err("the labels are broken".to_owned())) };
                let series = resources.instance(sample.name, &labels)?;
                self.series.insert(sample.key.to_owned(), series);
                series
            }
        };
        resources.add(series, time, sample.value)?;
        Ok(Ok(()))
    }

    fn comment(&mut self, comment: &str, recorder: &mut Recorder) {
        let mut words = comment.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some("EOF"), None, None) => self.ended = true,
            (Some("UNIT"), ..) => self.units = true,
            (Some("TYPE"), Some(name), Some("counter")) => recorder.resources().declare_counter(name),
            _ => {}
        }
    }
}

/// One line: `name{labels} value [stamp] [# exemplar]`.
#[derive(Debug, PartialEq)]
struct Sample<'a> {
    name: &'a str,
    /// Between the braces, as it is written.
    labels: &'a str,
    /// Name and labels.
    key: &'a str,
    value: f64,
    time: Option<f64>,
}

impl<'a> Sample<'a> {
    fn parse(line: &'a str) -> Result<Self, String> {
        let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))).unwrap_or(line.len());
        let (name, rest) = line.split_at(end);
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err("no metric name".to_owned());
        }
        let inside = rest.trim_start().strip_prefix('{');
        let (labels, rest) = match inside.map(|inside| (inside, end_of_labels(inside))) {
            None => ("", rest),
            Some((inside, Some(end))) => (&inside[..end], &inside[end + 1..]),
            Some((_, None)) => return Err("the labels do not end".to_owned()),
        };
        let key = line[..line.len() - rest.len()].trim_end();
        let mut words = rest.split_whitespace().take_while(|word| *word != "#");
        let number = |word: &str| word.parse::<f64>().map_err(|_| format!("'{word}' is no number"));
        let value = number(words.next().ok_or("the value is missing")?)?;
        let stamp = words.next().map(number).transpose()?;
        let time = match stamp.map(time::seconds) {
            Some(None) => return Err("the time stamp is no time".to_owned()),
            other => other.flatten(),
        };
        if words.next().is_some() {
            return Err("more than a value and a time stamp".to_owned());
        }
        Ok(Self { name, labels, key, value, time })
    }
}

/// Position of the brace that ends the labels; braces in quotes do not count.
fn end_of_labels(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'}' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// `a="b",c="d"`; a comma at the end is legal.
fn labels(mut text: &str) -> Option<Labels> {
    let mut labels = Labels::new();
    loop {
        text = text.trim_start_matches([',', ' ', '\t']);
        if text.is_empty() {
            return Some(labels);
        }
        let (name, rest) = text.split_once('=')?;
        let rest = rest.trim_start().strip_prefix('"')?;
        let (value, rest) = unescape(rest)?;
        labels.insert(name.trim().to_owned(), value);
        text = rest;
    }
}

/// The text up to the next quote, and what follows that; `\\`, `\"` and `\n` are escapes.
fn unescape(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            _ => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn braces_and_escapes_inside_labels_are_text() {
        let sample = Sample::parse(r#"rss{path="a}b\"c\\",x="1",} 12 1795225991877 # {id="7"} 0.5 1.0"#).unwrap();
        assert_eq!((sample.name, sample.value), ("rss", 12.0));
        assert!((sample.time.unwrap() - 1_795_225_991.877).abs() < 1e-6);
        let labels = labels(sample.labels).unwrap();
        assert_eq!(labels["path"], r#"a}b"c\"#);
        assert_eq!(labels["x"], "1");
    }

    #[test]
    fn what_is_no_sample_is_told() {
        for line in ["", "9x 1", "x", "x{a=\"b\" 1", "x one", "x 1 2 3", "x 1 -5"] {
            assert!(Sample::parse(line).is_err(), "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[a-z_{}\"\\\\=, 0-9.#é]{0,60}") {
            if let Ok(sample) = Sample::parse(&text) {
                let _ = labels(sample.labels);
            }
        }
    }
}
