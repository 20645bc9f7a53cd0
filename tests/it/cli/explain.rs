//! `--explain`: the documents, the exit status, and what is said of names that are none.

use serde_json::{Value, json};

use super::{CANDIDATE, put, recorded, run};
use crate::golden::golden;
use crate::program::{Answer, fixture, perf_gate, root};

const DEMO: [&str; 4] = ["check", "fixtures/demo/candidate/*", "--config", "fixtures/demo/perf-gate.yml"];

/// The demonstration, with further flags.
fn demo(flags: &[&str]) -> Answer {
    perf_gate(root(), &[&DEMO[..], flags].concat())
}

/// A run in which errors rose against the history of the demonstration.
fn errors(explain: &str) -> Answer {
    let history = root().join("fixtures/demo/history/runs/**/*.json");
    let bases = glob::glob(history.to_str().unwrap()).unwrap().map(|path| path.unwrap().display().to_string());
    let bases: Vec<String> = bases.flat_map(|path| ["--base".to_owned(), path]).collect();
    let head = fixture("k6/errors-up/points.csv.gz");
    let rest = ["--head", &head, "--scenario", "checkout", "--explain", explain];
    let flags: Vec<&str> = ["compare"].into_iter().chain(bases.iter().map(String::as_str)).chain(rest).collect();
    perf_gate(root(), &flags)
}

#[test]
fn explanations_are_as_they_were_reviewed() {
    let mut wrong = Vec::new();
    for (file, answer) in [
        ("slow-p95.txt", demo(&["--explain", "slow/p95"])),
        ("slow-p95.md", demo(&["--explain", "slow/p95", "--format", "markdown"])),
        ("run-p95.txt", demo(&["--explain", "(all)/p95"])),
        ("run-memory.txt", demo(&["--explain", "(all)/memory"])),
        ("errors.txt", errors("checkout/error-rate")),
    ] {
        assert_eq!((answer.code, answer.stderr.as_str()), (1, ""), "the outcome is that of the report");
        wrong.extend(golden(&root().join("fixtures/explained").join(file), &answer.stdout).err());
    }
    assert!(wrong.is_empty(), "{}\nUPDATE_GOLDEN=1 cargo test accepts the new documents", wrong.join("\n"));
}

#[test]
fn the_json_of_an_explanation_agrees_with_its_schema_and_with_the_report() {
    let document = demo(&["--explain", "slow/p95", "--format", "json"]).json();
    let schema: Value = perf_gate(root(), &["schema", "explanation"]).json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(document["schema"], "perf-gate/explanation/v1");
    let report = demo(&["--format", "json"]).json();
    let explanation = &document["explanations"][0];
    assert_eq!(&explanation["row"], super::row(&report, "slow", "p95"));
    let values = explanation["steps"].as_array().unwrap().iter().flat_map(|step| step["values"].as_array().unwrap());
    let critical = values.clone().find(|value| value["name"] == "c").unwrap();
    assert_eq!(critical["value"], explanation["row"]["critical_value"]);
}

#[test]
fn a_name_that_is_none_is_answered_with_the_nearest_and_all() {
    for (given, says) in [
        ("slo/p95", "nearest are slow/p95"),
        ("slow/p59", "nearest are slow/p95"),
        ("(all)/queue", "(all)/memory"),
        ("p95", "write ENDPOINT/METRIC"),
    ] {
        let answer = demo(&["--explain", given]);
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{given}");
        assert!(answer.stderr.contains(given) && answer.stderr.contains(says), "{answer:?}");
    }
    let junit = demo(&["--explain", "slow/p95", "--format", "junit"]);
    assert_eq!(junit.code, 2);
    assert!(junit.stderr.contains("text, markdown, json"), "{junit:?}");
}

#[test]
fn endpoints_with_slashes_are_explained_in_every_scenario_that_has_them() {
    let folder = tempfile::tempdir().unwrap();
    recorded(folder.path(), |at| run(at, &[("GET /a/{id}", 0.21), ("GET /", 0.05)]));
    put(folder.path(), "a-1.json", &run(CANDIDATE, &[("GET /a/{id}", 0.5), ("GET /", 0.05)]).to_string());
    put(folder.path(), "b-1.json", &run(CANDIDATE, &[("GET /", 0.05)]).to_string());
    let scenarios = ["check", "--scenario", "checkout=a-*.json", "--scenario", "search=b-*.json"];
    let explained = |subject: &str| {
        let flags = [&scenarios[..], &["--explain", subject, "--format", "json"]].concat();
        let answer = perf_gate(folder.path(), &flags);
        let names = answer.json()["explanations"].as_array().unwrap().iter().map(|e| e["scenario"].clone()).collect();
        (answer.code, names)
    };
    assert_eq!(explained("GET /a/{id}/p95"), (1, vec![json!("checkout")]));
    assert_eq!(explained("GET //p95"), (1, vec![json!("checkout"), json!("search")]));
    let text = perf_gate(folder.path(), &[&scenarios[..], &["--explain", "GET //p95"]].concat()).stdout;
    assert!(text.contains("NOT JUDGED  search: GET / p95\n  No baseline yet."), "{text}");
}

#[test]
fn a_run_that_cannot_be_read_is_told_to_be_invalid() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "broken.json", "{\"schema\": \"perf-gate/run/v1\"");
    let answer = perf_gate(folder.path(), &["check", "broken.json", "--explain", "(all)/p95"]);
    assert_eq!(answer.code, 2);
    assert!(answer.stdout.starts_with("NOT JUDGED  default: (all) p95\n"), "{answer:?}");
}
