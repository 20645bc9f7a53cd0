//! The figures of runs at a terminal: a table for each run, why it is invalid first.

use super::figures::{Figures, Row};
use crate::model::{Basis, Run, Unit};
use crate::render::escape::{line, log};
use crate::render::numbers::{NONE, count, minute, value};
use crate::render::style::{Paint, Style};
use crate::render::table::{Align, Table, paragraph};

/// Most characters shown of a name, and of a sentence.
const NAME: usize = 200;
const SENTENCE: usize = 600;

const COLUMNS: [(&str, Align); 10] = [
    ("endpoint", Align::Left),
    ("count", Align::Right),
    ("errors", Align::Right),
    ("error rate", Align::Right),
    ("throughput", Align::Right),
    ("mean", Align::Right),
    ("p50", Align::Right),
    ("p95", Align::Right),
    ("p99", Align::Right),
    ("max", Align::Right),
];

/// The figures of the runs as tables.
pub fn text(runs: &[Run], style: &Style) -> String {
    let parts: Vec<_> = runs.iter().map(|run| shown(&Figures::of(run), style)).collect();
    log(&parts.join("\n"))
}

fn shown(run: &Figures<'_>, style: &Style) -> String {
    let mut text = heading(run);
    if let Some(invalid) = run.invalid {
        let told = paragraph(&format!("invalid: {}", line(invalid, SENTENCE)), style, 2);
        text.push_str(&style.paint(Paint::Red, told.trim_end()));
        text.push('\n');
    }
    let parts = [
        table("endpoint", &run.endpoints, run.basis, style),
        table("transaction", &run.transactions, run.basis, style),
        resources(run, style),
        metrics(run, style),
        failures(run, style),
        run.warnings.iter().map(|warning| paragraph(&format!("note: {}", line(warning, SENTENCE)), style, 2)).collect(),
    ];
    parts.iter().filter(|part| !part.is_empty()).for_each(|part| text.push_str(&format!("\n{part}")));
    text
}

/// `checkout  k6 1.2.0, k6-json, 2026-11-21 08:30 UTC, 5.00 min, latencies of successful requests`.
fn heading(run: &Figures<'_>) -> String {
    let tool = run.tool.map(|tool| format!("{tool} {}", run.tool_version.unwrap_or_default()));
    let latencies = match run.basis {
        Basis::Ok => "latencies of successful requests",
        Basis::All => "latencies of all requests",
    };
    let known = [
        tool,
        run.format.clone(),
        run.started_at.map(minute),
        run.duration.map(|duration| Unit::Seconds.show(duration)),
        Some(latencies.to_owned()),
    ];
    let known: Vec<_> = known.iter().flatten().map(|text| line(text, NAME)).collect();
    format!("{}  {}\n", line(run.scenario, NAME), known.join(", "))
}

fn table(kind: &'static str, rows: &[Row<'_>], basis: Basis, style: &Style) -> String {
    let mut columns = COLUMNS;
    columns[0].0 = kind;
    let mut table = Table::new(&columns);
    rows.iter().for_each(|row| table.push(cells(row, basis)));
    table.text(style, 2)
}

fn cells(row: &Row<'_>, basis: Basis) -> Vec<(String, Paint)> {
    let latency = row.latency_on(basis);
    let whole = |number: Option<u64>| number.map_or(NONE.to_owned(), count);
    let errors = if row.errors.unwrap_or_default() > 0 { Paint::Yellow } else { Paint::Plain };
    let figures = [
        (whole(row.count), Paint::Plain),
        (whole(row.errors), errors),
        (value(Unit::Ratio, row.error_rate), errors),
        (value(Unit::PerSecond, row.throughput), Paint::Plain),
    ];
    let latencies = [latency.mean, latency.p50, latency.p95, latency.p99, latency.max];
    let latencies = latencies.map(|seconds| (value(Unit::Seconds, seconds), Paint::Plain));
    [(line(row.name, NAME), Paint::Plain)].into_iter().chain(figures).chain(latencies).collect()
}

fn resources(run: &Figures<'_>, style: &Style) -> String {
    let mut table =
        Table::new(&[("resource", Align::Left), ("max", Align::Right), ("mean", Align::Right), ("last", Align::Right)]);
    for series in &run.resources {
        let figures = [series.max, series.mean, series.last].map(|figure| series.unit.show(figure));
        table.push(plain([line(series.name, NAME)].into_iter().chain(figures)));
    }
    table.text(style, 2)
}

/// Custom metrics of the run and of its endpoints.
fn metrics(run: &Figures<'_>, style: &Style) -> String {
    let mut table = Table::new(&[("metric", Align::Left), ("endpoint", Align::Left), ("value", Align::Right)]);
    let own = run.metrics.iter().map(|metric| ("", metric));
    let others = run.endpoints.iter().flat_map(|row| row.metrics.iter().map(|metric| (row.name, metric)));
    for (endpoint, metric) in own.chain(others) {
        let shown = metric.unit.unwrap_or_default().show(metric.value);
        table.push(plain([line(&metric.name, NAME), line(endpoint, NAME), shown]));
    }
    table.text(style, 2)
}

fn failures(run: &Figures<'_>, style: &Style) -> String {
    let mut table = Table::new(&[("failure", Align::Left), ("endpoint", Align::Left), ("count", Align::Right)]);
    for failure in run.failures {
        let endpoint = failure.endpoint.as_deref().unwrap_or_default();
        table.push(plain([line(&failure.message, NAME), line(endpoint, NAME), count(failure.count)]));
    }
    table.text(style, 2)
}

fn plain(cells: impl IntoIterator<Item = String>) -> Vec<(String, Paint)> {
    cells.into_iter().map(|text| (text, Paint::Plain)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::parse;

    #[test]
    fn a_run_is_a_heading_and_a_table() {
        let file = r#"{"schema": "perf-gate/run/v1", "scenario": "checkout", "duration": 300, "started_at": "2026-11-21T08:30:12Z",
            "tool": {"name": "k6", "version": "1.2.0"}, "invalid": "the test was aborted",
            "total": {"name": "(all)", "count": 45012, "errors": 23, "throughput": 150.04, "metrics": [{"name": "p95", "value": 0.144}]},
            "endpoints": [{"name": "GET /", "count": 1000, "errors": 0, "metrics": [{"name": "p95", "value": 0.0219}]}],
            "metrics": [{"name": "queue", "value": 7}],
            "resources": [{"name": "memory", "unit": "bytes", "max": 3.1e8, "mean": 3.0e8, "last": 2.9e8}],
            "warnings": ["3 samples with a negative duration were left out"]}"#;
        let expected = "\
checkout  k6 1.2.0, 2026-11-21 08:30 UTC, 5.00 min, latencies of successful requests
  invalid: the test was aborted

  endpoint   count  errors  error rate  throughput      p95
  (all)     45,012      23     0.051 %       150/s   144 ms
  GET /      1,000       0         0 %           –  21.9 ms

  resource     max    mean    last
  memory    310 MB  300 MB  290 MB

  metric  value
  queue    7.00

  note: 3 samples with a negative duration were left out
";
        let text = text(&[parse(file.as_bytes()).unwrap()], &Style::default());
        assert_eq!(text, expected, "{text}");
    }
}
