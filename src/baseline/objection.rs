//! Why a past run is no baseline, and how a report says so.

use std::collections::BTreeMap;

use super::{Rule, differences, listed, runs};
use crate::model::Record;

/// Why a run of the window is no baseline for the candidate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Objection {
    PullRequest,
    Branch(String),
    Environment(Vec<String>),
    Basis(&'static str),
    Invalid(String),
    AfterMergeBase,
    Regressed(String),
}

impl Objection {
    /// The first thing that speaks against `record`, if anything does.
    pub(super) fn to(record: &Record, candidate: &Record, rule: &Rule) -> Option<Self> {
        let foreign = record.branch.as_ref().filter(|branch| !rule.trunk.contains(*branch));
        if record.pull_request.is_some() {
            Some(Self::PullRequest)
        } else if let Some(branch) = foreign {
            Some(Self::Branch(branch.clone()))
        } else if record.fingerprint != candidate.fingerprint {
            Some(Self::Environment(differences(&record.identity, &candidate.identity)))
        } else if record.basis != candidate.basis {
            Some(Self::Basis(record.basis.as_str()))
        } else if let Some(reason) = &record.invalid {
            Some(Self::Invalid(reason.clone()))
        } else {
            rule.not_after.filter(|limit| record.started_at > *limit).map(|_| Self::AfterMergeBase)
        }
    }

    /// What it is called in a note, with the detail that differs from run to run.
    fn words(&self) -> (&'static str, String) {
        match self {
            Self::PullRequest => ("of pull requests", String::new()),
            Self::Branch(name) => ("of another branch", name.clone()),
            Self::Environment(keys) => ("of another environment", keys.join(", ")),
            Self::Basis(basis) => ("latencies of another basis", (*basis).to_owned()),
            Self::Invalid(reason) => ("invalid", reason.clone()),
            Self::AfterMergeBase => ("newer than the merge base", String::new()),
            Self::Regressed(what) => ("regressed", what.clone()),
        }
    }
}

/// Runs left out of the window: how many for each reason.
#[derive(Default)]
pub(super) struct LeftOut(BTreeMap<Objection, usize>);

impl LeftOut {
    pub(super) fn add(&mut self, objection: Objection) {
        *self.0.entry(objection).or_insert(0) += 1;
    }

    /// One sentence for each kind of reason, in the order of the kinds.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut kinds: Vec<(&str, usize, Vec<String>)> = Vec::new();
        for (objection, count) in &self.0 {
            let (why, detail) = objection.words();
            if kinds.last().is_none_or(|(last, ..)| *last != why) {
                kinds.push((why, 0, Vec::new()));
            }
            let Some((_, sum, details)) = kinds.last_mut() else { continue };
            *sum += count;
            details.extend((!detail.is_empty()).then_some(detail));
        }
        let note = |(why, count, details): (&str, usize, Vec<String>)| {
            format!(
                "{} left out: {why}{}",
                runs(count),
                listed(&details.iter().map(String::as_str).collect::<Vec<_>>())
            )
        };
        kinds.into_iter().map(note).collect()
    }
}
