//! The documents of `perf-gate history`: a [`View`] in which every number is already text, and what is made of it.

mod markdown;
pub(crate) mod spark;
mod table;
mod text;
mod view;

use anyhow::{Context, Result, bail};

use super::style::Style;
use crate::analysis::levels::Overview;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::levels::{Growth, Level, RunName, SCHEMA, Series};
    use crate::model::{Direction, Unit, Warning};

    const HOSTILE: &str = "=a|b`<!-- @me #1\n::error::x\u{1b}[31m";

    fn hostile() -> Overview {
        let run = |day: u8| RunName {
            id: HOSTILE.to_owned(),
            started_at: format!("2026-11-{day:02}T02:00:00Z").parse().unwrap(),
            commit: Some(HOSTILE.to_owned()),
            release: Some(HOSTILE.to_owned()),
        };
        let series = Series {
            endpoint: HOSTILE.to_owned(),
            metric: HOSTILE.to_owned(),
            unit: Unit::Seconds,
            better: Direction::Down,
            values: vec![Some(0.2), None],
            levels: vec![Level { first: 0, last: 0, runs: 1, value: 0.2, spread: 0.0 }],
            change_points: Vec::new(),
            drift: Some(Growth { first: 0, last: 1, runs: 2, change: 0.3, p_value: 1e-6 }),
            anchor: None,
        };
        Overview {
            schema: SCHEMA.to_owned(),
            scenario: HOSTILE.to_owned(),
            fingerprint: "f".to_owned(),
            environment: std::collections::BTreeMap::new(),
            runs: vec![run(1), run(2)],
            series: vec![series],
            warnings: vec![Warning(HOSTILE.to_owned())],
        }
    }

    fn written(name: &str) -> String {
        output(name).unwrap()(&hostile(), &Style::default()).unwrap()
    }

    #[test]
    fn outside_names_stay_names() {
        for name in ["text", "markdown"] {
            let text = written(name);
            assert!(!text.contains('\u{1b}') && !text.contains("\n::error"), "{name}: {text}");
        }
        assert!(!written("markdown").contains("<!--") && !written("markdown").contains(" @me"));
        assert!(written("csv").contains("'=a|b") && !written("csv").contains(",=a|b"));
        assert!(written("markdown").lines().filter(|line| line.starts_with('|')).all(|l| l.matches('|').count() == 7));
        assert!(output("junit").is_err_and(|error| error.to_string().contains("text, markdown, json, csv")));
    }
}
