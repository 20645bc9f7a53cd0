//! The program, run in a folder as a person or a workflow runs it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

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

impl Answer {
    /// Standard output, which must be one JSON document and nothing else.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    fn of(Output { status, stdout, stderr }: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) }
    }
}

/// Runs perf-gate in `folder`, with nothing of the surrounding workflow in its environment.
pub(crate) fn perf_gate(folder: &Path, args: &[&str]) -> Answer {
    answer(program(folder).args(args).stdin(Stdio::null()))
}

/// Runs perf-gate in `folder` with something on its standard input.
pub(crate) fn perf_gate_with(folder: &Path, args: &[&str], input: &str) -> Answer {
    let mut command = program(folder);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that does not read its input closes the pipe: that is no failure of the test.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    Answer::of(child.wait_with_output().unwrap())
}

/// Runs a command to its end.
pub(crate) fn answer(command: &mut Command) -> Answer {
    Answer::of(command.output().unwrap())
}

/// The command without the variables that a workflow sets.
pub(crate) fn scrubbed(command: &mut Command) -> &mut Command {
    let foreign = |name: &str| {
        ["GITHUB_", "INPUT_", "RUNNER_", "GIT_"].iter().any(|start| name.starts_with(start))
            || ["CI", "NO_COLOR"].contains(&name)
    };
    for name in std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).filter(|name| foreign(name)) {
        command.env_remove(name);
    }
    command
}

/// The root of the repository, from which the paths of its documentation count.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of `fixtures`, as an argument.
pub(crate) fn fixture(path: &str) -> String {
    let path: PathBuf = root().join("fixtures").join(path);
    assert!(path.exists(), "{}", path.display());
    path.to_str().unwrap().to_owned()
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_perf-gate"));
    scrubbed(&mut command).current_dir(folder);
    command
}
