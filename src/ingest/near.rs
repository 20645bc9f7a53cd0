//! The first of two bytes, where it is near: texts of result files are short, and eight bytes at a time are faster than a
//! vector of them, which takes longer to begin.

/// A word of eight equal bytes, for each value times this.
const EACH: u64 = 0x0101_0101_0101_0101;

/// Place of the first byte that is `a` or `b`.
#[inline(always)]
pub(super) fn either(a: u8, b: u8, bytes: &[u8]) -> Option<usize> {
    // The lowest of these bits tells the first byte that is 0; those above it may err.
    let zeros = |word: u64| word.wrapping_sub(EACH) & !word & (EACH << 7);
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = zeros(word ^ (EACH * u64::from(a))) | zeros(word ^ (EACH * u64::from(b)));
        if found != 0 {
            return Some(8 * at + found.trailing_zeros() as usize / 8);
        }
    }
    let tail = rest.iter().position(|byte| *byte == a || *byte == b)?;
    Some(bytes.len() - rest.len() + tail)
}

/// Holds the place equal to that of a look at each byte.
#[cfg(any(test, fuzzing))]
pub(super) fn assert_agrees(a: u8, b: u8, bytes: &[u8]) {
    let plain = bytes.iter().position(|byte| [a, b].contains(byte));
    assert_eq!(either(a, b, bytes), plain, "{a} or {b} in {bytes:?}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_place_is_that_of_a_look_at_each_byte(
            bytes in prop::collection::vec(prop::sample::select(b"abcdefgh\x80\0\xff".as_slice()), 0..40),
            [a, b] in prop::array::uniform2(prop::sample::select(b"ab\x80\xff\0\x01\x7f".as_slice())),
        ) {
            assert_agrees(a, b, &bytes);
        }
    }
}
