//! Records of a CSV file, taken apart 64 bytes at a time.
//!
//! Bytes become bits: one for each delimiter, line end or quote. What lies between quotes is masked out by a running
//! exclusive or, as in Langdale & Lemire, "Parsing Gigabytes of JSON per Second" (2019, <https://arxiv.org/abs/1902.08318>).
//! That is right as long as quotes stand around fields, or doubled inside them; the first that does not is noticed, and
//! the [plain reading](super::record) decides what it means.

use super::bits::{CHUNK, Chunk, Look, Work, best};
use super::record::{BEFORE, Record};

/// Ends of fields there is room for: of the records that end in a chunk, and of the next.
const ROOM: usize = 512;

/// How far records were read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Walked {
    /// Bytes of the whole records.
    pub(super) bytes: usize,
    /// Line ends in them.
    pub(super) lines: u64,
}

/// Calls `each` with the records of `bytes`, up to the first for which it says `false`; that one is not counted. `None`
/// where a quote stands where none should be, or a record has very many fields.
#[inline(always)]
pub(super) fn records(bytes: &[u8], delimiter: u8, each: impl FnMut(Record<'_>) -> bool) -> Option<Walked> {
    best(Walk { bytes, delimiter, each })
}

/// The same, with the bytes of the records alone.
#[inline(always)]
pub(super) fn lines(bytes: &[u8], delimiter: u8, each: impl FnMut(&[u8]) -> bool) -> Option<Walked> {
    best(Lines::<true, _>::of(bytes, delimiter, each))
}

/// Calls `each` with the lines of `bytes`, which are not quoted, up to the first for which it says `false`; that one is
/// not counted.
#[inline(always)]
pub(super) fn unquoted_lines(bytes: &[u8], each: impl FnMut(&[u8]) -> bool) -> Walked {
    best(Lines::<false, _>::of(bytes, b'\n', each)).unwrap_or_default()
}

/// A walk over all records with their fields.
struct Walk<'a, F> {
    bytes: &'a [u8],
    delimiter: u8,
    each: F,
}

impl<F: FnMut(Record<'_>) -> bool> Work for Walk<'_, F> {
    type Answer = Option<Walked>;

    #[inline(always)]
    fn with(self, look: impl Look) -> Option<Walked> {
        let Self { bytes, delimiter, mut each } = self;
        let (mut quotes, mut ends, mut walked) = (Quotes::new(delimiter), Ends::new(), Walked::default());
        let (chunks, rest) = bytes.as_chunks::<CHUNK>();
        let last = padded(rest);
        for (at, chunk) in chunks.iter().chain([&last]).enumerate() {
            let start = at * CHUNK;
            let Outside { mut marks, mut line_ends } = quotes.outside::<true>(look, chunk, bytes.len() - start)?;
            ends.add(marks, start as u32)?;
            while line_ends != 0 {
                let end = start + line_ends.trailing_zeros() as usize;
                let carriage_return = u32::from(bytes[walked.bytes..end].last() == Some(&b'\r'));
                marks &= !(line_ends ^ (line_ends - 1));
                let behind = marks.count_ones() as usize;
                if !ends.take(behind, carriage_return, |ends| each(Record { bytes, ends })) {
                    return Some(walked.stopped(bytes));
                }
                line_ends &= line_ends - 1;
                (walked.bytes, walked.lines) = (end + 1, walked.lines + 1);
            }
        }
        Some(walked.ended(bytes, &quotes))
    }
}

/// A walk over all lines, `QUOTED` or not.
struct Lines<'a, const QUOTED: bool, F> {
    bytes: &'a [u8],
    each: F,
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

impl<'a, const QUOTED: bool, F: FnMut(&[u8]) -> bool> Lines<'a, QUOTED, F> {
    fn of(bytes: &'a [u8], delimiter: u8, each: F) -> Self {
        Self { bytes, each, quotes: Quotes::new(delimiter), walked: Walked::default() }
    }

    /// Takes the lines that end in a chunk, which begins at `start`.
    #[inline(always)]
    fn step(&mut self, look: impl Look, chunk: &Chunk, start: usize) -> Step {
        let mut line_ends = match QUOTED {
            true => match self.quotes.outside::<false>(look, chunk, self.bytes.len() - start) {
                Some(outside) => outside.line_ends,
                None => return Step::GivenUp,
            },
            false => look.equal(chunk, b'\n'),
        };
        while line_ends != 0 {
            let end = start + line_ends.trailing_zeros() as usize;
            let line = &self.bytes[self.walked.bytes..end];
            if !(self.each)(line.strip_suffix(b"\r").unwrap_or(line)) {
                return Step::Stopped;
            }
            line_ends &= line_ends - 1;
            self.walked = Walked { bytes: end + 1, lines: self.walked.lines + 1 };
        }
        Step::On
    }
}

impl<const QUOTED: bool, F: FnMut(&[u8]) -> bool> Work for Lines<'_, QUOTED, F> {
    type Answer = Option<Walked>;

    #[inline(always)]
    fn with(mut self, look: impl Look) -> Option<Walked> {
        let (chunks, rest) = self.bytes.as_chunks::<CHUNK>();
        let (mut step, mut start) = (Step::On, 0);
        for chunk in chunks {
            step = self.step(look, chunk, start);
            if step != Step::On {
                break;
            }
            start += CHUNK;
        }
        if step == Step::On {
            step = self.step(look, &padded(rest), start);
        }
        match step {
            Step::On => Some(self.walked.ended(self.bytes, &self.quotes)),
            Step::Stopped => Some(self.walked.stopped(self.bytes)),
            Step::GivenUp => None,
        }
    }
}

impl Walked {
    /// As far as all records that are whole.
    fn ended(mut self, bytes: &[u8], quotes: &Quotes) -> Self {
        if quotes.lines > 0 {
            // Line ends in what is left are between quotes, or it would be a record.
            self.lines += quotes.lines - super::blocks::line_ends(&bytes[self.bytes..]);
        }
        self
    }

    /// As far as a record that is not wanted.
    fn stopped(self, bytes: &[u8]) -> Self {
        Self { lines: super::blocks::line_ends(&bytes[..self.bytes]), ..self }
    }
}

/// The last bytes, and zeros.
fn padded(rest: &[u8]) -> Chunk {
    let mut last = [0; CHUNK];
    last[..rest.len()].copy_from_slice(rest);
    last
}

/// Where fields end, and before them where the record before ended.
struct Ends {
    places: [u32; ROOM],
    /// Those of the next record, as far as they were seen.
    from: usize,
    to: usize,
}

impl Ends {
    fn new() -> Self {
        Self { places: [BEFORE; ROOM], from: 0, to: 1 }
    }

    /// Adds the places of the marks of a chunk; `None` if there is no room.
    #[inline(always)]
    fn add(&mut self, mut marks: u64, start: u32) -> Option<()> {
        if self.to + CHUNK > ROOM {
            self.places.copy_within(self.from..self.to, 0);
            (self.from, self.to) = (0, self.to - self.from);
        }
        let room = self.places.get_mut(self.to..self.to + CHUNK)?;
        let many = marks.count_ones() as usize;
        // Eight at a time, whether there are as many or not: to ask after each takes longer. What is too many is written
        // over by the next.
        let (eights, _) = room.as_chunks_mut::<8>();
        for eight in eights.iter_mut().take(many.div_ceil(8)) {
            for place in eight {
                *place = start + (marks | 1 << (CHUNK - 1)).trailing_zeros();
                marks &= marks.wrapping_sub(1);
            }
        }
        self.to += many;
        Some(())
    }

    /// Calls `each` with the ends of the next record; `behind` of the places are of others, and so many bytes of its last
    /// field are of the line end.
    #[inline(always)]
    fn take(&mut self, behind: usize, line_end: u32, each: impl FnOnce(&[u32]) -> bool) -> bool {
        let last = self.to - behind - 1;
        let (from, place) = (self.from, self.places[last]);
        self.from = last;
        self.places[last] = place - line_end;
        let is_wanted = each(&self.places[from..=last]);
        self.places[last] = place;
        is_wanted
    }
}

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
    /// The last byte.
    last: u8,
    /// The lowest bit says of the last byte: it is a quote that ended a field.
    closed: u64,
    /// Line ends between quotes.
    lines: u64,
}

impl Quotes {
    /// At the start of a record.
    pub(super) fn new(delimiter: u8) -> Self {
        Self { delimiter, inside: 0, last: b'\n', closed: 0, lines: 0 }
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

    /// The marks of the next chunk outside of quotes, of which `size` bytes are of the file; `None` at a quote where none
    /// should be.
    #[inline(always)]
    fn outside<const FIELDS: bool>(&mut self, look: impl Look, chunk: &Chunk, size: usize) -> Option<Outside> {
        let (line_ends, quotes) = (look.equal(chunk, b'\n'), look.rare(chunk, b'"'));
        let last = std::mem::replace(&mut self.last, chunk[CHUNK - 1]);
        if quotes | self.inside | self.closed != 0 {
            let marks = look.equal(chunk, self.delimiter) | line_ends;
            let valid = if size < CHUNK { !(u64::MAX << size) } else { u64::MAX };
            return self.among(look, last, Outside { marks, line_ends }, quotes, valid);
        }
        let marks = if FIELDS { look.equal(chunk, self.delimiter) | line_ends } else { line_ends };
        Some(Outside { marks, line_ends })
    }

    /// What of all marks is outside, for a chunk with quotes in it, or before it; `last` is the byte before it, and `valid`
    /// are the bytes of the file.
    #[inline(always)]
    pub(super) fn among(
        &mut self,
        look: impl Look,
        last: u8,
        all: Outside,
        quotes: u64,
        valid: u64,
    ) -> Option<Outside> {
        const LAST: usize = CHUNK - 1;
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

/// The comparison with the plain reading.
#[cfg(any(test, fuzzing))]
pub(super) mod agreement {
    use super::*;
    use crate::ingest::blocks::line_ends;
    use crate::ingest::record::{self, Stray};

    /// Records, and how far they were read.
    type Seen<T> = (Vec<T>, Walked);

    fn fields(record: Record<'_>) -> Vec<String> {
        (0..record.len()).map(|at| record.text(Some(at)).into_owned()).collect()
    }

    /// By the plain reading; `None` if a quote stands where none should be.
    fn plainly<T>(bytes: &[u8], delimiter: u8, shown: impl Fn(Record<'_>) -> T) -> Option<Seen<T>> {
        let (mut ends, mut seen, mut walked) = (Vec::new(), Vec::new(), Walked::default());
        loop {
            let rest = &bytes[walked.bytes..];
            match record::read(rest, delimiter, Stray::Refused, false, &mut ends) {
                record::Found::Whole { size, next } => {
                    seen.push(shown(Record { bytes: &rest[..size], ends: &ends }));
                    walked = Walked { bytes: walked.bytes + next, lines: walked.lines + line_ends(&rest[..next]) };
                }
                record::Found::Open => return Some((seen, walked)),
                record::Found::Wrong(_) => return None,
            }
        }
    }

    /// The fields of all records.
    pub(super) fn by_marks(bytes: &[u8], delimiter: u8) -> Option<Seen<Vec<String>>> {
        let mut seen = Vec::new();
        let walked = records(bytes, delimiter, |record| {
            seen.push(fields(record));
            true
        })?;
        Some((seen, walked))
    }

    fn by_line_ends(bytes: &[u8], delimiter: u8) -> Option<Seen<Vec<u8>>> {
        let mut seen = Vec::new();
        let walked = lines(bytes, delimiter, |line| {
            seen.push(line.to_vec());
            true
        })?;
        Some((seen, walked))
    }

    /// Holds lines that are not quoted equal to what line ends split.
    fn assert_lines_agree(bytes: &[u8]) {
        let (mut seen, most) = (Vec::new(), bytes.len() % 60);
        let walked = unquoted_lines(bytes, |line| {
            seen.push(line.to_vec());
            seen.len() <= most
        });
        let plain: Vec<&[u8]> =
            bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")).collect();
        let lines = plain.len().min(most);
        let size = plain[..lines].iter().map(|line| line.len()).sum();
        assert_eq!(walked, Walked { bytes: size, lines: lines as u64 });
        let without =
            |line: &&[u8]| line[..line.len() - 1].strip_suffix(b"\r").unwrap_or(&line[..line.len() - 1]).to_vec();
        assert_eq!(seen, plain.iter().take(most + 1).map(without).collect::<Vec<_>>());
    }

    /// Holds records and lines equal to those of the plain reading, unless they are given up.
    pub(in crate::ingest) fn assert_agrees(bytes: &[u8], delimiter: u8) {
        assert_lines_agree(bytes);
        if let Some(seen) = by_marks(bytes, delimiter) {
            assert_eq!(Some(seen), plainly(bytes, delimiter, fields), "{:?}", String::from_utf8_lossy(bytes));
        }
        if let Some(seen) = by_line_ends(bytes, delimiter) {
            let plain = plainly(bytes, delimiter, |record| record.bytes.to_vec());
            assert_eq!(Some(seen), plain, "{:?}", String::from_utf8_lossy(bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::agreement::{assert_agrees, by_marks};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn records_are_those_of_the_plain_reading(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "a", ",", "\n", "\"", "\"\"", "\"x,y\"", "\"l1\nl2\",", "some more text,", "\r\n", "\"a \"\"b\"\"\"\n", "\0", "\r",
            ]), 0..60),
        ) {
            assert_agrees(pieces.concat().as_bytes(), b',');
        }

        #[test]
        fn what_a_writer_writes_is_never_given_up(rows in prop::collection::vec(prop::collection::vec("[a-c,\"\n]{0,20}", 3), 1..12)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            rows.iter().for_each(|row| writer.write_record(row).unwrap());
            let bytes = writer.into_inner().unwrap();
            prop_assert_eq!(by_marks(&bytes, b',').map(|(seen, _)| seen), Some(rows));
        }
    }

    #[test]
    fn a_record_of_very_many_fields_is_given_up() {
        let text = format!("{}\n", ",".repeat(ROOM));
        assert!(by_marks(text.as_bytes(), b',').is_none());
        assert!(by_marks(format!("{}\n", ",".repeat(400)).as_bytes(), b',').is_some());
    }

    #[test]
    fn the_record_that_is_not_wanted_is_not_counted() {
        let text = b"a\n\"b\nb\"\nstop\nc\n";
        let walked = records(text, b',', |record| record.raw(Some(0)) != b"stop").unwrap();
        assert_eq!(walked, Walked { bytes: 8, lines: 3 });
    }
}
