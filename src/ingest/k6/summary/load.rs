//! The load of a summary: what was seen, and what was configured where `handleSummary` wrote the options.
//!
//! <https://grafana.com/docs/k6/latest/using-k6/scenarios/executors/>. k6's own data has no scenarios among its options;
//! scripts add them from `exec.test.options`.

use serde_json::{Map, Value};

use super::super::metric::{DROPPED, MOST_USERS, USERS};
use super::super::points::tell_dropped;
use super::Summary;
use crate::model::Run;

/// Share of the configured time below which a test was stopped early; k6 ends none of these by itself.
const WHOLE: f64 = 0.9;

/// Adds the load to the run, and says so if the test was stopped early.
pub(super) fn tell(summary: &Summary<'_>, run: &mut Run) {
    let most = |name: &str| summary.figure(name, "max").or_else(|| summary.figure(name, "value"));
    run.load.peak_users = most(USERS).or_else(|| most(MOST_USERS)).map(|users| users as u64);
    tell_dropped(run, summary.figure(DROPPED, "count").unwrap_or(0.0));
    let Some(options) = summary.options else { return };
    let shapes = shapes(options);
    configured(&shapes, run);
    // What ends after a number of iterations may end at any time.
    let timed = shapes.iter().filter(|shape| !shape.by_iterations);
    if let (Some(planned), Some(seconds)) = (timed.filter_map(|shape| shape.end).reduce(f64::max), summary.seconds)
        && seconds < planned * WHOLE
    {
        run.invalid = Some(format!("aborted: the test ran {seconds:.1} s of {planned:.0} s"));
    }
}

/// The load of one scenario.
#[derive(Default)]
struct Shape {
    users: Option<u64>,
    /// Iterations started per second.
    rate: Option<f64>,
    /// Seconds from the start of the test to the end of the scenario.
    end: Option<f64>,
    stages: Option<String>,
    /// Whether it ends after a number of iterations, at any time.
    by_iterations: bool,
}

fn configured(shapes: &[Shape], run: &mut Run) {
    let load = &mut run.load;
    load.virtual_users = shapes.iter().filter_map(|shape| shape.users).reduce(|a, b| a + b);
    load.arrival_rate = shapes.iter().filter_map(|shape| shape.rate).reduce(|a, b| a + b);
    load.duration = shapes.iter().filter_map(|shape| shape.end).reduce(f64::max);
    let stages: Vec<&str> = shapes.iter().filter_map(|shape| shape.stages.as_deref()).collect();
    load.stages = (!stages.is_empty()).then(|| stages.join("; "));
}

/// The scenarios, or the one that the short options make.
fn shapes(options: &Map<String, Value>) -> Vec<Shape> {
    match options.get("scenarios").and_then(Value::as_object) {
        Some(scenarios) if !scenarios.is_empty() => {
            scenarios.iter().filter_map(|(name, scenario)| Some(shape(Some(name), scenario.as_object()?))).collect()
        }
        _ => vec![shape(None, options)],
    }
}

fn shape(name: Option<&str>, scenario: &Map<String, Value>) -> Shape {
    let number = |key: &str| scenario.get(key).and_then(Value::as_f64);
    let time = |key: &str| scenario.get(key).and_then(seconds);
    let (stages, staged) = stages(scenario).unzip();
    let start = time("startTime").unwrap_or(0.0);
    Shape {
        users: number("vus").map(|users| users as u64),
        rate: number("rate").map(|rate| rate / time("timeUnit").unwrap_or(1.0)),
        end: time("duration").or(staged).map(|duration| start + duration),
        stages: stages.map(|stages: String| name.map_or(stages.clone(), |name| format!("{name} {stages}"))),
        by_iterations: number("iterations").is_some(),
    }
}

/// Stages as `10s:20,1m:0`, and their time together, s.
fn stages(scenario: &Map<String, Value>) -> Option<(String, f64)> {
    let listed = scenario.get("stages")?.as_array().filter(|stages| !stages.is_empty())?;
    let mut total = 0.0;
    let mut spelled = Vec::new();
    for stage in listed {
        let duration = stage.get("duration").and_then(seconds)?;
        total += duration;
        spelled.push(format!("{duration}s:{}", stage.get("target")?));
    }
    Some((spelled.join(","), total))
}

/// Seconds of a duration as k6 takes them: `1m30s`, `500ms`, or a number of milliseconds.
fn seconds(value: &Value) -> Option<f64> {
    let Some(mut text) = value.as_str() else { return value.as_f64().map(|ms| ms / 1e3) };
    let mut total = 0.0;
    while !text.is_empty() {
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let letters = text[digits..].find(|c: char| c.is_ascii_digit()).unwrap_or(text.len() - digits);
        total += crate::model::parse_duration(&text[..digits + letters]).ok()?;
        text = &text[digits + letters..];
    }
    (total > 0.0 || value.as_str() == Some("0s")).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_go() {
        let of = |text: &str| seconds(&Value::from(text));
        assert_eq!(
            [of("25s"), of("1m30s"), of("1h"), of("500ms"), of("0s")],
            [Some(25.0), Some(90.0), Some(3600.0), Some(0.5), Some(0.0)]
        );
        assert_eq!([of(""), of("soon"), of("5"), of("1x")], [None; 4]);
        assert_eq!(seconds(&Value::from(1500)), Some(1.5));
    }
}
