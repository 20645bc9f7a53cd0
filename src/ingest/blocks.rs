//! Reading in blocks: records that end with a line end are parsed on several threads and taken in the order of the file.
//!
//! A thread claims the next block, reads it, and parses the records that begin after its first line end. Whoever is done
//! hands the block in; the blocks are taken one after another, by whichever thread holds the next. So parsing is parallel,
//! recording sees what a single thread would see, and the result does not depend on blocks and threads.
//!
//! A record across a border is put together when the later block is taken. In CSV a block may begin inside quotes, where
//! its first line end is none of a record: then that record is not whole, and the block is parsed again from its start.

use std::io::{self, Read as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, bail, ensure};

use super::input::{LONGEST_LINE, MOST_BLANK, Whole, excerpt};
use super::turns::Turns;
use super::{Digest, Input, Recorder};

/// Bytes of a block: larger ones are no faster, smaller ones are slower.
const SIZE: usize = 256 * 1024;
/// Blocks that one thread reads before others are started: 4 MB are read sooner than a thread begins.
const ALONE: usize = 16;
/// Most threads that are any faster, as records are taken one after another.
const MOST_THREADS: usize = 4;

/// In what blocks, and on how many threads, files are read.
#[derive(Clone, Copy, Debug)]
pub struct Blocks {
    /// Bytes of a block.
    pub size: usize,
    /// Threads; 0: as many as the machine has, but few.
    pub threads: usize,
}

impl Default for Blocks {
    fn default() -> Self {
        Self { size: SIZE, threads: 0 }
    }
}

impl Blocks {
    fn threads(self) -> usize {
        match self.threads {
            0 => thread::available_parallelism().map_or(1, |n| n.get().min(MOST_THREADS)),
            given => given,
        }
    }
}

/// Parses records, on any thread and in any order.
pub(super) trait Parser: Sync {
    /// What records hold.
    type Batch: Default + Send;

    /// Parses the records of `bytes`, the first of which begins at their start, into `batch`, which is emptied first.
    /// Bytes behind the last line end are a record only if the file ends there (`last`).
    ///
    /// Bytes that begin inside a record give a batch that nobody takes.
    fn parse(&self, bytes: &[u8], last: bool, batch: &mut Self::Batch) -> Parsed;
}

/// How far records were parsed.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    /// Bytes of the whole records.
    pub(super) bytes: usize,
    /// Line ends in them.
    pub(super) lines: u64,
    /// Why the record behind them is none.
    pub(super) wrong: Option<String>,
}

/// Takes what was parsed, in the order of the file.
pub(super) trait Taker<B>: Send {
    /// Takes a batch. `Some(n)` says that it took nothing: parsing is to begin again `n` bytes further, with what is known
    /// now.
    ///
    /// # Errors
    /// Whatever makes the file unusable.
    fn take(&mut self, place: &Place<'_>, batch: &mut B) -> Result<Option<usize>>;

    /// Looks at a record that the parser refused: `Some(n)` says to go on `n` bytes further.
    ///
    /// # Errors
    /// Whatever makes the file unusable.
    fn refused(&mut self, _: &Place<'_>) -> Result<Option<usize>> {
        Ok(None)
    }

    /// Where warnings go.
    fn recorder(&mut self) -> &mut Recorder;
}

/// Where in a file a batch was parsed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// The bytes from there on.
    pub(super) bytes: &'a [u8],
    /// Number of their first line, from 1.
    pub(super) line: u64,
    /// Whether the file ends with them.
    pub(super) last: bool,
}

/// Reads a file to its end, and gives back who took it.
///
/// # Errors
/// What [`Taker`] says, a record that is none, one longer than 16 MiB, a file that cannot be read or changes meanwhile.
pub(super) fn read<P: Parser, T: Taker<P::Batch>>(input: &mut Input<'_>, parser: &P, taker: T) -> Result<T> {
    let (name, blocks) = (input.name(), input.options().blocks);
    let whole = input.take_whole();
    let order = Mutex::new(Order::new(name, parser, taker, whole.map(|whole| whole.digest)));
    {
        let source = match whole {
            Some(whole) => Source::Whole { whole, next: AtomicU64::new(0) },
            None => Source::Stream(Mutex::new(Stream { input: &mut *input, next: 0, ended: false })),
        };
        Reading { source, size: blocks.size.max(1), parser, order: &order }.run(blocks);
    }
    let order = order.into_inner().unwrap_or_else(PoisonError::into_inner);
    order.finish(input, whole.is_some())
}

/// One file that is being read.
struct Reading<'a, 'b, 'c, P: Parser, T> {
    source: Source<'a, 'b>,
    size: usize,
    parser: &'a P,
    order: &'a Mutex<Order<'c, P, T>>,
}

/// Where blocks come from.
enum Source<'a, 'b> {
    Whole { whole: Whole<'b>, next: AtomicU64 },
    Stream(Mutex<Stream<'a, 'b>>),
}

struct Stream<'a, 'b> {
    input: &'a mut Input<'b>,
    next: u64,
    ended: bool,
}

/// A block: its bytes, and what was parsed of them.
struct Block<B> {
    bytes: Vec<u8>,
    filled: usize,
    /// The end of a record that began before the block.
    head: std::ops::Range<usize>,
    parsed: Parsed,
    batch: B,
    failed: Option<io::Error>,
}

impl<B: Default> Default for Block<B> {
    fn default() -> Self {
        Self { bytes: Vec::new(), filled: 0, head: 0..0, parsed: Parsed::default(), batch: B::default(), failed: None }
    }
}

impl<P: Parser, T: Taker<P::Batch>> Reading<'_, '_, '_, P, T> {
    /// Reads the first blocks, and where the file goes on the others, on several threads.
    fn run(&self, blocks: Blocks) {
        let first = Turns::new(1);
        let mut block = Block::default();
        for _ in 0..ALONE {
            match self.step(block, &first) {
                Some(free) => block = free,
                None => return,
            }
        }
        drop(block);
        let threads = blocks.threads();
        let turns = first.with_window(threads + 1);
        let work = || {
            let _guard = turns.guard();
            let mut block = Some(Block::default());
            while let Some(free) = block.take() {
                block = self.step(free, &turns);
            }
        };
        thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
    }

    /// Reads a block and hands it in; gives back a free one, or `None` where nothing is left to do.
    fn step(&self, mut block: Block<P::Batch>, turns: &Turns<Block<P::Batch>>) -> Option<Block<P::Batch>> {
        block.bytes.resize(self.size, 0);
        let index = self.fill(&mut block);
        self.parse(index, &mut block);
        let more = block.filled == self.size;
        let free = turns.hand_in(index, block, |block| {
            let mut order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
            order.take(block, self.size)
        });
        free.filter(|_| more)
    }

    /// Claims the next block and reads it.
    fn fill(&self, block: &mut Block<P::Batch>) -> u64 {
        let (index, read) = match &self.source {
            Source::Whole { whole, next } => {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let offset = index * self.size as u64;
                (index, fill(&mut block.bytes, |target, at| whole.file.read_at(target, offset + at as u64)))
            }
            Source::Stream(stream) => {
                let mut stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
                stream.next += 1;
                let read = match stream.ended {
                    true => (0, None),
                    false => fill(&mut block.bytes, |target, _| stream.input.read(target)),
                };
                stream.ended |= read.0 < self.size;
                (stream.next - 1, read)
            }
        };
        (block.filled, block.failed) = read;
        index
    }

    /// Parses the records that begin in the block.
    fn parse(&self, index: u64, block: &mut Block<P::Batch>) {
        let bytes = &block.bytes[..block.filled];
        block.head = match (index, &self.source) {
            (0, Source::Whole { whole, .. }) => {
                let start = whole.start.min(bytes.len());
                start..start
            }
            (0, Source::Stream(_)) => 0..0,
            _ => 0..memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1),
        };
        block.parsed = self.parser.parse(&bytes[block.head.end..], false, &mut block.batch);
    }
}

/// Fills `target` as far as there are bytes, and says how far, and what went wrong.
fn fill(target: &mut [u8], mut read: impl FnMut(&mut [u8], usize) -> io::Result<usize>) -> (usize, Option<io::Error>) {
    let mut filled = 0;
    while filled < target.len() {
        match read(&mut target[filled..], filled) {
            Ok(0) => break,
            Ok(size) => filled += size,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Some(error)),
        }
    }
    (filled, None)
}

/// The blocks of a file as they are taken, one after another.
struct Order<'a, P: Parser, T> {
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
    fn new(name: &'a str, parser: &'a P, taker: T, digest: Option<&'a Digest>) -> Self {
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
    fn take(&mut self, block: &mut Block<P::Batch>, size: usize) -> bool {
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
        if let Some(digest) = self.digest {
            digest.add(bytes);
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
    fn finish(mut self, input: &mut Input<'_>, whole: bool) -> Result<T> {
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

/// Line ends in `bytes`.
pub(super) fn line_ends(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}
