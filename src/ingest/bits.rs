//! Bytes as bits: which of 64 bytes are certain ones.
//!
//! With SSE2, which every x86-64 processor has, or with arithmetic on words of eight bytes; both give the same bits.

/// Bytes that are looked at together, one bit each.
pub(super) const CHUNK: usize = 64;

/// Bytes that are looked at together.
pub(super) type Chunk = [u8; CHUNK];

/// Which bytes of a chunk are `byte`; the lowest bit stands for the first.
#[inline]
pub(super) fn equal(chunk: &Chunk, byte: u8) -> u64 {
    #[cfg(target_arch = "x86_64")]
    return sse2::equal::<false>(chunk, byte);
    #[cfg(not(target_arch = "x86_64"))]
    words::equal(chunk, byte)
}

/// The same, for a byte that most chunks do not hold.
#[inline]
pub(super) fn rare(chunk: &Chunk, byte: u8) -> u64 {
    #[cfg(target_arch = "x86_64")]
    return sse2::equal::<true>(chunk, byte);
    #[cfg(not(target_arch = "x86_64"))]
    words::equal(chunk, byte)
}

/// With SSE2.
#[cfg(target_arch = "x86_64")]
mod sse2 {
    #![expect(unsafe_code, reason = "twice as fast as words; the instructions are part of x86-64")]

    use std::arch::x86_64::{__m128i, _mm_cmpeq_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8};

    use super::Chunk;

    /// `RARE`: one look at the whole chunk tells that there is none, as is usual.
    #[inline]
    pub(super) fn equal<const RARE: bool>(chunk: &Chunk, byte: u8) -> u64 {
        // SAFETY: the function needs nothing but SSE2, which is part of the x86-64 instruction set: code compiled for
        // that target runs on no processor without it. It takes and gives plain values.
        unsafe { with_sse2::<RARE>(chunk, byte) }
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn with_sse2<const RARE: bool>(chunk: &Chunk, byte: u8) -> u64 {
        let wanted = _mm_set1_epi8(byte.cast_signed());
        let (parts, _) = chunk.as_chunks::<16>();
        let bytes = [load(&parts[0]), load(&parts[1]), load(&parts[2]), load(&parts[3])];
        let equal = bytes.map(|part| _mm_cmpeq_epi8(part, wanted));
        if RARE {
            let any = _mm_or_si128(_mm_or_si128(equal[0], equal[1]), _mm_or_si128(equal[2], equal[3]));
            if _mm_movemask_epi8(any) == 0 {
                return 0;
            }
        }
        let mask = |part: __m128i| u64::from(_mm_movemask_epi8(part).cast_unsigned());
        mask(equal[0]) | mask(equal[1]) << 16 | mask(equal[2]) << 32 | mask(equal[3]) << 48
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn load(bytes: &[u8; 16]) -> __m128i {
        let whole = u128::from_le_bytes(*bytes);
        _mm_set_epi64x((whole >> 64) as i64, whole as i64)
    }
}

/// With words of eight bytes.
#[cfg_attr(
    all(target_arch = "x86_64", not(any(test, fuzzing))),
    expect(dead_code, reason = "the tests compare it with SSE2")
)]
mod words {
    use super::Chunk;

    /// A word of eight equal bytes, for each value times this.
    const EACH: u64 = 0x0101_0101_0101_0101;
    /// All but the highest bit of each byte.
    const LOW: u64 = EACH * 0x7f;
    /// Brings the lowest bits of eight bytes together in the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;

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

/// Holds the bits equal to a look at each byte.
#[cfg(any(test, fuzzing))]
pub(super) fn assert_agrees(chunk: &Chunk, byte: u8) {
    let plain = (0..CHUNK).fold(0, |bits, at| bits | u64::from(chunk[at] == byte) << at);
    let seen = [equal(chunk, byte), rare(chunk, byte), words::equal(chunk, byte)];
    assert_eq!(seen, [plain; 3], "{byte} in {chunk:?}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bits_are_those_of_a_look_at_each_byte(
            bytes in prop::collection::vec(prop::sample::select(b"a,\n\";\x80\xff\0\x01".as_slice()), CHUNK),
            byte in prop::sample::select(b",;\t\xff\0\n".as_slice()),
        ) {
            assert_agrees(&bytes.try_into().unwrap(), byte);
        }
    }
}
