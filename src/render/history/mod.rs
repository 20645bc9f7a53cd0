//! The documents of `perf-gate history`: a [`View`] in which every number is already text, and what is made of it.

mod markdown;
mod spark;
mod table;
mod text;
mod view;

use anyhow::{Context, Result, bail};

use super::style::Style;
use crate::analysis::Overview;

pub use view::{Line, View};

/// What turns an overview into a document.
pub type Render = fn(&Overview, &Style) -> Result<String>;

/// The documents of a history, by name.
const OUTPUTS: [(&str, Render); 4] =
    [("text", text::render), ("markdown", markdown::render), ("json", json), ("csv", table::render)];

/// What writes the document of that name.
///
/// # Errors
/// There is none: those there are.
pub fn output(name: &str) -> Result<Render> {
    match OUTPUTS.iter().find(|(known, _)| *known == name) {
        Some((_, render)) => Ok(*render),
        None => {
            let names = OUTPUTS.map(|(known, _)| known);
            bail!("--format {name}: unknown; a history is written as {}", names.join(", "))
        }
    }
}

/// The overview as it is: `perf-gate/history/v1`, in base units.
fn json(overview: &Overview, _: &Style) -> Result<String> {
    let mut text = serde_json::to_string_pretty(overview).context("cannot write the history as JSON")?;
    text.push('\n');
    Ok(text)
}
