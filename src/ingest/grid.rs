//! Rows of a block of CSV, and where their fields end: a bit for each byte.
//!
//! The bits of a whole block are found first, 64 bytes at a time; then rows are cut at those of the line ends, and fields
//! at those of the delimiters, as far as somebody wants them. A quote where none should be ends it without an answer, and the
//! [plain reading](super::record) decides what it means.

use super::bits::{CHUNK, Chunk, Look, Work, best};
use super::blocks::line_ends;
use super::marks::{Outside, Quotes, Walked};
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
        let mut last = [0; CHUNK];
        last[..rest.len()].copy_from_slice(rest);
        // A window begins in one word and ends in the next.
        self.delimiters.resize(chunks.len() + 2, 0);
        self.line_ends.resize(chunks.len() + 1, 0);
        let words = self.delimiters.iter_mut().zip(&mut self.line_ends);
        for (at, (chunk, words)) in chunks.iter().chain([&last]).zip(words).enumerate() {
            let Outside { marks, line_ends } = quotes.outside::<true>(look, chunk, bytes.len() - at * CHUNK)?;
            (*words.0, *words.1) = (marks ^ line_ends, line_ends);
        }
        self.delimiters[chunks.len() + 1] = 0;
        Some(quotes.lines())
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
        for (at, word) in grid.line_ends.iter().enumerate() {
            let mut line_ends_of_word = *word;
            while line_ends_of_word != 0 {
                let (from, end) = (walked.bytes, at * CHUNK + line_ends_of_word.trailing_zeros() as usize);
                let to = end - usize::from(end > from && bytes[end - 1] == b'\r');
                if !reader.read(Row { bytes, from, to, delimiters: &grid.delimiters }) {
                    walked.lines = line_ends(&bytes[..walked.bytes]);
                    return Some(walked);
                }
                line_ends_of_word &= line_ends_of_word - 1;
                (walked.bytes, walked.lines) = (end + 1, walked.lines + 1);
            }
        }
        if quoted > 0 {
            // Line ends in what is left are between quotes, or it would be a row.
            walked.lines += quoted - line_ends(&bytes[walked.bytes..]);
        }
        Some(walked)
    }
}

impl<'a> Row<'a> {
    /// Which of the 64 bytes from `at` on are delimiters, also those of the rows behind this one.
    #[inline(always)]
    pub(super) fn window(self, at: usize) -> u64 {
        let shift = at % CHUNK;
        match self.delimiters.get(at / CHUNK..at / CHUNK + 2) {
            Some(&[low, high]) => low >> shift | high << 1 << (CHUNK - 1 - shift),
            _ => 0,
        }
    }

    /// Place of the last delimiter before the end, if it is near.
    #[inline(always)]
    pub(super) fn last_delimiter(self) -> Option<usize> {
        let start = self.to.checked_sub(CHUNK)?;
        let behind = self.window(start).leading_zeros() as usize;
        (behind < CHUNK).then(|| self.to - 1 - behind)
    }

    /// How many delimiters there are.
    #[inline(always)]
    pub(super) fn delimiters(self) -> u32 {
        let (first, last) = (self.from / CHUNK, self.to / CHUNK);
        let before = |at: usize| self.delimiters[at / CHUNK] & !(u64::MAX << (at % CHUNK));
        let whole: u32 = self.delimiters[first..last].iter().map(|word| word.count_ones()).sum();
        whole + before(self.to).count_ones() - before(self.from).count_ones()
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
