//! Requests whose times are whole seconds, put where in their second they probably ended.
//!
//! k6 writes points in the order they came, so the requests of a second are spread evenly over it in the order of the
//! file. The first and the last second of a test are parts of one: how large a part tells the rate of the second beside.

use std::mem;

use crate::ingest::Label;
use crate::ingest::names::Names;

/// Nanoseconds per second.
pub(super) const SECOND: i64 = 1_000_000_000;
/// Requests of a second that wait to be spread; what is more ends in the middle of its second.
const MOST: usize = 1 << 16;

/// A request that waits for the rest of its second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held<'a> {
    /// The endpoint.
    pub(super) label: Label<'a>,
    /// Its latency, ms.
    pub(super) milliseconds: f64,
    /// Whether it succeeded.
    pub(super) ok: bool,
}

/// The number of a label in a second, so that it is looked up once a second; at first in none.
#[derive(Clone, Copy, Default)]
pub(super) struct Numbered(Option<(u64, u32)>);

/// The requests of the second that is being read, and of the first until the second one is whole.
#[derive(Default)]
pub(super) struct Seconds {
    first: Option<Second>,
    current: Option<Second>,
    /// One that was placed, to be filled again.
    spare: Second,
    /// Requests of the last whole second.
    rate: Option<usize>,
    /// Seconds so far.
    count: u64,
}

#[derive(Default)]
struct Second {
    /// Which it is of all, and when it was.
    count: u64,
    at: i64,
    labels: Names,
    /// Number of the label, latency, and whether it succeeded.
    held: Vec<(u32, f64, bool)>,
}

/// A second whose requests have their places.
pub(super) struct Placed {
    second: Second,
    part: Part,
}

/// Which part of a second its requests fill.
enum Part {
    All,
    End(usize),
    Start(usize),
}

impl Seconds {
    /// Takes a request that ended in the second `at` (Unix time in ns) and hands on the seconds whose requests have their
    /// places now. `numbered` is of the same label. `false` if the request comes too late, or is one too many: nothing
    /// better is known of it than that it ended in the middle of its second.
    pub(super) fn take(
        &mut self,
        at: i64,
        request: Held<'_>,
        numbered: &mut Numbered,
        place: impl FnMut(&Placed),
    ) -> bool {
        match &mut self.current {
            Some(current) if current.at == at && current.held.len() < MOST => current.hold(request, numbered),
            Some(current) if current.at >= at => return false,
            _ => {
                self.count += 1;
                let mut second = mem::take(&mut self.spare).of(self.count, at);
                second.hold(request, numbered);
                let done = self.current.replace(second);
                self.complete(done, place);
            }
        }
        true
    }

    /// Hands on the last seconds.
    pub(super) fn finish(&mut self, mut place: impl FnMut(&Placed)) {
        let last = self.current.take();
        match (self.first.take(), self.rate, last) {
            (Some(first), _, Some(last)) => {
                let most = first.held.len().max(last.held.len());
                place(&Placed { second: first, part: Part::End(most) });
                place(&Placed { second: last, part: Part::Start(most) });
            }
            (None, Some(rate), Some(last)) => place(&Placed { second: last, part: Part::Start(rate) }),
            (None, None, Some(only)) => place(&Placed { second: only, part: Part::All }),
            _ => {}
        }
    }

    /// Places a second after which another began; the first of all waits for the one after it.
    fn complete(&mut self, done: Option<Second>, mut place: impl FnMut(&Placed)) {
        let Some(done) = done else { return };
        if self.first.is_none() && self.rate.is_none() {
            self.first = Some(done);
            return;
        }
        let rate = done.held.len();
        if let Some(first) = mem::take(&mut self.first) {
            place(&Placed { second: first, part: Part::End(rate) });
        }
        let placed = Placed { second: done, part: Part::All };
        place(&placed);
        (self.spare, self.rate) = (placed.second, Some(rate));
    }
}

impl Second {
    /// The same memory for another second.
    fn of(mut self, count: u64, at: i64) -> Self {
        self.labels.clear();
        self.held.clear();
        Self { count, at, ..self }
    }

    #[inline]
    fn hold(&mut self, request: Held<'_>, numbered: &mut Numbered) {
        let number = match numbered.0 {
            Some((count, number)) if count == self.count => number,
            _ => {
                let text = request.label.text();
                let number = self.labels.number(text.as_bytes(), || text);
                *numbered = Numbered(Some((self.count, number)));
                number
            }
        };
        self.held.push((number, request.milliseconds, request.ok));
    }
}

impl Placed {
    /// Labels of the requests.
    pub(super) fn labels(&self) -> &Names {
        &self.second.labels
    }

    /// When each request ended, Unix time in ns, the number of its label, its latency in ms, and whether it succeeded.
    pub(super) fn requests(&self) -> impl Iterator<Item = (i64, u32, f64, bool)> {
        let Second { at, held, .. } = &self.second;
        let n = held.len();
        let (from, length) = match self.part {
            Part::All => (0.0, 1.0),
            Part::End(rate) => (1.0 - share(n, rate), share(n, rate)),
            Part::Start(rate) => (0.0, share(n, rate)),
        };
        held.iter().enumerate().map(move |(place, (label, milliseconds, ok))| {
            let offset = from + length * (place as f64 + 0.5) / n as f64;
            (at + (offset * SECOND as f64) as i64, *label, *milliseconds, *ok)
        })
    }
}

fn share(n: usize, rate: usize) -> f64 {
    (n as f64 / rate.max(1) as f64).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When the requests that ended in these seconds are taken to have ended, s.
    fn placed(seconds: &[i64]) -> Vec<f64> {
        let mut times = Vec::new();
        let mut spread = Seconds::default();
        let mut place = |placed: &Placed| times.extend(placed.requests().map(|(end, ..)| end as f64 / SECOND as f64));
        let mut late = Vec::new();
        for second in seconds {
            let request = Held { label: Label::new("a"), milliseconds: 1.0, ok: true };
            if !spread.take(second * SECOND, request, &mut Numbered::default(), &mut place) {
                late.push(*second as f64 + 0.5);
            }
        }
        spread.finish(&mut place);
        [times, late].concat()
    }

    #[test]
    fn requests_of_a_second_are_spread_over_it() {
        assert_eq!(placed(&[7, 7]), [7.25, 7.75]);
        assert_eq!(placed(&[1, 1, 2, 2, 3, 3]), [1.25, 1.75, 2.25, 2.75, 3.25, 3.75]);
    }

    #[test]
    fn the_first_and_the_last_second_are_parts() {
        let times = placed(&[1, 2, 2, 2, 2, 3, 3, 3, 3, 4]);
        assert_eq!((times[0], times[9]), (1.875, 4.125));
    }

    #[test]
    fn none_is_lost_and_late_ones_end_in_the_middle_of_their_second() {
        let times = placed(&[1, 2, 3, 2, 3, 9]);
        assert_eq!(times.len(), 6);
        assert!(times.contains(&2.5));
    }
}
