//! The inputs of the action: text from `action.yml` and the workflow, made into flags.

use anyhow::{Result, bail, ensure};
use clap::ValueEnum;

use super::{Check, Input};
use crate::config::{self, FailOn};

/// The names of the inputs, in the order of `action.yml`.
pub const INPUTS: &[&str] = &[
    "results",
    "scenario",
    "config",
    "mode",
    "github-token",
    "store",
    "branch",
    "fail-on",
    "comment",
    "issue",
    "status",
    "badge",
    "report",
    "tags",
    "dry-run",
];

/// Branch that keeps the history, where nothing names another.
pub const BRANCH: &str = "perf-results";
/// Where the report is saved when no input says.
const REPORT: &str = "perf-gate-report.json";

/// What the action is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// What the event asks for.
    Auto,
    /// Judge and tell.
    Check,
    /// Judge, add to the history, tell: of a run on trunk.
    Record,
    /// That, and the documents and the upkeep of a night.
    Nightly,
    /// Tell what a saved report says.
    Publish,
    /// Obey a comment.
    Command,
}

/// The inputs, understood.
#[derive(Debug)]
pub struct Inputs {
    /// What to read and how to judge; whose run it is comes from the event.
    pub check: Check,
    /// What to do.
    pub mode: Mode,
    /// Branch of the store, where neither input nor configuration names one.
    pub branch: String,
    /// Whether to comment on pull requests.
    pub comment: bool,
    /// Whether to keep issues.
    pub issue: bool,
    /// Whether to set the commit status.
    pub status: bool,
    /// Whether to keep badges.
    pub badge: bool,
    /// Path of the saved report.
    pub report: String,
    /// Whether to tell changes instead of making them.
    pub dry_run: bool,
}

impl Inputs {
    /// Reads the inputs that `input` gives by name; empty ones are absent.
    ///
    /// # Errors
    /// A value that an input does not take: those it takes.
    pub fn read(input: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let given = |name: &str| input(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let branch = given("branch").unwrap_or_else(|| BRANCH.to_owned());
        let mut check = Check { fail_on: one_of::<FailOn>("fail-on", given("fail-on"))?, ..Check::default() };
        check.input = results(&given("results").unwrap_or_default(), given("scenario"));
        check.input.tag = words(&given("tags").unwrap_or_default());
        check.input.reading.config = given("config").filter(|path| path != config::FILE);
        check.history.store = given("store").map(|store| on_branch(&store, &branch));
        check.output.quiet = true;
        Ok(Self {
            check,
            mode: one_of("mode", given("mode"))?.unwrap_or(Mode::Auto),
            branch,
            comment: wanted("comment", given("comment"))?,
            issue: wanted("issue", given("issue"))?,
            status: wanted("status", given("status"))?,
            badge: wanted("badge", given("badge"))?,
            report: given("report").unwrap_or_else(|| REPORT.to_owned()),
            dry_run: truth("dry-run", given("dry-run"))?,
        })
    }
}

/// The lines of `results`: files and patterns of one scenario, or `NAME=PATTERN` for each of several.
fn results(lines: &str, scenario: Option<String>) -> Input {
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    let (named, files): (Vec<String>, Vec<String>) = lines.map(str::to_owned).partition(|line| is_assignment(line));
    Input { files, scenario: scenario.into_iter().chain(named).collect(), ..Input::default() }
}

/// Whether a line gives a scenario its files; a path may have an equals sign further on.
fn is_assignment(line: &str) -> bool {
    let name = line.split_once('=').map(|(name, _)| name.trim());
    name.is_some_and(|name| !name.is_empty() && !name.contains(['/', '\\', '*']))
}

/// Words separated by commas or white space.
fn words(text: &str) -> Vec<String> {
    text.split([',', ' ', '\n', '\t']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// A store with its branch, where it has branches and none is named.
fn on_branch(store: &str, branch: &str) -> String {
    let has_branches = store.starts_with("github:") || store.starts_with("git:");
    if has_branches && !store.contains('#') { format!("{store}#{branch}") } else { store.to_owned() }
}

/// `auto` or `never`.
fn wanted(name: &str, value: Option<String>) -> Result<bool> {
    match value.as_deref() {
        None | Some("auto") => Ok(true),
        Some("never") => Ok(false),
        Some(other) => bail!("input {name}: '{other}' is neither auto nor never"),
    }
}

fn truth(name: &str, value: Option<String>) -> Result<bool> {
    match value.as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => bail!("input {name}: '{other}' is neither true nor false"),
    }
}

/// One of the values of `T`, by its name.
fn one_of<T: ValueEnum>(name: &str, value: Option<String>) -> Result<Option<T>> {
    let Some(value) = value else { return Ok(None) };
    let found = T::from_str(&value, false).ok();
    let known: Vec<String> =
        T::value_variants().iter().filter_map(|v| Some(v.to_possible_value()?.get_name().to_owned())).collect();
    ensure!(found.is_some(), "input {name}: '{value}' is none of {}", known.join(", "));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[(&str, &str)]) -> Result<Inputs> {
        Inputs::read(|name| given.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn without_inputs_everything_has_a_default() {
        let inputs = read(&[("config", "perf-gate.yml"), ("mode", ""), ("dry-run", "false")]).unwrap();
        assert_eq!((inputs.mode, inputs.report.as_str(), inputs.dry_run), (Mode::Auto, REPORT, false));
        assert!(inputs.comment && inputs.issue && inputs.status && inputs.badge);
        assert_eq!(inputs.check.input.reading.config, None, "the default file may be missing");
        assert_eq!(inputs.check.history.store, None);
    }

    #[test]
    fn lines_of_results_are_files_or_scenarios() {
        let inputs = read(&[("results", "a.json\n\n  out/*.csv \n"), ("scenario", "checkout")]).unwrap();
        assert_eq!(inputs.check.input.files, ["a.json", "out/*.csv"]);
        assert_eq!(inputs.check.input.scenario, ["checkout"]);
        let inputs = read(&[("results", "checkout=a/*.json\nsearch=b.jtl\n")]).unwrap();
        assert_eq!(inputs.check.input.scenario, ["checkout=a/*.json", "search=b.jtl"]);
        assert_eq!(read(&[("results", "out/x=1.json")]).unwrap().check.input.files, ["out/x=1.json"]);
    }

    #[test]
    fn a_store_gets_the_branch_that_it_does_not_name() {
        let store = |store: &str| {
            read(&[("store", store), ("branch", "perf"), ("tags", "smoke, daily")])
                .unwrap()
                .check
                .history
                .store
                .unwrap()
        };
        assert_eq!(store("github:o/r"), "github:o/r#perf");
        assert_eq!(store("github:o/r#own"), "github:o/r#own");
        assert_eq!(store("dir:x"), "dir:x");
    }

    #[test]
    fn values_that_are_none_are_told_with_those_there_are() {
        let told = |name: &str| format!("{:#}", read(&[(name, "maybe")]).unwrap_err());
        assert!(told("mode").contains("auto, check, record, nightly, publish, command"));
        assert!(told("fail-on").contains("failure, inconclusive, never"));
        assert!(told("comment").contains("neither auto nor never") && told("dry-run").contains("true nor false"));
    }
}
