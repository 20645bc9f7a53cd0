//! The document of `--explain`: how one verdict came about, for a terminal, in Markdown, and as JSON
//! (`perf-gate/explanation/v1`).

mod text;
mod words;

use anyhow::{Context, Result, bail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::style::Style;
use super::template::fill;
use crate::verdict::Explanation;
use words::Told;

/// Name and version of the JSON format.
pub const SCHEMA: &str = "perf-gate/explanation/v1";

/// Names of the documents that an explanation is written as.
pub const DOCUMENTS: [&str; 3] = ["text", "markdown", "json"];

const TEMPLATE: &str = include_str!("../templates/explanation.md.j2");

/// How verdicts came about, one of each scenario that has the endpoint and metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Explanations {
    /// The format and its version: `perf-gate/explanation/v1`.
    pub schema: String,
    /// One per scenario.
    pub explanations: Vec<Explanation>,
}

impl Explanations {
    /// The document of these.
    pub fn new(explanations: Vec<Explanation>) -> Self {
        Self { schema: SCHEMA.to_owned(), explanations }
    }

    /// The document of that name.
    ///
    /// # Errors
    /// A name that is none of [`DOCUMENTS`].
    pub fn render(&self, document: &str, style: &Style) -> Result<String> {
        let told = || self.explanations.iter().map(Told::of).collect::<Vec<_>>();
        match document {
            "text" => Ok(text::text(&told(), style)),
            "markdown" => fill(TEMPLATE, serde_json::json!({ "explanations": told() })),
            "json" => {
                let text = serde_json::to_string_pretty(self).context("cannot write the explanation as JSON")?;
                Ok(format!("{text}\n"))
            }
            other => bail!("an explanation is written as {}, not as {other}", DOCUMENTS.join(", ")),
        }
    }

    /// The JSON Schema of the format, generated from the types.
    pub fn schema() -> Value {
        let mut schema = schemars::schema_for!(Self);
        schema.insert("title".to_owned(), "perf-gate explanation".into());
        schema.to_value()
    }
}
