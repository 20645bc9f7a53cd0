//! Successful requests of one endpoint on their way to a timeline: made where they are parsed, merged many at a time.

use super::Histogram;
use super::slices::{BUCKET_BITS, SLICE_BITS};
use super::timeline::FIRST_WIDTH;

/// Nanoseconds per millisecond.
const MILLISECOND: i64 = 1_000_000;
/// Slices in a [period](Arrivals::PERIOD).
const SLICES: i64 = Arrivals::PERIOD * MILLISECOND / FIRST_WIDTH;
/// Latencies, ms, whose buckets are looked up: most are less.
const SHORT: usize = 2_048;
/// Their buckets.
const BUCKETS: [u16; SHORT] = buckets();

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
    /// Milliseconds after which a slice begins at a whole one again.
    pub const PERIOD: i64 = 125;

    /// Adds requests that are given by the start behind `origin`, Unix time in ms and a multiple of [`Arrivals::PERIOD`],
    /// and the latency, both in ms; none of them started later behind it than `last`.
    ///
    /// To be inlined always: it is compiled for the instructions that its callers are compiled for.
    #[inline(always)]
    pub fn add_milliseconds(&mut self, origin: i64, last: u32, requests: &[(u32, u32)]) {
        let slice = origin / Self::PERIOD * SLICES;
        if self.keys.is_empty() {
            self.base = slice;
        }
        let slice_of = |behind: u32| behind * SLICES as u32 / Self::PERIOD as u32;
        match u32::try_from(slice - self.base) {
            Ok(before) if before.saturating_add(slice_of(last)) >> SLICE_BITS == 0 => {
                let start = self.keys.len();
                self.keys.extend(requests.iter().map(|(behind, _)| (before + slice_of(*behind)) << BUCKET_BITS));
                for (key, (_, latency)) in self.keys[start..].iter_mut().zip(requests) {
                    *key |= u32::from(bucket(*latency));
                }
            }
            _ => {
                for (behind, latency) in requests {
                    self.add((origin + i64::from(*behind)).saturating_mul(MILLISECOND), bucket(*latency));
                }
            }
        }
    }

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

/// The bucket of a latency of `milliseconds`.
#[inline]
fn bucket(milliseconds: u32) -> u16 {
    match BUCKETS.get(milliseconds as usize) {
        Some(bucket) => *bucket,
        None => Histogram::bucket(u64::from(milliseconds) * MILLISECOND.unsigned_abs()),
    }
}

const fn buckets() -> [u16; SHORT] {
    let mut buckets = [0; SHORT];
    let mut at = 0;
    while at < SHORT {
        buckets[at] = Histogram::bucket(at as u64 * MILLISECOND.unsigned_abs());
        at += 1;
    }
    buckets
}
