//! Symbols one after another, where there is much to read and much room.

use std::io;

use super::table::Entry;
use super::{History, Inflate, LENGTH_BITS, LONGEST_MATCH, STRIDE, WINDOW, no_stream};
use crate::ingest::bits::{Look, Work, best};

/// Bytes that one turn may write: two literals and a match, and what is copied along.
const LEAST_ROOM: usize = 2 + LONGEST_MATCH + 2 * STRIDE;

impl Inflate {
    /// Inflates into `target` from `made` on, and says how many bytes of `input` it used: few or none if there is
    /// too little of one of them.
    #[inline]
    pub(super) fn fast(&mut self, input: &[u8], target: &mut [u8], made: &mut usize) -> io::Result<usize> {
        best(Fast { inflate: self, input, target, made })
    }
}

struct Fast<'a> {
    inflate: &'a mut Inflate,
    input: &'a [u8],
    target: &'a mut [u8],
    made: &'a mut usize,
}

/// The bits that come next: at least as many as stand in the lowest six bits of `count`.
struct Next<'a> {
    bits: u64,
    count: u32,
    rest: &'a [u8],
}

impl Next<'_> {
    /// Makes all 64 bits right, of which 56 or more count; `false` if there is too little input.
    #[inline(always)]
    fn fill(&mut self) -> bool {
        let Some(eight) = self.rest.first_chunk() else { return false };
        // Bits above those that count are already right, and come again.
        self.bits |= u64::from_le_bytes(*eight) << (self.count & 63);
        self.rest = &self.rest[(!self.count >> 3 & 7) as usize..];
        self.count |= 56;
        true
    }

    /// The entry of what comes next.
    #[inline(always)]
    fn look(&self, pairs: &[Entry; 1 << LENGTH_BITS]) -> Entry {
        pairs[self.bits as usize % pairs.len()]
    }

    /// Leaves out what an entry takes.
    #[inline(always)]
    fn skip(&mut self, entry: Entry) {
        self.bits >>= entry.bits() & 63;
        self.count = self.count.wrapping_sub(entry.bits());
    }
}

impl Work for Fast<'_> {
    type Answer = io::Result<usize>;

    #[inline(always)]
    fn with(self, _: impl Look) -> io::Result<usize> {
        let Fast { inflate, input, target, made } = self;
        let Inflate { codes, history, .. } = &*inflate;
        let mut next = Next { bits: inflate.bits.held, count: inflate.bits.count, rest: input };
        let (mut at, mut stop) = (*made, Entry::NOTHING);
        // Of too few bits this is anything, and is not used.
        next.fill();
        let mut looked = next.look(&codes.pairs);
        // A turn takes at most 48 of 64 bits. So what comes next is looked up before others are filled in, and before a match
        // is copied: all else waits for it.
        while next.fill()
            && let Some((before, room)) = split(target, at)
        {
            let mut entry = looked;
            if entry.is_special() {
                if entry.is_link() {
                    next.skip(entry);
                    entry = codes.lengths.second(entry, next.bits).as_first();
                }
                if entry.is_special() {
                    next.skip(entry);
                    stop = entry;
                    break;
                }
            }
            let (count, literals) = entry.literals();
            room[..2].copy_from_slice(&literals);
            at += count;
            let bits = next.bits;
            next.skip(entry);
            if entry.is_alone() {
                looked = next.look(&codes.pairs);
                continue;
            }
            let length = entry.length(bits);

            let mut entry = codes.distances.first(next.bits);
            if entry.is_special() {
                if entry.is_link() {
                    next.skip(entry);
                    entry = codes.distances.second(entry, next.bits);
                }
                if entry.is_special() {
                    stop = Entry::NONE;
                    break;
                }
            }
            let distance = entry.distance(next.bits);
            next.skip(entry);
            looked = next.look(&codes.pairs);
            let from = at.wrapping_sub(distance);
            if let Some(bytes) = before.get(from..).and_then(|bytes| bytes.first_chunk::<STRIDE>()) {
                room[count..count + STRIDE].copy_from_slice(bytes);
                // Few are longer: to ask that takes less than to find how many steps are left.
                if length > STRIDE {
                    for done in (STRIDE..length).step_by(STRIDE) {
                        target.copy_within(from + done..from + done + STRIDE, at + done);
                    }
                }
            } else if history.copy_unusual(target, at, length, distance).is_none() {
                stop = Entry::NONE;
                break;
            }
            at += length;
        }

        // Whole bytes are given back.
        let count = next.count & 63;
        inflate.bits.count = count & 7;
        inflate.bits.held = next.bits & !(!0 << inflate.bits.count);
        *made = at;
        if stop.is_end() {
            inflate.end_block();
        } else if stop != Entry::NOTHING {
            return Err(no_stream());
        }
        Ok(input.len() - next.rest.len() - (count >> 3) as usize)
    }
}

/// What was made before `at`, and room for a turn from there, if there is enough.
#[inline(always)]
fn split(target: &mut [u8], at: usize) -> Option<(&[u8], &mut [u8; LEAST_ROOM])> {
    let (before, after) = target.split_at_mut_checked(at)?;
    Some((before, after.first_chunk_mut()?))
}

impl History {
    /// As [`History::copy`], where there is room for more, which is written over later; `None` if the match begins before
    /// all that was made.
    #[inline(never)]
    fn copy_unusual(&self, target: &mut [u8], at: usize, length: usize, distance: usize) -> Option<()> {
        match at.checked_sub(distance) {
            Some(from) if distance >= 8 => {
                (0..length).step_by(8).for_each(|done| target.copy_within(from + done..from + done + 8, at + done));
            }
            None if distance > at + self.size => return None,
            None if length <= distance - at => {
                let from = WINDOW + at - distance;
                for done in (0..length).step_by(STRIDE) {
                    let bytes = &self.bytes[from + done..][..STRIDE];
                    target[at + done..][..STRIDE].copy_from_slice(bytes);
                }
            }
            _ => self.copy(target, at, length, distance),
        }
        Some(())
    }
}
