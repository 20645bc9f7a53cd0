//! How fast result files are read, against `wc -l` and against what else would be used.
//!
//! ```text
//! cargo bench --profile release --bench ingest -- [--size MB] [--runs N] [--only k6-json,jtl,…] [--peers no]
//! cargo bench --profile release --bench ingest -- --quick    # for CI: exit status 1 if a target is missed
//! cargo bench --profile release --bench ingest -- --growth   # time and memory against size, endpoints, history
//! ```
//!
//! Cargo builds `perf-gate` with every bench, in the bench's profile. Without `--profile release` that is one without
//! link-time optimisation, where `cargo build --release` puts its own. Needs Python 3 and `wc`; inputs are made once and
//! kept in `target/bench-ingest`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command: its answer goes to standard output")]
#![expect(clippy::disallowed_methods, reason = "a bench runs commands, and makes the files that they read")]

mod command;
mod growth;
mod inputs;
mod peers;
mod table;
mod targets;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::{ArgAction, Parser, builder::BoolishValueParser};
use jiff::Timestamp;

use command::{Command, Pairs};
use inputs::{Input, Kind};
use table::{Table, grouped, marked, megabytes, ratio, seconds, speed};
use targets::{CASES, Case, PEAK};

/// Measures how fast perf-gate reads result files.
#[derive(Debug, Parser)]
#[command(name = "ingest")]
struct Options {
    /// Megabytes of each file, before it is compressed [default: 1000, with --quick 200].
    #[arg(long)]
    size: Option<u64>,
    /// Pairs of runs, of which the median counts [default: 9, with --quick 5].
    #[arg(long)]
    runs: Option<usize>,
    /// Only these files: k6-json, k6-json-gz, k6-durations, k6-csv, jtl, jtl-gz, jtl-xml.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Whether other tools read the same files: yes, no.
    #[arg(long, default_value = "yes", value_parser = BoolishValueParser::new(), action = ArgAction::Set)]
    peers: bool,
    /// Small files, no other tools, and exit status 1 if a target is missed.
    #[arg(long)]
    quick: bool,
    /// Instead: time and memory against size, endpoints and runs of the history; takes 15 GB of disk at the default size.
    #[arg(long)]
    growth: bool,
    /// JSON of k6 with `metric` as the last key, as older releases write it.
    #[arg(long)]
    old_order: bool,
    /// Seed of the files.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The perf-gate that is measured.
    #[arg(long, default_value = option_env!("CARGO_BIN_EXE_perf-gate").unwrap_or("target/release/perf-gate"))]
    binary: String,
    /// What `cargo bench` adds.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What is measured, and how.
#[derive(Debug)]
struct Bench {
    binary: String,
    megabytes: u64,
    runs: usize,
    seed: u64,
    has_old_order: bool,
    only: Vec<String>,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("ingest: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether all is as it must be.
fn run(options: &Options) -> Result<bool> {
    let bench = Bench::new(options)?;
    println!("{}\n", bench.heading()?);
    if options.growth {
        return growth::tables(&bench).map(|()| true);
    }
    let holds = cases(&bench)?;
    if options.quick {
        return Ok(holds);
    }
    if options.peers { peers::compare(&bench) } else { Ok(true) }
}

/// Reads every file, and prints a table. Whether all targets are met.
fn cases(bench: &Bench) -> Result<bool> {
    let mut table = Table::new(&["file", "wall", "CPU", "MB/s", "times `wc -l`", "at most", "peak memory"]);
    let mut holds = true;
    for case in CASES.iter().filter(|case| bench.wants(case.name)) {
        let (raw, file) = file_of(case, bench, bench.megabytes)?;
        eprintln!("{} …", case.title);
        let lines = Command::new(&["wc", "-l", &raw.to_string_lossy()]);
        let inspect = bench.inspect(&file, &[]).on(case.cores);
        let pairs = Pairs::run(&lines, &inspect, bench.runs)?;
        let (wall, cpu) = (pairs.second(|cost| cost.wall), pairs.second(|cost| cost.cpu));
        let (times, peak) = (pairs.ratio(case.figure), inspect.peak()?);
        holds &= times <= case.most && peak <= PEAK;
        table.add([
            case.title.to_owned(),
            seconds(wall),
            seconds(cpu),
            speed(size(&raw)?, wall),
            marked(ratio(times), times <= case.most),
            format!("{:.1}", case.most),
            marked(megabytes(peak), peak <= PEAK),
        ]);
    }
    println!("{table}");
    println!(
        "Medians of {} pairs; of compressed files MB/s and `wc -l` are of what is in them. Peak memory at most {}.\n",
        bench.runs,
        megabytes(PEAK)
    );
    Ok(holds)
}

/// The file of a case as it was before it was compressed, and as it is read; the same where it is not compressed.
fn file_of(case: &Case, bench: &Bench, megabytes: u64) -> Result<(PathBuf, PathBuf)> {
    let has_old_order = bench.has_old_order && matches!(case.kind, Kind::K6Json | Kind::K6Durations);
    let raw = Input { has_old_order, ..Input::new(case.kind, megabytes, bench.seed) }.made()?;
    let file = if case.is_compressed { inputs::compressed(&raw)? } else { raw.clone() };
    Ok((raw, file))
}

/// Bytes of a file.
fn size(file: &Path) -> Result<u64> {
    Ok(fs::metadata(file).with_context(|| file.display().to_string())?.len())
}

impl Bench {
    fn new(options: &Options) -> Result<Self> {
        let unknown = |name: &&String| !CASES.iter().any(|case| case.name == **name);
        if let Some(name) = options.only.iter().find(unknown) {
            let mut names = CASES.map(|case| case.name).to_vec();
            names.dedup();
            anyhow::bail!("--only {name}: known are {}", names.join(", "));
        }
        let missing = || format!("{} is missing: cargo build --release makes target/release/perf-gate", options.binary);
        ensure!(Path::new(&options.binary).exists(), missing());
        let (size, runs) = if options.quick { (200, 5) } else { (1_000, 9) };
        Ok(Self {
            binary: options.binary.clone(),
            megabytes: options.size.unwrap_or(size),
            runs: options.runs.unwrap_or(runs),
            seed: options.seed,
            has_old_order: options.old_order,
            only: options.only.clone(),
        })
    }

    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }

    fn inspect(&self, file: &Path, more: &[&str]) -> Command {
        let file = file.to_string_lossy();
        Command::new(&[&[self.binary.as_str(), "inspect", &file], more].concat())
    }

    /// What was measured, when and on what.
    fn heading(&self) -> Result<String> {
        let today = Timestamp::now().strftime("%Y-%m-%d");
        let version = Command::new(&[&self.binary, "--version"]).output()?;
        let cores = std::thread::available_parallelism()?;
        let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
        let size = grouped(self.megabytes as f64);
        let mut heading = format!(
            "{today}, {}, {cores} cores, {os} {arch}; files of {size} MB, warm, seed {}.",
            version.trim(),
            self.seed
        );
        if memchr::memmem::find(&fs::read(&self.binary)?, b".symtab").is_some() {
            heading += "\nThe binary has symbols: it is not the one that is released, which --profile release builds.";
        }
        Ok(heading)
    }
}
