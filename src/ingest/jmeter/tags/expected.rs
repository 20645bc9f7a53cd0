//! Attributes that are expected in a certain order and form.
//!
//! A tool writes the attributes of every tag alike. Asking for each in turn is several times faster than looking for
//! what comes next: a guess that comes true is one comparison, and what follows need not wait for it. An attribute that
//! does not come as expected is left, with all behind it, to [`super::attributes`].

use super::find::{Sought as _, WINDOW, find};
use crate::ingest::digits::eight;

/// Bytes that are looked at together: a name, `="` and the start of a value, or a number with its quote.
const GLANCE: usize = 32;
/// Most digits of a number, and the quote behind them.
const DIGITS: usize = 10;
/// Digits of a time in ms: since 2001 and until 2286.
const STAMP: usize = 13;

/// What is left of a tag behind the attributes that came as expected.
#[derive(Clone, Copy)]
pub(in super::super) struct Expected<'a> {
    /// From the blank before an attribute or the end of the tag on; what follows the tag too.
    pub(super) rest: &'a [u8],
}

impl<'a> Expected<'a> {
    /// Whether `text`, such as ` dt="text"`, comes next.
    #[inline(always)]
    pub(in super::super) fn is<const N: usize>(&mut self, text: &[u8; N]) -> bool {
        match self.after(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// The raw value of an attribute that starts with `lead`, such as ` lb="`.
    #[inline(always)]
    pub(in super::super) fn value<const N: usize>(&mut self, lead: &[u8; N]) -> Option<&'a [u8]> {
        let rest = self.after(lead)?;
        let size = match b'"'.near(rest.first_chunk()?) {
            Some(size) => size,
            None => size_of_long(rest)?,
        };
        let (value, rest) = rest.split_at_checked(size)?;
        self.rest = rest.get(1..)?;
        Some(value)
    }

    /// The whole number, of nine digits at most, of an attribute that starts with `lead`.
    #[inline(always)]
    pub(in super::super) fn number<const N: usize>(&mut self, lead: &[u8; N]) -> Option<u32> {
        let rest = self.after(lead)?;
        let digits: &[u8; DIGITS] = rest.first_chunk()?;
        let mut number = 0;
        for (size, byte) in digits.iter().enumerate() {
            if size < DIGITS - 1 && byte.is_ascii_digit() {
                number = number * 10 + u32::from(byte - b'0');
            } else if size > 0 && *byte == b'"' {
                self.rest = rest.get(size + 1..)?;
                return Some(number);
            } else {
                return None;
            }
        }
        None
    }

    /// The Unix time in ms of an attribute that starts with `lead`.
    #[inline(always)]
    pub(in super::super) fn stamp<const N: usize>(&mut self, lead: &[u8; N]) -> Option<i64> {
        let (digits, rest) = self.after(lead)?.split_first_chunk::<STAMP>()?;
        let rest = rest.strip_prefix(b"\"")?;
        let (high, low) = (eight(*digits.first_chunk()?)?, eight(*digits.last_chunk()?)?);
        self.rest = rest;
        Some((high * 100_000 + low % 100_000).cast_signed())
    }

    /// What follows `text`, if that comes next and the chunk does not end too soon.
    #[inline(always)]
    fn after<const N: usize>(&self, text: &[u8; N]) -> Option<&'a [u8]> {
        let glance: &[u8; GLANCE] = self.rest.first_chunk()?;
        if glance[..N] == text[..] { self.rest.get(N..) } else { None }
    }
}

/// Bytes before the quote, which is not in the first window.
#[inline(never)]
fn size_of_long(value: &[u8]) -> Option<usize> {
    let end = find(value.get(WINDOW..)?, b'"')?;
    Some(value.len() - end.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Attributes with enough behind them.
    fn padded(text: &str) -> String {
        format!("{text}>{}", " ".repeat(GLANCE))
    }

    #[test]
    fn attributes_are_taken_in_the_order_that_is_asked_for() {
        let text = padded(" t=\"52\" ts=\"1795226767635\" s=\"true\" lb=\"a 'long' label > others\" rc=\"200\"");
        let mut expected = Expected { rest: text.as_bytes() };
        assert_eq!(expected.number(b" t=\""), Some(52));
        assert_eq!(expected.number(b" lt=\""), None);
        assert_eq!(expected.stamp(b" ts=\""), Some(1_795_226_767_635));
        assert!(!expected.is(b" s=\"false\"") && expected.is(b" s=\"true\""));
        assert_eq!(expected.value(b" lb=\""), Some(b"a 'long' label > others".as_slice()));
        assert_eq!(expected.value(b" rc=\""), Some(b"200".as_slice()));
        assert!(expected.rest.starts_with(b">"));
    }

    #[test]
    fn what_is_no_such_value_stays() {
        for value in
            ["", "-1", "1.5", "1234567890", "99999999999", "12a", "179522676763", "17952267676350", "1795226767 35"]
        {
            let text = padded(&format!(" t=\"{value}\""));
            let mut expected = Expected { rest: text.as_bytes() };
            assert_eq!((expected.number(b" t=\""), expected.stamp(b" t=\"")), (None, None), "{value}");
            assert_eq!(expected.rest, text.as_bytes());
        }
        for text in [" t=\"5\"", "\tt=\"5\"", " t='5'", " t = \"5\"", " tt=\"5\""] {
            let text = padded(text);
            assert_eq!(Expected { rest: &text.as_bytes()[1..] }.value(b" t=\""), None, "{text}");
        }
        let open = format!(" t=\"{}", "5".repeat(GLANCE));
        assert_eq!(Expected { rest: open.as_bytes() }.value(b" t=\""), None);
    }

    proptest! {
        #[test]
        fn a_value_of_any_length_is_found(size in 0..100_usize) {
            let value = "x".repeat(size);
            let text = padded(&format!(" lb=\"{value}\""));
            let mut expected = Expected { rest: text.as_bytes() };
            prop_assert_eq!(expected.value(b" lb=\""), Some(value.as_bytes()));
            prop_assert!(expected.rest.starts_with(b">"));
        }
    }
}
