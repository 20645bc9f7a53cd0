//! A run in slices of time: for each endpoint and slice the requests, the errors and the latencies of the successful.
//!
//! Slices are 1/64 s wide at first, on a grid of Unix time, and double whenever there are too many of them, so that the
//! memory does not grow with the length of the run. Latencies are kept as bucket numbers of [`Histogram`], packed.
//! [`TimelineBuilder`](super::TimelineBuilder) makes a timeline; what it is depends on the requests alone, not on their
//! order.

use std::collections::BTreeMap;
use std::mem;
use std::ops::RangeInclusive;

use super::Histogram;
use super::parallel::{share, threads};
use super::slices::{Requests, Scratch, Slices};
use super::sum::Sum;

/// Width of a slice at first, ns: fine enough that the cut of the warm-up of a run of seconds is exact, and of any other
/// run within 1/2,000 of it.
pub(super) const FIRST_WIDTH: i64 = 1_000_000_000 / 64;
/// How often slices may double: then two of them hold all times there are.
const MOST_DOUBLINGS: u32 = FIRST_WIDTH.leading_zeros() - 1;
/// Most slices of one endpoint.
pub(super) const MOST_SLICES: usize = 2_048;
/// Most slices of all endpoints together: bounds the memory of a run with very many labels.
const MOST_CELLS: usize = 1 << 18;
/// Bytes of packed slices that are worth another thread: they take half a millisecond.
const LARGE: usize = 1 << 17;
/// Nanoseconds per second.
const NANOS: f64 = 1e9;

/// The slices of all endpoints of a run. Times are Unix time in ns.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// How often slices were made twice as wide.
    doublings: u32,
    /// Slices of all endpoints.
    cells: usize,
    pub(super) tracks: Vec<Track>,
    first: i64,
    last: i64,
}

/// The slices of one endpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track {
    /// Endpoint name.
    pub name: String,
    pub(super) slices: Slices,
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
        Self { doublings: 0, cells: 0, tracks: Vec::new(), first: i64::MAX, last: i64::MIN }
    }
}

impl Track {
    /// An endpoint without requests.
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), slices: Slices::default() }
    }
}

impl Timeline {
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
        if self.first <= self.last { self.seconds(self.last) } else { 0.0 }
    }

    /// Width of a slice, s.
    pub fn slice_width(&self) -> f64 {
        self.width() as f64 / NANOS
    }

    /// Cuts the part `[from, to)` of an endpoint's run, in s from the first request, into `parts` equal blocks, which `each`
    /// takes in their order, as all of them together are large. Returns the latencies of all successful requests in them.
    ///
    /// A slice belongs to the block that holds its middle; slices beyond `to` belong to the last block.
    pub fn blocks(&self, track: &Track, from: f64, to: f64, parts: usize, mut each: impl FnMut(Block)) -> Histogram {
        let (mut sum, mut all, mut block, mut done) = (Sum::default(), Sum::default(), Block::default(), 0);
        let mut end = |block: &mut Block, sum: &mut Sum| {
            block.ok = sum.take();
            all.extend(block.ok.cells());
            each(mem::take(block));
        };
        for (slice, count, cell) in track.slices.iter().filter(|_| parts > 0) {
            let middle = self.seconds(self.start(slice).saturating_add(self.width() / 2));
            if middle < from {
                continue;
            }
            let part = (((middle - from) / (to - from) * parts as f64) as usize).min(parts - 1);
            (done..part).for_each(|_| end(&mut block, &mut sum));
            done = part;
            block.count += u64::from(count);
            block.errors += sum.unpack(cell);
        }
        (done..parts).for_each(|_| end(&mut block, &mut sum));
        all.take()
    }

    /// What `figure` gives for each endpoint, in their order; worked out on several threads where there is much of it.
    pub fn map<R: Send>(&self, figure: impl Fn(&Track) -> R + Sync) -> Vec<R> {
        let mut figures: Vec<Option<R>> = self.tracks.iter().map(|_| None).collect();
        let places = self.tracks.iter().zip(&mut figures);
        let size: usize = self.tracks.iter().map(|track| track.slices.bytes()).sum();
        share(places, if size < LARGE { 1 } else { threads() }, |(track, place)| *place = Some(figure(track)));
        figures.into_iter().flatten().collect()
    }

    /// Removes endpoints without requests and says which number the others have now.
    pub fn compact(&mut self) -> BTreeMap<usize, usize> {
        let kept = (0..self.tracks.len()).filter(|at| !self.tracks[*at].slices.is_empty());
        let numbers = kept.enumerate().map(|(new, old)| (old, new)).collect();
        self.tracks.retain(|track| !track.slices.is_empty());
        numbers
    }

    /// Removes endpoints without requests and sorts the others by name.
    pub fn tidy(&mut self) {
        self.tracks.retain(|track| !track.slices.is_empty());
        self.tracks.sort_by(|a, b| a.name.cmp(&b.name));
    }

    /// Requests by slice number over all endpoints: what a step of the clock can be seen in.
    pub fn counts(&self) -> BTreeMap<i64, u64> {
        let mut counts = BTreeMap::new();
        for (slice, count) in self.tracks.iter().flat_map(|track| track.slices.counts()) {
            *counts.entry(slice).or_insert(0) += u64::from(count);
        }
        counts
    }

    /// Forgets all slices outside `keep` (slice numbers as in [`Timeline::counts`]) and returns the requests in them.
    pub fn keep(&mut self, keep: RangeInclusive<i64>) -> u64 {
        let dropped = self.tracks.iter_mut().map(|track| track.slices.keep(&keep)).sum();
        self.cells = self.tracks.iter().map(|track| track.slices.len()).sum();
        self.first = self.first.max(self.start(*keep.start()));
        self.last = self.last.min(self.start(keep.end() + 1) - 1);
        dropped
    }

    /// Notes that a request started at `start`.
    pub(super) fn reach(&mut self, start: i64) {
        self.first = self.first.min(start);
        self.last = self.last.max(start);
    }

    /// The number of the slice that holds a time.
    pub(super) fn slice(&self, at: i64) -> i64 {
        at.div_euclid(FIRST_WIDTH) >> self.doublings
    }

    /// How often slices were made twice as wide.
    pub(super) fn doublings(&self) -> u32 {
        self.doublings
    }

    /// First time of a slice, as far as it can be told.
    pub(super) fn start(&self, slice: i64) -> i64 {
        slice.saturating_mul(self.width())
    }

    /// Adds requests of one endpoint; [`Timeline::limit`] must follow.
    pub(super) fn merge(&mut self, track: usize, base: i64, requests: &[impl Requests], scratch: &mut Scratch) {
        let slices = &mut self.tracks[track].slices;
        self.cells -= slices.len();
        slices.merge(base, requests, scratch);
        self.cells += slices.len();
    }

    /// Removes and returns the slices of an endpoint.
    pub(super) fn take(&mut self, track: usize) -> Slices {
        let slices = std::mem::take(&mut self.tracks[track].slices);
        self.cells -= slices.len();
        slices
    }

    /// Whether there are too many slices, of an endpoint or of all.
    pub(super) fn is_crowded(&self, track: usize) -> bool {
        self.cells > MOST_CELLS || self.tracks[track].slices.len() > MOST_SLICES
    }

    /// Doubles the width of the slices until there are not too many.
    pub(super) fn limit(&mut self, scratch: &mut Scratch) {
        while self.doublings < MOST_DOUBLINGS && (0..self.tracks.len()).any(|track| self.is_crowded(track)) {
            self.doublings += 1;
            self.tracks.iter_mut().for_each(|track| track.slices.widen(scratch));
            self.cells = self.tracks.iter().map(|track| track.slices.len()).sum();
        }
    }

    /// Width of a slice, ns.
    fn width(&self) -> i64 {
        FIRST_WIDTH << self.doublings
    }

    /// Seconds from the first request.
    fn seconds(&self, at: i64) -> f64 {
        at.saturating_sub(self.first) as f64 / NANOS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TimelineBuilder;

    /// The first endpoint's run in blocks, and the latencies of all.
    fn blocks(timeline: &Timeline, from: f64, to: f64, parts: usize) -> (Vec<Block>, Histogram) {
        let mut blocks = Vec::new();
        let all = timeline.blocks(&timeline.tracks()[0], from, to, parts, |block| blocks.push(block));
        (blocks, all)
    }

    #[test]
    fn slices_double_when_a_run_is_long_and_lose_nothing() {
        let mut builder = TimelineBuilder::default();
        let track = builder.track("a");
        for second in 0..10_000_i64 {
            builder.add(track, second * 1_000_000_000, Some((second % 3_000) as u16), 1);
        }
        let timeline = builder.finish();
        assert!(timeline.tracks()[0].slices.len() <= MOST_SLICES);
        assert_eq!(timeline.slice_width(), 8.0);
        let (blocks, all) = blocks(&timeline, -8.0, timeline.span() + 1.0, 1);
        assert_eq!((blocks[0].count, blocks[0].ok.count()), (10_000, 10_000));
        assert_eq!(blocks[0].ok, all);
    }

    #[test]
    fn one_wild_time_does_not_size_an_array() {
        let mut builder = TimelineBuilder::default();
        let track = builder.track("a");
        builder.add(track, 1_795_225_991_000_000_000, Some(1), 1);
        builder.add(track, 0, None, 1);
        let timeline = builder.finish();
        assert_eq!((timeline.tracks()[0].slices.len(), timeline.width()), (2, FIRST_WIDTH));
    }

    #[test]
    fn blocks_hold_the_slices_whose_middle_they_hold() {
        let mut builder = TimelineBuilder::default();
        let track = builder.track("a");
        for slice in 0..640 {
            builder.add(track, slice * FIRST_WIDTH, (slice % 64 > 0).then_some(slice as u16), 1);
        }
        let timeline = builder.finish();
        let (blocks_of_nine, all) = blocks(&timeline, 1.0, 10.0, 9);
        assert_eq!(blocks_of_nine.iter().map(|b| (b.count, b.errors)).collect::<Vec<_>>(), vec![(64, 1); 9]);
        assert_eq!((blocks_of_nine[0].ok.cells()[0], blocks_of_nine[8].ok.count()), ((65, 1), 63));
        assert_eq!((all.cells().len(), all.cells()[0]), (9 * 63, (65, 1)));
        let (late, _) = blocks(&timeline, -20.0, 20.0, 4);
        assert_eq!(late.iter().map(|b| b.count).collect::<Vec<_>>(), [0, 0, 640, 0]);
        assert!(blocks(&timeline, 0.0, 10.0, 0).0.is_empty());
    }

    #[test]
    fn what_is_kept_is_as_if_nothing_else_had_been_there() {
        let build = |slices: std::ops::Range<i64>| {
            let mut builder = TimelineBuilder::default();
            let track = builder.track("a");
            slices.for_each(|slice| builder.add(track, slice * FIRST_WIDTH, Some(1), 2));
            builder.finish()
        };
        let mut timeline = build(0..100);
        assert_eq!(timeline.keep(20..=49), 140);
        let (kept, expected) = (&timeline.tracks, &build(20..50).tracks);
        assert_eq!((kept, timeline.cells, timeline.first_start()), (expected, 30, Some(20 * FIRST_WIDTH)));
        assert_eq!(timeline.counts(), (20..50).map(|slice| (slice, 2)).collect());
    }

    #[test]
    fn figures_come_in_the_order_of_the_endpoints_on_however_many_threads() {
        for requests in [1, 20_000] {
            let mut builder = TimelineBuilder::default();
            let names: Vec<String> = (0..20).map(|number| format!("GET /{number}")).collect();
            for track in names.iter().map(|name| builder.track(name)).collect::<Vec<_>>() {
                (0..requests).for_each(|at| builder.add(track, at << 24, Some((at * 97 % 30_000) as u16), 1));
            }
            let timeline = builder.finish();
            let size: usize = timeline.tracks.iter().map(|track| track.slices.bytes()).sum();
            assert_eq!(size >= LARGE, requests > 1);
            assert_eq!(timeline.map(|track| track.name.clone()), names);
        }
    }
}
