//! Records of CSV files: fields apart, quotes and line ends inside them respected.
//!
//! RFC 4180 (<https://www.rfc-editor.org/rfc/rfc4180>): a field that holds the delimiter, a quote or a line end stands in
//! quotes, and the quotes in it are doubled. This is the plain reading, byte after byte; the [grid](super::grid) is the
//! fast one, which gives up where a quote stands elsewhere.

use std::borrow::Cow;

/// The end before the first field, as each begins behind the end before it.
pub(super) const BEFORE: u32 = u32::MAX;

/// One record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    /// The bytes that its fields lie in.
    pub(super) bytes: &'a [u8],
    /// Where its fields end, behind [`BEFORE`].
    pub(super) ends: &'a [u32],
}

/// What a reading found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A record of `size` bytes; the next begins `next` bytes further.
    Whole { size: usize, next: usize },
    /// A record that the bytes end in.
    Open,
    /// No record.
    Wrong(&'static str),
}

/// What a quote inside a field that does not begin with one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stray {
    /// A character like others.
    Kept,
    /// No record.
    Refused,
}

impl<'a> Record<'a> {
    /// Fields.
    pub(super) fn len(self) -> usize {
        self.ends.len() - 1
    }

    /// The bytes of a field without the quotes around it, those in it still doubled; empty where there is no such field.
    #[inline]
    pub(super) fn raw(self, at: Option<usize>) -> &'a [u8] {
        let field = self.field(at);
        field.strip_prefix(b"\"").and_then(|field| field.strip_suffix(b"\"")).unwrap_or(field)
    }

    /// The text of a field; what is not UTF-8 is replaced, and line ends are `\n`.
    #[inline]
    pub(super) fn text(self, at: Option<usize>) -> Cow<'a, str> {
        let field = self.field(at);
        match std::str::from_utf8(field) {
            Ok(text) if !text.starts_with('"') => Cow::Borrowed(text),
            _ => unquoted(field),
        }
    }

    /// Whether there is nothing in the record.
    #[inline]
    pub(super) fn is_blank(self) -> bool {
        self.len() < 2 && self.field(Some(0)).trim_ascii().is_empty()
    }

    /// The bytes of a field as they are written.
    #[inline]
    pub(super) fn field(self, at: Option<usize>) -> &'a [u8] {
        let Some([before, end]) = at.and_then(|at| self.ends.get(at..at + 2)) else { return &[] };
        &self.bytes[before.wrapping_add(1) as usize..*end as usize]
    }
}

/// The text of a field, in quotes or not; what is not UTF-8 is replaced, and line ends between quotes are `\n`.
pub(super) fn unquoted(field: &[u8]) -> Cow<'_, str> {
    let Some(inside) = field.strip_prefix(b"\"").and_then(|field| field.strip_suffix(b"\"")) else {
        return String::from_utf8_lossy(field);
    };
    let text = String::from_utf8_lossy(inside);
    if memchr::memchr2(b'"', b'\r', inside).is_none() {
        return text;
    }
    let (mut plain, mut from) = (String::with_capacity(text.len()), 0);
    for at in memchr::memchr2_iter(b'"', b'\r', text.as_bytes()) {
        let pair = text.as_bytes().get(at..at + 2);
        // Of a doubled quote the second is kept, of a line end the line feed.
        if at >= from && matches!(pair, Some(b"\"\"" | b"\r\n")) {
            plain.push_str(&text[from..at]);
            from = at + 1;
            // The quote kept begins no other pair.
            if pair == Some(b"\"\"") {
                plain.push('"');
                from = at + 2;
            }
        }
    }
    plain.push_str(&text[from..]);
    Cow::Owned(plain)
}

/// Reads the record that begins at the start of `bytes` and puts into `ends` where its fields end. Bytes without a line
/// end are a record only where the file ends (`last`).
pub(super) fn read(bytes: &[u8], delimiter: u8, stray: Stray, last: bool, ends: &mut Vec<u32>) -> Found {
    ends.clear();
    ends.push(BEFORE);
    let mut at = 0;
    loop {
        let end = match bytes.get(at) {
            Some(b'"') => match end_of_quoted(bytes, at + 1) {
                Some(end) => end,
                None => return Found::Open,
            },
            _ => memchr::memchr2(delimiter, b'\n', &bytes[at..]).map_or(bytes.len(), |found| at + found),
        };
        // What is wrong is told with the whole line.
        let wrong = |why| if last || memchr::memchr(b'\n', bytes).is_some() { Found::Wrong(why) } else { Found::Open };
        let quoted = bytes.get(at) == Some(&b'"');
        if !quoted && stray == Stray::Refused && memchr::memchr(b'"', &bytes[at..end]).is_some() {
            return wrong("a quote stands inside a field that is not quoted");
        }
        match &bytes[end..] {
            [byte, ..] if *byte == delimiter => {
                ends.push(end as u32);
                at = end + 1;
            }
            [] if !last => return Found::Open,
            [b'\r'] if quoted && !last => return Found::Open,
            rest @ ([] | [b'\n', ..] | [b'\r'] | [b'\r', b'\n', ..]) => {
                // Outside of quotes the line end takes a carriage return from the field before it.
                let blank = !quoted && end > at && bytes[end - 1] == b'\r';
                let size = if blank { end - 1 } else { end };
                ends.push(size as u32);
                let line_end = rest.len().min(1 + usize::from(rest.first() == Some(&b'\r')));
                return Found::Whole { size, next: end + line_end };
            }
            _ => return wrong("a quote stands inside a quoted field and is not doubled"),
        }
    }
}

/// Place behind the quote that ends the field whose text starts at `at`.
fn end_of_quoted(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr(b'"', &bytes[at..])? + 1;
        if bytes.get(at) != Some(&b'"') {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Records of `text`, or the bytes before the first that is none.
    fn records(text: &[u8], stray: Stray) -> Result<Vec<Vec<String>>, usize> {
        let (mut at, mut ends, mut seen) = (0, Vec::new(), Vec::new());
        while at < text.len() {
            let rest = &text[at..];
            let Found::Whole { size, next } = read(rest, b',', stray, true, &mut ends) else { return Err(at) };
            let record = Record { bytes: &rest[..size], ends: &ends };
            seen.push((0..record.len()).map(|at| record.text(Some(at)).into_owned()).collect());
            at += next;
        }
        Ok(seen)
    }

    #[test]
    fn quotes_hold_delimiters_quotes_and_line_ends() {
        let text = b"1,\"GET /items, \"\"all\"\"\",x\r\n2,\"a\r\nb\"\"\n\"\"c\",\n\"\",,\"\"\r\n";
        let expected = [vec!["1", "GET /items, \"all\"", "x"], vec!["2", "a\nb\"\n\"c", ""], vec!["", "", ""]];
        assert_eq!(records(text, Stray::Refused).unwrap(), expected);
    }

    #[test]
    fn a_quote_inside_a_plain_field_is_a_character_or_refused() {
        let text = b"a\"b,5\" pipe\n";
        assert_eq!(records(text, Stray::Kept).unwrap(), [["a\"b", "5\" pipe"]]);
        assert_eq!(records(text, Stray::Refused), Err(0));
    }

    #[test]
    fn text_after_a_closing_quote_and_an_open_quote_are_no_record() {
        assert_eq!(records(b"a,b\n\"a\"b,c\n", Stray::Kept), Err(4));
        assert_eq!(records(b"a,b\nc,d\n\"a,b\nc\n", Stray::Kept), Err(8));
    }

    #[test]
    fn what_has_no_end_is_open_until_the_file_ends() {
        let mut ends = Vec::new();
        for text in ["a,b", "a,\"b", "a,\"b\"", "a,\"b\"\r", "a,b\r"] {
            assert_eq!(read(text.as_bytes(), b',', Stray::Kept, false, &mut ends), Found::Open, "{text:?}");
        }
        for (text, size) in [("a,b", 3), ("a,\"b\"", 5), ("a,\"b\"\r", 5), ("a,b\r", 3)] {
            let whole = Found::Whole { size, next: text.len() };
            assert_eq!(read(text.as_bytes(), b',', Stray::Kept, true, &mut ends), whole, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(prop::sample::select(b"a\",\n\r;1\xff".as_slice()), 0..60)) {
            let _ = (records(&bytes, Stray::Kept), records(&bytes, Stray::Refused));
        }

        #[test]
        fn written_records_read_back(rows in prop::collection::vec(prop::collection::vec("[a-c,\"\n ]{0,6}", 2..5), 1..6)) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            rows.iter().for_each(|row| writer.write_record(row).unwrap());
            prop_assert_eq!(records(&writer.into_inner().unwrap(), Stray::Refused).unwrap(), rows);
        }
    }
}
