//! Which comparison was made, and why that one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::BaselineRuns;

/// Fewer runs or pairs are thin evidence: latency, throughput and memory fail only beyond 1.3 times the threshold.
const ENOUGH: usize = 3;

/// The analysis that a judgement rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Analysis {
    /// Which analysis.
    pub kind: AnalysisKind,
    /// Why this one, and of how much, in a sentence.
    pub reason: String,
}

/// What a candidate can be compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AnalysisKind {
    /// Nothing was compared: there was no run to judge.
    #[default]
    None,
    /// Recorded runs; their spread tells what is noise.
    History,
    /// Runs of the base, each side on runners of its own.
    Runs,
    /// Pairs of base and head in turn on the same runner.
    Pairs,
}

impl AnalysisKind {
    /// What the side that is compared with is called.
    pub fn baseline(self) -> &'static str {
        if self.is_history() { "baseline" } else { "base" }
    }

    /// What the side under judgement is called.
    pub fn candidate(self) -> &'static str {
        if self.is_history() { "candidate" } else { "head" }
    }

    /// `1 baseline run`, `3 base runs`, `5 pairs`.
    pub fn counted(self, n: usize) -> String {
        let noun = match self {
            Self::None | Self::History => "baseline run",
            Self::Runs => "base run",
            Self::Pairs => "pair",
        };
        format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
    }

    fn is_history(self) -> bool {
        matches!(self, Self::None | Self::History)
    }
}

impl Analysis {
    /// The analysis of `candidates` runs against `baseline`.
    pub(super) fn of(kind: AnalysisKind, baseline: &BaselineRuns, candidates: usize) -> Self {
        let reason = match kind {
            AnalysisKind::None => String::new(),
            AnalysisKind::History => history(baseline),
            AnalysisKind::Runs => format!(
                "Base runs against head runs: {} against {candidates}; not paired, since --pairs was not given.{}",
                baseline.runs,
                thin(baseline.runs)
            ),
            AnalysisKind::Pairs => {
                let pairs = if baseline.runs == 1 { "1 pair".to_owned() } else { format!("{} pairs", baseline.runs) };
                let thin = thin(baseline.runs);
                format!("Paired: {pairs} of base and head in turn on one runner; the runner cancels.{thin}")
            }
        };
        Self { kind, reason }
    }
}

/// `Against history: 7 runs of 5 days; their spread, with that of 12 earlier runs, tells what is noise.`
fn history(baseline: &BaselineRuns) -> String {
    if baseline.runs == 0 {
        return "Against history: no comparable run yet, so only targets are judged.".to_owned();
    }
    let counted = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
    let earlier = match baseline.earlier {
        0 => String::new(),
        n => format!(", with that of {},", counted(n, "earlier run")),
    };
    let spread = match baseline.runs + baseline.earlier {
        1 => "what is noise is assumed".to_owned(),
        _ => format!("their spread{earlier} tells what is noise"),
    };
    let days = counted(days(baseline), "day");
    format!("Against history: {} of {days}; {spread}.{}", counted(baseline.runs, "run"), thin(baseline.runs))
}

/// Days from the first to the last baseline run, both counted.
fn days(baseline: &BaselineRuns) -> usize {
    let seconds = baseline.from.zip(baseline.to).map_or(0, |(from, to)| to.as_second() - from.as_second());
    usize::try_from(seconds / 86_400).unwrap_or(0) + 1
}

/// What too few runs or pairs mean for the verdict.
fn thin(runs: usize) -> &'static str {
    if runs < ENOUGH { " Fewer than three: a change fails only beyond 1.3 times the threshold." } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(kind: AnalysisKind, runs: usize, earlier: usize, candidates: usize) -> String {
        let from = Some(jiff::Timestamp::UNIX_EPOCH);
        let to = Some(jiff::Timestamp::from_second(6 * 86_400).unwrap());
        let baseline = BaselineRuns { runs, earlier, from, to, ..BaselineRuns::default() };
        Analysis::of(kind, &baseline, candidates).reason
    }

    #[test]
    fn the_reason_says_what_was_compared_and_of_how_much() {
        for (said, expected) in [
            (
                reason(AnalysisKind::History, 7, 0, 1),
                "Against history: 7 runs of 7 days; their spread tells what is noise.",
            ),
            (
                reason(AnalysisKind::History, 7, 12, 1),
                "Against history: 7 runs of 7 days; their spread, with that of 12 earlier runs, tells what is noise.",
            ),
            (
                reason(AnalysisKind::Runs, 3, 0, 2),
                "Base runs against head runs: 3 against 2; not paired, since --pairs was not given.",
            ),
            (
                reason(AnalysisKind::Pairs, 5, 0, 5),
                "Paired: 5 pairs of base and head in turn on one runner; the runner cancels.",
            ),
            (
                reason(AnalysisKind::Pairs, 1, 0, 1),
                "Paired: 1 pair of base and head in turn on one runner; the runner cancels. Fewer than three: a \
                 change fails only beyond 1.3 times the threshold.",
            ),
        ] {
            assert_eq!(said, expected);
        }
        assert!(reason(AnalysisKind::History, 0, 0, 1).contains("no comparable run yet"));
    }
}
