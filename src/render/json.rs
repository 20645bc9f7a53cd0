//! The report as it is: `perf-gate/report/v1`, in base units.

use anyhow::{Context, Result};

use super::style::Style;
use super::{Output, Report};

pub(super) const OUTPUT: Output =
    Output { name: "json", about: "Everything, in base units; what `perf-gate report` reads", render };

fn render(report: &Report, _: &Style) -> Result<String> {
    let mut text = serde_json::to_string_pretty(report).context("cannot write the report as JSON")?;
    text.push('\n');
    Ok(text)
}
