//! Hidden markers: HTML comments by which a comment of ours, and each section in it, is found again.
//!
//! The values in a marker came from outside. They are percent-encoded down to letters, digits and `._/`, so that no value
//! can end the marker, or look like one. Outside text in a body cannot be a marker either: what `render` escapes contains
//! no `<`, and [`bare`] takes the start of an HTML comment from whatever else is put into a body.

use std::collections::BTreeMap;

/// First line of every comment of ours.
pub(super) const COMMENT: &str = "<!-- perf-gate:comment v1 -->";
const SECTION: &str = "<!-- perf-gate:section v1 ";
const CLOSE: &str = " -->";
const END: &str = "<!-- perf-gate:end -->";

/// What stands between the markers of a section, and what its marker says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fenced {
    /// Values by their names; names are lower-case letters.
    pub(super) fields: BTreeMap<String, String>,
    /// Markdown.
    pub(super) body: String,
}

impl Fenced {
    /// The section as text: its marker, the body as [`bare`] leaves it, the end; a line each.
    pub(super) fn text(&self) -> String {
        let fields: Vec<_> = self.fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let body = bare(&self.body);
        let gap = if body.is_empty() { "" } else { "\n\n" };
        format!("{SECTION}{}{CLOSE}\n{body}{gap}{END}\n", fields.join(" "))
    }
}

/// The sections of a comment; `None` for what is no comment of ours. A section whose marker is broken or whose end is
/// missing is text, and left out.
pub(super) fn read(text: &str) -> Option<Vec<Fenced>> {
    let mut lines = text.lines().map(str::trim_end);
    (lines.next()? == COMMENT).then_some(())?;
    let (mut sections, mut open) = (Vec::new(), None::<Fenced>);
    for line in lines {
        if line.starts_with(SECTION.trim_end()) {
            open = fields(line).map(|fields| Fenced { fields, body: String::new() });
        } else if line == END {
            sections.extend(open.take().map(|section| Fenced { body: bare(&section.body), ..section }));
        } else if let Some(section) = &mut open {
            section.body.push_str(line);
            section.body.push('\n');
        }
    }
    Some(sections)
}

/// A body in which no HTML comment starts, without white space around it and at the ends of its lines.
pub(super) fn bare(body: &str) -> String {
    let lines: Vec<_> = body.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').replace("<!--", "&lt;!--")
}

/// The fields of a section's marker; none where one is twice there or not to be understood.
fn fields(line: &str) -> Option<BTreeMap<String, String>> {
    let inner = line.strip_prefix(SECTION)?.strip_suffix(CLOSE)?;
    let mut fields = BTreeMap::new();
    for field in inner.split(' ') {
        let (name, value) = field.split_once('=')?;
        let known = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase());
        let twice = fields.insert(name.to_owned(), decoded(value)?).is_some();
        (known && !twice).then_some(())?;
    }
    Some(fields)
}

fn encoded(value: &str) -> String {
    let mut text = String::with_capacity(value.len() * 2);
    for byte in value.bytes() {
        match byte {
            b if b.is_ascii_alphanumeric() || b"._/".contains(&b) => text.push(char::from(b)),
            b => text.push_str(&format!("%{b:02X}")),
        }
    }
    text
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let value = 16 * digit(rest.next()?)? + digit(rest.next()?)?;
                bytes.push(u8::try_from(value).ok()?);
            }
            b if b.is_ascii_alphanumeric() || b"._/".contains(&b) => bytes.push(b),
            _ => return None,
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render;
    use proptest::prelude::*;

    fn fenced(fields: &[(&str, &str)], body: &str) -> Fenced {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Fenced { fields, body: body.to_owned() }
    }

    /// Texts with more of what could break a marker than chance would give.
    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("<!-- perf-gate:section v1 a=b -->"),
            Just("<!-- perf-gate:end -->"),
            Just("<!-- perf-gate:comment v1 -->"),
            Just("<!--"),
            Just("<!-- perf-gate:section v1 "),
            Just("-->"),
            Just("--!>"),
            Just("%"),
            Just("%2"),
            Just("a=%ff"),
            Just("\n"),
            Just("\r\n"),
            Just("\u{2028}"),
            Just(" "),
            Just("é"),
        ];
        let pieces = prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat());
        prop_oneof![pieces, "\\PC{0,20}", ".{0,20}"]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(values in prop::collection::vec((hostile(), hostile(), hostile()), 0..4)) {
            let sections: Vec<_> = values.iter().map(|(a, b, body)| fenced(&[("key", a), ("answer", b)], body)).collect();
            let text = sections.iter().map(Fenced::text).collect::<String>();
            let read = read(&format!("{COMMENT}\n### Title\n{text}")).unwrap();
            let expected: Vec<_> = sections.into_iter().map(|s| Fenced { body: bare(&s.body), ..s }).collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in hostile()) {
            read(&text);
            let inner = read(&format!("{COMMENT}\n{text}")).unwrap();
            let again = inner.iter().map(Fenced::text).collect::<String>();
            prop_assert_eq!(read(&format!("{COMMENT}\n{again}")).unwrap(), inner);
        }

        #[test]
        fn escaped_text_holds_no_marker(text in hostile()) {
            let forged = format!("{COMMENT}\n{}\n{}\n", render::prose(&text), render::line(&render::prose(&text), 80));
            prop_assert_eq!(read(&forged).unwrap(), Vec::<Fenced>::new());
        }

        #[test]
        fn no_value_ends_a_marker(value in hostile()) {
            let text = fenced(&[("a", &value)], "").text();
            prop_assert_eq!(text.matches("-->").count(), 2);
            prop_assert_eq!(text.lines().count(), 2);
        }
    }

    #[test]
    fn windows_line_ends_change_nothing() {
        let text = format!("{COMMENT}\n{}", fenced(&[("key", "a b")], "| a |\n| b |").text());
        assert_eq!(read(&text.replace('\n', "\r\n")), read(&text));
    }

    #[test]
    fn the_marker_counts_on_the_first_line_only() {
        assert_eq!(read(&format!("Look:\n{COMMENT}\n")), None);
        assert_eq!(read(&format!("> {COMMENT}\n")), None);
        assert_eq!(read(&format!("{COMMENT} and more\n")), None);
        assert_eq!(read(""), None);
    }

    #[test]
    fn broken_sections_are_text() {
        let good = fenced(&[("a", "1")], "x");
        let text = format!(
            "{COMMENT}\n<!-- perf-gate:section v1 a=1 a=2 -->\nx\n{END}\n<!-- perf-gate:section v1 a=1 -->\n{}{SECTION}a=%e9 -->\n{END}\n{SECTION}a=1 -->\nno end",
            good.text()
        );
        assert_eq!(read(&text).unwrap(), [good]);
    }
}
