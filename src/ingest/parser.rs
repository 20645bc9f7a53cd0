//! What a format of many records is read with: a parser, on any thread, and a taker, in the order of the file.
//!
//! [`Blocks`](super::Blocks) bring both together.

use std::io;
use std::ops::Range;

use anyhow::Result;

use super::Recorder;
use super::buffer::Buffer;

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

/// A block: its bytes, and what was parsed of them.
pub(super) struct Block<B> {
    pub(super) bytes: Buffer,
    pub(super) filled: usize,
    /// The hash of its bytes, where they are a piece of a [`Digest`](super::Digest).
    pub(super) hash: Option<u128>,
    /// The end of a record that began before the block.
    pub(super) head: Range<usize>,
    pub(super) parsed: Parsed,
    pub(super) batch: B,
    pub(super) failed: Option<io::Error>,
}

impl<B: Default> Default for Block<B> {
    fn default() -> Self {
        Self {
            bytes: Buffer::default(),
            filled: 0,
            hash: None,
            head: 0..0,
            parsed: Parsed::default(),
            batch: B::default(),
            failed: None,
        }
    }
}

impl<B> Block<B> {
    /// Fills the block as far as there are bytes.
    pub(super) fn fill(&mut self, mut read: impl FnMut(&mut [u8], usize) -> io::Result<usize>) {
        (self.filled, self.failed) = (0, None);
        while self.filled < self.bytes.len() {
            match read(&mut self.bytes[self.filled..], self.filled) {
                Ok(0) => return,
                Ok(size) => self.filled += size,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = Some(error);
                    return;
                }
            }
        }
    }
}

/// Line ends in `bytes`.
pub(super) fn line_ends(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}
