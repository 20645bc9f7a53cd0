//! Each `fixtures/calibration/CASE/calibration.json` rendered and compared with the documents beside it
//! (`UPDATE_GOLDEN=1` rewrites them), the lines for the configuration read back, and the command on real runs.

use std::fs;
use std::path::{Path, PathBuf};

use perf_gate::analysis::calibrate::{Advice, Calibration, Series};
use perf_gate::config::Config;
use perf_gate::render::{Style, calibration::Output};

use crate::golden::golden;
use crate::program::{perf_gate, root};

/// Documents that are kept, with the output that writes them.
const DOCUMENTS: [(&str, &str); 3] =
    [("calibration.txt", "text"), ("calibration.md", "markdown"), ("calibration.yml", "yaml")];

/// Real runs: five of the demonstration.
const DEMO: [&str; 3] = ["calibrate", "--store", "dir:fixtures/demo/history"];

fn cases() -> Vec<(PathBuf, Calibration)> {
    let entries = fs::read_dir(root().join("fixtures/calibration")).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert_eq!(folders.len(), 3);
    let read = |case: PathBuf| {
        let text = fs::read_to_string(case.join("calibration.json")).unwrap();
        let calibration = Calibration::parse(&text).unwrap_or_else(|error| panic!("{}: {error:#}", case.display()));
        (case, calibration)
    };
    folders.into_iter().map(read).collect()
}

fn render(output: &str, calibration: &Calibration) -> String {
    (Output::named(output).unwrap().render)(calibration, &Style::default()).unwrap()
}

#[test]
fn documents_are_as_they_were_reviewed() {
    let compare = |case: &Path, calibration: &Calibration| -> Vec<String> {
        let one = |(file, output): &(&str, &str)| golden(&case.join(file), &render(output, calibration)).err();
        DOCUMENTS.iter().filter_map(one).collect()
    };
    let wrong: Vec<String> = cases().iter().flat_map(|(case, calibration)| compare(case, calibration)).collect();
    assert!(wrong.is_empty(), "{}\nUPDATE_GOLDEN=1 cargo test accepts the new documents", wrong.join("\n"));
}

#[test]
fn calibrations_agree_with_their_schema_and_read_back_equal() {
    let schema = jsonschema::validator_for(&Calibration::schema()).unwrap();
    for (case, calibration) in cases() {
        let text = render("json", &calibration);
        let errors: Vec<_> =
            schema.iter_errors(&serde_json::from_str(&text).unwrap()).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", case.display());
        assert_eq!(Calibration::parse(&text).unwrap(), calibration);
    }
}

#[test]
fn the_lines_give_every_series_what_its_advice_says() {
    for (case, calibration) in cases() {
        let lines = render("yaml", &calibration);
        let text = format!("fail-on: never\n{lines}");
        let config = Config::parse("perf-gate.yml", &text).unwrap_or_else(|error| panic!("{error}\n{lines}"));
        for scenario in &calibration.scenarios {
            let policy = config.policy(&scenario.name);
            for row in &scenario.series {
                let rule = policy.rule(&row.endpoint, &row.metric).unwrap();
                let now = if row.metric == "error-rate" { rule.at_least.unwrap() } else { rule.threshold };
                let here = format!("{}: {} {}\n{lines}", case.display(), row.endpoint, row.metric);
                assert!((now - row.to.unwrap_or(row.threshold)).abs() < 1e-9, "{here}");
                assert_eq!(rule.advisory, row.advice == Advice::Advisory, "{here}");
            }
        }
    }
}

#[test]
fn comments_give_names_no_way_out() {
    let (_, hostile) = cases().into_iter().find(|(case, _)| case.ends_with("hostile")).unwrap();
    let markdown = render("markdown", &hostile);
    let (table, block) = markdown.split_once("```yaml\n").unwrap();
    assert!(!table.contains("<script") && !table.contains("@octo"), "{table}");
    assert_eq!(block.matches("\n```").count(), 1, "{block}");
    assert!(render("text", &hostile).lines().all(|line| !line.trim_start().starts_with("::")));
}

#[test]
fn few_real_runs_are_calibrated_and_told_to_be_few() {
    let answer = perf_gate(root(), &[&DEMO[..], &["--format", "json"]].concat());
    assert_eq!((answer.code, answer.stderr.as_str()), (0, ""));
    let calibration = Calibration::parse(&answer.stdout).unwrap();
    let scenario = &calibration.scenarios[0];
    assert_eq!((scenario.name.as_str(), scenario.runs, scenario.alarms.failed.of), ("checkout", 5, 5));
    let noisy: Vec<&str> =
        scenario.series.iter().filter(|row| Series::is_too_noisy(row)).map(|row| row.endpoint.as_str()).collect();
    assert_eq!(noisy, ["fast"], "below a millisecond");
    assert!(scenario.changes.is_empty());
    let text = render("text", &calibration);
    assert!(text.starts_with("checkout: needs 8 runs in one environment, has 5"), "{text}");
}

#[test]
fn what_cannot_be_calibrated_is_told_with_what_can() {
    let empty = tempfile::tempdir().unwrap();
    let nowhere = format!("dir:{}", empty.path().display());
    for (flags, says) in [
        (&["nope"][..], "it holds checkout"),
        (&["--scenario", "nope"], "it holds checkout"),
        (&["--environment", "abc"], "it has e141b99eea00"),
        (&["--format", "csv"], "text, markdown, json, yaml"),
        (&["checkout", "--scenario", "checkout"], "cannot be used with"),
        (&["--store", &nowhere], "holds no run yet"),
    ] {
        let flags = if flags[0] == "--store" { [&["calibrate"], flags].concat() } else { [&DEMO[..], flags].concat() };
        let answer = perf_gate(root(), &flags);
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{flags:?}");
        assert!(answer.stderr.contains(says), "{answer:?}");
    }
}

#[test]
fn only_runs_up_to_the_given_time_are_replayed() {
    let flags = ["checkout", "--at", "2026-11-21T01:53:40Z", "--environment", "e141", "--format", "yaml"];
    let answer = perf_gate(root(), &[&DEMO[..], &flags].concat());
    assert_eq!(answer.code, 0);
    assert!(answer.stdout.starts_with("# checkout: needs 8 runs") && answer.stdout.contains("has 2"), "{answer:?}");
    assert_eq!(Config::parse("x", &answer.stdout).unwrap(), Config::default());
}
