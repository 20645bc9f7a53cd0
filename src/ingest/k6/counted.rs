//! Requests of one tail that succeeded, and checks, counted on the thread that parsed them.

use super::metric::MILLIS;
use super::points::start;
use crate::ingest::nanos;
use crate::ingest::successes::Success;

/// Requests or checks of a block.
#[derive(Debug, Default)]
pub(super) struct Counted {
    /// When each ended, Unix time in ns, and its latency in ms.
    seen: Vec<(i64, f64)>,
    /// All of them, once they are added up.
    pub(super) success: Success,
    /// Checks that failed, and those that passed.
    pub(super) checks: [u32; 2],
}

impl Counted {
    /// Adds a request that ended at `end`, Unix time in ns; says whether it is the first.
    #[inline(always)]
    pub(super) fn add(&mut self, end: i64, milliseconds: f64) -> bool {
        self.seen.push((end, milliseconds));
        self.seen.len() == 1
    }

    /// Adds a check; says whether it is the first.
    #[inline(always)]
    pub(super) fn check(&mut self, passed: bool) -> bool {
        let is_first = self.checks == [0; 2];
        self.checks[usize::from(passed)] += 1;
        is_first
    }

    /// Adds up what was added.
    pub(super) fn settle(&mut self) {
        for (end, milliseconds) in self.seen.drain(..) {
            self.success.add(start(end, milliseconds), nanos(milliseconds / MILLIS).unsigned_abs());
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.seen.clear();
        self.success.clear();
        self.checks = [0; 2];
    }
}
