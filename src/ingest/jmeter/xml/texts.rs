//! Texts of raw attribute values.

use std::borrow::Cow;

use crate::ingest::Label;
use crate::ingest::names::is_same;

/// Bits of the number of texts that are remembered.
const BITS: u32 = 10;
/// Longest value that is remembered, bytes; labels and names of threads are shorter.
const LONGEST: usize = 256;

/// Texts that are remembered by their raw values: a file says the same few labels and threads again and again, and to
/// know one again takes less time than to check that it is UTF-8.
pub(super) struct Texts(Vec<Known>);

#[derive(Clone, Default)]
struct Known {
    raw: Vec<u8>,
    text: String,
    hash: u64,
    /// Whether the text is what is written.
    is_plain: bool,
}

impl Default for Texts {
    fn default() -> Self {
        let (_, hash) = hashed(b"");
        Self(vec![Known { hash, is_plain: true, ..Known::default() }; 1 << BITS])
    }
}

impl Texts {
    /// The text of `raw`, and its hash.
    #[inline(always)]
    pub(super) fn of<'a>(&'a mut self, raw: &'a [u8]) -> (Cow<'a, str>, u64) {
        match self.known(raw) {
            Some(known) => (Cow::Borrowed(&known.text), known.hash),
            None => hashed(raw),
        }
    }

    /// The text of `raw` and its hash, if they are the same and short.
    #[inline(always)]
    pub(super) fn plain(&mut self, raw: &[u8]) -> Option<(&str, u64)> {
        self.known(raw).filter(|known| known.is_plain).map(|known| (&*known.text, known.hash))
    }

    #[inline(always)]
    fn known(&mut self, raw: &[u8]) -> Option<&Known> {
        let known = self.0.get_mut(place(raw))?;
        if !is_same(&known.raw, raw) {
            if raw.len() > LONGEST {
                return None;
            }
            known.learn(raw);
        }
        Some(known)
    }
}

impl Known {
    #[inline(never)]
    fn learn(&mut self, raw: &[u8]) {
        self.raw.clear();
        self.raw.extend_from_slice(raw);
        let (text, hash) = hashed(raw);
        self.text.clear();
        self.text.push_str(&text);
        self.hash = hash;
        self.is_plain = self.text.as_bytes() == raw;
    }
}

fn hashed(raw: &[u8]) -> (Cow<'_, str>, u64) {
    let text = text(raw);
    let hash = Label::new(&text).hash();
    (text, hash)
}

/// Where a value is remembered, by its first and last bytes.
#[inline(always)]
fn place(raw: &[u8]) -> usize {
    // The fractional part of the golden ratio: https://en.wikipedia.org/wiki/Hash_function#Fibonacci_hashing
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    let bytes = match (raw.first_chunk(), raw.last_chunk()) {
        (Some(first), Some(last)) => u64::from_le_bytes(*first).rotate_left(29) ^ u64::from_le_bytes(*last),
        _ => raw.iter().fold(0, |bytes, byte| bytes << 8 | u64::from(*byte)),
    };
    (bytes.wrapping_mul(SPREAD) >> (u64::BITS - BITS)) as usize
}

/// The text of a raw attribute value: references resolved, what is not UTF-8 replaced.
pub(super) fn text(raw: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(raw);
    if !text.contains('&') {
        return text;
    }
    let mut resolved = String::with_capacity(text.len());
    let mut parts = text.split('&');
    resolved.push_str(parts.next().unwrap_or_default());
    for part in parts {
        match part.split_once(';').and_then(|(name, rest)| Some((reference(name)?, rest))) {
            Some((character, rest)) => {
                resolved.push(character);
                resolved.push_str(rest);
            }
            None => {
                resolved.push('&');
                resolved.push_str(part);
            }
        }
    }
    Cow::Owned(resolved)
}

/// The character of `amp`, `#10` or `#x0`; numbers that are no character of XML stand for themselves or are replaced.
fn reference(name: &str) -> Option<char> {
    let number = match name {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => match name.strip_prefix("#x").or_else(|| name.strip_prefix("#X")) {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
            None => name.strip_prefix('#')?.parse(),
        },
    };
    Some(char::from_u32(number.ok()?).filter(|c| *c != '\0').unwrap_or(char::REPLACEMENT_CHARACTER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn references_become_characters_and_illegal_ones_are_replaced() {
        assert_eq!(text(b"GET /items, &quot;all&quot; &amp;&#233;&#xE9;"), "GET /items, \"all\" &\u{e9}\u{e9}");
        assert_eq!(text(b"&#x0;&#xD800;"), "\u{fffd}\u{fffd}");
        assert_eq!(text(b"a & b &unknown; &"), "a & b &unknown; &");
    }

    #[test]
    fn a_long_value_is_read_and_not_remembered() {
        let (mut texts, long) = (Texts::default(), "x&amp;".repeat(LONGEST));
        assert_eq!(texts.of(long.as_bytes()).0, "x&".repeat(LONGEST));
        assert!(texts.0.iter().all(|known| known.raw.is_empty()));
    }

    proptest! {
        #[test]
        fn a_remembered_text_is_that_of_its_value(
            raws in prop::collection::vec(prop::collection::vec(prop::sample::select(b"ab&l;t\xff".as_slice()), 0..20), 0..600),
        ) {
            let mut texts = Texts::default();
            for raw in raws.iter().chain(&raws) {
                prop_assert_eq!(texts.of(raw), hashed(raw));
            }
        }
    }
}
