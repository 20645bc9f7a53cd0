//! Metrics that are passed over, told by the first bytes of a line.
//!
//! One word of a name tells which of them it may be, and one look at all of it whether it is. What is not told so is read
//! in full.

use super::metric::{FAILED, UNUSED};

/// Bytes that are looked at: the longest name, and the byte behind it.
pub(super) const SIZE: usize = 32;
/// The first byte of the word that is different in all names, and in what may follow the shortest of them.
const WORD: usize = 2;
/// Places for names, a power of two.
const PLACES: usize = 32;

/// Names of metrics with the byte that follows them.
pub(super) struct Table {
    factor: u64,
    names: [Name; PLACES],
}

/// A metric of which nothing is used.
#[derive(Clone, Copy)]
pub(super) struct Name {
    /// The name and the byte behind it, and ones where they have bytes.
    text: [u64; SIZE / 8],
    mask: [u64; SIZE / 8],
    /// Bytes of the name.
    pub(super) size: usize,
    /// Whether it is `http_req_failed`, which may be needed.
    pub(super) is_failed: bool,
}

impl Table {
    /// The names with `end` behind them.
    pub(super) const fn new(end: u8) -> Self {
        let mut factor = 0x9e37_79b9_7f4a_7c15;
        loop {
            if let Some(names) = placed(end, factor) {
                return Self { factor, names };
            }
            factor += 2;
        }
    }

    /// The name that bytes begin with.
    #[inline(always)]
    pub(super) fn find(&self, bytes: &[u8; SIZE]) -> Option<&Name> {
        let name = &self.names[place(bytes, self.factor)];
        let ([a, b, c, d], mask, text) = (words(bytes), &name.mask, &name.text);
        // Not by `==`, for which the words would go to memory and come back.
        let other =
            (a & mask[0] ^ text[0]) | (b & mask[1] ^ text[1]) | (c & mask[2] ^ text[2]) | (d & mask[3] ^ text[3]);
        (other == 0).then_some(name)
    }
}

/// The names, each in its place; `None` if two have the same.
const fn placed(end: u8, factor: u64) -> Option<[Name; PLACES]> {
    // No bytes are equal to a name that holds a bit outside of the mask's.
    let mut names = [Name { text: [u64::MAX; 4], mask: [0; 4], size: 0, is_failed: false }; PLACES];
    let mut at = 0;
    while at <= UNUSED.len() {
        let is_failed = at == UNUSED.len();
        let name = if is_failed { FAILED.as_bytes() } else { UNUSED[at].as_bytes() };
        let (mut text, mut mask, mut byte) = ([0; SIZE], [0; SIZE], 0);
        while byte <= name.len() {
            text[byte] = if byte < name.len() { name[byte] } else { end };
            mask[byte] = u8::MAX;
            byte += 1;
        }
        let place = place(&text, factor);
        if names[place].size > 0 {
            return None;
        }
        names[place] = Name { text: words(&text), mask: words(&mask), size: name.len(), is_failed };
        at += 1;
    }
    Some(names)
}

/// The place of the name that bytes begin with.
#[inline]
const fn place(bytes: &[u8; SIZE], factor: u64) -> usize {
    (word(bytes, WORD).wrapping_mul(factor) >> (u64::BITS - PLACES.ilog2())) as usize
}

#[inline]
pub(super) const fn words(bytes: &[u8; SIZE]) -> [u64; SIZE / 8] {
    [word(bytes, 0), word(bytes, 8), word(bytes, 16), word(bytes, 24)]
}

#[inline]
const fn word(bytes: &[u8; SIZE], at: usize) -> u64 {
    u64::from_le_bytes([
        bytes[at],
        bytes[at + 1],
        bytes[at + 2],
        bytes[at + 3],
        bytes[at + 4],
        bytes[at + 5],
        bytes[at + 6],
        bytes[at + 7],
    ])
}

#[cfg(test)]
mod tests {
    use super::super::metric;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_word_lies_in_every_name_with_the_byte_behind_it() {
        for name in UNUSED.into_iter().chain([FAILED]) {
            assert!(name.len() + 1 >= WORD + 8 && name.len() < SIZE, "{name}");
        }
    }

    #[test]
    fn places_without_a_name_find_nothing() {
        for byte in 0..=u8::MAX {
            assert!(Table::new(b',').find(&[byte; SIZE]).is_none(), "{byte}");
        }
    }

    proptest! {
        #[test]
        fn names_that_are_found_are_those_of_metrics_that_are_unused(
            name in prop::sample::select([UNUSED.as_slice(), &[FAILED, "http_req_duration", "vus", "checks", "\0\0\0"]].concat()),
            changed in prop::option::of((0..SIZE, any::<u8>())),
            end in prop::sample::select(b",\"".as_slice()),
            rest in prop::array::uniform32(prop::sample::select(b",\"\0\xffa".as_slice())),
        ) {
            let mut bytes = rest;
            bytes[..name.len()].copy_from_slice(name.as_bytes());
            bytes[name.len()] = end;
            if let Some((at, byte)) = changed {
                bytes[at] = byte;
            }
            for end in *b",\"" {
                let name = bytes.split(|byte| *byte == end).next().unwrap();
                let is_failed = name == FAILED.as_bytes();
                let is_unused = name.len() < SIZE && (is_failed || metric::is_passed_over(name));
                let found = Table::new(end).find(&bytes).map(|name| (name.size, name.is_failed));
                prop_assert_eq!(found, is_unused.then_some((name.len(), is_failed)));
            }
        }
    }
}
