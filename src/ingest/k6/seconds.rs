//! Requests whose times are whole seconds, put where in their second they probably ended.
//!
//! k6 writes points in the order they came, so the requests of a second are spread evenly over it in the order of the
//! file. The first and the last second of a test are parts of one: how large a part tells the rate of the second beside.

use std::mem;

use crate::ingest::names::Names;
use crate::ingest::{Found, Label};

/// Nanoseconds per second.
const SECOND: i64 = 1_000_000_000;
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
    /// Requests of the last whole second.
    rate: Option<usize>,
    /// Seconds so far.
    count: u64,
}

struct Second {
    /// Which it is of all, and when it was.
    count: u64,
    at: i64,
    labels: Names,
    /// Number of the label, latency, and whether it succeeded.
    held: Vec<(u32, f64, bool)>,
}

/// Which part of a second its requests fill.
enum Part {
    All,
    End(usize),
    Start(usize),
}

impl Seconds {
    /// Takes a request that ended in the second `at` (Unix time in ns) and hands on, with their times, those whose place
    /// is known now, and what was found of their endpoint. `numbered` is of the same label.
    pub(super) fn take(
        &mut self,
        at: i64,
        request: Held<'_>,
        numbered: &mut Numbered,
        mut place: impl FnMut(i64, Held<'_>, &mut Found),
    ) {
        match &mut self.current {
            Some(current) if current.at == at && current.held.len() < MOST => current.hold(request, numbered),
            Some(current) if current.at >= at => place(at + SECOND / 2, request, &mut Found::default()),
            _ => {
                self.count += 1;
                let mut second = Second { count: self.count, at, labels: Names::default(), held: Vec::new() };
                second.hold(request, numbered);
                let done = self.current.replace(second);
                self.complete(done, place);
            }
        }
    }

    /// Hands on the requests of the last second.
    pub(super) fn finish(&mut self, mut place: impl FnMut(i64, Held<'_>, &mut Found)) {
        let last = self.current.take();
        match (self.first.take(), self.rate, last) {
            (Some(first), _, Some(last)) => {
                let (n, m) = (first.held.len(), last.held.len());
                first.spread(&Part::End(n.max(m)), &mut place);
                last.spread(&Part::Start(n.max(m)), &mut place);
            }
            (None, Some(rate), Some(last)) => last.spread(&Part::Start(rate), &mut place),
            (None, None, Some(only)) => only.spread(&Part::All, &mut place),
            _ => {}
        }
    }

    /// Places a second after which another began; the first of all waits for the one after it.
    fn complete(&mut self, done: Option<Second>, mut place: impl FnMut(i64, Held<'_>, &mut Found)) {
        let Some(done) = done else { return };
        if self.first.is_none() && self.rate.is_none() {
            self.first = Some(done);
            return;
        }
        let rate = done.held.len();
        if let Some(first) = mem::take(&mut self.first) {
            first.spread(&Part::End(rate), &mut place);
        }
        done.spread(&Part::All, &mut place);
        self.rate = Some(rate);
    }
}

impl Second {
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

    fn spread(self, part: &Part, place: &mut impl FnMut(i64, Held<'_>, &mut Found)) {
        let mut found = vec![Found::default(); self.labels.len()];
        let n = self.held.len();
        let (from, length) = match *part {
            Part::All => (0.0, 1.0),
            Part::End(rate) => (1.0 - share(n, rate), share(n, rate)),
            Part::Start(rate) => (0.0, share(n, rate)),
        };
        for (at, (label, milliseconds, ok)) in self.held.into_iter().enumerate() {
            let offset = from + length * (at as f64 + 0.5) / n as f64;
            let request = Held { label: self.labels.label(label), milliseconds, ok };
            place(self.at + (offset * SECOND as f64) as i64, request, &mut found[label as usize]);
        }
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
        let mut place = |at: i64, _: Held<'_>, _: &mut Found| times.push(at as f64 / SECOND as f64);
        for second in seconds {
            let request = Held { label: Label::new("a"), milliseconds: 1.0, ok: true };
            spread.take(second * SECOND, request, &mut Numbered::default(), &mut place);
        }
        spread.finish(&mut place);
        times
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
