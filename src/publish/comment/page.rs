//! The comment as a page: the answer over all sections, then each of them, then those of earlier commits.
//!
//! A page is a function of its sections alone, whoever writes it: what is outside of the sections' fences is written anew
//! each time. Where there is no room, detail goes before truth.

use std::borrow::Cow;
use std::fmt::Write;

use super::merge::{Part, Parts};
use crate::publish::marker;
use crate::publish::section::Section;
use crate::render::view::Heading;
use crate::render::{mark, prose, short};
use crate::verdict::Outcome;

/// Most of a comment's text. GitHub takes 65,536 characters; bytes are never fewer, however it counts.
pub(super) const MOST: usize = 65_536;

/// What ends a body that had more.
const WITHOUT_DETAILS: &str =
    "Details were left out because a comment may not be longer. The summary of the job that wrote this has them.";

/// How a person decides about a critical change.
const DECIDE: &str = "Someone with write access decides with a comment: <code>/perf-gate approve REASON</code> or \
                      <code>/perf-gate reject REASON</code>.";

/// How much of the bodies is kept.
#[derive(Clone, Copy)]
struct Level {
    /// Of sections of earlier commits: all, nothing folded, nothing.
    outdated: usize,
    /// Of other jobs' sections.
    others: usize,
    /// Of our own: the step of less detail that is taken.
    own: usize,
}

const LEVELS: [Level; 12] = [
    Level { outdated: 0, others: 0, own: 0 },
    Level { outdated: 1, others: 0, own: 0 },
    Level { outdated: 2, others: 0, own: 0 },
    Level { outdated: 2, others: 1, own: 0 },
    Level { outdated: 2, others: 1, own: 1 },
    Level { outdated: 2, others: 1, own: 2 },
    Level { outdated: 2, others: 2, own: 2 },
    Level { outdated: 2, others: 2, own: 3 },
    Level { outdated: 2, others: 2, own: 4 },
    Level { outdated: 2, others: 2, own: 5 },
    Level { outdated: 2, others: 2, own: 6 },
    BARE,
];
/// The answers alone.
const BARE: Level = Level { outdated: 2, others: 2, own: usize::MAX };

/// The page with as much detail as fits; where not even all answers do, the worst.
pub(super) fn fitting(parts: &Parts) -> String {
    let full = LEVELS.iter().map(|level| page(parts, *level, usize::MAX));
    let mut most = parts.len();
    // A tenth less each time: few rounds for many sections, and little room wasted.
    let fewer = std::iter::repeat_with(|| {
        most = most * 9 / 10;
        page(parts, BARE, most)
    });
    full.chain(fewer.take(1 + 10 * parts.len())).find(|text| text.len() <= MOST).unwrap_or_default()
}

/// The body without what is folded, and a sentence about it where something was.
pub(super) fn without_details(body: &str) -> String {
    let (mut depth, mut kept) = (0_usize, Vec::new());
    for line in body.lines() {
        depth += usize::from(line.starts_with("<details"));
        if depth == 0 {
            kept.push(line);
        }
        depth = depth.saturating_sub(usize::from(line == "</details>"));
    }
    if kept.len() == body.lines().count() {
        return body.to_owned();
    }
    let text = marker::bare(&kept.join("\n"));
    let gap = if text.is_empty() { "" } else { "\n\n" };
    marker::bare(&format!("{text}{gap}{WITHOUT_DETAILS}"))
}

/// The page with the first `most` sections.
fn page(parts: &Parts, level: Level, most: usize) -> String {
    let page = Page { parts, level, most };
    let mut text = format!("{}\n", marker::COMMENT);
    // Writing into a string cannot fail.
    let _ = page.write(&mut text);
    text
}

struct Page<'a> {
    parts: &'a Parts,
    level: Level,
    most: usize,
}

impl Page<'_> {
    fn write(&self, text: &mut String) -> std::fmt::Result {
        let present: Vec<&Part> = self.parts.present().collect();
        let shown = &present[..present.len().min(self.most)];
        let single = present.len() == 1;
        writeln!(text, "### {}\n", self.headline(&present))?;
        if present.iter().any(|part| part.section.critical) {
            writeln!(text, "{DECIDE}\n")?;
        }
        if !single {
            self.table(text, shown)?;
        }
        self.left_out(text, shown, present.len())?;
        for part in shown {
            let body = body(part, self.level.of(part, false));
            if !single && !body.is_empty() {
                writeln!(text, "#### {}\n", self.title(&part.section))?;
            }
            writeln!(text, "{}", part.section.fenced(&body).text())?;
        }
        for part in self.parts.outdated().take(self.most - shown.len()) {
            self.outdated(text, part)?;
        }
        match self.parts.commit.as_str() {
            "" => Ok(()),
            commit => writeln!(text, "Commit {}", prose(&short(commit))),
        }
    }

    /// The answer over all sections of the newest commit.
    fn headline(&self, present: &[&Part]) -> String {
        let [first, rest @ ..] = present else { return String::new() };
        if rest.is_empty() {
            return self.title(&first.section);
        }
        let outcome = first.section.outcome;
        let same = present.iter().filter(|part| part.section.outcome == outcome).count();
        let heading = Heading::of_outcome(outcome);
        let count = format!("{} {} {same} of {}", mark(heading), heading.shout(), present.len());
        match outcome {
            Outcome::Passed => count,
            _ => format!("{count}: {}: {}", self.name(&first.section), prose(&first.section.answer)),
        }
    }

    fn table(&self, text: &mut String, shown: &[&Part]) -> std::fmt::Result {
        writeln!(text, "| Outcome | Scenario | Answer |\n| :-- | :-- | :-- |")?;
        for part in shown {
            let section = &part.section;
            let (name, answer) = (self.name(section), prose(&section.answer));
            writeln!(text, "| {} {} | {name} | {answer} |", mark(section.heading), section.heading.shout())?;
        }
        writeln!(text)
    }

    /// What there was no room for, and where it is.
    fn left_out(&self, text: &mut String, shown: &[&Part], all: usize) -> std::fmt::Result {
        let bodies = shown.iter().filter(|part| body(part, self.level.of(part, false)).is_empty()).count();
        let left = [(all - shown.len(), "whole scenarios"), (bodies, "scenarios' figures")];
        let left: Vec<_> = left.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        if left.is_empty() {
            return Ok(());
        }
        let left = left.join(", ");
        writeln!(
            text,
            "> Left out because a comment may not be longer: {left}. The summaries of their jobs have them.\n"
        )
    }

    /// A section of an earlier commit, folded, its commit first.
    fn outdated(&self, text: &mut String, part: &Part) -> std::fmt::Result {
        let (section, body) = (&part.section, body(part, self.level.of(part, true)));
        let commit = prose(&short(&section.commit));
        writeln!(text, "<details><summary>Outdated, of commit {commit}: {}</summary>\n", self.title(section))?;
        writeln!(text, "{}\n</details>\n", section.fenced(&body).text())
    }

    /// `❌ FAILED checkout: GET /slow p95 +31.8 %`.
    fn title(&self, section: &Section) -> String {
        let heading = section.heading;
        format!("{} {} {}: {}", mark(heading), heading.shout(), self.name(section), prose(&section.answer))
    }

    /// The scenario, with leg, and with environment where there are several.
    fn name(&self, section: &Section) -> String {
        let key = &section.key;
        let all = self.parts.present().chain(self.parts.outdated());
        let several = all.map(|part| &part.section.key).any(|other| other.is_beside(key) && other != key);
        let environment = if several { key.environment.as_str() } else { "" };
        let beside: Vec<&str> = [key.leg.as_str(), environment].into_iter().filter(|part| !part.is_empty()).collect();
        match beside.as_slice() {
            [] => prose(&key.scenario),
            parts => format!("{} ({})", prose(&key.scenario), prose(&parts.join(", "))),
        }
    }
}

impl Level {
    fn of(self, part: &Part, outdated: bool) -> Step {
        match (outdated, part.own) {
            (true, _) => Step::Others(self.outdated),
            (false, true) => Step::Own(self.own),
            (false, false) => Step::Others(self.others),
        }
    }
}

/// How much of one body is kept.
enum Step {
    Others(usize),
    Own(usize),
}

fn body(part: &Part, step: Step) -> Cow<'_, str> {
    let section = &part.section;
    match step {
        Step::Others(0) | Step::Own(0) => section.body.as_str().into(),
        Step::Others(1) => without_details(&section.body).into(),
        Step::Others(_) | Step::Own(usize::MAX) => "".into(),
        Step::Own(step) => {
            let step = step.min(section.shorter.len());
            section.shorter.get(step.saturating_sub(1)).unwrap_or(&section.body).as_str().into()
        }
    }
}
