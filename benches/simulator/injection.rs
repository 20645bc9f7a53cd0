//! Regressions that are put into a run, to be found.

/// Share of an endpoint's requests that a change of its tail alone leaves as they are: p50 keeps its place, p90 hardly
/// moves, p95 takes the whole change.
const BODY: f64 = 0.90;

/// A change of the service under test. Sizes are relative: 0.3 is 30 % more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Injection {
    /// Nothing changed.
    Nothing,
    /// Latencies of the endpoint with that number.
    Latency(usize, f64),
    /// All latencies.
    AllLatencies(f64),
    /// The slowest tenth of the latencies of that endpoint.
    Tail(usize, f64),
    /// Throughput, lost to everything but the responses: users are kept waiting between them.
    Throughput(f64),
    /// Error rate of that endpoint; the size is a difference of shares.
    Errors(usize, f64),
    /// Memory.
    Memory(f64),
}

impl Injection {
    /// Factor of the latencies of endpoint number `endpoint`.
    pub(super) fn latency(self, endpoint: usize) -> f64 {
        match self {
            Self::Latency(changed, by) if changed == endpoint => 1.0 + by,
            Self::AllLatencies(by) => 1.0 + by,
            _ => 1.0,
        }
    }

    /// Factor of a latency of that endpoint that `share` of its latencies are below.
    pub(super) fn tail(self, endpoint: usize, share: f64) -> f64 {
        match self {
            Self::Tail(changed, by) if changed == endpoint && share > BODY => 1.0 + by,
            _ => 1.0,
        }
    }

    /// What is added to the error rate of that endpoint.
    pub(super) fn errors(self, endpoint: usize) -> f64 {
        match self {
            Self::Errors(changed, by) if changed == endpoint => by,
            _ => 0.0,
        }
    }

    /// Factor of the throughput.
    pub(super) fn throughput(self) -> f64 {
        if let Self::Throughput(by) = self { 1.0 + by } else { 1.0 }
    }

    /// Factor of memory.
    pub(super) fn memory(self) -> f64 {
        if let Self::Memory(by) = self { 1.0 + by } else { 1.0 }
    }
}
