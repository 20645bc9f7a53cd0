//! The native format: what any tool may write by hand, what `convert` writes, and what the store keeps.
//!
//! It is [`Run`] as JSON. Unknown keys are refused with their path, so that a typo does not pass as "no figure".

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::{Direction, Endpoint, Latency, Measurement, Metric, Run, Unit, quantile_of};

/// Name and version of the format.
pub const SCHEMA: &str = "perf-gate/run/v1";

/// Reads a run from JSON and tidies what was written by hand: metrics become the figures they name.
///
/// # Errors
/// Text that is no JSON, an unknown key (with its path), a newer version, a run without any figure, or figures that
/// cannot be (negative counts, more errors than requests, values that are not finite).
pub fn parse(text: &[u8]) -> Result<Run> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let run: Result<Run, _> = serde_path_to_error::deserialize(&mut reader);
    let current = run.as_ref().is_ok_and(|run| run.schema == SCHEMA);
    if let Some(version) = (!current).then(|| newer_version(text)).flatten() {
        bail!("written by a newer perf-gate ('{version}'): this one reads {SCHEMA}; use a newer perf-gate");
    }
    let mut run = match run {
        Ok(run) => run,
        Err(error) => {
            let path = error.path().to_string();
            let inner = error.into_inner();
            return if path == "." { Err(inner.into()) } else { Err(inner).with_context(|| format!("at '{path}'")) };
        }
    };
    reader.end().context("text after the end of the run")?;
    ensure!(run.schema == SCHEMA, "'schema' is '{}', expected {SCHEMA}", run.schema);
    tidy(&mut run)?;
    Ok(run)
}

/// Writes a run as JSON, readable, with a newline at the end.
pub fn write(run: &Run) -> String {
    let mut text = serde_json::to_string_pretty(run).expect("a run has string keys and finite numbers");
    text.push('\n');
    text
}

/// The JSON Schema of the format, generated from the types.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Run);
    schema.insert("title".to_owned(), "perf-gate run".into());
    schema.to_value()
}

/// The schema a file names, if it is a later version of this format.
fn newer_version(text: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Named<'a> {
        schema: &'a str,
    }
    let named: Named<'_> = serde_json::from_slice(text).ok()?;
    let version: u32 = named.schema.strip_prefix("perf-gate/run/v")?.parse().ok()?;
    (version > 1).then(|| format!("perf-gate/run/v{version}"))
}

/// Turns hand-written metrics into the figures they name and checks what a type cannot say.
fn tidy(run: &mut Run) -> Result<()> {
    ensure!(!run.scenario.trim().is_empty(), "'scenario' is empty");
    let mut total = run.total.take();
    let own = std::mem::take(&mut run.metrics);
    if own.iter().any(|m| Metric::known(&m.name).is_some_and(|k| !is_resource(&k.name))) && total.is_none() {
        total = Some(Endpoint::new(super::ALL));
    }
    for measurement in own {
        let kept = match &mut total {
            Some(total) => place(total, measurement, run.basis).context("in 'metrics'")?,
            None => Some(checked(measurement)?),
        };
        run.metrics.extend(kept);
    }
    for endpoint in run.endpoints.iter_mut().chain(&mut total) {
        let named = endpoint.name.clone();
        for measurement in std::mem::take(&mut endpoint.metrics) {
            let kept = place(endpoint, measurement, run.basis).with_context(|| format!("endpoint '{named}'"))?;
            endpoint.metrics.extend(kept);
        }
        if let (Some(errors), Some(count)) = (endpoint.errors, endpoint.count) {
            ensure!(errors <= count, "endpoint '{named}' has more errors ({errors}) than requests ({count})");
        }
    }
    run.endpoints.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    if let Some(pair) =
        run.endpoints.windows(2).find(|pair| pair[0].name == pair[1].name && pair[0].kind == pair[1].kind)
    {
        bail!("endpoint '{}' is listed twice", pair[0].name);
    }
    run.total = total;
    let empty = run.total.is_none() && run.endpoints.is_empty() && run.metrics.is_empty() && run.resources.is_empty();
    ensure!(!empty, "no figures: give 'endpoints' with 'metrics', or 'metrics'");
    Ok(())
}

/// Whether the metric is a value of the run that no endpoint has.
fn is_resource(name: &str) -> bool {
    matches!(name, "memory" | "cpu")
}

/// Puts a measurement where its name says; returns it tidied if the name says nothing.
fn place(endpoint: &mut Endpoint, measurement: Measurement, basis: super::Basis) -> Result<Option<Measurement>> {
    let measurement = checked(measurement)?;
    let name = measurement.name.as_str();
    match name {
        "throughput" => endpoint.throughput = Some(measurement.value),
        "count" => endpoint.count = Some(whole(&measurement)?),
        "errors" => endpoint.errors = Some(whole(&measurement)?),
        "error-rate" => {
            ensure!(measurement.value <= 1.0, "'error-rate' is a share: {} is more than 1", measurement.value);
            match endpoint.count {
                Some(count) => endpoint.errors = Some((measurement.value * count as f64).round() as u64),
                None => bail!("'error-rate' needs the 'count' of the endpoint: rates are judged by counts"),
            }
        }
        _ if Metric::is_latency(name) => {
            let slot = if basis == super::Basis::Ok { &mut endpoint.latency } else { &mut endpoint.latency_all };
            let latency = slot.get_or_insert_with(Latency::default);
            match name {
                "mean" => latency.mean = Some(measurement.value),
                "min" => latency.min = Some(measurement.value),
                "max" => latency.max = Some(measurement.value),
                _ => drop(latency.quantiles.insert(name.to_owned(), measurement.value)),
            }
        }
        _ => return Ok(Some(measurement)),
    }
    Ok(None)
}

/// A measurement whose value can be: finite, and not negative where the metric cannot be.
fn checked(mut measurement: Measurement) -> Result<Measurement> {
    let Measurement { name, value, .. } = &measurement;
    ensure!(value.is_finite(), "'{name}' is not a finite number");
    let known = Metric::known(name);
    ensure!(*value >= 0.0 || (known.is_none() && quantile_of(name).is_none()), "'{name}' is negative: {value}");
    if let (Some(known), Some(unit)) = (&known, measurement.unit) {
        ensure!(known.unit == unit, "'{name}' is in '{}', not '{}'", known.unit.as_str(), unit.as_str());
    }
    let unit = known.as_ref().map_or(Unit::Count, |k| k.unit);
    let better = known.map_or(Direction::Down, |k| k.better);
    measurement.unit.get_or_insert(unit);
    measurement.better.get_or_insert(better);
    Ok(measurement)
}

fn whole(measurement: &Measurement) -> Result<u64> {
    let Measurement { name, value, .. } = measurement;
    ensure!(*value >= 0.0 && value.fract() == 0.0 && *value < 1e15, "'{name}' is not a whole number: {value}");
    Ok(*value as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"{"schema": "perf-gate/run/v1", "scenario": "checkout",
        "endpoints": [{"name": "GET /", "count": 1000, "errors": 2, "metrics": [{"name": "p95", "value": 0.21}, {"name": "throughput", "value": 50}]}]}"#;

    #[test]
    fn a_small_hand_written_file_is_valid() {
        let run = parse(SMALL.as_bytes()).unwrap();
        let endpoint = &run.endpoints[0];
        assert_eq!(endpoint.latency.as_ref().unwrap().figure("p95"), Some(0.21));
        assert_eq!(endpoint.throughput, Some(50.0));
        assert!(endpoint.metrics.is_empty());
    }

    #[test]
    fn metrics_alone_are_the_run_as_a_whole() {
        let text = r#"{"schema": "perf-gate/run/v1", "scenario": "s", "metrics": [{"name": "p95", "value": 0.2}, {"name": "queue", "value": 7}]}"#;
        let run = parse(text.as_bytes()).unwrap();
        assert_eq!(run.total.unwrap().latency.unwrap().figure("p95"), Some(0.2));
        assert_eq!(run.metrics[0].name, "queue");
    }

    #[test]
    fn what_is_written_reads_back_equal() {
        let run = parse(SMALL.as_bytes()).unwrap();
        assert_eq!(parse(write(&run).as_bytes()).unwrap(), run);
    }

    #[test]
    fn unknown_keys_are_named_with_their_path() {
        let text = SMALL.replace("\"count\"", "\"cuont\"");
        let message = format!("{:#}", parse(text.as_bytes()).unwrap_err());
        assert!(message.contains("endpoints[0].cuont") && message.contains("cuont"), "{message}");
    }

    #[test]
    fn impossible_figures_are_refused() {
        for (from, to, says) in [
            ("0.21", "-0.21", "negative"),
            ("\"errors\": 2", "\"errors\": 2000", "more errors"),
            ("run/v1", "run/v7", "newer"),
            ("checkout", " ", "empty"),
        ] {
            let message = format!("{:#}", parse(SMALL.replace(from, to).as_bytes()).unwrap_err());
            assert!(message.contains(says), "{message}");
        }
        assert!(parse(br#"{"schema": "perf-gate/run/v1", "scenario": "s"}"#).is_err());
    }
}
