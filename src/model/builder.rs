//! Requests on their way into a [`Timeline`]: they wait, by endpoint, and are merged many at a time.
//!
//! A request that waits is one number, its slice and its bucket, so that sorting puts requests in the order of the
//! timeline. When they are merged changes nothing in the result.

use super::cell::FAILED;
use super::radix::sort_by_digits;
use super::slices::{BUCKET_BITS, SLICE_BITS, Sample, Scratch};
use super::timeline::FIRST_WIDTH;
use super::{Arrivals, Timeline, Track};

/// Requests of one endpoint that wait at most; 4 bytes each.
const MOST_OF_ONE: usize = 4_096;
/// Requests of all endpoints that wait at most, as a multiple of that.
const MOST_OF_ALL: usize = 16;
/// The first request that waits is in the middle of the slices that can be told; a little above, so that those of the
/// next slices differ in few digits.
const MIDDLE: i64 = (1 << (SLICE_BITS - 1)) + 32;
/// Bits of a digit, when keys are sorted by digits.
const DIGIT_BITS: u32 = 11;
/// As few keys as this are sorted sooner by comparing them.
const FEW: usize = 256;

/// Makes a [`Timeline`] of requests. Nobody sees one in which requests are missing because they still wait.
#[derive(Clone, Debug)]
pub struct TimelineBuilder {
    timeline: Timeline,
    /// What waits, by number of the endpoint.
    waiting: Vec<Waiting>,
    /// What waits and is far from the rest or several requests at once.
    unusual: Vec<Sample>,
    /// Keys that wait.
    total: usize,
    /// How many of an endpoint may.
    most_of_one: usize,
    spare: Vec<u32>,
    scratch: Scratch,
}

/// What waits of one endpoint: keys of slice and bucket.
#[derive(Clone, Debug, Default)]
struct Waiting {
    /// The slice that keys count from.
    base: i64,
    keys: Vec<u32>,
}

impl Default for TimelineBuilder {
    fn default() -> Self {
        Self::with_most(MOST_OF_ONE)
    }
}

impl TimelineBuilder {
    /// A builder in which at most so many requests of an endpoint wait.
    fn with_most(most_of_one: usize) -> Self {
        Self {
            timeline: Timeline::default(),
            waiting: Vec::new(),
            unusual: Vec::new(),
            total: 0,
            most_of_one,
            spare: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    /// Adds an endpoint and returns its number, to be used with [`TimelineBuilder::add`].
    pub fn track(&mut self, name: &str) -> usize {
        let number = self.timeline.tracks.len();
        self.timeline.tracks.push(Track::new(name));
        self.waiting.resize_with(self.waiting.len().max(number + 1), Waiting::default);
        number
    }

    /// Adds `weight` requests of endpoint number `track` that started at `start`; `bucket` is the latency bucket of
    /// successful ones, `None` says that they failed.
    pub fn add(&mut self, track: usize, start: i64, bucket: Option<u16>, weight: u32) {
        self.timeline.reach(start);
        self.push(track, start, bucket.unwrap_or(FAILED), u64::from(weight));
    }

    /// Adds requests of endpoint number `track` that succeeded, the first of which started at `first` and the last at `last`.
    pub fn add_all(&mut self, track: usize, arrivals: &Arrivals, first: i64, last: i64) {
        self.timeline.reach(first);
        self.timeline.reach(last);
        self.extend(track, arrivals, first, last);
        arrivals.far().iter().for_each(|(start, bucket)| self.push(track, *start, *bucket, 1));
    }

    /// Joins the slices of some endpoints to those of others: of the first number of each pair, which is empty then, to
    /// those of the second, which is not the first of another pair.
    pub fn fold(&mut self, pairs: impl IntoIterator<Item = (usize, usize)>) {
        self.settle();
        for (from, to) in pairs {
            let slices = self.timeline.take(from);
            // Slices may double meanwhile: what they were is told by their start.
            let starts: Vec<i64> = slices.counts().map(|(slice, _)| self.timeline.start(slice)).collect();
            for (start, (_, _, cell)) in starts.into_iter().zip(slices.iter()) {
                cell.unpack(|bucket, count| self.push(to, start, bucket, count));
            }
        }
    }

    /// The timeline with all that was added.
    pub fn settle(&mut self) -> &mut Timeline {
        (0..self.timeline.tracks.len()).for_each(|track| self.merge(track));
        self.waiting.iter_mut().for_each(|waiting| *waiting = Waiting::default());
        self.merge_unusual();
        self.timeline.limit(&mut self.scratch);
        &mut self.timeline
    }

    /// The timeline of all that was added.
    pub fn finish(mut self) -> Timeline {
        self.settle();
        self.timeline
    }

    fn push(&mut self, track: usize, start: i64, bucket: u16, count: u64) {
        let slice = self.timeline.slice(start);
        let waiting = &mut self.waiting[track];
        if waiting.keys.is_empty() {
            waiting.base = slice - MIDDLE;
        }
        match u32::try_from(slice - waiting.base) {
            Ok(offset) if offset >> SLICE_BITS == 0 && count == 1 => {
                waiting.keys.push(offset << BUCKET_BITS | u32::from(bucket));
                self.total += 1;
                self.bound(track);
            }
            _ if count == 0 => {}
            _ => {
                self.unusual.push(Sample { track, slice, bucket, count });
                if self.unusual.len() >= self.most_of_one {
                    self.settle();
                }
            }
        }
    }

    /// Adds keys of requests that started between `first` and `last`: as they are where all of them can wait, else one by one.
    fn extend(&mut self, track: usize, arrivals: &Arrivals, first: i64, last: i64) {
        let ((base, keys), doublings) = (arrivals.near(), self.timeline.doublings());
        let (lowest, highest) = (self.timeline.slice(first), self.timeline.slice(last));
        let waiting = &mut self.waiting[track];
        if waiting.keys.is_empty() {
            waiting.base = lowest - MIDDLE;
        }
        if lowest < waiting.base || highest - waiting.base >= 1 << SLICE_BITS {
            let starts = keys.iter().map(|key| (base + i64::from(key >> BUCKET_BITS), *key as u16));
            return starts.for_each(|(slice, bucket)| self.push(track, FIRST_WIDTH.saturating_mul(slice), bucket, 1));
        }
        // Of the slice that keys count from, what it is once it is as wide as the others, and what is left of it.
        let (whole, part) = ((base >> doublings) - waiting.base, base & ((1 << doublings) - 1));
        let bucket = |key: u32| key & u32::from(u16::MAX);
        if let (Ok(part), true) = (u32::try_from(part), doublings < SLICE_BITS) {
            // What is added to a slice fits beside it: several keys at a time.
            let offset = |key: u32| (whole as u32).wrapping_add((part + (key >> BUCKET_BITS)) >> doublings);
            waiting.keys.extend(keys.iter().map(|key| offset(*key) << BUCKET_BITS | bucket(*key)));
        } else {
            let offset = |key: u32| whole + ((part + i64::from(key >> BUCKET_BITS)) >> doublings);
            waiting.keys.extend(keys.iter().map(|key| (offset(*key) as u32) << BUCKET_BITS | bucket(*key)));
        }
        self.total += keys.len();
        self.bound(track);
    }

    /// Merges what waits of an endpoint, or all, where that is too much.
    fn bound(&mut self, track: usize) {
        if self.waiting[track].keys.len() >= self.most_of_one {
            self.merge(track);
            if self.timeline.is_crowded(track) {
                self.settle();
            }
        } else if self.total >= self.most_of_one * MOST_OF_ALL {
            self.settle();
        }
    }

    /// Merges the keys of an endpoint into the timeline.
    fn merge(&mut self, track: usize) {
        let Waiting { base, keys } = &mut self.waiting[track];
        self.total -= keys.len();
        sort(keys, &mut self.spare);
        self.timeline.merge(track, *base, keys, &mut self.scratch);
        keys.clear();
    }

    fn merge_unusual(&mut self) {
        self.unusual.sort_unstable();
        for samples in self.unusual.chunk_by(|a, b| a.track == b.track) {
            self.timeline.merge(samples[0].track, 0, samples, &mut self.scratch);
        }
        self.unusual.clear();
    }
}

/// Sorts keys.
fn sort(keys: &mut Vec<u32>, spare: &mut Vec<u32>) {
    if keys.len() <= FEW {
        return keys.sort_unstable();
    }
    sort_by_digits::<_, { 1 << DIGIT_BITS }>(keys, spare, (0..u32::BITS).step_by(DIGIT_BITS as usize));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::Histogram;
    use crate::model::timeline::MOST_SLICES;
    use proptest::prelude::*;

    /// Endpoint, start in ns, bucket, weight.
    type Seen = (usize, i64, Option<u16>, u32);
    /// Counts by bucket, of each endpoint and slice.
    type Cells = BTreeMap<(usize, i64), BTreeMap<u16, u64>>;

    const START: i64 = 1_795_225_991_000_000_000;

    /// How many requests of an endpoint wait.
    fn most() -> impl Strategy<Value = usize> {
        prop_oneof![1_usize..4, 1_usize..2_000, Just(MOST_OF_ONE)]
    }

    fn build(seen: &[Seen], most_of_one: usize) -> Timeline {
        let mut builder = TimelineBuilder::with_most(most_of_one);
        let _numbers = ["a", "b", "c"].map(|name| builder.track(name));
        seen.iter().for_each(|(track, start, bucket, weight)| builder.add(*track, *start, *bucket, *weight));
        builder.finish()
    }

    /// Requests at even distances: enough of them to fill slices, and slices enough to make them wider.
    fn stretch() -> impl Strategy<Value = Vec<Seen>> {
        let weight = prop_oneof![9 => Just(1_u32), 1 => 0_u32..4];
        (0_i64..2_000_000_000_000, 1_i64..2_000_000_000, 0_u16..45_000, 1_u16..500, weight, 1_usize..1_500).prop_map(
            |(from, step, bucket, spread, weight, many)| {
                let bucket = |at: usize| (!at.is_multiple_of(19)).then(|| bucket + (at * at) as u16 % spread);
                let one = |at: usize| (at % 7 % 3, START + from + step * at as i64, bucket(at), weight);
                (0..many).map(one).collect()
            },
        )
    }

    fn run() -> impl Strategy<Value = Vec<Seen>> {
        let wild = prop::collection::vec((0_usize..3, any::<i64>(), prop::option::of(0_u16..45_000), 1_u32..3), 0..3);
        (prop::collection::vec(stretch(), 1..4), wild).prop_map(|(parts, wild)| [parts.concat(), wild].concat())
    }

    /// What slices of a width should hold.
    fn expected(seen: &[Seen], width: i128) -> Cells {
        let mut cells = Cells::new();
        for (track, start, bucket, weight) in seen.iter().filter(|seen| seen.3 > 0) {
            let slice = i128::from(*start).div_euclid(width) as i64;
            let buckets = cells.entry((*track, slice)).or_default();
            *buckets.entry(bucket.unwrap_or(FAILED)).or_insert(0) += u64::from(*weight);
        }
        cells
    }

    fn most_of_an_endpoint(cells: &Cells) -> usize {
        (0..3).map(|track| cells.keys().filter(|key| key.0 == track).count()).max().unwrap_or(0)
    }

    fn cells(timeline: &Timeline) -> Cells {
        let mut cells = Cells::new();
        for (number, track) in timeline.tracks().iter().enumerate() {
            for (slice, count, cell) in track.slices.iter() {
                let mut buckets = BTreeMap::new();
                cell.unpack(|bucket, count| assert_eq!(buckets.insert(bucket, count), None));
                assert_eq!(u64::from(count), buckets.values().sum::<u64>());
                assert_eq!(cells.insert((number, slice), buckets), None);
            }
        }
        cells
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn slices_hold_their_requests_and_are_as_narrow_as_they_may(seen in run(), most in most()) {
            let timeline = build(&seen, most);
            let width = (timeline.slice_width() * 1e9) as i128;
            let expected_cells = expected(&seen, width);
            prop_assert!(most_of_an_endpoint(&expected_cells) <= MOST_SLICES);
            prop_assert_eq!(cells(&timeline), expected_cells);
            let is_first = width == i128::from(FIRST_WIDTH);
            prop_assert!(is_first || most_of_an_endpoint(&expected(&seen, width / 2)) > MOST_SLICES);
        }

        #[test]
        fn neither_order_nor_how_many_wait_matters(seen in run(), most in most(), turn in any::<prop::sample::Index>()) {
            let timeline = build(&seen, MOST_OF_ONE);
            let mut other = seen.clone();
            other.rotate_left(turn.index(seen.len()));
            prop_assert_eq!(&build(&other, most), &timeline);
            other.reverse();
            prop_assert_eq!(&build(&other, most), &timeline);
        }

        #[test]
        fn requests_added_at_once_count_as_those_added_one_by_one(seen in run(), most in most(), size in 1_usize..700) {
            let seen: Vec<Seen> = seen.into_iter().filter(|(_, _, bucket, weight)| bucket.is_some() && *weight == 1).collect();
            let mut builder = TimelineBuilder::with_most(most);
            let _numbers = ["a", "b", "c"].map(|name| builder.track(name));
            for block in seen.chunks(size) {
                let mut arrivals = [(); 3].map(|()| Arrivals::default());
                block.iter().for_each(|(track, start, bucket, _)| arrivals[*track].add(*start, bucket.unwrap()));
                for (track, arrivals) in arrivals.iter().enumerate() {
                    let starts = || block.iter().filter(|seen| seen.0 == track).map(|seen| seen.1);
                    if let (Some(first), Some(last)) = (starts().min(), starts().max()) {
                        builder.add_all(track, arrivals, first, last);
                    }
                }
            }
            prop_assert_eq!(builder.finish(), build(&seen, MOST_OF_ONE));
        }

        #[test]
        fn requests_told_in_milliseconds_count_as_those_told_in_nanoseconds(
            requests in prop::collection::vec((0_u32..250_000, prop_oneof![0_u32..3_000, any::<u32>()]), 1..500),
            period in -600_000_i64..600_000, before in prop::option::of(START - 10_000_000_000..START + 10_000_000_000),
        ) {
            let origin = (START / 1_000_000 / Arrivals::PERIOD + period) * Arrivals::PERIOD;
            let starts = || requests.iter().map(|(behind, _)| (origin + i64::from(*behind)) * 1_000_000);
            let buckets = requests.iter().map(|(_, latency)| Histogram::bucket(u64::from(*latency) * 1_000_000));
            let (mut told, mut plain) = (Arrivals::default(), Arrivals::default());
            before.iter().for_each(|start| [&mut told, &mut plain].map(|arrivals| arrivals.add(*start, 7)).into_iter().collect());
            told.add_milliseconds(origin, requests.iter().map(|request| request.0).max().unwrap_or(0), &requests);
            starts().zip(buckets).for_each(|(start, bucket)| plain.add(start, bucket));
            let [told, plain] = [told, plain].map(|arrivals| {
                let mut builder = TimelineBuilder::default();
                let (track, all) = (builder.track("a"), || starts().chain(before));
                builder.add_all(track, &arrivals, all().min().unwrap_or(0), all().max().unwrap_or(0));
                builder.finish()
            });
            prop_assert_eq!(told, plain);
        }

        #[test]
        fn what_is_folded_counts_as_if_it_had_been_there(seen in run(), most in most()) {
            let mut builder = TimelineBuilder::with_most(most);
            let _numbers = ["a", "b", "c"].map(|name| builder.track(name));
            seen.iter().for_each(|(track, start, bucket, weight)| builder.add(*track, *start, *bucket, *weight));
            builder.fold([(1, 0), (2, 0)]);
            let at_once: Vec<Seen> = seen.iter().map(|(_, start, bucket, weight)| (0, *start, *bucket, *weight)).collect();
            prop_assert_eq!(builder.finish(), build(&at_once, MOST_OF_ONE));
        }

        #[test]
        fn keys_are_sorted_however_many(mut keys in prop::collection::vec(any::<u32>(), 0..3_000), mask in any::<u32>()) {
            keys.iter_mut().for_each(|key| *key &= mask);
            let mut sorted = keys.clone();
            sort(&mut sorted, &mut Vec::new());
            keys.sort_unstable();
            prop_assert_eq!(sorted, keys);
        }
    }

    #[test]
    fn numbers_of_endpoints_hold_after_some_are_removed() {
        let mut builder = TimelineBuilder::default();
        for track in ["a", "b", "c"].map(|name| builder.track(name)) {
            builder.add(track, START, Some(track as u16), 1);
        }
        builder.fold([(0, 2)]);
        assert_eq!(builder.settle().compact(), BTreeMap::from([(1, 0), (2, 1)]));
        let added = builder.track("d");
        builder.add(added, START, None, 2);
        let counts =
            cells(&builder.finish()).into_iter().map(|((track, _), buckets)| (track, buckets.into_iter().collect()));
        let expected = [(0, vec![(1, 1)]), (1, vec![(0, 1), (2, 1)]), (2, vec![(FAILED, 2)])];
        assert_eq!(counts.collect::<Vec<(usize, Vec<_>)>>(), expected);
    }
}
