//! Reading in blocks: records that end with a line end are parsed on several threads and taken in the order of the file.
//!
//! A thread claims the next block, reads it, and parses the records that begin after its first line end. Whoever is done
//! hands the block in; the blocks are taken one after another ([`Order`]), by whichever thread holds the next. So parsing is
//! parallel, recording sees what a single thread would see, and the result does not depend on blocks and threads.
//!
//! A file on disk is read wherever a block begins; a stream, such as data that are being decompressed, is read by one
//! thread at a time, ahead of those who parse ([`Ahead`]).
//!
//! A record across a border is put together when the later block is taken. In CSV a block may begin inside quotes, where
//! its first line end is none of a record: then that record is not whole, and the block is parsed again from its start.

use std::io::Read as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::Result;

use super::ahead::{Ahead, Next};
use super::buffer::Buffer;
use super::input::Whole;
use super::order::Order;
use super::parser::{Block, Parser, Taker};
use super::turns::Turns;
use super::{Digest, Input};
use crate::model;

/// Bytes of a block: larger ones are no faster, smaller ones are slower. Such a block is a piece of the digest, which is
/// hashed where it is parsed: by another thread its bytes would be read from the memory of this one's processor.
const SIZE: usize = Digest::PIECE;
/// Blocks that one thread reads before others are started: 1 MB is read sooner than a thread begins.
const ALONE: usize = 4;
/// Blocks of a stream that are read before they are parsed.
const AHEAD: usize = 6;

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
            0 => model::threads(),
            given => given,
        }
    }
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
            None => Source::Stream(Ahead::new(Stream { input: &mut *input, next: 0 })),
        };
        Reading { source, size: blocks.size.max(1), parser, order: &order }.run(blocks);
    }
    let order = order.into_inner().unwrap_or_else(PoisonError::into_inner);
    order.finish(input, whole.is_some())
}

/// One file that is being read.
struct Reading<'a, 'b, 'c, P: Parser, T> {
    source: Source<'a, 'b, P::Batch>,
    size: usize,
    parser: &'a P,
    order: &'a Mutex<Order<'c, P, T>>,
}

/// Where blocks come from.
enum Source<'a, 'b, B> {
    Whole { whole: Whole<'b>, next: AtomicU64 },
    Stream(Ahead<Stream<'a, 'b>, (u64, Block<B>)>),
}

struct Stream<'a, 'b> {
    input: &'a mut Input<'b>,
    next: u64,
}

/// Does something if the thread that holds it panics.
struct OnPanic<F: Fn()>(F);

impl<F: Fn()> Drop for OnPanic<F> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0();
        }
    }
}

impl<P: Parser, T: Taker<P::Batch>> Reading<'_, '_, '_, P, T> {
    /// Reads the first blocks, and where the file goes on the others, on several threads.
    fn run(&self, blocks: Blocks) {
        let first = Turns::new(1);
        if !(0..ALONE).all(|_| self.step(&first, 1)) {
            return;
        }
        let threads = blocks.threads();
        // This frees a block: glibc then keeps as much free memory, which it returned again and again before.
        let turns = first.with_window(threads + 1);
        let ahead = if threads > 1 { AHEAD } else { 1 };
        let work = || {
            let _guard = OnPanic(|| self.stop(&turns));
            while self.step(&turns, ahead) {}
        };
        thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
    }

    /// Parses a block and hands it in; `false` where nothing is left to do.
    fn step(&self, turns: &Turns<Block<P::Batch>>, ahead: usize) -> bool {
        let Some((index, mut block)) = self.next(turns, ahead) else { return false };
        self.parse(index, &mut block);
        let more = block.filled == self.size;
        let wanted = turns.hand_in(index, block, |block| {
            let mut order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
            order.take(block, self.size)
        });
        if !wanted {
            self.stop(turns);
        }
        // The end of a stream is known to whoever asks for its next block.
        wanted && (more || matches!(self.source, Source::Stream(_)))
    }

    /// Stops everything, so that no thread waits for another.
    fn stop(&self, turns: &Turns<Block<P::Batch>>) {
        turns.stop();
        if let Source::Stream(stream) = &self.source {
            stream.stop();
        }
    }

    /// The next block to be parsed.
    fn next(&self, turns: &Turns<Block<P::Batch>>, ahead: usize) -> Option<(u64, Block<P::Batch>)> {
        let empty = || {
            let mut block = turns.free();
            if block.bytes.len() != self.size {
                block.bytes = Buffer::new(self.size);
            }
            block
        };
        match &self.source {
            Source::Whole { whole, next } => {
                let mut block = empty();
                let index = next.fetch_add(1, Ordering::Relaxed);
                let offset = index * self.size as u64;
                block.fill(|target, at| whole.file.read_at(target, offset + at as u64));
                let is_piece = self.size == Digest::PIECE && block.filled > 0;
                block.hash = is_piece.then(|| Digest::of_piece(&block.bytes[..block.filled]));
                Some((index, block))
            }
            Source::Stream(stream) => loop {
                match stream.next(ahead)? {
                    Next::Ready(block) => return Some(block),
                    Next::Read(mut reader) => {
                        let mut block = empty();
                        block.fill(|target, _| reader.input.read(target));
                        let (index, more) = (reader.next, block.filled == self.size);
                        reader.next += 1;
                        stream.put(more.then_some(reader), (index, block));
                    }
                }
            },
        }
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
