//! What differs from run to run though nothing was changed.

use super::Chance;

/// S.d. of the runner's factor as a share of the spread. The squares of this share and the two below add up to one: the
/// spread is what a team sees of one series.
const RUNNER: f64 = 0.80;
/// S.d. of an endpoint's own factor as a share of the spread: about 3 % at 5 %. Caches, plans and layouts that fall out
/// differently each time; what is left in real series once the run's common factor is taken out.
const ENDPOINT: f64 = 0.55;
/// S.d. of a change of the tail alone at its p95, as a share of the spread: tails move a little on their own.
const TAIL: f64 = 0.24;
/// Log s.d. of an endpoint's error rate: the same faults meet more or less traffic.
const ERRORS: f64 = 0.10;
/// Log s.d. of memory: collectors and allocators settle at 3–5 %.
const MEMORY: f64 = 0.04;
/// By how much a noisy neighbour slows a run.
const NEIGHBOUR: (f64, f64) = (0.15, 0.50);
/// By how much the slower machine is slower.
const SLOWER_MACHINE: f64 = 0.25;

/// How much unchanged runs differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Conditions {
    /// Run-to-run s.d. of an endpoint's log p95, most of it shared by all endpoints. Hosted runners of one type: about 5 %; a machine of one's own
    /// 3 %; busy clouds 7–10 %.
    pub(crate) spread: f64,
    /// Share of the runs that a noisy neighbour slows by 15…50 %.
    pub(crate) neighbours: f64,
    /// Share of the runs on a machine that is 25 % slower, under the same name.
    pub(crate) slower_machines: f64,
}

impl Conditions {
    /// Runs that differ by `spread`, and nothing worse.
    pub(crate) const fn spread(spread: f64) -> Self {
        Self { spread, neighbours: 0.0, slower_machines: 0.0 }
    }
}

/// What one run met; logarithms of factors.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Circumstances {
    /// Of all latencies: the runner.
    pub(crate) run: f64,
    /// Of the latencies of each endpoint.
    pub(crate) endpoints: Vec<f64>,
    /// Of the p95 of each endpoint, beyond that of its median.
    pub(crate) tails: Vec<f64>,
    /// Of the error rate of each endpoint.
    pub(crate) errors: Vec<f64>,
    /// Of memory.
    pub(crate) memory: f64,
}

impl Circumstances {
    /// What a run of `endpoints` endpoints meets.
    pub(crate) fn draw(conditions: &Conditions, endpoints: usize, chance: &mut Chance) -> Self {
        let mut run = chance.normal(RUNNER * conditions.spread);
        // Both are drawn for every run, so that the same seed gives the same run under other conditions.
        let (neighbour, slowed) = (chance.uniform(), chance.between(NEIGHBOUR.0, NEIGHBOUR.1));
        if neighbour < conditions.neighbours {
            run += slowed.ln_1p();
        }
        if chance.uniform() < conditions.slower_machines {
            run += SLOWER_MACHINE.ln_1p();
        }
        let mut each = |sd: f64| (0..endpoints).map(|_| chance.normal(sd)).collect();
        let (own, tails, errors) = (each(ENDPOINT * conditions.spread), each(TAIL * conditions.spread), each(ERRORS));
        Self { run, endpoints: own, tails, errors, memory: chance.normal(MEMORY) }
    }

    /// Another run on the same runner within the hour: it shares runner and endpoints, and adds a factor of its own of log
    /// s.d. `run` to all latencies and of `endpoint` to those of each endpoint. Memory settles anew.
    pub(crate) fn again(&self, run: f64, endpoint: f64, chance: &mut Chance) -> Self {
        let memory = chance.normal(MEMORY);
        let run = self.run + chance.normal(run);
        let endpoints = self.endpoints.iter().map(|own| own + chance.normal(endpoint)).collect();
        Self { run, endpoints, memory, ..self.clone() }
    }
}
