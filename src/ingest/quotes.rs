//! What lies between quotes in a CSV file, 64 bytes at a time.
//!
//! Bytes become bits: one for each delimiter, line end or quote. What lies between quotes is masked out by a running
//! exclusive or, as in Langdale & Lemire, "Parsing Gigabytes of JSON per Second" (2019, <https://arxiv.org/abs/1902.08318>).
//! That is right as long as quotes stand around fields, or doubled inside them; the first that does not is noticed, and
//! the [plain reading](super::record) decides what it means.

use super::bits::{CHUNK, Chunk, Look};

/// What ends fields and records in a chunk; the lowest bit stands for the first byte.
pub(super) struct Outside {
    /// Delimiters and line ends.
    pub(super) marks: u64,
    pub(super) line_ends: u64,
}

/// Knows what lies between quotes, from chunk to chunk.
pub(super) struct Quotes {
    delimiter: u8,
    /// All ones where the last chunk ended between quotes.
    inside: u64,
    /// The lowest bit says of the last byte: it is a quote that ended a field.
    closed: u64,
    /// Line ends between quotes.
    lines: u64,
}

impl Quotes {
    /// At the start of a record.
    pub(super) fn new(delimiter: u8) -> Self {
        Self { delimiter, inside: 0, closed: 0, lines: 0 }
    }

    /// Line ends between quotes so far.
    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    /// Whether a quote before the next chunk matters to it.
    #[inline(always)]
    pub(super) fn is_open(&self) -> bool {
        self.inside | self.closed != 0
    }

    /// The line ends of the next chunk outside of quotes, behind the bytes `before`; `valid` are the bytes of the file. `None`
    /// at a quote where none should be.
    #[inline(always)]
    pub(super) fn line_ends(&mut self, look: impl Look, chunk: &Chunk, before: &[u8], valid: u64) -> Option<u64> {
        let (line_ends, quotes) = (look.equal(chunk, b'\n'), look.rare(chunk, b'"'));
        if quotes != 0 || self.is_open() {
            let marks = look.equal(chunk, self.delimiter) | line_ends;
            let outside = self.outside(look, before, Outside { marks, line_ends }, quotes, valid);
            return outside.map(|outside| outside.line_ends);
        }
        Some(line_ends)
    }

    /// What of all marks is outside, for a chunk with quotes in it, or before it; `before` are the bytes before it,
    /// and `valid` those of the file.
    #[inline(always)]
    pub(super) fn outside(
        &mut self,
        look: impl Look,
        before: &[u8],
        all: Outside,
        quotes: u64,
        valid: u64,
    ) -> Option<Outside> {
        const LAST: usize = CHUNK - 1;
        let last = before.last().copied().unwrap_or(b'\n');
        let Outside { marks, line_ends } = all;
        // From each opening quote up to the closing one.
        let inside = look.running_xor(quotes) ^ self.inside;
        let (opening, closing) = (quotes & inside, quotes & !inside);
        // A quote may open a field behind these; a doubled one closes and opens again.
        let opens = marks | quotes;
        let is_open = u64::from(last == self.delimiter || matches!(last, b'\n' | b'"'));
        let misplaced = opening & !(opens << 1 | is_open) | (closing << 1 | self.closed) & !opens & valid;
        if line_ends & inside != 0 {
            self.lines += u64::from((line_ends & inside).count_ones());
        }
        self.inside = ((inside as i64) >> LAST) as u64;
        self.closed = closing >> LAST;
        (misplaced == 0).then_some(Outside { marks: marks & !inside, line_ends: line_ends & !inside })
    }
}
