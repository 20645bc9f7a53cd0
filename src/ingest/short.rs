//! Short texts as a few numbers, and those that were seen lately: a text is compared at once, without a loop or a hash.

/// Bytes of a number.
const WORD: usize = 8;
/// Numbers of a text.
const WORDS: usize = 4;
/// Most bytes of a short text.
pub(super) const MOST: usize = WORD * WORDS;
/// Pairs of places for texts, a power of two.
const PAIRS: usize = 64;
/// An odd factor with bits in all places, as multiplicative hashing wants it (Knuth, TAOCP 6.4): 2⁶⁴ divided by the golden
/// ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
/// What of the numbers belongs to a text of so many bytes: also of more than there are, so that a size is a place in it
/// without a check.
const MASKS: [[u64; WORDS]; SIZES] = masks();
const SIZES: usize = 2 * MOST;

/// A text of 1 to 32 bytes: two that are equal are equal texts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Short {
    words: [u64; WORDS],
    size: u64,
}

impl PartialEq for Short {
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        are_equal(&self.words, &other.words) && self.size == other.size
    }
}

impl Short {
    /// What no text begins with.
    pub(super) const NONE: Self = Self { words: [u64::MAX; WORDS], size: 0 };

    /// The first `size` bytes of `text`; `None` where they are none, or more than there are.
    #[inline(always)]
    pub(super) fn of(text: &[u8; MOST], size: usize) -> Option<Self> {
        (size.wrapping_sub(1) < MOST).then(|| Self { words: masked(text, size), size: size as u64 })
    }

    /// Whether `text` begins with this one.
    #[inline(always)]
    pub(super) fn begins(&self, text: &[u8; MOST]) -> bool {
        are_equal(&masked(text, self.size()), &self.words)
    }

    /// Bytes of the text, at most [`MOST`].
    #[inline(always)]
    pub(super) fn size(&self) -> usize {
        self.size as usize % SIZES
    }

    /// Number of a pair of places.
    #[inline(always)]
    fn pair(&self) -> usize {
        let [a, b, c, d] = self.words;
        let mixed = (a ^ b.rotate_left(13) ^ c.rotate_left(29) ^ d.rotate_left(43)).wrapping_mul(SPREAD);
        (mixed >> (u64::BITS - PAIRS.ilog2())) as usize
    }
}

/// The first `size` bytes of a text as numbers.
#[inline(always)]
fn masked(text: &[u8; MOST], size: usize) -> [u64; WORDS] {
    let ([a, b, c, d], _) = text.as_chunks::<WORD>() else { return [0; WORDS] };
    let mask = &MASKS[size % SIZES];
    [
        u64::from_le_bytes(*a) & mask[0],
        u64::from_le_bytes(*b) & mask[1],
        u64::from_le_bytes(*c) & mask[2],
        u64::from_le_bytes(*d) & mask[3],
    ]
}

/// Not by `==`, for which they would go to memory and come back.
#[inline(always)]
fn are_equal(a: &[u64; WORDS], b: &[u64; WORDS]) -> bool {
    (a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) == 0
}

const fn masks() -> [[u64; WORDS]; SIZES] {
    let mut masks = [[0; WORDS]; SIZES];
    let mut size = 0;
    while size < SIZES {
        let mut at = 0;
        while at < size && at < MOST {
            masks[size][at / WORD] |= 0xff << (at % WORD * 8);
            at += 1;
        }
        size += 1;
    }
    masks
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

    fn near(text: &[u8]) -> &[u8; MOST] {
        text.first_chunk().unwrap()
    }

    proptest! {
        #[test]
        fn short_texts_are_the_same_if_they_are_equal(
            text in "[ab]{100}",
            [a, b] in prop::array::uniform2(0_usize..39),
            many in 0_usize..34,
            more in 0_usize..2,
        ) {
            let text = text.as_bytes();
            let of = |from: usize, size: usize| (&text[from..from + size], Short::of(near(&text[from..]), size));
            let [(first, short), (second, other)] = [of(a, many), of(b, many + more)];
            prop_assert_eq!(short.is_some(), (1..=MOST).contains(&many));
            if let (Some(short), Some(other)) = (short, other) {
                prop_assert_eq!(short == other, first == second);
                prop_assert_eq!(short.size(), many);
                prop_assert_eq!(short.begins(near(&text[b..])), text[b..].starts_with(first));
            }
            prop_assert!(!Short::NONE.begins(near(&text[a..])));
        }

        #[test]
        fn a_byte_more_or_less_is_noticed(text in "[ -~]{70}", size in 1_usize..=MOST, at in 0_usize..MOST) {
            let mut other = text.clone().into_bytes();
            other[at] ^= 1;
            let same = Short::of(near(text.as_bytes()), size) == Short::of(near(&other), size);
            prop_assert_eq!(same, at >= size);
        }

        #[test]
        fn what_is_found_is_what_was_kept(texts in prop::collection::vec("[a-c]{1,3}", 1..300)) {
            let mut recent = Recent::default();
            for text in &texts {
                let short = Short::of(near(format!("{text}{}", "-".repeat(MOST)).as_bytes()), text.len()).unwrap();
                let number = text.bytes().fold(0, |number, byte| number * 256 + u32::from(byte));
                prop_assert!(recent.find(&short).is_none_or(|found| found == number));
                recent.keep(short, number);
                prop_assert_eq!(recent.find(&short), Some(number));
            }
        }
    }
}
