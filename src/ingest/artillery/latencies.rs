//! The latencies of a report of version 1, counted as they pass.

use std::collections::BTreeMap;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, SeqAccess, Visitor};

use super::FIRST_ERROR_CODE;
use crate::model::{Histogram, Latency, Resolution};

/// Nanoseconds per second.
const NANOS: f64 = 1e9;

/// All latencies, those of successful requests, and how many values were none.
#[derive(Default)]
pub(super) struct Latencies {
    pub(super) all: Tally,
    pub(super) ok: Tally,
    /// Values without a status code.
    uncoded: u64,
    /// Values that are no latency: `null`, or negative.
    pub(super) unusable: u64,
}

/// Exact count, sum and extremes in ns, and a histogram.
pub(super) struct Tally {
    pub(super) count: u64,
    sum: u128,
    min: u64,
    max: u64,
    /// Counts by bucket number; dense, because there are few tallies and many values.
    cells: Vec<u64>,
}

impl Latencies {
    /// Whether each latency came with its status code, so that `ok` is known.
    pub(super) fn are_coded(&self) -> bool {
        self.uncoded == 0 && self.all.count > 0
    }

    fn add(&mut self, nanos: f64, code: Option<u16>) {
        if !nanos.is_finite() || nanos < 0.0 {
            self.unusable += 1;
            return;
        }
        let nanos = nanos.round() as u64;
        self.all.add(nanos);
        match code {
            Some(code) if code < FIRST_ERROR_CODE => self.ok.add(nanos),
            Some(_) => {}
            None => self.uncoded += 1,
        }
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self { count: 0, sum: 0, min: u64::MAX, max: 0, cells: Vec::new() }
    }
}

impl Tally {
    fn add(&mut self, nanos: u64) {
        if self.cells.is_empty() {
            self.cells = vec![0; usize::from(u16::MAX) + 1];
        }
        self.count += 1;
        self.sum += u128::from(nanos);
        self.min = self.min.min(nanos);
        self.max = self.max.max(nanos);
        self.cells[usize::from(Histogram::bucket(nanos))] += 1;
    }

    /// The latency, where there is one.
    pub(super) fn latency(&self) -> Option<Latency> {
        let cells = self.cells.iter().enumerate().filter(|(_, count)| **count > 0);
        (self.count > 0).then(|| Latency {
            count: Some(self.count),
            mean: Some(self.sum as f64 / self.count as f64 / NANOS),
            min: Some(self.min as f64 / NANOS),
            max: Some(self.max as f64 / NANOS),
            quantiles: BTreeMap::new(),
            histogram: Some(Histogram::from_cells(cells.map(|(bucket, count)| (bucket as u16, *count)).collect())),
            resolution: Resolution::FINE,
        })
    }
}

/// The array `latencies`: numbers of ns, or (before 1.5) rows `[time, id, ns, code]`.
pub(super) struct List<'a>(pub(super) &'a mut Latencies);

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array of latencies in ns")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while elements.next_element_seed(Item(&mut *self.0))?.is_some() {}
        Ok(())
    }
}

/// One element of the array.
struct Item<'a>(&'a mut Latencies);

impl<'de> DeserializeSeed<'de> for Item<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Item<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a latency in ns or a row [time, id, ns, code]")
    }

    fn visit_u64<E>(self, nanos: u64) -> Result<(), E> {
        self.0.add(nanos as f64, None);
        Ok(())
    }

    fn visit_i64<E>(self, nanos: i64) -> Result<(), E> {
        self.0.add(nanos as f64, None);
        Ok(())
    }

    fn visit_f64<E>(self, nanos: f64) -> Result<(), E> {
        self.0.add(nanos, None);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.unusable += 1;
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut row: A) -> Result<(), A::Error> {
        row.next_element::<IgnoredAny>()?;
        row.next_element::<IgnoredAny>()?;
        let nanos = row.next_element::<Option<f64>>()?.flatten();
        let code = row.next_element::<Option<u16>>()?.flatten();
        while row.next_element::<IgnoredAny>()?.is_some() {}
        self.0.add(nanos.unwrap_or(f64::NAN), code);
        Ok(())
    }
}
