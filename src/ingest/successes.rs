//! Successful requests of a block, counted on the thread that parsed them, so that the one that records adds up sums.
//!
//! Sums do not depend on the order in which they are added. What does is which labels are merged when there are too many:
//! while that may happen, requests are recorded one by one ([`Recorder::has_room`](super::Recorder::has_room)).

use super::tally::Moments;
use crate::model::{Arrivals, Histogram};

/// Nanoseconds per millisecond.
const MILLISECOND: u64 = 1_000_000;

/// Successful requests by number of their label, as [`Names`](super::names::Names) gives it.
#[derive(Debug, Default)]
pub(super) struct Successes {
    of: Vec<Success>,
    span: Option<Span>,
}

/// Successful requests of one label.
#[derive(Debug, Default)]
pub(super) struct Success {
    pub(super) moments: Moments,
    /// Whether a latency is no whole number of milliseconds.
    pub(super) is_fine: bool,
    pub(super) arrivals: Arrivals,
}

/// When requests were, Unix time in ns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// Start of the first.
    pub(super) first: i64,
    /// Start of the last.
    pub(super) last: i64,
    /// End of that which ended last.
    pub(super) last_end: i64,
}

impl Successes {
    /// Counts a request of label number `label` that started at `start`, Unix time in ns, and took `nanos` ns.
    #[inline(always)]
    pub(super) fn add(&mut self, label: u32, start: i64, nanos: u64) {
        let label = label as usize;
        if label >= self.of.len() {
            self.of.resize_with(label + 1, Success::default);
        }
        let success = &mut self.of[label];
        success.moments.add(nanos, 1);
        success.is_fine |= !nanos.is_multiple_of(MILLISECOND);
        success.arrivals.add(start, Histogram::bucket(nanos));
        let end = start.saturating_add_unsigned(nanos);
        let span = self.span.get_or_insert(Span { first: start, last: start, last_end: end });
        span.first = span.first.min(start);
        span.last = span.last.max(start);
        span.last_end = span.last_end.max(end);
    }

    /// When all of them were; `None` of none.
    pub(super) fn span(&self) -> Option<Span> {
        self.span
    }

    /// Numbers of the labels that have requests, and these.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Success)> {
        (0..).zip(&self.of).filter(|(_, success)| success.moments.count > 0)
    }

    /// Forgets all requests.
    pub(super) fn clear(&mut self) {
        for success in &mut self.of {
            success.moments = Moments::default();
            success.is_fine = false;
            success.arrivals.clear();
        }
        self.span = None;
    }
}
