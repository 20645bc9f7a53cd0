//! From the runs of two sides to a report: base and head, compared side by side or as pairs, without a history.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

use super::judge::{self, Answer};
use super::read;
use crate::compare::{BaselineRuns, Comparison, compare_pairs, compare_runs, in_turn};
use crate::model::{Record, Run};
use crate::render::{Candidate, Scenario};
use crate::{cli, verdict};

/// Judges the head runs against the base runs.
///
/// # Errors
/// `--pairs` with another number of base runs than of head runs.
pub(super) fn against_base(flags: &cli::Compare, settings: &read::Settings) -> Result<Vec<Answer>> {
    let (bases, heads) = (flags.bases.len(), flags.heads.len());
    ensure!(
        !flags.pairs || bases == heads,
        "--pairs needs as many --base as --head, in the order they were made: there are {bases} and {heads}"
    );
    let (scenario, named) = match &flags.scenario {
        Some(name) => (name.clone(), true),
        None => (settings.config.default_scenario(), false),
    };
    let side = |groups: &[Vec<String>]| -> Result<Side> {
        let runs = groups.iter().map(|patterns| read::expand_all(patterns)).collect::<Result<_>>()?;
        Side::read(&read::Wanted { scenario: scenario.clone(), named, runs }, settings)
    };
    let (base, head) = match (side(&flags.bases), side(&flags.heads)) {
        (Ok(base), Ok(head)) => (base, head),
        (Err(error), _) | (_, Err(error)) => {
            return Ok(vec![judge::unreadable(&scenario, &error)]);
        }
    };
    if let Some(broken) = base.runs.iter().find_map(|run| run.invalid.as_ref()) {
        let reason = format!("a base run is invalid: {broken}");
        return Ok(vec![Answer::unread(Scenario::invalid(&scenario, &reason))]);
    }
    Ok(vec![judged(flags, &base, &head, settings)?])
}

/// The runs of one side.
struct Side {
    runs: Vec<Run>,
    /// Whether the files themselves say when each run was.
    dated: bool,
}

impl Side {
    fn read(wanted: &read::Wanted, settings: &read::Settings) -> Result<Self> {
        let mut runs = judge::read_all(wanted, &cli::Identity::default(), settings)?;
        let dated = runs.iter().all(|run| run.started_at.is_some());
        judge::date(&mut runs, wanted, None)?;
        Ok(Self { runs, dated })
    }
}

fn judged(flags: &cli::Compare, base: &Side, head: &Side, settings: &read::Settings) -> Result<Answer> {
    let (policy, how) = judge::rules(&head.runs, settings);
    let (before, after) = (judge::records(&base.runs)?, judge::records(&head.runs)?);
    let both = if flags.pairs { compare_pairs(&before, &after, &how) } else { compare_runs(&before, &after, &how) };
    let baseline = BaselineRuns { notes: differences(&before, &after, flags.pairs), ..both.baseline };
    let comparison = Comparison { baseline, ..both };
    let mut judgement = verdict::judge(&comparison, &policy);
    if flags.expect == Some(cli::Expect::Improvement) {
        judgement = verdict::expecting_improvement(judgement, &comparison, &policy);
    }
    let is_known = flags.pairs && base.dated && head.dated;
    let order = if is_known { in_turn(&before, &after) } else { Vec::new() };
    judge::warn(&mut judgement, &policy, order, &head.runs);
    let scenario = Scenario::new(judgement, Candidate::of(&head.runs, &[], again(flags, &head.runs)));
    Ok(Answer { scenario, compared: Some((comparison, policy)), runs: Vec::new() })
}

/// The arguments that compare the same files again.
fn again(flags: &cli::Compare, head: &[Run]) -> Vec<String> {
    let mut words = vec!["compare".to_owned()];
    for (flag, groups) in [("--base", &flags.bases), ("--head", &flags.heads)] {
        for files in groups {
            words.push(flag.to_owned());
            words.extend(files.iter().cloned());
        }
    }
    words.extend(flags.pairs.then(|| "--pairs".to_owned()));
    words.extend(flags.expect.iter().flat_map(|expect| ["--expect".to_owned(), expect.as_str().to_owned()]));
    words.extend(head.iter().take(1).flat_map(|run| ["--scenario".to_owned(), run.scenario.clone()]));
    words.extend(flags.reading.again());
    words
}

/// What differs between the environments of base and head: then the difference may be that, and not the change.
///
/// Pairs may be on different runners; the two runs of one may not.
fn differences(base: &[Record], head: &[Record], paired: bool) -> Vec<String> {
    let compared = |i: usize, k: usize| !paired || i == k;
    let all =
        base.iter().enumerate().flat_map(|(i, base)| head.iter().enumerate().map(move |(k, head)| (i, k, base, head)));
    let list: BTreeSet<String> =
        all.filter(|(i, k, ..)| compared(*i, *k)).flat_map(|(_, _, base, head)| unlike(base, head)).collect();
    if list.is_empty() {
        return Vec::new();
    }
    let list = list.into_iter().collect::<Vec<_>>().join(", ");
    let so = if paired { ": the runner does not cancel" } else { "" };
    vec![format!("base and head differ in {list}{so}")]
}

/// The keys in which two environments differ: `cpu: A → B`.
fn unlike(from: &Record, to: &Record) -> Vec<String> {
    let keys: BTreeSet<&String> = from.identity.keys().chain(to.identity.keys()).collect();
    let shown = |run: &Record, key: &String| run.identity.get(key).cloned().unwrap_or_else(|| "none".to_owned());
    let differing = keys.into_iter().filter(|key| from.identity.get(*key) != to.identity.get(*key));
    differing.map(|key| format!("{key}: {} → {}", shown(from, key), shown(to, key))).collect()
}
