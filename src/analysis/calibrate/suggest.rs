//! Thresholds that this noise allows.

use std::collections::BTreeMap;

use crate::verdict::{Policy, Rule};

use super::levels::Key;
use super::tally::{Judged, RowTally};

/// Least threshold that is suggested: what is slower by less, few users notice and nobody finds the cause of.
const LEAST: f64 = 0.10;
/// Steps between thresholds: finer ones would promise more than some thirty runs can tell.
const STEP: f64 = 0.05;
/// The last step is +60 %, twice the bluntest default: beyond, a row is no gate.
const STEPS: usize = 11;
/// Share of a row's checks that may fail falsely.
const MOST_FALSE: f64 = 0.01;
/// Share of a row's checks that may be inconclusive: more than one in ten, and people stop reading it.
const MOST_UNSURE: f64 = 0.10;
/// Least difference of error rates in a suggestion, and its steps: half a percentage point, the default.
const RATE_STEP: f64 = 0.005;
/// Largest difference of error rates that is suggested: ten points, twice what is critical.
const MOST_RATE: f64 = 0.10;

/// By row: the least threshold that suits, `None` where none does.
pub(super) type Suggestions = BTreeMap<Key, Option<f64>>;

/// The least good threshold of each row: judges all checks at every step.
pub(super) fn suggest(judged: &Judged<'_>, present: &Policy) -> Suggestions {
    let mut suggestions = Suggestions::new();
    // From the top: what is good at a step but not at a larger one is good by chance.
    let mut open: BTreeMap<Key, bool> = BTreeMap::new();
    for step in (0..STEPS).rev() {
        let threshold = rounded_up(LEAST + STEP * step as f64);
        for (key, row) in judged.under(&all_at(present, threshold)).rows {
            let open = open.entry(key.clone()).or_insert(true);
            *open &= is_good(&row, threshold);
            let suggestion = suggestions.entry(key).or_default();
            if *open {
                *suggestion = Some(threshold);
            }
        }
    }
    suggestions.retain(|key, _| key.1 != "error-rate");
    suggestions.extend(rates(judged, present));
    suggestions
}

/// The next step that is not below `share`.
pub(super) fn rounded_up(share: f64) -> f64 {
    // Steps are twentieths; what is one but for rounding stays.
    (share / STEP - 1e-9).ceil() * 5.0 / 100.0
}

fn is_good(row: &RowTally, threshold: f64) -> bool {
    is_quiet(row) && row.often().is_some_and(|often| often <= threshold)
}

/// Whether so few checks failed falsely, or could not tell, that the row may gate.
pub(super) fn is_quiet(row: &RowTally) -> bool {
    let checks = row.checks as f64;
    row.failed as f64 <= MOST_FALSE * checks && row.inconclusive as f64 <= MOST_UNSURE * checks
}

/// The policy with every relative threshold at one value, and nothing advisory.
fn all_at(present: &Policy, threshold: f64) -> Policy {
    let at = |rule: &Rule| match &*rule.metric {
        "error-rate" => Rule { advisory: false, ..rule.clone() },
        _ => Rule { threshold, advisory: false, ..rule.clone() },
    };
    Policy { rules: present.rules.iter().map(at).collect(), ..present.clone() }
}

/// Of error rates the difference that matters: judged by counts, it is only ever raised, where checks failed.
fn rates(judged: &Judged<'_>, present: &Policy) -> Suggestions {
    let gating = all_at(present, LEAST);
    let rows = judged.under(&gating).rows.into_iter().filter(|(key, _)| key.1 == "error-rate");
    let suggestion = |(key, row): (Key, RowTally)| {
        let now = present.rule(&key.0, &key.1).and_then(|rule| rule.at_least).unwrap_or(RATE_STEP);
        let detectable = row.detectable().unwrap_or(now);
        let raised = ((detectable / RATE_STEP).ceil() * RATE_STEP).max(now + RATE_STEP);
        let least = if is_quiet(&row) { now } else { (raised * 1e4).round() / 1e4 };
        (key, Some(least).filter(|least| *least <= MOST_RATE))
    };
    rows.map(suggestion).collect()
}
