//! Lines, 64 bytes at a time: of text, or of CSV whose records may have line ends between quotes.

use super::bits::{CHUNK, Chunk, Look, Work, ask_for, best};
use super::parser::line_ends;
use super::quotes::Quotes;

/// How many bytes ahead of a chunk are asked for: those of a block are in the second cache, which is some 14 cycles away.
const AHEAD: usize = 1_024;

/// How far records were read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Walked {
    /// Bytes of the whole records.
    pub(super) bytes: usize,
    /// Line ends in them.
    pub(super) lines: u64,
}

/// Who reads lines.
pub(super) trait Reader {
    /// Whether nothing of a line is used; asked first of the line as it is, then without a carriage return at its end. To
    /// be inlined always.
    fn passes_over(&mut self, _line: &[u8]) -> bool {
        false
    }

    /// Reads a line without its end, and says whether others are wanted. To be inlined always: it is compiled for the
    /// instructions of `look`.
    fn read(&mut self, look: impl Look, line: &[u8]) -> bool;
}

/// Hands the lines of `bytes`, each a record of CSV, to `reader`, up to the first for which it says `false`; that one is not
/// counted. `None` where a quote stands where none should be.
#[inline(always)]
pub(super) fn lines(bytes: &[u8], delimiter: u8, reader: &mut impl Reader) -> Option<Walked> {
    best(Lines::<true, _>::of(bytes, delimiter, reader))
}

/// The same of lines that are not quoted.
#[inline(always)]
pub(super) fn unquoted_lines(bytes: &[u8], reader: &mut impl Reader) -> Walked {
    best(Lines::<false, _>::of(bytes, b'\n', reader)).unwrap_or_default()
}

/// A walk over all lines, `QUOTED` or not.
struct Lines<'a, 'b, const QUOTED: bool, R> {
    bytes: &'a [u8],
    reader: &'b mut R,
    quotes: Quotes,
    walked: Walked,
}

/// What becomes of a walk at a chunk.
#[derive(PartialEq)]
enum Step {
    On,
    Stopped,
    GivenUp,
}

impl<'a, 'b, const QUOTED: bool, R: Reader> Lines<'a, 'b, QUOTED, R> {
    fn of(bytes: &'a [u8], delimiter: u8, reader: &'b mut R) -> Self {
        Self { bytes, reader, quotes: Quotes::new(delimiter), walked: Walked::default() }
    }

    /// Takes the lines that end in a chunk, which begins at `start`; `valid` are the bytes of the file.
    #[inline(always)]
    fn step(&mut self, look: impl Look, chunk: &Chunk, start: usize, valid: u64) -> Step {
        let mut line_ends = match QUOTED {
            true => match self.quotes.line_ends(look, chunk, &self.bytes[..start], valid) {
                Some(line_ends) => line_ends,
                None => return Step::GivenUp,
            },
            false => look.equal(chunk, b'\n'),
        };
        while line_ends != 0 {
            let end = start + line_ends.trailing_zeros() as usize;
            let line = &self.bytes[self.walked.bytes..end];
            if !self.reader.passes_over(line) && !self.read(look, line) {
                return Step::Stopped;
            }
            line_ends &= line_ends - 1;
            self.walked = Walked { bytes: end + 1, lines: self.walked.lines + 1 };
        }
        Step::On
    }

    /// Reads a line that was not passed over as it is.
    #[inline(always)]
    fn read(&mut self, look: impl Look, line: &[u8]) -> bool {
        match line.strip_suffix(b"\r") {
            Some(line) => self.passes_over(line) || self.reader.read(look, line),
            None => self.reader.read(look, line),
        }
    }

    /// As the reader does; few files have carriage returns.
    #[inline(never)]
    fn passes_over(&mut self, line: &[u8]) -> bool {
        self.reader.passes_over(line)
    }
}

impl<const QUOTED: bool, R: Reader> Work for Lines<'_, '_, QUOTED, R> {
    type Answer = Option<Walked>;

    #[inline(always)]
    fn with(mut self, look: impl Look) -> Option<Walked> {
        let (chunks, rest) = self.bytes.as_chunks::<CHUNK>();
        let (mut step, mut start) = (Step::On, 0);
        for chunk in chunks {
            ask_for(self.bytes, start + AHEAD);
            step = self.step(look, chunk, start, u64::MAX);
            if step != Step::On {
                break;
            }
            start += CHUNK;
        }
        if step == Step::On {
            step = self.step(look, &padded(rest), start, !(u64::MAX << rest.len()));
        }
        match step {
            Step::On => Some(self.walked.ended(self.bytes, self.quotes.lines())),
            Step::Stopped => Some(self.walked.stopped(self.bytes)),
            Step::GivenUp => None,
        }
    }
}

impl Walked {
    /// As far as all records that are whole; so many line ends are between quotes.
    pub(super) fn ended(mut self, bytes: &[u8], quoted: u64) -> Self {
        if quoted > 0 {
            // Line ends in what is left are between quotes, or it would be a record.
            self.lines += quoted - line_ends(&bytes[self.bytes..]);
        }
        self
    }

    /// As far as a record that is not wanted.
    pub(super) fn stopped(self, bytes: &[u8]) -> Self {
        Self { lines: line_ends(&bytes[..self.bytes]), ..self }
    }
}

/// The last bytes, and zeros.
pub(super) fn padded(rest: &[u8]) -> Chunk {
    let mut last = [0; CHUNK];
    last[..rest.len()].copy_from_slice(rest);
    last
}
