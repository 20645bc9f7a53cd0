//! The simulated runs of one environment: a pool that baselines are drawn from, and candidates with and without
//! regressions.
//!
//! Candidates are fresh runs: each is used in one comparison of a cell (and as the second run of one other). Baselines
//! are drawn without replacement from a pool of 40 runs for each run of a baseline: 900 comparisons see each pool run
//! some twenty times, where fresh ones would take up to ten times as long. Regressions are put into the first third of
//! the candidates: 300 give a rate within 3 points (one standard error). An injected candidate has the chance of its
//! unchanged twin.

use perf_gate::model::Record;

use crate::cells::{COLUMNS, Environment};
use crate::parallel::parallel;
use crate::simulator::{Chance, Circumstances, Conditions, Injection, Scenario, record};

/// Runs in the pool for each run of a baseline.
const POOL: usize = 40;
/// Latencies of an endpoint that are kept of a run for rank tests on requests: enough for such a test to find anything.
const KEPT: f64 = 2_000.0;
/// Share of a run before the latencies that are kept: the warm-up that the product leaves out.
const WARM_UP: f64 = 0.10;
/// What chance is for, beside the seed.
const POOL_RUN: u64 = 1;
const CANDIDATE: u64 = 2;
const BASELINE: u64 = 3;

/// How much is simulated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// Seed of everything.
    pub(crate) seed: u64,
    /// Comparisons of unchanged runs in a cell.
    pub(crate) comparisons: usize,
    /// Comparisons with each regression in a cell.
    pub(crate) injected: usize,
    /// Runs simulated at a time.
    pub(crate) threads: usize,
}

/// A run, and some of its latencies.
#[derive(Debug)]
pub(crate) struct Simulated {
    /// What history keeps of it.
    pub(crate) record: Record,
    /// By endpoint in the order of their numbers, in ascending order; empty where no rank test wants them.
    pub(crate) latencies: Vec<Vec<u16>>,
}

/// A candidate with and without regressions.
#[derive(Debug)]
pub(crate) struct Candidate {
    /// Nothing was changed.
    pub(crate) unchanged: Simulated,
    /// By [`COLUMNS`]; none of candidates that only stand for unchanged ones.
    pub(crate) injected: Vec<Simulated>,
}

/// The runs of one environment.
#[derive(Debug)]
pub(crate) struct Laboratory {
    /// The load test.
    pub(crate) scenario: Scenario,
    /// How much unchanged runs differ.
    pub(crate) conditions: Conditions,
    /// How much there is.
    pub(crate) extent: Extent,
    /// One for each comparison.
    pub(crate) candidates: Vec<Candidate>,
    pool: Vec<Simulated>,
}

impl Laboratory {
    /// Simulates all that cells with up to `runs` baseline runs need; of all runs where `keep` says so with latencies.
    pub(crate) fn new(environment: &Environment, runs: usize, extent: Extent, keep: bool) -> Self {
        let scenario = Scenario::new(environment.load);
        let run = |path, injection| simulated(&scenario, environment, path, injection, keep);
        let pool =
            parallel(extent.threads, POOL * runs, |at| run([extent.seed, POOL_RUN, at as u64], Injection::Nothing));
        let candidates = parallel(extent.threads, extent.comparisons, |at| {
            let path = [extent.seed, CANDIDATE, at as u64];
            let unchanged = run(path, Injection::Nothing);
            let columns = COLUMNS.iter().filter(|_| at < extent.injected);
            let injected = columns.map(|column| match (column.injection)(at % scenario.endpoints.len()) {
                Injection::Memory(by) => with_more_memory(&unchanged, by),
                injection => run(path, injection),
            });
            Candidate { injected: injected.collect(), unchanged }
        });
        Self { scenario, conditions: environment.conditions, extent, candidates, pool }
    }

    /// The baseline of comparison number `at` in cells with `runs` baseline runs.
    pub(crate) fn baseline(&self, runs: usize, at: usize) -> Vec<&Simulated> {
        let mut chance = Chance::new(&[self.extent.seed, BASELINE, runs as u64, at as u64]);
        chance.choose(runs, POOL * runs).into_iter().map(|run| &self.pool[run]).collect()
    }

    /// Number of the endpoint that is changed in comparison number `at`: each in turn.
    pub(crate) fn endpoint(&self, at: usize) -> usize {
        at % self.scenario.endpoints.len()
    }

    /// First and second run of the candidate of comparison number `at`, unchanged or with a regression of [`COLUMNS`].
    ///
    /// The second is the first of the next comparison with the same endpoint changed.
    pub(crate) fn runs(&self, at: usize, column: Option<usize>) -> [&Record; 2] {
        let count = if column.is_some() { self.extent.injected } else { self.candidates.len() };
        let next = at + self.scenario.endpoints.len();
        let second = if next < count { next } else { self.endpoint(at) };
        [at, second].map(|at| {
            let candidate = &self.candidates[at];
            &column.map_or(&candidate.unchanged, |column| &candidate.injected[column]).record
        })
    }
}

fn simulated(
    scenario: &Scenario,
    environment: &Environment,
    path: [u64; 3],
    injection: Injection,
    keep: bool,
) -> Simulated {
    let mut chance = Chance::new(&path);
    let circumstances = Circumstances::draw(&environment.conditions, scenario.endpoints.len(), &mut chance);
    let seed = chance.bits();
    let from = if keep { WARM_UP * scenario.load.length } else { f64::INFINITY };
    let mut latencies = vec![Vec::new(); scenario.endpoints.len()];
    let record = record(scenario, &circumstances, injection, seed, |request| {
        let requests = scenario.endpoints[request.endpoint].share * scenario.load.rate * scenario.load.length;
        if request.start >= from && request.ok && chance.uniform() * requests < KEPT {
            latencies[request.endpoint].push(request.bucket());
        }
    });
    latencies.iter_mut().for_each(|latencies| latencies.sort_unstable());
    Simulated { record, latencies }
}

/// The run with so much more memory: a series that is a multiple has quantiles that are.
fn with_more_memory(run: &Simulated, by: f64) -> Simulated {
    let mut record = run.record.clone();
    if let Some(memory) = record.summary.values.get_mut("memory") {
        memory.y += by.ln_1p();
    }
    Simulated { record, latencies: run.latencies.clone() }
}
