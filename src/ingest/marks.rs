//! Where a byte stands that fields end at: a bit for each byte, of which a window tells one after the other.

use super::bits::{CHUNK, Look, Work, best};
use super::lines::padded;

/// Bytes of a word of bits.
pub(super) const WORD: usize = CHUNK / 8;
/// Bytes that a window tells of.
pub(super) const WINDOW: usize = CHUNK - 7;

/// Bytes in a window, one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks(u64);

/// All of them in a block.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// The lowest bit of a byte stands for the first; zeros behind the last.
    bits: Vec<[u8; WORD]>,
}

impl Marks {
    /// Those of a word, the lowest bit first.
    #[inline(always)]
    pub(super) fn new(word: u64) -> Self {
        Self(word)
    }

    /// Leaves some out.
    #[inline(always)]
    pub(super) fn skip(&mut self, many: u32) {
        for _ in 0..many {
            self.0 &= self.0.wrapping_sub(1);
        }
    }

    /// Place of the next: nowhere, if [`Marks::last`] is none afterwards.
    #[inline(always)]
    pub(super) fn next(&mut self) -> usize {
        let at = self.0.trailing_zeros() as usize;
        self.skip(1);
        at
    }

    /// Place of the next, if there is one.
    #[inline(always)]
    pub(super) fn last(self) -> Option<usize> {
        (self.0 != 0).then(|| self.0.trailing_zeros() as usize)
    }
}

impl Places {
    /// Finds all `byte`s in `bytes`.
    pub(super) fn find(&mut self, bytes: &[u8], byte: u8) {
        best(Find { places: self, bytes, byte });
    }

    /// Which of the [`WINDOW`] bytes from `at` on are such, and of some behind these; `None` behind the end.
    #[inline(always)]
    pub(super) fn window(&self, at: usize) -> Option<Marks> {
        let word = self.bits.as_flattened().get(at / 8..at / 8 + WORD)?.first_chunk()?;
        Some(Marks(u64::from_le_bytes(*word) >> (at % 8)))
    }
}

struct Find<'a> {
    places: &'a mut Places,
    bytes: &'a [u8],
    byte: u8,
}

impl Work for Find<'_> {
    type Answer = ();

    #[inline(always)]
    fn with(self, look: impl Look) {
        let Self { places: Places { bits }, bytes, byte } = self;
        let (chunks, rest) = bytes.as_chunks();
        bits.clear();
        bits.extend(chunks.iter().map(|chunk| look.equal(chunk, byte).to_le_bytes()));
        let valid = !(u64::MAX << rest.len());
        bits.push((look.equal(&padded(rest), byte) & valid).to_le_bytes());
        bits.push([0; WORD]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn windows_tell_where_a_byte_is(
            bytes in prop::collection::vec(prop::sample::select(b"a\"\0".as_slice()), 0..300),
            byte in prop::sample::select(b"\"\0".as_slice()),
            before in prop::collection::vec(Just(b'"'), 0..300),
        ) {
            let mut places = Places::default();
            places.find(&before, byte);
            places.find(&bytes, byte);
            for at in 0..bytes.len() {
                let (mut marks, mut seen) = (places.window(at).unwrap(), Vec::new());
                while let Some(place) = marks.last() {
                    prop_assert_eq!(marks.next(), place);
                    seen.push(place);
                }
                let expected = |size: usize| -> Vec<usize> {
                    (0..size).filter(|place| bytes.get(at + place) == Some(&byte)).collect()
                };
                seen.retain(|place| *place < WINDOW);
                prop_assert_eq!(seen, expected(WINDOW));
            }
            prop_assert!(places.window(bytes.len() + 2 * CHUNK).is_none());
        }
    }
}
