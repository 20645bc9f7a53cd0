//! The perf-gate command.
fn main() {}
