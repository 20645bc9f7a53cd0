//! What follows the value of a point: tags, which are the same in line after line.

use super::points::{Point, Tags};
use crate::ingest::Label;

/// Tails that are remembered, a power of two: endpoints, times what else differs between their points.
const MOST: usize = 1_024;
/// Longest tail that is remembered, bytes.
const LONGEST: usize = 4_096;

/// Remembers tails that were read. Each has two places, so that two that come in turn do not drive each other out; where
/// both are taken, the later one stays.
#[derive(Default)]
pub(super) struct Known(Vec<Option<Box<Tail>>>);

/// The places of a tail, and its hash.
pub(super) struct Place {
    at: [usize; 2],
    hash: u64,
}

/// A tail that was read as part of a whole point.
pub(super) struct Tail {
    hash: u64,
    /// As it is written.
    bytes: Box<[u8]>,
    /// Name of the metric, where it is part of the tail.
    pub(super) metric: Option<String>,
    label: String,
    label_hash: u64,
    group: String,
    status: String,
    error: String,
    error_code: String,
    expected_response: String,
}

impl Known {
    /// The places of the tail with these bytes.
    pub(super) fn place(&mut self, bytes: &[u8]) -> Place {
        self.0.resize_with(MOST, || None);
        let hash = Label::hash_of(bytes);
        Place { at: [hash, hash.rotate_right(u32::BITS)].map(|hash| hash as usize % MOST), hash }
    }

    /// The tail with these bytes, if it was kept.
    pub(super) fn get(&self, place: &Place, bytes: &[u8]) -> Option<&Tail> {
        let mut both = place.at.iter().filter_map(|at| self.0[*at].as_deref());
        both.find(|tail| tail.hash == place.hash && *tail.bytes == *bytes)
    }

    /// Keeps the tail of a point that was read from its start to its end.
    pub(super) fn keep(&mut self, place: &Place, bytes: &[u8], has_metric: bool, point: &Point<'_>) {
        if bytes.len() > LONGEST {
            return;
        }
        let [first, second] = place.at;
        let at = if self.0[first].is_some() && self.0[second].is_none() { second } else { first };
        self.0[at] = Some(Box::new(Tail {
            hash: place.hash,
            bytes: bytes.into(),
            metric: has_metric.then(|| point.metric.to_owned()),
            label: point.label.text().to_owned(),
            label_hash: point.label.hash(),
            group: point.tags.group.to_owned(),
            status: point.tags.status.to_owned(),
            error: point.tags.error.to_owned(),
            error_code: point.tags.error_code.to_owned(),
            expected_response: point.tags.expected_response.to_owned(),
        }));
    }
}

impl Tail {
    /// A point with the label and the tags, and nothing else yet.
    pub(super) fn point(&self) -> Point<'_> {
        let tags = Tags {
            group: &self.group,
            status: &self.status,
            error: &self.error,
            error_code: &self.error_code,
            expected_response: &self.expected_response,
        };
        Point { metric: "", time: 0, value: 0.0, label: Label::with_hash(&self.label, self.label_hash), tags }
    }
}
