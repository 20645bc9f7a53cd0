//! Counts by latency bucket, of what has no place in time.

use crate::model::{Histogram, sort_by_digits};

/// Counts that wait at most while few buckets are known, and for each bucket that is known; 8 bytes each.
const FEW: usize = 512;
const FOR_EACH: usize = 2;
/// Bits of a count, and of a digit of a bucket.
const COUNT_BITS: u32 = u32::BITS;
const DIGIT_BITS: u32 = 8;
/// As few as this are sorted sooner by comparing them.
const SHORT: usize = 128;

/// A histogram to which single counts are added: they wait, and are merged many at a time.
#[derive(Default)]
pub(super) struct Buckets {
    merged: Histogram,
    /// What waits: the bucket, and in the lower bits the count.
    waiting: Vec<u64>,
}

impl Buckets {
    /// Adds `count` latencies.
    pub(super) fn add(&mut self, bucket: u16, count: u32) {
        self.waiting.push(u64::from(bucket) << COUNT_BITS | u64::from(count));
        if self.waiting.len() >= FEW.max(FOR_EACH * self.merged.cells().len()) {
            self.settle();
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.merged.merge(&other.merged);
        other.waiting.iter().for_each(|key| self.add((key >> COUNT_BITS) as u16, *key as u32));
    }

    /// All that was added.
    pub(super) fn histogram(&mut self) -> &Histogram {
        self.settle();
        &self.merged
    }

    fn settle(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        sort(&mut self.waiting);
        let same = self.waiting.chunk_by(|a, b| a >> COUNT_BITS == b >> COUNT_BITS);
        let sum = |keys: &[u64]| keys.iter().map(|key| u64::from(*key as u32)).sum();
        let cells = same.map(|keys| ((keys[0] >> COUNT_BITS) as u16, sum(keys))).collect();
        self.merged.merge(&Histogram::from_cells(cells));
        self.waiting.clear();
    }
}

/// Sorts by bucket.
fn sort(waiting: &mut Vec<u64>) {
    if waiting.len() <= SHORT {
        return waiting.sort_unstable();
    }
    let digits = [COUNT_BITS, COUNT_BITS + DIGIT_BITS];
    sort_by_digits::<_, { 1 << DIGIT_BITS }>(waiting, &mut Vec::new(), digits);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn all_that_is_added_is_counted(seen in prop::collection::vec((prop_oneof![0_u16..400, any::<u16>()], 1_u32..3), 0..3_000), at in 0_usize..3_000) {
            let mut expected = BTreeMap::new();
            seen.iter().for_each(|(bucket, count)| *expected.entry(*bucket).or_insert(0) += u64::from(*count));
            let (first, second) = seen.split_at(at.min(seen.len()));
            let [mut all, mut more] = [first, second].map(|part| {
                let mut buckets = Buckets::default();
                part.iter().for_each(|(bucket, count)| buckets.add(*bucket, *count));
                buckets
            });
            all.merge(&more);
            prop_assert_eq!(all.histogram().cells(), expected.into_iter().collect::<Vec<_>>());
            prop_assert_eq!(more.histogram().count(), second.iter().map(|(_, count)| u64::from(*count)).sum::<u64>());
        }
    }
}
