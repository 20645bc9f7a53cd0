//! The slices of one endpoint: a list in the order of time, packed into one piece of memory.
//!
//! Requests usually come in the order of time, so what is added is near the end; anything else is right as well, and
//! costs moving what lies behind it.

use std::ops::RangeInclusive;

use super::cell::{Cell, List, Packed};

/// Bits of a bucket in a key.
pub(super) const BUCKET_BITS: u32 = u16::BITS;
/// Bits of a slice in a key.
pub(super) const SLICE_BITS: u32 = u32::BITS - BUCKET_BITS;

/// Requests of one endpoint, slice and bucket; their order is that of a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sample {
    /// Number of the endpoint.
    pub(super) track: usize,
    pub(super) slice: i64,
    /// Latency bucket, or [`FAILED`](super::cell::FAILED).
    pub(super) bucket: u16,
    /// How many; not 0.
    pub(super) count: u64,
}

/// What can be merged into slices.
pub(super) trait Requests: Copy {
    /// The slice, where `base` is the one that keys count from.
    fn slice(self, base: i64) -> i64;
    fn bucket(self) -> u16;
    fn count(self) -> u64;
}

/// A key: a single request, the slice in the upper bits.
impl Requests for u32 {
    fn slice(self, base: i64) -> i64 {
        base + i64::from(self >> BUCKET_BITS)
    }

    fn bucket(self) -> u16 {
        self as u16
    }

    fn count(self) -> u64 {
        1
    }
}

impl Requests for Sample {
    fn slice(self, _: i64) -> i64 {
        self.slice
    }

    fn bucket(self) -> u16 {
        self.bucket
    }

    fn count(self) -> u64 {
        self.count
    }
}

/// The slices of one endpoint that have requests.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Slices {
    heads: Vec<Head>,
    /// The packed cells of all slices, one after the other.
    bytes: Vec<u8>,
}

/// One slice and the size of its cell.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Head {
    slice: i64,
    /// Requests, failed ones included.
    count: u32,
    /// Bytes of the packed cell.
    size: u32,
}

impl Head {
    /// A slice of so many bytes and requests.
    fn new(slice: i64, (size, count): (usize, u64)) -> Self {
        Self { slice, count: u32::try_from(count).unwrap_or(u32::MAX), size: size as u32 }
    }
}

/// A place between two slices.
#[derive(Clone, Copy)]
struct Place {
    head: usize,
    byte: usize,
}

impl Slices {
    /// How many slices there are.
    pub(super) fn len(&self) -> usize {
        self.heads.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// Bytes that they are packed in.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Each slice: its number, its requests, and the packed list of their buckets.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, u32, Cell<'_>)> {
        let mut rest = self.bytes.as_slice();
        self.heads.iter().map(move |head| {
            let cell = Cell::new(rest, head.size);
            rest = &rest[head.size as usize..];
            (head.slice, head.count, cell)
        })
    }

    /// Slice numbers and their requests.
    pub(super) fn counts(&self) -> impl Iterator<Item = (i64, u32)> {
        self.heads.iter().map(|head| (head.slice, head.count))
    }

    /// Adds requests of one endpoint, which come in the order of their slices and then of their buckets.
    pub(super) fn merge(&mut self, base: i64, requests: &[impl Requests], scratch: &mut Scratch) {
        let Some(first) = requests.first() else { return };
        let from = self.place(first.slice(base));
        let mut place = from;
        scratch.clear();
        for group in requests.chunk_by(|a, b| a.slice(base) == b.slice(base)) {
            let slice = group[0].slice(base);
            let next = self.first_from(place, slice);
            scratch.heads.extend_from_slice(&self.heads[place.head..next.head]);
            scratch.packed.extend(&self.bytes[place.byte..next.byte]);
            place = next;
            count(group, &mut scratch.list);
            let packed = if self.heads.get(place.head).is_some_and(|head| head.slice == slice) {
                let old = self.cell(place);
                place = self.behind(place);
                scratch.packed.push_sum(old, scratch.list.as_slice())
            } else {
                scratch.packed.push(&scratch.list)
            };
            scratch.heads.push(Head::new(slice, packed));
        }
        self.heads.splice(from.head..place.head, scratch.heads.iter().copied());
        self.bytes.splice(from.byte..place.byte, scratch.packed.bytes().iter().copied());
    }

    /// Joins each even slice with the odd one behind it: slices become twice as wide.
    pub(super) fn widen(&mut self, scratch: &mut Scratch) {
        scratch.clear();
        let mut place = Place { head: 0, byte: 0 };
        while let Some(head) = self.heads.get(place.head) {
            let second = self.behind(place);
            if self.heads.get(second.head).is_some_and(|next| next.slice >> 1 == head.slice >> 1) {
                let packed = scratch.packed.push_sum(self.cell(place), self.cell(second));
                scratch.heads.push(Head::new(head.slice >> 1, packed));
                place = self.behind(second);
            } else {
                scratch.heads.push(Head { slice: head.slice >> 1, ..*head });
                scratch.packed.extend(&self.bytes[place.byte..second.byte]);
                place = second;
            }
        }
        self.heads.clone_from(&scratch.heads);
        self.bytes.clear();
        self.bytes.extend_from_slice(scratch.packed.bytes());
    }

    /// Forgets all slices outside `kept` and returns the requests in them.
    pub(super) fn keep(&mut self, kept: &RangeInclusive<i64>) -> u64 {
        let all = self.total();
        let behind = self.place(kept.end().saturating_add(1));
        self.heads.truncate(behind.head);
        self.bytes.truncate(behind.byte);
        let from = self.place(*kept.start());
        self.heads.drain(..from.head);
        self.bytes.drain(..from.byte);
        all - self.total()
    }

    /// All requests.
    fn total(&self) -> u64 {
        self.heads.iter().map(|head| u64::from(head.count)).sum()
    }

    /// Where `slice` is or would be; quick near the end.
    fn place(&self, slice: i64) -> Place {
        let mut place = Place { head: self.heads.len(), byte: self.bytes.len() };
        for head in self.heads.iter().rev().take_while(|head| head.slice >= slice) {
            place = Place { head: place.head - 1, byte: place.byte - head.size as usize };
        }
        place
    }

    /// The same, not before `place`; quick near that.
    fn first_from(&self, mut place: Place, slice: i64) -> Place {
        while self.heads.get(place.head).is_some_and(|head| head.slice < slice) {
            place = self.behind(place);
        }
        place
    }

    /// The place behind the slice at `place`.
    fn behind(&self, place: Place) -> Place {
        Place { head: place.head + 1, byte: place.byte + self.heads[place.head].size as usize }
    }

    /// What the slice at `place` holds.
    fn cell(&self, place: Place) -> Cell<'_> {
        Cell::new(&self.bytes[place.byte..], self.heads[place.head].size)
    }
}

/// Room for what a change is made of, to be used again and again.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    heads: Vec<Head>,
    packed: Packed,
    list: List,
}

impl Scratch {
    fn clear(&mut self) {
        self.heads.clear();
        self.packed.clear();
    }
}

/// The list that requests of one slice amount to. Whether one is in the bucket of the one before is anyone's guess, so no
/// branch depends on it.
fn count(requests: &[impl Requests], list: &mut List) {
    list.clear();
    list.resize(requests.len(), (0, 0));
    let (mut at, mut last, mut count) = (0, requests[0].bucket(), 0);
    for one in requests {
        let is_new = one.bucket() != last;
        at += usize::from(is_new);
        count = if is_new { 0 } else { count } + one.count();
        last = one.bucket();
        list[at] = (last, count);
    }
    list.truncate(at + 1);
}
