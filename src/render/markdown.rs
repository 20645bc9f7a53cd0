//! The report as a comment on a pull request or a job summary.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;

use super::style::Style;
use super::template::fill;
use super::view::{Detail, Heading, View};
use super::{Output, Report};

pub(super) const OUTPUT: Output = Output { name: "markdown", about: "Pull request comment, job summary", render };

/// GitHub takes 65,536 characters; the rest is for the marker that a published comment starts with.
const MOST: usize = 65_536 - 1_024;

const TEMPLATE: &str = include_str!("templates/report.md.j2");

/// Marks of outcomes and ranks, so that a reader who scrolls sees where to stop.
const MARKS: [(&str, &str); 16] = [
    ("passed", "✅"),
    ("inconclusive", "❔"),
    ("warned", "⚠️"),
    ("failed", "❌"),
    ("invalid", "⛔"),
    ("critical", "❌"),
    ("failure", "❌"),
    ("warning", "⚠️"),
    ("advisory", "ℹ️"),
    ("improved", "✅"),
    ("not improved", "❌"),
    ("changed", "ℹ️"),
    ("met", "✅"),
    ("not known", "❔"),
    ("missed", "⚠️"),
    ("missed by far", "❌"),
];

/// The report in at most `most` bytes, with as much detail as fits.
///
/// # Errors
/// A template that is wrong: a mistake of this program.
pub fn markdown_within(report: &Report, most: usize) -> Result<String> {
    let view = View::of(report);
    let mut text = String::new();
    for detail in Detail::STEPS {
        text = page(&view.limited(detail))?;
        if text.len() <= most {
            break;
        }
    }
    Ok(text)
}

/// The report with ever less detail, from everything to the answer alone.
///
/// # Errors
/// As of [`markdown_within`].
pub fn markdown_in_steps(report: &Report) -> Result<Vec<String>> {
    let view = View::of(report);
    Detail::STEPS.iter().map(|detail| page(&view.limited(*detail))).collect()
}

/// The mark of the word that opens a document.
pub fn mark(heading: Heading) -> &'static str {
    MARKS.iter().find(|(word, _)| *word == heading.as_str()).map_or("", |(_, mark)| mark)
}

fn render(report: &Report, _: &Style) -> Result<String> {
    markdown_within(report, MOST)
}

fn page(view: &View) -> Result<String> {
    #[derive(Serialize)]
    struct Page<'a> {
        view: &'a View,
        marks: BTreeMap<&'static str, &'static str>,
    }
    fill(TEMPLATE, Page { view, marks: BTreeMap::from(MARKS) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hostile() -> Report {
        Report::parse(include_str!("../../fixtures/golden/hostile/report.json")).unwrap()
    }

    fn markdown(report: &Report) -> String {
        render(report, &Style::default()).unwrap()
    }

    #[test]
    fn unchanged_rows_go_first() {
        let mut report = hostile();
        let row = report.scenarios[0].rows[5].clone();
        report.scenarios[0].rows.extend(std::iter::repeat_n(row, 1_000));
        let text = markdown(&report);
        assert!(text.len() <= MOST);
        assert!(text.contains("1005 unchanged rows. The JSON report has everything."), "{text}");
        assert!(text.contains("javascript:alert(1)"), "the reason of the regression stays");
    }

    #[test]
    fn reasons_go_next_and_regressions_last() {
        let mut report = hostile();
        let row = report.scenarios[0].rows[1].clone();
        report.scenarios[0].rows.extend(std::iter::repeat_n(row, 2_000));
        let text = markdown(&report);
        assert!(text.len() <= MOST);
        assert!(text.contains("rows that stand out") && text.contains("| ❌ regressed |"), "{}", &text[..2_000]);
        assert!(text.starts_with("### ❌ FAILED") && text.contains("and 2000 more"));
    }

    #[test]
    fn no_report_is_too_long() {
        let mut report = hostile();
        let long = "@<|`".repeat(1_000);
        let scenario = &mut report.scenarios[0];
        scenario.warnings.extend(std::iter::repeat_n(crate::model::Warning(long.clone()), 20));
        scenario.reason.clone_from(&long);
        scenario.name.clone_from(&long);
        scenario.run.sources.extend(std::iter::repeat_n(long, 20));
        let scenario = scenario.clone();
        report.scenarios.extend(std::iter::repeat_n(scenario, 60));
        let text = markdown(&report);
        assert!(text.len() <= MOST, "{}", text.len());
        assert!(text.starts_with("### ❌ FAILED 61 of 61 scenarios") && text.contains("Left out"));
    }
}
