//! The endpoints of a run while it is read: found by label, counted, and capped.
//!
//! Labels that hold ids would cost memory without bound and say nothing each: when there are too many, the rarer ones
//! are merged into one, and stay merged when they come again.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::Observation;
use super::tally::Counts;
use crate::model::{Histogram, Kind, OTHER, Timeline};

/// Endpoints that are kept apart while reading: when there are more, the rarer half is merged.
const MOST_LABELS: usize = 4_000;
/// Labels that are remembered as merged; when even these are more, every new label is merged.
const MOST_MERGED: usize = 1_000_000;

/// What is counted of each endpoint, and when it happened.
#[derive(Default)]
pub(super) struct Endpoints {
    pub(super) counts: Vec<Counts>,
    pub(super) timeline: Timeline,
    numbers: BTreeMap<Kind, HashMap<String, usize>>,
    merged: HashSet<String>,
}

impl Endpoints {
    /// Counts an observation with a latency of `nanos` ns.
    pub(super) fn add(&mut self, seen: &Observation<'_>, nanos: u64) {
        let number = self.number(seen.label.text(), seen.kind);
        let track = self.counts[number].add(seen, nanos);
        if let (Some(track), Some(start)) = (track, seen.start) {
            self.timeline.add(track, start, seen.ok.then(|| Histogram::bucket(nanos)), seen.weight);
        }
    }

    /// Whether there were too many labels to keep them all.
    pub(super) fn were_merged(&self) -> bool {
        !self.merged.is_empty()
    }

    /// Merges all but the `most` most frequent endpoints into one called [`OTHER`].
    pub(super) fn cap(&mut self, most: usize) {
        if self.counts.len() <= most {
            return;
        }
        let rare = self.rarest(self.counts.len() - most);
        let kinds: BTreeSet<Kind> = rare.iter().map(|at| self.counts[*at].kind).collect();
        let others: BTreeMap<Kind, usize> = kinds.into_iter().map(|kind| (kind, self.other(kind))).collect();
        for at in rare {
            let endpoint = std::mem::replace(&mut self.counts[at], Counts::new("", Kind::Request, None));
            let other = others[&endpoint.kind];
            if let (Some(from), Some(to)) = (endpoint.track, self.counts[other].track) {
                self.timeline.fold(from, to);
            }
            self.counts[other].merge(&endpoint);
            self.merged.insert(endpoint.name);
        }
        self.compact();
    }

    /// The number of the endpoint with that label, made if it is new.
    fn number(&mut self, label: &str, kind: Kind) -> usize {
        if let Some(known) = self.numbers.get(&kind).and_then(|numbers| numbers.get(label)) {
            return *known;
        }
        let overflow = self.merged.len() >= MOST_MERGED || self.merged.contains(label);
        if overflow && label != OTHER {
            return self.number(OTHER, kind);
        }
        if self.counts.len() >= MOST_LABELS {
            self.cap(MOST_LABELS / 2);
            return self.number(label, kind);
        }
        self.push(label, kind)
    }

    fn push(&mut self, label: &str, kind: Kind) -> usize {
        let track = (kind == Kind::Request).then(|| self.timeline.track(label));
        let number = self.counts.len();
        self.counts.push(Counts::new(label, kind, track));
        self.numbers.entry(kind).or_default().insert(label.to_owned(), number);
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
        let known = self.numbers.get(&kind).and_then(|numbers| numbers.get(OTHER)).copied();
        known.unwrap_or_else(|| self.push(OTHER, kind))
    }

    /// Removes merged endpoints, which have no name any more, and numbers the rest anew.
    fn compact(&mut self) {
        self.counts.retain(|endpoint| !endpoint.name.is_empty() || endpoint.count > 0);
        let tracks = self.timeline.compact();
        self.numbers.clear();
        for (number, endpoint) in self.counts.iter_mut().enumerate() {
            endpoint.track = endpoint.track.and_then(|track| tracks.get(&track).copied());
            self.numbers.entry(endpoint.kind).or_default().insert(endpoint.name.clone(), number);
        }
    }
}
