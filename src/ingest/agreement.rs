//! Fast readings of CSV held beside the plain one: records by the grid, and lines.

use super::bits::Look;
use super::grid::{Grid, Reader, Row};
use super::lines::{self, Walked};
use super::marks::WINDOW;
use super::parser::line_ends;
use super::record::{self, Record, Stray};

/// Records, and how far they were read.
type Seen<T> = (Vec<T>, Walked);

/// Holds records and lines equal to those of the plain reading, unless they are given up.
pub(super) fn assert_agrees(bytes: &[u8], delimiter: u8) {
    assert_lines_agree(bytes);
    // Of rows near the end of a block less is seen at once.
    for bytes in [bytes.to_vec(), [bytes, &[b'\n'; 400]].concat()] {
        assert_records_agree(&bytes, delimiter);
    }
}

fn assert_records_agree(bytes: &[u8], delimiter: u8) {
    if let Some(seen) = by_grid(bytes, delimiter, None) {
        assert_eq!(Some(seen), plainly(bytes, delimiter, fields), "{:?}", String::from_utf8_lossy(bytes));
    }
    if let Some(seen) = by_lines(bytes, delimiter) {
        let plain = plainly(bytes, delimiter, |record| record.bytes.to_vec());
        assert_eq!(Some(seen), plain, "{:?}", String::from_utf8_lossy(bytes));
    }
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

fn fields(record: Record<'_>) -> Vec<String> {
    (0..record.len()).map(|at| record.text(Some(at)).into_owned()).collect()
}

/// The fields of all records, up to one whose first field is `stop`.
fn by_grid(bytes: &[u8], delimiter: u8, stop: Option<&str>) -> Option<Seen<Vec<String>>> {
    struct Fields<'a> {
        stop: Option<&'a str>,
        seen: Vec<Vec<String>>,
    }
    impl Reader for Fields<'_> {
        fn read(&mut self, row: Row<'_>) -> bool {
            let mut ends = Vec::new();
            let record = row.record(&mut ends);
            let to = record.ends.last().map_or(row.from, |to| *to as usize);
            let (from, at) = (row.from, row.from + row.bytes.len() % 7);
            // Windows and counts are those of the fields.
            let ends = &record.ends[1..record.len()];
            assert_eq!(row.many as usize, ends.len());
            let last = row.last_delimiter().filter(|last| *last >= from);
            assert!(last.is_none_or(|last| Some(last as u32) == ends.last().copied()));
            if let Some(front) = row.front() {
                let (many, mut window) = (to.saturating_sub(at).min(WINDOW), front.window(at - from));
                let marks = std::iter::from_fn(|| window.last().inspect(|_| window.skip(1)));
                let inside = ends.iter().filter_map(|end| (*end as usize).checked_sub(at));
                assert!(marks.filter(|mark| *mark < many).eq(inside.filter(|end| *end < many)));
            }
            self.seen.push(fields(record));
            self.stop.is_none_or(|stop| self.seen.last().is_some_and(|fields| fields[0] != stop))
        }
    }
    let mut reader = Fields { stop, seen: Vec::new() };
    let walked = Grid::default().rows(bytes, delimiter, &mut reader)?;
    Some((reader.seen, walked))
}

/// Copies lines.
struct Copied {
    seen: Vec<Vec<u8>>,
    most: usize,
}

impl lines::Reader for Copied {
    fn read(&mut self, _: impl Look, line: &[u8]) -> bool {
        self.seen.push(line.to_vec());
        self.seen.len() <= self.most
    }
}

fn by_lines(bytes: &[u8], delimiter: u8) -> Option<Seen<Vec<u8>>> {
    let mut copied = Copied { seen: Vec::new(), most: usize::MAX };
    let walked = lines::lines(bytes, delimiter, &mut copied)?;
    Some((copied.seen, walked))
}

/// Holds lines that are not quoted equal to what line ends split.
fn assert_lines_agree(bytes: &[u8]) {
    let most = bytes.len() % 60;
    let mut copied = Copied { seen: Vec::new(), most };
    let walked = lines::unquoted_lines(bytes, &mut copied);
    let plain: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")).collect();
    let lines = plain.len().min(most);
    let size = plain[..lines].iter().map(|line| line.len()).sum();
    assert_eq!(walked, Walked { bytes: size, lines: lines as u64 });
    let without = |line: &&[u8]| line[..line.len() - 1].strip_suffix(b"\r").unwrap_or(&line[..line.len() - 1]).to_vec();
    assert_eq!(copied.seen, plain.iter().take(most + 1).map(without).collect::<Vec<_>>());
}

#[cfg(test)]
mod tests {
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
            prop_assert_eq!(by_grid(&bytes, b',', None).map(|(seen, _)| seen), Some(rows));
        }
    }

    #[test]
    fn a_record_may_have_very_many_fields() {
        let text = format!("a\n{}\n", ",".repeat(5_000));
        assert_eq!(by_grid(text.as_bytes(), b',', None).unwrap().0[1].len(), 5_001);
    }

    #[test]
    fn the_record_that_is_not_wanted_is_not_counted() {
        let (_, walked) = by_grid(b"a\n\"b\nb\"\nstop\nc\n", b',', Some("stop")).unwrap();
        assert_eq!(walked, Walked { bytes: 8, lines: 3 });
    }
}
