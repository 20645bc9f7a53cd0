//! `init`: a commented configuration to start from, and the workflows that use it on GitHub.
//!
//! The files beside this one are what is written. In them `{scenario}` is the name that was asked for and `"{action}"`
//! this action; all else stands as it is, so that linters and dependabot read the templates too.

use anyhow::{Result, ensure};

use super::PASSED;
use crate::cli::{self, Workflow};
use crate::{config, files};

/// How a workflow names this action: its repository, and the tag that follows the releases of one major version.
const ACTION: &str = concat!("perf-gate/perf-gate@v", env!("CARGO_PKG_VERSION_MAJOR"));

/// Where GitHub finds the step that all workflows share.
const LOAD_TEST: &str = ".github/actions/load-test/action.yml";
/// The line of the configuration that workflows with `tags:` need.
const TAGS: [&str; 2] = ["# tags: [smoke]        ", "tags: [smoke, weekly]  "];

/// A workflow, its path and its template. Pull requests have two: the second comments for forks.
const WORKFLOWS: [(Workflow, &str, &str); 7] = [
    (Workflow::PullRequest, ".github/workflows/perf-gate.yml", include_str!("workflows/pull-request.yml")),
    (Workflow::PullRequest, ".github/workflows/perf-gate-publish.yml", include_str!("workflows/publish.yml")),
    (Workflow::Push, ".github/workflows/perf-gate-push.yml", include_str!("workflows/push.yml")),
    (Workflow::Nightly, ".github/workflows/perf-gate-nightly.yml", include_str!("workflows/nightly.yml")),
    (Workflow::Smoke, ".github/workflows/perf-gate-smoke.yml", include_str!("workflows/smoke.yml")),
    (Workflow::Weekly, ".github/workflows/perf-gate-weekly.yml", include_str!("workflows/weekly.yml")),
    (Workflow::Commands, ".github/workflows/perf-gate-commands.yml", include_str!("workflows/commands.yml")),
];

/// Writes `perf-gate.yml` and the workflows.
///
/// # Errors
/// A file that is there already, unless forced (nothing is written then); a folder that cannot be written.
pub(super) fn write(flags: &cli::Init) -> Result<u8> {
    let written = rendered(&flags.scenario, &flags.workflows)?;
    if flags.dry_run {
        let shown: Vec<String> = written.iter().map(|(path, text)| format!("# {path}\n{text}")).collect();
        files::write(None, &shown.join("---\n"))?;
        return Ok(PASSED);
    }
    let there: Vec<&str> = written.iter().map(|(path, _)| *path).filter(|path| files::exists(path)).collect();
    ensure!(
        flags.force || there.is_empty(),
        "there already: {}; --force overwrites, --dry-run shows",
        there.join(", ")
    );
    for (path, text) in &written {
        files::write(Some(path), text)?;
    }
    files::say(&told(&written));
    Ok(PASSED)
}

/// The files to write, each with its path from the root of the repository.
fn rendered(scenario: &str, wanted: &[Workflow]) -> Result<Vec<(&'static str, String)>> {
    let plain = scenario.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    ensure!(plain && !scenario.is_empty(), "--scenario {scenario}: use letters, digits, - and _");
    let alone = wanted.len() == 1 || !wanted.contains(&Workflow::None);
    ensure!(alone, "--workflows none: leave out the others, or leave out none");
    let is_wanted = |workflow| wanted.contains(&workflow) || wanted.contains(&Workflow::All);
    let filled = |template: &str| template.replace("{scenario}", scenario).replace("\"{action}\"", ACTION);

    let mut configuration = filled(include_str!("perf-gate.yml"));
    if is_wanted(Workflow::Smoke) || is_wanted(Workflow::Weekly) {
        configuration = configuration.replace(TAGS[0], TAGS[1]);
    }
    let mut written = vec![(config::FILE, configuration)];
    if wanted.iter().any(|workflow| !matches!(workflow, Workflow::None | Workflow::Commands)) {
        written.push((LOAD_TEST, filled(include_str!("workflows/load-test.yml"))));
    }
    let workflows = WORKFLOWS.iter().filter(|(workflow, ..)| is_wanted(*workflow));
    written.extend(workflows.map(|(_, path, template)| (*path, filled(template))));
    Ok(written)
}

/// What was written, and what to do next.
fn told(written: &[(&str, String)]) -> String {
    let paths: Vec<&str> = written.iter().map(|(path, _)| *path).collect();
    let load_test = match paths.contains(&LOAD_TEST) {
        true => format!("put your load test into {LOAD_TEST}, "),
        false => String::new(),
    };
    format!("wrote {}: {load_test}set 'results' in {}, then run perf-gate check", paths.join(", "), config::FILE)
}

#[cfg(test)]
mod tests;
