//! Tags of an XML file, as far as they tell of samples; what lies between them is passed over and never held.
//!
//! JTL files hold what no XML parser takes: control characters, `&#x0;`, responses of megabytes. The figures are all in
//! attributes, so tags are all that is needed. They are read where they lie; only one that crosses the end of what was
//! read of the file at once is copied.
//!
//! Every step first looks for what `JMeter` usually writes, and reads step by step whatever else comes:
//! <https://github.com/apache/jmeter/blob/master/src/core/src/main/java/org/apache/jmeter/save/converters/SampleResultConverter.java>.

mod chunks;
mod expected;
mod find;

pub(super) use chunks::each_chunk;
pub(super) use expected::Expected;
use find::find;

/// The tags of bytes that may end anywhere, also inside a tag.
pub(super) struct Tags<'a> {
    /// The bytes that were given.
    all: &'a [u8],
    /// The last tag, or what else begins with `<`, and all behind it.
    tag: &'a [u8],
    /// What is still to be read.
    rest: &'a [u8],
}

/// How a tag that matters starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// `<testResults` or `</testResults`, the outermost element.
    Root,
    /// `<sample` or `<httpSample`.
    Sample,
    /// `</sample` or `</httpSample`.
    SampleEnd,
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

impl<'a> Tags<'a> {
    /// The tags of `bytes`.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { all: bytes, tag: bytes, rest: bytes }
    }

    /// Bytes from the tag on that is not whole; none once all are read.
    pub(super) fn left(&self) -> usize {
        self.tag.len()
    }

    /// Goes behind the name of the next tag that matters; `None` where none is left that is whole.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Option<Start> {
        if self.is_usual() {
            return Some(Start::Sample);
        }
        loop {
            let text = self.rest.trim_ascii_start();
            self.tag = if text.first() == Some(&b'<') { text } else { find(text, b'<').unwrap_or_default() };
            self.rest = self.tag.get(1..)?;
            match start(self.rest) {
                Some((start, rest)) => {
                    self.rest = rest;
                    return Some(start);
                }
                None => self.pass_over()?,
            }
        }
    }

    /// Goes behind the tag, whose name was read; `None` if it is not whole.
    #[inline(always)]
    pub(super) fn end(&mut self) -> Option<Kind> {
        let mut rest = self.rest;
        while !matches!(rest, [b'>', ..]) {
            rest = match find(rest, [b'>', b'"', b'\''])? {
                [quote @ (b'"' | b'\''), value @ ..] => find(value, *quote)?.get(1..)?,
                end => end,
            };
        }
        self.rest = rest.get(1..)?;
        Some(match self.tag.get(..self.tag.len() - rest.len()) {
            Some([_, b'/', ..]) => Kind::Close,
            Some([.., b'/']) => Kind::Empty,
            _ => Kind::Open,
        })
    }

    /// All bytes, and which of them is the next.
    #[inline(always)]
    pub(super) fn place(&self) -> (&'a [u8], usize) {
        (self.all, self.all.len() - self.rest.len())
    }

    /// Goes behind the tag, which ends right before that place.
    #[inline(always)]
    pub(super) fn go_behind(&mut self, place: usize) {
        self.rest = self.all.get(place..).unwrap_or_default();
    }

    /// The attributes of the tag, whose name was read.
    pub(super) fn expected(&self) -> Expected<'a> {
        Expected { rest: self.rest }
    }

    /// Goes behind the tag, of which some attributes were read: those that are left, and what the tag does.
    #[inline(always)]
    pub(super) fn end_behind(&mut self, read: Expected<'a>) -> Option<(&'a [u8], Kind)> {
        let (rest, kind) = match read.rest {
            [b'>', rest @ ..] => (rest, Kind::Open),
            [b'/', b'>', rest @ ..] => (rest, Kind::Empty),
            others => return self.end_behind_others(others),
        };
        self.rest = rest;
        Some((&[], kind))
    }

    /// Goes behind the end of the sample whose tag was the last, if nothing but a URL is in it as `JMeter` writes it.
    #[inline(always)]
    pub(super) fn ends_at_once(&mut self) -> bool {
        let end = self.rest.strip_prefix(b"\n  <java.net.URL>").and_then(|url| find(url, b'<'));
        match end.and_then(|end| end.strip_prefix(b"</java.net.URL>\n</httpSample>")) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Goes behind the name of a sample, if that is next as `JMeter` writes it.
    #[inline(always)]
    fn is_usual(&mut self) -> bool {
        let Some(rest @ [b' ', ..]) = self.rest.strip_prefix(b"\n<httpSample") else { return false };
        self.tag = &self.rest[1..];
        self.rest = rest;
        true
    }

    #[inline(never)]
    fn end_behind_others(&mut self, others: &'a [u8]) -> Option<(&'a [u8], Kind)> {
        self.rest = others;
        let kind = self.end()?;
        Some((others.get(..others.len() - self.rest.len() - 1)?, kind))
    }

    /// Goes behind what begins with `<` and does not matter; `None` if it is not whole.
    #[inline(never)]
    fn pass_over(&mut self) -> Option<()> {
        let (start, end): (&[u8], &[u8]) = match self.rest {
            [b'?', ..] => (b"", b"?>"),
            [b'!', b'-', b'-', ..] => (b"!--", b"-->"),
            [b'!', b'[', b'C', b'D', b'A', b'T', b'A', b'[', ..] => (b"![CDATA[", b"]]>"),
            // Also if the bytes end too early to tell: what starts like those two has no `>` yet.
            [b'!', ..] => (b"!", b">"),
            _ => return self.end().map(drop),
        };
        let rest = self.rest.get(start.len()..)?;
        self.rest = rest.get(memchr::memmem::find(rest, end)? + end.len()..)?;
        Some(())
    }
}

/// Names and raw values of attributes, in their order; what is no attribute ends them.
pub(super) fn attributes(mut rest: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || {
        let text = rest.trim_ascii_start();
        let (name, text) = text.split_at_checked(memchr::memchr(b'=', text)?)?;
        let (quote, text) = text[1..].trim_ascii_start().split_first()?;
        let end = memchr::memchr(*quote, text).filter(|_| matches!(quote, b'"' | b'\''))?;
        rest = &text[end + 1..];
        Some((name.trim_ascii_end(), &text[..end]))
    })
}

/// How the tag starts whose name is next, if it matters, and what follows the name.
#[inline(always)]
fn start(tag: &[u8]) -> Option<(Start, &[u8])> {
    let (is_end, name) = match tag {
        [b'/', name @ ..] => (true, name),
        name => (false, name),
    };
    let (start, rest) = match name {
        [b'h', ..] => (Start::Sample, name.strip_prefix(b"httpSample")?),
        [b's', ..] => (Start::Sample, name.strip_prefix(b"sample")?),
        [b't', ..] => (Start::Root, name.strip_prefix(b"testResults")?),
        _ => return None,
    };
    let is_whole = match rest {
        [b'/', b'>', ..] => !is_end,
        [byte, ..] => *byte == b'>' || byte.is_ascii_whitespace(),
        [] => false,
    };
    let start = if is_end && start == Start::Sample { Start::SampleEnd } else { start };
    is_whole.then_some((start, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::{Input, Options};
    use proptest::prelude::*;

    /// Tags that matter, read in steps of `step` bytes, and whether the file was cut.
    fn seen(bytes: &[u8], step: usize) -> (Vec<(Start, Kind)>, bool) {
        let options = Options::default();
        let mut reader = std::io::BufReader::with_capacity(step, bytes);
        let mut seen = Vec::new();
        let read = &mut |chunk: &[u8]| {
            let mut tags = Tags::new(chunk);
            while let Some(start) = tags.next() {
                let Some(kind) = tags.end() else { break };
                seen.push((start, kind));
            }
            Ok(tags.left())
        };
        let is_cut = each_chunk(&mut Input::new("x", &mut reader, &options), read).unwrap();
        (seen, is_cut)
    }

    #[test]
    fn only_tags_are_seen_however_the_bytes_come() {
        let text = b"<?xml version='1.0'?><!DOCTYPE sample><!-- <sample> it's --><testResults x=\"1>2\" y='\"'>t > x\
                     <![CDATA[<sample> ]] ]>]]><sample/><a b='<sample>'/><httpSample\n></httpSample >< sample></a></testResults>";
        let expected = [
            (Start::Root, Kind::Open),
            (Start::Sample, Kind::Empty),
            (Start::Sample, Kind::Open),
            (Start::SampleEnd, Kind::Close),
            (Start::Root, Kind::Close),
        ];
        for step in [1, 2, 3, 7, 4096] {
            assert_eq!(seen(text, step), (expected.to_vec(), false), "{step}");
        }
    }

    #[test]
    fn names_that_only_start_like_a_sample_do_not_matter() {
        let text = b"<samples><sampleResult t='5'/><httpSampler/><sample\"></sample>\"></sample/><sample/ ></ sample><!sample>";
        assert_eq!(seen(text, 4096), (Vec::new(), false));
    }

    #[test]
    fn a_file_that_ends_in_a_tag_is_cut() {
        for text in
            ["<a", "<a x=\"", "<!-- a --", "<!-", "<![CDATA[ a ]]", "<?xml", "<", "<sample", "<httpSample t=\"5"]
        {
            assert!(seen(text.as_bytes(), 3).1 && seen(text.as_bytes(), 4096).1, "{text}");
        }
        assert!(!seen(b"<a> text", 3).1);
    }

    #[test]
    fn attributes_keep_their_order_and_raw_values() {
        let attributes: Vec<_> = attributes(b" t=\"52\" lb='a \"b\" > c'\n rm = \"x&quot;y\" /").collect();
        let expected: [(&[u8], &[u8]); 3] = [(b"t", b"52"), (b"lb", b"a \"b\" > c"), (b"rm", b"x&quot;y")];
        assert_eq!(attributes, expected);
    }

    #[test]
    fn attributes_that_came_as_expected_are_not_left() {
        let text = b"<sample t=\"52\" s='true'>     behind the tag there is enough";
        let mut tags = Tags::new(text);
        assert_eq!(tags.next(), Some(Start::Sample));
        let mut read = tags.expected();
        assert_eq!(read.number(b" t=\""), Some(52));
        assert_eq!(tags.end_behind(read), Some((b" s='true'".as_slice(), Kind::Open)));
    }

    const TOKENS: [&str; 24] = [
        "<",
        ">",
        "/",
        "<sample",
        "<httpSample",
        "</sample",
        "</httpSample>",
        "<testResults",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?",
        "?>",
        "\"",
        "'",
        " ",
        "=",
        "\n",
        "\n<httpSample ",
        "a",
        "<java.net.URL>",
        "<!",
        "-",
    ];

    proptest! {
        #[test]
        fn no_bytes_panic_and_steps_do_not_matter(tokens in prop::collection::vec(prop::sample::select(TOKENS.as_slice()), 0..40), step in 1..40_usize) {
            let text = tokens.concat();
            prop_assert_eq!(seen(text.as_bytes(), step), seen(text.as_bytes(), 4096));
            let _ = attributes(text.as_bytes()).count();
        }
    }
}
