//! Requests of one tail that succeeded, counted on the thread that parsed them.

use super::metric::MILLIS;
use super::points::start;
use crate::ingest::nanos;
use crate::ingest::successes::Success;

/// Requests of a block.
#[derive(Debug, Default)]
pub(super) struct Counted {
    /// When each ended, Unix time in ns, and its latency in ms.
    seen: Vec<(i64, f64)>,
    /// All of them, once they are added up.
    pub(super) success: Success,
}

impl Counted {
    /// Adds a request that ended at `end`, Unix time in ns; says whether it is the first.
    #[inline(always)]
    pub(super) fn add(&mut self, end: i64, milliseconds: f64) -> bool {
        self.seen.push((end, milliseconds));
        self.seen.len() == 1
    }

    /// Adds up what was added.
    pub(super) fn settle(&mut self) {
        for (end, milliseconds) in self.seen.drain(..) {
            self.success.add(start(end, milliseconds), nanos(milliseconds / MILLIS).unsigned_abs());
        }
    }

    /// Forgets all requests.
    pub(super) fn clear(&mut self) {
        self.seen.clear();
        self.success.clear();
    }
}
