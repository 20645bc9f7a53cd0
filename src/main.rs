//! The perf-gate command: parse, run, turn the answer into an exit status.

use std::process::ExitCode;

use perf_gate::{cli, files, pipeline};

fn main() -> ExitCode {
    let cli = cli::parse();
    match pipeline::run(cli.command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            files::say(&format!("perf-gate: {error:#}"));
            ExitCode::from(pipeline::INVALID)
        }
    }
}
