//! A run in slices of time: for each endpoint and slice the requests, the errors and the latencies of the successful.
//!
//! Slices are 1/64 s wide at first, on a grid of Unix time, and double whenever there are too many of them, so that the
//! memory does not grow with the length of the run. Latencies are kept as bucket numbers of [`Histogram`], packed.

use std::collections::BTreeMap;

use super::Histogram;
use super::cell::{Cell, coalesce};

/// Width of a slice at first, ns: fine enough that the cut of the warm-up of a run of seconds is exact, and of any other
/// run within 1/2,000 of it.
const FIRST_WIDTH: i64 = 1_000_000_000 / 64;
/// Most slices of one endpoint.
const MOST_SLICES: usize = 2_048;
/// Most slices of all endpoints together: bounds the memory of a run with very many labels.
const MOST_CELLS: usize = 1 << 18;
/// Nanoseconds per second.
const NANOS: f64 = 1e9;

/// The slices of all endpoints of a run. Times are Unix time in ns.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    width: i64,
    cells: usize,
    tracks: Vec<Track>,
    first: i64,
    last: i64,
}

/// The slices of one endpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track {
    /// Endpoint name.
    pub name: String,
    cells: BTreeMap<i64, Cell>,
}

/// Some consecutive slices of one endpoint, joined.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// Requests that started in it.
    pub count: u64,
    /// Failed ones among them.
    pub errors: u64,
    /// Latencies of the successful ones.
    pub ok: Histogram,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { width: FIRST_WIDTH, cells: 0, tracks: Vec::new(), first: i64::MAX, last: i64::MIN }
    }
}

impl Timeline {
    /// Adds an endpoint and returns its number, to be used with [`Timeline::add`].
    pub fn track(&mut self, name: &str) -> usize {
        self.tracks.push(Track { name: name.to_owned(), cells: BTreeMap::new() });
        self.tracks.len() - 1
    }

    /// Adds `weight` requests of endpoint number `track` that started at `start`; `bucket` is the latency bucket of
    /// successful ones, `None` says that they failed.
    pub fn add(&mut self, track: usize, start: i64, bucket: Option<u16>, weight: u32) {
        self.first = self.first.min(start);
        self.last = self.last.max(start);
        let cells = &mut self.tracks[track].cells;
        let before = cells.len();
        cells.entry(start.div_euclid(self.width)).or_default().add(bucket, weight);
        if cells.len() > before {
            self.cells += 1;
            while self.tracks[track].cells.len() > MOST_SLICES || self.cells > MOST_CELLS {
                if !self.widen() {
                    break;
                }
            }
        }
    }

    /// The endpoints in the order they were added.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// Start of the first request, Unix time in ns; `None` without requests.
    pub fn first_start(&self) -> Option<i64> {
        (self.first <= self.last).then_some(self.first)
    }

    /// Seconds from the start of the first request to the start of the last.
    pub fn span(&self) -> f64 {
        if self.first <= self.last { (self.last - self.first) as f64 / NANOS } else { 0.0 }
    }

    /// Width of a slice, s.
    pub fn slice_width(&self) -> f64 {
        self.width as f64 / NANOS
    }

    /// The part `[from, to)` of an endpoint's run, in s from the first request, cut into `parts` equal blocks.
    ///
    /// A slice belongs to the block that holds its middle; slices beyond `to` belong to the last block.
    pub fn blocks(&self, track: &Track, from: f64, to: f64, parts: usize) -> Vec<Block> {
        let mut joined: Vec<(Block, Vec<(u16, u64)>)> = vec![Default::default(); parts];
        for (slice, cell) in &track.cells {
            let middle = self.seconds(slice * self.width + self.width / 2);
            if middle < from || parts == 0 {
                continue;
            }
            let part = ((middle - from) / (to - from) * parts as f64) as usize;
            let (block, cells) = &mut joined[part.min(parts - 1)];
            block.count += u64::from(cell.count);
            block.errors += u64::from(cell.errors);
            cell.unpack(|bucket, count| cells.push((bucket, count)));
        }
        joined.into_iter().map(|(block, cells)| Block { ok: Histogram::from_cells(coalesce(cells)), ..block }).collect()
    }

    /// Joins the slices of endpoint number `from` to those of number `to` and empties `from`.
    pub fn fold(&mut self, from: usize, to: usize) {
        let cells = std::mem::take(&mut self.tracks[from].cells);
        self.cells -= cells.len();
        for (slice, cell) in cells {
            let target = &mut self.tracks[to].cells;
            let before = target.len();
            target.entry(slice).or_default().merge(&cell);
            self.cells += target.len() - before;
        }
    }

    /// Removes endpoints without requests and says which number the others have now.
    pub fn compact(&mut self) -> BTreeMap<usize, usize> {
        let kept = (0..self.tracks.len()).filter(|at| !self.tracks[*at].cells.is_empty());
        let numbers = kept.enumerate().map(|(new, old)| (old, new)).collect();
        self.tracks.retain(|track| !track.cells.is_empty());
        numbers
    }

    /// Latencies of the successful requests of the whole run, by endpoint.
    pub fn histograms(&self) -> BTreeMap<String, Histogram> {
        let whole = |track: &Track| {
            let mut cells = Vec::new();
            for cell in track.cells.values() {
                cell.unpack(|bucket, count| cells.push((bucket, count)));
                if cells.len() > 1 << 16 {
                    cells = coalesce(cells);
                }
            }
            Histogram::from_cells(coalesce(cells))
        };
        self.tracks.iter().map(|track| (track.name.clone(), whole(track))).collect()
    }

    /// Removes endpoints without requests and sorts the others by name.
    pub fn tidy(&mut self) {
        self.tracks.retain(|track| !track.cells.is_empty());
        self.tracks.sort_by(|a, b| a.name.cmp(&b.name));
    }

    /// Requests by slice number over all endpoints: what a step of the clock can be seen in.
    pub fn counts(&self) -> BTreeMap<i64, u64> {
        let mut counts = BTreeMap::new();
        for (slice, cell) in self.tracks.iter().flat_map(|t| &t.cells) {
            *counts.entry(*slice).or_insert(0) += u64::from(cell.count);
        }
        counts
    }

    /// Forgets all slices outside `keep` (slice numbers as in [`Timeline::counts`]) and returns the requests in them.
    pub fn keep(&mut self, keep: std::ops::RangeInclusive<i64>) -> u64 {
        let mut dropped = 0;
        for track in &mut self.tracks {
            track.cells.retain(|slice, cell| {
                let kept = keep.contains(slice);
                dropped += if kept { 0 } else { u64::from(cell.count) };
                kept
            });
        }
        self.cells = self.tracks.iter().map(|t| t.cells.len()).sum();
        self.first = self.first.max(keep.start() * self.width);
        self.last = self.last.min((keep.end() + 1) * self.width - 1);
        dropped
    }

    fn seconds(&self, at: i64) -> f64 {
        (at - self.first) as f64 / NANOS
    }

    /// Doubles the width of the slices; says whether that was possible.
    fn widen(&mut self) -> bool {
        let Some(width) = self.width.checked_mul(2) else { return false };
        self.width = width;
        self.cells = 0;
        for track in &mut self.tracks {
            for (slice, cell) in std::mem::take(&mut track.cells) {
                track.cells.entry(slice.div_euclid(2)).or_default().merge(&cell);
            }
            self.cells += track.cells.len();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn total(timeline: &Timeline, track: usize) -> Block {
        timeline.blocks(&timeline.tracks()[track], 0.0 - timeline.slice_width(), timeline.span() + 1.0, 1).remove(0)
    }

    #[test]
    fn slices_double_when_a_run_is_long_and_lose_nothing() {
        let mut timeline = Timeline::default();
        let track = timeline.track("a");
        for second in 0..10_000_i64 {
            timeline.add(track, second * 1_000_000_000, Some((second % 3_000) as u16), 1);
        }
        assert!(timeline.tracks()[0].cells.len() <= MOST_SLICES);
        assert_eq!(timeline.slice_width(), 8.0);
        let block = total(&timeline, track);
        assert_eq!((block.count, block.ok.count()), (10_000, 10_000));
    }

    #[test]
    fn one_wild_time_does_not_size_an_array() {
        let mut timeline = Timeline::default();
        let track = timeline.track("a");
        timeline.add(track, 1_795_225_991_000_000_000, Some(1), 1);
        timeline.add(track, 0, None, 1);
        assert_eq!(timeline.tracks()[0].cells.len(), 2);
        assert_eq!(timeline.width, FIRST_WIDTH);
    }

    #[test]
    fn blocks_hold_the_slices_whose_middle_they_hold() {
        let mut timeline = Timeline::default();
        let track = timeline.track("a");
        for slice in 0..640 {
            timeline.add(track, slice * FIRST_WIDTH, Some(slice as u16), 1);
        }
        let blocks = timeline.blocks(&timeline.tracks()[0], 1.0, 10.0, 9);
        assert_eq!(blocks.iter().map(|b| b.count).collect::<Vec<_>>(), vec![64; 9]);
        assert_eq!(blocks[0].ok.cells()[0], (64, 1));
    }

    proptest! {
        #[test]
        fn order_does_not_matter(mut seen in prop::collection::vec((0_i64..4_000_000, 0_u16..3_000, 0..3_u32), 1..800)) {
            let record = |part: &[(i64, u16, u32)]| {
                let mut timeline = Timeline::default();
                timeline.track("a");
                for (ms, bucket, kind) in part {
                    timeline.add(0, ms * 1_000_000, (*kind > 0).then_some(*bucket), (*kind).max(1));
                }
                timeline
            };
            let whole = record(&seen);
            seen.reverse();
            prop_assert_eq!(total(&whole, 0), total(&record(&seen), 0));
        }
    }
}
