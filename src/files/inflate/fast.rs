//! Symbols one after another, where there is much to read and much room.

use std::io;

use super::{History, Inflate, LONGEST_MATCH, STRIDE, WINDOW, no_stream};
use crate::ingest::{Look, Work, best};

/// Bytes of input that one turn may look at: it takes eight, and uses at most seven.
const LEAST_INPUT: usize = 8;
/// Bytes that one turn may write: two literals and a match, and what is copied along.
const LEAST_ROOM: usize = 2 + LONGEST_MATCH + 2 * STRIDE;

impl Inflate {
    /// Inflates into `target` from `made` on, and says how many bytes of `input` it used: none if there is too little of
    /// one of them.
    #[inline]
    pub(super) fn fast(&mut self, input: &[u8], target: &mut [u8], made: &mut usize) -> io::Result<usize> {
        if input.len() < LEAST_INPUT || target.len() - *made < LEAST_ROOM {
            return Ok(0);
        }
        best(Fast { inflate: self, input, target, made })
    }
}

struct Fast<'a> {
    inflate: &'a mut Inflate,
    input: &'a [u8],
    target: &'a mut [u8],
    made: &'a mut usize,
}

/// The next bits, at least as many as stand in `count`, of which only the lowest six bits count.
#[derive(Clone, Copy)]
struct Next {
    bits: u64,
    count: u32,
}

impl Next {
    /// Takes in as many whole bytes of eight as there is room for, and says how many. Bits above those that count are
    /// already right, and come again.
    #[inline(always)]
    fn fill(&mut self, eight: [u8; 8]) -> usize {
        self.bits |= u64::from_le_bytes(eight) << (self.count & 63);
        let taken = !self.count >> 3 & 7;
        self.count |= 56;
        taken as usize
    }

    /// Leaves out the lowest `count & 63`.
    #[inline(always)]
    fn skip(&mut self, count: u32) {
        self.bits >>= count & 63;
        self.count = self.count.wrapping_sub(count);
    }
}

impl Work for Fast<'_> {
    type Answer = io::Result<usize>;

    #[inline(always)]
    fn with(self, _: impl Look) -> io::Result<usize> {
        let Fast { inflate, input, target, made } = self;
        let (mut rest, mut at) = (input, *made);
        let mut next = Next { bits: inflate.bits.held, count: inflate.bits.count };
        let mut result = Ok(());
        // Up to 48 bits are used between two fillings, and 56 are there.
        while let Some(eight) = rest.first_chunk()
            && target.len() - at >= LEAST_ROOM
        {
            rest = &rest[next.fill(*eight)..];
            let codes = &inflate.codes;
            let mut entry = codes.pairs[next.bits as usize % codes.pairs.len()];
            if entry.is_special() {
                if entry.is_link() {
                    next.skip(entry.bits());
                    entry = codes.lengths.second(entry, next.bits).as_first();
                }
                if entry.is_special() {
                    next.skip(entry.bits());
                    if entry.is_end() {
                        inflate.end_block()
                    } else {
                        result = Err(no_stream())
                    }
                    break;
                }
            }
            let (count, literals) = entry.literals();
            target[at..at + 2].copy_from_slice(&literals);
            at += count;
            let before = next;
            next.skip(entry.bits());
            if entry.is_alone() {
                continue;
            }
            let length = entry.length(before.bits);

            let mut entry = codes.distances.first(next.bits);
            if entry.is_link() {
                next.skip(entry.bits());
                entry = codes.distances.second(entry, next.bits);
            }
            let distance = entry.distance(next.bits);
            if entry.is_special() || distance > at + inflate.history.size {
                result = Err(no_stream());
                break;
            }
            next.skip(entry.bits());
            inflate.history.copy_fast(target, at, length, distance);
            at += length;
        }

        // Whole bytes are given back.
        let count = next.count & 63;
        inflate.bits.count = count & 7;
        inflate.bits.held = next.bits & !(!0 << inflate.bits.count);
        *made = at;
        result.map(|()| input.len() - rest.len() - (count >> 3) as usize)
    }
}

impl History {
    /// As [`History::copy`], where there is room for more, which is written over later.
    #[inline(always)]
    fn copy_fast(&self, target: &mut [u8], at: usize, length: usize, distance: usize) {
        match at.checked_sub(distance) {
            Some(from) if distance >= STRIDE => {
                copy_within::<STRIDE>(target, from, at);
                if length > STRIDE {
                    (STRIDE..length)
                        .step_by(STRIDE)
                        .for_each(|done| copy_within::<STRIDE>(target, from + done, at + done));
                }
            }
            Some(from) if distance >= 8 => {
                (0..length).step_by(8).for_each(|done| copy_within::<8>(target, from + done, at + done));
            }
            None if length <= distance - at => {
                let from = WINDOW + at - distance;
                for done in (0..length).step_by(STRIDE) {
                    let bytes = &self.bytes[from + done..][..STRIDE];
                    target[at + done..][..STRIDE].copy_from_slice(bytes);
                }
            }
            _ => self.copy(target, at, length, distance),
        }
    }
}

/// Copies `SIZE` bytes by vectors, which [`slice::copy_within`] would call a function for.
#[inline(always)]
fn copy_within<const SIZE: usize>(bytes: &mut [u8], from: usize, to: usize) {
    let Some(copied) = bytes[from..].first_chunk::<SIZE>().copied() else { return };
    bytes[to..to + SIZE].copy_from_slice(&copied);
}
