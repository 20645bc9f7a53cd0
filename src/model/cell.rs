//! One endpoint in one slice of time, in as few bytes as counts allow.
//!
//! A dense histogram per endpoint and slice would cost a gigabyte in half an hour; this costs a few hundred bytes each.

/// Latencies of a slice that are kept as they came before they are packed.
const OPEN: usize = 128;

/// One endpoint in one slice.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Cell {
    pub(super) count: u32,
    pub(super) errors: u32,
    /// Latency buckets as they came.
    open: Vec<u16>,
    /// Latency buckets in ascending order: pairs of (distance to the one before, count) as LEB128.
    packed: Vec<u8>,
}

impl Cell {
    pub(super) fn add(&mut self, bucket: Option<u16>, weight: u32) {
        self.count = self.count.saturating_add(weight);
        match bucket {
            None => self.errors = self.errors.saturating_add(weight),
            Some(bucket) if weight == 1 => {
                self.open.push(bucket);
                if self.open.len() >= OPEN {
                    self.pack(std::iter::empty());
                }
            }
            Some(bucket) => self.pack(std::iter::once((bucket, u64::from(weight)))),
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.errors = self.errors.saturating_add(other.errors);
        if self.open.len() + other.open.len() < OPEN && other.packed.is_empty() {
            self.open.extend_from_slice(&other.open);
        } else {
            let mut cells = Vec::new();
            other.unpack(|bucket, count| cells.push((bucket, count)));
            self.pack(cells.into_iter());
        }
    }

    /// Calls `each` with buckets and counts, a bucket possibly several times, in no particular order.
    pub(super) fn unpack(&self, mut each: impl FnMut(u16, u64)) {
        self.open.iter().for_each(|bucket| each(*bucket, 1));
        let mut bytes = self.packed.iter();
        let mut bucket = 0;
        while bytes.len() > 0 {
            bucket += varint(&mut bytes);
            each(bucket as u16, varint(&mut bytes));
        }
    }

    fn pack(&mut self, more: impl Iterator<Item = (u16, u64)>) {
        let mut cells: Vec<(u16, u64)> = more.collect();
        self.unpack(|bucket, count| cells.push((bucket, count)));
        let mut packed = Vec::with_capacity(self.packed.len() + 64);
        let mut previous = 0;
        for (bucket, count) in coalesce(cells) {
            push_varint(&mut packed, u64::from(bucket - previous));
            push_varint(&mut packed, count);
            previous = bucket;
        }
        packed.shrink_to_fit();
        self.packed = packed;
        self.open = Vec::new();
    }
}

/// Sorts by bucket and adds the counts of equal ones.
pub(super) fn coalesce(mut cells: Vec<(u16, u64)>) -> Vec<(u16, u64)> {
    cells.sort_unstable();
    cells.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    cells
}

fn push_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn varint(bytes: &mut std::slice::Iter<'_, u8>) -> u64 {
    let mut value = 0;
    for (shift, byte) in (0..64).step_by(7).zip(bytes) {
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn packing_changes_no_count(seen in prop::collection::vec((prop::option::of(0_u16..5_000), 1_u32..4), 0..600)) {
            let mut cell = Cell::default();
            seen.iter().for_each(|(bucket, weight)| cell.add(*bucket, *weight));
            let mut cells = Vec::new();
            cell.unpack(|bucket, count| cells.push((bucket, count)));
            let expected = seen.iter().filter_map(|(bucket, weight)| Some(((*bucket)?, u64::from(*weight)))).collect();
            prop_assert_eq!(coalesce(cells), coalesce(expected));
            prop_assert_eq!(cell.count, seen.iter().map(|(_, weight)| weight).sum::<u32>());
        }
    }
}
