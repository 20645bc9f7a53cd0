//! The run of all that was taken.

use anyhow::Result;

use super::super::tally::{self, Counts};
use super::Recorder;
use crate::model::{ALL, Endpoint, Histogram, Interval, Kind, Resolution, Run, Timeline, Track};

/// Why a run without requests is invalid.
pub(in crate::ingest) const ZERO_REQUESTS: &str = "zero requests";
/// Endpoints that are kept apart at the end.
pub(super) const MOST_ENDPOINTS: usize = 1_000;
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

impl Recorder {
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
        for (name, number) in &self.metrics {
            self.run.metrics.extend(self.tallies[*number].finish(name, self.run.duration));
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
        let mut by_track = timeline.map(|track| timed(&timeline, track, resolution));
        for counts in counts {
            let (is_request, name) = (counts.kind == Kind::Request, &counts.name);
            let number = timeline.tracks().binary_search_by(|track| track.name.cmp(name)).ok().filter(|_| is_request);
            if is_request {
                total.merge(&counts);
            }
            let (latencies, intervals) = number.map(|number| std::mem::take(&mut by_track[number])).unzip();
            let mut endpoint = counts.finish(latencies, resolution, duration);
            endpoint.intervals = intervals.filter(|_| !self.untimed).unwrap_or_default();
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
            self.run.total = totals.pop().or_else(|| tally::sum(&endpoints, self.run.duration));
            totals.extend(self.run.total.take());
            endpoints.sort_by_key(|endpoint| std::cmp::Reverse(endpoint.count));
            endpoints.truncate(MOST_ENDPOINTS);
            endpoints.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        }
        self.run.total = totals.pop().or_else(|| tally::sum(&endpoints, self.run.duration));
        self.run.endpoints = endpoints;
        Ok(())
    }
}

/// Whole milliseconds where every latency is one, else finer than matters.
fn resolution_of(endpoints: &[Counts]) -> Resolution {
    let whole = endpoints.iter().all(|e| e.whole_milliseconds);
    if whole { Resolution::MILLISECOND } else { Resolution::FINE }
}

/// The latencies of an endpoint's successful requests, and the parts of its run that are kept for trends and charts.
fn timed(timeline: &Timeline, track: &Track, resolution: Resolution) -> (Histogram, Vec<Interval>) {
    let span = timeline.span();
    let width = INTERVAL.max((span / MOST_INTERVALS / INTERVAL).ceil() * INTERVAL);
    let parts = (span / width).ceil().max(1.0);
    // The middle of the first slice may lie before the first request.
    let before = (timeline.slice_width() / 2.0).max(1.0);
    let mut intervals = Vec::new();
    let latencies = timeline.blocks(track, -before, parts * width, parts as usize, |block| {
        intervals.push(Interval {
            at: intervals.len() as f64 * width,
            count: block.count,
            errors: block.errors,
            p50: block.ok.quantile(0.5, resolution),
            p95: block.ok.quantile(0.95, resolution),
        });
    });
    (latencies, if span > 0.0 { intervals } else { Vec::new() })
}

/// The latencies of the successful requests of all endpoints.
fn pool<'a>(endpoints: impl Iterator<Item = &'a Endpoint>) -> Option<Histogram> {
    Some(Histogram::sum(endpoints.filter_map(|e| e.latency.as_ref()?.histogram.as_ref())))
}
