//! The recorder: observations in, a run out; the only mutable state of ingest.
//!
//! Sums are kept in whole nanoseconds, so that the order of the observations changes nothing.

mod finish;

use std::collections::BTreeMap;

use super::endpoints::{Endpoints, Found};
use super::failures::Failures;
use super::names::Names;
use super::resources::Resources;
use super::successes::{Success, Successes};
use super::tally::Tally;
use super::{Label, Observation, Options};
use crate::model::{Endpoint, Kind, Run, Unit};
pub(super) use finish::ZERO_REQUESTS;

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
    /// Numbers of custom metrics by name, and what is counted of each.
    metrics: BTreeMap<String, usize>,
    tallies: Vec<Tally>,
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
            metrics: BTreeMap::new(),
            tallies: Vec::new(),
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
        self.observe_again(seen, &mut Found::default());
    }

    /// The same; `found` tells where the endpoint is, and is told where the label and kind were not seen before.
    #[inline]
    pub fn observe_again(&mut self, seen: &Observation<'_>, found: &mut Found) {
        self.seen += u64::from(seen.weight);
        let Ok(latency) = u64::try_from(seen.latency) else {
            self.unusable += u64::from(seen.weight);
            return;
        };
        self.endpoints.add(seen, latency, found);
        match seen.start {
            // A transaction ends later than its last request, and is none itself.
            Some(start) if seen.kind == Kind::Request => {
                self.last_end = self.last_end.max(start.saturating_add(seen.latency));
            }
            Some(_) => {}
            None => self.untimed = true,
        }
    }

    /// Whether requests and transactions of these labels, and `more` of others, can be taken in any order: where labels
    /// are too many, which of them are merged depends on those before.
    pub(super) fn has_room(&self, labels: &Names, more: usize) -> bool {
        self.endpoints.has_room(labels, more)
    }

    /// The same of `more` labels, whichever they are.
    pub(super) fn has_room_for(&self, more: usize) -> bool {
        self.endpoints.has_room_for(more)
    }

    /// Takes successful requests that were counted by number of their label; [`Recorder::has_room`] must hold.
    pub(super) fn observe_all(&mut self, labels: &Names, successes: &Successes) {
        for (number, success) in successes.iter() {
            self.observe_counted(labels.label(number), success, &mut Found::default());
        }
    }

    /// Takes those of one label; `found` is as in [`Recorder::observe_again`].
    pub(super) fn observe_counted(&mut self, label: Label<'_>, success: &Success, found: &mut Found) {
        self.seen += success.moments.count;
        self.endpoints.add_all(label, success, found);
        self.last_end = success.span.map_or(self.last_end, |span| self.last_end.max(span.last_end));
    }

    /// Takes the final figures of an endpoint from a format that has no requests; [`ALL`](crate::model::ALL) is all.
    pub fn aggregate(&mut self, endpoint: Endpoint) {
        self.aggregates.push(endpoint);
    }

    /// Takes a value of a custom metric that it had so many times; `found` tells where the metric is, and is told where it was
    /// not seen before.
    pub(super) fn sample(&mut self, metric: &str, how: Sampled, value: f64, times: u32, found: &mut Option<usize>) {
        let number = *found.get_or_insert_with(|| match self.metrics.get(metric) {
            Some(number) => *number,
            None => {
                self.metrics.insert(metric.to_owned(), self.tallies.len());
                self.tallies.push(Tally::new(how));
                self.tallies.len() - 1
            }
        });
        self.tallies[number].add(value, times);
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
}

#[cfg(test)]
mod tests {
    use super::super::nanos;
    use super::finish::MOST_ENDPOINTS;
    use super::*;
    use crate::model::ALL;

    /// Nanoseconds per second.
    const NANOS: f64 = 1e9;

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
    fn every_request_is_in_an_interval_however_long_the_run_is() {
        for hours in [0.01, 1.0, 3.0, 9.0] {
            let mut recorder = Recorder::new(&Options::default());
            // The first lies at the end of its slice, the middle of which is before it.
            (0..5_000)
                .for_each(|i| recorder.observe(&request("a", at(0.9 + hours * 0.72 * f64::from(i)), 0.001, true)));
            let run = recorder.finish().unwrap();
            let sum: u64 = run.endpoints[0].intervals.iter().map(|interval| interval.count).sum();
            let latencies = run.endpoints[0].latency.as_ref().unwrap().histogram.as_ref().unwrap().count();
            assert_eq!((sum, latencies), (5_000, 5_000), "{hours} h");
        }
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
