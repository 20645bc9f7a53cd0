//! Bytes as bits: which of 64 bytes are certain ones.
//!
//! With SSE2, which every x86-64 processor has, or with arithmetic on words of eight bytes; both give the same bits.

/// Bytes that are looked at together, one bit each.
pub(super) const CHUNK: usize = 64;

/// Bytes that are looked at together.
pub(super) type Chunk = [u8; CHUNK];

/// What was found in a chunk; the lowest bit stands for the first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Bytes that are one of two.
    pub(super) marks: u64,
    /// Quotes.
    pub(super) quotes: u64,
}

/// Finds the bytes that are one of two, and quotes.
#[inline]
pub(super) fn found(chunk: &Chunk, marks: [u8; 2]) -> Found {
    #[cfg(target_arch = "x86_64")]
    return sse2::found(chunk, marks);
    #[cfg(not(target_arch = "x86_64"))]
    words::found(chunk, marks)
}

/// Finds the bytes that are `byte`.
#[inline]
pub(super) fn equal(chunk: &Chunk, byte: u8) -> u64 {
    words::equal(chunk, byte)
}

/// With SSE2.
#[cfg(target_arch = "x86_64")]
mod sse2 {
    #![expect(unsafe_code, reason = "1.5 times as fast as words; the instructions are part of x86-64")]

    use std::arch::x86_64::{__m128i, _mm_cmpeq_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8};

    use super::{Chunk, Found};

    #[inline]
    pub(super) fn found(chunk: &Chunk, marks: [u8; 2]) -> Found {
        // SAFETY: the function needs nothing but SSE2, which is part of the x86-64 instruction set: code compiled for
        // that target runs on no processor without it. It takes and gives plain values.
        unsafe { with_sse2(chunk, marks) }
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn with_sse2(chunk: &Chunk, marks: [u8; 2]) -> Found {
        let [first, second, quote] = [marks[0], marks[1], b'"'].map(|byte| _mm_set1_epi8(byte.cast_signed()));
        let (mut found, mut quotes) = (Found { marks: 0, quotes: 0 }, [_mm_set1_epi8(0); 4]);
        for (at, bytes) in chunk.as_chunks::<16>().0.iter().enumerate() {
            let bytes = load(bytes);
            let marked = _mm_or_si128(_mm_cmpeq_epi8(bytes, first), _mm_cmpeq_epi8(bytes, second));
            found.marks |= mask(marked) << (16 * at);
            quotes[at] = _mm_cmpeq_epi8(bytes, quote);
        }
        // Most chunks have no quote: one look at all four parts tells.
        let any = _mm_or_si128(_mm_or_si128(quotes[0], quotes[1]), _mm_or_si128(quotes[2], quotes[3]));
        if mask(any) != 0 {
            found.quotes = (0..4).fold(0, |all, at| all | mask(quotes[at]) << (16 * at));
        }
        found
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn load(bytes: &[u8; 16]) -> __m128i {
        let whole = u128::from_le_bytes(*bytes);
        _mm_set_epi64x((whole >> 64) as i64, whole as i64)
    }

    /// The highest bit of each byte.
    #[inline]
    #[target_feature(enable = "sse2")]
    fn mask(bytes: __m128i) -> u64 {
        u64::from(_mm_movemask_epi8(bytes).cast_unsigned())
    }
}

/// With words of eight bytes.
mod words {
    use super::{Chunk, Found};

    /// A word of eight equal bytes, for each value times this.
    const EACH: u64 = 0x0101_0101_0101_0101;
    /// All but the highest bit of each byte.
    const LOW: u64 = EACH * 0x7f;
    /// Brings the lowest bits of eight bytes together in the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;

    #[cfg_attr(all(target_arch = "x86_64", not(test)), expect(dead_code, reason = "the tests compare it with SSE2"))]
    #[inline]
    pub(super) fn found(chunk: &Chunk, marks: [u8; 2]) -> Found {
        Found { marks: equal(chunk, marks[0]) | equal(chunk, marks[1]), quotes: equal(chunk, b'"') }
    }

    #[inline]
    pub(super) fn equal(chunk: &Chunk, byte: u8) -> u64 {
        let (words, _) = chunk.as_chunks::<8>();
        words.iter().rev().fold(0, |bits, word| {
            // A byte that is equal becomes 0; of each byte the highest bit says whether another is set.
            let other = u64::from_le_bytes(*word) ^ (EACH * u64::from(byte));
            let zero = !(((other & LOW) + LOW) | other | LOW);
            bits << 8 | (zero >> 7).wrapping_mul(GATHER) >> 56
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bits_are_those_of_a_look_at_each_byte(bytes in prop::collection::vec(prop::sample::select(b"a,\n\";\x80\xff\0\x01".as_slice()), CHUNK), marks in any::<[u8; 2]>(), usual in any::<bool>()) {
            let chunk: Chunk = bytes.try_into().unwrap();
            let marks = if usual { *b",\n" } else { marks };
            let plain = |wanted: &[u8]| (0..CHUNK).fold(0, |bits, at| bits | u64::from(wanted.contains(&chunk[at])) << at);
            let expected = Found { marks: plain(&marks), quotes: plain(b"\"") };
            prop_assert_eq!(found(&chunk, marks), expected);
            prop_assert_eq!(words::found(&chunk, marks), expected);
            prop_assert_eq!(equal(&chunk, marks[0]), plain(&marks[..1]));
        }
    }
}
