//! Simulated pairs: the runner cancels, false alarms are rare, real regressions and improvements are found.

use super::simulated::{Chance, NAMES};
use super::{Judgement, Outcome, Record, endpoint, row, run};
use crate::compare::{AnalysisKind, Comparison, Settings, compare_pairs, compare_runs};
use crate::verdict::{Policy, Severity, expecting_improvement, judge};

/// What varies, as standard deviations of logarithms.
#[derive(Clone, Copy, Debug)]
struct World {
    /// Of the runner, shared within a pair.
    runner: f64,
    /// Of an endpoint on a runner, shared within a pair.
    shared: f64,
    /// Of a whole run, drawn anew by each.
    fresh: f64,
    /// Of an endpoint of a run, drawn anew by each.
    own: f64,
    /// Of memory, drawn anew by each run.
    memory: f64,
    /// Of the share of failing requests, shared within a pair.
    errors: f64,
    /// Endpoints.
    endpoints: usize,
}

const WORLD: World =
    World { runner: 0.05, shared: 0.03, fresh: 0.03, own: 0.03, memory: 0.03, errors: 0.0, endpoints: 12 };

/// What head does to what, as factors.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Change {
    first: f64,
    all: f64,
    throughput: f64,
    memory: f64,
    errors: f64,
}

const NONE: Change = Change { first: 1.0, all: 1.0, throughput: 1.0, memory: 1.0, errors: 1.0 };

impl World {
    /// Pairs of base and head.
    fn pairs(&self, n: usize, change: Change, chance: &mut Chance) -> (Vec<Record>, Vec<Record>) {
        (0..n).map(|_| self.pair(change, chance)).unzip()
    }

    fn pair(&self, change: Change, chance: &mut Chance) -> (Record, Record) {
        let runner = chance.normal(self.runner);
        let shared: Vec<f64> = (0..self.endpoints).map(|_| chance.normal(self.shared)).collect();
        let rate = 0.004 * chance.normal(self.errors).exp();
        let mut side = |change: Change| self.run(runner, &shared, rate, change, chance);
        (side(NONE), side(change))
    }

    fn run(&self, runner: f64, shared: &[f64], rate: f64, change: Change, chance: &mut Chance) -> Record {
        let of_run = runner + chance.normal(self.fresh);
        let mut cells = Vec::new();
        for (i, (name, shared)) in NAMES.iter().zip(shared).enumerate() {
            let own = of_run
                + shared
                + chance.normal(self.own)
                + change.all.ln()
                + if i == 0 { change.first.ln() } else { 0.0 };
            let errors = chance.count(2_000, (rate * change.errors).min(1.0));
            let mut cell = endpoint(0.1, errors);
            for (figure, sd) in [("p95", 0.02), ("body", 0.01)] {
                cell.latency.get_mut(figure).unwrap().y += own + chance.normal(sd);
            }
            cell.throughput.as_mut().unwrap().y += chance.normal(0.022) - 0.5 * of_run + change.throughput.ln();
            cells.push((*name, cell));
        }
        let mut run = run(&cells);
        run.summary.total.throughput.as_mut().unwrap().y += chance.normal(0.01) - 0.5 * of_run + change.throughput.ln();
        run.summary.values.get_mut("memory").unwrap().y += chance.normal(self.memory) + change.memory.ln();
        run
    }
}

/// What does not touch latencies, all at once.
const SIDE: Change = Change { throughput: 0.75, memory: 1.5, errors: 6.0, ..NONE };

fn fails(judgement: &Judgement, endpoint: &str, metric: &str) -> bool {
    row(judgement, endpoint, metric).severity >= Some(Severity::Failure)
}

fn is_improved(judgement: &Judgement) -> bool {
    judgement.expectation.as_ref().is_some_and(|expectation| expectation.met)
}

/// How a side of the comparison is taken: as pairs, or each for itself.
type Compare = fn(&[Record], &[Record], &Settings) -> Comparison;

/// Judgements of `times` comparisons of `n` pairs.
fn judgements(world: World, n: usize, change: Change, times: usize, compare: Compare) -> Vec<Judgement> {
    let mut chance = Chance(7);
    let judged = |_| {
        let (base, head) = world.pairs(n, change, &mut chance);
        let (comparison, policy) = (compare(&base, &head, &Settings::default()), Policy::default());
        expecting_improvement(judge(&comparison, &policy), &comparison, &policy)
    };
    (0..times).map(judged).collect()
}

/// How many of `times` comparisons hold.
fn count(
    world: World,
    n: usize,
    change: Change,
    times: usize,
    compare: Compare,
    holds: fn(&Judgement) -> bool,
) -> usize {
    judgements(world, n, change, times, compare).iter().filter(|judgement| holds(judgement)).count()
}

/// Runners that differ by 20 %.
const ROUGH: World = World { runner: 0.2, ..WORLD };

#[test]
fn unchanged_pairs_rarely_fail_or_improve_whatever_the_runner() {
    for n in [1, 3, 5] {
        let judgements = judgements(ROUGH, n, NONE, 100, compare_pairs);
        let failed = judgements.iter().filter(|judgement| judgement.outcome == Outcome::Failed).count();
        let improved = judgements.iter().filter(|judgement| is_improved(judgement)).count();
        // Of 1,000 each: 0.0 % and at most 0.8 %.
        assert!(failed <= 1 && improved <= 2, "{failed} failed and {improved} improved of 100 with {n} pairs");
    }
}

#[test]
fn three_pairs_find_a_third_more_on_one_endpoint_and_on_all() {
    let one = count(ROUGH, 3, Change { first: 1.3, ..NONE }, 60, compare_pairs, |j| fails(j, "a", "p95"));
    let all = count(ROUGH, 3, Change { all: 1.3, ..NONE }, 30, compare_pairs, |j| j.outcome == Outcome::Failed);
    assert!(one >= 57 && all >= 28, "{one} of 60, {all} of 30");
    let unpaired = count(ROUGH, 3, Change { all: 1.3, ..NONE }, 30, compare_runs, |j| j.outcome == Outcome::Failed);
    assert!(unpaired <= 15, "without pairs the runners hide it: {unpaired} of 30");
}

#[test]
fn fewer_than_three_pairs_fail_only_beyond_the_threshold_and_a_third() {
    let fails = |first| count(ROUGH, 2, Change { first, ..NONE }, 30, compare_pairs, |j| fails(j, "a", "p95"));
    assert!(fails(1.2) <= 4);
    assert!(fails(1.5) >= 28);
}

#[test]
fn throughput_memory_and_error_rate_are_paired_too() {
    let found = judgements(World { errors: 0.5, ..ROUGH }, 3, SIDE, 30, compare_pairs);
    for metric in ["throughput", "memory", "error-rate"] {
        let found = found.iter().filter(|judgement| fails(judgement, "(all)", metric)).count();
        assert!(found >= 28, "{metric}: {found} of 30");
    }
}

#[test]
fn a_small_gain_is_proven_by_many_pairs() {
    let gain = Change { first: 0.92, ..NONE };
    let [few, many] = [3, 10].map(|n| count(ROUGH, n, gain, 30, compare_pairs, is_improved));
    assert!(many >= 22 && few <= 12, "{many} with ten pairs, {few} with three");
}

#[test]
fn fewer_than_three_pairs_prove_only_large_gains() {
    let improved = |first| count(ROUGH, 2, Change { first, ..NONE }, 20, compare_pairs, is_improved);
    assert_eq!(improved(0.8), 0);
    assert!(improved(0.55) >= 18);
}

#[test]
fn what_became_worse_beside_it_spoils_a_gain() {
    let mut chance = Chance(1);
    let (base, mut head) = WORLD.pairs(5, Change { first: 0.7, ..NONE }, &mut chance);
    let judged = |head: &[Record]| {
        let (comparison, policy) = (compare_pairs(&base, head, &Settings::default()), Policy::default());
        expecting_improvement(judge(&comparison, &policy), &comparison, &policy)
    };
    let better = judged(&head);
    let expectation = better.expectation.as_ref().unwrap();
    assert!(expectation.met && expectation.reason.starts_with("a p95 −"), "{}", expectation.reason);
    assert!(expectation.gains.iter().all(|gain| gain.proven && gain.change < gain.needed));
    assert_eq!(better.analysis.kind, AnalysisKind::Pairs);
    for run in &mut head {
        run.summary.endpoints.get_mut("b").unwrap().latency.values_mut().for_each(|value| value.y += 0.4);
    }
    let spoilt = judged(&head);
    let expectation = spoilt.expectation.as_ref().unwrap();
    assert!(!expectation.met && spoilt.outcome == Outcome::Failed);
    assert!(expectation.reason.contains("but something became worse: p95 of b +"), "{}", expectation.reason);
}

#[test]
fn unequal_numbers_are_no_pairs() {
    let (base, head) = WORLD.pairs(3, NONE, &mut Chance(1));
    let judgement = judge(&compare_pairs(&base, &head[..2], &Settings::default()), &Policy::default());
    assert_eq!(judgement.outcome, Outcome::Invalid);
    assert!(judgement.outcome_reason.contains("there are 3 and 2"), "{}", judgement.outcome_reason);
}

#[test]
fn a_shift_of_all_pairs_is_no_matter_of_the_runner() {
    let (base, head) = ROUGH.pairs(5, Change { all: 1.4, ..NONE }, &mut Chance(1));
    let judgement = judge(&compare_pairs(&base, &head, &Settings::default()), &Policy::default());
    assert!(judgement.shift_alone && !judgement.needs_confirmation && judgement.outcome == Outcome::Failed);
    assert!(judgement.findings[0].message.contains("shared their runner"), "{:?}", judgement.findings);
}

/// A column of the README's table: what head does, and what is counted.
type Column = (Change, fn(&Judgement) -> bool);

/// The columns, after the number of pairs.
const COLUMNS: [Column; 5] = [
    (NONE, |judgement| judgement.outcome == Outcome::Failed),
    (NONE, |judgement| is_improved(judgement)),
    (Change { first: 1.3, ..NONE }, |judgement| fails(judgement, "a", "p95")),
    (Change { all: 1.3, ..NONE }, |judgement| judgement.outcome == Outcome::Failed),
    (Change { first: 0.92, ..NONE }, |judgement| is_improved(judgement)),
];

#[test]
fn the_table_of_the_readme_is_what_pairs_do() {
    const TIMES: usize = 100;
    let readme = include_str!("../../../README.md");
    let rows = readme.lines().skip_while(|line| !line.starts_with("| pairs | false failure")).skip(2);
    let mut seen = 0;
    for row in rows.take_while(|line| line.starts_with('|')) {
        let told: Vec<f64> = row.split(['|', '%', ' ']).filter_map(|word| word.parse().ok()).collect();
        let (n, shares) = told.split_first().unwrap();
        assert_eq!(shares.len(), COLUMNS.len(), "{row}");
        for (share, (change, holds)) in shares.iter().zip(COLUMNS) {
            let found = 100.0 * count(ROUGH, *n as usize, change, TIMES, compare_pairs, holds) as f64 / TIMES as f64;
            // Four standard errors of what is found here, and what a share near 0 or 100 % may be off.
            let off = 400.0 * (share * (100.0 - share) / 1e4 / TIMES as f64).sqrt() + 2.0;
            assert!((found - share).abs() <= off, "{row}\n{change:?}: {found} %, not {share} ± {off:.1} %");
        }
        seen += 1;
    }
    assert_eq!(seen, 5);
}
