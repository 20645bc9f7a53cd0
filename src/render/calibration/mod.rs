//! Documents of a calibration: for a terminal, for Markdown, for scripts, and as lines for the configuration.

mod facts;
mod markdown;
mod text;
mod words;
mod yaml;

use anyhow::{Context, Result};

use super::style::Style;
use crate::analysis::calibrate::Calibration;

/// Every document a calibration is rendered as.
const OUTPUTS: &[Output] = &[
    Output { name: "text", render: text::render },
    Output { name: "markdown", render: markdown::render },
    Output { name: "json", render: json },
    Output { name: "yaml", render: yaml::render },
];

/// One kind of document.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// As `--format` spells it.
    pub name: &'static str,
    /// Renders a calibration.
    pub render: fn(&Calibration, &Style) -> Result<String>,
}

impl Output {
    /// The output of that name.
    ///
    /// # Errors
    /// There is none: those there are.
    pub fn named(name: &str) -> Result<&'static Self> {
        let names = || OUTPUTS.iter().map(|output| output.name).collect::<Vec<_>>().join(", ");
        let found = OUTPUTS.iter().find(|output| output.name == name);
        found.with_context(|| format!("--format {name}: calibrate writes {}", names()))
    }
}

/// Everything, in base units.
fn json(calibration: &Calibration, _: &Style) -> Result<String> {
    let mut text = serde_json::to_string_pretty(calibration).context("cannot write the calibration as JSON")?;
    text.push('\n');
    Ok(text)
}
