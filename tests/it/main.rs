//! Tests of perf-gate from outside, in one binary. A line for each module says what belongs in it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in what its cases share")]
#![expect(clippy::disallowed_methods, reason = "tests are the outside world")]

/// Who may import whom, and which crates are used where.
mod architecture;
/// What is no good run, and what the program answers.
mod bad_input;
/// Reading in blocks and on threads.
mod blocks;
/// `calibrate`: its documents letter by letter, and its lines in a configuration.
mod calibration;
/// Every command from outside: exit status, documents, messages, and the contract for scripts.
mod cli;
/// README, `--help`, the configuration and the program, held equal.
mod docs;
/// The formats against the files of `fixtures/`.
mod formats;
/// Each document of each report in `fixtures/golden`, letter by letter.
mod golden;
/// The program, run as a person or a workflow runs it.
mod program;
/// The published JSON Schemas against the types and against what people write.
mod schema;
/// How often unchanged runs fail and regressions are found, on simulated load tests.
mod scorecard;
/// The simulator of load tests, which the scorecard in `benches` shares.
#[path = "../../benches/simulator/mod.rs"]
mod simulator;
/// What every store promises: the conformance suite, run against each of them.
mod store;
/// What a regression on trunk leaves behind: issue, nightly and weekly files, calls, badges.
mod trunk;
