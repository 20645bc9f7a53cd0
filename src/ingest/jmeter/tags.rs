//! Tags of an XML file, one after another; what lies between them is passed over and never held.
//!
//! JTL files hold what no XML parser takes: control characters, `&#x0;`, responses of megabytes. The figures are all in
//! attributes, so tags are all that is needed, in the memory of one tag.

use std::borrow::Cow;
use std::io::BufRead as _;

use anyhow::{Context, Result, bail};

use crate::ingest::Input;

/// Longest tag; a label or a message is hundreds of bytes at most.
const LONGEST: usize = 1 << 20;

/// Reads the tags of one file.
pub(super) struct Tags<'a, 'b> {
    input: &'a mut Input<'b>,
    tag: Vec<u8>,
    /// Whether the file ended inside a tag or a comment.
    cut: bool,
}

/// A tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// Name of the element.
    pub(super) name: &'a [u8],
    /// What the tag does.
    pub(super) kind: Kind,
    attributes: &'a [u8],
}

/// What a tag does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `<a>`
    Open,
    /// `</a>`
    Close,
    /// `<a/>`
    Empty,
}

impl<'a, 'b> Tags<'a, 'b> {
    /// The tags of `input`.
    pub(super) fn new(input: &'a mut Input<'b>) -> Self {
        Self { input, tag: Vec::new(), cut: false }
    }

    /// The file, for messages.
    pub(super) fn input(&self) -> &Input<'b> {
        self.input
    }

    /// Whether the file ended inside a tag.
    pub(super) fn was_cut(&self) -> bool {
        self.cut
    }

    /// The next tag, or `None` at the end of the file.
    ///
    /// # Errors
    /// A tag longer than 1 MiB, and as [`Input::next_line`].
    pub(super) fn next(&mut self) -> Result<Option<Tag<'_>>> {
        while self.skip_past(b"<")? {
            self.tag.clear();
            let more = match self.peek()? {
                Some(b'?') => self.skip_past(b"?>")?,
                Some(b'!') => self.skip_declaration()?,
                _ if self.take_tag()? => return Ok(Some(parse(&self.tag))),
                _ => false,
            };
            if !more {
                self.cut = true;
                break;
            }
        }
        Ok(None)
    }

    /// Passes over a comment, a CDATA section or a document type; `false` if the file ends in it.
    fn skip_declaration(&mut self) -> Result<bool> {
        const CDATA: &[u8] = b"![CDATA[";
        while let Some(byte) = self.peek()? {
            self.tag.push(byte);
            self.input.consume(1);
            match self.tag.as_slice() {
                b"!--" => return self.skip_past(b"-->"),
                CDATA => return self.skip_past(b"]]>"),
                start if CDATA.starts_with(start) || b"!--".starts_with(start) => {}
                _ if byte == b'>' => return Ok(true),
                _ => return self.skip_past(b">"),
            }
        }
        Ok(false)
    }

    /// Passes over everything up to the end of `mark`; `false` if it does not come.
    fn skip_past(&mut self, mark: &[u8]) -> Result<bool> {
        let Some((last, before)) = mark.split_last() else { return Ok(true) };
        // What came before the bytes at hand, as far as a mark can reach back.
        let mut tail: Vec<u8> = Vec::new();
        loop {
            let chunk = fill(self.input)?;
            if chunk.is_empty() {
                return Ok(false);
            }
            let found = memchr::memchr_iter(*last, chunk).find(|at| ends_with(&tail, &chunk[..*at], before));
            let size = found.map_or(chunk.len(), |at| at + 1);
            let keep = chunk.len().saturating_sub(before.len());
            tail.extend_from_slice(&chunk[keep..]);
            tail.drain(..tail.len().saturating_sub(before.len()));
            self.input.consume(size);
            if found.is_some() {
                return Ok(true);
            }
        }
    }

    /// Takes the bytes of a tag, to the `>` outside of quotes; `false` if the file ends in it.
    fn take_tag(&mut self) -> Result<bool> {
        let mut quote = None;
        loop {
            let chunk = fill(self.input)?;
            if chunk.is_empty() {
                return Ok(false);
            }
            let end = end_of_tag(chunk, &mut quote);
            self.tag.extend_from_slice(&chunk[..end.unwrap_or(chunk.len())]);
            let size = end.map_or(chunk.len(), |end| end + 1);
            self.input.consume(size);
            if end.is_some() {
                return Ok(true);
            }
            if self.tag.len() > LONGEST {
                bail!("{}: a tag is longer than 1 MiB: this is no JTL", self.input.name());
            }
        }
    }

    fn peek(&mut self) -> Result<Option<u8>> {
        Ok(fill(self.input)?.first().copied())
    }
}

impl<'a> Tag<'a> {
    /// Names and raw values of the attributes, in their order; what is no attribute ends them.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let mut rest = self.attributes;
        std::iter::from_fn(move || {
            let text = rest.trim_ascii_start();
            let (name, text) = text.split_at_checked(memchr::memchr(b'=', text)?)?;
            let (quote, text) = text[1..].trim_ascii_start().split_first()?;
            let end = memchr::memchr(*quote, text).filter(|_| matches!(quote, b'"' | b'\''))?;
            rest = &text[end + 1..];
            Some((name.trim_ascii_end(), &text[..end]))
        })
    }
}

/// The text of a raw attribute value: references resolved, what is not UTF-8 replaced.
pub(super) fn text(raw: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(raw);
    if memchr::memchr(b'&', raw).is_none() {
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

fn fill<'a>(input: &'a mut Input<'_>) -> Result<&'a [u8]> {
    let name = input.name();
    input.fill_buf().with_context(|| name.to_owned())
}

/// Whether `head` followed by `body` ends with `mark`.
fn ends_with(head: &[u8], body: &[u8], mark: &[u8]) -> bool {
    match mark.len().checked_sub(body.len()) {
        None | Some(0) => body.ends_with(mark),
        Some(missing) => mark.ends_with(body) && head.ends_with(&mark[..missing]),
    }
}

/// Position of the `>` that is outside of quotes; `quote` is the quote that is open, before and after.
fn end_of_tag(chunk: &[u8], quote: &mut Option<u8>) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = &chunk[at..];
        match *quote {
            Some(open) => {
                at += memchr::memchr(open, rest)? + 1;
                *quote = None;
            }
            None => {
                at += memchr::memchr3(b'"', b'\'', b'>', rest)?;
                if chunk[at] == b'>' {
                    return Some(at);
                }
                *quote = Some(chunk[at]);
                at += 1;
            }
        }
    }
}

/// A tag of what lies between `<` and `>`.
fn parse(tag: &[u8]) -> Tag<'_> {
    let (kind, body) = match tag {
        [b'/', body @ ..] => (Kind::Close, body),
        [body @ .., b'/'] => (Kind::Empty, body),
        body => (Kind::Open, body),
    };
    let end = body.iter().position(u8::is_ascii_whitespace).unwrap_or(body.len());
    Tag { name: &body[..end], kind, attributes: &body[end..] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::Options;
    use proptest::prelude::*;

    /// Names of the tags, read in steps of `step` bytes, and whether the file was cut.
    fn names(bytes: &[u8], step: usize) -> (Vec<String>, bool) {
        let options = Options::default();
        let mut reader = std::io::BufReader::with_capacity(step, bytes);
        let mut input = Input::new("x", &mut reader, &options);
        let mut tags = Tags::new(&mut input);
        let mut seen = Vec::new();
        while let Some(tag) = tags.next().unwrap() {
            seen.push(format!("{}{:?}", String::from_utf8_lossy(tag.name), tag.kind));
        }
        (seen, tags.was_cut())
    }

    #[test]
    fn only_tags_are_seen_however_the_bytes_come() {
        let text = b"<?xml version='1.0'?><!DOCTYPE a><!-- <b> it's --><a x=\"1>2\" y='\"'>t > x<![CDATA[<c> ]] ]>]]><d/></a >";
        for step in [1, 2, 3, 7, 4096] {
            let (seen, cut) = names(text, step);
            assert_eq!(seen, ["aOpen", "dEmpty", "aClose"], "{step}");
            assert!(!cut);
        }
    }

    #[test]
    fn a_file_that_ends_in_a_tag_is_cut() {
        for text in ["<a", "<a x=\"", "<!-- a --", "<![CDATA[ a ]]", "<?xml", "<"] {
            assert!(names(text.as_bytes(), 3).1, "{text}");
        }
        assert!(!names(b"<a> text", 3).1);
    }

    #[test]
    fn attributes_keep_their_order_and_raw_values() {
        let tag = parse(b"sample t=\"52\" lb='a \"b\" > c'\n rm = \"x&quot;y\" /");
        let attributes: Vec<_> = tag.attributes().collect();
        let expected: [(&[u8], &[u8]); 3] = [(b"t", b"52"), (b"lb", b"a \"b\" > c"), (b"rm", b"x&quot;y")];
        assert_eq!(attributes, expected);
    }

    #[test]
    fn references_become_characters_and_illegal_ones_are_replaced() {
        assert_eq!(text(b"GET /items, &quot;all&quot; &amp;&#233;&#xE9;"), "GET /items, \"all\" &\u{e9}\u{e9}");
        assert_eq!(text(b"&#x0;&#xD800;"), "\u{fffd}\u{fffd}");
        assert_eq!(text(b"a & b &unknown; &"), "a & b &unknown; &");
    }

    #[test]
    fn a_tag_without_an_end_is_refused_in_bounded_memory() {
        let options = Options::default();
        let mut reader = std::io::BufReader::new(std::io::Read::chain(&b"<a "[..], std::io::repeat(b'x')));
        let mut input = Input::new("x", &mut reader, &options);
        assert!(Tags::new(&mut input).next().unwrap_err().to_string().contains("1 MiB"));
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_steps_do_not_matter(bytes in prop::collection::vec(prop::sample::select(b"<>/!?-[]CDATA\"' =a&#;\xff".as_slice()), 0..80), step in 1..9_usize) {
            prop_assert_eq!(names(&bytes, step), names(&bytes, 4096));
            let _ = parse(&bytes).attributes().map(|(_, value)| text(value).len()).sum::<usize>();
        }
    }
}
