//! What is measured: environments, cells, and the regressions that are put in.

use crate::simulator::{Arrivals, Conditions, Injection, Load};

/// Where runs come from: their load, and how much they differ.
#[derive(Debug)]
pub(crate) struct Environment {
    /// As the table shows it.
    pub(crate) title: &'static str,
    /// The load test.
    pub(crate) load: Load,
    /// How much unchanged runs differ.
    pub(crate) conditions: Conditions,
}

/// How many runs of the candidate there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Design {
    /// One.
    One,
    /// Two, judged together.
    Two,
    /// One, and where it asks for confirmation a second.
    Confirmed,
    /// As many as base runs, each beside one of those on the same runner.
    Pairs,
}

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Cell {
    /// As `--cells` has it.
    pub(crate) name: &'static str,
    /// Where its runs come from.
    pub(crate) environment: &'static Environment,
    /// Baseline runs.
    pub(crate) runs: usize,
    /// Candidate runs.
    pub(crate) design: Design,
}

/// Environments in which runs of the usual load differ by so much, and nothing worse.
const fn spread(title: &'static str, spread: f64) -> Environment {
    Environment { title, load: Load::USUAL, conditions: Conditions::spread(spread) }
}

static CALM: Environment = spread("3 % spread", 0.03);
static USUAL: Environment = spread("5 % spread", 0.05);
static RESTLESS: Environment = spread("7 % spread", 0.07);
static WILD: Environment = spread("10 % spread", 0.10);
static SHORT: Environment = Environment { load: Load::SHORT, ..spread("5 %, 60 s, a third of the load", 0.05) };
static OPEN: Environment =
    Environment { load: Load { arrivals: Arrivals::Open, ..Load::USUAL }, ..spread("5 %, open arrivals", 0.05) };
static THREE: Environment =
    Environment { load: Load { endpoints: 3, ..Load::USUAL }, ..spread("5 %, 3 endpoints", 0.05) };
static SINGLE: Environment =
    Environment { load: Load { endpoints: 1, ..Load::USUAL }, ..spread("5 %, 1 endpoint", 0.05) };
static NEIGHBOURS: Environment = Environment {
    title: "5 %, one run in 20 has a noisy neighbour",
    load: Load::USUAL,
    conditions: Conditions { neighbours: 0.05, ..Conditions::spread(0.05) },
};
static MACHINES: Environment = Environment {
    title: "5 %, a quarter of the runs on a 25 % slower machine",
    load: Load::USUAL,
    conditions: Conditions { slower_machines: 0.25, ..Conditions::spread(0.05) },
};

const fn cell(name: &'static str, environment: &'static Environment, runs: usize) -> Cell {
    Cell { name, environment, runs, design: Design::One }
}

/// All rows, those of one environment together.
pub(crate) static CELLS: [Cell; 23] = [
    cell("3%-n7", &CALM, 7),
    cell("5%-n1", &USUAL, 1),
    cell("5%-n3", &USUAL, 3),
    cell("5%-n7", &USUAL, 7),
    cell("5%-n20", &USUAL, 20),
    cell("5%-n50", &USUAL, 50),
    Cell { design: Design::Two, ..cell("two-n7", &USUAL, 7) },
    Cell { design: Design::Pairs, ..cell("pairs-1", &USUAL, 1) },
    Cell { design: Design::Pairs, ..cell("pairs-2", &USUAL, 2) },
    Cell { design: Design::Pairs, ..cell("pairs-3", &USUAL, 3) },
    Cell { design: Design::Pairs, ..cell("pairs-5", &USUAL, 5) },
    cell("7%-n1", &RESTLESS, 1),
    cell("7%-n3", &RESTLESS, 3),
    cell("7%-n7", &RESTLESS, 7),
    cell("7%-n20", &RESTLESS, 20),
    cell("10%-n7", &WILD, 7),
    cell("short-n7", &SHORT, 7),
    cell("open-n7", &OPEN, 7),
    cell("three-n7", &THREE, 7),
    cell("single-n7", &SINGLE, 7),
    cell("neighbours-n7", &NEIGHBOURS, 7),
    Cell { design: Design::Confirmed, ..cell("neighbours-confirmed-n7", &NEIGHBOURS, 7) },
    cell("machines-n7", &MACHINES, 7),
];

/// The rows of `--cells quick`: little history, enough of it, and what goes wrong most often.
pub(crate) const QUICK: [&str; 3] = ["5%-n3", "5%-n7", "two-n7"];

/// The rows whose runs the other procedures are measured on.
pub(crate) const WITH_PEERS: [&str; 2] = ["5%-n7", "5%-n3"];

/// A regression that is put into the candidate, and where it must be found.
#[derive(Debug)]
pub(crate) struct Column {
    /// As the table shows it.
    pub(crate) title: &'static str,
    /// What is changed, of the endpoint with that number.
    pub(crate) injection: fn(usize) -> Injection,
    /// The metric whose row must fail.
    pub(crate) metric: &'static str,
    /// Whether it must be the row of that endpoint.
    pub(crate) of_endpoint: bool,
}

impl Column {
    /// Whether a failing row of `metric` and `endpoint` is this regression, put into the endpoint called `changed`.
    pub(crate) fn is_found_in(&self, metric: &str, endpoint: &str, changed: &str) -> bool {
        metric == self.metric && (endpoint == changed || !self.of_endpoint)
    }
}

const fn one(title: &'static str, injection: fn(usize) -> Injection) -> Column {
    Column { title, injection, metric: "p95", of_endpoint: true }
}

/// The regressions, in the order of the table.
pub(crate) const COLUMNS: [Column; 11] = [
    one("one +10 %", |endpoint| Injection::Latency(endpoint, 0.10)),
    one("one +20 %", |endpoint| Injection::Latency(endpoint, 0.20)),
    one("one +30 %", |endpoint| Injection::Latency(endpoint, 0.30)),
    one("one +40 %", |endpoint| Injection::Latency(endpoint, 0.40)),
    one("one +50 %", |endpoint| Injection::Latency(endpoint, 0.50)),
    Column { of_endpoint: false, ..one("all +30 %", |_| Injection::AllLatencies(0.30)) },
    one("tail of one +50 %", |endpoint| Injection::Tail(endpoint, 0.50)),
    Column { metric: "throughput", of_endpoint: false, ..one("throughput −25 %", |_| Injection::Throughput(-0.25)) },
    Column { metric: "memory", of_endpoint: false, ..one("memory +50 %", |_| Injection::Memory(0.50)) },
    Column { metric: "error-rate", ..one("errors +8 points", |endpoint| Injection::Errors(endpoint, 0.08)) },
    Column { metric: "error-rate", ..one("errors +2 points", |endpoint| Injection::Errors(endpoint, 0.02)) },
];
