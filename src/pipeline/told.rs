//! What the history tells of the runs under judgement beside the rows.

use super::past::Past;
use crate::analysis::levels::{Case, findings};
use crate::baseline::Rule;
use crate::model::Record;
use crate::verdict::{Finding, Judgement, Policy, Verdict};

/// Drift, distance from an old level and growth inside the run; not of series that a row calls regressed.
pub(super) fn by_history(
    past: &Past,
    candidates: &[Record],
    rule: &Rule,
    policy: &Policy,
    judgement: &Judgement,
) -> Vec<Finding> {
    let known = |record: &Record| candidates.iter().any(|candidate| candidate.id == record.id);
    let comparable = |record: &Record| candidates.iter().any(|candidate| rule.is_comparable(record, candidate));
    let before = past.history.records().iter().filter(|record| !known(record) && comparable(record));
    let is_told = |endpoint: &str, metric: &str| {
        let mut regressed = judgement.rows.iter().filter(|row| row.verdict == Verdict::Regressed);
        regressed.any(|row| row.endpoint == endpoint && row.metric == metric)
    };
    let (history, baseline) = (&past.history, past.baseline.runs.as_slice());
    findings(&Case { history, before: before.collect(), candidates, baseline, policy }, is_told)
}
