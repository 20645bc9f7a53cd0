//! A point's line read as k6 writes it: no blanks between values, and values of the usual types.
//!
//! What follows the value of a point, its tags, is the same in line after line. Where it was seen before, it is not read
//! again; else the line is walked from its start to its end. Whatever is unusual ends the walk without an answer, and the
//! line is read by a JSON parser instead. What is answered is what that parser would answer.

use std::borrow::Cow;

use super::Point;
use super::batch::Batch;
use super::points::{Tags, label};
use super::time::Clock;
use super::unused::{self, Name, Table};
use crate::ingest::bits::Look;
use crate::ingest::digits::decimal;
use crate::ingest::near;

/// What a line begins with where its metric comes first, as k6 writes it now.
const METRIC: &[u8] = b"{\"metric\":\"";
/// Names of metrics that are passed over, with the quote behind them.
static UNUSED: Table = Table::new(b'"');

/// Adds the point of a line, if it is as usual.
#[inline(always)]
pub(super) fn point(look: impl Look, line: &[u8], batch: &mut Batch) -> Option<()> {
    let front = Front::of(look, line, &mut batch.clock);
    if let Some(Front { metric, time, value, rest }) = &front
        && let Some(tail) = batch.known.find(*metric, rest)
    {
        batch.add(*time, *value, tail);
        return Some(());
    }
    new(line, front, batch)
}

/// Adds the point of a line whose tail was not seen before.
#[inline(never)]
fn new(line: &[u8], front: Option<Front<'_>>, batch: &mut Batch) -> Option<()> {
    let mut clock = batch.clock;
    whole(line, &mut clock, |point| {
        // A name with escapes is another than it looks.
        let is_plain = |front: &Front<'_>| front.metric.is_none_or(|metric| metric == point.metric.as_bytes());
        batch.push(point, front.filter(is_plain).map(|front| (front.metric, front.rest)));
    })?;
    batch.clock = clock;
    Some(())
}

/// The start of a line, up to the tags.
struct Front<'a> {
    /// Name of the metric, where it comes first.
    metric: Option<&'a [u8]>,
    time: i64,
    value: f64,
    rest: &'a [u8],
}

impl<'a> Front<'a> {
    #[inline(always)]
    fn of(look: impl Look, line: &'a [u8], clock: &mut Clock) -> Option<Self> {
        let (metric, rest) = match line.strip_prefix(METRIC) {
            None => (None, line.strip_prefix(b"{\"type\":\"Point\",\"data\":{\"time\":\"")?),
            Some(rest) => {
                let (name, rest) = rest.split_at(near_special(look, rest)?);
                (Some(name), rest.strip_prefix(b"\",\"type\":\"Point\",\"data\":{\"time\":\"")?)
            }
        };
        let (time, size) = match clock.read_quoted(rest) {
            Some(read) => read,
            None => {
                let size = special(rest)?;
                (clock.read(&rest[..size])?, size)
            }
        };
        let rest = rest[size..].strip_prefix(b"\",\"value\":")?;
        let (value, size) = number(rest)?;
        Some(Self { metric, time, value, rest: rest[size..].strip_prefix(b",\"tags\":")? })
    }
}

/// Calls `take` with the point of a line that is walked from its start to its end.
fn whole(line: &[u8], clock: &mut Clock, take: impl FnOnce(&Point<'_>)) -> Option<()> {
    // Control characters are illegal inside texts; between values they are unusual.
    let lowest = line.iter().fold(u8::MAX, |lowest, byte| lowest.min(*byte));
    let mut walk = Walk { rest: std::str::from_utf8(line).ok().filter(|_| lowest >= b' ')? };
    let mut metric = None;
    if walk.skip("{\"metric\":") {
        metric = Some(walk.text()?);
        walk.expect(",\"type\":\"Point\",\"data\":{")?;
    } else {
        walk.expect("{\"type\":\"Point\",\"data\":{")?;
    }
    let data = walk.data()?;
    if metric.is_none() {
        walk.expect(",\"metric\":")?;
        metric = Some(walk.text()?);
    }
    walk.expect("}")?;
    let (metric, time) = (metric.filter(|_| walk.rest.is_empty())?, clock.read(data.time?.as_bytes())?);
    let [name, url, method, group, status, error, error_code, expected_response] =
        data.tags.each_ref().map(|tag| &**tag);
    let tags = Tags { group, status, error, error_code, expected_response };
    take(&Point { metric: &metric, time, value: data.value?, label: label(name, url, method), tags });
    Some(())
}

/// The metric of a point, where the line begins as k6 writes it, nothing else could be meant, and nothing of it is used.
#[inline(always)]
pub(super) fn unused_metric(line: &[u8]) -> Option<&'static Name> {
    let rest = line.strip_prefix(METRIC)?;
    let name = UNUSED.find(rest.first_chunk::<{ unused::SIZE }>()?)?;
    let after = rest.get(name.size..)?;
    (after.starts_with(b"\",\"type\":\"Point\",") && line.ends_with(b"}")).then_some(name)
}

/// Name of the metric of a point, where the line ends as k6 formerly wrote it and nothing else could be meant:
/// `{"type":"Point","data":{…},"metric":"NAME"}`.
#[inline]
pub(super) fn metric_behind(line: &[u8]) -> Option<&[u8]> {
    line.strip_prefix(b"{\"type\":\"Point\",").and_then(last_metric)
}

#[inline(never)]
fn last_metric(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_suffix(b"\"}")?;
    let start = memchr::memrchr(b'"', rest)? + 1;
    // The comma tells a key from the end of a string that holds an escaped quote.
    (rest[..start].ends_with(b",\"metric\":\"") && !rest[start..].contains(&b'\\')).then(|| &rest[start..])
}

/// Place of the first quote or backslash, which is probably near: one look takes as long wherever it is, so that nothing is
/// to be foreseen.
#[inline(always)]
fn near_special(look: impl Look, bytes: &[u8]) -> Option<usize> {
    let near = bytes.first_chunk().map(|chunk| look.equal(chunk, b'"') | look.rare(chunk, b'\\'));
    near.filter(|found| *found != 0).map(|found| found.trailing_zeros() as usize).or_else(|| special(bytes))
}

/// Place of the first quote or backslash.
#[inline]
fn special(bytes: &[u8]) -> Option<usize> {
    near::either(b'"', b'\\', bytes)
}

/// The number that bytes begin with, and its size, by the grammar of JSON, which is narrower than that of Rust.
#[inline(always)]
fn number(bytes: &[u8]) -> Option<(f64, usize)> {
    if let Some((value, size)) = decimal(bytes)
        && !matches!(bytes, [b'0', b'0'..=b'9', ..])
        && !matches!(bytes.get(size), Some(b'e' | b'E'))
    {
        return Some((value, size));
    }
    any_number(bytes)
}

#[inline(never)]
fn any_number(bytes: &[u8]) -> Option<(f64, usize)> {
    let digits = |from: usize| from + bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let start = usize::from(bytes.first() == Some(&b'-'));
    let mut end = digits(start);
    if end == start || (bytes[start] == b'0' && end > start + 1) {
        return None;
    }
    if bytes.get(end) == Some(&b'.') {
        let fraction = end + 1;
        end = digits(fraction);
        if end == fraction {
            return None;
        }
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let exponent = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        end = digits(exponent.min(bytes.len()));
        if end == exponent {
            return None;
        }
    }
    let value: f64 = std::str::from_utf8(&bytes[..end]).ok()?.parse().ok()?;
    value.is_finite().then_some((value, end))
}

/// What is left of a line.
struct Walk<'a> {
    rest: &'a str,
}

/// The members of a point's `data`.
#[derive(Default)]
struct Data<'a> {
    time: Option<Cow<'a, str>>,
    value: Option<f64>,
    /// Name, URL, method, group, status, error, error code and expected response.
    tags: [Cow<'a, str>; 8],
}

impl<'a> Walk<'a> {
    fn skip(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, text: &str) -> Option<()> {
        self.skip(text).then_some(())
    }

    /// A string.
    fn text(&mut self) -> Option<Cow<'a, str>> {
        let whole = self.rest;
        let inside = self.string()?;
        if special(inside.as_bytes()).is_none() {
            return Some(Cow::Borrowed(inside));
        }
        serde_json::from_str(&whole[..inside.len() + 2]).ok().map(Cow::Owned)
    }

    /// What stands between the quotes of a string; its escapes are well-formed, though they may not be characters.
    fn string(&mut self) -> Option<&'a str> {
        let inside = self.rest.strip_prefix('"')?;
        let bytes = inside.as_bytes();
        let mut at = 0;
        loop {
            at += special(&bytes[at..])?;
            if bytes[at] == b'"' {
                self.rest = &inside[at + 1..];
                return Some(&inside[..at]);
            }
            at += match bytes.get(at + 1)? {
                b'u' if bytes.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => 6,
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
                _ => return None,
            };
        }
    }

    fn number(&mut self) -> Option<f64> {
        let (value, size) = number(self.rest.as_bytes())?;
        self.rest = &self.rest[size..];
        Some(value)
    }

    /// The members of `data`, whose brace was read, up to the end of it.
    fn data(&mut self) -> Option<Data<'a>> {
        let mut data = Data::default();
        let mut is_tagged = false;
        loop {
            match self.key()? {
                "time" if data.time.is_none() => data.time = Some(self.text()?),
                "value" if data.value.is_none() => data.value = Some(self.number()?),
                "tags" if !is_tagged => {
                    data.tags = self.tags()?;
                    is_tagged = true;
                }
                // A member that comes twice, and those of a metric.
                "time" | "value" | "tags" | "type" | "contains" => return None,
                _ => self.skip_value()?,
            }
            if !self.more()? {
                return Some(data);
            }
        }
    }

    fn tags(&mut self) -> Option<[Cow<'a, str>; 8]> {
        let (mut tags, mut seen) = ([const { Cow::Borrowed("") }; 8], 0_u8);
        self.expect("{")?;
        if self.skip("}") {
            return Some(tags);
        }
        loop {
            let at = match self.key()? {
                "name" => 0,
                "url" => 1,
                "method" => 2,
                "group" => 3,
                "status" => 4,
                "error" => 5,
                "error_code" => 6,
                "expected_response" => 7,
                _ => 8,
            };
            match tags.get_mut(at) {
                None => drop(self.string()?),
                // A tag that comes twice is none.
                Some(_) if seen & (1 << at) != 0 => return None,
                Some(tag) => (*tag, seen) = (self.text()?, seen | (1 << at)),
            }
            if !self.more()? {
                return Some(tags);
            }
        }
    }

    /// A key without escapes.
    fn key(&mut self) -> Option<&'a str> {
        let key = self.string().filter(|key| special(key.as_bytes()).is_none())?;
        self.expect(":")?;
        Some(key)
    }

    /// Whether another member follows; else the object ends.
    fn more(&mut self) -> Option<bool> {
        if self.skip(",") { Some(true) } else { self.expect("}").map(|()| false) }
    }

    /// A value that is neither an object nor a list.
    fn skip_value(&mut self) -> Option<()> {
        if self.skip("null") || self.skip("true") || self.skip("false") || self.string().is_some() {
            return Some(());
        }
        self.number().map(|_| ())
    }
}
