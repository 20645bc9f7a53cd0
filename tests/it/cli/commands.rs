//! The commands around the judgement: documents, `report`, `init`, `schema`, `completions`, `man`.

use perf_gate::render::{OUTPUTS, Report};

use super::{put, run};
use crate::program::{perf_gate, perf_gate_with, root};

const DEMO: [&str; 4] = ["check", "fixtures/demo/candidate/*", "--config", "fixtures/demo/perf-gate.yml"];

#[test]
fn a_saved_report_is_rendered_as_the_check_rendered_it() {
    let json = perf_gate(root(), &[&DEMO[..], &["--format", "json"]].concat()).stdout;
    for output in OUTPUTS {
        let checked = perf_gate(root(), &[&DEMO[..], &["--format", output.name]].concat());
        let reported = perf_gate_with(root(), &["report", "-", "--format", output.name], &json);
        assert_eq!((reported.code, reported.stderr.as_str()), (0, ""));
        assert_eq!(reported.stdout, checked.stdout, "{}", output.name);
    }
    assert!(Report::parse(&json).is_ok());
}

#[test]
fn the_document_goes_to_a_file_and_nothing_else_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/report.md");
    let flags = ["--format", "markdown", "--output", path.to_str().unwrap(), "--quiet"];
    let answer = perf_gate(root(), &[&DEMO[..], &flags].concat());
    assert_eq!((answer.code, answer.stdout + &answer.stderr), (1, String::new()));
    assert!(std::fs::read_to_string(path).unwrap().contains("FAILED checkout"));
}

#[test]
fn a_report_that_is_none_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "run.json", &run(super::CANDIDATE, &[("GET /", 0.2)]).to_string());
    for (file, says) in [("run.json", "not a perf-gate report"), ("nowhere.json", "no such file")] {
        let answer = perf_gate(folder.path(), &["report", file]);
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""));
        assert!(answer.stderr.contains(file) && answer.stderr.contains(says), "{answer:?}");
    }
}

#[test]
fn init_writes_a_configuration_once() {
    let folder = tempfile::tempdir().unwrap();
    let flags = ["init", "--workflows", "none"];
    let shown = perf_gate(folder.path(), &[&flags[..], &["--dry-run", "--scenario", "search"]].concat()).stdout;
    assert!(!folder.path().join("perf-gate.yml").exists(), "a dry run writes nothing");
    let answer = perf_gate(folder.path(), &[&flags[..], &["--scenario", "search"]].concat());
    assert_eq!((answer.code, answer.stdout.as_str()), (0, ""));
    let text = std::fs::read_to_string(folder.path().join("perf-gate.yml")).unwrap();
    assert!(shown == format!("# perf-gate.yml\n{text}") && text.contains("\n  search:\n"), "{text}");
    assert!(!folder.path().join(".github").exists());
    let again = perf_gate(folder.path(), &flags);
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("perf-gate.yml") && again.stderr.contains("--force"), "{again:?}");
    assert_eq!(perf_gate(folder.path(), &[&flags[..], &["--force"]].concat()).code, 0);
    let check = perf_gate(folder.path(), &["check"]);
    assert_eq!(check.code, 2);
    assert!(check.stdout.contains("no file matches 'results/*.json.gz'"), "{check:?}");
}

#[test]
fn init_writes_workflows_and_overwrites_none() {
    let folder = tempfile::tempdir().unwrap();
    let nightly = ".github/workflows/perf-gate-nightly.yml";
    std::fs::create_dir_all(folder.path().join(".github/workflows")).unwrap();
    put(folder.path(), nightly, "name: mine\n");
    let answer = perf_gate(folder.path(), &["init"]);
    assert!(answer.code == 2 && answer.stderr.contains(nightly), "{answer:?}");
    assert!(!folder.path().join("perf-gate.yml").exists(), "all or nothing");
    let answer = perf_gate(folder.path(), &["init", "--force", "--scenario", "search"]);
    assert!(answer.code == 0 && answer.stderr.contains("load-test/action.yml"), "{answer:?}");
    let text = |path| std::fs::read_to_string(folder.path().join(path)).unwrap();
    assert!(text(nightly).contains("mode: nightly"));
    assert!(text(".github/actions/load-test/action.yml").contains("results/search.json.gz"));
    let names = |folder: std::fs::ReadDir| folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut written: Vec<_> = names(std::fs::read_dir(folder.path().join(".github/workflows")).unwrap()).collect();
    written.sort();
    let usual = ["commands", "nightly", "publish", "push"].map(|name| format!("perf-gate-{name}.yml"));
    assert_eq!(written, [&usual[..], &["perf-gate.yml".to_owned()]].concat());
}

#[test]
fn schemas_are_those_in_the_repository() {
    for name in ["config", "run", "report", "calibration", "explanation", "history"] {
        let answer = perf_gate(root(), &["schema", name]);
        assert_eq!(answer.code, 0);
        let published = std::fs::read_to_string(root().join(format!("schema/{name}.schema.json"))).unwrap();
        assert_eq!(answer.stdout, published, "built from another state of the folder");
    }
}

#[test]
fn completions_and_the_manual_page_name_commands_and_flags() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let answer = perf_gate(root(), &["completions", shell]);
        assert_eq!(answer.code, 0);
        assert!(answer.stdout.contains("compare") && answer.stdout.contains("fail-on"), "{shell}");
    }
    let page = perf_gate(root(), &["man"]);
    assert_eq!(page.code, 0);
    for part in [".TH perf-gate", "PERF-GATE COMPARE", "\\fB\\-\\-fail\\-on\\fR", "EXIT STATUS"] {
        assert!(page.stdout.contains(part), "{part} is not in {}", page.stdout);
    }
}

#[test]
fn the_command_line_explains_itself() {
    let help = perf_gate(root(), &["--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    assert_eq!(perf_gate(root(), &["--version"]).stdout, concat!("perf-gate ", env!("CARGO_PKG_VERSION"), "\n"));
    for wrong in [&["chekc"][..], &["check", "--fromat", "json"], &["compare", "--base", "a"], &[]] {
        let answer = perf_gate(root(), wrong);
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{wrong:?}");
        assert!(answer.stderr.contains("--help"), "{answer:?}");
    }
}

#[test]
fn without_files_the_message_says_where_to_name_them() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["check", "record", "inspect", "convert"] {
        let answer = perf_gate(folder.path(), &[command]);
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""));
        assert!(answer.stderr.contains("results:"), "{answer:?}");
    }
}
