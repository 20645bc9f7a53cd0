//! What is measured, and the figures that must hold.
//!
//! Each is a ratio of two commands that ran in turn on the same machine and file, so that it means the same elsewhere: how
//! many times longer perf-gate takes to read a file than `wc -l` takes to count its lines, or another tool longer than
//! perf-gate.

use crate::command::{Cores, Cost};
use crate::inputs::{Kind, MEGABYTE};

/// Peak memory in bytes at most, whatever the file.
pub(crate) const PEAK: u64 = 32 * MEGABYTE;

/// A file, and how it is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    /// As `--only` names it.
    pub(crate) name: &'static str,
    /// As the table names it.
    pub(crate) title: &'static str,
    pub(crate) kind: Kind,
    pub(crate) is_compressed: bool,
    pub(crate) cores: Cores,
    /// What the ratio is of.
    pub(crate) figure: fn(&Cost) -> f64,
    /// Times `wc -l` of the file before it was compressed, at most.
    pub(crate) most: f64,
}

const CASE: Case = Case {
    name: "k6-json",
    title: "k6 `--out json`",
    kind: Kind::K6Json,
    is_compressed: false,
    cores: Cores::All,
    figure: |cost| cost.wall,
    most: 2.0,
};

/// All of them.
pub(crate) const CASES: [Case; 8] = [
    CASE,
    Case {
        title: "k6 `--out json`, one core, CPU time",
        cores: Cores::One,
        figure: |cost| cost.cpu,
        most: 3.0,
        ..CASE
    },
    Case { name: "k6-json-gz", title: "k6 `--out json`, `.gz`", is_compressed: true, most: 3.0, ..CASE },
    // The worst case: every line is wanted.
    Case {
        name: "k6-durations",
        title: "k6 `--out json`, durations alone",
        kind: Kind::K6Durations,
        most: 5.0,
        ..CASE
    },
    Case { name: "k6-csv", title: "k6 `--out csv`", kind: Kind::K6Csv, most: 2.5, ..CASE },
    Case { name: "jtl", title: "JMeter CSV", kind: Kind::Jtl, most: 3.5, ..CASE },
    Case { name: "jtl-gz", title: "JMeter CSV, `.gz`", kind: Kind::Jtl, is_compressed: true, most: 5.0, ..CASE },
    Case { name: "jtl-xml", title: "JMeter XML, one core", kind: Kind::JtlXml, cores: Cores::One, most: 8.0, ..CASE },
];

/// What somebody without perf-gate would use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) tool: Tool,
    /// The name of the first case with the same file.
    pub(crate) case: &'static str,
    /// Times slower than perf-gate, at least, where that is a target.
    pub(crate) least: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    DuckDb,
    Polars,
    Jq,
    /// `xml.etree.ElementTree.iterparse` of Python.
    Iterparse,
    /// Decompresses, and answers nothing.
    Gzip,
}

/// All of them.
pub(crate) const PEERS: [Peer; 10] = [
    Peer { tool: Tool::DuckDb, case: "k6-json", least: Some(4.0) },
    Peer { tool: Tool::Polars, case: "k6-json", least: Some(10.0) },
    Peer { tool: Tool::Jq, case: "k6-json", least: Some(50.0) },
    Peer { tool: Tool::Gzip, case: "k6-json-gz", least: Some(5.0) },
    Peer { tool: Tool::DuckDb, case: "k6-csv", least: Some(4.0) },
    Peer { tool: Tool::Polars, case: "k6-csv", least: Some(4.0) },
    Peer { tool: Tool::DuckDb, case: "jtl", least: Some(3.0) },
    Peer { tool: Tool::Polars, case: "jtl", least: Some(3.0) },
    Peer { tool: Tool::Gzip, case: "jtl-gz", least: None },
    Peer { tool: Tool::Iterparse, case: "jtl-xml", least: Some(12.0) },
];
