//! The program as a user runs it: a folder, arguments, and what comes of it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// Starts of the names of variables that would make the answer depend on where the tests run.
const FOREIGN: [&str; 6] = ["GITHUB_", "INPUT_", "RUNNER_", "GIT_", "CI", "NO_COLOR"];

/// What a call of the program came to.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Answer {
    /// Standard output, which must be one JSON document and nothing else.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Runs perf-gate in a folder.
pub(crate) fn perf_gate(folder: &Path, args: &[&str]) -> Answer {
    perf_gate_with(folder, args, "")
}

/// Runs perf-gate in a folder with something on its standard input.
pub(crate) fn perf_gate_with(folder: &Path, args: &[&str], input: &str) -> Answer {
    let mut command = scrubbed(env!("CARGO_BIN_EXE_perf-gate"), folder);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that does not read its input closes the pipe: that is no failure of the test.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Answer { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A command in a folder, without the variables of a CI system.
pub(crate) fn scrubbed(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    let foreign = |name: &str| FOREIGN.iter().any(|start| name.starts_with(start));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(foreign)) {
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
