//! Points on their way from the thread that parsed them to the one that takes them.

#[cfg(any(test, fuzzing))]
use std::collections::BTreeMap;

use super::known::{Known, Tail};
use super::points::{Kind, Point};
use super::time::Clock;

/// What a block of a raw output holds, in its order.
#[derive(Default)]
pub(super) struct Batch {
    values: Vec<Value>,
    /// Whether requests that succeeded are counted; checks are always.
    is_counting: bool,
    /// Numbers of the tails of which something is counted.
    counted: Vec<u32>,
    /// What is no value, and the number of values before it.
    between: Vec<(usize, Between)>,
    /// Whether `http_req_failed` was passed over.
    pub(super) passed_over: bool,
    /// Whether there is a request that only `http_req_failed` decides.
    pub(super) undecided: bool,
    /// Whether a header came again.
    pub(super) appended: bool,
    /// Whether a time in whole seconds was seen.
    pub(super) is_coarse: bool,
    /// For the parser, across batches.
    pub(super) clock: Clock,
    pub(super) known: Known,
}

/// What is taken from a raw output.
pub(super) enum Taken<'a> {
    /// A value of a metric: its Unix time in ns, itself, and what is the same in many points.
    Value(i64, f64, &'a mut Tail),
    /// What is no value.
    Between(&'a Between),
}

/// What stands between values.
#[derive(Debug)]
pub(super) enum Between {
    /// The file says of which type the values of a metric are.
    Declared { metric: String, kind: String, contains: String },
    /// From here on times are whole seconds.
    Coarse,
}

/// A point.
struct Value {
    time: i64,
    value: f64,
    /// Number of its tail.
    tail: u32,
}

impl Batch {
    /// Empties the batch; says whether requests that succeed are to be counted.
    pub(super) fn clear(&mut self, is_counting: bool) {
        self.is_counting = is_counting;
        self.counted.drain(..).for_each(|number| self.known.tail(number).counted.clear());
        self.values.clear();
        self.between.clear();
        (self.passed_over, self.undecided, self.appended, self.is_coarse) = (false, false, false, false);
        self.known.begin();
    }

    /// Adds a point whose tail is known by that number.
    #[inline(always)]
    pub(super) fn add(&mut self, time: i64, value: f64, tail: u32) {
        let of_tail = self.known.tail(tail);
        self.undecided |= of_tail.kind == Kind::Undecided;
        // What is no latency or no answer to a check is told as it is.
        let is_first = match of_tail.kind {
            Kind::Success if self.is_counting && (0.0..f64::INFINITY).contains(&value) => {
                of_tail.counted.add(time, value)
            }
            Kind::Check if value == 1.0 || value == 0.0 => of_tail.counted.check(value == 1.0),
            _ => {
                self.values.push(Value { time, value, tail });
                false
            }
        };
        if is_first {
            self.counted.push(tail);
        }
    }

    /// Adds up the requests that are counted.
    pub(super) fn settle(&mut self) {
        self.counted.iter().for_each(|number| self.known.tail(*number).counted.settle());
    }

    /// How many labels may be new in it, where requests are counted.
    pub(super) fn counts_of(&self) -> Option<usize> {
        self.is_counting.then(|| 2 * self.known.len())
    }

    /// Calls `take` with the tails of what was counted.
    pub(super) fn each_counted(&mut self, mut take: impl FnMut(&mut Tail)) {
        self.counted.iter().for_each(|number| take(self.known.tail(*number)));
    }

    /// Adds a point; `written` are the metric that stands before its tail, if any, and the tail, by which it is known again.
    pub(super) fn push(&mut self, point: &Point<'_>, written: Option<(Option<&[u8]>, &[u8])>) {
        let tail = self.known.add(point, written);
        self.add(point.time, point.value, tail);
    }

    /// Adds the type of a metric.
    pub(super) fn declare(&mut self, metric: &str, kind: &str, contains: &str) {
        let [metric, kind, contains] = [metric, kind, contains].map(str::to_owned);
        self.between.push((self.values.len(), Between::Declared { metric, kind, contains }));
    }

    /// Says that from here on times are whole seconds.
    pub(super) fn coarse(&mut self) {
        if !std::mem::replace(&mut self.is_coarse, true) {
            self.between.push((self.values.len(), Between::Coarse));
        }
    }

    /// Calls `take` with what was added, in its order.
    #[inline]
    pub(super) fn each(&mut self, mut take: impl FnMut(Taken<'_>)) {
        let known = &mut self.known;
        let mut values = self.values.iter();
        let mut taken = 0;
        for (before, between) in &self.between {
            for value in values.by_ref().take(before - taken) {
                take(Taken::Value(value.time, value.value, known.tail(value.tail)));
            }
            taken = *before;
            take(Taken::Between(between));
        }
        for value in values {
            take(Taken::Value(value.time, value.value, known.tail(value.tail)));
        }
    }

    /// What was added, as text.
    #[cfg(any(test, fuzzing))]
    pub(super) fn shown(&mut self) -> Vec<String> {
        let mut shown = Vec::new();
        self.each(|taken| {
            shown.push(match taken {
                Taken::Value(time, value, tail) => format!("{:?}", tail.point(time, value)),
                Taken::Between(between) => format!("{between:?}"),
            });
        });
        // Of one check there may be several tails.
        let mut checks = BTreeMap::<String, [u32; 2]>::new();
        self.each_counted(|tail| {
            let [failed, passed] = checks.entry(format!("{:?}", tail.point(0, 0.0))).or_default();
            (*failed, *passed) = (*failed + tail.counted.checks[0], *passed + tail.counted.checks[1]);
        });
        shown.extend(checks.iter().map(|(check, counts)| format!("{check}: {counts:?}")));
        shown
    }
}
