//! The report as a comment on a pull request or a job summary.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;

use super::style::Style;
use super::template::fill;
use super::view::{Detail, View};
use super::{Output, Report};

pub(super) const OUTPUT: Output = Output { name: "markdown", about: "Pull request comment, job summary", render };

/// GitHub takes 65,536 characters; the rest is for the marker that a published comment starts with.
const MOST: usize = 65_536 - 1_024;

const TEMPLATE: &str = include_str!("templates/report.md.j2");

/// Marks of outcomes and ranks, so that a reader who scrolls sees where to stop.
const MARKS: [(&str, &str); 15] = [
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
    ("changed", "ℹ️"),
    ("met", "✅"),
    ("not known", "❔"),
    ("missed", "⚠️"),
    ("missed by far", "❌"),
];

fn render(report: &Report, _: &Style) -> Result<String> {
    within(&View::of(report), MOST)
}

/// The view in at most `most` bytes, with as much detail as fits.
fn within(view: &View, most: usize) -> Result<String> {
    let mut text = String::new();
    for detail in Detail::STEPS {
        text = page(&view.limited(detail))?;
        if text.len() <= most {
            break;
        }
    }
    Ok(text)
}

fn page(view: &View) -> Result<String> {
    #[derive(Serialize)]
    struct Page<'a> {
        view: &'a View,
        marks: BTreeMap<&'static str, &'static str>,
    }
    fill(TEMPLATE, Page { view, marks: BTreeMap::from(MARKS) })
}
