//! Short texts as numbers, and those that were seen lately: a text is compared at once, without a loop or a hash.

/// Bytes that are compared at once, at the start of a text and at its end.
const HALF: usize = 16;
/// Pairs of places for texts, a power of two.
const PAIRS: usize = 64;
/// An odd factor with bits in all places, as multiplicative hashing wants it (Knuth, TAOCP 6.4): 2⁶⁴ divided by the golden
/// ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// A text of 1 to 32 bytes: two that are equal are equal texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Short {
    start: u128,
    end: u128,
    size: usize,
}

impl Short {
    /// The text from `from` to `to` in `bytes`; `None` where it is not short, or too near the start or end of `bytes`.
    #[inline(always)]
    pub(super) fn of(bytes: &[u8], from: usize, to: usize) -> Option<Self> {
        let size = to.checked_sub(from).filter(|size| (1..=2 * HALF).contains(size))?;
        let start = u128::from_le_bytes(*bytes.get(from..)?.first_chunk::<HALF>()?);
        let end = u128::from_le_bytes(*bytes.get(..to)?.last_chunk::<HALF>()?);
        // Of a text shorter than a half what stands beside it is shifted out.
        let beside = 8 * HALF.saturating_sub(size);
        Some(Self { start: start << beside, end: end >> beside, size })
    }

    /// Number of a pair of places.
    #[inline(always)]
    fn pair(&self) -> usize {
        let fold = |half: u128| half as u64 ^ ((half >> u64::BITS) as u64).rotate_left(u32::BITS);
        let mixed = (fold(self.end) ^ fold(self.start).rotate_left(7) ^ self.size as u64).wrapping_mul(SPREAD);
        (mixed >> (u64::BITS - PAIRS.ilog2())) as usize
    }
}

/// The numbers of texts that were seen lately. Each text has two places, so that two that come in turn do not drive each
/// other out.
#[derive(Default)]
pub(super) struct Recent(Vec<[(Short, u32); 2]>);

impl Recent {
    /// The number of a text.
    #[inline(always)]
    pub(super) fn find(&self, short: &Short) -> Option<u32> {
        let [first, second] = self.0.get(short.pair())?;
        if first.0 == *short {
            return Some(first.1);
        }
        (second.0 == *short).then_some(second.1)
    }

    /// Remembers the number of a text, instead of that which was remembered before the last one.
    #[inline(never)]
    pub(super) fn keep(&mut self, short: Short, number: u32) {
        self.0.resize(PAIRS, Default::default());
        let pair = &mut self.0[short.pair()];
        *pair = [(short, number), pair[0]];
    }

    /// Forgets all texts.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn short_texts_are_the_same_if_they_are_equal(
            text in "[ab]{80}",
            a in 0_usize..48,
            b in 0_usize..48,
            many in 0_usize..40,
            more in 0_usize..2,
        ) {
            let text = text.as_bytes();
            let short = |from: usize, size: usize| Short::of(text, from, (from + size).min(text.len()));
            let equal = text[a..a + many] == text[b..(b + many + more).min(text.len())];
            if let (Some(first), Some(second)) = (short(a, many), short(b, many + more)) {
                prop_assert_eq!(first == second, equal);
            }
            prop_assert_eq!(short(20, many).is_some(), (1..=32).contains(&many) );
        }

        #[test]
        fn what_is_found_is_what_was_kept(texts in prop::collection::vec("[a-c]{1,3}", 1..300)) {
            let mut recent = Recent::default();
            for text in &texts {
                let padded = format!("{0}{text}{0}", "-".repeat(HALF));
                let short = Short::of(padded.as_bytes(), HALF, HALF + text.len()).unwrap();
                let number = text.bytes().fold(0, |number, byte| number * 256 + u32::from(byte));
                prop_assert!(recent.find(&short).is_none_or(|found| found == number));
                recent.keep(short, number);
                prop_assert_eq!(recent.find(&short), Some(number));
            }
        }
    }
}
