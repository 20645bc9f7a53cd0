//! The scorecard: error rates of perf-gate and of others on simulated load tests.
//!
//! ```text
//! cargo bench --bench scorecard -- [--seed N] [--comparisons N] [--cells quick|all|NAME,…] [--format text|markdown|json]
//! ```
//!
//! A row is an environment and a number of baseline runs, a column what was put into the candidate. Of unchanged
//! candidates every failure is false. A regression is found if the judgement fails and a failing row is of the endpoint
//! and metric that was changed (of any endpoint, where all were). To measure another procedure, give [`measure::cell`]
//! other settings or another policy.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command: its answer goes to standard output")]

mod cells;
mod laboratory;
mod measure;
mod paired;
mod parallel;
mod peers;
#[path = "../simulator/mod.rs"]
mod simulator;
mod table;

use clap::Parser;

use cells::{CELLS, Cell, QUICK, WITH_PEERS};
use laboratory::{Extent, Laboratory};
use measure::Procedure;
use table::{Format, Measured, Scorecard};

/// The fewest comparisons with each regression: every endpoint twice, since the second run of one is that of another.
const FEWEST: usize = 24;

/// Measures how often unchanged runs fail and regressions are found, on simulated load tests.
#[derive(Debug, Parser)]
#[command(name = "scorecard")]
struct Options {
    /// Seed of everything that is simulated.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Comparisons of unchanged runs in a cell.
    #[arg(long, default_value_t = 900)]
    comparisons: usize,
    /// Comparisons with each regression; a third of the others without it.
    #[arg(long)]
    injected: Option<usize>,
    /// `all`, `quick`, or names of cells.
    #[arg(long, value_delimiter = ',', default_value = "all")]
    cells: Vec<String>,
    /// Runs simulated at a time.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// How the scorecard is written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// What `cargo bench` adds.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    let comparisons = options.comparisons.max(FEWEST);
    let injected = options.injected.unwrap_or(comparisons / 3).clamp(FEWEST, comparisons);
    let extent = Extent { seed: options.seed, comparisons, injected, threads: options.threads };
    let wanted: Vec<&'static Cell> = CELLS.iter().filter(|cell| is_wanted(cell, &options.cells)).collect();
    if wanted.is_empty() {
        let names: Vec<&str> = CELLS.iter().map(|cell| cell.name).collect();
        eprintln!("no such cell; there are quick, all, {}", names.join(", "));
        return;
    }
    let mut scorecard = Scorecard::new(extent);
    for cells in wanted.chunk_by(|a, b| std::ptr::eq(a.environment, b.environment)) {
        scorecard.cells.extend(measured(cells, extent));
    }
    print!("{}", scorecard.written(options.format));
}

fn is_wanted(cell: &Cell, names: &[String]) -> bool {
    names.iter().any(|name| name == "all" || name == cell.name || (name == "quick" && QUICK.contains(&cell.name)))
}

/// Cells of one environment, which share their runs.
fn measured(cells: &[&'static Cell], extent: Extent) -> Vec<Measured> {
    let most = cells.iter().map(|cell| cell.runs).max().unwrap_or(0);
    let has_peers = |cell: &Cell| WITH_PEERS.contains(&cell.name);
    let laboratory = Laboratory::new(cells[0].environment, most, extent, cells.iter().any(|cell| has_peers(cell)));
    let measured = cells.iter().map(|cell| {
        eprintln!("{} …", cell.name);
        Measured {
            name: cell.name,
            title: table::title(cell),
            runs: cell.runs,
            tally: measure::cell(&laboratory, cell.design, cell.runs, &Procedure::default()),
            peers: if has_peers(cell) { peers::peers(&laboratory, cell.runs) } else { Vec::new() },
        }
    });
    measured.collect()
}
