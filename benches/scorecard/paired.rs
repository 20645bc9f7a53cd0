//! Cells of pairs: base and head in turn on one runner, each pair made anew.
//!
//! No run of one comparison can serve another, so that there are a third of the comparisons of other cells.

use perf_gate::compare::compare_pairs;
use perf_gate::model::Record;
use perf_gate::verdict::{Judgement, Outcome, judge};

use crate::cells::COLUMNS;
use crate::laboratory::Laboratory;
use crate::measure::{Procedure, Tally, count, is_found};
use crate::parallel::parallel;
use crate::simulator::{Injection, pairs};

/// Comparisons of other cells for each one of pairs.
const FEWER: usize = 3;
/// What chance is for, beside the seed.
const PAIR: u64 = 4;

/// Measures a procedure on `count` pairs in the environment of `laboratory`.
pub(crate) fn cell(laboratory: &Laboratory, pairs: usize, procedure: &Procedure) -> Tally {
    let extent = laboratory.extent;
    let all = parallel(extent.threads, extent.comparisons / FEWER, |at| {
        let judged = |injection| judged(laboratory, pairs, at, injection, procedure);
        let (endpoint, name) = (laboratory.endpoint(at), laboratory.scenario.endpoints[laboratory.endpoint(at)].name);
        let columns = COLUMNS.iter().enumerate().filter(|_| at < extent.injected / FEWER);
        let found = columns.map(|(i, column)| is_found(&judged((column.injection)(endpoint)), i, name));
        let found: Vec<bool> = found.collect();
        (judged(Injection::Nothing), found)
    });
    let of_outcome = |outcome| count(all.iter().map(|(unchanged, _)| unchanged.outcome == outcome));
    let found = |column: usize| count(all.iter().filter_map(|(_, found)| found.get(column).copied()));
    Tally {
        failed: of_outcome(Outcome::Failed),
        warned: of_outcome(Outcome::Warned),
        inconclusive: of_outcome(Outcome::Inconclusive),
        asked: count(all.iter().map(|(unchanged, _)| unchanged.needs_confirmation)),
        found: (0..COLUMNS.len()).map(found).collect(),
    }
}

fn judged(laboratory: &Laboratory, count: usize, at: usize, injection: Injection, procedure: &Procedure) -> Judgement {
    // The same chance whatever is injected.
    let path = [laboratory.extent.seed, PAIR, count as u64, at as u64];
    let made = pairs(&laboratory.scenario, &laboratory.conditions, injection, count, &path);
    let (base, head): (Vec<Record>, Vec<Record>) = made.into_iter().map(|[base, head]| (base, head)).unzip();
    judge(&compare_pairs(&base, &head, &procedure.settings), &procedure.policy)
}
