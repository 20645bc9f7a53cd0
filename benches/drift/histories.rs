//! Seeded histories of one series, with the shifts that are in them.

use serde::Serialize;

/// Runs of a history with one step, and of one with several; a step has at least `MARGIN` runs on either side.
const SHORT: usize = 100;
const LONG: usize = 200;
const MARGIN: usize = 10;
/// Steps of a history with several.
const SEVERAL: usize = 4;
/// Runs before a slow drift, and runs that drift.
const BEFORE_DRIFT: usize = 60;
const DRIFTING: usize = 40;

/// A series of log figures and the truth about it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct History {
    /// What is in it: `stationary`, `step 20 %`, `several`, `drift 1.5 %`.
    pub(crate) case: String,
    /// How it scatters: `5 %, outliers`.
    pub(crate) noise: &'static str,
    /// Log figures, one a run.
    pub(crate) values: Vec<f64>,
    /// First runs of new levels, in order.
    pub(crate) steps: Vec<usize>,
    /// First run of a slow drift.
    pub(crate) drift: Option<usize>,
}

/// How runs differ when nothing changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noise {
    /// As the table shows it.
    pub(crate) name: &'static str,
    /// Standard deviation from run to run.
    sd: f64,
    /// Lag-1 autocorrelation: a slow machine stays for a while.
    correlation: f64,
    /// Share of runs with a noisy neighbour, +15…50 %.
    outliers: f64,
}

/// The kinds of noise: what measured histories of load tests show.
pub(crate) const NOISES: [Noise; 6] = [
    Noise { name: "3 %", sd: 0.03, correlation: 0.0, outliers: 0.0 },
    Noise { name: "5 %", sd: 0.05, correlation: 0.0, outliers: 0.0 },
    Noise { name: "7 %", sd: 0.07, correlation: 0.0, outliers: 0.0 },
    Noise { name: "5 %, outliers", sd: 0.05, correlation: 0.0, outliers: 0.05 },
    Noise { name: "5 %, AR(1) 0.3", sd: 0.05, correlation: 0.3, outliers: 0.0 },
    Noise { name: "5 %, AR(1) 0.5, outliers", sd: 0.05, correlation: 0.5, outliers: 0.05 },
];

/// Relative sizes of single steps; the sign is chance.
pub(crate) const SIZES: [f64; 4] = [0.05, 0.10, 0.20, 0.30];
/// Growth a run of slow drifts.
pub(crate) const DRIFTS: [f64; 3] = [0.01, 0.015, 0.02];

/// All histories: `each` of every case and noise.
pub(crate) fn all(seed: u64, each: usize) -> Vec<History> {
    let mut chance = Chance(seed);
    let mut histories = Vec::new();
    for noise in &NOISES {
        for _ in 0..each {
            histories.push(made("stationary".to_owned(), noise, &[], LONG, &mut chance));
            for size in SIZES {
                let at = chance.between(MARGIN, SHORT - MARGIN);
                let steps = [(at, chance.signed(size))];
                histories.push(made(format!("step {:.0} %", 100.0 * size), noise, &steps, SHORT, &mut chance));
            }
            let steps = several(&mut chance);
            histories.push(made("several".to_owned(), noise, &steps, LONG, &mut chance));
            for growth in DRIFTS {
                histories.push(drifting(growth, noise, &mut chance));
            }
        }
    }
    histories
}

/// A history whose level changes by these relative sizes at these runs.
pub(crate) fn made(case: String, noise: &Noise, steps: &[(usize, f64)], runs: usize, chance: &mut Chance) -> History {
    let mut values = noise.values(runs, chance);
    for (at, size) in steps {
        values[*at..].iter_mut().for_each(|y| *y += size.ln_1p());
    }
    History { case, noise: noise.name, values, steps: steps.iter().map(|(at, _)| *at).collect(), drift: None }
}

/// Steps of 10…30 %, one somewhere in each part of the history.
fn several(chance: &mut Chance) -> Vec<(usize, f64)> {
    let part = LONG / SEVERAL;
    let step = |i: usize| {
        let at = part * i + chance.between(MARGIN, part - MARGIN);
        let size = 0.1 + 0.2 * chance.uniform();
        (at, chance.signed(size))
    };
    (0..SEVERAL).map(step).collect()
}

fn drifting(growth: f64, noise: &Noise, chance: &mut Chance) -> History {
    let case = format!("drift {:.1} %", 100.0 * growth);
    let mut history = made(case, noise, &[], BEFORE_DRIFT + DRIFTING, chance);
    let grown = history.values[BEFORE_DRIFT..].iter_mut().enumerate();
    grown.for_each(|(i, y)| *y += (i + 1) as f64 * growth.ln_1p());
    history.drift = Some(BEFORE_DRIFT);
    history
}

impl Noise {
    fn values(&self, runs: usize, chance: &mut Chance) -> Vec<f64> {
        let mut state = chance.normal();
        let fresh = (1.0 - self.correlation * self.correlation).sqrt();
        let mut next = |chance: &mut Chance| {
            state = self.correlation * state + fresh * chance.normal();
            let neighbour = chance.uniform() < self.outliers;
            let slower = if neighbour { (0.15 + 0.35 * chance.uniform()).ln_1p() } else { 0.0 };
            self.sd * state + slower
        };
        (0..runs).map(|_| next(chance)).collect()
    }
}

/// Seeded chance: `SplitMix64` (Steele, Lea & Flood 2014, doi 10.1145/2660193.2660195), normal values by Box & Muller (1958).
#[derive(Clone, Debug)]
pub(crate) struct Chance(pub u64);

impl Chance {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0
    }

    fn between(&mut self, low: usize, high: usize) -> usize {
        low + (self.uniform() * (high - low) as f64) as usize
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    fn signed(&mut self, size: f64) -> f64 {
        if self.uniform() < 0.5 { size } else { -size }
    }
}
