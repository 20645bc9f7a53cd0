//! The slices of one endpoint: a list in the order of time, packed into one piece of memory.
//!
//! Requests usually come in the order of time, so what is added is near the end; anything else is right as well, and
//! costs moving what lies behind it.

use std::ops::RangeInclusive;

use super::cell::{List, pack, unpack};

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
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, u32, &[u8])> {
        let mut rest = self.bytes.as_slice();
        self.heads.iter().map(move |head| {
            let (cell, behind) = rest.split_at(head.size as usize);
            rest = behind;
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
        scratch.slices.clear();
        for group in requests.chunk_by(|a, b| a.slice(base) == b.slice(base)) {
            let slice = group[0].slice(base);
            place = scratch.slices.copy(self, place, |head| head.slice < slice);
            scratch.old.clear();
            if self.heads.get(place.head).is_some_and(|head| head.slice == slice) {
                unpack(self.cell(place), |bucket, count| scratch.old.push((bucket, count)));
                place = self.behind(place);
            }
            count(group, &mut scratch.new);
            scratch.push(slice);
        }
        self.heads.splice(from.head..place.head, scratch.slices.heads.iter().copied());
        self.bytes.splice(from.byte..place.byte, scratch.slices.bytes.iter().copied());
    }

    /// Joins each even slice with the odd one behind it: slices become twice as wide.
    pub(super) fn widen(&mut self, scratch: &mut Scratch) {
        scratch.slices.clear();
        let mut place = Place { head: 0, byte: 0 };
        while let Some(head) = self.heads.get(place.head) {
            let second = self.behind(place);
            if self.heads.get(second.head).is_some_and(|next| next.slice >> 1 == head.slice >> 1) {
                scratch.old.clear();
                scratch.new.clear();
                unpack(self.cell(place), |bucket, count| scratch.old.push((bucket, count)));
                unpack(self.cell(second), |bucket, count| scratch.new.push((bucket, count)));
                scratch.push(head.slice >> 1);
                place = self.behind(second);
            } else {
                scratch.slices.heads.push(Head { slice: head.slice >> 1, ..*head });
                scratch.slices.bytes.extend_from_slice(self.cell(place));
                place = second;
            }
        }
        self.clear();
        self.heads.extend_from_slice(&scratch.slices.heads);
        self.bytes.extend_from_slice(&scratch.slices.bytes);
    }

    /// Forgets all slices outside `kept` and returns the requests in them.
    pub(super) fn keep(&mut self, kept: &RangeInclusive<i64>) -> u64 {
        let mut result = Self::default();
        let from = self.place(*kept.start());
        result.copy(self, from, |head| kept.contains(&head.slice));
        let total = |slices: &Self| slices.heads.iter().map(|head| u64::from(head.count)).sum::<u64>();
        let dropped = total(self) - total(&result);
        *self = result;
        dropped
    }

    fn clear(&mut self) {
        self.heads.clear();
        self.bytes.clear();
    }

    /// Where `slice` is or would be; quick near the end.
    fn place(&self, slice: i64) -> Place {
        let mut place = Place { head: self.heads.len(), byte: self.bytes.len() };
        for head in self.heads.iter().rev().take_while(|head| head.slice >= slice) {
            place = Place { head: place.head - 1, byte: place.byte - head.size as usize };
        }
        place
    }

    /// The place behind the slice at `place`.
    fn behind(&self, place: Place) -> Place {
        Place { head: place.head + 1, byte: place.byte + self.heads[place.head].size as usize }
    }

    /// The packed cell of the slice at `place`.
    fn cell(&self, place: Place) -> &[u8] {
        &self.bytes[place.byte..self.behind(place).byte]
    }

    /// Appends the slices of `other` from `place` on for which `wanted` holds; returns the place behind them.
    fn copy(&mut self, other: &Self, place: Place, wanted: impl Fn(&Head) -> bool) -> Place {
        let heads = &other.heads[place.head..];
        let many = heads.iter().take_while(|head| wanted(head)).count();
        let size: usize = heads[..many].iter().map(|head| head.size as usize).sum();
        self.heads.extend_from_slice(&heads[..many]);
        self.bytes.extend_from_slice(&other.bytes[place.byte..place.byte + size]);
        Place { head: place.head + many, byte: place.byte + size }
    }
}

/// Room for what a change is made of, to be used again and again.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    slices: Slices,
    old: List,
    new: List,
}

impl Scratch {
    /// Appends a slice with the sum of both lists.
    fn push(&mut self, slice: i64) {
        let before = self.slices.bytes.len();
        let sum = pack(&self.old, &self.new, &mut self.slices.bytes);
        let count = u32::try_from(sum).unwrap_or(u32::MAX);
        let size = (self.slices.bytes.len() - before) as u32;
        self.slices.heads.push(Head { slice, count, size });
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
