//! Requests of a summary: the total, and the endpoints that thresholds name.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use super::super::metric::{DURATION, FAILED, MILLIS, REQUESTS};
use super::{Metric, Summary};
use crate::ingest::Recorder;
use crate::model::{ALL, Basis, Endpoint, Latency, Resolution, Run};

/// The tag that tells successful requests.
const EXPECTED: &str = "expected_response";
/// The tag that holds the endpoint.
const NAME: &str = "name";

/// The name in a selector, and its other tags.
type Choice<'m> = (&'m str, Vec<(&'m str, &'m str)>);

/// Hands the requests of the summary to the recorder.
pub(super) fn tell(summary: &Summary<'_>, file: &str, recorder: &mut Recorder) -> Result<()> {
    let duration = summary.metric(DURATION);
    let total = total(summary, duration);
    let endpoints = endpoints(summary, total.errors);
    if duration.is_none() && endpoints.is_empty() {
        return match total.count {
            None | Some(0) => Ok(()),
            _ => bail!("{file}: the summary has requests but no '{DURATION}': let handleSummary keep that metric"),
        };
    }
    let run = recorder.run();
    run.basis = basis(summary, &endpoints);
    warn_missing(run, duration, &endpoints);
    if total.count.is_none() && duration.is_some_and(is_all_zero) {
        run.invalid = Some("zero requests".to_owned());
    }
    recorder.aggregate(total);
    endpoints.into_iter().for_each(|(_, endpoint)| recorder.aggregate(endpoint));
    Ok(())
}

/// The run as a whole.
fn total(summary: &Summary<'_>, duration: Option<&Metric<'_>>) -> Endpoint {
    let ok = successful(summary);
    let figures = Figures { all: duration, ok, failed: summary.metric(FAILED), requests: summary.metric(REQUESTS) };
    figures.endpoint(ALL, None, summary.seconds)
}

/// `http_req_duration{expected_response:true}`, which k6 adds by itself since 0.31.
fn successful<'m>(summary: &'m Summary<'_>) -> Option<&'m Metric<'m>> {
    summary.submetrics(DURATION).find(|m| m.selector.len() == 1 && m.tag(EXPECTED) == Some("true"))
}

/// The endpoints, each with what its selector says beside the name.
fn endpoints(summary: &Summary<'_>, errors: Option<u64>) -> Vec<(bool, Endpoint)> {
    let mut chosen: BTreeMap<Choice<'_>, Figures<'_>> = BTreeMap::new();
    for metric in [DURATION, FAILED, REQUESTS].into_iter().flat_map(|name| summary.submetrics(name)) {
        let (Some(key), expected) = (endpoint_of(metric), metric.tag(EXPECTED)) else { continue };
        match (metric.name, expected) {
            (DURATION, None) => chosen.entry(key).or_default().all = Some(metric),
            (DURATION, Some("true")) => chosen.entry(key).or_default().ok = Some(metric),
            (FAILED, None) => chosen.entry(key).or_default().failed = Some(metric),
            (REQUESTS, None) => chosen.entry(key).or_default().requests = Some(metric),
            _ => {}
        }
    }
    let keys: Vec<_> = chosen.keys().cloned().collect();
    let alone = |name: &str| keys.iter().filter(|(other, _)| *other == name).count() == 1;
    let made = chosen.into_iter().map(|((name, rest), figures)| {
        let label = if rest.is_empty() || alone(name) { name.to_owned() } else { spelled(name, &rest) };
        (figures.ok.is_some() || figures.all.is_none(), figures.endpoint(&label, errors, summary.seconds))
    });
    made.collect()
}

/// The name in a selector and its other tags, sorted; `None` where it does not choose an endpoint.
pub(super) fn endpoint_of<'m>(metric: &'m Metric<'_>) -> Option<Choice<'m>> {
    let name = metric.tag(NAME).filter(|name| !name.is_empty())?;
    let others = metric.selector.iter().filter(|(tag, _)| tag != NAME && tag != EXPECTED);
    let mut others: Vec<_> = others.map(|(tag, value)| (tag.as_str(), value.as_str())).collect();
    others.sort_unstable();
    Some((name, others))
}

/// `slow{method:GET}`: an endpoint of which there are several.
fn spelled(name: &str, tags: &[(&str, &str)]) -> String {
    let tags: Vec<String> = tags.iter().map(|(tag, value)| format!("{tag}:{value}")).collect();
    format!("{name}{{{}}}", tags.join(","))
}

/// `Ok` where the total and every endpoint have figures of the successful requests.
///
/// A run in which every request failed has none either, and is still one of those: its successful requests are missing.
fn basis(summary: &Summary<'_>, endpoints: &[(bool, Endpoint)]) -> Basis {
    let none_succeeded = summary.metric(FAILED).is_some_and(|m| m.count("fails") == Some(0) && failures(m) > Some(0));
    let told = successful(summary).is_some() || none_succeeded;
    if told && endpoints.iter().all(|(ok, _)| *ok) { Basis::Ok } else { Basis::All }
}

fn warn_missing(run: &mut Run, duration: Option<&Metric<'_>>, endpoints: &[(bool, Endpoint)]) {
    if duration.is_some_and(|m| m.figure("p(95)").is_none()) {
        run.warn("the summary has no p(95): add it to the k6 option summaryTrendStats");
    }
    if endpoints.is_empty() {
        run.warn(
            "the summary has no figures per endpoint: k6 writes them only for thresholds such as \
             'http_req_duration{name:slow}'; --out json=FILE.gz has them all",
        );
    }
}

/// Failed requests. `http_req_failed` is true for a failure, so its `passes` are the failures.
fn failures(failed: &Metric<'_>) -> Option<u64> {
    failed.count("passes")
}

/// Requests of which it is known whether they failed.
fn judged(failed: &Metric<'_>) -> Option<u64> {
    Some(failed.count("passes")? + failed.count("fails")?)
}

/// Metrics that tell of one endpoint.
#[derive(Clone, Copy, Default)]
struct Figures<'m> {
    all: Option<&'m Metric<'m>>,
    ok: Option<&'m Metric<'m>>,
    failed: Option<&'m Metric<'m>>,
    requests: Option<&'m Metric<'m>>,
}

impl Figures<'_> {
    /// The endpoint `name`; `in_all` are the errors of the whole run, `seconds` its time.
    fn endpoint(&self, name: &str, in_all: Option<u64>, seconds: Option<f64>) -> Endpoint {
        let count = self.requests.and_then(|m| m.count("count"));
        let count = count.or_else(|| self.all?.count("count")).or_else(|| judged(self.failed?));
        // Without a failure anywhere an endpoint has none either.
        let errors = self.failed.and_then(failures).or(in_all.filter(|errors| *errors == 0));
        let rate = self.requests.and_then(|m| m.figure("rate"));
        let by_time = || Some(count? as f64 / seconds?);
        let good = count.zip(errors).and_then(|(count, errors)| count.checked_sub(errors));
        let all = self.all.and_then(|m| latency(m, count));
        // Where nothing failed, the successful requests are all of them.
        let ok = self.ok.and_then(|m| latency(m, good)).or_else(|| all.clone().filter(|_| errors == Some(0)));
        Endpoint {
            count,
            errors,
            throughput: rate.or_else(by_time),
            latency: ok,
            latency_all: all,
            ..Endpoint::new(name)
        }
    }
}

/// Whether all figures are 0, which k6 writes where there was no request.
fn is_all_zero(trend: &Metric<'_>) -> bool {
    trend.figures.values().all(|figure| *figure == 0.0)
}

/// Latency of `count` requests; `None` for none.
fn latency(trend: &Metric<'_>, count: Option<u64>) -> Option<Latency> {
    let count = trend.count("count").or(count);
    let seconds = |figure: &str| trend.figure(figure).map(|ms| ms / MILLIS);
    let quantiles = trend.figures.iter().filter_map(|(figure, ms)| Some((quantile(figure)?, ms / MILLIS)));
    let some = count.map_or(!is_all_zero(trend), |count| count > 0);
    some.then(|| Latency {
        count,
        mean: seconds("avg"),
        min: seconds("min"),
        max: seconds("max"),
        quantiles: quantiles.collect(),
        histogram: None,
        resolution: Resolution::FINE,
    })
}

/// The name of a quantile: `p95` for `p(95)`, `p50` for `med`.
pub(super) fn quantile(figure: &str) -> Option<String> {
    let share = if figure == "med" { "50" } else { figure.strip_prefix("p(")?.strip_suffix(')')? };
    let name = format!("p{share}");
    crate::model::quantile_of(&name).map(|_| name)
}
