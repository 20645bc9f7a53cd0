//! Inflating (RFC 1951, <https://www.rfc-editor.org/rfc/rfc1951>).
//!
//! Results are compressed to a tenth and less, and inflating them takes longer than all that is done with them after it.
//! So this is made for text of many long matches, and takes two thirds of the time of zlib-rs there and less: a literal and
//! the length after it are found by one look, and 64 bytes are copied without asking how many there are.
//!
//! ```text
//!  Inflate ─▶ fast: while there is much to read and much room    ┐
//!         └─▶ careful: one symbol at a time, bit by bit          ┴─▶ table: what the next bits are
//! ```

mod bits;
mod fast;
mod table;
#[cfg(test)]
mod tests;

use std::io::{self, BufRead, ErrorKind};

use bits::Bits;
use table::{Entry, Table};

/// How far back a match may begin, and the most bytes of one.
const WINDOW: usize = 32 * 1024;
const LONGEST_MATCH: usize = 258;
/// Bytes that are copied at a time.
const STRIDE: usize = 64;
/// Bits that most codes of lengths have, and most of distances.
const LENGTH_BITS: u32 = 11;
const DISTANCE_BITS: u32 = 8;
/// In which order the lengths of codes for lengths are told.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Inflates one stream after another.
pub(super) struct Inflate {
    bits: Bits,
    state: State,
    /// Whether this block is the last one.
    last: bool,
    /// What is left of a match that found no room: its length, and how far back it begins.
    rest: (usize, usize),
    codes: Codes,
    history: History,
}

#[derive(Clone, Copy)]
enum State {
    /// A block begins.
    Block,
    /// So many bytes come as they are.
    Stored(usize),
    Codes,
    Ended,
}

/// The codes of a block.
struct Codes {
    /// Whether they are those that need not be told.
    fixed: bool,
    /// Literals, lengths and the end; there are at most 2,342 entries.
    lengths: Table<LENGTH_BITS, 4096>,
    /// The same by up to two.
    pairs: [Entry; 1 << LENGTH_BITS],
    /// At most 402.
    distances: Table<DISTANCE_BITS, 512>,
}

/// What was made before the bytes that are being made, at its end.
struct History {
    /// The last ones stand right before [`WINDOW`]; behind are bytes that are copied along, and never used.
    bytes: [u8; WINDOW + STRIDE],
    size: usize,
}

impl Inflate {
    /// One that begins.
    pub(super) fn new() -> Box<Self> {
        Box::new(Self {
            bits: Bits::default(),
            state: State::Block,
            last: false,
            rest: (0, 0),
            codes: Codes::default(),
            history: History { bytes: [0; WINDOW + STRIDE], size: 0 },
        })
    }

    /// Begins another stream.
    pub(super) fn restart(&mut self) {
        (self.bits, self.state, self.rest, self.history.size) = (Bits::default(), State::Block, (0, 0), 0);
    }

    /// Inflates until `target` is full or the stream ends, and says how many bytes that gave, and whether it ended. Behind
    /// an end, `reader` goes on right after the stream.
    ///
    /// # Errors
    /// A stream that is cut or none, and what `reader` says; the bytes before it count. It is not to be used any more.
    pub(super) fn read(&mut self, reader: &mut impl BufRead, target: &mut [u8]) -> (usize, io::Result<bool>) {
        let mut made = 0;
        let ended = self.run(reader, target, &mut made);
        self.history.keep(&target[..made]);
        (made, ended)
    }

    fn run(&mut self, reader: &mut impl BufRead, target: &mut [u8], made: &mut usize) -> io::Result<bool> {
        while *made < target.len() {
            match self.state {
                State::Ended => break,
                State::Block => self.block(reader)?,
                State::Stored(0) => self.end_block(),
                State::Stored(left) => {
                    let input = bits::ahead(reader)?;
                    if input.is_empty() {
                        return Err(cut());
                    }
                    let size = left.min(input.len()).min(target.len() - *made);
                    target[*made..*made + size].copy_from_slice(&input[..size]);
                    reader.consume(size);
                    *made += size;
                    self.state = State::Stored(left - size);
                }
                State::Codes if self.rest.0 > 0 => self.copy(target, made),
                State::Codes => {
                    let input = bits::ahead(reader)?;
                    let used = self.fast(input, target, made)?;
                    reader.consume(used);
                    if matches!(self.state, State::Codes) {
                        self.symbol(reader, target, made)?;
                    }
                }
            }
        }
        Ok(matches!(self.state, State::Ended))
    }

    fn end_block(&mut self) {
        self.state = if self.last { State::Ended } else { State::Block };
    }

    /// Reads how a block begins.
    fn block(&mut self, reader: &mut impl BufRead) -> io::Result<()> {
        self.last = self.bits.take(reader, 1)? == 1;
        match self.bits.take(reader, 2)? {
            0 => {
                self.bits.drop_rest_of_byte();
                let (size, inverse) = (self.bits.take(reader, 16)?, self.bits.take(reader, 16)?);
                self.state =
                    if size == !inverse & 0xffff { State::Stored(size as usize) } else { return Err(no_stream()) };
            }
            1 => {
                self.codes.set_fixed();
                self.state = State::Codes;
            }
            2 => {
                self.codes.read(&mut self.bits, reader)?;
                self.state = State::Codes;
            }
            _ => return Err(no_stream()),
        }
        Ok(())
    }

    /// Inflates one symbol.
    fn symbol(&mut self, reader: &mut impl BufRead, target: &mut [u8], made: &mut usize) -> io::Result<()> {
        let (entry, bits) = self.bits.symbol(reader, &self.codes.lengths)?;
        match entry.literals() {
            _ if entry.is_special() && entry.is_end() => self.end_block(),
            _ if entry.is_special() => return Err(no_stream()),
            (1, _) => {
                target[*made] = entry.last_literal();
                *made += 1;
            }
            _ => {
                let length = entry.length(bits);
                let (entry, bits) = self.bits.symbol(reader, &self.codes.distances)?;
                let distance = entry.distance(bits);
                if entry.is_special() || distance > *made + self.history.size {
                    return Err(no_stream());
                }
                self.rest = (length, distance);
                self.copy(target, made);
            }
        }
        Ok(())
    }

    /// Copies as much of a match as there is room for.
    fn copy(&mut self, target: &mut [u8], made: &mut usize) {
        let (length, distance) = self.rest;
        let size = length.min(target.len() - *made);
        self.history.copy(target, *made, size, distance);
        *made += size;
        self.rest.0 -= size;
    }
}

impl Default for Codes {
    fn default() -> Self {
        let pairs = [Entry::default(); 1 << LENGTH_BITS];
        Self { fixed: false, lengths: Table::default(), pairs, distances: Table::default() }
    }
}

impl Codes {
    /// The codes that need not be told (3.2.6).
    fn set_fixed(&mut self) {
        if !self.fixed {
            let lengths: [u8; 288] = std::array::from_fn(|symbol| match symbol {
                0..144 | 280.. => 8,
                144..256 => 9,
                _ => 7,
            });
            // Both are complete.
            let _ = self.set(&lengths, &[5; 32]);
            self.fixed = true;
        }
    }

    /// Reads the codes of a block (3.2.7).
    fn read(&mut self, bits: &mut Bits, reader: &mut impl BufRead) -> io::Result<()> {
        let lengths = bits.take(reader, 5)? as usize + 257;
        let all = lengths + bits.take(reader, 5)? as usize + 1;
        let told = bits.take(reader, 4)? as usize + 4;
        let mut of_lengths = [0; ORDER.len()];
        for symbol in &ORDER[..told] {
            of_lengths[*symbol] = bits.take(reader, 3)? as u8;
        }
        let mut table = Table::<7, 128>::default();
        let space: u32 = of_lengths.iter().filter(|length| **length > 0).map(|length| 128 >> length).sum();
        if lengths > 286 || all - lengths > 30 || space != 128 {
            return Err(no_stream());
        }
        table.fill(&of_lengths, Entry::of_code_length).ok_or_else(no_stream)?;

        let (mut code_lengths, mut told) = ([0; 286 + 30], 0);
        while told < all {
            let symbol = bits.symbol(reader, &table)?.0.code_length();
            let (length, times) = match symbol {
                16 if told == 0 => return Err(no_stream()),
                16 => (code_lengths[told - 1], 3 + bits.take(reader, 2)?),
                17 => (0, 3 + bits.take(reader, 3)?),
                18 => (0, 11 + bits.take(reader, 7)?),
                length => (length, 1),
            };
            let end = told + times as usize;
            code_lengths.get_mut(told..end).filter(|_| end <= all).ok_or_else(no_stream)?.fill(length);
            told = end;
        }
        let (lengths, distances) = code_lengths[..all].split_at(lengths);
        self.fixed = false;
        self.set(lengths, distances).filter(|()| lengths[256] > 0).ok_or_else(no_stream)
    }

    fn set(&mut self, lengths: &[u8], distances: &[u8]) -> Option<()> {
        self.lengths.fill(lengths, Entry::of_length)?;
        self.lengths.pairs(lengths, &mut self.pairs);
        self.distances.fill(distances, Entry::of_distance)
    }
}

impl History {
    /// Copies a match from `distance` before `at`, byte by byte: it may go on in what it makes.
    #[inline(always)]
    fn copy(&self, target: &mut [u8], at: usize, length: usize, distance: usize) {
        for at in at..at + length {
            target[at] = match at.checked_sub(distance) {
                Some(from) => target[from],
                None => self.bytes[WINDOW + at - distance],
            };
        }
    }

    /// Keeps the last of the bytes that were made.
    fn keep(&mut self, made: &[u8]) {
        let size = made.len().min(WINDOW);
        self.bytes.copy_within(size..WINDOW, 0);
        self.bytes[WINDOW - size..WINDOW].copy_from_slice(&made[made.len() - size..]);
        self.size = (self.size + size).min(WINDOW);
    }
}

/// What is no data of this kind.
pub(super) fn corrupt(why: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, why)
}

/// What ends too soon.
pub(super) fn cut() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "unexpected end of file")
}

fn no_stream() -> io::Error {
    corrupt("corrupt deflate stream")
}
