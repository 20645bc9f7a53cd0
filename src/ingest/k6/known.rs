//! What stands around time and value of a point: its metric and its tags, which are the same in line after line.
//!
//! ```text
//!  metric, tail ─▶ hash of some of the bytes ─▶ the tail that was there last
//!               ─▶ hash of all of them       ─▶ the tail, if it was kept
//! ```
//!
//! Either way all bytes are compared before a tail is taken for another.

use hashbrown::HashTable;

use super::counted::Counted;
use super::points::{Kind, Point, Tags};
use super::seconds::Numbered;
use super::unused::words;
use crate::ingest::names::is_same;
use crate::ingest::{Found, Label, Sampled};

/// Tails that are remembered from block to block: endpoints, times what else differs between their points.
const MOST: usize = 2_048;
/// Bytes of such tails.
const MOST_BYTES: usize = 1 << 20;
/// Longest tail that is remembered, bytes.
const LONGEST: usize = 4_096;
/// Tails that are found at first glance, a power of two.
const NEAR: usize = 512;
/// Texts of a point.
const TEXTS: usize = 7;

/// Remembers tails that were read. Those of one block are all kept until the next begins.
#[derive(Default)]
pub(super) struct Known {
    tails: Vec<Tail>,
    /// Numbers of the tails by hash of metric and bytes, and those that were found last, by hash of some of the bytes.
    numbers: HashTable<u32>,
    near: Vec<u32>,
    bytes: usize,
}

/// A tail that was read as part of a whole point.
pub(super) struct Tail {
    hash: u64,
    /// As it is written; empty where it is not remembered.
    bytes: Box<[u8]>,
    /// Whether the metric stands before it, and is no part of it.
    is_headed: bool,
    /// Metric, label, group, status, error, error code and expected response, one after another.
    texts: String,
    ends: [u32; TEXTS],
    label_hash: u64,
    group_hash: u64,
    pub(super) kind: Kind,
    /// What of it is counted.
    pub(super) counted: Counted,
    /// For the taker: where its endpoint, its label in a second, its metric, and the type of that were found.
    pub(super) found: Found,
    pub(super) numbered: Numbered,
    pub(super) metric: Option<usize>,
    pub(super) sampled: Option<(u32, Sampled)>,
}

impl Known {
    /// How many tails are known.
    pub(super) fn len(&self) -> usize {
        self.tails.len()
    }

    /// Makes room, where there are very many tails.
    pub(super) fn begin(&mut self) {
        if self.tails.len() > MOST || self.bytes > MOST_BYTES {
            *self = Self::default();
        }
    }

    /// The number of the tail with these bytes, behind the metric that stands before it, if it was kept.
    #[inline(always)]
    pub(super) fn find(&mut self, metric: Option<&[u8]>, bytes: &[u8]) -> Option<u32> {
        let at = glance(metric, bytes);
        if let Some(number) = self.near.get(at)
            && self.tails.get(*number as usize).is_some_and(|tail| tail.is(metric, bytes))
        {
            return Some(*number);
        }
        self.look(metric, bytes, at)
    }

    /// Adds the tail of a point that was read from its start to its end, and gives its number. It is found again if its
    /// metric and bytes are told.
    pub(super) fn add(&mut self, point: &Point<'_>, written: Option<(Option<&[u8]>, &[u8])>) -> u32 {
        let number = self.tails.len() as u32;
        let mut tail = Tail::of(point);
        if let Some((metric, bytes)) = written.filter(|(_, bytes)| bytes.len() <= LONGEST) {
            (tail.hash, tail.bytes, tail.is_headed) = (hash(metric, bytes), bytes.into(), metric.is_some());
            let tails = &self.tails;
            self.numbers.insert_unique(tail.hash, number, |number| tails[*number as usize].hash);
        }
        self.bytes += tail.bytes.len() + tail.texts.len();
        self.tails.push(tail);
        number
    }

    /// The tail of a number.
    #[inline]
    pub(super) fn tail(&mut self, number: u32) -> &mut Tail {
        &mut self.tails[number as usize]
    }

    #[inline(never)]
    fn look(&mut self, metric: Option<&[u8]>, bytes: &[u8], at: usize) -> Option<u32> {
        let tails = &self.tails;
        let number = *self.numbers.find(hash(metric, bytes), |number| tails[*number as usize].is(metric, bytes))?;
        self.near.resize(NEAR, u32::MAX);
        self.near[at] = number;
        Some(number)
    }
}

impl Tail {
    fn of(point: &Point<'_>) -> Self {
        let Tags { group, status, error, error_code, expected_response } = point.tags;
        let all = [point.metric, point.label.text(), group, status, error, error_code, expected_response];
        let mut texts = String::with_capacity(all.iter().map(|text| text.len()).sum());
        let mut ends = [0; TEXTS];
        for (text, end) in all.into_iter().zip(&mut ends) {
            texts.push_str(text);
            // A point is of one block, or of a record of 16 MiB.
            *end = texts.len() as u32;
        }
        Self {
            hash: 0,
            bytes: Box::default(),
            is_headed: false,
            texts,
            ends,
            label_hash: point.label.hash(),
            group_hash: Label::new(group).hash(),
            kind: Kind::of(point),
            counted: Counted::default(),
            found: Found::default(),
            numbered: Numbered::default(),
            metric: None,
            sampled: None,
        }
    }

    /// Name of the metric.
    #[inline]
    pub(super) fn metric(&self) -> &str {
        &self.texts[..self.ends[0] as usize]
    }

    /// The endpoint.
    #[inline]
    pub(super) fn label(&self) -> Label<'_> {
        Label::with_hash(self.text(1), self.label_hash)
    }

    /// The group.
    #[inline]
    pub(super) fn group(&self) -> Label<'_> {
        Label::with_hash(self.text(2), self.group_hash)
    }

    /// The whole point with that time and value.
    pub(super) fn point(&self, time: i64, value: f64) -> Point<'_> {
        let [status, error, error_code, expected_response] = [3, 4, 5, 6].map(|at| self.text(at));
        let tags = Tags { group: self.text(2), status, error, error_code, expected_response };
        Point { metric: self.metric(), time, value, label: self.label(), tags }
    }

    #[inline]
    fn text(&self, at: usize) -> &str {
        &self.texts[self.ends[at - 1] as usize..self.ends[at] as usize]
    }

    /// Whether metric and bytes are those that were read.
    #[inline(always)]
    fn is(&self, metric: Option<&[u8]>, bytes: &[u8]) -> bool {
        let is_of_metric = metric.is_none_or(|metric| is_same(metric, &self.texts.as_bytes()[..self.ends[0] as usize]));
        is_of_metric && metric.is_some() == self.is_headed && is_equal(bytes, &self.bytes) && !bytes.is_empty()
    }
}

/// Hash of metric and bytes.
fn hash(metric: Option<&[u8]>, bytes: &[u8]) -> u64 {
    Label::hash_of(bytes) ^ metric.map_or(0, |metric| Label::hash_of(metric).rotate_left(1))
}

/// A place for a tail by some of its bytes: tails that meet there are found by all of them.
#[inline(always)]
fn glance(metric: Option<&[u8]>, bytes: &[u8]) -> usize {
    /// An odd number without a pattern: of the golden ratio.
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    const WORD: usize = size_of::<u64>();
    let last = bytes.len().saturating_sub(WORD);
    let word = |at: usize| {
        let word = bytes.get(at..at + WORD).and_then(|word| word.first_chunk());
        word.map_or(0, |word| u64::from_le_bytes(*word))
    };
    // Between start and end, which are the same in most tails.
    let words = word(last / 4) ^ word(last / 2).rotate_left(21) ^ word(last - last / 4).rotate_left(42);
    let metric =
        metric.map_or(0, |metric| metric.len() << 8 | usize::from(metric.first().copied().unwrap_or_default()));
    let sum = words ^ word(last).rotate_left(11) ^ (metric << 16 | bytes.len()) as u64;
    (sum.wrapping_mul(FACTOR) >> u32::BITS) as usize % NEAR
}

/// Whether texts are equal: of those of this length, a look at all of them is faster than a call.
#[inline(always)]
fn is_equal(a: &[u8], b: &[u8]) -> bool {
    const SIZE: usize = 32;
    match (a.last_chunk::<SIZE>(), b.last_chunk::<SIZE>()) {
        _ if a.len() != b.len() => false,
        (Some(end_of_a), Some(end_of_b)) => {
            let mut other = difference(end_of_a, end_of_b);
            for (a, b) in a.as_chunks::<SIZE>().0.iter().zip(b.as_chunks::<SIZE>().0) {
                let more = difference(a, b);
                other = [other[0] | more[0], other[1] | more[1], other[2] | more[2], other[3] | more[3]];
            }
            other[0] | other[1] | other[2] | other[3] == 0
        }
        _ => a == b,
    }
}

/// Bits that are different.
#[inline(always)]
fn difference(a: &[u8; 32], b: &[u8; 32]) -> [u64; 4] {
    let (a, b) = (words(a), words(b));
    [a[0] ^ b[0], a[1] ^ b[1], a[2] ^ b[2], a[3] ^ b[3]]
}

#[cfg(test)]
mod tests {
    use super::super::points::label;
    use super::*;
    use proptest::prelude::*;

    fn point<'a>(metric: &'a str, name: &'a str) -> Point<'a> {
        Point { metric, time: 1, value: 2.0, label: label(name, "", ""), tags: Tags::default() }
    }

    proptest! {
        #[test]
        fn a_tail_is_found_by_its_metric_and_all_of_its_bytes(
            texts in prop::collection::vec(("[ab]{1,2}", any::<bool>(), "([ab]{1,2}|[ab]{30,40}|a{100}b{0,2}c{100})"), 1..40),
        ) {
            let mut known = Known::default();
            for (metric, is_headed, bytes) in &texts {
                let headed = is_headed.then_some(metric.as_bytes());
                let is_first = known.find(headed, bytes.as_bytes()).is_none();
                if is_first {
                    known.add(&point(metric, bytes), Some((headed, bytes.as_bytes())));
                }
                let number = known.find(headed, bytes.as_bytes());
                prop_assert_eq!(number, known.find(headed, bytes.as_bytes()));
                let found = known.tail(number.unwrap()).point(1, 2.0);
                prop_assert_eq!(found.label.text(), bytes);
                prop_assert!(!is_headed || found.metric == metric);
            }
        }

        #[test]
        fn texts_are_equal_if_their_bytes_are(a in "[ab]{0,199}", at in 0_usize..199) {
            prop_assert!(is_equal(a.as_bytes(), a.as_bytes()));
            let mut other = a.clone().into_bytes();
            other.get_mut(at).into_iter().for_each(|byte| *byte ^= 1);
            prop_assert_eq!(is_equal(a.as_bytes(), &other), at >= a.len());
        }
    }

    #[test]
    fn room_is_made_for_very_many_tails_between_blocks_only() {
        let mut known = Known::default();
        for at in 0..=MOST {
            let bytes = at.to_string();
            known.add(&point("checks", &bytes), Some((None, bytes.as_bytes())));
        }
        assert_eq!(known.find(None, b"0"), Some(0));
        known.begin();
        assert_eq!((known.find(None, b"0"), known.tails.len()), (None, 0));
    }

    #[test]
    fn a_point_is_given_back_as_it_was() {
        let tags = Tags { group: "::a", status: "500", error: "e", error_code: "1", expected_response: "false" };
        let point = Point { tags, ..point("http_req_duration", "fast") };
        let mut known = Known::default();
        let number = known.add(&point, None);
        assert_eq!(format!("{:?}", known.tail(number).point(1, 2.0)), format!("{point:?}"));
        assert_eq!(known.find(None, b""), None);
    }
}
