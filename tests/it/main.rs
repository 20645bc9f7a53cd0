//! Tests of perf-gate from outside, in one binary. A line for each module says what belongs in it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in what its cases share")]
#![expect(clippy::disallowed_methods, reason = "tests are the outside world")]

/// What every store promises: the conformance suite, run against each of them.
mod store;
