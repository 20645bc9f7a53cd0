//! The job summary: the report alone, so that the file of a step holds nothing else.

use anyhow::Result;

use crate::render::{Report, markdown_within};

/// Most bytes of a summary. GitHub drops a longer one whole, and the step stays green
/// (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions#step-isolation-and-limits>).
const MOST: usize = 1_024 * 1_024;

/// The summary of a report.
///
/// # Errors
/// A template that is wrong: a mistake of this program.
pub fn summary(report: &Report) -> Result<String> {
    markdown_within(report, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::testing::report;

    #[test]
    fn no_summary_is_too_long() {
        let mut report = report("scenarios");
        let row = report.scenarios[1].rows[1].clone();
        report.scenarios[1].rows.extend(std::iter::repeat_n(row, 20_000));
        let text = summary(&report).unwrap();
        assert!(text.len() <= MOST && text.starts_with("### ❌ FAILED 2 of 3"), "{}", text.len());
        assert!(text.contains("Left out because"));
    }
}
