//! Where the fields and records of a CSV file end, found 64 bytes at a time.
//!
//! Bytes become bits: one for each delimiter, line end or quote. What lies between quotes is masked out by a running
//! exclusive or, as in Langdale & Lemire, "Parsing Gigabytes of JSON per Second" (2019, <https://arxiv.org/abs/1902.08318>).
//! That is right as long as quotes stand around fields, or doubled inside them; the first that does not is noticed, and
//! the [plain reading](super::record) decides what it means.

use super::bits::{CHUNK, Chunk, equal, found};

/// Walks over the marks outside of quotes.
pub(super) struct Marks<'a> {
    bytes: &'a [u8],
    delimiter: u8,
    /// The marks that are wanted: line ends, and possibly delimiters.
    wanted: [u8; 2],
    /// Where the chunk begins, and the marks in it that were not handed out.
    chunk: usize,
    left: u64,
    /// All ones where the chunk ended between quotes.
    inside: u64,
    /// The lowest bit says of the last byte of the chunk: a quote may follow that opens a field.
    opens: u64,
    /// The lowest bit says of the last byte of the chunk: it is a quote that ended a field.
    closed: u64,
    lines: u64,
    is_stray: bool,
}

impl<'a> Marks<'a> {
    /// The line ends of records, and the ends of their fields.
    pub(super) fn of_fields(bytes: &'a [u8], delimiter: u8) -> Self {
        Self::of(bytes, delimiter, [delimiter, b'\n'])
    }

    /// The line ends of records.
    pub(super) fn of_records(bytes: &'a [u8], delimiter: u8) -> Self {
        Self::of(bytes, delimiter, [b'\n'; 2])
    }

    fn of(bytes: &'a [u8], delimiter: u8, wanted: [u8; 2]) -> Self {
        let chunk = CHUNK.wrapping_neg();
        let (left, inside, opens, closed, lines, is_stray) = (0, 0, 1, 0, 0, false);
        Self { bytes, delimiter, wanted, chunk, left, inside, opens, closed, lines, is_stray }
    }

    /// Place of the next mark; `None` at the end, and at a quote where none should be.
    #[inline]
    pub(super) fn next(&mut self) -> Option<usize> {
        while self.left == 0 {
            self.chunk = self.chunk.wrapping_add(CHUNK);
            match self.bytes.get(self.chunk..)? {
                [] => return None,
                rest => match rest.first_chunk() {
                    Some(chunk) => self.load(chunk, u64::MAX),
                    None => {
                        let mut chunk = [0; CHUNK];
                        chunk[..rest.len()].copy_from_slice(rest);
                        self.load(&chunk, !(u64::MAX << rest.len()));
                    }
                },
            }
            if self.is_stray {
                return None;
            }
        }
        let at = self.chunk + self.left.trailing_zeros() as usize;
        self.left &= self.left - 1;
        Some(at)
    }

    /// Whether a quote was found where none should be.
    pub(super) fn is_stray(&self) -> bool {
        self.is_stray
    }

    /// Line ends between quotes, up to 64 bytes beyond the last mark.
    pub(super) fn lines_inside(&self) -> u64 {
        self.lines
    }

    #[inline]
    fn load(&mut self, chunk: &Chunk, valid: u64) {
        let found = found(chunk, self.wanted);
        let is_plain = found.quotes == 0 && self.inside == 0 && self.closed == 0;
        self.left = if is_plain { found.marks } else { self.quoted(chunk, found.marks, found.quotes, valid) };
        if is_plain {
            // A quote may open a field at the start of the next chunk only behind a mark, which is looked at there.
            self.opens = u64::from(matches!(chunk[CHUNK - 1], b'\n') || chunk[CHUNK - 1] == self.delimiter);
        }
    }

    /// The marks of a chunk with quotes in it, or before it, that are outside of them.
    #[inline(never)]
    fn quoted(&mut self, chunk: &Chunk, marks: u64, quotes: u64, valid: u64) -> u64 {
        const LAST: u32 = CHUNK as u32 - 1;
        let (delimiters, line_ends) = (equal(chunk, self.delimiter), equal(chunk, b'\n'));
        // From each opening quote up to the closing one.
        let inside = running_xor(quotes) ^ self.inside;
        let (opening, closing) = (quotes & inside, quotes & !inside);
        // A doubled quote closes and opens again.
        let opens = delimiters | line_ends | quotes;
        let stray = opening & !(opens << 1 | self.opens) | (closing << 1 | self.closed) & !opens & valid;
        self.is_stray |= stray != 0;
        self.lines += u64::from((line_ends & inside).count_ones());
        self.inside = ((inside as i64) >> LAST) as u64;
        self.opens = opens >> LAST;
        self.closed = closing >> LAST;
        marks & !inside
    }
}

/// Each bit is the exclusive or of all bits up to it.
fn running_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::record::{self, Found, Stray};
    use proptest::prelude::*;

    /// Where fields and records end by the plain reading; `None` if a quote stands where none should be.
    fn plain(bytes: &[u8]) -> Option<Vec<usize>> {
        let (mut at, mut ends, mut all) = (0, Vec::new(), Vec::new());
        loop {
            match record::read(&bytes[at..], b',', Stray::Refused, false, &mut ends) {
                Found::Whole { next, .. } => {
                    all.extend(ends[..ends.len() - 1].iter().map(|end| at + *end as usize));
                    at += next;
                    all.push(at - 1);
                }
                Found::Open => return Some(all),
                Found::Wrong(_) => return None,
            }
        }
    }

    fn marks(mut marks: Marks<'_>) -> Option<Vec<usize>> {
        let all = std::iter::from_fn(|| marks.next()).collect();
        (!marks.is_stray()).then_some(all)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn marks_are_those_of_the_plain_reading(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "a", ",", "\n", "\"", "\"\"", "\"x,y\"", "\"l1\nl2\",", "some more text,", "\r\n", "\"a \"\"b\"\"\"\n", "\0",
            ]), 0..60),
        ) {
            let text = pieces.concat();
            let Some(fast) = marks(Marks::of_fields(text.as_bytes(), b',')) else { return Ok(()) };
            let plain = plain(text.as_bytes());
            let Some(plain) = plain else { return Err(TestCaseError::fail(format!("{text:?} is no CSV"))) };
            // What the file ends in may have fields already.
            prop_assert_eq!(&fast[..plain.len()], &plain, "{:?}", text);
            prop_assert!(fast[plain.len()..].iter().all(|at| text.as_bytes()[*at] == b','));
            let records: Vec<usize> = plain.into_iter().filter(|at| text.as_bytes()[*at] == b'\n').collect();
            prop_assert_eq!(marks(Marks::of_records(text.as_bytes(), b',')).unwrap(), records);
        }

        #[test]
        fn what_a_writer_writes_is_never_stray(rows in prop::collection::vec(prop::collection::vec("[a-c,\"\n]{0,20}", 3), 1..12)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            rows.iter().for_each(|row| writer.write_record(row).unwrap());
            let bytes = writer.into_inner().unwrap();
            prop_assert_eq!(marks(Marks::of_fields(&bytes, b',')), plain(&bytes));
        }
    }
}
