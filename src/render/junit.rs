//! The report as test results: a suite per scenario, a case per row and per target, so that any CI shows it.
//!
//! The dialect is the one all readers take: <https://github.com/testmoapp/junitxml>. A row that fails is a failure, one
//! that cannot be told is skipped, a warning passes and says so on its output, an invalid run is an error.

use anyhow::Result;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::style::Style;
use super::view::{Line, Promise, Rank, Section, Status, View};
use super::{Output, Report};
use crate::verdict::Outcome;

pub(super) const OUTPUT: Output = Output { name: "junit", about: "Test results for CI, in JUnit's XML", render };

/// One test case.
struct Case {
    class: String,
    name: String,
    result: Mark,
}

/// What becomes of a test case.
enum Mark {
    Passed,
    Said(String),
    Skipped(String),
    Failed(&'static str, String),
    Wrong(String),
}

fn render(report: &Report, _: &Style) -> Result<String> {
    let view = View::of(report);
    let suites: Vec<_> = view.sections.iter().map(|section| (section, cases(section))).collect();
    let all = || suites.iter().flat_map(|(_, cases)| cases);
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let root = tallied(BytesStart::new("testsuites"), "perf-gate", all());
    writer.write_event(Event::Start(root))?;
    for (section, cases) in &suites {
        suite(&mut writer, section, cases)?;
    }
    writer.write_event(Event::End(BytesEnd::new("testsuites")))?;
    Ok(String::from_utf8(writer.into_inner())? + "\n")
}

/// The cases of a scenario; one for the run as such, so that an invalid run is not an empty suite.
fn cases(section: &Section) -> Vec<Case> {
    let run = Case {
        class: section.name.clone(),
        name: "run".to_owned(),
        result: match section.outcome {
            Outcome::Invalid => Mark::Wrong(section.answer.clone()),
            _ => Mark::Passed,
        },
    };
    let proof = section.proof.iter().map(|proof| Case {
        class: section.name.clone(),
        name: format!("expect {}", proof.expected),
        result: match (section.outcome, proof.met) {
            (Outcome::Invalid, _) => Mark::Wrong(section.answer.clone()),
            (_, true) => Mark::Said(proof.reason.clone()),
            (_, false) => Mark::Failed("expectation", proof.reason.clone()),
        },
    });
    let rows = section.rows.iter().chain(&section.rest).map(row);
    let targets = section.promises.iter().map(|promise| target(section, promise));
    std::iter::once(run).chain(proof).chain(rows).chain(targets).collect()
}

fn row(line: &Line) -> Case {
    let figures = format!(
        "{} → {}, change {} [{}], threshold {}, noise floor {}. {}",
        line.baseline, line.candidate, line.change, line.interval, line.threshold, line.noise_floor, line.why
    );
    let result = match line.rank {
        Rank::Critical => Mark::Failed("critical", figures),
        Rank::Failure => Mark::Failed("regressed", figures),
        Rank::Inconclusive => Mark::Skipped(figures),
        Rank::Warning | Rank::Advisory => Mark::Said(format!("{}: {figures}", line.verdict)),
        Rank::Improved | Rank::Changed | Rank::Unchanged => Mark::Passed,
    };
    Case { class: line.endpoint.clone(), name: line.metric.clone(), result }
}

fn target(section: &Section, promise: &Promise) -> Case {
    let sides = format!("{}; target {}. {}", promise.actual, promise.target, promise.notes);
    let result = match promise.status {
        Status::Met => Mark::Passed,
        Status::Unknown => Mark::Skipped(sides),
        Status::Missed => Mark::Said(format!("missed: {sides}")),
        Status::Failed => Mark::Failed("target", sides),
    };
    Case { class: section.name.clone(), name: format!("target {} {}", promise.requirement, promise.target), result }
}

fn suite(writer: &mut Writer<Vec<u8>>, section: &Section, cases: &[Case]) -> Result<()> {
    writer.write_event(Event::Start(tallied(BytesStart::new("testsuite"), &section.name, cases)))?;
    for case in cases {
        let mut start = BytesStart::new("testcase");
        start.push_attribute(("classname", case.class.as_str()));
        start.push_attribute(("name", case.name.as_str()));
        match &case.result {
            Mark::Passed => writer.write_event(Event::Empty(start))?,
            result => {
                writer.write_event(Event::Start(start))?;
                told(writer, result)?;
                writer.write_event(Event::End(BytesEnd::new("testcase")))?;
            }
        }
    }
    let analysis = Some(&section.analysis).filter(|reason| !reason.is_empty());
    let warnings: String =
        analysis.into_iter().chain(&section.warnings).chain(&section.notes).map(|note| format!("- {note}\n")).collect();
    if !warnings.is_empty() {
        element(writer, BytesStart::new("system-out"), &warnings)?;
    }
    Ok(writer.write_event(Event::End(BytesEnd::new("testsuite")))?)
}

fn told(writer: &mut Writer<Vec<u8>>, result: &Mark) -> Result<()> {
    let with = |name: &'static str, message: &str, kind: Option<&str>| {
        let mut start = BytesStart::new(name);
        start.push_attribute(("message", message));
        kind.into_iter().for_each(|kind| start.push_attribute(("type", kind)));
        start
    };
    match result {
        Mark::Passed => Ok(()),
        Mark::Said(text) => element(writer, BytesStart::new("system-out"), text),
        Mark::Skipped(text) => Ok(writer.write_event(Event::Empty(with("skipped", text, None)))?),
        Mark::Failed(kind, text) => element(writer, with("failure", text, Some(kind)), text),
        Mark::Wrong(text) => element(writer, with("error", text, Some("invalid")), text),
    }
}

fn element(writer: &mut Writer<Vec<u8>>, start: BytesStart<'static>, text: &str) -> Result<()> {
    let end = start.to_end().into_owned();
    writer.write_event(Event::Start(start))?;
    writer.write_event(Event::Text(BytesText::new(text)))?;
    Ok(writer.write_event(Event::End(end))?)
}

/// An element with a name and the number of cases by result.
fn tallied<'a>(
    mut start: BytesStart<'static>,
    name: &str,
    cases: impl IntoIterator<Item = &'a Case>,
) -> BytesStart<'static> {
    let mut tally = [0; 4];
    for case in cases {
        tally[0] += 1;
        match case.result {
            Mark::Failed(..) => tally[1] += 1,
            Mark::Wrong(_) => tally[2] += 1,
            Mark::Skipped(_) => tally[3] += 1,
            Mark::Passed | Mark::Said(_) => {}
        }
    }
    start.push_attribute(("name", name));
    for (key, number) in ["tests", "failures", "errors", "skipped"].into_iter().zip(tally) {
        start.push_attribute((key, number.to_string().as_str()));
    }
    start
}
