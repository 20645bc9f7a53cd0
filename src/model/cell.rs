//! Latencies of one endpoint in one slice of time, in as few bytes as counts allow.
//!
//! A dense histogram per endpoint and slice would cost a gigabyte in half an hour; this costs a few hundred bytes each.
//! A packed cell is a list of buckets in ascending order, each with its count: LEB128 of twice the distance to the
//! bucket before, plus 1 where the count is above 1 and follows, less 2, as LEB128.

use std::hint::select_unpredictable;

/// Stands for the latency of failed requests: a bucket above all that [`Histogram::bucket`](super::Histogram::bucket) makes.
pub(super) const FAILED: u16 = u16::MAX;

/// Buckets and counts: in ascending order of the buckets, each once, no count 0.
pub(super) type List = Vec<(u16, u64)>;

/// Bytes of a packed bucket and its count at most: 3 and 10.
const LONGEST: usize = 13;
/// Bytes that are written along with the last bucket, and do not count.
const ALONG: usize = 3;
/// A bucket above all, which stands for the end of a list.
const END: u32 = 1 << u16::BITS;

/// A list whose buckets are asked for one after another.
pub(super) trait Source: Copy {
    /// The next bucket, passed as well, and its count; [`END`] and 0 behind the last one.
    fn next(self, passed: Passed) -> (Passed, u64);

    /// Bytes that it is packed in at most.
    fn most_bytes(self) -> usize;
}

/// What was passed of a list: the last bucket, and how many elements or bytes.
#[derive(Clone, Copy, Default)]
pub(super) struct Passed {
    bucket: u32,
    at: usize,
}

impl Source for &[(u16, u64)] {
    #[inline(always)]
    fn next(self, passed: Passed) -> (Passed, u64) {
        let (bucket, count) = self.get(passed.at).map_or((END, 0), |(bucket, count)| (u32::from(*bucket), *count));
        (Passed { bucket, at: passed.at + 1 }, count)
    }

    fn most_bytes(self) -> usize {
        LONGEST * self.len()
    }
}

/// A packed list, where it lies.
#[derive(Clone, Copy)]
pub(super) struct Cell<'a> {
    /// Its bytes and all behind them: most buckets are unpacked from four bytes without asking how many are theirs.
    bytes: &'a [u8],
    size: usize,
}

impl<'a> Cell<'a> {
    /// The list that the first `size` of `bytes` are.
    pub(super) fn new(bytes: &'a [u8], size: u32) -> Self {
        Self { bytes, size: size as usize }
    }

    /// Calls `each` with the buckets and counts.
    #[inline]
    pub(super) fn unpack(self, mut each: impl FnMut(u16, u64)) {
        let mut passed = Passed::default();
        while passed.at < self.size {
            let (next, count) = self.read(passed);
            each(next.bucket as u16, count);
            passed = next;
        }
    }

    /// The next bucket, where there is one. How many bytes it has, and whether it has several requests, is anyone's guess: no
    /// branch depends on it where both are small.
    #[inline(always)]
    fn read(self, Passed { bucket, at }: Passed) -> (Passed, u64) {
        if let Some(four) = self.bytes[at..].first_chunk() {
            let four = u32::from_le_bytes(*four);
            let long = four >> 7 & 1;
            let step = four & 0x7f | four >> 1 & 0x3f80 & long.wrapping_neg();
            let several = step & 1;
            let rest = four >> (8 + 8 * long) & 0xff & several.wrapping_neg();
            if (four >> 8 & long << 7 | rest) < 0x80 {
                let passed = Passed { bucket: bucket + (step >> 1), at: at + (1 + long + several) as usize };
                return (passed, u64::from(1 + several + rest));
            }
        }
        self.read_any(Passed { bucket, at })
    }

    /// The same, of whatever size.
    #[inline(never)]
    fn read_any(self, Passed { bucket, at }: Passed) -> (Passed, u64) {
        let mut rest = &self.bytes[at..];
        let step = varint(&mut rest);
        let count = if step & 1 == 0 { 1 } else { 2 + varint(&mut rest) };
        (Passed { bucket: bucket + (step >> 1) as u32, at: self.bytes.len() - rest.len() }, count)
    }
}

impl Source for Cell<'_> {
    #[inline(always)]
    fn next(self, passed: Passed) -> (Passed, u64) {
        if passed.at < self.size { self.read(passed) } else { (Passed { bucket: END, ..passed }, 0) }
    }

    fn most_bytes(self) -> usize {
        self.size
    }
}

/// Packed lists, one after another. Their memory is kept: to fill it with zeros each time takes longer than to pack.
#[derive(Clone, Debug, Default)]
pub(super) struct Packed {
    room: Vec<u8>,
    size: usize,
}

impl Packed {
    /// Forgets all lists.
    pub(super) fn clear(&mut self) {
        self.size = 0;
    }

    /// The bytes of all lists.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.room[..self.size]
    }

    /// Appends what is packed already.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len()).copy_from_slice(bytes);
        self.size += bytes.len();
    }

    /// Appends a list; returns its bytes and the requests in it.
    pub(super) fn push(&mut self, list: &[(u16, u64)]) -> (usize, u64) {
        self.pack(list.most_bytes(), |packer| list.iter().for_each(|(bucket, count)| packer.put(*bucket, *count)))
    }

    /// The same of the sum of two: it takes no more bytes than both, for distances are no longer, and two counts that are
    /// added have one more byte at most where a bucket less is told.
    pub(super) fn push_sum(&mut self, a: impl Source, b: impl Source) -> (usize, u64) {
        self.pack(a.most_bytes() + b.most_bytes(), |packer| add(a, b, |bucket, count| packer.put(bucket, count)))
    }

    #[inline(always)]
    fn pack(&mut self, most_bytes: usize, put: impl FnOnce(&mut Packer<'_>)) -> (usize, u64) {
        let mut packer = Packer { room: self.reserve(most_bytes + ALONG), size: 0, previous: 0, sum: 0 };
        put(&mut packer);
        let (size, sum) = (packer.size, packer.sum);
        self.size += size;
        (size, sum)
    }

    /// Room for so many bytes more.
    fn reserve(&mut self, more: usize) -> &mut [u8] {
        let all = self.size + more;
        if self.room.len() < all {
            self.room.resize(all.next_power_of_two(), 0);
        }
        &mut self.room[self.size..all]
    }
}

struct Packer<'a> {
    room: &'a mut [u8],
    /// Bytes that are packed.
    size: usize,
    previous: u16,
    sum: u64,
}

impl Packer<'_> {
    /// Packs the next bucket and its count; as where they are unpacked, hardly a branch depends on them.
    #[inline(always)]
    fn put(&mut self, bucket: u16, count: u64) {
        let several = u32::from(count > 1);
        let step = u32::from(bucket - self.previous) << 1 | several;
        let rest = count.wrapping_sub(2);
        (self.previous, self.sum) = (bucket, self.sum + count);
        if step < 1 << 14 && count < 0x82 {
            let long = u32::from(step >= 0x80);
            let four = step & 0x7f | long << 7 | step >> 7 << 8 | (rest as u32) << (8 + 8 * long);
            self.room[self.size..self.size + 4].copy_from_slice(&four.to_le_bytes());
            self.size += (1 + long + several) as usize;
        } else {
            self.size += put_varint(&mut self.room[self.size..], step.into());
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
#[inline(always)]
pub(super) fn add(a: impl Source, b: impl Source, mut each: impl FnMut(u16, u64)) {
    let (mut passed_a, mut passed_b) = (Passed::default(), Passed::default());
    loop {
        let ((next_a, count_a), (next_b, count_b)) = (a.next(passed_a), b.next(passed_b));
        let (is_a, is_b) = (next_a.bucket <= next_b.bucket, next_b.bucket <= next_a.bucket);
        let bucket = next_a.bucket.min(next_b.bucket);
        if bucket == END {
            break;
        }
        each(bucket as u16, count_a * u64::from(is_a) + count_b * u64::from(is_b));
        passed_a = select_unpredictable(is_a, next_a, passed_a);
        passed_b = select_unpredictable(is_b, next_b, passed_b);
    }
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
        let mut packed = Packed::default();
        let (size, sum) = packed.push(&listed(list));
        assert_eq!((size, sum), (packed.bytes().len(), list.values().sum::<u64>()));
        packed.bytes().to_vec()
    }

    /// What the first bytes are.
    fn unpacked(bytes: &[u8], size: usize) -> List {
        let mut list = List::new();
        Cell::new(bytes, size as u32).unpack(|bucket, count| list.push((bucket, count)));
        list
    }

    #[test]
    fn a_request_in_a_known_neighbourhood_is_one_byte() {
        assert_eq!(packed(&BTreeMap::from([(20, 1), (83, 1), (100, 3)])), [40, 126, 35, 1]);
    }

    proptest! {
        #[test]
        fn packed_lists_unpack_equal_whatever_lies_behind(list in lists(), behind in prop::collection::vec(any::<u8>(), 0..5)) {
            let bytes = packed(&list);
            prop_assert_eq!(unpacked(&[&bytes[..], &behind].concat(), bytes.len()), listed(&list));
        }

        #[test]
        fn lists_are_packed_as_their_sum(a in lists(), b in lists(), before in lists()) {
            let mut all = Packed::default();
            all.push(&listed(&before));
            all.clear();
            all.extend(&packed(&before));
            let (packed_a, packed_b) = (packed(&a), packed(&b));
            let (cell_a, cell_b) = (Cell::new(&packed_a, packed_a.len() as u32), Cell::new(&packed_b, packed_b.len() as u32));
            let sums = [all.push_sum(cell_a, cell_b), all.push_sum(cell_a, &listed(&b)[..]), all.push_sum(&listed(&a)[..], cell_b)];
            let mut expected = a;
            b.iter().for_each(|(bucket, count)| *expected.entry(*bucket).or_insert(0) += count);
            let one = packed(&expected);
            prop_assert_eq!(sums, [(one.len(), expected.values().sum::<u64>()); 3]);
            prop_assert_eq!(all.bytes(), [&packed(&before), &one, &one, &one].map(|bytes| bytes.to_vec()).concat());
        }
    }
}
