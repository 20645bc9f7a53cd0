//! The program itself, run in a folder as a person or a workflow runs it.

use std::path::Path;
use std::process::{Command, Output};

/// What the program answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Its exit status.
    pub(crate) code: i32,
    /// The document.
    pub(crate) stdout: String,
    /// Messages.
    pub(crate) stderr: String,
}

/// Runs perf-gate in `folder`, with nothing of the surrounding workflow in its environment.
pub(crate) fn perf_gate(folder: &Path, args: &[&str]) -> Answer {
    answer(scrubbed(&mut Command::new(env!("CARGO_BIN_EXE_perf-gate"))).args(args).current_dir(folder))
}

/// Runs a command to its end.
pub(crate) fn answer(command: &mut Command) -> Answer {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Answer { code: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) }
}

/// The command without the variables that a workflow sets.
pub(crate) fn scrubbed(command: &mut Command) -> &mut Command {
    let foreign = |name: &str| {
        ["GITHUB_", "INPUT_", "RUNNER_"].iter().any(|start| name.starts_with(start))
            || ["CI", "NO_COLOR"].contains(&name)
    };
    for name in std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).filter(|name| foreign(name)) {
        command.env_remove(name);
    }
    command
}
