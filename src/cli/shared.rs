//! Flags that several commands share.

use clap::Args;
use jiff::Timestamp;

/// What to read.
#[derive(Clone, Debug, Default, Args)]
pub struct Input {
    /// Result files of one run: its shards and resource series; patterns are expanded, - is standard input
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,
    /// Files of one more run of the same commit; repeat the flag for each run
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub run: Vec<String>,
    /// Name of the scenario, or NAME=PATTERN to read the files of one; repeat for several scenarios
    #[arg(long, value_name = "NAME[=PATTERN]")]
    pub scenario: Vec<String>,
    /// Without FILE: only the scenarios of the configuration that have one of these tags
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// How to read the files.
    #[command(flatten)]
    pub reading: Reading,
    /// The values of `--run`, a list for each time the flag was given.
    #[arg(skip)]
    pub runs: Vec<Vec<String>>,
}

/// How to read the files.
#[derive(Clone, Debug, Default, Args)]
pub struct Reading {
    /// Use what is whole of a truncated file
    #[arg(long)]
    pub allow_truncated: bool,
    /// Column or metric of a resource file that stands for a metric: `memory=heap_bytes`
    #[arg(long, value_name = "METRIC=COLUMN")]
    pub resource: Vec<String>,
    /// Start of the run that is not judged, as a share or a time: 10%, 30s
    #[arg(long, value_name = "SHARE|TIME")]
    pub warm_up: Option<String>,
    /// Configuration file (default: perf-gate.yml, if it is there)
    #[arg(long, value_name = "FILE")]
    pub config: Option<String>,
}

/// Whose run it is. Inside a workflow, what is not given is taken from the event.
#[derive(Clone, Debug, Default, Args)]
pub struct Identity {
    /// Start of the run and time of the judgement, instead of what the files say
    #[arg(long, value_name = "RFC3339")]
    pub at: Option<Timestamp>,
    /// Commit under test
    #[arg(long, value_name = "SHA")]
    pub commit: Option<String>,
    /// Branch under test; without one the run counts as trunk
    #[arg(long, value_name = "NAME")]
    pub branch: Option<String>,
    /// Pull request under test
    #[arg(long, value_name = "NUMBER")]
    pub pull_request: Option<u64>,
    /// Commit at which the branch left the trunk: no later run of the trunk is compared with; repeat the flag for the
    /// commits before it, the newest first
    #[arg(long, value_name = "SHA")]
    pub merge_base: Vec<String>,
    /// The release that this run is of: later runs are compared with its level too
    #[arg(long, value_name = "NAME")]
    pub release: Option<String>,
    /// Identity of the execution (workflow run, attempt and job), part of the run's id
    #[arg(long, value_name = "ID")]
    pub run_id: Option<String>,
    /// Address of the run of the workflow, for those who read the history
    #[arg(long, value_name = "URL")]
    pub run_url: Option<String>,
}

/// Where history is kept.
#[derive(Clone, Debug, Default, Args)]
pub struct History {
    /// dir:PATH, git:PATH#BRANCH or github:OWNER/REPO#BRANCH (default: the configuration's, or dir:.perf-gate; inside a
    /// workflow the branch perf-results of its repository)
    #[arg(long, value_name = "STORE")]
    pub store: Option<String>,
}

/// What to write.
#[derive(Clone, Debug, Default, Args)]
pub struct Output {
    /// Document format (text, markdown, json, junit, csv), or the format of the input files where detection is not
    /// wanted (k6-json, jmeter-csv, …); may be given for both
    #[arg(long, value_name = "FORMAT")]
    pub format: Vec<String>,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<String>,
    /// Say nothing but the document and errors
    #[arg(short, long)]
    pub quiet: bool,
}

impl Reading {
    /// The flags that read files in the same way again.
    pub fn again(&self) -> Vec<String> {
        let one =
            |flag: &str, value: &Option<String>| value.iter().flat_map(|v| [flag.to_owned(), v.clone()]).collect();
        let mut words: Vec<String> = one("--config", &self.config);
        words.extend::<Vec<String>>(one("--warm-up", &self.warm_up));
        words.extend(self.resource.iter().flat_map(|value| ["--resource".to_owned(), value.clone()]));
        words.extend(self.allow_truncated.then(|| "--allow-truncated".to_owned()));
        words
    }
}
