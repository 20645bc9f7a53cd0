//! A plain reading of a JTL, one step after another, which the reader with all its shortcuts must agree with.

use anyhow::{Context, Result, ensure};

use super::super::columns::{count, milliseconds};
use super::super::rows::Usual;
use super::super::time::Clock;
use super::super::{MILLISECOND, Row, Thread, failure, named, transaction};
use super::texts::text;
use super::{Listener, scan};
use crate::ingest::{Input, Label, Options};

/// What is between a `<` and its end where that is no tag; a type of document has the first start alone.
const SECTIONS: [(&[u8], &[u8]); 4] = [(b"?", b"?>"), (b"!--", b"-->"), (b"![CDATA[", b"]]>"), (b"!", b">")];

/// All that a file told before its end or an error.
#[derive(Debug, Default, PartialEq)]
struct Told {
    rows: Vec<Row<'static>>,
    words: usize,
    /// What is missing; `None` where the file is refused.
    end: Option<Option<String>>,
}

impl Listener for Told {
    fn usual(&mut self, usual: &Usual<'_>) -> bool {
        let label = text(named(usual.label)).into_owned();
        self.rows.push(Row {
            hash: Label::new(&label).hash(),
            label: label.into(),
            thread: Thread::new(text(usual.thread).into_owned().into()),
            stamp: usual.stamp * MILLISECOND,
            elapsed: i64::from(usual.elapsed) * MILLISECOND,
            idle: 0,
            samples: 1,
            errors: 0,
            transaction: None,
            silent: false,
            failure: None,
            users: Some(usual.users.into()),
        });
        true
    }

    fn sample(&mut self, row: Row<'_>) -> bool {
        self.rows.push(row.into_owned());
        self.rows.last().is_some_and(|row| row.transaction.is_some())
    }

    fn warn(&mut self, _: String) {
        self.words += 1;
    }
}

/// What the reader says, `step` bytes of the file at once.
fn read(bytes: &[u8], step: usize) -> Told {
    let (mut told, options) = (Told::default(), Options::default());
    let mut reader = std::io::BufReader::with_capacity(step, bytes);
    told.end = scan(&mut Input::new("x", &mut reader, &options), &mut told).ok();
    told
}

/// What a plain reader says.
fn read_plainly(bytes: &[u8]) -> Told {
    let (mut told, mut plain) = (Told::default(), Plain::default());
    told.end = plain.read(bytes, &mut told).ok();
    told
}

#[derive(Default)]
struct Plain {
    /// For each open sample, whether it counts itself.
    open: Vec<bool>,
    number: u64,
    roots: usize,
    in_root: bool,
}

impl Plain {
    fn read(&mut self, bytes: &[u8], told: &mut Told) -> Result<Option<String>> {
        let (mut rest, mut is_cut) = (bytes, false);
        while let Some(at) = rest.iter().position(|byte| *byte == b'<') {
            rest = &rest[at + 1..];
            let section = SECTIONS.iter().find(|(start, _)| rest.starts_with(start));
            let size = match section {
                Some((start, end)) => {
                    // The `?` may be that of the end.
                    let from = if *start == b"?" { 0 } else { start.len() };
                    let found = rest[from..].windows(end.len()).position(|window| window == *end);
                    found.map(|at| from + at + end.len())
                }
                None => size_of_tag(rest),
            };
            let Some(size) = size else {
                is_cut = true;
                break;
            };
            if section.is_none() {
                self.tag(&rest[..size - 1], told)?;
            }
            rest = &rest[size..];
        }
        ensure!(self.roots > 0);
        let is_missing = is_cut || self.in_root;
        Ok(is_missing.then(|| format!("</testResults> is missing after sample {}", self.number)))
    }

    fn tag(&mut self, tag: &[u8], told: &mut Told) -> Result<()> {
        let closes = tag.starts_with(b"/");
        let is_open = !closes && !tag.ends_with(b"/");
        let body = if closes { &tag[1..] } else { tag.strip_suffix(b"/").unwrap_or(tag) };
        let (name, attributes) = body.split_at(body.iter().position(u8::is_ascii_whitespace).unwrap_or(body.len()));
        match name {
            b"sample" | b"httpSample" if closes => drop(self.open.pop().context("no sample is open")?),
            b"sample" | b"httpSample" => {
                self.number += 1;
                let counts = !self.open.contains(&true) && !told.sample(row(attributes)?);
                if is_open {
                    self.open.push(counts);
                }
            }
            b"testResults" => {
                self.in_root = is_open;
                ensure!(!closes || self.open.is_empty());
                if !closes {
                    self.roots += 1;
                    self.open.clear();
                    told.words += usize::from(self.roots > 1);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Bytes of a tag with its `>`, which is the first outside of quotes.
fn size_of_tag(rest: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in rest.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// The row of a sample with these attributes; the last of a name is the one.
fn row(mut rest: &[u8]) -> Result<Row<'static>> {
    let mut attributes = Vec::new();
    while let Some((name, value, after)) = attribute(rest) {
        attributes.push((if name == b"rs" { b"rc" } else { name }, value));
        rest = after;
    }
    let found = |wanted: &str| attributes.iter().rev().find(|(name, _)| *name == wanted.as_bytes()).map(|(_, v)| *v);
    let of = |wanted: &str| found(wanted).unwrap_or_default();
    let ok = match of("s").to_ascii_lowercase().as_slice() {
        b"true" => true,
        b"false" => false,
        _ => anyhow::bail!("neither true nor false"),
    };
    let samples = count(of("sc")).unwrap_or(1);
    let failed = if ok { 0 } else { samples };
    let label = text(named(found("lb").context("no label")?)).into_owned();
    Ok(Row {
        hash: Label::new(&label).hash(),
        label: label.into(),
        thread: Thread::new(text(of("tn")).into_owned().into()),
        stamp: Clock::default().read(of("ts")).context("no time")?,
        elapsed: milliseconds(of("t")).context("no duration")?,
        idle: milliseconds(of("it")).unwrap_or(0).max(0),
        samples,
        errors: if samples == 1 { failed } else { count(of("ec")).unwrap_or(failed).min(samples) },
        transaction: transaction(of("rm")),
        silent: of("rm").is_empty() && of("dt").is_empty(),
        failure: (!ok).then(|| failure(&text(of("rc")), &text(of("rm")), "").into()),
        users: count(of("na")).map(u64::from),
    })
}

/// Name and value of the first attribute, and what follows.
fn attribute(rest: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let equals = rest.iter().position(|byte| *byte == b'=')?;
    let (quote, value) = rest[equals + 1..].trim_ascii_start().split_first()?;
    let end = value.iter().position(|byte| byte == quote)?;
    matches!(quote, b'"' | b'\'').then(|| (rest[..equals].trim_ascii(), &value[..end], &value[end + 1..]))
}

/// Holds what is read by all these steps equal to what a plain reading sees.
pub(in crate::ingest) fn assert_agrees(bytes: &[u8], steps: impl IntoIterator<Item = usize>) {
    let plain = read_plainly(bytes);
    for step in steps {
        assert_eq!(read(bytes, step), plain, "{step} bytes at once of {:?}", String::from_utf8_lossy(bytes));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::made::file;
    use super::*;
    use crate::ingest::testing::fixture;

    #[test]
    fn real_files_are_read_as_a_plain_reader_would() {
        for (name, most) in [("parent.xml.jtl", 80), ("baseline.xml.jtl.gz", 2)] {
            let bytes = fixture(&format!("jmeter/{name}"));
            let plain = read_plainly(&bytes);
            assert!(plain.rows.len() > 100 && plain.end == Some(None));
            for step in (1..most).chain([100, 177, 256, 1000, 1 << 16]) {
                assert!(read(&bytes, step) == plain, "{name}, {step} bytes at once");
            }
        }
    }

    #[test]
    fn odd_files_are_read_as_a_plain_reader_would() {
        let sample = "<sample t='1' ts='1795226767635' s='true' lb='a'";
        for text in [
            "<testResults/>".to_owned(),
            "<testResults></testResults><!-- ".to_owned(),
            format!("<testResults><?>{sample}/>?><!-->{sample}/>--><!->{sample}/><![CDATA]>{sample}/></testResults>"),
            format!("<testResults>{sample}><testResults>{sample}/></testResults>"),
        ] {
            assert!(read_plainly(text.as_bytes()).end.is_some(), "{text}");
            assert_agrees(text.as_bytes(), (1..20).chain([1 << 16]));
        }
    }

    #[test]
    fn a_byte_less_or_another_one_is_seen_as_a_plain_reader_would() {
        let sample = "\n<httpSample t=\"7\" it=\"0\" lt=\"7\" ct=\"0\" ts=\"1795226767635\" s=\"true\" lb=\"GET /\" rc=\"200\" rm=\"OK\" \
                      tn=\"b 1-1\" dt=\"text\" by=\"155\" sby=\"122\" ng=\"2\" na=\"3\">\n  <java.net.URL>http://x/</java.net.URL>\n</httpSample>";
        let bytes = format!("<testResults>{sample}<!-- - --><![CDATA[]]]>{sample}\n</testResults>").into_bytes();
        assert_eq!(read_plainly(&bytes).rows.len(), 2);
        for at in 0..bytes.len() {
            assert_agrees(&bytes[..at], [1 << 16, 61]);
            for byte in b"<>/!?-[]\"'= 1x\n\0\xff" {
                let mut other = bytes.clone();
                other[at] = *byte;
                assert_agrees(&other, [1 << 16, 97]);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn files_of_all_sorts_are_read_as_a_plain_reader_would(file in file(), step in 41..2_000_usize) {
            assert_agrees(file.as_bytes(), (1..=40).chain([step, 1 << 16]));
        }

        #[test]
        fn damage_is_seen_as_a_plain_reader_would(
            file in file(),
            damage in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"<>/\"'= !-a\n\xff".as_slice())), 0..4),
            end in prop::option::of(any::<prop::sample::Index>()),
            step in 1..2_000_usize,
        ) {
            let mut bytes = file.into_bytes();
            let size = bytes.len();
            damage.iter().for_each(|(at, byte)| bytes[at.index(size)] = *byte);
            bytes.truncate(end.map_or(size, |end| end.index(size)));
            assert_agrees(&bytes, [1, 3, 16, 33, step, 1 << 16]);
        }
    }
}
