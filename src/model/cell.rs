//! Latencies of one endpoint in one slice of time, in as few bytes as counts allow.
//!
//! A dense histogram per endpoint and slice would cost a gigabyte in half an hour; this costs a few hundred bytes each.
//! A packed cell is a list of buckets in ascending order, each with its count: LEB128 of twice the distance to the
//! bucket before, plus 1 where the count is above 1 and follows, less 2, as LEB128.

use std::{iter, mem};

use super::Histogram;

/// Stands for the latency of failed requests: a bucket above all that [`Histogram::bucket`] makes.
pub(super) const FAILED: u16 = u16::MAX;

/// Buckets and counts: in ascending order of the buckets, each once, no count 0.
pub(super) type List = Vec<(u16, u64)>;

/// Bytes of a packed bucket and its count at most: 3 and 10.
const LONGEST: usize = 13;

/// Appends the sum of two lists, packed, to `bytes`; returns the requests in it.
pub(super) fn pack(a: &[(u16, u64)], b: &[(u16, u64)], bytes: &mut Vec<u8>) -> u64 {
    let start = bytes.len();
    bytes.resize(start + LONGEST * (a.len() + b.len()), 0);
    let mut packer = Packer { room: &mut bytes[start..], size: 0, previous: 0, sum: 0 };
    if a.is_empty() {
        b.iter().for_each(|(bucket, count)| packer.put(*bucket, *count));
    } else {
        add(a, b, |bucket, count| packer.put(bucket, count));
    }
    let (size, sum) = (packer.size, packer.sum);
    bytes.truncate(start + size);
    sum
}

struct Packer<'a> {
    room: &'a mut [u8],
    /// Bytes that are packed.
    size: usize,
    previous: u16,
    sum: u64,
}

impl Packer<'_> {
    /// Packs the next bucket and its count.
    #[inline(always)]
    fn put(&mut self, bucket: u16, count: u64) {
        let several = usize::from(count > 1);
        let step = u64::from(bucket - self.previous) << 1 | several as u64;
        let rest = count.wrapping_sub(2);
        (self.previous, self.sum) = (bucket, self.sum + count);
        if step < 0x80 && count < 0x82 {
            // Whether there are several is anyone's guess: both bytes are written, and the second may not count.
            self.room[self.size..self.size + 2].copy_from_slice(&[step as u8, rest as u8]);
            self.size += 1 + several;
        } else {
            self.size += put_varint(&mut self.room[self.size..], step);
            if several > 0 {
                self.size += put_varint(&mut self.room[self.size..], rest);
            }
        }
    }
}

fn put_varint(room: &mut [u8], mut value: u64) -> usize {
    let mut size = 0;
    while value >= 0x80 {
        room[size] = value as u8 | 0x80;
        value >>= 7;
        size += 1;
    }
    room[size] = value as u8;
    size + 1
}

/// Calls `each` with the buckets and counts of a packed list.
pub(super) fn unpack(mut bytes: &[u8], mut each: impl FnMut(u16, u64)) {
    let mut bucket = 0;
    while let [first, more @ ..] = bytes {
        let several = first & 1;
        let rest = more.first().copied().unwrap_or(0) & several.wrapping_neg();
        if (first | rest) < 0x80 {
            bucket += u16::from(first >> 1);
            each(bucket, u64::from(1 + several + rest));
            bytes = &bytes[1 + usize::from(several)..];
        } else {
            let step = varint(&mut bytes);
            bucket += (step >> 1) as u16;
            each(bucket, if step & 1 == 0 { 1 } else { 2 + varint(&mut bytes) });
        }
    }
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let Some((byte, rest)) = bytes.split_first() else { break };
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}

/// Calls `each` with the buckets and counts of the sum of two lists. Which list a bucket is in is anyone's guess, so no
/// branch depends on it.
pub(super) fn add(a: &[(u16, u64)], b: &[(u16, u64)], mut each: impl FnMut(u16, u64)) {
    const END: (u16, u64) = (u16::MAX, 0);
    let (mut at_a, mut at_b) = (0, 0);
    while at_a < a.len() || at_b < b.len() {
        let (x, y) = (a.get(at_a).copied().unwrap_or(END), b.get(at_b).copied().unwrap_or(END));
        let (is_a, is_b) = (x.0 <= y.0, y.0 <= x.0);
        each(x.0.min(y.0), x.1 * u64::from(is_a) + y.1 * u64::from(is_b));
        at_a += usize::from(is_a);
        at_b += usize::from(is_b);
    }
}

/// A histogram while others are added to it: dense, so that adding needs no search.
#[derive(Default)]
pub(super) struct Sum {
    counts: Vec<u64>,
    /// A bit for each bucket whose count is not 0.
    touched: Vec<u64>,
    /// A bit for each word of these that is not 0: what was added is found in its order.
    words: [u64; WORDS],
}

/// Words of bits for all words of bits for all buckets.
const WORDS: usize = (1 << u16::BITS) / 64 / 64;

impl Sum {
    /// Adds the successful requests of a packed list; returns how many failed.
    pub(super) fn unpack(&mut self, bytes: &[u8]) -> u64 {
        let mut failed = 0;
        unpack(bytes, |bucket, count| match bucket {
            FAILED => failed += count,
            _ => self.add(bucket, count),
        });
        failed
    }

    /// Adds buckets and their counts, none of which is 0.
    pub(super) fn extend(&mut self, cells: &[(u16, u64)]) {
        cells.iter().for_each(|(bucket, count)| self.add(*bucket, *count));
    }

    #[inline]
    fn add(&mut self, bucket: u16, count: u64) {
        let at = usize::from(bucket);
        if at >= self.counts.len() {
            self.reach(at);
        }
        self.counts[at] += count;
        self.touched[at / 64] |= 1 << (at % 64);
        self.words[at / 64 / 64] |= 1 << (at / 64 % 64);
    }

    /// Makes room for a bucket.
    #[cold]
    fn reach(&mut self, at: usize) {
        let words = at / 64 + 1;
        self.touched.resize(words, 0);
        self.counts.resize(words * 64, 0);
    }

    /// What was added since the last time.
    pub(super) fn take(&mut self) -> Histogram {
        let words = ones(mem::take(&mut self.words)).collect::<Vec<_>>();
        let many: u32 = words.iter().map(|word| self.touched[*word].count_ones()).sum();
        let mut cells = Vec::with_capacity(many as usize);
        for word in words {
            for bit in ones([mem::take(&mut self.touched[word])]) {
                let at = word * 64 + bit;
                cells.push((at as u16, mem::take(&mut self.counts[at])));
            }
        }
        Histogram::from_cells(cells)
    }
}

/// The places of the bits that are set, in ascending order.
fn ones<const N: usize>(words: [u64; N]) -> impl Iterator<Item = usize> {
    words.into_iter().enumerate().flat_map(|(at, word)| {
        let rest = iter::successors(Some(word), |word| Some(word & word.wrapping_sub(1)));
        rest.take_while(|word| *word != 0).map(move |word| at * 64 + word.trailing_zeros() as usize)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use proptest::prelude::*;

    fn lists() -> impl Strategy<Value = BTreeMap<u16, u64>> {
        let buckets = prop_oneof![0_u16..300, 0_u16..45_057, Just(FAILED)];
        prop::collection::btree_map(buckets, prop_oneof![1_u64..4, 1_u64..1 << 40], 0..200)
    }

    fn listed(list: &BTreeMap<u16, u64>) -> List {
        list.iter().map(|(bucket, count)| (*bucket, *count)).collect()
    }

    fn packed(list: &BTreeMap<u16, u64>) -> Vec<u8> {
        let mut bytes = Vec::new();
        let sum = pack(&[], &listed(list), &mut bytes);
        assert_eq!(sum, list.values().sum::<u64>());
        bytes
    }

    fn unpacked(bytes: &[u8]) -> List {
        let mut list = List::new();
        unpack(bytes, |bucket, count| list.push((bucket, count)));
        list
    }

    #[test]
    fn a_request_in_a_known_neighbourhood_is_one_byte() {
        assert_eq!(packed(&BTreeMap::from([(20, 1), (83, 1), (100, 3)])), [40, 126, 35, 1]);
    }

    proptest! {
        #[test]
        fn packed_lists_unpack_equal(list in lists()) {
            prop_assert_eq!(unpacked(&packed(&list)), listed(&list));
        }

        #[test]
        fn lists_are_packed_as_their_sum(a in lists(), b in lists(), before in 0_usize..3) {
            let mut bytes = vec![1; before];
            let sum = pack(&listed(&a), &listed(&b), &mut bytes);
            let mut expected = a;
            b.iter().for_each(|(bucket, count)| *expected.entry(*bucket).or_insert(0) += count);
            prop_assert_eq!(sum, expected.values().sum::<u64>());
            prop_assert_eq!(unpacked(&bytes[before..]), listed(&expected));
            prop_assert_eq!(&bytes[before..], packed(&expected));
        }

        #[test]
        fn sums_are_histograms_in_order(a in lists(), b in lists()) {
            let mut sum = Sum::default();
            for list in [&a, &b, &a] {
                list.iter().for_each(|(bucket, count)| sum.add(*bucket, *count));
            }
            let mut expected = b;
            a.iter().for_each(|(bucket, count)| *expected.entry(*bucket).or_insert(0) += 2 * count);
            prop_assert_eq!(sum.take(), Histogram::from_cells(listed(&expected)));
            prop_assert!(sum.take().is_empty());
        }
    }
}
