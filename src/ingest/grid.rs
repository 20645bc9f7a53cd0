//! Rows of a block of CSV, and where their fields end: a bit for each byte.
//!
//! The bits of a whole block are found first, 64 bytes at a time; then rows are cut at those of the line ends, and fields
//! at those of the delimiters, as far as somebody wants them. A quote where none should be ends it without an answer, and the
//! [plain reading](super::record) decides what it means.

use super::bits::{CHUNK, Chunk, Look, Work, best};
use super::lines::{Walked, padded};
use super::marks::{Marks, WINDOW, WORD};
use super::quotes::{Outside, Quotes};
use super::record::Record;

/// Bytes of bits at the front of a row.
const BITS: usize = Front::REACH.div_ceil(8) + WORD;

/// Room for the bits of a block.
#[derive(Debug, Default)]
pub(super) struct Grid {
    /// Delimiters outside of quotes, and zeros behind the last; the lowest bit of a byte stands for the first.
    delimiters: Vec<[u8; WORD]>,
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
    /// Its line end.
    pub(super) end: usize,
    /// How many delimiters are in it.
    pub(super) many: u32,
    delimiters: &'a [u8],
}

/// Who reads rows.
pub(super) trait Reader {
    /// Reads a row, and says whether others are wanted. To be inlined always: it is compiled for the instructions that
    /// bits are found with.
    fn read(&mut self, row: Row<'_>) -> bool;
}

/// Which of the first bytes of a row, and of those behind it, are delimiters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Front<'a> {
    bits: &'a [u8; BITS],
    /// Bits of the first byte that are before the row.
    shift: usize,
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
        self.delimiters.resize(chunks.len() + 1 + BITS / WORD, [0; WORD]);
        self.line_ends.resize(chunks.len() + 1, 0);
        let (delimiters, line_ends) = (&mut self.delimiters[..chunks.len()], &mut self.line_ends[..chunks.len()]);
        for (at, chunk) in chunks.iter().enumerate() {
            let mut found = Found::of(look, chunk, delimiter);
            if found.quotes != 0 || quotes.is_open() {
                found = found.outside(look, &mut quotes, &bytes[..at * CHUNK], u64::MAX)?;
            }
            (delimiters[at], line_ends[at]) = (found.delimiters.to_le_bytes(), found.line_ends);
        }
        let (before, valid) = (&bytes[..bytes.len() - rest.len()], !(u64::MAX << rest.len()));
        let found = Found::of(look, &padded(rest), delimiter).outside(look, &mut quotes, before, valid)?;
        self.delimiters[chunks.len()..].fill([0; WORD]);
        self.delimiters[chunks.len()] = found.delimiters.to_le_bytes();
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
        let Outside { marks, line_ends } = quotes.outside(look, before, all, self.quotes, valid)?;
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
            let (mut left, delimiters_of_word) = (*line_ends_of_word, u64::from_le_bytes(*delimiters_of_word));
            while left != 0 {
                let place = left.trailing_zeros();
                let (from, end) = (walked.bytes, at * CHUNK + place as usize);
                let before_next = before_word + (delimiters_of_word & !(u64::MAX << place)).count_ones();
                let many = before_next - before_row;
                before_row = before_next;
                if !reader.read(Row { bytes, from, end, many, delimiters: grid.delimiters.as_flattened() }) {
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
    /// The bits of its first bytes, and of those behind; `None` near the end of the block.
    #[inline(always)]
    pub(super) fn front(self) -> Option<Front<'a>> {
        let first = self.from / 8;
        Some(Front { bits: self.delimiters.get(first..first + BITS)?.first_chunk()?, shift: self.from % 8 })
    }

    /// Place of the last delimiter before the end, if it is near.
    #[inline(always)]
    pub(super) fn last_delimiter(self) -> Option<usize> {
        let last = self.end / 8;
        let bits = u64::from_le_bytes(*self.delimiters.get(last.checked_sub(7)?..=last)?.first_chunk()?);
        // Those of the end and behind it are shifted out.
        let behind = (bits << (8 - self.end % 8)).leading_zeros() as usize;
        (behind < WINDOW).then(|| self.end.wrapping_sub(1 + behind))
    }

    /// The row with all ends of its fields, which `ends` is filled with.
    #[inline(always)]
    pub(super) fn record<'b>(self, ends: &'b mut Vec<u32>) -> Record<'b>
    where
        'a: 'b,
    {
        let Self { bytes, from, end, delimiters, .. } = self;
        let to = end - usize::from(end > from && bytes[end - 1] == b'\r');
        find_ends(delimiters, from, to, ends);
        Record { bytes, ends }
    }
}

/// Fills `ends` with the ends of all fields of the row from `from` to `to`, and with what is before the first.
#[inline(never)]
fn find_ends(delimiters: &[u8], from: usize, to: usize, ends: &mut Vec<u32>) {
    ends.clear();
    ends.push((from as u32).wrapping_sub(1));
    let (words, _) = delimiters.as_chunks();
    let (first, last) = (from / CHUNK, to / CHUNK);
    for (at, word) in words.iter().enumerate().take(last + 1).skip(first) {
        let mut bits = u64::from_le_bytes(*word);
        // Of the first and last word some are of other rows.
        bits &= if at == first { u64::MAX << (from % CHUNK) } else { u64::MAX };
        bits &= if at == last { !(u64::MAX << (to % CHUNK)) } else { u64::MAX };
        while bits != 0 {
            ends.push((at * CHUNK) as u32 + bits.trailing_zeros());
            bits &= bits - 1;
        }
    }
    ends.push(to as u32);
}

impl Front<'_> {
    /// Bytes of a row where windows may begin: a power of two.
    pub(super) const REACH: usize = 256;

    /// Which of the [`WINDOW`] bytes from `at` on are delimiters; `at` is less than [`Front::REACH`]. Of the bytes behind
    /// these some are told as well.
    #[inline(always)]
    pub(super) fn window(self, at: usize) -> Marks {
        let at = self.shift % 8 + at % Self::REACH;
        let word = self.bits[at / 8..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
        Marks::new(word >> (at % 8))
    }
}
