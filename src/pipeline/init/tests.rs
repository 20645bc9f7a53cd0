//! What is written holds: as configuration, as YAML, and against the action's own inputs and pins.

use std::collections::{BTreeMap, BTreeSet};

use serde_yaml::Value;

use super::*;
use crate::config::Config;

/// The action as it is published, and the pins of this repository's own workflows.
const MANIFEST: &str = include_str!("../../../action.yml");
const OWN: [&str; 2] =
    [include_str!("../../../.github/workflows/ci.yml"), include_str!("../../../.github/workflows/release.yml")];

fn configuration(workflows: &[Workflow]) -> Config {
    Config::parse("perf-gate.yml", &rendered("search", workflows).unwrap()[0].1).unwrap()
}

/// Every workflow and its parsed text; the first is the configuration, the second the step that all share.
fn workflows() -> Vec<(&'static str, Value)> {
    let written = rendered("search", &[Workflow::All]).unwrap();
    let parsed = written.into_iter().skip(2).map(|(path, text)| (path, serde_yaml::from_str(&text).unwrap()));
    parsed.collect()
}

fn names(mapping: &Value) -> BTreeSet<String> {
    mapping.as_mapping().unwrap().keys().map(|key| key.as_str().unwrap().to_owned()).collect()
}

fn jobs(workflow: &Value) -> Vec<&Value> {
    workflow["jobs"].as_mapping().unwrap().values().collect()
}

fn steps(job: &Value) -> &[Value] {
    job["steps"].as_sequence().unwrap()
}

/// The third-party actions of a text, each with its commit and version.
fn pins(text: &str) -> BTreeMap<String, String> {
    let uses = text.lines().filter_map(|line| line.trim_start_matches(['-', ' ']).strip_prefix("uses: "));
    uses.filter_map(|uses| uses.split_once('@')).map(|(action, pin)| (action.to_owned(), pin.to_owned())).collect()
}

#[test]
fn what_is_written_is_the_default_configuration() {
    let mut config = configuration(&[Workflow::None]);
    let scenario = config.scenarios.remove("search").unwrap();
    assert_eq!(scenario.results, ["results/*.json.gz"]);
    assert_eq!(config, Config::default());
}

#[test]
fn workflows_that_pick_by_tag_find_it_in_the_configuration() {
    let config = configuration(&[Workflow::Smoke]);
    assert_eq!(config.scenarios["search"].tags, ["smoke", "weekly"]);
    assert!(configuration(&[Workflow::Push]).scenarios["search"].tags.is_empty());
}

#[test]
fn what_is_commented_out_is_valid_too() {
    let example =
        |line: &str| line.strip_prefix("# ").filter(|l| !l.starts_with(char::is_uppercase)).map(str::to_owned);
    let text: Vec<String> = include_str!("perf-gate.yml").lines().filter_map(example).collect();
    let config = Config::parse("perf-gate.yml", &text.join("\n")).unwrap();
    assert_eq!((config.thresholds.len(), config.critical.len(), config.targets.len()), (5, 4, 3));
}

#[test]
fn hostile_names_do_not_become_yaml() {
    assert!(rendered("a: [b", &[]).is_err() && rendered("", &[]).is_err());
}

#[test]
fn workflows_that_are_not_asked_for_are_not_written() {
    let paths = |workflows: &[Workflow]| rendered("a", workflows).unwrap().into_iter().map(|(path, _)| path).collect();
    let (none, commands): (Vec<_>, Vec<_>) = (paths(&[Workflow::None]), paths(&[Workflow::Commands]));
    assert_eq!(none, ["perf-gate.yml"]);
    assert_eq!(commands, ["perf-gate.yml", ".github/workflows/perf-gate-commands.yml"]);
    assert!(rendered("a", &[Workflow::None, Workflow::Push]).is_err());
}

#[test]
fn nothing_is_left_to_fill_in() {
    for (path, text) in rendered("search", &[Workflow::All]).unwrap() {
        assert!(!text.contains("{scenario}") && !text.contains("{action}"), "{path}");
        assert!(path == config::FILE || serde_yaml::from_str::<Value>(&text).unwrap().is_mapping(), "{path}");
    }
}

#[test]
fn workflows_have_no_permission_but_those_of_their_jobs() {
    for (path, workflow) in workflows() {
        assert!(names(&workflow["permissions"]).is_empty(), "{path}");
        for job in jobs(&workflow) {
            assert!(!names(&job["permissions"]).is_empty() && job["timeout-minutes"].is_u64(), "{path}");
        }
    }
}

#[test]
fn pull_requests_cannot_write_the_history() {
    for (path, workflow) in workflows().into_iter().take(2) {
        let name = path.rsplit_once('/').unwrap().1;
        assert!(["perf-gate.yml", "perf-gate-publish.yml"].contains(&name), "{path}");
        assert_eq!(jobs(&workflow)[0]["permissions"]["contents"], "read", "{path}");
    }
}

#[test]
fn nothing_of_a_pull_request_runs_where_its_report_is_published() {
    let (path, workflow) = workflows().swap_remove(1);
    assert!(path.ends_with("publish.yml"));
    let used: Vec<&str> = steps(jobs(&workflow)[0]).iter().map(|step| step["uses"].as_str().unwrap()).collect();
    assert!(used.len() == 2 && used[0].starts_with("actions/download-artifact@") && used[1] == ACTION, "{used:?}");
}

#[test]
fn the_publishing_workflow_follows_the_one_that_judges() {
    let [judging, publishing] = [0, 1].map(|index| workflows().swap_remove(index).1);
    assert_eq!(publishing["on"]["workflow_run"]["workflows"][0], judging["name"]);
}

#[test]
fn inputs_of_the_action_exist() {
    let known = names(&serde_yaml::from_str::<Value>(MANIFEST).unwrap()["inputs"]);
    let mut uses = 0;
    for (path, workflow) in workflows() {
        for step in jobs(&workflow).into_iter().flat_map(steps).filter(|step| step["uses"] == ACTION) {
            uses += 1;
            let given = step.get("with").map(names).unwrap_or_default();
            assert!(given.is_subset(&known), "{path}: {given:?}");
        }
    }
    assert_eq!(uses, WORKFLOWS.len());
}

#[test]
fn third_party_actions_are_pinned_and_as_in_our_own_workflows() {
    let own: BTreeMap<String, String> = OWN.iter().flat_map(|text| pins(text)).collect();
    for (path, text) in rendered("search", &[Workflow::All]).unwrap() {
        for (action, pin) in pins(&text).into_iter().filter(|(action, _)| !ACTION.starts_with(action.as_str())) {
            let commit = pin.split(' ').next().unwrap();
            assert!(commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()), "{path}: {action}@{pin}");
            assert!(pin.contains(" # v"), "{path}: {action}@{pin}");
            assert_eq!(own.get(&action).unwrap_or(&pin), &pin, "{path}: {action}");
        }
    }
}
