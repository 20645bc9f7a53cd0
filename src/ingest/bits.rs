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
    /// Bytes that end a field: the delimiter and line ends.
    pub(super) marks: u64,
    /// Line ends.
    pub(super) line_ends: u64,
    /// Quotes.
    pub(super) quotes: u64,
}

/// Finds what takes a CSV file apart.
#[inline]
pub(super) fn found(chunk: &Chunk, delimiter: u8) -> Found {
    #[cfg(target_arch = "x86_64")]
    return sse2::found(chunk, delimiter);
    #[cfg(not(target_arch = "x86_64"))]
    words::found(chunk, delimiter)
}

/// With SSE2.
#[cfg(target_arch = "x86_64")]
mod sse2 {
    #![expect(unsafe_code, reason = "twice as fast as words; the instructions are part of x86-64")]

    use std::arch::x86_64::{__m128i, _mm_cmpeq_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8};

    use super::{Chunk, Found};

    #[inline]
    pub(super) fn found(chunk: &Chunk, delimiter: u8) -> Found {
        // SAFETY: the function needs nothing but SSE2, which is part of the x86-64 instruction set: code compiled for
        // that target runs on no processor without it. It takes and gives plain values.
        unsafe { with_sse2(chunk, delimiter) }
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn with_sse2(chunk: &Chunk, delimiter: u8) -> Found {
        let [delimiter, line_end, quote] = [delimiter, b'\n', b'"'].map(|byte| _mm_set1_epi8(byte.cast_signed()));
        let (parts, _) = chunk.as_chunks::<16>();
        let bytes = [load(&parts[0]), load(&parts[1]), load(&parts[2]), load(&parts[3])];
        let equal = |byte: __m128i| bytes.map(|part| _mm_cmpeq_epi8(part, byte));
        let (delimiters, line_ends) = (bits(equal(delimiter)), rare(equal(line_end)));
        Found { marks: delimiters | line_ends, line_ends, quotes: rare(equal(quote)) }
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
    fn bits(parts: [__m128i; 4]) -> u64 {
        let mask = |part: __m128i| u64::from(_mm_movemask_epi8(part).cast_unsigned());
        mask(parts[0]) | mask(parts[1]) << 16 | mask(parts[2]) << 32 | mask(parts[3]) << 48
    }

    /// The same, where most chunks have none: one look at all four parts tells.
    #[inline]
    #[target_feature(enable = "sse2")]
    fn rare(parts: [__m128i; 4]) -> u64 {
        let any = _mm_or_si128(_mm_or_si128(parts[0], parts[1]), _mm_or_si128(parts[2], parts[3]));
        if _mm_movemask_epi8(any) == 0 { 0 } else { bits(parts) }
    }
}

/// With words of eight bytes.
#[cfg_attr(all(target_arch = "x86_64", not(test)), expect(dead_code, reason = "the tests compare it with SSE2"))]
mod words {
    use super::{Chunk, Found};

    /// A word of eight equal bytes, for each value times this.
    const EACH: u64 = 0x0101_0101_0101_0101;
    /// All but the highest bit of each byte.
    const LOW: u64 = EACH * 0x7f;
    /// Brings the lowest bits of eight bytes together in the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;

    #[inline]
    pub(super) fn found(chunk: &Chunk, delimiter: u8) -> Found {
        let line_ends = equal(chunk, b'\n');
        Found { marks: equal(chunk, delimiter) | line_ends, line_ends, quotes: equal(chunk, b'"') }
    }

    #[inline]
    fn equal(chunk: &Chunk, byte: u8) -> u64 {
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
        fn bits_are_those_of_a_look_at_each_byte(
            bytes in prop::collection::vec(prop::sample::select(b"a,\n\";\x80\xff\0\x01".as_slice()), CHUNK),
            delimiter in prop::sample::select(b",;\t\xff\0".as_slice()),
        ) {
            let chunk: Chunk = bytes.try_into().unwrap();
            let plain = |wanted: &[u8]| (0..CHUNK).fold(0, |bits, at| bits | u64::from(wanted.contains(&chunk[at])) << at);
            let expected = Found { marks: plain(&[delimiter, b'\n']), line_ends: plain(b"\n"), quotes: plain(b"\"") };
            prop_assert_eq!(found(&chunk, delimiter), expected);
            prop_assert_eq!(words::found(&chunk, delimiter), expected);
        }
    }
}
