//! Annotations: workflow commands that put what matters beside a run, the worst first.

use std::fmt;

use crate::render::view::{Line, Promise, Rank, Section, Status, View};
use crate::render::{Report, line, log};
use crate::verdict::Outcome;

/// Most annotations of each level that a step can make; more are dropped without a word.
/// <https://github.com/actions/runner/blob/main/src/Runner.Worker/ExecutionContext.cs>, `_maxCountPerIssueType`.
const MOST: usize = 10;
/// Most characters of a message; the rest is cut off. `_maxIssueMessageLength` in the same file.
const MESSAGE: usize = 4_096;
/// Most characters of a title; nobody reads more, and the API takes no more than 255.
const TITLE: usize = 200;

/// How bad what an annotation says is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of the commands")]
pub enum Level {
    Error,
    Warning,
    Notice,
}

/// A workflow command; [`Display`](fmt::Display) writes it as the runner reads it, without a line end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// How bad it is.
    pub level: Level,
    /// Its first line.
    pub title: String,
    /// The file it is shown at; without one it is shown with the run alone.
    pub file: Option<String>,
    /// The rest, plain text.
    pub message: String,
}

/// What a report has to annotate: failures as errors, warnings, and one notice about what could not be told.
///
/// At most ten of a level; the last of them then says how many there are beside it.
pub fn annotations(report: &Report, file: Option<&str>) -> Vec<Annotation> {
    let view = View::of(report);
    let said: Vec<_> = view.sections.iter().flat_map(|section| of_section(section, file)).collect();
    let mut annotations = Vec::new();
    for level in [Level::Error, Level::Warning] {
        let mut list: Vec<_> = said.iter().filter(|annotation| annotation.level == level).cloned().collect();
        let all = list.len();
        if all > MOST {
            list.truncate(MOST - 1);
            list.push(Annotation {
                level,
                title: "perf-gate".to_owned(),
                file: file.map(str::to_owned),
                message: format!("and {} more; the job summary has all", all - list.len()),
            });
        }
        annotations.extend(list);
    }
    annotations.extend(doubts(&view, file));
    annotations
}

/// Text that may be echoed into the log of a workflow: nothing in it is taken for a command, in neither syntax.
pub fn neutralise(text: &str) -> String {
    log(text)
}

impl fmt::Display for Annotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Notice => "notice",
        };
        write!(f, "::{name} title={}", property(&line(&self.title, TITLE)))?;
        if let Some(file) = &self.file {
            write!(f, ",file={}", property(file))?;
        }
        write!(f, "::{}", value(&line(&self.message, MESSAGE)))
    }
}

fn of_section(section: &Section, file: Option<&str>) -> Vec<Annotation> {
    let annotation = |level, message: String| Annotation {
        level,
        title: format!("perf-gate: {}", section.name),
        file: file.map(str::to_owned),
        message,
    };
    if section.outcome == Outcome::Invalid {
        return vec![annotation(Level::Error, section.answer.clone())];
    }
    let proof = section.proof.iter().filter(|proof| !proof.met);
    let proof = proof.map(|proof| annotation(Level::Error, format!("no {}: {}", proof.expected, proof.reason)));
    let rows = section.rows.iter().filter_map(|row| Some(annotation(of_rank(row.rank)?, of_row(row))));
    let promises = section.promises.iter();
    let promises = promises.filter_map(|promise| Some(annotation(of_status(promise.status)?, of_promise(promise))));
    proof.chain(rows).chain(promises).collect()
}

fn of_rank(rank: Rank) -> Option<Level> {
    match rank {
        Rank::Critical | Rank::Failure => Some(Level::Error),
        Rank::Warning => Some(Level::Warning),
        Rank::Advisory | Rank::Inconclusive | Rank::Improved | Rank::Changed | Rank::Unchanged => None,
    }
}

fn of_status(status: Status) -> Option<Level> {
    match status {
        Status::Failed => Some(Level::Error),
        Status::Missed => Some(Level::Warning),
        Status::Met | Status::Unknown => None,
    }
}

fn of_row(row: &Line) -> String {
    let critical = if row.rank == Rank::Critical { "critical: " } else { "" };
    if row.why.is_empty() { format!("{critical}{}", row.told) } else { format!("{critical}{}. {}", row.told, row.why) }
}

fn of_promise(promise: &Promise) -> String {
    let Promise { requirement, target, actual, status, notes } = promise;
    format!("target {requirement} {target} {}: {actual}. {notes}", status.as_str())
}

/// One notice about everything that could not be told.
fn doubts(view: &View, file: Option<&str>) -> Option<Annotation> {
    let unsure = |section: &Section| {
        let rows = section.rows.iter().filter(|row| row.rank == Rank::Inconclusive).count();
        let targets = section.promises.iter().filter(|promise| promise.status == Status::Unknown).count();
        match (section.outcome, rows + targets) {
            (Outcome::Inconclusive, _) => Some(format!("{}: {}", section.name, section.answer)),
            (_, 0) => None,
            (_, all) => Some(format!("{}: {all} of its figures cannot be told from noise", section.name)),
        }
    };
    let parts: Vec<_> = view.sections.iter().filter_map(unsure).collect();
    let notice = || Annotation {
        level: Level::Notice,
        title: "perf-gate: inconclusive".to_owned(),
        file: file.map(str::to_owned),
        message: parts.join("; "),
    };
    (!parts.is_empty()).then(notice)
}

/// Text as the message of a command; `%` first, as it starts the others
/// (<https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts>).
fn value(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text as a property of a command.
fn property(text: &str) -> String {
    value(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::testing::report;

    fn commands(case: &str) -> Vec<String> {
        annotations(&report(case), None).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn failures_are_errors_and_come_first() {
        let commands = commands("regressed");
        assert_eq!(
            commands[0],
            "::error title=perf-gate%3A checkout::critical: GET /slow p95 +31.8 %25 (88.7 ms → 117 ms), threshold +20 %25. \
             Real (p = 3e-7, family bound 3 %25) and above the threshold."
        );
        assert!(
            commands[1].starts_with("::warning title=perf-gate%3A checkout::GET /search p95 +20.9 %25"),
            "{commands:?}"
        );
        assert!(
            commands[2]
                .starts_with("::warning title=perf-gate%3A checkout::target GET /slow p95 < 100 ms missed: 117 ms")
        );
        assert_eq!(commands.len(), 3);
    }

    #[test]
    fn what_passed_or_improved_is_not_annotated() {
        assert_eq!(commands("passed"), Vec::<String>::new());
        assert_eq!(commands("improved"), Vec::<String>::new());
    }

    #[test]
    fn doubts_are_one_notice() {
        let commands = commands("inconclusive");
        assert_eq!(commands.len(), 1, "{commands:?}");
        assert!(commands[0].starts_with("::notice title=perf-gate%3A inconclusive::checkout: "), "{commands:?}");
    }

    #[test]
    fn what_is_invalid_or_not_proven_is_an_error() {
        assert!(commands("invalid")[0].starts_with("::error title=perf-gate%3A checkout::No requests"));
        assert!(
            commands("not-improved")[0].starts_with("::error title=perf-gate%3A checkout::no improvement: no gain")
        );
    }

    #[test]
    fn there_are_at_most_ten_of_a_level() {
        let mut report = report("regressed");
        let failed =
            report.scenarios[0].rows.iter().find(|row| row.severity >= Some(crate::verdict::Severity::Failure));
        let failed = failed.unwrap().clone();
        report.scenarios[0].rows.extend(std::iter::repeat_n(failed, 20));
        let errors: Vec<_> = annotations(&report, Some("perf-gate.yml")).into_iter().collect();
        let errors: Vec<_> = errors.iter().filter(|annotation| annotation.level == Level::Error).collect();
        assert_eq!(errors.len(), MOST);
        assert_eq!(errors[9].message, "and 12 more; the job summary has all");
        assert!(errors[9].to_string().starts_with("::error title=perf-gate,file=perf-gate.yml::"));
    }

    #[test]
    fn no_annotation_becomes_two_commands() {
        for annotation in annotations(&report("hostile"), Some("a,b:c\n::error::d")) {
            let command = annotation.to_string();
            assert!(!command.contains(['\n', '\r']) && !command.contains("##["), "{command}");
            let properties = command.strip_prefix("::").unwrap().split("::").next().unwrap();
            assert_eq!(properties.matches(',').count(), 1, "{command}");
            assert!(command.contains("file=a%2Cb%3Ac%0A%3A%3Aerror%3A%3Ad::"), "{command}");
        }
    }

    #[test]
    fn messages_are_short_enough() {
        let long =
            Annotation { level: Level::Notice, title: "t".repeat(500), file: None, message: "m\n".repeat(9_000) };
        let (title, message) = (line(&long.title, TITLE), line(&long.message, MESSAGE));
        assert_eq!((title.chars().count(), message.chars().count()), (TITLE, MESSAGE));
        assert!(long.to_string().ends_with(&message));
    }

    #[test]
    fn echoed_text_is_no_command() {
        let text = neutralise("name\n\t::error::x\r::stop-commands::y\nok ##[error]z ::fine::");
        assert!(!text.contains("##["));
        assert!(text.split(['\n', '\r']).all(|line| !line.trim_start().starts_with("::")), "{text}");
        assert!(text.ends_with(" ::fine::"));
    }
}
