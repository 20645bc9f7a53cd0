//! The requests of a run, and what the product makes of them.

use perf_gate::ingest::{self, Label, Observation, Options, Recorder};
use perf_gate::model::{Endpoint, Histogram, Kind, Latency, Record, Run, Series, TimelineBuilder, Unit};
use perf_gate::stats::{SummarySettings, summarize};

use super::weather::Weather;
use super::{Arrivals, Chance, Circumstances, Injection, Scenario};

/// Start of the first run, Unix time in ns.
const EPOCH: i64 = 1_795_225_991_000_000_000;
/// Nanoseconds per second.
const NANOS: f64 = 1e9;
/// How unequal the pauses of a user are: the shortest and the longest, as shares of the mean.
const PAUSES: (f64, f64) = (0.5, 1.5);
/// Memory of a quiet service, bytes.
const MEMORY: f64 = 4e8;
/// What memory grows by while caches fill, as a share, and in what time, s.
const GROWTH: (f64, f64) = (0.15, 20.0);
/// What garbage adds until it is collected, as a share, and how often that is, s.
const GARBAGE: (f64, f64) = (0.08, 12.0);
/// Log s.d. of one look at memory.
const LOOK: f64 = 0.005;

/// One request of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Request {
    /// Number of the endpoint.
    pub(crate) endpoint: usize,
    /// Start, s from the start of the run.
    pub(crate) start: f64,
    /// Latency, s.
    pub(crate) latency: f64,
    /// Whether it succeeded.
    pub(crate) ok: bool,
}

impl Request {
    /// The bucket of its latency in a histogram of the product.
    pub(crate) fn bucket(&self) -> u16 {
        Histogram::bucket((self.latency * NANOS).round() as u64)
    }
}

/// Makes the requests of a run, user by user.
///
/// Users meet in the weather only: no queue is simulated, since what queues do to latencies is what waves and pauses do.
pub(crate) fn requests(
    scenario: &Scenario,
    circumstances: &Circumstances,
    injection: Injection,
    seed: u64,
    mut each: impl FnMut(Request),
) {
    let weather = Weather::new(scenario, circumstances, injection, &mut Chance::new(&[seed, u64::MAX]));
    for user in 0..scenario.users {
        let mut chance = Chance::new(&[seed, user as u64]);
        let mut start = chance.uniform() * scenario.cycle();
        while start < scenario.load.length {
            let bits = chance.bits();
            let endpoint = scenario.endpoint(bits);
            let share = chance.uniform();
            let tail = 1.0 + circumstances.tails[endpoint] * beyond_body(share);
            let usual = scenario.endpoints[endpoint].curve.at(share) * tail * injection.tail(endpoint, share);
            let latency = weather.latency(endpoint, start, usual);
            let ok = (bits >> 32) as f64 / 2_f64.powi(32) >= weather.errors(endpoint, start);
            each(Request { endpoint, start, latency, ok });
            start += gap(scenario, injection, latency, &mut chance);
        }
    }
}

/// What history keeps of a run, made by the product from slices of time as its recorder fills them; `each` sees every
/// request.
///
/// The recorder itself also counts what only reports show, and takes as long again.
pub(crate) fn record(
    scenario: &Scenario,
    circumstances: &Circumstances,
    injection: Injection,
    seed: u64,
    mut each: impl FnMut(Request),
) -> Record {
    let mut run = Run::new("simulated");
    let mut builder = TimelineBuilder::default();
    for endpoint in &scenario.endpoints {
        builder.track(endpoint.name);
        let latency = Some(Latency::default());
        run.endpoints.push(Endpoint { latency, ..Endpoint::new(endpoint.name) });
    }
    requests(scenario, circumstances, injection, seed, |request| {
        each(request);
        builder.add(request.endpoint, nanos(request.start), request.ok.then(|| request.bucket()), 1);
    });
    let mut timeline = builder.finish();
    timeline.tidy();
    run.timeline = Some(timeline);
    run.started_at = jiff::Timestamp::from_nanosecond(i128::from(EPOCH)).ok();
    finished(run, memory(scenario, circumstances, injection, seed), seed)
}

/// The same through the recorder of the product.
pub(crate) fn recorded(scenario: &Scenario, circumstances: &Circumstances, injection: Injection, seed: u64) -> Record {
    let mut recorder = Recorder::new(&Options { scenario: "simulated".to_owned(), ..Options::default() });
    requests(scenario, circumstances, injection, seed, |request| {
        recorder.observe(&Observation {
            label: Label::new(scenario.endpoints[request.endpoint].name),
            kind: Kind::Request,
            start: Some(nanos(request.start)),
            latency: ingest::nanos(request.latency),
            ok: request.ok,
            weight: 1,
        });
    });
    let run = recorder.finish().expect("simulated observations are sound");
    finished(run, memory(scenario, circumstances, injection, seed), seed)
}

/// What history keeps of a run whose requests are in.
fn finished(mut run: Run, memory: Series, seed: u64) -> Record {
    run.id = Some(format!("{seed:016x}"));
    run.resources.push(memory);
    summarize(&mut run, &SummarySettings::default());
    Record::of(&run).expect("a simulated run has an id, a start and a summary")
}

/// Unix time in ns of a time in the run, s.
fn nanos(start: f64) -> i64 {
    EPOCH + (start * NANOS) as i64
}

/// How far into the slower part a latency is that `share` are below: nothing at the fourth fifth, all at p95.
fn beyond_body(share: f64) -> f64 {
    ((share - 0.80) / 0.15).clamp(0.0, 1.0)
}

/// Time from a request to the same user's next one, s.
fn gap(scenario: &Scenario, injection: Injection, latency: f64, chance: &mut Chance) -> f64 {
    let kept = injection.throughput();
    match scenario.load.arrivals {
        Arrivals::Open => chance.exponential(scenario.pause) / kept,
        Arrivals::Closed => {
            let pause = scenario.pause * chance.between(PAUSES.0, PAUSES.1);
            latency + pause + scenario.cycle() * (1.0 / kept - 1.0)
        }
    }
}

/// Memory of the service, looked at once a second.
fn memory(scenario: &Scenario, circumstances: &Circumstances, injection: Injection, seed: u64) -> Series {
    let mut chance = Chance::new(&[seed, u64::MAX - 1]);
    let level = MEMORY * circumstances.memory.exp() * injection.memory();
    let phase = chance.uniform();
    let at = |second: usize| {
        let filled = 1.0 - (-(second as f64) / GROWTH.1).exp();
        let garbage = (second as f64 / GARBAGE.1 + phase).fract();
        let value = level * (1.0 + GROWTH.0 * filled + GARBAGE.0 * garbage) * chance.normal(LOOK).exp();
        (EPOCH as f64 / NANOS + second as f64, value)
    };
    let points = (0..scenario.load.length as usize).map(at).collect();
    Series { name: "memory".to_owned(), unit: Unit::Bytes, max: 0.0, mean: 0.0, last: 0.0, points }
}
