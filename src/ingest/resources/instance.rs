//! One series of one pod or host: its points, bounded in number, with exact maximum, mean and last value.

use super::Labels;

/// Points that are kept of a series; Prometheus answers with at most 11,000.
const MOST_POINTS: usize = 16_384;
/// Pieces of a series (a file for each hour, in any order); more say that the times are in no order.
const MOST_SEGMENTS: usize = 64;

/// One series: a name, labels, and points in the order of time.
pub(super) struct Instance {
    pub(super) name: String,
    pub(super) labels: Labels,
    pub(super) file: String,
    pub(super) counter: bool,
    segments: Vec<Segment>,
}

/// Points of a series, and exact figures of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Track {
    /// Unix time in s, and the level or (of a counter) the rate since the point before.
    pub(super) points: Vec<(f64, f64)>,
    /// Largest level or rate.
    pub(super) max: f64,
    /// Mean level, or the increase of a counter over its time.
    pub(super) mean: f64,
    /// Last level or rate.
    pub(super) last: f64,
}

/// A piece of a series in which time goes on.
struct Segment {
    /// Of a counter: what it would show had it never been restarted.
    points: Vec<(f64, f64)>,
    /// One of so many points is kept.
    stride: u64,
    count: u64,
    sum: f64,
    max: f64,
    /// The last point as it came.
    last: (f64, f64),
    /// What a counter showed before it was restarted.
    before: f64,
    rate: f64,
}

impl Instance {
    pub(super) fn new(name: &str, labels: &Labels, file: &str, counter: bool) -> Self {
        Self { name: name.to_owned(), labels: labels.clone(), file: file.to_owned(), counter, segments: Vec::new() }
    }

    /// Takes a point; `false` when time went back too often.
    pub(super) fn add(&mut self, time: f64, value: f64) -> bool {
        let (counter, pieces) = (self.counter, self.segments.len());
        match self.segments.last_mut() {
            Some(segment) if time == segment.last.0 => {}
            Some(segment) if time > segment.last.0 => segment.add(time, value, counter),
            _ if pieces >= MOST_SEGMENTS => return false,
            _ => self.segments.push(Segment::new(time, value)),
        }
        true
    }

    pub(super) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// The series as a whole; `None` where there is no value, or only one of a counter.
    pub(super) fn track(&self) -> Option<Track> {
        if let ([only], false) = (self.segments.as_slice(), self.counter) {
            let mean = only.sum / only.count as f64;
            return Some(Track { points: only.points(), max: only.max, mean, last: only.last.1 });
        }
        let joined = self.joined();
        if !self.counter {
            return level(joined);
        }
        let mut track = rate(&joined)?;
        if let [only] = self.segments.as_slice() {
            (track.max, track.last) = (only.max, only.rate);
        }
        Some(track)
    }

    /// The pieces in the order of time; where they overlap, the earlier one counts.
    fn joined(&self) -> Vec<(f64, f64)> {
        let mut segments: Vec<&Segment> = self.segments.iter().collect();
        segments.sort_by(|a, b| a.points[0].0.total_cmp(&b.points[0].0));
        let mut joined: Vec<(f64, f64)> = Vec::new();
        // Where the piece before ended, what it showed there, and what restarts hide of all before.
        let (mut end, mut shown, mut hidden) = (f64::NEG_INFINITY, 0.0, 0.0);
        for segment in segments {
            let new: Vec<_> = segment.points().into_iter().filter(|(time, _)| *time > end).collect();
            let Some((_, first)) = new.first() else { continue };
            if self.counter && *first < shown {
                hidden += shown;
            }
            joined.extend(new.iter().map(|(time, value)| (*time, value + hidden)));
            (end, shown) = segment.last;
            hidden += segment.before;
        }
        joined
    }
}

impl Segment {
    fn new(time: f64, value: f64) -> Self {
        Self {
            points: vec![(time, value)],
            stride: 1,
            count: 1,
            sum: value,
            // Of a counter this is no rate: the first one replaces it.
            max: value,
            last: (time, value),
            before: 0.0,
            rate: 0.0,
        }
    }

    fn add(&mut self, time: f64, value: f64, counter: bool) {
        let mut level = value;
        if counter {
            let restarted = value < self.last.1;
            let increase = if restarted { value } else { value - self.last.1 };
            self.before += if restarted { self.last.1 } else { 0.0 };
            level += self.before;
            self.rate = increase / (time - self.last.0);
            self.max = if self.count == 1 { self.rate } else { self.max.max(self.rate) };
        } else {
            self.max = self.max.max(value);
        }
        self.sum += value;
        self.last = (time, value);
        self.keep(time, level);
    }

    fn keep(&mut self, time: f64, level: f64) {
        if self.count.is_multiple_of(self.stride) {
            self.points.push((time, level));
        }
        self.count += 1;
        if self.points.len() > MOST_POINTS {
            let mut at = 0;
            self.points.retain(|_| {
                at += 1;
                at % 2 == 1
            });
            self.stride *= 2;
        }
    }

    /// The points that are kept, and the last.
    fn points(&self) -> Vec<(f64, f64)> {
        let mut points = self.points.clone();
        if points.last().is_some_and(|(time, _)| *time < self.last.0) {
            points.push((self.last.0, self.last.1 + self.before));
        }
        points
    }
}

/// Points of a level, with their figures.
pub(super) fn level(points: Vec<(f64, f64)>) -> Option<Track> {
    let (_, last) = *points.last()?;
    let mean = points.iter().map(|(_, value)| value).sum::<f64>() / points.len() as f64;
    let max = points.iter().map(|(_, value)| *value).fold(f64::NEG_INFINITY, f64::max);
    Some(Track { points, max, mean, last })
}

/// The rates of a counter that is never restarted.
fn rate(points: &[(f64, f64)]) -> Option<Track> {
    let between = |pair: &[(f64, f64)]| (pair[1].0, (pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0));
    let track = level(points.windows(2).map(between).collect())?;
    let ((start, from), (end, to)) = (points[0], points[points.len() - 1]);
    Some(Track { mean: (to - from) / (end - start), ..track })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn instance(counter: bool, points: &[(f64, f64)]) -> Instance {
        let mut instance = Instance::new("x", &Labels::new(), "file", counter);
        assert!(points.iter().all(|(time, value)| instance.add(*time, *value)));
        instance
    }

    #[test]
    fn a_counter_becomes_a_rate_and_a_restart_no_negative_one() {
        let track = instance(true, &[(0.0, 5.0), (1.0, 6.0), (2.0, 8.0), (3.0, 0.5), (4.0, 1.0)]).track().unwrap();
        assert_eq!(track.points, [(1.0, 1.0), (2.0, 2.0), (3.0, 0.5), (4.0, 0.5)]);
        assert_eq!((track.max, track.mean, track.last), (2.0, 1.0, 0.5));
        assert_eq!(instance(true, &[(0.0, 5.0)]).track(), None);
    }

    #[test]
    fn many_points_are_thinned_and_the_figures_stay_exact() {
        let points: Vec<(f64, f64)> = (0..100_000).map(|i| (f64::from(i), f64::from(i % 1_001))).collect();
        let track = instance(false, &points).track().unwrap();
        assert!(track.points.len() <= MOST_POINTS + 1 && track.points.len() > MOST_POINTS / 4);
        let exact = points.iter().map(|p| p.1).sum::<f64>() / 100_000.0;
        assert_eq!((track.max, track.mean, track.last), (1000.0, exact, points[99_999].1));
        assert_eq!(track.points.last(), points.last());
    }

    #[test]
    fn pieces_in_any_order_are_one_series() {
        let (whole, halves) = ([(1.0, 3.0), (2.0, 4.0), (3.0, 6.0)], [(3.0, 6.0), (1.0, 3.0), (2.0, 4.0)]);
        for counter in [false, true] {
            assert_eq!(instance(counter, &halves).track(), instance(counter, &whole).track());
        }
        let descending: Vec<(f64, f64)> = (0..200).map(|i| (-f64::from(i), 1.0)).collect();
        let mut instance = Instance::new("x", &Labels::new(), "file", false);
        assert!(!descending.iter().all(|(time, value)| instance.add(*time, *value)));
    }

    proptest! {
        #[test]
        fn rates_are_never_negative(points in prop::collection::vec((0.0..1e6_f64, 0.0..1e6_f64), 0..60)) {
            let mut instance = Instance::new("x", &Labels::new(), "file", true);
            points.iter().for_each(|(time, value)| { instance.add(*time, *value); });
            if let Some(track) = instance.track() {
                prop_assert!(track.points.iter().all(|(_, rate)| *rate >= 0.0));
                prop_assert!(track.points.is_sorted_by(|a, b| a.0 < b.0));
            }
        }
    }
}
