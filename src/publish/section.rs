//! Sections: what one job says of one scenario at one commit, as it stands in a comment beside what other jobs say.

use std::collections::BTreeMap;

use anyhow::Result;

use super::marker::{Fenced, bare};
use crate::render::view::{Heading, View};
use crate::render::{Report, Scenario, line, markdown_in_steps};
use crate::verdict::{Outcome, Severity};

/// Most characters of a scenario's name or of a leg's.
const NAME: usize = 120;
/// Most characters of an answer.
const ANSWER: usize = 300;
/// Characters of a fingerprint that tell environments apart.
const FINGERPRINT: usize = 7;

/// What one job says of one scenario at one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What it is about. A later section of the same key takes its place.
    pub key: Key,
    /// The commit that was tested.
    pub commit: String,
    /// The order of workflow runs: that of a later run is larger.
    pub turn: u64,
    /// What the judgement comes to; an improvement that was asked for and not proven is a failure.
    pub outcome: Outcome,
    /// The word that opens it.
    pub heading: Heading,
    /// Whether a person must decide.
    pub critical: bool,
    /// What decided, in one line of plain text.
    pub answer: String,
    /// The rest, Markdown.
    pub body: String,
    /// The body with ever less detail. Known of our own sections, not of those that were read from a comment.
    pub shorter: Vec<String>,
}

/// What a section is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The scenario.
    pub scenario: String,
    /// Leg of a matrix, where the workflow names it.
    pub leg: String,
    /// Start of the environment's fingerprint; empty where no run could be read.
    pub environment: String,
}

/// Where a report comes from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Origin<'a> {
    /// The commit that was tested, where that is known better than by the report.
    pub commit: Option<&'a str>,
    /// Leg of a matrix.
    pub leg: Option<&'a str>,
    /// A number that grows from workflow run to workflow run, and with each attempt of one.
    pub turn: u64,
}

/// What a report says, a section for each scenario.
///
/// # Errors
/// A template that is wrong: a mistake of this program.
pub fn sections(report: &Report, origin: &Origin<'_>) -> Result<Vec<Section>> {
    report.scenarios.iter().map(|scenario| Section::of(scenario, origin)).collect()
}

impl Key {
    /// Whether both are about the same scenario and leg; the environment may be another, or not known.
    pub fn is_beside(&self, other: &Self) -> bool {
        self.scenario == other.scenario && self.leg == other.leg
    }
}

impl Section {
    fn of(scenario: &Scenario, origin: &Origin<'_>) -> Result<Self> {
        let report = Report::new(vec![scenario.clone()]);
        let view = View::of(&report);
        let mut bodies: Vec<String> = markdown_in_steps(&report)?.iter().map(|text| body(text)).collect();
        bodies.dedup();
        let commit = origin.commit.or(scenario.run.commit.as_deref()).unwrap_or_default();
        let outcome = match view.heading {
            Heading::NotImproved => scenario.outcome.join(Outcome::Failed),
            _ => scenario.outcome,
        };
        Ok(Self {
            key: Key {
                scenario: line(&scenario.name, NAME),
                leg: line(origin.leg.unwrap_or_default(), NAME),
                environment: line(&scenario.run.fingerprint, NAME).chars().take(FINGERPRINT).collect(),
            },
            commit: line(commit, NAME),
            turn: origin.turn,
            outcome,
            heading: view.heading,
            critical: scenario.rows.iter().any(|row| row.severity == Some(Severity::Critical)),
            answer: line(&view.sections.into_iter().map(|section| section.answer).collect::<String>(), ANSWER),
            body: bodies.remove(0),
            shorter: bodies,
        })
    }

    /// The section as it is kept in a comment, with that body.
    pub(super) fn fenced(&self, body: &str) -> Fenced {
        let critical = if self.critical { "yes" } else { "no" };
        let fields = [
            ("scenario", self.key.scenario.as_str()),
            ("leg", &self.key.leg),
            ("environment", &self.key.environment),
            ("commit", &self.commit),
            ("turn", &self.turn.to_string()),
            ("outcome", self.outcome.as_str()),
            ("heading", self.heading.as_str()),
            ("critical", critical),
            ("answer", &self.answer),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Fenced { fields: BTreeMap::from(fields), body: body.to_owned() }
    }

    /// A section as it was kept in a comment; none where its marker does not say what a section's does.
    pub(super) fn read(fenced: Fenced) -> Option<Self> {
        let text = |name: &str, most| Some(line(fenced.fields.get(name)?, most));
        let outcome = text("outcome", NAME)?;
        let heading = text("heading", NAME)?;
        Some(Self {
            key: Key {
                scenario: text("scenario", NAME)?,
                leg: text("leg", NAME)?,
                environment: text("environment", NAME)?,
            },
            commit: text("commit", NAME)?,
            turn: text("turn", NAME)?.parse().ok()?,
            outcome: Outcome::ALL.into_iter().find(|known| known.as_str() == outcome)?,
            heading: Heading::ALL.into_iter().find(|known| known.as_str() == heading)?,
            critical: text("critical", NAME)? == "yes",
            answer: text("answer", ANSWER)?,
            body: fenced.body,
            shorter: Vec::new(),
        })
    }
}

/// The page of one scenario without its first line, which the comment writes anew.
fn body(page: &str) -> String {
    bare(page.split_once('\n').map_or("", |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::testing::report;

    #[test]
    fn every_section_reads_back() {
        for case in ["scenarios", "hostile", "no-baseline", "improved"] {
            let origin = Origin { commit: None, leg: Some("linux --> <!--"), turn: 7 };
            for section in sections(&report(case), &origin).unwrap() {
                let read = Section::read(section.fenced(&section.body)).unwrap();
                assert_eq!(read, Section { shorter: Vec::new(), ..section });
            }
        }
    }

    #[test]
    fn bodies_become_shorter_and_the_heading_is_not_among_them() {
        let section = sections(&report("scenarios"), &Origin::default()).unwrap().remove(1);
        assert_eq!(section.key.scenario, "checkout");
        assert!(section.body.starts_with("1 of 14 rows regressed beyond doubt"), "{}", section.body);
        let lengths: Vec<_> = [&section.body].into_iter().chain(&section.shorter).map(String::len).collect();
        assert!(lengths.len() >= 4 && lengths.is_sorted_by(|a, b| a > b), "{lengths:?}");
    }

    #[test]
    fn what_is_not_improved_fails() {
        let section = sections(&report("not-improved"), &Origin::default()).unwrap().remove(0);
        assert_eq!((section.outcome, section.heading), (Outcome::Failed, Heading::NotImproved));
    }

    #[test]
    fn the_commit_that_is_given_goes_over_that_of_the_report() {
        let given = Origin { commit: Some("abc"), ..Origin::default() };
        assert_eq!(sections(&report("hostile"), &given).unwrap()[0].commit, "abc");
        assert_eq!(sections(&report("hostile"), &Origin::default()).unwrap()[0].commit, "not a hash `x`");
    }
}
