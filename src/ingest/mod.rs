//! Ingest: bytes of result files in, one [`Run`] out, in memory that does not grow with the files.
//!
//! Each format is a row of [`FORMATS`]: a name, a test of the first bytes, and a function that streams observations to
//! the [`Recorder`]. Raw results as text are large: their records are parsed in [`Blocks`], on several threads, and
//! taken in the order of the file; requests that are like most are counted where they are parsed, and only sums are taken.
//! The files given together are the parts of one run: shards of one format are added
//! up, resource series are attached, and of several views of the same requests the most detailed is used.

mod aggregate;
#[cfg(any(test, fuzzing))]
mod agreement;
mod ahead;
mod artillery;
pub(crate) mod bits;
mod blocks;
mod buckets;
mod buffer;
mod bytes;
mod digits;
mod document;
mod endpoints;
mod failures;
#[cfg(fuzzing)]
pub mod fuzzing;
mod grid;
mod head;
mod input;
mod jmeter;
mod k6;
mod lines;
mod locust;
mod marks;
mod names;
mod native;
mod near;
mod observation;
mod order;
mod parser;
mod parts;
mod quotes;
mod record;
mod recorder;
mod resources;
mod short;
mod successes;
mod tally;
#[cfg(test)]
mod testing;
mod turns;

pub use blocks::Blocks;
pub use buffer::Buffered;
pub use bytes::{Bytes, Digest, ReadAt};
pub use endpoints::Found;
pub use head::Head;
pub use input::{Input, Line};
pub use observation::{Label, Observation, nanos};
pub use parts::{Part, detect, join};
pub use recorder::{Recorder, Sampled};

use std::collections::BTreeMap;

use anyhow::Result;

#[cfg(doc)]
use crate::model::Run;

/// Every format that is read, in the order of the documentation.
pub const FORMATS: &[Format] = &[
    k6::JSON,
    k6::CSV,
    k6::SUMMARY,
    jmeter::csv::FORMAT,
    jmeter::xml::FORMAT,
    jmeter::statistics::FORMAT,
    locust::STATS,
    locust::HISTORY,
    locust::FAILURES,
    locust::EXCEPTIONS,
    locust::JSON,
    artillery::V2,
    artillery::V1,
    resources::CSV,
    resources::PROMETHEUS,
    resources::EXPOSITION,
    native::FORMAT,
];

/// One file format.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// As `--format` and documents spell it: `k6-json`.
    pub name: &'static str,
    /// The tool that writes it; empty for resource series.
    pub tool: &'static str,
    /// What it is, in a few words, for `--help` and messages.
    pub about: &'static str,
    /// How much of the requests it tells.
    pub detail: Detail,
    /// Whether the first bytes of a file are of this format.
    pub detect: fn(&Head<'_>) -> bool,
    /// Streams the file to the recorder.
    pub read: fn(&mut Input<'_>, &mut Recorder) -> Result<()>,
}

/// How much of the requests a format tells; later is more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Nothing: series of the system under test.
    Resources,
    /// Kinds of failures only.
    Failures,
    /// Running totals over time, the last of which is the final aggregate.
    Slices,
    /// One figure per metric and endpoint.
    Aggregate,
    /// Latency histograms without time.
    Histogram,
    /// Each request.
    Raw,
    /// A whole run in the native format.
    Native,
}

/// What the caller decides about reading.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Name of the scenario the run is of.
    pub scenario: String,
    /// Use what is whole of a truncated file instead of refusing it.
    pub allow_truncated: bool,
    /// Name of the format of all load files, where detection is not wanted.
    pub format: Option<String>,
    /// Which series stand for which metric: `memory` → `heap_bytes`.
    pub resources: BTreeMap<String, String>,
    /// In what blocks and on how many threads large files are read; changes no result.
    pub blocks: Blocks,
}
