//! Thirty-two bytes at a time, and instructions that count and find bits, which SSE2 does without.
#![expect(unsafe_code, reason = "a tenth faster than SSE2 on CSV; a processor without them takes the other way")]

use std::arch::x86_64::{__m256i, _mm256_cmpeq_epi8, _mm256_movemask_epi8, _mm256_set_epi64x, _mm256_set1_epi8};

use super::{Chunk, Look, Work};

/// With AVX2, BMI and POPCNT: there is one only on a processor that has them.
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

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
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
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn equal(chunk: &Chunk, byte: u8) -> u64 {
    let wanted = _mm256_set1_epi8(byte.cast_signed());
    let (halves, _) = chunk.as_chunks::<32>();
    // No closure: it would be compiled for these instructions too, and could not become a part of what calls it.
    let low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(load(&halves[0]), wanted)).cast_unsigned();
    let high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(load(&halves[1]), wanted)).cast_unsigned();
    u64::from(low) | u64::from(high) << 32
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn load(bytes: &[u8; 32]) -> __m256i {
    let (words, _) = bytes.as_chunks::<8>();
    let (a, b) = (i64::from_le_bytes(words[0]), i64::from_le_bytes(words[1]));
    let (c, d) = (i64::from_le_bytes(words[2]), i64::from_le_bytes(words[3]));
    _mm256_set_epi64x(d, c, b, a)
}
