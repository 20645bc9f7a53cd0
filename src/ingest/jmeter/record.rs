//! Records of a CSV file: fields apart, quotes and line ends inside them respected.
//!
//! `JMeter` quotes a field that holds the delimiter, a quote or a line end, and doubles the quotes in it.

use std::borrow::Cow;

use anyhow::{Result, bail};

use crate::ingest::Input;

/// Longest record: as long as the longest line. A quote that is never closed ends here and not with the file.
const LONGEST: usize = 16 << 20;

/// One record, to be filled again and again.
#[derive(Default)]
pub(super) struct Record {
    bytes: Vec<u8>,
    fields: Vec<Field>,
    /// Number of its first line.
    pub(super) number: u64,
    /// Whether a line end followed.
    pub(super) terminated: bool,
}

/// Where the value of a field lies, without quotes around it.
#[derive(Clone, Copy, Debug)]
struct Field {
    start: usize,
    end: usize,
    /// Whether quotes in it are doubled.
    doubled: bool,
}

/// How far the fields of a record are known: a line end may come inside quotes.
#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    at: usize,
    /// First byte and doubled quotes of a quoted field that is still open.
    open: Option<(usize, bool)>,
}

impl Record {
    /// Reads the next line; `false` at the end of the file.
    ///
    /// # Errors
    /// As [`Input::next_line`].
    pub(super) fn line(&mut self, input: &mut Input<'_>) -> Result<bool> {
        self.bytes.clear();
        self.fields.clear();
        let Some(line) = input.next_line()? else { return Ok(false) };
        // The mark is taken off where bytes are decompressed; this is for callers that do not.
        let mark = if line.number == 1 { b"\xef\xbb\xbf".as_slice() } else { b"" };
        self.bytes.extend_from_slice(line.bytes.strip_prefix(mark).unwrap_or(line.bytes));
        (self.number, self.terminated) = (line.number, line.terminated);
        Ok(true)
    }

    /// Takes the fields apart, reading more lines while a quote is open. `false`: this is no record, the quotes are wrong.
    ///
    /// # Errors
    /// As [`Input::next_line`], and a quoted field longer than 16 MiB.
    pub(super) fn split(&mut self, delimiter: u8, input: &mut Input<'_>) -> Result<bool> {
        if memchr::memchr(b'"', &self.bytes).is_none() {
            self.split_plain(delimiter);
            return Ok(true);
        }
        let mut cursor = Cursor::default();
        loop {
            if !self.split_quoted(delimiter, &mut cursor) {
                return Ok(false);
            }
            if cursor.open.is_none() {
                return Ok(true);
            }
            let Some(line) = input.next_line()? else {
                self.terminated = false;
                return Ok(false);
            };
            self.bytes.push(b'\n');
            self.bytes.extend_from_slice(line.bytes);
            self.terminated = line.terminated;
            if self.bytes.len() > LONGEST {
                bail!("{}:{}: a quote is opened and not closed within 16 MiB", input.name(), self.number);
            }
        }
    }

    /// The line as it came.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether there is nothing in the line.
    pub(super) fn is_blank(&self) -> bool {
        self.bytes.trim_ascii().is_empty()
    }

    /// Fields of the record.
    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    /// The bytes of a field as written, with doubled quotes left doubled; empty where there is no such field.
    pub(super) fn raw(&self, at: Option<usize>) -> &[u8] {
        at.and_then(|at| self.fields.get(at)).map_or(&[], |field| &self.bytes[field.start..field.end])
    }

    /// The text of a field; what is not UTF-8 is replaced.
    pub(super) fn text(&self, at: Option<usize>) -> Cow<'_, str> {
        let text = String::from_utf8_lossy(self.raw(at));
        let doubled = at.and_then(|at| self.fields.get(at)).is_some_and(|field| field.doubled);
        if doubled { Cow::Owned(text.replace("\"\"", "\"")) } else { text }
    }

    /// A line without any quote.
    fn split_plain(&mut self, delimiter: u8) {
        let mut start = 0;
        for end in memchr::memchr_iter(delimiter, &self.bytes).chain([self.bytes.len()]) {
            self.fields.push(Field { start, end, doubled: false });
            start = end + 1;
        }
    }

    /// Goes on from `cursor` to the end of the bytes; `false` where something follows a closing quote.
    fn split_quoted(&mut self, delimiter: u8, cursor: &mut Cursor) -> bool {
        loop {
            let field = match cursor.open.take() {
                Some((start, doubled)) => self.quoted(start, doubled, cursor),
                None if self.bytes.get(cursor.at) == Some(&b'"') => {
                    cursor.at += 1;
                    self.quoted(cursor.at, false, cursor)
                }
                None => {
                    let rest = &self.bytes[cursor.at..];
                    let end = cursor.at + memchr::memchr(delimiter, rest).unwrap_or(rest.len());
                    let start = std::mem::replace(&mut cursor.at, end);
                    Some(Field { start, end, doubled: false })
                }
            };
            let Some(field) = field else { return true };
            self.fields.push(field);
            match self.bytes.get(cursor.at) {
                None => return true,
                Some(byte) if *byte == delimiter => cursor.at += 1,
                Some(_) => return false,
            }
        }
    }

    /// A quoted field that starts at `start`; `None` if the bytes end before it does, which `cursor` remembers.
    fn quoted(&self, start: usize, mut doubled: bool, cursor: &mut Cursor) -> Option<Field> {
        while let Some(found) = memchr::memchr(b'"', &self.bytes[cursor.at..]) {
            let end = cursor.at + found;
            cursor.at = end + 1;
            if self.bytes.get(cursor.at) != Some(&b'"') {
                return Some(Field { start, end, doubled });
            }
            doubled = true;
            cursor.at += 1;
        }
        cursor.at = self.bytes.len();
        cursor.open = Some((start, doubled));
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::Options;
    use proptest::prelude::*;

    /// Records of `text`, or the number of the first line that is none.
    fn records(text: &[u8]) -> Result<Vec<Vec<String>>, u64> {
        let (mut reader, options) = (text, Options::default());
        let mut input = Input::new("x", &mut reader, &options);
        let (mut record, mut seen) = (Record::default(), Vec::new());
        while record.line(&mut input).unwrap() {
            if !record.split(b',', &mut input).unwrap() {
                return Err(record.number);
            }
            seen.push((0..record.len()).map(|at| record.text(Some(at)).into_owned()).collect());
        }
        Ok(seen)
    }

    #[test]
    fn quotes_hold_delimiters_quotes_and_line_ends() {
        let text = b"1,\"GET /items, \"\"all\"\"\",x\r\n2,\"a\nb\"\"\n\"\"c\",\n\"\",,\"\"\n";
        let expected = [vec!["1", "GET /items, \"all\"", "x"], vec!["2", "a\nb\"\n\"c", ""], vec!["", "", ""]];
        assert_eq!(records(text).unwrap(), expected);
    }

    #[test]
    fn a_quote_inside_a_plain_field_is_a_character() {
        assert_eq!(records(b"a\"b,5\" pipe\n").unwrap(), [["a\"b", "5\" pipe"]]);
    }

    #[test]
    fn text_after_a_closing_quote_and_an_open_quote_are_no_record() {
        assert_eq!(records(b"a,b\n\"a\"b,c\n"), Err(2));
        assert_eq!(records(b"a,b\nc,d\n\"a,b\nc\n"), Err(3));
    }

    #[test]
    fn many_lines_in_one_field_take_linear_time() {
        let text = [b"\"".as_slice(), &b"\"\"x\n".repeat(300_000), b"\",b\n"].concat();
        assert_eq!(records(&text).unwrap()[0].len(), 2);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(prop::sample::select(b"a\",\n\r;1\xff".as_slice()), 0..60)) {
            let _ = records(&bytes);
        }

        #[test]
        fn what_is_quoted_reads_back(rows in prop::collection::vec(prop::collection::vec("[a-c,\"\n]{1,6}", 1..5), 1..6)) {
            let quoted = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
            let text: String = rows.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n").collect();
            prop_assert_eq!(records(text.as_bytes()).unwrap(), rows);
        }
    }
}
