//! Records of a CSV file, taken apart 64 bytes at a time.
//!
//! Bytes become bits: one for each delimiter, line end or quote. What lies between quotes is masked out by a running
//! exclusive or, as in Langdale & Lemire, "Parsing Gigabytes of JSON per Second" (2019, <https://arxiv.org/abs/1902.08318>).
//! That is right as long as quotes stand around fields, or doubled inside them; the first that does not is noticed, and
//! the [plain reading](super::record) decides what it means.

use super::bits::{CHUNK, Chunk, Found, found};
use super::record::Record;

/// Most fields of a record; of more the plain reading takes care.
const MOST_FIELDS: usize = 256;

/// How far records were read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Walked {
    /// Bytes of the whole records.
    pub(super) bytes: usize,
    /// Line ends in them.
    pub(super) lines: u64,
}

/// Calls `each` with the records of `bytes`, up to the first for which it says `false`; that one is not counted. `None`
/// where a quote stands where none should be, or a record has too many fields.
#[inline]
pub(super) fn records(bytes: &[u8], delimiter: u8, mut each: impl FnMut(Record<'_>) -> bool) -> Option<Walked> {
    let (mut ends, mut fields) = ([0; MOST_FIELDS], 0);
    walk(bytes, delimiter, |piece| {
        if fields + CHUNK > MOST_FIELDS {
            return None;
        }
        fields = put(&mut ends, fields, piece.marks, piece.offset);
        let Some(record_bytes) = piece.record else { return Some(true) };
        let is_wanted = each(record(record_bytes, &mut ends[..fields]));
        fields = 0;
        Some(is_wanted)
    })
}

/// The same, with the bytes of the records alone.
#[inline]
pub(super) fn lines(bytes: &[u8], delimiter: u8, mut each: impl FnMut(&[u8]) -> bool) -> Option<Walked> {
    walk(bytes, delimiter, |piece| {
        Some(piece.record.is_none_or(|bytes| each(bytes.strip_suffix(b"\r").unwrap_or(bytes))))
    })
}

/// What a chunk holds of a record.
struct Piece<'a> {
    /// The ends of fields, and how far into the record the chunk begins, which may be before it.
    marks: u64,
    offset: u32,
    /// The record without its line feed, if the chunk holds its end.
    record: Option<&'a [u8]>,
}

/// Calls `each` with the pieces of records, until it says `false` of a record, or `None`.
#[inline]
fn walk<'a>(bytes: &'a [u8], delimiter: u8, mut each: impl FnMut(Piece<'a>) -> Option<bool>) -> Option<Walked> {
    let (mut quotes, mut walked) = (Quotes::new(delimiter), Walked::default());
    let (chunks, rest) = bytes.as_chunks::<CHUNK>();
    let mut last = [0; CHUNK];
    last[..rest.len()].copy_from_slice(rest);
    for (at, chunk) in chunks.iter().chain([&last]).enumerate() {
        let start = at * CHUNK;
        let Found { mut marks, mut line_ends, .. } = quotes.outside(chunk, bytes.len() - start)?;
        while line_ends != 0 {
            let up_to = line_ends ^ (line_ends - 1);
            let end = start + line_ends.trailing_zeros() as usize;
            let offset = (start as u32).wrapping_sub(walked.bytes as u32);
            let record = Some(&bytes[walked.bytes..end]);
            if !each(Piece { marks: marks & up_to, offset, record })? {
                walked.lines = super::blocks::line_ends(&bytes[..walked.bytes]);
                return Some(walked);
            }
            (marks, line_ends) = (marks & !up_to, line_ends & !up_to);
            (walked.bytes, walked.lines) = (end + 1, walked.lines + 1);
        }
        let offset = (start as u32).wrapping_sub(walked.bytes as u32);
        each(Piece { marks, offset, record: None })?;
    }
    if quotes.lines > 0 {
        // Line ends in what is left are between quotes, or it would be a record.
        walked.lines += quotes.lines - super::blocks::line_ends(&bytes[walked.bytes..]);
    }
    Some(walked)
}

/// Adds the places of marks to the ends of fields. There is room for a chunk.
#[inline]
fn put(ends: &mut [u32; MOST_FIELDS], mut fields: usize, mut marks: u64, offset: u32) -> usize {
    while marks != 0 {
        ends[fields % MOST_FIELDS] = offset.wrapping_add(marks.trailing_zeros());
        marks &= marks - 1;
        fields += 1;
    }
    fields
}

/// The record of these bytes, without a carriage return at its end.
#[inline]
fn record<'a>(bytes: &'a [u8], ends: &'a mut [u32]) -> Record<'a> {
    let Some(trimmed) = bytes.strip_suffix(b"\r") else { return Record { bytes, ends } };
    if let Some(last) = ends.last_mut() {
        *last -= 1;
    }
    Record { bytes: trimmed, ends }
}

/// Knows what lies between quotes, from chunk to chunk.
struct Quotes {
    delimiter: u8,
    /// All ones where the last chunk ended between quotes.
    inside: u64,
    /// The lowest bit says of the last byte: a quote behind it may open a field.
    opens: u64,
    /// The lowest bit says of the last byte: it is a quote that ended a field.
    closed: u64,
    /// Line ends between quotes.
    lines: u64,
}

impl Quotes {
    /// At the start of a record.
    fn new(delimiter: u8) -> Self {
        Self { delimiter, inside: 0, opens: 1, closed: 0, lines: 0 }
    }

    /// The marks of the next chunk outside of quotes, of which `size` bytes are of the file; `None` at a quote where none
    /// should be.
    #[inline]
    fn outside(&mut self, chunk: &Chunk, size: usize) -> Option<Found> {
        let found = found(chunk, self.delimiter);
        if found.quotes | self.inside | self.closed == 0 {
            self.opens = found.marks >> (CHUNK - 1);
            return Some(found);
        }
        self.among(found, if size < CHUNK { !(u64::MAX << size) } else { u64::MAX })
    }

    /// The same for a chunk with quotes in it, or before it; `valid` are the bytes of the file.
    #[inline(never)]
    fn among(&mut self, found: Found, valid: u64) -> Option<Found> {
        const LAST: usize = CHUNK - 1;
        // From each opening quote up to the closing one.
        let inside = running_xor(found.quotes) ^ self.inside;
        let (opening, closing) = (found.quotes & inside, found.quotes & !inside);
        // A doubled quote closes and opens again.
        let opens = found.marks | found.quotes;
        let misplaced = opening & !(opens << 1 | self.opens) | (closing << 1 | self.closed) & !opens & valid;
        self.lines += u64::from((found.line_ends & inside).count_ones());
        self.inside = ((inside as i64) >> LAST) as u64;
        self.opens = opens >> LAST;
        self.closed = closing >> LAST;
        let outside = Found { marks: found.marks & !inside, line_ends: found.line_ends & !inside, ..found };
        (misplaced == 0).then_some(outside)
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
    use crate::ingest::blocks::line_ends;
    use crate::ingest::record::{self, Stray};
    use proptest::prelude::*;

    /// Records and their fields, and how far they were read.
    type Seen = (Vec<Vec<String>>, Walked);

    fn fields(record: Record<'_>) -> Vec<String> {
        (0..record.len()).map(|at| record.text(Some(at)).into_owned()).collect()
    }

    /// By the plain reading; `None` if a quote stands where none should be.
    fn plainly(bytes: &[u8]) -> Option<Seen> {
        let (mut ends, mut seen, mut walked) = (Vec::new(), Vec::new(), Walked::default());
        loop {
            let rest = &bytes[walked.bytes..];
            match record::read(rest, b',', Stray::Refused, false, &mut ends) {
                record::Found::Whole { size, next } => {
                    seen.push(fields(Record { bytes: &rest[..size], ends: &ends }));
                    walked = Walked { bytes: walked.bytes + next, lines: walked.lines + line_ends(&rest[..next]) };
                }
                record::Found::Open => return Some((seen, walked)),
                record::Found::Wrong(_) => return None,
            }
        }
    }

    fn by_marks(bytes: &[u8]) -> Option<Seen> {
        let mut seen = Vec::new();
        let walked = records(bytes, b',', |record| {
            seen.push(fields(record));
            true
        })?;
        Some((seen, walked))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn records_are_those_of_the_plain_reading(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "a", ",", "\n", "\"", "\"\"", "\"x,y\"", "\"l1\nl2\",", "some more text,", "\r\n", "\"a \"\"b\"\"\"\n", "\0", "\r",
            ]), 0..60),
        ) {
            let text = pieces.concat();
            if let Some(fast) = by_marks(text.as_bytes()) {
                prop_assert_eq!(Some(fast), plainly(text.as_bytes()), "{:?}", text);
            }
        }

        #[test]
        fn what_a_writer_writes_is_never_given_up(rows in prop::collection::vec(prop::collection::vec("[a-c,\"\n]{0,20}", 3), 1..12)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            rows.iter().for_each(|row| writer.write_record(row).unwrap());
            let bytes = writer.into_inner().unwrap();
            prop_assert_eq!(by_marks(&bytes).map(|(seen, _)| seen), Some(rows));
        }
    }

    #[test]
    fn a_record_of_very_many_fields_is_given_up() {
        let text = format!("{}\n", ",".repeat(MOST_FIELDS));
        assert!(by_marks(text.as_bytes()).is_none() && plainly(text.as_bytes()).is_some());
        assert!(by_marks(format!("{}\n", ",".repeat(99)).as_bytes()).is_some());
    }

    #[test]
    fn the_record_that_is_not_wanted_is_not_counted() {
        let text = b"a\n\"b\nb\"\nstop\nc\n";
        let walked = records(text, b',', |record| record.bytes != b"stop").unwrap();
        assert_eq!(walked, Walked { bytes: 8, lines: 3 });
    }
}
