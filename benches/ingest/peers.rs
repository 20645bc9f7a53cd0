//! Other tools on the same files, asked the same question.
//!
//! Those that are packages of Python live in a virtual environment beside the inputs. What is missing is told and left out.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::command::{Command, Pairs};
use crate::inputs::{FOLDER, Kind};
use crate::table::{Table, grouped, marked, megabytes, ratio, seconds, speed};
use crate::targets::{CASES, Case, PEERS, Peer, Tool};
use crate::{Bench, file_of, size};

/// Megabytes of the files that slow tools read.
const CUT: u64 = 100;
/// Pairs with a fast tool and with a slow one, at most.
const FAST: usize = 5;
const SLOW: usize = 3;
/// By how much quantiles may differ: tools interpolate them in different ways, or count in buckets.
const TOLERANCE: f64 = 0.02;

/// Compares with all tools there are, and prints a table. Whether they all give perf-gate's answer.
pub(crate) fn compare(bench: &Bench) -> Result<bool> {
    let mut table =
        Table::new(&["instead of perf-gate", "file", "wall", "MB/s", "peak memory", "times slower", "at least"]);
    let mut versions = BTreeMap::new();
    let mut differences = Vec::new();
    for peer in PEERS.iter().filter(|peer| bench.wants(peer.case)) {
        let version = versions.entry(peer.tool.title()).or_insert_with(|| peer.tool.prepared());
        let Some(version) = version else { continue };
        let case = CASES.iter().find(|case| case.name == peer.case).context("a peer of no case")?;
        eprintln!("{} on {} …", peer.tool.title(), case.title);
        differences.extend(row(bench, peer, case, version, &mut table)?);
    }
    println!("What you would use instead, on the same files and in turn with perf-gate:\n\n{table}");
    for difference in &differences {
        println!("another answer: {difference}");
    }
    Ok(differences.is_empty())
}

/// Measures a tool; returns where its answer is another one.
fn row(bench: &Bench, peer: &Peer, case: &Case, version: &str, table: &mut Table) -> Result<Vec<String>> {
    let is_slow = matches!(peer.tool, Tool::Jq | Tool::Iterparse);
    let megabytes_read = if is_slow { bench.megabytes.min(CUT) } else { bench.megabytes };
    let (raw, file) = file_of(case, bench, megabytes_read)?;
    let command = peer.tool.command(case.kind, &file);
    let perf_gate = bench.inspect(&file, &[]).on(case.cores);
    let mut differences = Vec::new();
    if peer.tool != Tool::Gzip {
        let (theirs, ours) = (answer_of(&command)?, Inspected::of(bench, &file)?.answer());
        let of = |what| format!("{} on {}: {what}", peer.tool.title(), file.display());
        differences.extend(compared(&ours, &theirs, case.kind).into_iter().map(of));
    }
    let pairs = Pairs::run(&perf_gate, &command, bench.runs.min(if is_slow { SLOW } else { FAST }))?;
    let (wall, slower) = (pairs.second(|cost| cost.wall), pairs.ratio(|cost| cost.wall));
    table.add([
        version.to_owned(),
        format!("{}, {} MB", case.title, grouped(megabytes_read as f64)),
        seconds(wall),
        speed(size(&raw)?, wall),
        megabytes(command.peak()?),
        marked(ratio(slower), peer.least.is_none_or(|least| slower >= least)),
        peer.least.map_or_else(|| "–".to_owned(), |least| format!("{least:.0}")),
    ]);
    Ok(differences)
}

impl Tool {
    fn title(self) -> &'static str {
        match self {
            Self::DuckDb => "DuckDB",
            Self::Polars => "Polars",
            Self::Jq => "jq",
            Self::Iterparse => "Python, iterparse",
            Self::Gzip => "`gzip -dc` alone",
        }
    }

    /// Name and version, once the tool is there; none if it is not and cannot be had.
    fn prepared(self) -> Option<String> {
        let version = match self {
            Self::DuckDb => installed("duckdb==2.0.0"),
            Self::Polars => installed("polars==2.1.0"),
            Self::Jq => Command::new(&["jq", "--version"]).output().map(|said| said.trim().replace("jq-", "")),
            Self::Iterparse => {
                Command::new(&["python3", "--version"]).output().map(|said| said.trim().replace("Python ", ""))
            }
            Self::Gzip => Command::new(&["gzip", "--version"]).output().map(|_| String::new()),
        };
        match version {
            Ok(version) => Some(format!("{} {version}", self.title()).trim_end().to_owned()),
            Err(error) => {
                println!("{} is left out: {error:#}\n", self.title());
                None
            }
        }
    }

    fn command(self, kind: Kind, file: &Path) -> Command {
        let file = file.to_string_lossy();
        let form = match kind {
            Kind::K6Json | Kind::K6Durations => "k6-json",
            Kind::K6Csv => "k6-csv",
            Kind::Jtl => "jtl",
            Kind::JtlXml => "jtl-xml",
        };
        let python = |program: &str, tool| Command::new(&[program, "benches/ingest/peers.py", tool, form, &file]);
        match self {
            Self::DuckDb => python(&venv("python"), "duckdb"),
            Self::Polars => python(&venv("python"), "polars"),
            Self::Iterparse => python("python3", "iterparse"),
            Self::Jq => Command::new(&["jq", "-n", "-c", "-f", "benches/ingest/k6.jq", &file]),
            Self::Gzip => Command::new(&["gzip", "-dc", &file]),
        }
    }
}

fn venv(program: &str) -> String {
    format!("{FOLDER}/venv/bin/{program}")
}

/// Installs a package for Python unless it is there, and tells its version.
fn installed(package: &str) -> Result<String> {
    if !Path::new(&venv("python")).exists() {
        Command::new(&["python3", "-m", "venv", &format!("{FOLDER}/venv")]).output()?;
    }
    let pip = [&venv("python"), "-m", "pip", "install", "--quiet", "--retries", "0", "--timeout", "10", package];
    Command::new(&pip).output()?;
    Ok(package.split_once("==").map_or("", |(_, version)| version).to_owned())
}

/// By endpoint: requests, errors, and quantiles of all latencies in ms.
type Answer = BTreeMap<String, (u64, u64, [f64; 3])>;

/// What a tool prints: name, count, errors, three quantiles, requests a second.
fn answer_of(command: &Command) -> Result<Answer> {
    let output = command.output()?;
    let rows: Vec<(String, u64, u64, f64, f64, f64, f64)> =
        serde_json::from_str(&output).with_context(|| format!("{command} printed {output}"))?;
    let row =
        |(name, count, errors, p50, p95, p99, _): (_, _, _, _, _, _, f64)| (name, (count, errors, [p50, p95, p99]));
    Ok(rows.into_iter().map(row).collect())
}

/// Where two answers differ.
fn compared(ours: &Answer, theirs: &Answer, kind: Kind) -> Vec<String> {
    // JMeter's clock is of whole milliseconds, between which some interpolate.
    let step: f64 = if matches!(kind, Kind::Jtl | Kind::JtlXml) { 1.0 } else { 0.0 };
    let is_near = |a: f64, b: f64| (a - b).abs() <= step.max(TOLERANCE * a);
    let names = ours.keys().chain(theirs.keys().filter(|name| !ours.contains_key(*name)));
    let is_other = |name: &&String| match (ours.get(*name), theirs.get(*name)) {
        (Some(a), Some(b)) => (a.0, a.1) != (b.0, b.1) || !a.2.iter().zip(b.2).all(|(a, b)| is_near(*a, b)),
        _ => true,
    };
    names
        .filter(is_other)
        .map(|name| format!("{name}: {:?}, perf-gate {:?}", theirs.get(name), ours.get(name)))
        .collect()
}

/// What `perf-gate inspect --format json` says.
#[derive(Debug, Deserialize)]
pub(crate) struct Inspected {
    runs: Vec<Run>,
}

#[derive(Debug, Deserialize)]
struct Run {
    duration: f64,
    endpoints: Vec<Endpoint>,
}

#[derive(Debug, Deserialize)]
struct Endpoint {
    name: String,
    count: u64,
    errors: u64,
    latency_all: Option<BTreeMap<String, f64>>,
}

impl Inspected {
    pub(crate) fn of(bench: &Bench, file: &Path) -> Result<Self> {
        Ok(serde_json::from_str(&bench.inspect(file, &["--format", "json"]).output()?)?)
    }

    /// Seconds from the first request to the last.
    pub(crate) fn duration(&self) -> f64 {
        self.runs.iter().map(|run| run.duration).sum()
    }

    fn answer(self) -> Answer {
        let endpoints = self.runs.into_iter().flat_map(|run| run.endpoints).filter(|endpoint| endpoint.name != "(all)");
        let row = |endpoint: Endpoint| {
            let latency = endpoint.latency_all.unwrap_or_default();
            let quantiles =
                ["p50", "p95", "p99"].map(|name| latency.get(name).map_or(f64::NAN, |value| 1_000.0 * value));
            (endpoint.name, (endpoint.count, endpoint.errors, quantiles))
        };
        endpoints.map(row).collect()
    }
}
