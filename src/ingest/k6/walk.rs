//! A point's line read in one walk, as k6 writes it: no blanks between values, and values of the usual types.
//!
//! Whatever is unusual ends the walk without an answer, and the line is read by a JSON parser instead. What is answered is
//! what that parser would answer.

use std::borrow::Cow;

use super::points::{Tags, label};
use super::time::Clock;
use super::{Point, metric};
use crate::ingest::bits::{CHUNK, found};

/// Most quotes of a line; k6 writes about sixty.
const MOST_QUOTES: usize = 256;

/// Calls `take` with the point of a line.
pub(super) fn point<T>(line: &[u8], clock: &mut Clock, take: impl FnOnce(&Point<'_>) -> T) -> Option<T> {
    let mut places = [0; MOST_QUOTES];
    let (quotes, has_escapes) = quotes(line, &mut places)?;
    let mut walk = Walk { line, at: 0, quotes, has_escapes };
    let mut metric = None;
    if walk.skip(b"{\"metric\":") {
        metric = Some(walk.text()?);
        walk.expect(b",\"type\":\"Point\",\"data\":{", 6)?;
    } else {
        walk.expect(b"{\"type\":\"Point\",\"data\":{", 6)?;
    }
    let data = walk.data()?;
    if metric.is_none() {
        walk.expect(b",\"metric\":", 2)?;
        metric = Some(walk.text()?);
    }
    walk.expect(b"}", 0)?;
    let (metric, time) = (metric.filter(|_| walk.at == line.len())?, clock.read(data.time?.as_bytes())?);
    let [name, url, method, group, status, error, error_code, expected_response] =
        data.tags.each_ref().map(|tag| &**tag);
    let tags = Tags { group, status, error, error_code, expected_response };
    Some(take(&Point { metric: &metric, time, value: data.value?, label: label(name, url, method), tags }))
}

/// Places of the quotes around texts, and whether there are escapes. `None` for very many quotes, for what is not UTF-8,
/// and for control characters, which are illegal inside texts and unusual between values.
fn quotes<'a>(line: &[u8], places: &'a mut [u32; MOST_QUOTES]) -> Option<(&'a [u32], bool)> {
    let (mut seen, mut has_escapes, mut carry, mut lowest) = (0, false, false, i8::MAX);
    for start in (0..line.len()).step_by(CHUNK) {
        let rest = &line[start..];
        let chunk = rest.first_chunk().copied().unwrap_or_else(|| {
            let mut chunk = [b' '; CHUNK];
            chunk[..rest.len()].copy_from_slice(rest);
            chunk
        });
        let found = found(&chunk, b'\\');
        has_escapes |= found.marks != 0;
        lowest = chunk.iter().fold(lowest, |lowest, byte| lowest.min(byte.cast_signed()));
        let mut left = found.quotes & !escaped(found.marks, &mut carry);
        if seen + CHUNK > MOST_QUOTES {
            return None;
        }
        while left != 0 {
            places[seen] = start as u32 + left.trailing_zeros();
            left &= left - 1;
            seen += 1;
        }
    }
    // Bytes that are no ASCII are negative.
    let is_text =
        lowest >= b' '.cast_signed() || line.iter().all(|byte| *byte >= b' ') && std::str::from_utf8(line).is_ok();
    is_text.then_some((&places[..seen], has_escapes))
}

/// The characters behind a backslash that is not itself escaped; `carry` tells whether the first is one, and then whether
/// the first of what follows is.
///
/// As simdjson finds them: Langdale & Lemire, "Parsing Gigabytes of JSON per Second" (2019), section 3.1.1.
fn escaped(backslashes: u64, carry: &mut bool) -> u64 {
    const EVEN: u64 = 0x5555_5555_5555_5555;
    let before = u64::from(*carry);
    if backslashes == 0 {
        *carry = false;
        return before;
    }
    let backslashes = backslashes & !before;
    let follows = backslashes << 1 | before;
    let odd_starts = backslashes & !EVEN & !follows;
    let (on_even, overflow) = odd_starts.overflowing_add(backslashes);
    *carry = overflow;
    (EVEN ^ (on_even << 1)) & follows
}

/// Name of the metric of a point, where the line begins or ends as k6 writes it and nothing else could be meant.
///
/// k6 writes `{"metric":"NAME","type":"Point","data":{…}}`, and wrote `{"type":"Point","data":{…},"metric":"NAME"}`.
pub(super) fn metric_of_point(line: &[u8]) -> Option<&[u8]> {
    if let Some(rest) = line.strip_prefix(b"{\"metric\":\"") {
        let name = &rest[..special(&rest[..rest.len().min(metric::LONGEST)]).filter(|at| rest[*at] == b'"')?];
        let after = &rest[name.len()..];
        return (after.starts_with(b"\",\"type\":\"Point\",") && line.ends_with(b"}")).then_some(name);
    }
    line.strip_prefix(b"{\"type\":\"Point\",")?;
    let rest = line.strip_suffix(b"\"}")?;
    let start = memchr::memrchr(b'"', rest)? + 1;
    // The comma tells a key from the end of a string that holds an escaped quote.
    (rest[..start].ends_with(b",\"metric\":\"") && !rest[start..].contains(&b'\\')).then(|| &rest[start..])
}

/// Place of the first quote or backslash. Texts are short: eight bytes at a time are faster than a vector of them.
#[inline]
fn special(bytes: &[u8]) -> Option<usize> {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // The lowest of these bits tells the first byte that is 0; those above it may err.
    let zeros = |word: u64| word.wrapping_sub(EACH) & !word & (EACH << 7);
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = zeros(word ^ (EACH * u64::from(b'"'))) | zeros(word ^ (EACH * u64::from(b'\\')));
        if found != 0 {
            return Some(8 * at + found.trailing_zeros() as usize / 8);
        }
    }
    let tail = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    Some(bytes.len() - rest.len() + tail)
}

/// A line, and how far it was walked.
struct Walk<'a, 'b> {
    line: &'a [u8],
    at: usize,
    /// The quotes from there on.
    quotes: &'b [u32],
    has_escapes: bool,
}

/// The members of a point's `data`.
#[derive(Default)]
struct Data<'a> {
    time: Option<Cow<'a, str>>,
    value: Option<f64>,
    /// Name, URL, method, group, status, error, error code and expected response.
    tags: [Cow<'a, str>; 8],
}

impl<'a> Walk<'a, '_> {
    fn rest(&self) -> &'a [u8] {
        &self.line[self.at..]
    }

    fn is_at(&self, byte: u8) -> bool {
        self.line.get(self.at) == Some(&byte)
    }

    /// Passes over `text`, which is a name and a colon.
    fn skip(&mut self, text: &[u8]) -> bool {
        self.expect(text, 2).is_some()
    }

    /// Passes over `text`, which has so many quotes.
    fn expect(&mut self, text: &[u8], quotes: usize) -> Option<()> {
        let is_next = self.rest().starts_with(text);
        let left = self.quotes.get(quotes..).filter(|_| is_next)?;
        (self.at, self.quotes) = (self.at + text.len(), left);
        Some(())
    }

    /// A string.
    fn text(&mut self) -> Option<Cow<'a, str>> {
        let start = self.at;
        let inside = self.string()?;
        if !self.has_escapes || memchr::memchr(b'\\', inside).is_none() {
            return std::str::from_utf8(inside).ok().map(Cow::Borrowed);
        }
        serde_json::from_slice(&self.line[start..self.at]).ok().map(Cow::Owned)
    }

    /// What stands between the quotes of a string; its escapes are well-formed, though they may not be characters.
    fn string(&mut self) -> Option<&'a [u8]> {
        let [start, end, left @ ..] = self.quotes else { return None };
        let (start, end) = (*start as usize, *end as usize);
        if start != self.at {
            return None;
        }
        (self.at, self.quotes) = (end + 1, left);
        let inside = &self.line[start + 1..end];
        (!self.has_escapes || is_well_formed(inside)).then_some(inside)
    }

    /// A number by the grammar of JSON, which is narrower than that of Rust.
    fn number(&mut self) -> Option<f64> {
        let bytes = self.rest();
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
        self.at += end;
        value.is_finite().then_some(value)
    }

    /// The members of `data`, whose brace was read, up to the end of it.
    fn data(&mut self) -> Option<Data<'a>> {
        let mut data = Data::default();
        let mut is_tagged = false;
        loop {
            match self.key()? {
                b"time" if data.time.is_none() => data.time = Some(self.text()?),
                b"value" if data.value.is_none() => data.value = Some(self.number()?),
                b"tags" if !is_tagged => {
                    data.tags = self.tags()?;
                    is_tagged = true;
                }
                // A member that comes twice, and those of a metric.
                b"time" | b"value" | b"tags" | b"type" | b"contains" => return None,
                _ => self.skip_value()?,
            }
            if !self.more()? {
                return Some(data);
            }
        }
    }

    fn tags(&mut self) -> Option<[Cow<'a, str>; 8]> {
        let (mut tags, mut seen) = ([const { Cow::Borrowed("") }; 8], 0_u8);
        self.expect(b"{", 0)?;
        if self.expect(b"}", 0).is_some() {
            return Some(tags);
        }
        loop {
            let at = match self.key()? {
                b"name" => 0,
                b"url" => 1,
                b"method" => 2,
                b"group" => 3,
                b"status" => 4,
                b"error" => 5,
                b"error_code" => 6,
                b"expected_response" => 7,
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
    fn key(&mut self) -> Option<&'a [u8]> {
        let key = self.string().filter(|key| !self.has_escapes || memchr::memchr(b'\\', key).is_none())?;
        self.expect(b":", 0)?;
        Some(key)
    }

    /// Whether another member follows; else the object ends.
    fn more(&mut self) -> Option<bool> {
        if self.is_at(b',') {
            self.at += 1;
            return Some(true);
        }
        self.expect(b"}", 0).map(|()| false)
    }

    /// A value that is neither an object nor a list.
    fn skip_value(&mut self) -> Option<()> {
        if self.is_at(b'"') {
            return self.string().map(|_| ());
        }
        let words: [&[u8]; 3] = [b"null", b"true", b"false"];
        words.into_iter().find_map(|word| self.expect(word, 0)).or_else(|| self.number().map(|_| ()))
    }
}

/// Whether each backslash begins an escape of JSON.
fn is_well_formed(inside: &[u8]) -> bool {
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &inside[at..]) {
        at += found;
        at += match inside.get(at + 1) {
            Some(b'u') if inside.get(at + 2..at + 6).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) => 6,
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            _ => return false,
        };
    }
    true
}
