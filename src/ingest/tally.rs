//! Counters of the recorder: what is kept of an endpoint and of a custom metric while reading.

use std::collections::BTreeMap;

use super::buckets::Buckets;
use super::{Observation, Sampled};
use crate::model::{ALL, Direction, Endpoint, Histogram, Kind, Latency, Measurement, Resolution, Unit};

/// Nanoseconds per second.
const NANOS: f64 = 1e9;
/// Quantiles of a custom distribution that become metrics.
const QUANTILES: [&str; 4] = ["p50", "p90", "p95", "p99"];

/// What is counted of one endpoint.
pub(super) struct Counts {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Number of the endpoint in the timeline; transactions are not in it.
    pub(super) track: Option<usize>,
    pub(super) count: u64,
    pub(super) whole_milliseconds: bool,
    ok: Moments,
    failed: Moments,
    /// Latencies of the failed, and of all that have no place in the timeline.
    failed_buckets: Buckets,
    untimed_buckets: Buckets,
}

/// Exact count, sum and extremes, ns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments {
    pub(super) count: u64,
    pub(super) sum: u128,
    pub(super) min: u64,
    pub(super) max: u64,
}

impl Counts {
    pub(super) fn new(name: &str, kind: Kind, track: Option<usize>) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            track,
            count: 0,
            whole_milliseconds: true,
            ok: Moments::default(),
            failed: Moments::default(),
            failed_buckets: Buckets::default(),
            untimed_buckets: Buckets::default(),
        }
    }

    /// Counts an observation with a latency of `nanos` ns, which are in `bucket`, and returns its place in the timeline,
    /// if it has one.
    pub(super) fn add(&mut self, seen: &Observation<'_>, nanos: u64, bucket: u16) -> Option<usize> {
        let weight = u64::from(seen.weight);
        self.count += weight;
        self.whole_milliseconds &= nanos.is_multiple_of(1_000_000);
        if seen.ok {
            self.ok.add(nanos, weight);
            if self.track.is_none() || seen.start.is_none() {
                self.untimed_buckets.add(bucket, seen.weight);
            }
        } else {
            self.failed.add(nanos, weight);
            self.failed_buckets.add(bucket, seen.weight);
        }
        self.track
    }

    /// Counts requests that succeeded; `is_fine` says that a latency of them is no whole number of milliseconds.
    pub(super) fn add_all(&mut self, moments: &Moments, is_fine: bool) {
        self.count += moments.count;
        self.whole_milliseconds &= !is_fine;
        self.ok.merge(moments);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.whole_milliseconds &= other.whole_milliseconds;
        self.ok.merge(&other.ok);
        self.failed.merge(&other.failed);
        self.failed_buckets.merge(&other.failed_buckets);
        self.untimed_buckets.merge(&other.untimed_buckets);
    }

    /// The endpoint; `timed` are its successful latencies in the timeline.
    pub(super) fn finish(
        mut self,
        timed: Option<Histogram>,
        resolution: Resolution,
        duration: Option<f64>,
    ) -> Endpoint {
        let mut ok = timed.unwrap_or_default();
        if self.name != ALL {
            ok.merge(self.untimed_buckets.histogram());
        }
        let mut all = ok.clone();
        all.merge(self.failed_buckets.histogram());
        let mut moments = self.ok;
        moments.merge(&self.failed);
        Endpoint {
            name: self.name,
            kind: self.kind,
            count: Some(self.count),
            errors: Some(self.failed.count),
            throughput: duration.map(|seconds| self.count as f64 / seconds),
            latency: self.ok.latency(ok, resolution),
            latency_all: moments.latency(all, resolution),
            ..Endpoint::default()
        }
    }
}

/// Of nothing.
impl Default for Moments {
    fn default() -> Self {
        Self { count: 0, sum: 0, min: u64::MAX, max: 0 }
    }
}

impl Moments {
    #[inline]
    pub(super) fn add(&mut self, nanos: u64, weight: u64) {
        self.merge(&Self { count: weight, sum: u128::from(nanos) * u128::from(weight), min: nanos, max: nanos });
    }

    #[inline]
    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    fn latency(&self, histogram: Histogram, resolution: Resolution) -> Option<Latency> {
        (self.count > 0).then(|| Latency {
            count: Some(self.count),
            mean: Some(self.sum as f64 / self.count as f64 / NANOS),
            min: Some(self.min as f64 / NANOS),
            max: Some(self.max as f64 / NANOS),
            quantiles: BTreeMap::new(),
            histogram: Some(histogram),
            resolution,
        })
    }
}

/// What is counted of a custom metric.
pub(super) struct Tally {
    how: Sampled,
    count: u64,
    sum: f64,
    nonzero: u64,
    max: f64,
    last: f64,
    /// Buckets of a distribution; `None` once a value was negative, which the layout cannot hold.
    buckets: Option<Buckets>,
}

impl Tally {
    pub(super) fn new(how: Sampled) -> Self {
        let buckets = matches!(how, Sampled::Trend(_)).then(Buckets::default);
        Self { how, count: 0, sum: 0.0, nonzero: 0, max: f64::NEG_INFINITY, last: 0.0, buckets }
    }

    /// Counts a value that the metric had so many times.
    pub(super) fn add(&mut self, value: f64, times: u32) {
        if !value.is_finite() {
            return;
        }
        self.count += u64::from(times);
        self.sum += value * f64::from(times);
        self.nonzero += if value == 0.0 { 0 } else { u64::from(times) };
        self.max = self.max.max(value);
        self.last = value;
        let scaled = (value * self.scale()).round();
        match &mut self.buckets {
            Some(buckets) if value >= 0.0 => buckets.add(Histogram::bucket(scaled as u64), times),
            other => *other = None,
        }
    }

    /// Steps of the histogram per unit: nanoseconds for durations, thousandths for numbers, which may be large.
    fn scale(&self) -> f64 {
        if self.how == Sampled::Trend(Unit::Seconds) { NANOS } else { 1e3 }
    }

    /// The metrics of this one: `name` itself, or `name.p95` and so on for a distribution.
    pub(super) fn finish(&mut self, name: &str, duration: Option<f64>) -> Vec<Measurement> {
        let measured = |name: String, value: f64, unit: Unit, better: Direction| Measurement {
            name,
            value,
            unit: Some(unit),
            better: Some(better),
        };
        let single = |value, unit, better| vec![measured(name.to_owned(), value, unit, better)];
        match self.how {
            _ if self.count == 0 => Vec::new(),
            Sampled::Counter(Unit::Bytes) => single(self.sum, Unit::Bytes, Direction::Down),
            Sampled::Counter(_) => match duration.filter(|d| *d > 0.0) {
                Some(seconds) => single(self.sum / seconds, Unit::PerSecond, Direction::Up),
                None => single(self.sum, Unit::Count, Direction::Up),
            },
            Sampled::Gauge(unit) => single(self.last, unit, Direction::Down),
            Sampled::Rate => single(self.nonzero as f64 / self.count as f64, Unit::Ratio, Direction::Up),
            Sampled::Trend(unit) => self
                .distribution()
                .into_iter()
                .map(|(figure, value)| measured(format!("{name}.{figure}"), value, unit, Direction::Down))
                .collect(),
        }
    }

    fn distribution(&mut self) -> Vec<(&'static str, f64)> {
        let (mut figures, scale) = (vec![("mean", self.sum / self.count as f64), ("max", self.max)], self.scale());
        if let Some(histogram) = self.buckets.as_mut().map(Buckets::histogram) {
            let fine = Resolution { step: 1.0 / NANOS, digits: None };
            let value = |name| Some((name, histogram.quantile(crate::model::quantile_of(name)?, fine)?));
            figures.extend(QUANTILES.into_iter().filter_map(value).map(|(n, v)| (n, v * NANOS / scale)));
        }
        figures
    }
}

/// The run as a whole from its endpoints: counts, errors and rates add up, quantiles do not.
pub(super) fn sum(endpoints: &[Endpoint], duration: Option<f64>) -> Option<Endpoint> {
    let requests: Vec<&Endpoint> = endpoints.iter().filter(|e| e.kind == Kind::Request).collect();
    if requests.is_empty() {
        return None;
    }
    let add = |figure: fn(&Endpoint) -> Option<u64>| requests.iter().map(|e| figure(e)).sum::<Option<u64>>();
    let count = add(|e| e.count);
    let counted = count.zip(duration.filter(|d| *d > 0.0)).map(|(n, seconds)| n as f64 / seconds);
    let rate = counted.or_else(|| requests.iter().map(|e| e.throughput).sum());
    Some(Endpoint {
        name: ALL.to_owned(),
        count,
        errors: add(|e| e.errors),
        throughput: rate,
        latency: pooled(&requests, |e| e.latency.as_ref()),
        latency_all: pooled(&requests, |e| e.latency_all.as_ref()),
        ..Endpoint::default()
    })
}

/// Moments add up, and so do histograms where every endpoint has one; quantiles are never averaged.
fn pooled(endpoints: &[&Endpoint], of: fn(&Endpoint) -> Option<&Latency>) -> Option<Latency> {
    let parts: Vec<&Latency> = endpoints.iter().map(|e| of(e)).collect::<Option<_>>()?;
    let count = parts.iter().map(|l| l.count).sum::<Option<u64>>();
    let weighted = |l: &&Latency| Some(l.mean? * l.count? as f64);
    let sum = parts.iter().map(weighted).sum::<Option<f64>>();
    let fold = |figure: fn(&Latency) -> Option<f64>, pick: fn(f64, f64) -> f64| {
        parts.iter().map(|l| figure(l)).collect::<Option<Vec<_>>>()?.into_iter().reduce(pick)
    };
    let mut histogram = Some(Histogram::default());
    for part in &parts {
        match (&mut histogram, &part.histogram) {
            (Some(pooled), Some(part)) => pooled.merge(part),
            _ => histogram = None,
        }
    }
    Some(Latency {
        count,
        mean: sum.zip(count).filter(|(_, n)| *n > 0).map(|(sum, n)| sum / n as f64),
        min: fold(|l| l.min, f64::min),
        max: fold(|l| l.max, f64::max),
        quantiles: BTreeMap::new(),
        histogram,
        resolution: parts.iter().fold(Resolution::FINE, |coarsest, l| coarsest.coarser(l.resolution)),
    })
}
