//! Documents: one report in many forms.
//!
//! A [`Report`] is numbers; [`view`] turns it into a [`view::View`], in which every number is already text and every
//! outside string is one tame line; the documents for people arrange that text. The documents for machines (JSON, CSV)
//! keep the base units of the report. Nothing here reads a file, a clock or the environment.

pub mod badge;
pub mod calibration;
mod csv;
mod escape;
pub mod explain;
pub mod history;
pub mod inspect;
mod json;
mod junit;
mod markdown;
pub(crate) mod numbers;
mod report;
mod style;
mod table;
pub(crate) mod template;
mod text;
pub mod view;

pub use escape::{line, log, prose, word};
pub use explain::Explanations;
pub use markdown::{mark, markdown_in_steps, markdown_within};
pub use report::{Candidate, Report, SCHEMA, Scenario};
pub use style::Style;
pub use view::short;

use anyhow::Result;

/// Every document a report is rendered as, in the order of the documentation.
pub const OUTPUTS: &[Output] = &[text::OUTPUT, markdown::OUTPUT, json::OUTPUT, junit::OUTPUT, csv::OUTPUT];

/// One kind of document.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// As `--format` spells it: `markdown`.
    pub name: &'static str,
    /// What it is, in a few words, for `--help`.
    pub about: &'static str,
    /// Renders a report. The style is what a terminal takes; only text heeds it.
    pub render: fn(&Report, &Style) -> Result<String>,
}

impl Output {
    /// The output of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        OUTPUTS.iter().find(|output| output.name == name)
    }
}
