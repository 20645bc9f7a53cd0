//! The documentation against the program: README, `--help`, the configuration that `init` writes.

use std::collections::BTreeSet;

use perf_gate::config::Config;
use perf_gate::ingest::FORMATS;
use perf_gate::render::OUTPUTS;
use perf_gate::{cli, model};
use serde_json::Value;

use crate::program::{perf_gate, root};

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// The rows of the table whose head is `head`, as cells.
fn table(text: &str, head: &str) -> Vec<Vec<String>> {
    let lines = text.lines().skip_while(|line| *line != head).skip(2).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    let rows: Vec<Vec<String>> = lines.map(cells).collect();
    assert!(!rows.is_empty(), "no table {head}");
    rows
}

/// What stands in backquotes.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn set<T: Into<String>>(names: impl IntoIterator<Item = T>) -> BTreeSet<String> {
    names.into_iter().map(Into::into).collect()
}

/// The keys of the configuration, as its schema has them.
fn keys() -> BTreeSet<String> {
    let Value::Object(keys) = Config::schema()["properties"].clone() else { panic!("no properties") };
    set(keys.into_iter().map(|(key, _)| key))
}

#[test]
fn the_readme_lists_every_command_and_no_other() {
    let named = table(&readme(), "| command | does |").into_iter().flat_map(|row| quoted(&row[0]));
    let named = named.map(|text| {
        let text = text.trim_start_matches("perf-gate ").to_owned();
        text.split(' ').next().unwrap_or_default().to_owned()
    });
    let command = cli::command();
    assert_eq!(set(named), set(command.get_subcommands().map(|command| command.get_name())));
}

#[test]
fn flags_that_the_readme_names_exist() {
    let command = cli::command();
    let flags =
        command.get_subcommands().flat_map(|command| command.get_arguments().filter_map(|flag| flag.get_long()));
    let flags = set(flags);
    let words = readme().replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', " ");
    // Of cargo and of the load generators.
    let foreign =
        set(["release", "locked", "out", "summary-export", "json", "output", "bench", "profile", "seed", "growth"]);
    let named = words.split(' ').filter_map(|word| word.strip_prefix("--"));
    let named = named.filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase()));
    let unknown: Vec<_> = named.filter(|word| !flags.contains(*word) && !foreign.contains(*word)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn the_readme_explains_every_key_of_the_configuration_and_no_other() {
    let named = table(&readme(), "| key | default | means |").into_iter().flat_map(|row| quoted(&row[0]));
    assert_eq!(set(named), keys());
}

/// `action.yml`, and beside it what the README's tables of inputs and outputs are held against.
fn action() -> serde_yaml::Value {
    serde_yaml::from_str(&std::fs::read_to_string(root().join("action.yml")).unwrap()).unwrap()
}

fn entries(mapping: &serde_yaml::Value) -> impl Iterator<Item = (String, &serde_yaml::Value)> {
    mapping.as_mapping().unwrap().iter().map(|(name, value)| (name.as_str().unwrap().to_owned(), value))
}

#[test]
fn the_readme_lists_every_input_of_the_action_with_its_default() {
    let rows = table(&readme(), "| input | default | means |").into_iter();
    let told: Vec<_> = rows.map(|row| (quoted(&row[0]).concat(), quoted(&row[1]).concat())).collect();
    let action = action();
    let inputs = entries(&action["inputs"]);
    assert_eq!(told, inputs.map(|(name, input)| (name, input["default"].as_str().unwrap().into())).collect::<Vec<_>>());
}

#[test]
fn the_readme_lists_every_output_of_the_action() {
    let told = table(&readme(), "| output | means |").into_iter().flat_map(|row| quoted(&row[0]));
    assert_eq!(told.collect::<Vec<_>>(), entries(&action()["outputs"]).map(|(name, _)| name).collect::<Vec<_>>());
}

#[test]
fn the_action_has_the_inputs_and_outputs_that_the_program_knows() {
    let action = action();
    let names = |part: &str| entries(&action[part]).map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names("inputs"), perf_gate::cli::INPUTS);
    assert_eq!(names("outputs"), perf_gate::publish::OUTPUTS.iter().map(|output| output.name).collect::<Vec<_>>());
}

#[test]
fn modes_of_the_action_are_told_alike() {
    let told = table(&readme(), "| input | default | means |").into_iter().find(|row| row[0] == "`mode`").unwrap();
    let described = action()["inputs"]["mode"]["description"].as_str().unwrap().to_owned();
    let lacking: Vec<_> = quoted(&told[2]).into_iter().filter(|mode| !described.contains(mode.as_str())).collect();
    assert!(lacking.is_empty(), "{lacking:?}");
}

/// The workflows that `init` writes, by file name.
fn workflows() -> Vec<(String, serde_yaml::Value)> {
    let shown = perf_gate(root(), &["init", "--dry-run", "--workflows", "all"]).stdout;
    let parts = shown.split("---\n").filter_map(|part| part.strip_prefix("# .github/workflows/")?.split_once('\n'));
    parts.map(|(name, text)| (name.to_owned(), serde_yaml::from_str(text).unwrap())).collect()
}

/// What its only job may do, as the README writes it.
fn permissions(workflow: &serde_yaml::Value) -> Vec<String> {
    let (_, job) = entries(&workflow["jobs"]).next().unwrap();
    entries(&job["permissions"]).map(|(name, right)| format!("{name}: {}", right.as_str().unwrap())).collect()
}

#[test]
fn the_readme_lists_the_permissions_of_every_workflow() {
    let rows = table(&readme(), "| workflow | when | permissions |").into_iter();
    let told: Vec<_> = rows.map(|row| (quoted(&row[0]).concat(), quoted(&row[2]))).collect();
    let written = workflows().into_iter().map(|(name, workflow)| (name, permissions(&workflow)));
    assert_eq!(told, written.collect::<Vec<_>>());
}

#[test]
fn the_workflow_of_the_readme_may_do_what_the_written_one_may() {
    let text = readme();
    let shown = text.split_once("```yaml\nname: perf-gate\n").unwrap().1.split_once("```\n").unwrap().0;
    let shown: serde_yaml::Value = serde_yaml::from_str(shown).unwrap();
    let (_, written) = workflows().swap_remove(0);
    assert_eq!(permissions(&shown), permissions(&written));
    let uses = |workflow: &serde_yaml::Value, index: usize| {
        let (_, job) = entries(&workflow["jobs"]).next().unwrap();
        job["steps"][index]["uses"].clone()
    };
    assert_eq!((uses(&shown, 0), uses(&shown, 3)), (uses(&written, 0), uses(&written, 2)));
}

#[test]
fn the_configuration_to_start_from_shows_every_key() {
    let text = std::fs::read_to_string(root().join("src/pipeline/init/perf-gate.yml")).unwrap();
    let key = |line: &str| {
        let (key, _) = line.strip_prefix("# ").unwrap_or(line).split_once(':')?;
        key.chars().all(|c| c.is_ascii_lowercase() || c == '-').then(|| key.to_owned())
    };
    let shown = set(text.lines().filter_map(key));
    // The name of the only scenario stands under `scenarios` there.
    let lacking: Vec<_> = keys().into_iter().filter(|key| !shown.contains(key) && key != "scenario").collect();
    assert!(lacking.is_empty(), "{lacking:?} not in perf-gate.yml");
}

#[test]
fn the_readme_lists_every_document() {
    let text = readme();
    let line = text.lines().find(|line| line.starts_with("Documents (`--format`)")).unwrap();
    let names = line.split_once("): ").unwrap().1.split_once('.').unwrap().0;
    assert_eq!(quoted(names), OUTPUTS.iter().map(|output| output.name).collect::<Vec<_>>());
    let help = perf_gate(root(), &["check", "--help"]).stdout;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains(&quoted(names).join(", ")), "{help}");
}

#[test]
fn the_readme_lists_every_format() {
    let rows = table(&readme(), "| tool | files | `--format` | what they allow |");
    let named = rows.into_iter().flat_map(|row| quoted(&row[2]));
    assert_eq!(named.collect::<Vec<_>>(), FORMATS.iter().map(|format| format.name).collect::<Vec<_>>());
}

#[test]
fn exit_statuses_are_told_alike() {
    let named: Vec<String> =
        table(&readme(), "| exit status | means |").iter().map(|row| format!("{}  {}", row[0], row[1])).collect();
    let help = cli::command().get_after_help().unwrap().to_string();
    let quoted = |line: &str| line.trim().replace("--fail-on", "`--fail-on`").replace("--expect", "`--expect`");
    let told: Vec<String> = help.lines().skip(1).map(quoted).collect();
    assert_eq!(named, told);
}

#[test]
fn the_examples_of_the_readme_are_what_the_program_prints() {
    for (mark, command, code) in [("example", "check", 1), ("history", "history", 0)] {
        let text = readme();
        let (start, end) = (format!("<!-- {mark} -->\n\n```text\n"), "```\n");
        let shown = text.split_once(&start).unwrap().1.split_once(end).unwrap().0;
        let commands = text.lines().filter_map(|line| line.strip_prefix("$ cargo run --release --locked -- "));
        let mut commands = commands.map(|line| line.split(" #").next().unwrap());
        let command = commands.find(|line| line.starts_with(command)).unwrap();
        let printed = perf_gate(root(), &command.split(' ').collect::<Vec<_>>());
        assert_eq!(printed.code, code);
        if std::env::var("UPDATE_GOLDEN").is_ok_and(|value| value == "1") {
            let new = text.replacen(&format!("{start}{shown}{end}"), &format!("{start}{}{end}", printed.stdout), 1);
            std::fs::write(root().join("README.md"), new).unwrap();
        } else {
            assert_eq!(shown, printed.stdout, "UPDATE_GOLDEN=1 cargo test accepts the new example");
        }
    }
}

#[test]
fn the_explanation_in_the_readme_is_part_of_the_real_one() {
    let text = readme();
    let shown = text.split_once("--explain slow/p95\n").unwrap().1.split_once("```\n").unwrap().0;
    let real = std::fs::read_to_string(root().join("fixtures/explained/slow-p95.txt")).unwrap();
    let lacking: Vec<&str> = shown.lines().filter(|line| !real.lines().any(|other| other == *line)).collect();
    assert!(lacking.is_empty() && shown.lines().count() >= 5, "{lacking:#?}");
}

#[test]
fn the_readme_shows_the_calibration_that_is_kept() {
    let text = readme();
    let (start, end) = ("<!-- calibration -->\n\n```text\n", "```\n");
    let shown = text.split_once(start).unwrap().1.split_once(end).unwrap().0;
    let kept = std::fs::read_to_string(root().join("fixtures/calibration/typical/calibration.txt")).unwrap();
    if std::env::var("UPDATE_GOLDEN").is_ok_and(|value| value == "1") {
        let new = text.replacen(&format!("{start}{shown}{end}"), &format!("{start}{kept}{end}"), 1);
        return std::fs::write(root().join("README.md"), new).unwrap();
    }
    assert_eq!(shown, kept, "UPDATE_GOLDEN=1 cargo test accepts the new example");
}

#[test]
fn the_hand_written_run_of_the_readme_is_one() {
    let text = readme();
    let shown = text.split_once("```json\n").unwrap().1.split_once("```\n").unwrap().0;
    let run = model::parse(shown.as_bytes()).unwrap();
    assert_eq!((run.scenario.as_str(), run.endpoints.len()), ("checkout", 1));
}

#[test]
fn files_that_the_documentation_names_are_there() {
    for document in ["README.md", "CONTRIBUTING.md"] {
        let text = std::fs::read_to_string(root().join(document)).unwrap();
        for name in quoted(&text).iter().filter(|name| !name.contains(char::is_whitespace)) {
            let ours = ["src/", "tests/", "fixtures/", "schema/", ".ci/", ".github/"]
                .iter()
                .any(|start| name.starts_with(start));
            let example = name.contains("NAME");
            assert!(!ours || example || root().join(name).exists(), "{document}: {name}");
        }
    }
}
