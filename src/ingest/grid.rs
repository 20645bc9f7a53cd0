//! Rows of a block of CSV, and where their fields end: a bit for each byte.
//!
//! The bits of a whole block are found first, 64 bytes at a time; then rows are cut at those of the line ends, and fields
//! at those of the delimiters, as far as somebody wants them. A quote where none should be ends it without an answer, and the
//! [plain reading](super::record) decides what it means.

use super::bits::{CHUNK, Chunk, Look, Work, best};
use super::lines::{Walked, padded};
use super::quotes::{Outside, Quotes};
use super::record::Record;

/// Room for the bits of a block.
#[derive(Debug, Default)]
pub(super) struct Grid {
    /// Delimiters outside of quotes, and zeros behind the last.
    delimiters: Vec<u64>,
    /// Line ends outside of quotes.
    line_ends: Vec<u64>,
}

/// A row: the bytes of its block, where it lies in them, and where the delimiters are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    /// The block.
    pub(super) bytes: &'a [u8],
    /// Start of the row.
    pub(super) from: usize,
    /// Its end, without the line end.
    pub(super) to: usize,
    /// How many delimiters are in it.
    pub(super) many: u32,
    delimiters: &'a [u64],
}

/// Who reads rows.
pub(super) trait Reader {
    /// Reads a row, and says whether others are wanted. To be inlined always: it is compiled for the instructions that
    /// bits are found with.
    fn read(&mut self, row: Row<'_>) -> bool;
}

/// The 64 bytes from a place in a row on, and the delimiters among them, one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks<'a> {
    pub(super) bytes: &'a Chunk,
    left: u64,
}

impl Grid {
    /// Hands the rows of `bytes` to `reader`, up to the first for which it says `false`; that one is not counted. `None`
    /// where a quote stands where none should be.
    pub(super) fn rows(&mut self, bytes: &[u8], delimiter: u8, reader: &mut impl Reader) -> Option<Walked> {
        best(Walk { grid: self, bytes, delimiter, reader })
    }

    /// Finds the bits; answers how many line ends are between quotes.
    #[inline(always)]
    fn fill(&mut self, look: impl Look, bytes: &[u8], delimiter: u8) -> Option<u64> {
        let mut quotes = Quotes::new(delimiter);
        let (chunks, rest) = bytes.as_chunks::<CHUNK>();
        // A window begins in one word and ends in the next.
        self.delimiters.resize(chunks.len() + 2, 0);
        self.line_ends.resize(chunks.len() + 1, 0);
        let (delimiters, line_ends) = (&mut self.delimiters[..chunks.len()], &mut self.line_ends[..chunks.len()]);
        for (at, chunk) in chunks.iter().enumerate() {
            let mut found = Found::of(look, chunk, delimiter);
            if found.quotes != 0 || quotes.is_open() {
                found = found.outside(look, &mut quotes, &bytes[..at * CHUNK], u64::MAX)?;
            }
            (delimiters[at], line_ends[at]) = (found.delimiters, found.line_ends);
        }
        let (before, valid) = (&bytes[..bytes.len() - rest.len()], !(u64::MAX << rest.len()));
        let found = Found::of(look, &padded(rest), delimiter).outside(look, &mut quotes, before, valid)?;
        self.delimiters[chunks.len()..].copy_from_slice(&[found.delimiters, 0]);
        self.line_ends[chunks.len()] = found.line_ends;
        Some(quotes.lines())
    }
}

/// What is in a chunk.
struct Found {
    delimiters: u64,
    line_ends: u64,
    quotes: u64,
}

impl Found {
    #[inline(always)]
    fn of(look: impl Look, chunk: &Chunk, delimiter: u8) -> Self {
        let line_ends = look.equal(chunk, b'\n');
        Self { delimiters: look.equal(chunk, delimiter), line_ends, quotes: look.rare(chunk, b'"') }
    }

    /// What of it is outside of quotes, behind the bytes `before`; `valid` are the bytes of the file.
    #[inline(always)]
    fn outside(self, look: impl Look, quotes: &mut Quotes, before: &[u8], valid: u64) -> Option<Self> {
        let all = Outside { marks: self.delimiters | self.line_ends, line_ends: self.line_ends };
        let last = before.last().copied().unwrap_or(b'\n');
        let Outside { marks, line_ends } = quotes.outside(look, last, all, self.quotes, valid)?;
        Some(Self { delimiters: marks ^ line_ends, line_ends, ..self })
    }
}

struct Walk<'a, R> {
    grid: &'a mut Grid,
    bytes: &'a [u8],
    delimiter: u8,
    reader: &'a mut R,
}

impl<R: Reader> Work for Walk<'_, R> {
    type Answer = Option<Walked>;

    #[inline(always)]
    fn with(self, look: impl Look) -> Option<Walked> {
        let Self { grid, bytes, delimiter, reader } = self;
        let quoted = grid.fill(look, bytes, delimiter)?;
        let mut walked = Walked::default();
        // Delimiters before this word, and before this row.
        let (mut before_word, mut before_row) = (0, 0);
        for (at, (line_ends_of_word, delimiters_of_word)) in grid.line_ends.iter().zip(&grid.delimiters).enumerate() {
            let mut left = *line_ends_of_word;
            while left != 0 {
                let place = left.trailing_zeros();
                let (from, end) = (walked.bytes, at * CHUNK + place as usize);
                let before_next = before_word + (delimiters_of_word & !(u64::MAX << place)).count_ones();
                let many = before_next - before_row;
                before_row = before_next;
                let to = end - usize::from(end > from && bytes[end - 1] == b'\r');
                if !reader.read(Row { bytes, from, to, many, delimiters: &grid.delimiters }) {
                    return Some(walked.stopped(bytes));
                }
                left &= left - 1;
                (walked.bytes, walked.lines) = (end + 1, walked.lines + 1);
            }
            before_word += delimiters_of_word.count_ones();
        }
        Some(walked.ended(bytes, quoted))
    }
}

impl<'a> Row<'a> {
    /// Which of the 64 bytes from `at` on are delimiters, also those of the rows behind this one.
    #[inline(always)]
    pub(super) fn window(self, at: usize) -> u64 {
        let shift = at % CHUNK;
        let Some([low, high, ..]) = self.delimiters.get(at / CHUNK..) else { return 0 };
        low >> shift | high << 1 << (CHUNK - 1 - shift)
    }

    /// Place of the last delimiter before the end, if it is near.
    #[inline(always)]
    pub(super) fn last_delimiter(self) -> Option<usize> {
        let start = self.to.checked_sub(CHUNK)?;
        let behind = self.window(start).leading_zeros() as usize;
        (behind < CHUNK).then(|| self.to - 1 - behind)
    }

    /// The row with all ends of its fields, which `ends` is filled with.
    pub(super) fn record<'b>(self, ends: &'b mut Vec<u32>) -> Record<'b>
    where
        'a: 'b,
    {
        ends.clear();
        ends.push((self.from as u32).wrapping_sub(1));
        let (first, last) = (self.from / CHUNK, self.to / CHUNK);
        for at in first..=last {
            let mut bits = self.delimiters[at];
            // Of the first and last word some are of other rows.
            bits &= if at == first { u64::MAX << (self.from % CHUNK) } else { u64::MAX };
            bits &= if at == last { !(u64::MAX << (self.to % CHUNK)) } else { u64::MAX };
            while bits != 0 {
                ends.push((at * CHUNK) as u32 + bits.trailing_zeros());
                bits &= bits - 1;
            }
        }
        ends.push(self.to as u32);
        Record { bytes: self.bytes, ends }
    }
}

impl<'a> Marks<'a> {
    /// From `at` on, if there are as many as `many`.
    #[inline(always)]
    pub(super) fn from(row: Row<'a>, at: usize, many: u32) -> Option<Self> {
        let left = row.window(at);
        let bytes = row.bytes.get(at..)?.first_chunk()?;
        (left.count_ones() >= many).then_some(Self { bytes, left })
    }

    /// Place of the next.
    #[inline(always)]
    pub(super) fn next(&mut self) -> usize {
        let at = self.left.trailing_zeros() as usize;
        self.skip(1);
        at
    }

    /// Leaves some out.
    #[inline(always)]
    pub(super) fn skip(&mut self, many: u32) {
        for _ in 0..many {
            self.left &= self.left.wrapping_sub(1);
        }
    }
}
