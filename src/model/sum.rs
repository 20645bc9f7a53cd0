//! Adding up many packed lists.

use std::{iter, mem};

use super::Histogram;
use super::cell::{Cell, FAILED};

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
    pub(super) fn unpack(&mut self, cell: Cell<'_>) -> u64 {
        let mut failed = 0;
        cell.unpack(|bucket, count| match bucket {
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
        prop::collection::btree_map(prop_oneof![0_u16..300, 0_u16..45_057], 1_u64..1 << 40, 0..200)
    }

    proptest! {
        #[test]
        fn sums_are_histograms_in_order(a in lists(), b in lists()) {
            let listed = |list: &BTreeMap<u16, u64>| list.iter().map(|(bucket, count)| (*bucket, *count)).collect::<Vec<_>>();
            let mut sum = Sum::default();
            [&a, &b, &a].into_iter().for_each(|list| sum.extend(&listed(list)));
            let mut expected = b;
            a.iter().for_each(|(bucket, count)| *expected.entry(*bucket).or_insert(0) += 2 * count);
            prop_assert_eq!(sum.take(), Histogram::from_cells(listed(&expected)));
            prop_assert!(sum.take().is_empty());
        }
    }
}
