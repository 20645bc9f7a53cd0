//! A history for a job summary or an issue.

use anyhow::Result;
use serde::Serialize;

use super::view::View;
use crate::analysis::levels::Overview;
use crate::render::style::Style;
use crate::render::template::fill;

const TEMPLATE: &str = include_str!("../templates/history.md.j2");
/// Characters of a line of blocks.
const SPARK: usize = 30;

pub(super) fn render(overview: &Overview, _: &Style) -> Result<String> {
    #[derive(Serialize)]
    struct Page {
        view: View,
    }
    fill(TEMPLATE, Page { view: View::of(overview, SPARK) })
}
