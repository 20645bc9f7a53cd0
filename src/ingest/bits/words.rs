//! Eight bytes at a time, by arithmetic.

use super::{Chunk, Look};

/// A word of eight equal bytes, for each value times this.
const EACH: u64 = 0x0101_0101_0101_0101;
/// All but the highest bit of each byte.
const LOW: u64 = EACH * 0x7f;
/// Brings the lowest bits of eight bytes together in the highest byte.
const GATHER: u64 = 0x0102_0408_1020_4080;

/// With words.
#[derive(Clone, Copy)]
pub(super) struct Words;

impl Look for Words {
    #[inline(always)]
    fn equal(self, chunk: &Chunk, byte: u8) -> u64 {
        let (words, _) = chunk.as_chunks::<8>();
        words.iter().rev().fold(0, |bits, word| {
            // A byte that is equal becomes 0; of each byte the highest bit says whether another is set.
            let other = u64::from_le_bytes(*word) ^ (EACH * u64::from(byte));
            let zero = !(((other & LOW) + LOW) | other | LOW);
            bits << 8 | (zero >> 7).wrapping_mul(GATHER) >> 56
        })
    }

    #[inline(always)]
    fn rare(self, chunk: &Chunk, byte: u8) -> u64 {
        self.equal(chunk, byte)
    }
}
