//! A cell: how often unchanged runs fail, and how often regressions are found.

use perf_gate::baseline::Baseline;
use perf_gate::compare::{Settings, compare};
use perf_gate::model::Record;
use perf_gate::verdict::{Judgement, Outcome, Policy, Severity, confirmed, judge};

use crate::cells::{COLUMNS, Design};
use crate::laboratory::{Laboratory, Simulated};
use crate::paired;
use crate::parallel::parallel;

/// The procedure that is measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Procedure {
    /// What is compared, and what is assumed of runs.
    pub(crate) settings: Settings,
    /// What matters, and how sure a verdict must be.
    pub(crate) policy: Policy,
}

/// Some of a number of comparisons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Count {
    /// Those it happened in.
    pub(crate) hits: usize,
    /// All.
    pub(crate) of: usize,
}

/// What was counted in a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Tally {
    /// Unchanged candidates that failed.
    pub(crate) failed: Count,
    /// That were warned of.
    pub(crate) warned: Count,
    /// That could not be told.
    pub(crate) inconclusive: Count,
    /// That asked for a second run.
    pub(crate) asked: Count,
    /// By [`COLUMNS`], regressions that were found where they are.
    pub(crate) found: Vec<Count>,
}

/// Measures a procedure with `runs` baseline runs in the environment of `laboratory`.
pub(crate) fn cell(laboratory: &Laboratory, design: Design, runs: usize, procedure: &Procedure) -> Tally {
    if design == Design::Pairs {
        return paired::cell(laboratory, runs, procedure);
    }
    let all = parallel(laboratory.extent.threads, laboratory.candidates.len(), |at| {
        let baseline = baseline(&laboratory.baseline(runs, at));
        let judged = |column| procedure.judged(design, laboratory.runs(at, column), &baseline);
        let changed = laboratory.scenario.endpoints[laboratory.endpoint(at)].name;
        let columns = 0..laboratory.candidates[at].injected.len();
        let found = columns.map(|column| is_found(&judged(Some(column)).0, column, changed));
        let (unchanged, asked) = judged(None);
        (unchanged.outcome, asked, found.collect::<Vec<bool>>())
    });
    let of_outcome = |outcome| count(all.iter().map(|(seen, _, _)| *seen == outcome));
    let found = |column: usize| count(all.iter().filter_map(|(_, _, found)| found.get(column).copied()));
    Tally {
        failed: of_outcome(Outcome::Failed),
        warned: of_outcome(Outcome::Warned),
        inconclusive: of_outcome(Outcome::Inconclusive),
        asked: count(all.iter().map(|(_, asked, _)| *asked)),
        found: (0..COLUMNS.len()).map(found).collect(),
    }
}

impl Procedure {
    /// The judgement, and whether the first run asked for a second.
    fn judged(&self, design: Design, runs: [&Record; 2], baseline: &Baseline) -> (Judgement, bool) {
        let judged = |runs: &[Record]| judge(&compare(runs, baseline, &self.settings), &self.policy);
        let both = || judged(&runs.map(Record::clone));
        let [first, second] = runs.map(std::slice::from_ref);
        let alone = judged(first);
        let asked = alone.needs_confirmation;
        let judgement = match design {
            Design::Two => both(),
            Design::Confirmed if asked => confirmed(both(), &judged(second)),
            Design::One | Design::Confirmed | Design::Pairs => alone,
        };
        (judgement, asked)
    }
}

/// Counts what is true.
pub(crate) fn count(seen: impl Iterator<Item = bool>) -> Count {
    seen.fold(Count::default(), |count, hit| Count { hits: count.hits + usize::from(hit), of: count.of + 1 })
}

fn baseline(runs: &[&Simulated]) -> Baseline {
    Baseline { runs: runs.iter().map(|run| run.record.clone()).collect(), ..Baseline::default() }
}

/// Whether the judgement fails, and says so of what was changed.
pub(crate) fn is_found(judgement: &Judgement, column: usize, changed: &str) -> bool {
    let fails = |row: &perf_gate::verdict::Row| row.severity >= Some(Severity::Failure);
    let mut failing = judgement.rows.iter().filter(|row| fails(row));
    judgement.outcome == Outcome::Failed
        && failing.any(|row| COLUMNS[column].is_found_in(&row.metric, &row.endpoint, changed))
}
