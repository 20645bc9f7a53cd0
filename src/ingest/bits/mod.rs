//! Bytes as bits: which of 64 bytes are certain ones.
//!
//! ```text
//!  best(work) ─▶ AVX-512, where the processor has it
//!             ─▶ AVX2 and bit instructions, where the processor has them (since 2013)
//!             ─▶ SSE2, which is part of x86-64
//!             ─▶ words of eight bytes, on other processors
//! ```
//!
//! All of them give the same bits. The only `unsafe` of perf-gate is here: calls of functions that are compiled for
//! instructions which the compiler may not take for granted, reads of whole vectors, and asking for bytes ahead of them.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod sse2;
#[cfg(any(not(target_arch = "x86_64"), test, fuzzing))]
mod words;

/// Bytes that are looked at together, one bit each.
pub(super) const CHUNK: usize = 64;

/// Bytes that are looked at together.
pub(crate) type Chunk = [u8; CHUNK];

/// A way to look at chunks.
pub(crate) trait Look: Copy {
    /// Which bytes of a chunk are `byte`; the lowest bit stands for the first.
    fn equal(self, chunk: &Chunk, byte: u8) -> u64;

    /// The same, for a byte that most chunks do not hold.
    fn rare(self, chunk: &Chunk, byte: u8) -> u64;

    /// Each bit is the exclusive or of all bits up to it.
    #[inline(always)]
    fn running_xor(self, bits: u64) -> u64 {
        [1, 2, 4, 8, 16, 32].into_iter().fold(bits, |bits, shift| bits ^ bits << shift)
    }
}

/// What is done with looks at chunks, or without: it is compiled for the same instructions.
pub(crate) trait Work {
    /// What comes of it.
    type Answer;

    /// Does it. To be inlined always: it is compiled for the instructions of each look.
    fn with(self, look: impl Look) -> Self::Answer;
}

/// Does some work in the fastest way there is.
#[inline]
pub(crate) fn best<W: Work>(work: W) -> W::Answer {
    #[cfg(target_arch = "x86_64")]
    return match (avx512::Avx512::of_this_processor(), avx2::Avx2::of_this_processor()) {
        (Some(avx512), _) => avx512.run(work),
        (None, Some(avx2)) => avx2.run(work),
        (None, None) => work.with(sse2::Sse2),
    };
    #[cfg(not(target_arch = "x86_64"))]
    work.with(words::Words)
}

/// Asks for the byte at `at`, if there is one, and those beside it, so that whoever looks at them soon need not wait for them.
#[inline(always)]
pub(super) fn ask_for(bytes: &[u8], at: usize) {
    #[cfg(target_arch = "x86_64")]
    bytes.get(at).into_iter().for_each(sse2::ask_for);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (bytes, at);
}

/// The look that every processor has, for single chunks: to ask for a better one takes longer.
#[inline(always)]
pub(super) fn usual() -> impl Look {
    #[cfg(target_arch = "x86_64")]
    return sse2::Sse2;
    #[cfg(not(target_arch = "x86_64"))]
    words::Words
}

/// Holds the bits equal to a look at each byte.
#[cfg(any(test, fuzzing))]
pub(super) fn assert_agrees(chunk: &Chunk, byte: u8) {
    #[derive(Clone, Copy)]
    struct All<'a>(&'a Chunk, u8);
    impl Work for All<'_> {
        type Answer = [u64; 3];

        fn with(self, look: impl Look) -> [u64; 3] {
            let equal = look.equal(self.0, self.1);
            [equal, look.rare(self.0, self.1), look.running_xor(equal)]
        }
    }
    let bit = |at: usize| u64::from(chunk[at] == byte);
    let plain = (0..CHUNK).fold(0, |bits, at| bits | bit(at) << at);
    let running = (0..CHUNK).fold(0, |bits, at| bits | ((0..=at).map(bit).sum::<u64>() & 1) << at);
    let (all, expected) = (All(chunk, byte), [plain, plain, running]);
    assert_eq!([best(all), all.with(words::Words)], [expected; 2], "{byte} in {chunk:?}");
    #[cfg(target_arch = "x86_64")]
    for bits in [avx2::Avx2::of_this_processor().map(|avx2| avx2.run(all)), Some(all.with(sse2::Sse2))] {
        assert_eq!(bits.unwrap_or(expected), expected, "{byte} in {chunk:?}");
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
            byte in prop::sample::select(b",;\t\xff\0\n".as_slice()),
        ) {
            assert_agrees(&bytes.try_into().unwrap(), byte);
        }
    }
}
