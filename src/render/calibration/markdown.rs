//! A calibration as Markdown.

use anyhow::Result;

use super::words::Section;
use super::yaml;
use crate::analysis::calibrate::Calibration;
use crate::render::style::Style;
use crate::render::template::fill;

const TEMPLATE: &str = include_str!("../templates/calibration.md.j2");

pub(super) fn render(calibration: &Calibration, style: &Style) -> Result<String> {
    let sections: Vec<Section> = calibration.scenarios.iter().map(Section::of).collect();
    let mut text = fill(TEMPLATE, serde_json::json!({ "sections": sections }))?;
    if calibration.scenarios.iter().any(|scenario| !scenario.changes.is_empty()) {
        // Names stand in quotes or behind '#' there: no line of it can end the block.
        text.push_str(&format!("\n```yaml\n{}```\n", yaml::render(calibration, style)?));
    }
    Ok(text)
}
