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
}

/// Successful requests of one label.
#[derive(Debug, Default)]
pub(super) struct Success {
    /// Start, and latency in ns, of those that are not in the sums yet.
    seen: Vec<(i64, u64)>,
    pub(super) moments: Moments,
    /// Whether a latency is no whole number of milliseconds.
    pub(super) is_fine: bool,
    pub(super) arrivals: Arrivals,
    /// When they were; `None` of none.
    pub(super) span: Option<Span>,
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
    /// Adds a request of label number `label` that started at `start`, Unix time in ns, and took `nanos` ns.
    #[inline(always)]
    pub(super) fn add(&mut self, label: u32, start: i64, nanos: u64) {
        match self.of.get_mut(label as usize) {
            Some(success) => success.seen.push((start, nanos)),
            None => self.add_first(label as usize, start, nanos),
        }
    }

    /// Adds up what was added.
    pub(super) fn settle(&mut self) {
        self.of.iter_mut().for_each(Success::settle);
    }

    /// Numbers of the labels that have requests, and these.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Success)> {
        (0..).zip(&self.of).filter(|(_, success)| success.moments.count > 0)
    }

    /// Forgets all requests.
    pub(super) fn clear(&mut self) {
        for success in &mut self.of {
            success.seen.clear();
            success.moments = Moments::default();
            success.is_fine = false;
            success.arrivals.clear();
            success.span = None;
        }
    }

    #[inline(never)]
    fn add_first(&mut self, label: usize, start: i64, nanos: u64) {
        self.of.resize_with(label + 1, Success::default);
        self.of[label].seen.push((start, nanos));
    }
}

impl Success {
    /// Adds up what was added.
    fn settle(&mut self) {
        let Some((first, _)) = self.seen.first() else { return };
        let (mut moments, mut is_fine) = (Moments::default(), false);
        let mut span = self.span.unwrap_or(Span { first: *first, last: *first, last_end: i64::MIN });
        for (start, nanos) in self.seen.drain(..) {
            moments.add(nanos, 1);
            is_fine |= !nanos.is_multiple_of(MILLISECOND);
            self.arrivals.add(start, Histogram::bucket(nanos));
            span.first = span.first.min(start);
            span.last = span.last.max(start);
            span.last_end = span.last_end.max(start.saturating_add_unsigned(nanos));
        }
        self.moments.merge(&moments);
        self.is_fine |= is_fine;
        self.span = Some(span);
    }
}
