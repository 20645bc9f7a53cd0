//! Successful requests of one endpoint on their way to a timeline: made where they are parsed, merged many at a time.

use super::slices::{BUCKET_BITS, SLICE_BITS};
use super::timeline::FIRST_WIDTH;

/// The first request is in the middle of the slices that can be told.
const MIDDLE: i64 = 1 << (SLICE_BITS - 1);

/// Requests, each as one number: its slice, as wide as slices are at first, and its bucket.
#[derive(Clone, Debug, Default)]
pub struct Arrivals {
    /// The slice that keys count from.
    base: i64,
    keys: Vec<u32>,
    /// Start and bucket of those that are far from the first.
    far: Vec<(i64, u16)>,
}

impl Arrivals {
    /// Adds a request that started at `start`, Unix time in ns, and whose latency is in `bucket`.
    #[inline(always)]
    pub fn add(&mut self, start: i64, bucket: u16) {
        let slice = start.div_euclid(FIRST_WIDTH);
        if self.keys.is_empty() {
            self.base = slice - MIDDLE;
        }
        match u32::try_from(slice - self.base) {
            Ok(offset) if offset >> SLICE_BITS == 0 => self.keys.push(offset << BUCKET_BITS | u32::from(bucket)),
            _ => self.far.push((start, bucket)),
        }
    }

    /// Forgets all requests.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.far.clear();
    }

    /// The slice that keys count from, and the keys.
    pub(super) fn near(&self) -> (i64, &[u32]) {
        (self.base, &self.keys)
    }

    /// Start and bucket of the others.
    pub(super) fn far(&self) -> &[(i64, u16)] {
        &self.far
    }
}
