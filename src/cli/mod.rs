//! The command line: flags become plain structs here and get their meaning in `pipeline`.

mod inputs;
mod kept;
mod shared;

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::config::FailOn;

pub use inputs::{BRANCH, INPUTS, Inputs, Mode};
pub use kept::{Accept, Calibrate, Compact, Prune, ShowHistory};
pub use shared::{History, Identity, Input, Output, Reading};

/// What the exit statuses mean, as the README has them.
const AFTER_HELP: &str = "\
Exit status:
  0  passed (also warned, and inconclusive unless --fail-on names it)
  1  failed: a regression, a target missed by far, or --expect not met
  2  invalid input, configuration or outcome; the report is written all the same
  3  the judgement stands, but something could not be recorded or published";

/// A regression gate for load tests: reads what k6, Locust, JMeter and Artillery wrote, compares it with history, and
/// decides which changes are real and which of them matter.
#[derive(Debug, Parser)]
#[command(name = "perf-gate", version, about, long_about = None, after_help = AFTER_HELP)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read result files, compare them with the history, judge, report
    Check(Check),
    /// Add a run to the history
    Record(Record),
    /// Accept a regression: its series restarts on the new level
    Accept(Accept),
    /// Show what became of a scenario: levels, change points, drift
    History(ShowHistory),
    /// Compare runs with each other, without a history
    Compare(Compare),
    /// Show what is in result files, as perf-gate sees it
    Inspect(Inspect),
    /// Write result files in perf-gate's own format
    Convert(Convert),
    /// Render a saved report in any document format
    Report(Report),
    /// Replay the history: how noisy the tests are, and what this configuration does with that noise
    Calibrate(Calibrate),
    /// Thin the history by age
    Compact(Compact),
    /// Remove runs from the history
    Prune(Prune),
    /// Write a commented perf-gate.yml, and workflows for GitHub Actions
    Init(Init),
    /// Print a JSON Schema of perf-gate's formats
    Schema(Schema),
    /// Print shell completions
    Completions(Completions),
    /// Print the manual page
    Man,
    /// Be a step of a GitHub workflow: the inputs and the event decide what is done
    Action,
}

/// Flags of `check`.
#[derive(Clone, Debug, Default, Args)]
pub struct Check {
    /// What to read.
    #[command(flatten)]
    pub input: Input,
    /// Whose run it is.
    #[command(flatten)]
    pub identity: Identity,
    /// Where history is kept.
    #[command(flatten)]
    pub history: History,
    /// Which outcome sets exit status 1
    #[arg(long, value_enum, value_name = "WHEN")]
    pub fail_on: Option<FailOn>,
    /// Print how one verdict came about instead of the report, with every number: 'GET /slow/p95', '(all)/p95'
    #[arg(long, value_name = "ENDPOINT/METRIC")]
    pub explain: Option<String>,
    /// What to write.
    #[command(flatten)]
    pub output: Output,
}

/// Flags of `record`.
#[derive(Debug, Args)]
pub struct Record {
    /// What to read.
    #[command(flatten)]
    pub input: Input,
    /// Whose run it is.
    #[command(flatten)]
    pub identity: Identity,
    /// Where history is kept.
    #[command(flatten)]
    pub history: History,
    /// Format of the load test's files, where detection is not wanted: k6-json, jmeter-csv, …
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Say what would be recorded, and record nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Say nothing but errors
    #[arg(short, long)]
    pub quiet: bool,
}

/// Flags of `compare`.
#[derive(Debug, Args)]
pub struct Compare {
    /// Files of one run before the change; repeat the flag for each run
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub base: Vec<String>,
    /// Files of one run after the change; repeat the flag for each run
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub head: Vec<String>,
    /// The runs are pairs, in order: each --head was made right after or before its --base, on the same runner
    #[arg(long)]
    pub pairs: bool,
    /// Exit with 1 unless this is proven: at least one figure better beyond chance, and none worse
    #[arg(long, value_enum, value_name = "WHAT")]
    pub expect: Option<Expect>,
    /// How to read the files.
    #[command(flatten)]
    pub reading: Reading,
    /// Name of the scenario
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,
    /// Which outcome sets exit status 1
    #[arg(long, value_enum, value_name = "WHEN")]
    pub fail_on: Option<FailOn>,
    /// Print how one verdict came about instead of the report, with every number: 'GET /slow/p95', '(all)/p95'
    #[arg(long, value_name = "ENDPOINT/METRIC")]
    pub explain: Option<String>,
    /// What to write.
    #[command(flatten)]
    pub output: Output,
    /// The values of `--base`, a list for each time the flag was given.
    #[arg(skip)]
    pub bases: Vec<Vec<String>>,
    /// The values of `--head`, a list for each time the flag was given.
    #[arg(skip)]
    pub heads: Vec<Vec<String>>,
}

/// What `compare` can be asked to prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Expect {
    /// Something became better, nothing worse
    Improvement,
}

impl Expect {
    /// As `--expect` spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Improvement => "improvement",
        }
    }
}

/// Flags of `inspect`.
#[derive(Debug, Args)]
pub struct Inspect {
    /// What to read.
    #[command(flatten)]
    pub input: Input,
    /// What to write.
    #[command(flatten)]
    pub output: Output,
}

/// Flags of `convert`.
#[derive(Debug, Args)]
pub struct Convert {
    /// What to read.
    #[command(flatten)]
    pub input: Input,
    /// Whose run it is.
    #[command(flatten)]
    pub identity: Identity,
    /// Format of the load test's files, where detection is not wanted: k6-json, jmeter-csv, …
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<String>,
    /// Say nothing but errors
    #[arg(short, long)]
    pub quiet: bool,
}

/// Flags of `report`.
#[derive(Debug, Args)]
pub struct Report {
    /// A report that was written with --format json; - is standard input
    #[arg(value_name = "REPORT.json")]
    pub report: String,
    /// Document format (text, markdown, json, junit, csv)
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: String,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<String>,
    /// Say nothing but the document and errors
    #[arg(short, long)]
    pub quiet: bool,
}

/// Flags of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Name of the scenario to write
    #[arg(long, value_name = "NAME", default_value = "checkout")]
    pub scenario: String,
    /// Which workflows to write, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', value_name = "NAME", default_values_t = Workflow::USUAL)]
    pub workflows: Vec<Workflow>,
    /// Overwrite files that are there
    #[arg(long)]
    pub force: bool,
    /// Print what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// The workflows that `init` can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Workflow {
    /// Judge pull requests and merge groups, also from forks
    PullRequest,
    /// Judge and record what is pushed to trunk
    Push,
    /// Judge and record every night, with a report of the day
    Nightly,
    /// Judge and record every hour what is tagged with smoke
    Smoke,
    /// Judge and record every week what is tagged with weekly
    Weekly,
    /// Obey comments: approve, reject, accept
    Commands,
    /// All of them
    All,
    /// The configuration alone
    None,
}

impl Workflow {
    /// Those that cost no load test of their own beyond one a night.
    const USUAL: [Self; 4] = [Self::PullRequest, Self::Push, Self::Nightly, Self::Commands];
}

/// Flags of `schema`.
#[derive(Debug, Args)]
pub struct Schema {
    /// Which schema
    #[arg(value_enum)]
    pub of: SchemaOf,
}

/// The formats that have a schema.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum SchemaOf {
    /// perf-gate.yml
    Config,
    /// The native run format
    Run,
    /// The report of --format json
    Report,
    /// The derivation of --explain with --format json
    Explanation,
    /// What calibrate --format json writes
    Calibration,
    /// The document of history --format json
    History,
}

/// Flags of `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// Which shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Reads the command line of this process; prints help or an error and ends it where the flags ask for that.
pub fn parse() -> Cli {
    from(Cli::command().get_matches()).unwrap_or_else(|error| error.exit())
}

/// The definition of the command line, for completions and the manual page.
pub fn command() -> clap::Command {
    Cli::command()
}

/// The flags as structs, with the files of repeated flags kept apart.
fn from(matches: ArgMatches) -> Result<Cli, clap::Error> {
    let mut cli = Cli::from_arg_matches(&matches)?;
    let Some((_, flags)) = matches.subcommand() else { return Ok(cli) };
    match &mut cli.command {
        Command::Compare(compare) => {
            compare.bases = groups(flags, "base");
            compare.heads = groups(flags, "head");
        }
        Command::Check(Check { input, .. })
        | Command::Record(Record { input, .. })
        | Command::Inspect(Inspect { input, .. })
        | Command::Convert(Convert { input, .. }) => input.runs = groups(flags, "run"),
        _ => {}
    }
    Ok(cli)
}

/// The values of a flag, a list for each time it was given.
fn groups(flags: &ArgMatches, flag: &str) -> Vec<Vec<String>> {
    let given = flags.get_occurrences::<String>(flag).into_iter().flatten();
    given.map(|values| values.cloned().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Cli {
        from(Cli::command().try_get_matches_from(line.split(' ')).unwrap()).unwrap()
    }

    #[test]
    fn the_flags_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn each_base_and_head_is_one_run() {
        let Command::Compare(compare) = parsed("perf-gate compare --base a b --base c --head d").command else {
            panic!("not compare")
        };
        assert_eq!(compare.bases, [vec!["a", "b"], vec!["c"]]);
        assert_eq!(compare.heads, [vec!["d"]]);
    }

    #[test]
    fn further_runs_follow_the_files() {
        let Command::Check(check) = parsed("perf-gate check a b --run c d --run e").command else {
            panic!("not check")
        };
        assert_eq!(check.input.files, ["a", "b"]);
        assert_eq!(check.input.runs, [vec!["c", "d"], vec!["e"]]);
    }
}
