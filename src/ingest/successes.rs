//! Successful requests of a block, counted on the thread that parsed them, so that the one that records adds up sums.
//!
//! Sums do not depend on the order in which they are added. What does is which labels are merged when there are too many:
//! while that may happen, requests are recorded one by one ([`Recorder::has_room`](super::Recorder::has_room)).

use super::bits::{Look, Work, best};
use super::tally::Moments;
use crate::model::{Arrivals, Histogram};

/// Nanoseconds per millisecond.
const MILLISECOND: i64 = 1_000_000;
/// How far before the first request, ms, others may have started that are told in milliseconds, and how far behind.
const REACH: i64 = 1_000 * Arrivals::PERIOD;
const REACH_BOTH: u64 = 2 * REACH.unsigned_abs();

/// Successful requests by number of their label, as [`Names`](super::names::Names) gives it.
#[derive(Debug, Default)]
pub(super) struct Successes {
    /// The time that those told in milliseconds count from, Unix time in ms, once there are some.
    origin: Option<i64>,
    of: Vec<Success>,
}

/// Successful requests of one label.
#[derive(Debug, Default)]
pub(super) struct Success {
    /// Start behind the origin and latency, ms, of those that are not in the sums yet.
    seen: Vec<(u32, u32)>,
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
    pub(super) fn add(&mut self, label: u32, start: i64, nanos: u64) {
        let latency = u32::try_from(nanos / MILLISECOND.unsigned_abs()).ok();
        match latency.map(|latency| (start.div_euclid(MILLISECOND), latency)) {
            Some((at, latency)) if start % MILLISECOND == 0 && is_whole(nanos) => {
                self.add_milliseconds(label, at, latency)
            }
            _ => self.add_exactly(label, start, nanos),
        }
    }

    /// The same, of one that is hardly told in milliseconds.
    #[inline]
    pub(super) fn add_exactly(&mut self, label: u32, start: i64, nanos: u64) {
        self.of(label).add(start, nanos);
    }

    /// The same, of one that started at `start`, Unix time in ms, and took `latency` ms.
    #[inline(always)]
    pub(super) fn add_milliseconds(&mut self, label: u32, start: i64, latency: u32) {
        if let Some(origin) = self.origin
            && let behind @ ..REACH_BOTH = start.wrapping_sub(origin).cast_unsigned()
            && let Some(success) = self.of.get_mut(label as usize)
        {
            success.seen.push((behind as u32, latency));
        } else {
            self.add_first(label, start, latency);
        }
    }

    /// Adds up what was added.
    pub(super) fn settle(&mut self) {
        best(Settling(self));
    }

    /// Numbers of the labels that have requests, and these.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Success)> {
        (0..).zip(&self.of).filter(|(_, success)| success.moments.count > 0)
    }

    /// Forgets all requests.
    pub(super) fn clear(&mut self) {
        self.origin = None;
        self.of.iter_mut().for_each(Success::clear);
    }

    #[inline(never)]
    fn add_first(&mut self, label: u32, start: i64, latency: u32) {
        let before = start.saturating_sub(REACH);
        let origin = *self.origin.get_or_insert(before - before.rem_euclid(Arrivals::PERIOD));
        let success = self.of(label);
        match start.saturating_sub(origin).cast_unsigned() {
            behind @ ..REACH_BOTH => success.seen.push((behind as u32, latency)),
            _ => success.add(start.saturating_mul(MILLISECOND), u64::from(latency) * MILLISECOND.unsigned_abs()),
        }
    }

    fn of(&mut self, label: u32) -> &mut Success {
        let at = label as usize;
        if at >= self.of.len() {
            self.of.resize_with(at + 1, Success::default);
        }
        &mut self.of[at]
    }
}

/// Adds up, many requests at a time where the processor can.
struct Settling<'a>(&'a mut Successes);

impl Work for Settling<'_> {
    type Answer = ();

    #[inline(always)]
    fn with(self, _: impl Look) {
        let Self(Successes { origin, of }) = self;
        for success in of.iter_mut().filter(|success| !success.seen.is_empty()) {
            success.settle(origin.unwrap_or_default());
        }
    }
}

/// Whether a latency in ns is a whole number of milliseconds.
fn is_whole(nanos: u64) -> bool {
    nanos.is_multiple_of(MILLISECOND.unsigned_abs())
}

impl Success {
    /// Forgets all requests.
    pub(super) fn clear(&mut self) {
        self.seen.clear();
        self.moments = Moments::default();
        self.is_fine = false;
        self.arrivals.clear();
        self.span = None;
    }

    /// Adds a request that started at `start`, Unix time in ns, and took `nanos` ns.
    #[inline]
    pub(super) fn add(&mut self, start: i64, nanos: u64) {
        self.moments.add(nanos, 1);
        self.is_fine |= !is_whole(nanos);
        self.arrivals.add(start, Histogram::bucket(nanos));
        self.reach(Span { first: start, last: start, last_end: start.saturating_add_unsigned(nanos) });
    }

    /// Adds up what is told in milliseconds behind `origin`.
    #[inline(always)]
    fn settle(&mut self, origin: i64) {
        let (mut first, mut last, mut last_end) = (u32::MAX, 0, 0);
        let (mut sum, mut min, mut max) = (0, u32::MAX, 0);
        for (behind, latency) in &self.seen {
            sum += u64::from(*latency);
            (min, max) = (min.min(*latency), max.max(*latency));
            (first, last) = (first.min(*behind), last.max(*behind));
            last_end = last_end.max(behind.saturating_add(*latency));
        }
        let nanos = |milliseconds: u32| u64::from(milliseconds) * MILLISECOND.unsigned_abs();
        self.moments.merge(&Moments {
            count: self.seen.len() as u64,
            sum: u128::from(sum) * u128::from(MILLISECOND.unsigned_abs()),
            min: nanos(min),
            max: nanos(max),
        });
        self.arrivals.add_milliseconds(origin, last, &self.seen);
        let at = |behind: u32| (origin + i64::from(behind)).saturating_mul(MILLISECOND);
        self.reach(Span { first: at(first), last: at(last), last_end: at(last_end) });
        self.seen.clear();
    }

    fn reach(&mut self, other: Span) {
        let span = self.span.get_or_insert(other);
        span.first = span.first.min(other.first);
        span.last = span.last.max(other.last);
        span.last_end = span.last_end.max(other.last_end);
    }
}
