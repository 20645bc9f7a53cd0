//! The blocks of a file as they are taken, one after another.
//!
//! A record across a border is put together here. Lines and bytes are counted, and what is wrong is told with its place.

use anyhow::{Context, Result, bail, ensure};

use super::input::{LONGEST_LINE, MOST_BLANK, excerpt};
use super::parser::{Block, Parsed, Parser, Place, Taker, line_ends};
use super::{Digest, Input};

/// A file of which blocks are taken.
pub(super) struct Order<'a, P: Parser, T> {
    name: &'a str,
    parser: &'a P,
    taker: T,
    digest: Option<&'a Digest>,
    /// The record that the last block ends in.
    open: Vec<u8>,
    batch: P::Batch,
    /// Lines and bytes before the next block, and empty lines in a row.
    lines: u64,
    bytes: u64,
    blank: u64,
    ended: bool,
    failed: Option<anyhow::Error>,
}

/// What became of bytes.
enum Step {
    /// So many of them are records that were taken.
    Done(usize),
    /// Parse again, so many bytes further.
    Again(usize),
    /// The record so many bytes further is none.
    Wrong(usize, String),
}

impl<'a, P: Parser, T: Taker<P::Batch>> Order<'a, P, T> {
    /// A file of which nothing was taken yet; all its bytes are to be added to the digest, where one is given.
    pub(super) fn new(name: &'a str, parser: &'a P, taker: T, digest: Option<&'a Digest>) -> Self {
        Self {
            name,
            parser,
            taker,
            digest,
            open: Vec::new(),
            batch: P::Batch::default(),
            lines: 0,
            bytes: 0,
            blank: 0,
            ended: false,
            failed: None,
        }
    }

    /// Takes the next block; `false` says that no other is wanted.
    pub(super) fn take(&mut self, block: &mut Block<P::Batch>, size: usize) -> bool {
        if let Err(error) = self.block(block, size) {
            self.failed = Some(error);
        }
        self.failed.is_none()
    }

    fn block(&mut self, block: &mut Block<P::Batch>, size: usize) -> Result<()> {
        let bytes = &block.bytes[..block.filled];
        ensure!(!self.ended || bytes.is_empty(), "{}: the file changed while it was read", self.name);
        self.ended |= bytes.len() < size;
        self.bytes += bytes.len() as u64;
        match (self.digest, block.hash) {
            (Some(digest), Some(hash)) => digest.add_piece(hash),
            (Some(digest), None) => digest.add(bytes),
            (None, _) => {}
        }
        let (head, rest) = (&bytes[block.head.clone()], &bytes[block.head.end..]);
        self.records(head, rest, std::mem::take(&mut block.parsed), &mut block.batch)?;
        match block.failed.take() {
            Some(error) => Err(error).with_context(|| format!("{}, after line {}", self.name, self.lines)),
            None => Ok(()),
        }
    }

    /// Takes the record that ends with `head`, then those of `rest`.
    fn records(&mut self, head: &[u8], rest: &[u8], parsed: Parsed, batch: &mut P::Batch) -> Result<()> {
        let mut open = std::mem::take(&mut self.open);
        open.extend_from_slice(head);
        if !open.is_empty() {
            let done = self.parse(&open, false)?;
            if done < open.len() {
                // The line end in front of the rest is none of a record.
                open.drain(..done);
                open.extend_from_slice(rest);
                let done = self.parse(&open, false)?;
                open.drain(..done);
                self.open = open;
                return self.bound();
            }
            open.clear();
        }
        let done = match self.step(rest, false, parsed, batch)? {
            Step::Done(done) => done,
            Step::Again(from) => from + self.parse(&rest[from..], false)?,
            Step::Wrong(at, why) => return self.malformed(&rest[at..], &why),
        };
        open.extend_from_slice(&rest[done..]);
        self.open = open;
        self.bound()
    }

    /// Parses and takes records, and says how many bytes they are.
    fn parse(&mut self, bytes: &[u8], last: bool) -> Result<usize> {
        let (mut batch, mut at) = (std::mem::take(&mut self.batch), 0);
        loop {
            let parsed = self.parser.parse(&bytes[at..], last, &mut batch);
            match self.step(&bytes[at..], last, parsed, &mut batch)? {
                Step::Again(further) => at += further,
                Step::Done(done) => {
                    self.batch = batch;
                    return Ok(at + done);
                }
                // A record without an end was cut off: the caller says so.
                Step::Wrong(..) if last => return Ok(0),
                Step::Wrong(further, why) => return self.malformed(&bytes[at + further..], &why).map(|()| 0),
            }
        }
    }

    /// Takes what was parsed of `bytes`.
    fn step(&mut self, bytes: &[u8], last: bool, parsed: Parsed, batch: &mut P::Batch) -> Result<Step> {
        let place = Place { bytes, line: self.lines + 1, last };
        if let Some(again) = self.taker.take(&place, batch)? {
            self.count(&Parsed { bytes: again, lines: line_ends(&bytes[..again]), wrong: None })?;
            return Ok(Step::Again(again));
        }
        self.count(&parsed)?;
        let Some(why) = parsed.wrong else { return Ok(Step::Done(parsed.bytes)) };
        let rest = &bytes[parsed.bytes..];
        let further = self.taker.refused(&Place { bytes: rest, line: self.lines + 1, last })?;
        Ok(match further {
            Some(further) => {
                self.lines += line_ends(&rest[..further]);
                Step::Again(parsed.bytes + further)
            }
            None => Step::Wrong(parsed.bytes, why),
        })
    }

    /// Counts lines; a file of nothing but line ends is none.
    fn count(&mut self, parsed: &Parsed) -> Result<()> {
        self.lines += parsed.lines;
        // Line ends have one or two bytes.
        let is_blank = parsed.bytes as u64 <= 2 * parsed.lines;
        self.blank = if is_blank { self.blank + parsed.lines } else { 0 };
        let (name, line) = (self.name, self.lines + 1);
        ensure!(self.blank <= MOST_BLANK, "{name}: a million empty lines before line {line}: this is no result file");
        Ok(())
    }

    fn bound(&self) -> Result<()> {
        let (name, line) = (self.name, self.lines + 1);
        ensure!(self.open.len() <= LONGEST_LINE, "{name}: line {line} is longer than 16 MiB: this is no result file");
        Ok(())
    }

    fn malformed(&self, bytes: &[u8], why: &str) -> Result<()> {
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        bail!("{}:{}: {why}: {}", self.name, self.lines + 1, excerpt(line.trim_ascii_end()))
    }

    /// Takes what has no line end.
    pub(super) fn finish(mut self, input: &mut Input<'_>, whole: bool) -> Result<T> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if whole {
            input.was_read(self.bytes);
        }
        let open = std::mem::take(&mut self.open);
        if self.parse(&open, true)? < open.len() {
            let what = format!("line {} is cut off", self.lines + 1);
            input.truncated(&what, self.taker.recorder())?;
        }
        Ok(self.taker)
    }
}
