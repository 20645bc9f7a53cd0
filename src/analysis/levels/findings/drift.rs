//! A drift in words.

use super::super::accepted;
use super::super::figures::Figures;
use super::super::growth::{Common, Growth, of_series};
use super::{Case, LATENCY, day, percent, place, so_do};
use crate::model::{ALL, Record};
use crate::verdict::Finding;

/// Drift of all endpoints together, and of the series that drift beyond it.
pub(super) fn findings(case: &Case<'_>, records: &[&Record], series: &[Figures]) -> Vec<Finding> {
    let start = |endpoint: &str, metric: &str| accepted::start(records, case.history.accepted(), endpoint, metric);
    let common = Common::of(records, LATENCY, start(ALL, LATENCY));
    let together = common.growth();
    let own = |figures: &Figures| {
        let start = start(&figures.endpoint, &figures.metric.name);
        match &together {
            Some(_) if figures.metric.name == LATENCY => common.beyond(figures, start),
            _ => of_series(figures, start),
        }
    };
    let drifting = series.iter().filter_map(|figures| Some((figures, own(figures)?)));
    let (mut latencies, others): (Vec<_>, Vec<_>) = drifting.partition(|(s, _)| s.metric.name == LATENCY);
    latencies.sort_by(|a, b| b.1.change.total_cmp(&a.1.change));
    let shared = together.map(|growth| of_all(&growth, records));
    let own = (!latencies.is_empty()).then(|| of_some(&latencies, records));
    let others = others.chunks(1).map(|one| of_some(one, records));
    shared.into_iter().chain(own).chain(others).collect()
}

fn of_all(growth: &Growth, records: &[&Record]) -> Finding {
    let what = format!("The {LATENCY} of the endpoints together drifts: {}", over_runs(growth, records));
    finding(None, LATENCY, what, growth, records)
}

/// Drift of series of one metric, the largest first.
fn of_some(drifting: &[(&Figures, Growth)], records: &[&Record]) -> Finding {
    let (first, growth) = &drifting[0];
    let others: Vec<_> = drifting[1..].iter().map(|(s, g)| (s.endpoint.clone(), percent(g.change))).collect();
    let metric = &*first.metric.name;
    let what = format!("{metric} of {} drifts: {}{}", first.endpoint, over_runs(growth, records), so_do(&others));
    let endpoint = (drifting.len() == 1 && first.endpoint != ALL).then(|| first.endpoint.clone());
    finding(endpoint, metric, what, growth, records)
}

/// `+24.0 % over the last 30 runs, from 3f2a1b0 (2026-10-14) to 9c8d7e6`.
fn over_runs(growth: &Growth, records: &[&Record]) -> String {
    let (first, last) = (records[growth.first], records[growth.last]);
    let (change, runs, day) = (percent(growth.change), growth.runs, day(first));
    format!("{change} over the last {runs} runs, from {} ({day}) to {}", place(first), place(last))
}

fn finding(endpoint: Option<String>, metric: &str, what: String, growth: &Growth, records: &[&Record]) -> Finding {
    let (first, last) = (records[growth.first], records[growth.last]);
    let (from, to) = (place(first), place(last));
    Finding {
        kind: "drift".to_owned(),
        endpoint,
        metric: Some(metric.to_owned()),
        message: format!("{what}. Each run is close to the one before, so that no single comparison tells it."),
        recommendation: Some(format!("Compare builds of {from} and {to} on one machine, and bisect between them.")),
        run: Some(first.id.clone()),
        commit: first.commit.clone(),
    }
}
