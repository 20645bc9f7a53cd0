//! Each `fixtures/golden/CASE/report.json` rendered, compared with the documents beside it, so that a change of wording is
//! reviewed as a document. `UPDATE_GOLDEN=1` rewrites them.

use std::fs;
use std::path::{Path, PathBuf};

use perf_gate::analysis::levels::Overview;
use perf_gate::github::{Author, Comment};
use perf_gate::publish::{Change, Origin, Section, plan, sections};
use perf_gate::render::{OUTPUTS, Output, Report, Style};

use crate::program::{perf_gate, root};

/// Documents that are kept, with the output that writes them.
const DOCUMENTS: [(&str, &str); 4] =
    [("report.txt", "text"), ("report.md", "markdown"), ("report.xml", "junit"), ("report.csv", "csv")];

#[test]
fn documents_are_as_they_were_reviewed() {
    let mut wrong = Vec::new();
    for (case, report) in cases() {
        for (file, output) in DOCUMENTS {
            wrong.extend(golden(&case.join(file), &render(output, &report)).err());
        }
    }
    assert!(wrong.is_empty(), "{}\nUPDATE_GOLDEN=1 cargo test accepts the new documents", wrong.join("\n"));
}

#[test]
fn comments_are_as_they_were_reviewed() {
    let of = |report: &Report, commit, turn| sections(report, &Origin { commit, leg: None, turn }).unwrap();
    let mut wrong = Vec::new();
    let (mut several, mut passed) = (None, None);
    for (case, report) in cases() {
        let comment = comment(None, &of(&report, None, 1));
        wrong.extend(golden(&case.join("comment.md"), &comment).err());
        match case.file_name().and_then(|name| name.to_str()) {
            Some("scenarios") => several = Some((case, report, comment)),
            Some("passed") => passed = Some(report),
            _ => {}
        }
    }
    // Two of three scenarios were tested at the next commit, by two jobs.
    let ((case, report, before), passed) = (several.unwrap(), passed.unwrap());
    let next = Some("5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f80");
    let browse: Vec<_> = of(&report, next, 2).into_iter().filter(|section| section.key.scenario == "browse").collect();
    let after = comment(Some(&comment(Some(&before), &browse)), &of(&passed, next, 2));
    wrong.extend(golden(&case.join("comment-next-commit.md"), &after).err());
    assert!(wrong.is_empty(), "{}\nUPDATE_GOLDEN=1 cargo test accepts the new documents", wrong.join("\n"));
}

#[test]
fn documents_of_a_history_are_as_they_were_reviewed() {
    let store = ["history", "--store", "dir:fixtures/history/store", "--format"];
    let written = |format| perf_gate(root(), &[&store[..], &[format]].concat()).stdout;
    let files = [("history.txt", "text"), ("history.md", "markdown"), ("history.json", "json"), ("history.csv", "csv")];
    let folder = root().join("fixtures/history");
    let wrong = files.iter().filter_map(|(file, format)| golden(&folder.join(file), &written(format)).err());
    let wrong: Vec<_> = wrong.collect();
    assert!(wrong.is_empty(), "{}\nUPDATE_GOLDEN=1 cargo test accepts the new documents", wrong.join("\n"));
    let value = serde_json::from_str(&written("json")).unwrap();
    let schema = jsonschema::validator_for(&Overview::schema()).unwrap();
    let errors: Vec<_> = schema.iter_errors(&value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn reports_agree_with_their_schema_and_read_back_equal() {
    let schema = jsonschema::validator_for(&Report::schema()).unwrap();
    for (case, report) in cases() {
        let text = render("json", &report);
        let value = serde_json::from_str(&text).unwrap();
        let errors: Vec<_> = schema.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", case.display());
        assert_eq!(Report::parse(&text).unwrap(), report);
        assert!(text.ends_with("}\n"));
    }
}

#[test]
fn junit_files_are_well_formed_and_count_what_they_hold() {
    for (case, report) in cases() {
        let text = render("junit", &report);
        let mut reader = quick_xml::Reader::from_str(&text);
        let (mut depth, mut found) = (0, 0);
        loop {
            use quick_xml::events::Event;
            match reader.read_event().unwrap() {
                Event::Start(start) => {
                    depth += 1;
                    found += usize::from(start.name().as_ref() == "testcase");
                }
                Event::Empty(start) => found += usize::from(start.name().as_ref() == "testcase"),
                Event::End(_) => depth -= 1,
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(depth, 0, "{}", case.display());
        assert!(text.contains(&format!("<testsuites name=\"perf-gate\" tests=\"{found}\"")), "{}", case.display());
        assert!(text.chars().all(legal_in_xml), "{}", case.display());
    }
}

#[test]
fn tables_of_comments_keep_their_columns() {
    for (case, report) in cases() {
        let mut columns = None;
        for line in render("markdown", &report).lines() {
            let bars = line.matches('|').count();
            match columns {
                Some(expected) if line.starts_with('|') => assert_eq!(bars, expected, "{}: {line}", case.display()),
                _ => columns = line.starts_with('|').then_some(bars),
            }
        }
    }
}

#[test]
fn every_output_has_a_name_of_its_own() {
    let mut names: Vec<_> = OUTPUTS.iter().map(|output| output.name).collect();
    names.dedup();
    assert_eq!(names, ["text", "markdown", "json", "junit", "csv"]);
}

/// The cases: their directory and their report.
fn cases() -> Vec<(PathBuf, Report)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/golden");
    let mut cases: Vec<_> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    assert!(cases.len() >= 8);
    let read = |case: PathBuf| {
        let text = fs::read_to_string(case.join("report.json")).unwrap();
        let report = Report::parse(&text).unwrap_or_else(|error| panic!("{}: {error:#}", case.display()));
        (case, report)
    };
    cases.into_iter().map(read).collect()
}

fn render(output: &str, report: &Report) -> String {
    let output = Output::named(output).unwrap();
    (output.render)(report, &Style::default()).unwrap()
}

/// The comment after `ours` was said, over the one that was there.
fn comment(before: Option<&str>, ours: &[Section]) -> String {
    let author = Author { login: "github-actions[bot]".to_owned(), is_bot: true };
    let body = |body: &str| Comment { id: 1, body: body.to_owned(), author: author.clone(), url: String::new() };
    let comments: Vec<_> = before.map(body).into_iter().collect();
    match plan(1, &comments, &author.login, ours).changes.as_slice() {
        [Change::CreateComment { body, .. } | Change::UpdateComment { body, .. }] => body.clone(),
        other => panic!("{other:?}"),
    }
}

/// Compares `actual` with the file, or rewrites the file where that was asked for.
pub(crate) fn golden(path: &Path, actual: &str) -> Result<(), String> {
    if std::env::var("UPDATE_GOLDEN").is_ok_and(|value| value == "1") {
        fs::write(path, actual).unwrap();
        return Ok(());
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == actual { Ok(()) } else { Err(difference(path, &expected, actual)) }
}

/// The lines from the first to the last that differ, the expected ones first.
fn difference(path: &Path, expected: &str, actual: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (expected.lines().collect(), actual.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - same;
    let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let marked = |mark: &str, lines: &[&str]| -> String {
        lines[same..lines.len() - tail].iter().map(|line| format!("{mark} {line}\n")).collect()
    };
    format!("{} differs from line {}:\n{}{}", path.display(), same + 1, marked("-", &old), marked("+", &new))
}

/// The characters of XML 1.0, <https://www.w3.org/TR/xml/#charsets>.
fn legal_in_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}
