//! Sixteen bytes at a time.
#![expect(unsafe_code, reason = "twice as fast as words; the instructions are part of x86-64")]

use std::arch::x86_64::{
    __m128i, _MM_HINT_T0, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_prefetch, _mm_set1_epi8,
};

use super::{Chunk, Look};

/// With SSE2.
#[derive(Clone, Copy)]
pub(super) struct Sse2;

/// Brings the line of a byte to the first cache.
#[inline(always)]
pub(super) fn ask_for(byte: &u8) {
    // SAFETY: nothing is read that could be seen, and the byte exists.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(byte).cast()) }
}

impl Look for Sse2 {
    #[inline(always)]
    fn equal(self, chunk: &Chunk, byte: u8) -> u64 {
        // SAFETY: the function needs nothing but SSE2, which is part of the x86-64 instruction set: code compiled for
        // that target runs on no processor without it. It takes and gives plain values.
        unsafe { equal::<false>(chunk, byte) }
    }

    #[inline(always)]
    fn rare(self, chunk: &Chunk, byte: u8) -> u64 {
        // SAFETY: as above.
        unsafe { equal::<true>(chunk, byte) }
    }
}

/// `RARE`: one look at the whole chunk tells that there is none, as is usual.
#[inline]
#[target_feature(enable = "sse2")]
fn equal<const RARE: bool>(chunk: &Chunk, byte: u8) -> u64 {
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
    // SAFETY: 16 bytes are read, those of the reference, wherever they lie.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}
