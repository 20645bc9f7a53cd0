//! Simulated pairs: the runner cancels, false alarms are rare, real regressions and improvements are found.

use super::simulated::{Chance, NAMES};
use super::{Judgement, Outcome, Record, endpoint, row, run};
use crate::compare::{Settings, compare_pairs, compare_runs};
use crate::verdict::{Policy, Severity, Verdict, judge};

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
#[derive(Clone, Copy, Debug)]
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
            let own = of_run + shared + chance.normal(self.own) + change.all.ln() + if i == 0 { change.first.ln() } else { 0.0 };
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

fn judged(base: &[Record], head: &[Record]) -> Judgement {
    judge(&compare_pairs(base, head, &Settings::default()), &Policy::default())
}

fn fails(row: &crate::verdict::Row) -> bool {
    row.severity >= Some(Severity::Failure)
}

/// How often in `times` comparisons of `n` pairs `is` holds.
fn count(world: World, n: usize, change: Change, times: usize, seed: u64, is: impl Fn(&Judgement) -> bool) -> usize {
    let mut chance = Chance(seed);
    (0..times)
        .filter(|_| {
            let (base, head) = world.pairs(n, change, &mut chance);
            is(&judged(&base, &head))
        })
        .count()
}

#[test]
#[ignore = "prints the table of error rates: cargo test --lib table_of_pairs -- --ignored --nocapture"]
#[expect(clippy::print_stdout, reason = "the table is for a person")]
fn table_of_pairs() {
    const TIMES: usize = 1_000;
    let worlds = [
        ("5 % runner", WORLD),
        ("20 % runner", World { runner: 0.2, ..WORLD }),
        ("no fresh endpoint part", World { own: 0.0, ..WORLD }),
        ("fresh 6 %", World { fresh: 0.06, ..WORLD }),
        ("own 6 %", World { own: 0.06, ..WORLD }),
        ("memory 8 %", World { memory: 0.08, ..WORLD }),
        ("errors 50 %", World { errors: 0.5, ..WORLD }),
        ("2 endpoints", World { endpoints: 2, ..WORLD }),
        ("1 endpoint", World { endpoints: 1, ..WORLD }),
        ("3 endpoints", World { endpoints: 3, ..WORLD }),
    ];
    let share = |n: usize| 100.0 * n as f64 / TIMES as f64;
    println!("{:24} n | false warn inc | +10 +15 +20 +30 all30 | thr-25 mem+50 err+2pp", "world");
    for (name, world) in worlds {
        for n in [1, 2, 3, 5, 10] {
            let of = |change, is: fn(&Judgement) -> bool| share(count(world, n, change, TIMES, 7, is));
            let one = |judgement: &Judgement| fails(row(judgement, "a", "p95"));
            let first = |factor| of(Change { first: factor, ..NONE }, one);
            let any = |judgement: &Judgement| judgement.outcome == Outcome::Failed;
            let figures = [
                of(NONE, any),
                of(NONE, |judgement| judgement.outcome == Outcome::Warned),
                of(NONE, |judgement| judgement.outcome == Outcome::Inconclusive),
                first(1.10),
                first(1.15),
                first(1.20),
                first(1.30),
                of(Change { all: 1.3, ..NONE }, any),
                of(Change { throughput: 0.75, ..NONE }, |judgement| fails(row(judgement, "(all)", "throughput"))),
                of(Change { memory: 1.5, ..NONE }, |judgement| fails(row(judgement, "(all)", "memory"))),
                of(Change { errors: 6.0, ..NONE }, |judgement| fails(row(judgement, "(all)", "error-rate"))),
            ];
            let cells: Vec<String> = figures.iter().map(|figure| format!("{figure:5.1}")).collect();
            println!("{name:24} {n:2} | {}", cells.join(" "));
        }
    }
}
