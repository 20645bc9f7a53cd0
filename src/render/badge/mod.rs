//! Badges: a picture (SVG) and the data for shields.io, of the latest run of a scenario.
//!
//! A badge is a label, a message and a colour; what it says is chosen here, how it looks is in `svg`.

mod svg;
mod width;

use serde::Serialize;

use super::escape::line;
use super::numbers::counted;
use crate::model::{Outcome, Unit};

/// Most characters of a scenario's name on a badge.
const NAME: usize = 40;
/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// A badge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Badge {
    /// What it is about, on the left.
    pub label: String,
    /// What is so, on the right.
    pub message: String,
    /// The colour of that.
    pub color: Color,
}

/// A colour of a badge, by the name shields.io has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Color {
    BrightGreen,
    Yellow,
    Orange,
    Red,
    LightGrey,
}

impl Color {
    /// As shields.io paints it.
    /// <https://github.com/badges/shields/blob/master/badge-maker/lib/color.js>
    fn hex(self) -> &'static str {
        match self {
            Self::BrightGreen => "#4c1",
            Self::Yellow => "#dfb317",
            Self::Orange => "#fe7d37",
            Self::Red => "#e05d44",
            Self::LightGrey => "#9f9f9f",
        }
    }
}

/// From which latency on a badge is no more green, and no more yellow, s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Below it is green.
    pub green: f64,
    /// Below it is yellow, above red.
    pub yellow: f64,
}

/// The latency of a run: its p95, or that it is not known. A run that could not be judged has none that counts.
pub fn p95(scenario: &str, outcome: Outcome, seconds: Option<f64>, limits: Limits) -> Badge {
    let label = labelled(scenario, "p95");
    let known = seconds.filter(|seconds| seconds.is_finite() && outcome != Outcome::Invalid);
    let Some(seconds) = known else { return Badge { label, message: "unknown".to_owned(), color: Color::LightGrey } };
    let color = match seconds {
        s if s < limits.green => Color::BrightGreen,
        s if s < limits.yellow => Color::Yellow,
        _ => Color::Red,
    };
    Badge { label, message: Unit::Seconds.show(seconds), color }
}

/// What a judgement came to.
pub fn outcome(label: &str, outcome: Outcome) -> Badge {
    let color = match outcome {
        Outcome::Passed => Color::BrightGreen,
        Outcome::Inconclusive => Color::LightGrey,
        Outcome::Warned => Color::Yellow,
        Outcome::Failed => Color::Red,
        Outcome::Invalid => Color::Orange,
    };
    Badge { label: line(label, NAME), message: outcome.as_str().to_owned(), color }
}

/// The badge without a run for `age` seconds: what it said is no more known to be so.
pub fn stale(badge: Badge, age: f64) -> Badge {
    let days = counted((age / DAY).floor().max(0.0) as u64, "day");
    Badge { message: format!("stale, {days}"), color: Color::LightGrey, ..badge }
}

impl Badge {
    /// The picture.
    pub fn svg(&self) -> String {
        svg::draw(self)
    }

    /// The data for shields.io. <https://shields.io/badges/endpoint-badge>
    pub fn endpoint(&self) -> String {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Endpoint<'a> {
            schema_version: u8,
            label: &'a str,
            message: &'a str,
            color: Color,
        }
        let data = Endpoint { schema_version: 1, label: &self.label, message: &self.message, color: self.color };
        serde_json::to_string(&data).unwrap_or_default() + "\n"
    }
}

fn labelled(scenario: &str, what: &str) -> String {
    format!("{} {what}", line(scenario, NAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { green: 1.0, yellow: 1.5 };

    #[test]
    fn latencies_have_the_colours_of_the_configuration() {
        let of = |seconds| p95("checkout", Outcome::Failed, seconds, LIMITS);
        let colors = [0.999, 1.0, 1.499, 1.5].map(|seconds| of(Some(seconds)).color);
        assert_eq!(colors, [Color::BrightGreen, Color::Yellow, Color::Yellow, Color::Red]);
        assert_eq!(of(None).message, "unknown");
        assert_eq!(p95("checkout", Outcome::Invalid, Some(0.1), LIMITS).message, "unknown");
    }

    #[test]
    fn data_is_what_shields_reads() {
        let badge = stale(p95("checkout", Outcome::Passed, Some(0.0821), LIMITS), 9.5 * DAY);
        let expected = r#"{"schemaVersion":1,"label":"checkout p95","message":"stale, 9 days","color":"lightgrey"}"#;
        assert_eq!(badge.endpoint(), format!("{expected}\n"));
    }

    #[test]
    fn no_name_breaks_out_of_the_picture() {
        let svg = outcome("\"><script>&\u{202e}x", Outcome::Passed).svg();
        assert!(!svg.contains("<script") && svg.contains("&quot;&gt;&lt;script&gt;&amp;\u{fffd}x"), "{svg}");
        let mut reader = quick_xml::Reader::from_str(&svg);
        while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {}
    }
}
