//! Base and head in turn on the same runner: what `compare --pairs` is given.

use perf_gate::model::Record;

use super::{Chance, Circumstances, Conditions, Injection, Scenario, record};

/// Log s.d. by which runs of one job differ in all latencies: a runner is not the same all the time.
const RUN: f64 = 0.03;
/// Log s.d. by which they differ in one endpoint beyond that. Differences of pairs of real runs scatter by 3–4 % in all.
const ENDPOINT: f64 = 0.01;

/// `count` pairs of a base run and a head run with `injection`, all on one runner.
pub(crate) fn pairs(
    scenario: &Scenario,
    conditions: &Conditions,
    injection: Injection,
    count: usize,
    path: &[u64],
) -> Vec<[Record; 2]> {
    let mut chance = Chance::new(path);
    let runner = Circumstances::draw(conditions, scenario.endpoints.len(), &mut chance);
    let mut run = |injection| {
        let circumstances = runner.again(RUN, ENDPOINT, &mut chance);
        record(scenario, &circumstances, injection, chance.bits(), |_| ())
    };
    (0..count).map(|_| [run(Injection::Nothing), run(injection)]).collect()
}
