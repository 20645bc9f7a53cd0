//! Thirty-two bytes at a time, and instructions that count and find bits, which SSE2 does without.
#![expect(unsafe_code, reason = "a tenth faster than SSE2 on CSV; a processor without them takes the other way")]

use std::arch::x86_64::{
    __m256i, _mm_clmulepi64_si128, _mm_cvtsi64_si128, _mm_cvtsi128_si64, _mm_set1_epi8, _mm256_cmpeq_epi8,
    _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8,
};

use super::{Chunk, Look, Work};

/// With AVX2, BMI, POPCNT and PCLMULQDQ: there is one only on a processor that has them.
#[derive(Clone, Copy)]
pub(super) struct Avx2(());

impl Avx2 {
    /// `None` on a processor without.
    #[inline]
    pub(super) fn of_this_processor() -> Option<Self> {
        let has_all = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("pclmulqdq")
            && is_x86_feature_detected!("popcnt");
        has_all.then_some(Self(()))
    }

    /// Does some work compiled for these instructions.
    #[inline]
    pub(super) fn run<W: Work>(self, work: W) -> W::Answer {
        // SAFETY: the function needs nothing but the instructions that it is compiled for, and `self` is proof that the
        // processor has them: nothing but `of_this_processor` makes one.
        unsafe { run(self, work) }
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,pclmulqdq,popcnt")]
fn run<W: Work>(avx2: Avx2, work: W) -> W::Answer {
    work.with(avx2)
}

impl Look for Avx2 {
    #[inline(always)]
    fn equal(self, chunk: &Chunk, byte: u8) -> u64 {
        // SAFETY: as above.
        unsafe { equal(chunk, byte) }
    }

    #[inline(always)]
    fn rare(self, chunk: &Chunk, byte: u8) -> u64 {
        self.equal(chunk, byte)
    }

    #[inline(always)]
    fn running_xor(self, bits: u64) -> u64 {
        // SAFETY: as above.
        unsafe { running_xor(bits) }
    }
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,pclmulqdq,popcnt")]
fn equal(chunk: &Chunk, byte: u8) -> u64 {
    let wanted = _mm256_set1_epi8(byte.cast_signed());
    let ([low, high], _) = chunk.as_chunks::<32>() else { return 0 };
    let low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(load(low), wanted)).cast_unsigned();
    let high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(load(high), wanted)).cast_unsigned();
    u64::from(low) | u64::from(high) << 32
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,pclmulqdq,popcnt")]
fn load(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: 32 bytes are read, those of the reference, wherever they lie. Made of words, they would be shuffled.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

/// By a product without carries: with ones in all places it adds up, in each place, all bits up to it.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,pclmulqdq,popcnt")]
fn running_xor(bits: u64) -> u64 {
    let product = _mm_clmulepi64_si128::<0>(_mm_cvtsi64_si128(bits.cast_signed()), _mm_set1_epi8(-1));
    _mm_cvtsi128_si64(product).cast_unsigned()
}
