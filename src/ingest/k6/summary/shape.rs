//! The three shapes of a k6 summary.
//!
//! | shape | metrics | rate | thresholds |
//! |---|---|---|---|
//! | `--summary-export` | `metrics.X` holds the figures | `value`, `passes`, `fails` | `"p(95)<500": true` says **crossed** |
//! | `handleSummary(data)` | `metrics.X.values`, with `type` and `contains` | `rate`, `passes`, `fails` | `{"ok": true}` says kept |
//! | machine-readable | list `results.metrics` | `rate`, `matches`, `total` | none |
//!
//! <https://grafana.com/docs/k6/latest/results-output/end-of-test/>. What `handleSummary` writes is up to the script: the
//! data may be cut down, or lie one level down in an object of the script's own.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value};

use super::{Kind, Metric, Summary};

type Object = Map<String, Value>;

/// The summary in a document.
pub(super) fn of<'a>(document: &'a Value, file: &str) -> Result<Summary<'a>> {
    let Some(top) = document.as_object() else { bail!("{file}: not a k6 summary: no JSON object") };
    if let Some(list) = document.pointer("/results/metrics").and_then(Value::as_array) {
        return machine_readable(top, list).with_context(|| format!("{file}: not a k6 summary"));
    }
    let Some(holder) = holder(top) else {
        if let Some(text) = top.get("metrics").filter(|metrics| metrics.is_string()) {
            return Err(mangled("metrics", text)).with_context(|| format!("{file}: not a k6 summary"));
        }
        bail!(
            "{file}: not a k6 summary: no object 'metrics' at the top or one level down; \
             let handleSummary(data) write JSON.stringify(data)"
        );
    };
    by_name(holder).with_context(|| format!("{file}: not a k6 summary"))
}

/// The object that has `metrics`: the outermost, or one in it.
fn holder(top: &Object) -> Option<&Object> {
    let has_metrics = |object: &&Object| object.get("metrics").is_some_and(Value::is_object);
    Some(top).filter(has_metrics).or_else(|| top.values().filter_map(Value::as_object).find(has_metrics))
}

/// `--summary-export` and `handleSummary`: metrics by name.
fn by_name(holder: &Object) -> Result<Summary<'_>> {
    let listed = holder.get("metrics").and_then(Value::as_object);
    let metrics: Vec<Metric<'_>> =
        listed.into_iter().flatten().map(|(name, value)| metric(name, value)).collect::<Result<_>>()?;
    let state = holder.get("state").and_then(|state| state.get("testRunDurationMs"));
    let iterations = metrics.iter().find(|m| m.full == "iterations");
    // An export has no time of its own: count and rate of the iterations give it.
    let by_rate = |m: &Metric<'_>| Some(m.figure("count")? / m.figure("rate")?);
    let seconds = state.and_then(Value::as_f64).map(|ms| ms / 1e3);
    let seconds = seconds
        .or_else(|| iterations.and_then(by_rate))
        .or_else(|| metrics.iter().find(|m| m.full == super::metric::REQUESTS).and_then(by_rate));
    Ok(Summary {
        metrics,
        seconds: seconds.filter(|s| s.is_finite() && *s > 0.0),
        version: None,
        made: None,
        options: holder.get("options").and_then(Value::as_object),
    })
}

/// `--new-machine-readable-summary` of k6 1.5 and later.
fn machine_readable<'a>(top: &'a Object, list: &'a [Value]) -> Result<Summary<'a>> {
    let field = |object: &str, key: &str| top.get(object)?.get(key);
    let checks = top.get("results").and_then(|r| r.pointer("/checks/metrics")).and_then(Value::as_array);
    let named = |value: &'a Value| {
        let name = value.get("name").and_then(Value::as_str).context("a metric in 'results' has no 'name'")?;
        // The share of checks that held has a name of its own here.
        metric(if name == "checks_succeeded" { super::metric::CHECKS } else { name }, value)
    };
    let is_total =
        |value: &&Value| !matches!(value.get("name").and_then(Value::as_str), Some("checks_total" | "checks_failed"));
    let metrics = list.iter().chain(checks.into_iter().flatten().filter(is_total)).map(named);
    Ok(Summary {
        metrics: metrics.collect::<Result<_>>()?,
        seconds: field("config", "duration").and_then(Value::as_f64).filter(|s| *s > 0.0),
        version: field("metadata", "k6Version").and_then(Value::as_str),
        made: field("metadata", "generatedAt").and_then(Value::as_str).and_then(|time| time.parse().ok()),
        options: None,
    })
}

fn metric<'a>(full: &'a str, value: &'a Value) -> Result<Metric<'a>> {
    let Some(object) = value.as_object() else { return Err(mangled(full, value)) };
    let nested = object.get("values");
    let Some(values) = nested.unwrap_or(value).as_object() else { return Err(mangled(full, value)) };
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let mut figures: BTreeMap<&str, f64> =
        values.iter().filter_map(|(name, figure)| Some((name.as_str(), figure.as_f64()?))).collect();
    if let Some(text) = values.values().find(|v| v.as_str().is_some_and(|s| s.starts_with("@{"))) {
        return Err(mangled(full, text));
    }
    let kind = kind(text("type"), &figures);
    one_spelling(kind, &mut figures);
    let (name, selector) = selected(full);
    let contains = text("contains");
    Ok(Metric { full, name, selector, kind, contains, figures, thresholds: thresholds(object)? })
}

fn mangled(metric: &str, value: &Value) -> anyhow::Error {
    if value.to_string().contains("@{") {
        anyhow::anyhow!(
            "'{metric}' holds '@{{…}}': PowerShell's ConvertTo-Json cut it off; \
             give the file k6 wrote, or convert with -Depth 10"
        )
    } else {
        anyhow::anyhow!("'{metric}' is not an object of figures")
    }
}

/// The type as the file tells it, or by the figures there are.
fn kind(told: &str, figures: &BTreeMap<&str, f64>) -> Kind {
    let has = |name: &str| figures.contains_key(name);
    match told {
        "counter" => Kind::Counter,
        "gauge" => Kind::Gauge,
        "rate" => Kind::Rate,
        "trend" => Kind::Trend,
        _ if has("passes") && has("fails") => Kind::Rate,
        _ if has("value") => Kind::Gauge,
        _ if has("count") && has("rate") => Kind::Counter,
        _ => Kind::Trend,
    }
}

/// Spells the figures of rates as `handleSummary` does: `rate`, `passes` (values that are true), `fails`.
fn one_spelling(kind: Kind, figures: &mut BTreeMap<&str, f64>) {
    if kind != Kind::Rate {
        return;
    }
    if let Some(rate) = figures.get("value").copied() {
        figures.entry("rate").or_insert(rate);
    }
    if let (Some(matches), Some(total)) = (figures.get("matches").copied(), figures.get("total").copied()) {
        figures.insert("passes", matches);
        figures.insert("fails", total - matches);
    }
}

/// Name and selector of `http_req_duration{name:slow,method:GET}`.
///
/// k6 cuts at commas and takes what follows the first colon (`metrics/registry.go`, `AddSubmetric`). A piece without a
/// colon is read as the rest of the value before it: names may hold commas.
fn selected(full: &str) -> (&str, Vec<(String, String)>) {
    let Some((name, rest)) = full.split_once('{') else { return (full, Vec::new()) };
    let mut tags: Vec<(String, String)> = Vec::new();
    let bare = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
    for piece in rest.strip_suffix('}').unwrap_or(rest).split(',') {
        match (piece.split_once(':'), tags.last_mut()) {
            (Some((tag, value)), _) => tags.push((bare(tag), bare(value))),
            (None, Some((_, value))) => {
                value.push(',');
                value.push_str(piece);
            }
            (None, None) => tags.push((bare(piece), String::new())),
        }
    }
    (name, tags)
}

/// Thresholds and whether they were crossed. An export says `true` for crossed, `handleSummary` says `ok` for kept.
fn thresholds(metric: &Object) -> Result<Vec<(&str, bool)>> {
    let Some(listed) = metric.get("thresholds").and_then(Value::as_object) else { return Ok(Vec::new()) };
    let mut thresholds = Vec::new();
    for (expression, result) in listed {
        let crossed = result.as_bool().or_else(|| result.get("ok").and_then(Value::as_bool).map(|ok| !ok));
        ensure!(crossed.is_some(), "threshold '{expression}' says neither true, false nor 'ok'");
        thresholds.extend(crossed.map(|crossed| (expression.as_str(), crossed)));
    }
    Ok(thresholds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(full: &str) -> Vec<(String, String)> {
        selected(full).1
    }

    #[test]
    fn selectors_hold_several_tags_colons_commas_and_braces() {
        let pair = |tag: &str, value: &str| (tag.to_owned(), value.to_owned());
        assert_eq!(selected("http_reqs"), ("http_reqs", Vec::new()));
        assert_eq!(tags("m{name:items/:id}"), [pair("name", "items/:id")]);
        assert_eq!(tags("m{ name:\"slow\", method:GET }"), [pair("name", "slow"), pair("method", "GET")]);
        assert_eq!(tags("m{name:home, sweet}"), [pair("name", "home, sweet")]);
        assert_eq!(tags("m{name:/users/{id}}"), [pair("name", "/users/{id}")]);
        assert_eq!(tags("m{group:::work}"), [pair("group", "::work")]);
    }

    #[test]
    fn true_is_crossed_in_an_export_and_kept_is_ok_in_handle_summary() {
        let crossed = |text: &str| {
            let value: Value = serde_json::from_str(text).unwrap();
            thresholds(value.as_object().unwrap()).map(|t| t.iter().map(|(_, crossed)| *crossed).collect::<Vec<_>>())
        };
        assert_eq!(crossed(r#"{"thresholds":{"p(95)<500":false,"p(99)<1":true}}"#).unwrap(), [false, true]);
        assert_eq!(
            crossed(r#"{"thresholds":{"p(95)<500":{"ok":true},"p(99)<1":{"ok":false}}}"#).unwrap(),
            [false, true]
        );
        assert!(crossed(r#"{"thresholds":{"p(95)<500":"yes"}}"#).is_err());
        assert_eq!(crossed("{}").unwrap(), Vec::<bool>::new());
    }

    #[test]
    fn types_are_told_by_the_figures_where_the_file_does_not_tell() {
        let of = |names: &[&'static str]| kind("", &names.iter().map(|name| (*name, 1.0)).collect());
        assert_eq!(of(&["value", "passes", "fails"]), Kind::Rate);
        assert_eq!(of(&["value", "min", "max"]), Kind::Gauge);
        assert_eq!(of(&["count", "rate"]), Kind::Counter);
        assert_eq!(of(&["med", "p(99.9)", "count"]), Kind::Trend);
    }
}
