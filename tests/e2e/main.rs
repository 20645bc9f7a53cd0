//! Tests against a server of GitHub's API that none of us wrote. `cargo test --test e2e` runs them, and plain `cargo test`
//! does not: they need that server, whose address is `PERF_GATE_E2E_API`.
//!
//! `PERF_GATE_E2E_TOKEN` is the token (without it each test makes up one, which the server emulate takes for its first
//! user's), `PERF_GATE_E2E_REPOSITORY` the repository, `octocat/hello` if not set. Each test writes to a branch of its own.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in what its cases share")]
#![expect(clippy::disallowed_methods, reason = "tests are the outside world")]

/// Passes requests on and counts them.
mod relay;
/// The store on GitHub: what every store promises, and what it costs.
mod store;
