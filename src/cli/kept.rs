//! Flags of the commands about what is kept: the history and what people accepted of it.

use clap::Args;
use jiff::Timestamp;

use super::History;

/// Flags of `accept`.
#[derive(Debug, Args)]
pub struct Accept {
    /// Name of the scenario
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,
    /// The metric, or a pattern: p95, '*'
    #[arg(value_name = "METRIC")]
    pub metric: String,
    /// The endpoint, or a pattern: 'GET /search*', '(all)'
    #[arg(value_name = "ENDPOINT")]
    pub endpoint: String,
    /// Why the new level is right
    #[arg(value_name = "REASON")]
    pub reason: String,
    /// Who accepts it
    #[arg(long, value_name = "NAME")]
    pub author: String,
    /// When the acceptance ends: then the series is compared with its old level again (default: never)
    #[arg(long, value_name = "DATE|RFC3339")]
    pub until: Option<String>,
    /// Start of the first run on the new level (default: of the regression that is open, or else the time of acceptance)
    #[arg(long, value_name = "RFC3339")]
    pub from: Option<Timestamp>,
    /// Time of the acceptance (default: start of the latest run)
    #[arg(long, value_name = "RFC3339")]
    pub at: Option<Timestamp>,
    /// Commit at which it is accepted
    #[arg(long, value_name = "SHA")]
    pub commit: Option<String>,
    /// Where history is kept.
    #[command(flatten)]
    pub history: History,
    /// Configuration file (default: perf-gate.yml, if it is there)
    #[arg(long, value_name = "FILE")]
    pub config: Option<String>,
    /// Say what would be accepted, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Flags of `history`.
#[derive(Debug, Args)]
pub struct ShowHistory {
    /// Name of the scenario (default: the configuration's, or the only one there is)
    #[arg(value_name = "SCENARIO")]
    pub scenario: Option<String>,
    /// Only these endpoints: a name or a pattern, 'GET /search*', '(all)'
    #[arg(long, value_name = "GLOB")]
    pub endpoint: Option<String>,
    /// This metric, of the run and of every endpoint (default: p95; of the run also throughput, error-rate, memory)
    #[arg(long, value_name = "NAME")]
    pub metric: Option<String>,
    /// Runs since this time, or of so long before the latest run
    #[arg(long, value_name = "TIME|DURATION", default_value = "365d")]
    pub since: String,
    /// Where history is kept.
    #[command(flatten)]
    pub history: History,
    /// Configuration file (default: perf-gate.yml, if it is there)
    #[arg(long, value_name = "FILE")]
    pub config: Option<String>,
    /// Document format (text, markdown, json, csv)
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: String,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<String>,
    /// Say nothing but the document and errors
    #[arg(short, long)]
    pub quiet: bool,
}

/// Flags of `calibrate`.
#[derive(Debug, Args)]
pub struct Calibrate {
    /// Name of the scenario (default: every scenario in the store)
    #[arg(value_name = "SCENARIO", conflicts_with = "scenario")]
    pub name: Option<String>,
    /// The same as a flag
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,
    /// Environment to replay, by the start of its fingerprint (default: the one with the most runs)
    #[arg(long, value_name = "FINGERPRINT")]
    pub environment: Option<String>,
    /// Replay runs up to this time (default: all)
    #[arg(long, value_name = "RFC3339")]
    pub at: Option<Timestamp>,
    /// Where history is kept.
    #[command(flatten)]
    pub history: History,
    /// Configuration file (default: perf-gate.yml, if it is there)
    #[arg(long, value_name = "FILE")]
    pub config: Option<String>,
    /// What to write: text, markdown, json, or yaml (the lines for perf-gate.yml alone)
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: String,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<String>,
    /// Say nothing but the document and errors
    #[arg(short, long)]
    pub quiet: bool,
}

/// Flags of `compact`.
#[derive(Debug, Args)]
pub struct Compact {
    /// Where history is kept.
    #[command(flatten)]
    pub history: History,
    /// Configuration file (default: perf-gate.yml, if it is there)
    #[arg(long, value_name = "FILE")]
    pub config: Option<String>,
    /// Keep the latest N runs of each scenario and environment whole
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub keep: usize,
    /// Keep thinned runs for so long; of older ones only the summaries of their day
    #[arg(long, value_name = "TIME", default_value = "90d")]
    pub thin_until: String,
    /// Time from which ages are counted (default: the latest run)
    #[arg(long, value_name = "RFC3339")]
    pub at: Option<Timestamp>,
    /// Make the branch of a git: store one commit
    #[arg(long)]
    pub squash: bool,
    /// Say what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Flags of `prune`.
#[derive(Debug, Args)]
pub struct Prune {
    /// Where history is kept.
    #[command(flatten)]
    pub history: History,
    /// Configuration file (default: perf-gate.yml, if it is there)
    #[arg(long, value_name = "FILE")]
    pub config: Option<String>,
    /// Remove runs older than this
    #[arg(long, value_name = "TIME")]
    pub older_than: Option<String>,
    /// Remove the oldest runs until the history is no larger than this
    #[arg(long, value_name = "SIZE")]
    pub larger_than: Option<String>,
    /// Remove the run with this id
    #[arg(long, value_name = "ID")]
    pub id: Vec<String>,
    /// Time from which ages are counted (default: the latest run)
    #[arg(long, value_name = "RFC3339")]
    pub at: Option<Timestamp>,
    /// Say what would be removed, and remove nothing
    #[arg(long)]
    pub dry_run: bool,
}
