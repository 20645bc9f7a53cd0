//! What happens to the service while a run lasts; it makes neighbouring requests alike.

use super::{Chance, Circumstances, Injection, Scenario};

/// Width of the cells of time in which the service stays as it is, s: much less than any wave lasts.
pub(super) const CELL: f64 = 0.5;

/// How much slower the first request is: caches are cold, code is not compiled yet.
const WARM_UP: f64 = 0.6;
/// Time in which that falls to a third, s: it is gone when a tenth of a usual run is over.
const WARM_UP_TIME: f64 = 4.0;
/// Waves of load that all endpoints share: log s.d. and the time they last, s.
const COMMON_WAVE: (f64, f64) = (0.04, 8.0);
/// The same of each endpoint.
const OWN_WAVE: (f64, f64) = (0.06, 5.0);
/// Waves of the error rate of each endpoint: errors come a little together.
const ERROR_WAVE: (f64, f64) = (0.6, 3.0);
/// Mean time between pauses of the whole service, s, and their mean length, s: a full collection, a checkpoint.
const STALL: (f64, f64) = (25.0, 0.2);
/// Longest pause, s.
const LONGEST_STALL: f64 = 1.0;

/// The service over the time of a run.
pub(super) struct Weather {
    cells: usize,
    /// Factor of latencies, by endpoint and cell.
    level: Vec<f64>,
    /// Share of requests that fail, by endpoint and cell.
    errors: Vec<f64>,
    /// Pauses in order; one that never comes ends them.
    stalls: Vec<(f64, f64)>,
    /// By cell, the first pause that is not over when it starts.
    next_stall: Vec<usize>,
}

impl Weather {
    /// The weather of a run with these circumstances.
    pub(super) fn new(
        scenario: &Scenario,
        circumstances: &Circumstances,
        injection: Injection,
        chance: &mut Chance,
    ) -> Self {
        let cells = (scenario.load.length / CELL).ceil() as usize + 1;
        let stalls = stalls(scenario.load.length, chance);
        let common = wave(cells, COMMON_WAVE, chance);
        let (mut level, mut errors) = (Vec::new(), Vec::new());
        for (number, endpoint) in scenario.endpoints.iter().enumerate() {
            let base = circumstances.run + circumstances.endpoints[number];
            let own = wave(cells, OWN_WAVE, chance);
            level.extend((0..cells).map(|cell| {
                let cold = 1.0 + WARM_UP * (-(cell as f64) * CELL / WARM_UP_TIME).exp();
                (base + common[cell] + own[cell]).exp() * cold * injection.latency(number)
            }));
            let rate = endpoint.error_rate * circumstances.errors[number].exp();
            let bursts = wave(cells, ERROR_WAVE, chance);
            let mean = (0.5 * ERROR_WAVE.0 * ERROR_WAVE.0).exp();
            errors.extend(bursts.iter().map(|burst| rate * burst.exp() / mean + injection.errors(number)));
        }
        let over = |cell: usize| stalls.partition_point(|(_, end)| *end <= cell as f64 * CELL);
        Self { cells, level, errors, next_stall: (0..cells).map(over).collect(), stalls }
    }

    /// How long a request of `endpoint` that starts at `start` and would take `latency` s on a usual day takes.
    pub(super) fn latency(&self, endpoint: usize, start: f64, latency: f64) -> f64 {
        let cell = (start / CELL) as usize;
        let latency = latency * self.level[endpoint * self.cells + cell];
        let mut next = self.next_stall[cell];
        while self.stalls[next].1 <= start {
            next += 1;
        }
        let (from, to) = self.stalls[next];
        // What had not ended when the service paused goes on when it does.
        if from < start + latency { latency + to - from.max(start) } else { latency }
    }

    /// The share of the requests of `endpoint` that fail at that time.
    pub(super) fn errors(&self, endpoint: usize, start: f64) -> f64 {
        self.errors[endpoint * self.cells + (start / CELL) as usize]
    }
}

/// Values around 0 that each follow from the one before: an Ornstein–Uhlenbeck process, looked at once a cell.
fn wave(cells: usize, (sd, time): (f64, f64), chance: &mut Chance) -> Vec<f64> {
    let kept = (-CELL / time).exp();
    let fresh = sd * (1.0 - kept * kept).sqrt();
    let mut value = chance.normal(sd);
    let step = |_| {
        let now = value;
        value = kept * value + chance.normal(fresh);
        now
    };
    (0..cells).map(step).collect()
}

/// Pauses of the service: start and end, s.
fn stalls(length: f64, chance: &mut Chance) -> Vec<(f64, f64)> {
    let mut stalls = Vec::new();
    let mut end = 0.0;
    loop {
        let start = end + chance.exponential(STALL.0);
        end = start + chance.exponential(STALL.1).min(LONGEST_STALL);
        if start > length {
            break;
        }
        stalls.push((start, end));
    }
    stalls.push((f64::INFINITY, f64::INFINITY));
    stalls
}
