//! The endpoints of a run while it is read: found by label, counted, and capped.
//!
//! Labels that hold ids would cost memory without bound and say nothing each: when there are too many, the rarer ones
//! are merged into one, and stay merged when they come again.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashTable;

use super::names::Names;
use super::successes::Success;
use super::tally::Counts;
use super::{Label, Observation};
use crate::model::{Histogram, Kind, OTHER, TimelineBuilder};

/// Endpoints that are kept apart while reading: when there are more, the rarer half is merged.
const MOST_LABELS: usize = 4_000;
/// Labels that are remembered as merged; when even these are more, every new label is merged.
const MOST_MERGED: usize = 1_000_000;
/// Bytes of such labels.
const MOST_MERGED_BYTES: usize = 64 << 20;

/// What is counted of each endpoint, and when it happened.
#[derive(Default)]
pub(super) struct Endpoints {
    pub(super) counts: Vec<Counts>,
    pub(super) timeline: TimelineBuilder,
    /// Numbers of the endpoints, by hash of the label.
    numbers: HashTable<usize>,
    merged: Labels,
    /// How often the endpoints were numbered anew.
    renumbered: u32,
}

/// Where the endpoint of a label and kind was found, so that it need not be looked for again; at first nowhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found(Option<(usize, u32)>);

impl Endpoints {
    /// Counts an observation with a latency of `nanos` ns; `found` is of the same label and kind.
    #[inline]
    pub(super) fn add(&mut self, seen: &Observation<'_>, nanos: u64, found: &mut Found) {
        let number = self.number(seen.label, seen.kind, found);
        let bucket = Histogram::bucket(nanos);
        let track = self.counts[number].add(seen, nanos, bucket);
        if let (Some(track), Some(start)) = (track, seen.start) {
            self.timeline.add(track, start, seen.ok.then_some(bucket), seen.weight);
        }
    }

    /// Counts the successful requests of a label, for which there is room; `found` is of the label.
    pub(super) fn add_all(&mut self, label: Label<'_>, success: &Success, found: &mut Found) {
        let number = self.number(label, Kind::Request, found);
        let counts = &mut self.counts[number];
        counts.add_all(&success.moments, success.is_fine);
        if let (Some(track), Some(span)) = (counts.track, success.span) {
            self.timeline.add_all(track, &success.arrivals, span.first, span.last);
        }
    }

    /// Whether requests and transactions of these labels, and `more` of others, can be added without a label being merged.
    pub(super) fn has_room(&self, labels: &Names, more: usize) -> bool {
        let new = |number: u32| {
            let kinds = [Kind::Request, Kind::Transaction].into_iter();
            kinds.filter(|kind| self.known(labels.label(number), *kind).is_none()).count()
        };
        self.has_room_for(2 * labels.len() + more)
            || self.has_room_for((0..labels.len() as u32).map(new).sum::<usize>() + more)
    }

    /// The same of `more` labels, whichever they are.
    pub(super) fn has_room_for(&self, more: usize) -> bool {
        self.counts.len() + more < MOST_LABELS
    }

    /// Whether there were too many labels to keep them all.
    pub(super) fn were_merged(&self) -> bool {
        self.merged.len() > 0
    }

    /// Merges all but the `most` most frequent endpoints into one called [`OTHER`].
    pub(super) fn cap(&mut self, most: usize) {
        if self.counts.len() <= most {
            return;
        }
        let rare = self.rarest(self.counts.len() - most);
        let kinds: BTreeSet<Kind> = rare.iter().map(|at| self.counts[*at].kind).collect();
        let others: BTreeMap<Kind, usize> = kinds.into_iter().map(|kind| (kind, self.other(kind))).collect();
        let other_of = |counts: &[Counts], at: usize| others[&counts[at].kind];
        let pairs = rare.iter().map(|at| (self.counts[*at].track, self.counts[other_of(&self.counts, *at)].track));
        self.timeline.fold(pairs.filter_map(|(from, to)| from.zip(to)));
        for at in rare {
            let other = other_of(&self.counts, at);
            let endpoint = std::mem::replace(&mut self.counts[at], Counts::new("", Kind::Request, None));
            self.counts[other].merge(&endpoint);
            self.merged.insert(Label::new(&endpoint.name));
        }
        self.compact();
    }

    /// The number of an endpoint, which was found before or is looked for.
    #[inline]
    fn number(&mut self, label: Label<'_>, kind: Kind, found: &mut Found) -> usize {
        match found.0 {
            Some((number, renumbered)) if renumbered == self.renumbered => number,
            _ => self.find(label, kind, found),
        }
    }

    #[inline(never)]
    fn find(&mut self, label: Label<'_>, kind: Kind, found: &mut Found) -> usize {
        let number = self.known(label, kind).unwrap_or_else(|| self.admit(label, kind));
        *found = Found(Some((number, self.renumbered)));
        number
    }

    /// The number of the endpoint with that label.
    fn known(&self, label: Label<'_>, kind: Kind) -> Option<usize> {
        let is_it = |number: &usize| {
            let endpoint = &self.counts[*number];
            endpoint.kind == kind && endpoint.name == label.text()
        };
        self.numbers.find(label.hash(), is_it).copied()
    }

    /// The number of the endpoint that a label which is not known counts to, made if need be.
    #[cold]
    fn admit(&mut self, label: Label<'_>, kind: Kind) -> usize {
        let overflow =
            self.merged.len() >= MOST_MERGED || self.merged.bytes() >= MOST_MERGED_BYTES || self.merged.contains(label);
        if overflow && label.text() != OTHER {
            return self.other(kind);
        }
        if self.counts.len() >= MOST_LABELS {
            self.cap(MOST_LABELS / 2);
            return self.known(label, kind).unwrap_or_else(|| self.push(label, kind));
        }
        self.push(label, kind)
    }

    fn push(&mut self, label: Label<'_>, kind: Kind) -> usize {
        let track = (kind == Kind::Request).then(|| self.timeline.track(label.text()));
        self.counts.push(Counts::new(label.text(), kind, track));
        self.name(self.counts.len() - 1, label.hash())
    }

    /// Makes an endpoint known by the hash of its label.
    fn name(&mut self, number: usize, hash: u64) -> usize {
        let counts = &self.counts;
        self.numbers.insert_unique(hash, number, |number| Label::new(&counts[*number].name).hash());
        number
    }

    /// The numbers of the `many` endpoints with the fewest requests; never that of [`OTHER`] before the rest.
    fn rarest(&self, many: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.counts.len()).collect();
        order.sort_by_key(|at| {
            let endpoint = &self.counts[*at];
            (endpoint.name == OTHER, endpoint.count, Reverse(&endpoint.name))
        });
        order.truncate(many);
        order
    }

    /// The endpoint that takes the rare ones of its kind.
    fn other(&mut self, kind: Kind) -> usize {
        let label = Label::new(OTHER);
        self.known(label, kind).unwrap_or_else(|| self.push(label, kind))
    }

    /// Removes merged endpoints, which have no name any more, and numbers the rest anew.
    fn compact(&mut self) {
        self.counts.retain(|endpoint| !endpoint.name.is_empty() || endpoint.count > 0);
        let tracks = self.timeline.settle().compact();
        self.numbers.clear();
        self.renumbered += 1;
        for number in 0..self.counts.len() {
            let endpoint = &mut self.counts[number];
            endpoint.track = endpoint.track.and_then(|track| tracks.get(&track).copied());
            let hash = Label::new(&endpoint.name).hash();
            self.name(number, hash);
        }
    }
}

/// A set of labels in one piece of memory.
#[derive(Default)]
struct Labels {
    text: String,
    /// Where each label starts and ends in `text`.
    spans: HashTable<(u32, u32)>,
}

impl Labels {
    fn len(&self) -> usize {
        self.spans.len()
    }

    fn bytes(&self) -> usize {
        self.text.len()
    }

    fn contains(&self, label: Label<'_>) -> bool {
        self.spans.find(label.hash(), |span| at(&self.text, *span) == label.text()).is_some()
    }

    fn insert(&mut self, label: Label<'_>) {
        if !self.contains(label) {
            let start = self.text.len() as u32;
            self.text.push_str(label.text());
            let span = (start, self.text.len() as u32);
            self.spans.insert_unique(label.hash(), span, |span| Label::new(at(&self.text, *span)).hash());
        }
    }
}

fn at(text: &str, (start, end): (u32, u32)) -> &str {
    &text[start as usize..end as usize]
}
