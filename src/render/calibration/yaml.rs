//! The lines for `perf-gate.yml`, each with its reason.
//!
//! Names come from outside: keys are double-quoted scalars in which everything that is no plain printable character is
//! escaped (YAML 1.2.2, section 5.7), and comments hold one tame line.

use anyhow::Result;

use super::words::name;
use crate::analysis::calibrate::{Calibration, Change, Place, Scenario};
use crate::model::Metric;
use crate::render::numbers::{Scale, counted};
use crate::render::style::Style;

pub(super) fn render(calibration: &Calibration, _: &Style) -> Result<String> {
    let mut text: String = calibration.scenarios.iter().map(heading).collect();
    let (top, own): (Vec<_>, Vec<_>) =
        calibration.scenarios.iter().filter(|s| !s.changes.is_empty()).partition(|s| s.changes[0].place == Place::Top);
    top.iter().for_each(|scenario| text.push_str(&block(&scenario.changes, 0)));
    if !own.is_empty() {
        text.push_str("scenarios:\n");
    }
    for scenario in own {
        text.push_str(&format!("  {}:\n{}", quoted(&scenario.name), block(&scenario.changes, 4)));
    }
    Ok(text)
}

/// What the lines below come from, as comments.
fn heading(scenario: &Scenario) -> String {
    let (scenario_name, runs) = (name(&scenario.name), scenario.runs);
    if runs < scenario.needs {
        return format!(
            "# {scenario_name}: needs {} runs in one environment to suggest anything, has {runs}\n",
            scenario.needs
        );
    }
    let from = format!("{} of {}", counted(scenario.alarms.failed.of as u64, "check"), counted(runs as u64, "run"));
    let mut text = match scenario.changes.len() {
        0 => format!("# {scenario_name}: nothing to change, after {from}\n"),
        _ => format!("# {scenario_name}: what {from} suggest (perf-gate calibrate)\n"),
    };
    for key in &scenario.occupied {
        text.push_str(&format!(
            "# '{key}' is in the configuration already: merge these lines into it, a key stands once\n"
        ));
    }
    text
}

/// The keys `thresholds` and `endpoints`, indented.
fn block(changes: &[Change], indent: usize) -> String {
    let margin = " ".repeat(indent);
    let (general, own): (Vec<_>, Vec<_>) = changes.iter().partition(|change| change.endpoint.is_none());
    let mut text = String::new();
    if !general.is_empty() {
        text.push_str(&format!("{margin}thresholds:\n"));
        general.iter().for_each(|change| text.push_str(&format!("{margin}  {}\n", line(change))));
    }
    let mut before = None;
    for (at, change) in own.iter().enumerate() {
        if at == 0 {
            text.push_str(&format!("{margin}endpoints:\n"));
        }
        let endpoint = change.endpoint.as_deref().unwrap_or_default();
        if before != Some(endpoint) {
            text.push_str(&format!("{margin}  {}:\n", quoted(endpoint)));
        }
        text.push_str(&format!("{margin}    {}\n", line(change)));
        before = Some(endpoint);
    }
    text
}

/// `p95: 15%  # was 20%: …`.
fn line(change: &Change) -> String {
    let key = if Metric::known(&change.metric).is_some() { change.metric.clone() } else { quoted(&change.metric) };
    format!("{key}: {}  # {}", value(change), reason(change))
}

fn value(change: &Change) -> String {
    let is_rate = change.metric == "error-rate";
    let amount = amount(change.threshold, is_rate);
    match (is_rate, change.advisory) {
        (true, false) => format!("{{at-least: {amount}}}"),
        (true, true) => format!("{{at-least: {amount}, advisory: true}}"),
        (false, false) => amount,
        (false, true) => format!("{{relative: {amount}, advisory: true}}"),
    }
}

fn reason(change: &Change) -> String {
    let is_rate = change.metric == "error-rate";
    let scale = Scale::of(&change.metric);
    let floor = scale.size(change.noise_floor);
    let failed = match change.failed {
        0 => String::new(),
        n => format!(", failed falsely in {n} of {}", counted(change.checks as u64, "check")),
    };
    let was = amount(change.was, is_rate);
    if change.advisory && !change.was_advisory {
        format!("was {was}; too noisy to gate: noise floor {floor}{failed}")
    } else if change.threshold > change.was {
        format!("was {was}; within the noise: noise floor {floor}{failed}")
    } else if change.threshold < change.was {
        format!("was {was}; the noise allows less: noise floor at most {floor}")
    } else {
        format!("as it is: noise floor {floor}{failed}")
    }
}

/// `15%`, `1.5pp`.
fn amount(share: f64, is_rate: bool) -> String {
    format!("{}{}", (share * 1e6).round() / 1e4, if is_rate { "pp" } else { "%" })
}

/// A double-quoted scalar.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            ' '..='~' => quoted.push(character),
            c if c.is_alphanumeric() => quoted.push(c),
            c => quoted.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use proptest::prelude::*;

    fn change(endpoint: Option<&str>, metric: &str, threshold: f64, advisory: bool) -> Change {
        Change {
            place: Place::Top,
            endpoint: endpoint.map(str::to_owned),
            metric: metric.to_owned(),
            threshold,
            advisory,
            was: 0.2,
            was_advisory: false,
            rows: 1,
            noise_floor: Some(0.061),
            failed: 2,
            checks: 31,
        }
    }

    #[test]
    fn every_line_has_its_reason() {
        let lines = block(
            &[
                change(None, "p95", 0.15, false),
                change(Some("GET /search"), "p95", 0.35, false),
                change(Some("GET /search"), "error-rate", 0.015, true),
            ],
            0,
        );
        assert_eq!(lines, "\
thresholds:
  p95: 15%  # was 20%; the noise allows less: noise floor at most 6.1 %
endpoints:
  \"GET /search\":
    p95: 35%  # was 20%; within the noise: noise floor 6.1 %, failed falsely in 2 of 31 checks
    error-rate: {at-least: 1.5pp, advisory: true}  # was 20pp; too noisy to gate: noise floor 6.1 pp, failed falsely in 2 of 31 checks
");
    }

    proptest! {
        #[test]
        fn any_name_comes_back_as_it_was(endpoint in ".{0,30}", metric in "queue[:#\" ]{0,3}depth") {
            let text = block(&[change(Some(&endpoint), &metric, 0.3, true)], 0);
            let config = Config::parse("block", &text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
            prop_assert_eq!(&config.endpoints.0[0].0, &endpoint);
            let (name, threshold) = config.endpoints.0[0].1.first_key_value().unwrap();
            prop_assert_eq!(&name.0, &metric);
            prop_assert!(threshold.advisory && threshold.relative == Some(0.3));
        }
    }
}
