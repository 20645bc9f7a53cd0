//! Sixty-four bytes at a time.
#![expect(unsafe_code, reason = "a twentieth faster than AVX2; a processor without it takes the other way")]

use std::arch::x86_64::{__m512i, _mm512_cmpeq_epi8_mask, _mm512_loadu_si512, _mm512_set1_epi8};

use super::avx2::Avx2;
use super::{Chunk, Look, Work};

/// With AVX-512BW beside what [`Avx2`] has: there is one only on a processor that has them.
#[derive(Clone, Copy)]
pub(super) struct Avx512(Avx2);

impl Avx512 {
    /// `None` on a processor without.
    #[inline]
    pub(super) fn of_this_processor() -> Option<Self> {
        let has_all = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
        Avx2::of_this_processor().filter(|_| has_all).map(Self)
    }

    /// Does some work compiled for these instructions.
    #[inline]
    pub(super) fn run<W: Work>(self, work: W) -> W::Answer {
        // SAFETY: the function needs nothing but the instructions that it is compiled for, and `self` is proof that the
        // processor has them: nothing but `of_this_processor` makes one.
        unsafe { run(self, work) }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx2,bmi1,bmi2,lzcnt,pclmulqdq,popcnt")]
fn run<W: Work>(avx512: Avx512, work: W) -> W::Answer {
    work.with(avx512)
}

impl Look for Avx512 {
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
        self.0.running_xor(bits)
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx2,bmi1,bmi2,lzcnt,pclmulqdq,popcnt")]
fn equal(chunk: &Chunk, byte: u8) -> u64 {
    _mm512_cmpeq_epi8_mask(load(chunk), _mm512_set1_epi8(byte.cast_signed()))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx2,bmi1,bmi2,lzcnt,pclmulqdq,popcnt")]
fn load(chunk: &Chunk) -> __m512i {
    // SAFETY: 64 bytes are read, those of the reference, wherever they lie.
    unsafe { _mm512_loadu_si512(chunk.as_ptr().cast()) }
}
