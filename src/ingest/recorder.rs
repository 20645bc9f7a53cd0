//! The recorder: observations in, a run out; the only mutable state of ingest.
//!
//! Sums are kept in whole nanoseconds, so that the order of the observations changes nothing.

use std::collections::BTreeMap;

use anyhow::Result;

use super::endpoints::Endpoints;
use super::failures::Failures;
use super::resources::Resources;
use super::tally::{Counts, Tally};
use super::{Observation, Options};
use crate::model::{ALL, Block, Endpoint, Histogram, Interval, Kind, Resolution, Run, Timeline, Track, Unit};

/// Why a run without requests is invalid.
pub(super) const ZERO_REQUESTS: &str = "zero requests";
/// Endpoints that are kept apart at the end.
const MOST_ENDPOINTS: usize = 1_000;
/// Share of observations that may be unusable (negative, not finite, at an impossible time) before a run is invalid.
const MOST_UNUSABLE: f64 = 0.01;
/// Width of the intervals that are kept for trends and charts, s.
const INTERVAL: f64 = 30.0;
/// Most intervals of a run; a longer run has wider ones.
const MOST_INTERVALS: f64 = 240.0;
/// What to do about too many endpoints.
const NAME_REQUESTS: &str =
    "do labels hold ids? give requests a name (k6: the name tag, JMeter: the label, Locust: name=)";
/// Nanoseconds per second.
const NANOS: f64 = 1e9;
/// A part of the run that is further away than this from the rest, s, is a step of the clock, not a pause.
const CLOCK_STEP: f64 = 6.0 * 3600.0;

/// How values of a custom metric are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampled {
    /// A distribution, of durations in seconds or of numbers.
    Trend(Unit),
    /// Amounts to be added up.
    Counter(Unit),
    /// A level, the last value of which counts.
    Gauge(Unit),
    /// A share of values that are not 0.
    Rate,
}

/// Takes what a format's reader sees and makes the [`Run`] of it.
pub struct Recorder {
    run: Run,
    endpoints: Endpoints,
    aggregates: Vec<Endpoint>,
    tallies: BTreeMap<String, Tally>,
    failures: Failures,
    resources: Resources,
    seen: u64,
    unusable: u64,
    untimed: bool,
    adopted: bool,
    last_end: i64,
}

impl Recorder {
    /// A recorder of a run of the scenario that `options` names.
    pub fn new(options: &Options) -> Self {
        Self {
            run: Run::new(&options.scenario),
            endpoints: Endpoints::default(),
            aggregates: Vec::new(),
            tallies: BTreeMap::new(),
            failures: Failures::default(),
            resources: Resources::new(&options.resources),
            seen: 0,
            unusable: 0,
            untimed: false,
            adopted: false,
            last_end: i64::MIN,
        }
    }

    /// The run so far: the place for what a file says about the run as a whole (tool, load, warnings).
    pub fn run(&mut self) -> &mut Run {
        &mut self.run
    }

    /// Series of the system under test.
    pub fn resources(&mut self) -> &mut Resources {
        &mut self.resources
    }

    /// Takes a request. A latency that is negative is counted as unusable and left out.
    pub fn observe(&mut self, seen: &Observation<'_>) {
        self.seen += u64::from(seen.weight);
        let Ok(latency) = u64::try_from(seen.latency) else {
            self.unusable += u64::from(seen.weight);
            return;
        };
        self.endpoints.add(seen, latency);
        match seen.start {
            // A transaction ends later than its last request, and is none itself.
            Some(start) if seen.kind == Kind::Request => {
                self.last_end = self.last_end.max(start.saturating_add(seen.latency));
            }
            Some(_) => {}
            None => self.untimed = true,
        }
    }

    /// Takes the final figures of an endpoint from a format that has no requests; [`ALL`] is the run as a whole.
    pub fn aggregate(&mut self, endpoint: Endpoint) {
        self.aggregates.push(endpoint);
    }

    /// Takes a value of a custom metric.
    pub fn sample(&mut self, metric: &str, how: Sampled, value: f64) {
        match self.tallies.get_mut(metric) {
            Some(tally) => tally.add(value),
            None => {
                let mut tally = Tally::new(how);
                tally.add(value);
                self.tallies.insert(metric.to_owned(), tally);
            }
        }
    }

    /// Takes `count` failures of one kind; `message` is in the tool's own words.
    pub fn failure(&mut self, endpoint: Option<&str>, message: &str, count: u64) {
        self.failures.add(endpoint, message, count);
    }

    /// Takes a whole run, as the native format has it.
    pub fn adopt(&mut self, run: Run) {
        let warnings = std::mem::replace(&mut self.run, run).warnings;
        warnings.into_iter().for_each(|warning| self.run.warn(warning.0));
        self.adopted = true;
    }

    /// Makes the run of all that was taken.
    ///
    /// # Errors
    /// The same endpoint given twice by formats that have final figures only: those cannot be added up. A resource
    /// that was asked for and is in no file.
    pub fn finish(mut self) -> Result<Run> {
        self.run.resources.extend(self.resources.finish(&mut self.run.warnings)?);
        if self.adopted {
            return Ok(self.run);
        }
        self.drop_clock_steps();
        self.endpoints.cap(MOST_ENDPOINTS);
        self.tell_unusable();
        let timeline = std::mem::take(&mut self.endpoints.timeline).finish();
        self.finish_times(&timeline);
        self.finish_endpoints(timeline)?;
        for (name, tally) in std::mem::take(&mut self.tallies) {
            self.run.metrics.extend(tally.finish(&name, self.run.duration));
        }
        self.run.failures = self.failures.finish();
        if self.run.total.as_ref().is_some_and(|total| total.count == Some(0)) {
            self.run.invalid.get_or_insert_with(|| ZERO_REQUESTS.to_owned());
        }
        Ok(self.run)
    }

    /// Leaves out of the timeline what lies hours away from the rest: a step of the clock or a wrong unit.
    fn drop_clock_steps(&mut self) {
        let timeline = self.endpoints.timeline.settle();
        let width = timeline.slice_width();
        let slices: Vec<(i64, u64)> = timeline.counts().into_iter().collect();
        let gap = |pair: &[(i64, u64)]| (pair[1].0 - pair[0].0) as f64 * width > CLOCK_STEP;
        let parts: Vec<&[(i64, u64)]> = slices.chunk_by(|a, b| !gap(&[*a, *b])).collect();
        let Some(largest) = parts.iter().max_by_key(|part| part.iter().map(|(_, n)| n).sum::<u64>()) else { return };
        if let ([(first, _), ..], [.., (last, _)], true) = (*largest, *largest, parts.len() > 1) {
            let dropped = timeline.keep(*first..=*last);
            self.unusable += dropped;
            self.last_end = ((*last + 1) as f64 * width * NANOS) as i64;
            self.run.warn(format!("{dropped} requests lie hours away from the rest: the clock stepped"));
        }
    }

    fn tell_unusable(&mut self) {
        if self.unusable == 0 {
            return;
        }
        let share = self.unusable as f64 / self.seen.max(1) as f64;
        let message =
            format!("{} of {} requests have an impossible latency or time and were left out", self.unusable, self.seen);
        if share > MOST_UNUSABLE {
            self.run.invalid.get_or_insert_with(|| message.clone());
        }
        self.run.warn(message);
    }

    fn finish_times(&mut self, timeline: &Timeline) {
        let Some(first) = timeline.first_start() else { return };
        self.run.started_at = jiff::Timestamp::from_nanosecond(i128::from(first)).ok();
        self.run.duration = Some(self.last_end.saturating_sub(first) as f64 / NANOS);
    }

    fn finish_endpoints(&mut self, mut timeline: Timeline) -> Result<()> {
        if self.seen == 0 {
            return self.finish_aggregates();
        }
        let duration = self.run.duration.filter(|d| *d > 0.0);
        timeline.tidy();
        let counts = std::mem::take(&mut self.endpoints.counts);
        let resolution = resolution_of(&counts);
        let mut total = Counts::new(ALL, Kind::Request, None);
        for counts in counts {
            let is_request = counts.kind == Kind::Request;
            let track = timeline.tracks().iter().find(|track| is_request && track.name == counts.name);
            if is_request {
                total.merge(&counts);
            }
            let mut endpoint = counts.finish(track.map(|track| timeline.latencies(track)), resolution, duration);
            if let Some(track) = track.filter(|_| !self.untimed) {
                endpoint.intervals = intervals(&timeline, track, resolution);
            }
            self.run.endpoints.push(endpoint);
        }
        self.run.endpoints.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        let pooled = pool(self.run.requests());
        self.run.total = Some(total.finish(pooled, resolution, duration));
        if self.endpoints.were_merged() {
            self.run
                .warn(format!("more than 1,000 endpoints: the rarer ones were merged into (other); {NAME_REQUESTS}"));
        }
        self.run.timeline = (!self.untimed).then_some(timeline);
        Ok(())
    }

    /// Final figures as the file gave them; the run as a whole is added up where the file does not have it.
    fn finish_aggregates(&mut self) -> Result<()> {
        let (mut totals, endpoints): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.aggregates).into_iter().partition(|e| e.name == ALL);
        let mut endpoints = endpoints;
        endpoints.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        let twice = endpoints.windows(2).find(|p| (p[0].kind, &p[0].name) == (p[1].kind, &p[1].name));
        if let Some(pair) = twice {
            anyhow::bail!(
                "endpoint '{}' comes twice, and final figures cannot be added up: give one file, or raw results of each",
                pair[0].name
            );
        }
        anyhow::ensure!(totals.len() <= 1, "two files with final figures of a run: give one, or raw results of each");
        if endpoints.len() > MOST_ENDPOINTS {
            self.run.warn(format!(
                "{} endpoints: only the {MOST_ENDPOINTS} most frequent were kept; {NAME_REQUESTS}",
                endpoints.len()
            ));
            self.run.total = totals.pop().or_else(|| super::tally::sum(&endpoints, self.run.duration));
            totals.extend(self.run.total.take());
            endpoints.sort_by_key(|endpoint| std::cmp::Reverse(endpoint.count));
            endpoints.truncate(MOST_ENDPOINTS);
            endpoints.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        }
        self.run.total = totals.pop().or_else(|| super::tally::sum(&endpoints, self.run.duration));
        self.run.endpoints = endpoints;
        Ok(())
    }
}

/// Whole milliseconds where every latency is one, else finer than matters.
fn resolution_of(endpoints: &[Counts]) -> Resolution {
    let whole = endpoints.iter().all(|e| e.whole_milliseconds);
    if whole { Resolution::MILLISECOND } else { Resolution::FINE }
}

/// The parts of an endpoint's run that are kept for trends and charts.
fn intervals(timeline: &Timeline, track: &Track, resolution: Resolution) -> Vec<Interval> {
    let span = timeline.span();
    if span <= 0.0 {
        return Vec::new();
    }
    let width = INTERVAL.max((span / MOST_INTERVALS / INTERVAL).ceil() * INTERVAL);
    let parts = (span / width).ceil().max(1.0);
    let blocks = timeline.blocks(track, -1.0, parts * width, parts as usize);
    let interval = |(at, block): (usize, &Block)| Interval {
        at: at as f64 * width,
        count: block.count,
        errors: block.errors,
        p50: block.ok.quantile(0.5, resolution),
        p95: block.ok.quantile(0.95, resolution),
    };
    blocks.iter().enumerate().map(interval).collect()
}

/// The latencies of the successful requests of all endpoints.
fn pool<'a>(endpoints: impl Iterator<Item = &'a Endpoint>) -> Option<Histogram> {
    let mut pooled = Histogram::default();
    endpoints.filter_map(|e| e.latency.as_ref()?.histogram.as_ref()).for_each(|h| pooled.merge(h));
    Some(pooled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::{Label, nanos};

    fn request(label: &str, start: i64, latency: f64, ok: bool) -> Observation<'_> {
        let (label, latency) = (Label::new(label), nanos(latency));
        Observation { label, kind: Kind::Request, start: Some(start), latency, ok, weight: 1 }
    }

    fn at(seconds: f64) -> i64 {
        1_795_225_991_000_000_000 + (seconds * NANOS) as i64
    }

    #[test]
    fn successes_and_failures_are_kept_apart() {
        let mut recorder = Recorder::new(&Options::default());
        for i in 0..100 {
            recorder.observe(&request("GET /", at(f64::from(i) / 10.0), 0.020, true));
        }
        recorder.observe(&request("GET /", at(5.0), 0.0, false));
        let run = recorder.finish().unwrap();
        let total = run.total.unwrap();
        assert_eq!((total.count, total.errors), (Some(101), Some(1)));
        assert_eq!(total.latency.unwrap().min, Some(0.020));
        assert_eq!(run.endpoints[0].latency_all.as_ref().unwrap().min, Some(0.0));
        assert!((run.duration.unwrap() - 9.92).abs() < 1e-9);
    }

    #[test]
    fn unusable_latencies_are_counted_and_many_make_a_run_invalid() {
        let mut recorder = Recorder::new(&Options::default());
        for i in 0..100 {
            let latency = if i < 2 { -0.001 } else { 0.001 };
            recorder.observe(&request("a", at(f64::from(i)), latency, true));
        }
        recorder.observe(&request("a", at(1.0), f64::NAN, true));
        let run = recorder.finish().unwrap();
        assert_eq!(run.total.unwrap().count, Some(98));
        assert!(run.invalid.unwrap().starts_with("3 of 101 requests"));
    }

    #[test]
    fn a_step_of_the_clock_is_left_out_of_the_timeline() {
        let mut recorder = Recorder::new(&Options::default());
        for i in 0..1_000 {
            recorder.observe(&request("a", at(f64::from(i) / 10.0), 0.001, true));
        }
        recorder.observe(&request("a", 0, 0.001, true));
        let run = recorder.finish().unwrap();
        assert!(run.duration.unwrap() < 101.0 && run.invalid.is_none());
        assert!(run.warnings.iter().any(|w| w.0.contains("clock stepped")));
    }

    #[test]
    fn a_hundred_thousand_labels_become_a_thousand() {
        let mut recorder = Recorder::new(&Options::default());
        for i in 0..100_000_u32 {
            recorder.observe(&request(&format!("/item/{i}"), at(f64::from(i) / 1000.0), 0.001, i % 50 > 0));
            recorder.observe(&request("/often", at(f64::from(i) / 1000.0), 0.002, true));
        }
        let run = recorder.finish().unwrap();
        assert!(run.endpoints.len() <= MOST_ENDPOINTS + 1, "{}", run.endpoints.len());
        let sum: u64 = run.endpoints.iter().filter_map(|e| e.count).sum();
        assert_eq!((sum, run.total.unwrap().count), (200_000, Some(200_000)));
        let often = run.endpoints.iter().find(|e| e.name == "/often").unwrap();
        assert_eq!(often.count, Some(100_000));
        assert_eq!(often.latency.as_ref().unwrap().histogram.as_ref().unwrap().count(), 100_000);
        assert!(run.warnings.iter().any(|w| w.0.contains("(other)")));
    }

    #[test]
    fn no_requests_are_invalid_and_not_green() {
        let mut recorder = Recorder::new(&Options::default());
        recorder.aggregate(Endpoint { count: Some(0), errors: Some(0), ..Endpoint::new(ALL) });
        assert_eq!(recorder.finish().unwrap().invalid.as_deref(), Some("zero requests"));
    }
}
