//! What others do, on the same runs: each procedure as its documentation or source has it, on the same figures.
//!
//! Figures are the p95 of each endpoint, the error rate of each and of the run, throughput and memory of the run. An
//! alarm is a figure that the procedure calls worse. Procedures on requests see a sample of their latencies, which is
//! kind to them: with all requests they would call even more unchanged runs changed.

use std::collections::BTreeSet;

use perf_gate::model::{ALL, EndpointSummary, LogValue, Record};
use perf_gate::stats::{median, upper_quantile};

use crate::cells::COLUMNS;
use crate::laboratory::{Laboratory, Simulated};
use crate::measure::{Count, count};
use crate::parallel::parallel;

/// The 0.95 quantile of a normal variable.
const NORMAL_95: f64 = 1.645;

/// A procedure.
pub(crate) struct Peer {
    /// As the table shows it.
    pub(crate) title: &'static str,
    /// Whether it looks at latencies alone.
    pub(crate) latencies_alone: bool,
    /// The figures it calls worse.
    alarms: fn(&Evidence) -> Alarms,
}

/// What was counted of a procedure.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Tally {
    /// The procedure.
    pub(crate) title: &'static str,
    /// Unchanged candidates with any alarm.
    pub(crate) alarmed: Count,
    /// By [`COLUMNS`], regressions that were found; none where the procedure does not look.
    pub(crate) found: Vec<Option<Count>>,
}

/// Every procedure.
pub(crate) const PEERS: [Peer; 9] = [
    all("thresholds, against the median", |seen| seen.over(middle)),
    all("thresholds, against the last run", |seen| seen.over(last)),
    Peer { latencies_alone: true, ..all("rank test on requests, p < 0.05", |seen| seen.slower.clone()) },
    Peer { latencies_alone: true, ..all("… and thresholds", |seen| seen.over_and(&seen.slower, middle)) },
    all("t boundary 0.99 (Bencher)", t_boundary),
    all("… and thresholds", |seen| seen.over_and(&t_boundary(seen), middle)),
    all("200 % of the last run (github-action-benchmark)", doubled),
    all("Q3 + 3 IQR of past changes (rustc-perf)", fence),
    all("… and thresholds", |seen| seen.over_and(&fence(seen), last)),
];

/// Figures by (endpoint, metric).
type Alarms = BTreeSet<(String, &'static str)>;

const fn all(title: &'static str, alarms: fn(&Evidence) -> Alarms) -> Peer {
    Peer { title, latencies_alone: false, alarms }
}

/// Measures every procedure with `runs` baseline runs.
pub(crate) fn peers(laboratory: &Laboratory, runs: usize) -> Vec<Tally> {
    let seen = parallel(laboratory.extent.threads, laboratory.candidates.len(), |at| comparison(laboratory, runs, at));
    let tally = |(at, peer): (usize, &Peer)| Tally {
        title: peer.title,
        alarmed: count(seen.iter().map(|(alarmed, _)| alarmed[at])),
        found: (COLUMNS.iter().enumerate())
            .map(|(column, of)| {
                let looks = !peer.latencies_alone || of.metric == "p95";
                looks.then(|| count(seen.iter().filter_map(|(_, found)| Some(found.get(column)?[at]))))
            })
            .collect(),
    };
    PEERS.iter().enumerate().map(tally).collect()
}

/// For comparison number `at`, by procedure: whether it raises an alarm over nothing; by regression, whether it finds it.
fn comparison(laboratory: &Laboratory, runs: usize, at: usize) -> (Vec<bool>, Vec<Vec<bool>>) {
    let endpoints = &laboratory.scenario.endpoints;
    let past = laboratory.baseline(runs, at);
    let pooled: Vec<Vec<u16>> = (0..endpoints.len()).map(|endpoint| pooled(&past, endpoint)).collect();
    let alarms = |now: &Simulated| {
        let slower = (0..endpoints.len()).filter(|e| is_slower(&pooled[*e], &now.latencies[*e]));
        let slower = slower.map(|e| (endpoints[e].name.to_owned(), "p95")).collect();
        let evidence = Evidence { figures: figures(&past, now), slower };
        PEERS.iter().map(|peer| (peer.alarms)(&evidence)).collect::<Vec<Alarms>>()
    };
    let candidate = &laboratory.candidates[at];
    let changed = endpoints[laboratory.endpoint(at)].name;
    let found = candidate.injected.iter().zip(&COLUMNS).map(|(now, column)| {
        let is_it = |(endpoint, metric): &(String, &str)| column.is_found_in(metric, endpoint, changed);
        alarms(now).iter().map(|alarms| alarms.iter().any(is_it)).collect()
    });
    (alarms(&candidate.unchanged).iter().map(|alarms| !alarms.is_empty()).collect(), found.collect())
}

/// What a procedure sees.
struct Evidence {
    figures: Vec<Figure>,
    /// Endpoints whose latencies a rank test calls slower.
    slower: Alarms,
}

/// A figure over the baseline runs, oldest first, and the candidate's.
struct Figure {
    endpoint: String,
    metric: &'static str,
    past: Vec<f64>,
    now: f64,
}

impl Evidence {
    /// The figures of which `is_worse` says so.
    fn where_worse(&self, is_worse: impl Fn(&Figure) -> bool) -> Alarms {
        let worse = self.figures.iter().filter(|figure| is_worse(figure));
        worse.map(|figure| (figure.endpoint.clone(), figure.metric)).collect()
    }

    /// Plain thresholds, those of the product, against a reference made of the past.
    fn over(&self, reference: fn(&[f64]) -> f64) -> Alarms {
        self.where_worse(|figure| {
            let (now, then) = (figure.now, reference(&figure.past));
            match figure.metric {
                "throughput" => now < 0.85 * then,
                "error-rate" => now > then + 0.05,
                "memory" => now > 1.30 * then,
                _ => now > 1.20 * then,
            }
        })
    }

    /// Plain thresholds with what another procedure calls worse.
    fn over_and(&self, others: &Alarms, reference: fn(&[f64]) -> f64) -> Alarms {
        self.over(reference).intersection(others).cloned().collect()
    }
}

impl Figure {
    /// Relative change between two values, positive is worse.
    fn change(&self, then: f64, now: f64) -> f64 {
        let change = if then > 0.0 { now / then - 1.0 } else { 0.0 };
        if self.metric == "throughput" { -change } else { change }
    }
}

fn middle(past: &[f64]) -> f64 {
    median(past).unwrap_or(f64::NAN)
}

fn last(past: &[f64]) -> f64 {
    past.last().copied().unwrap_or(f64::NAN)
}

/// Boundary of `t_test` in `lib/bencher_boundary` of <https://github.com/bencherdev/bencher>: the 0.99 quantile of a t
/// distribution around the mean of the past, as wide as its standard deviation (of divisor n).
fn t_boundary(seen: &Evidence) -> Alarms {
    seen.where_worse(|figure| {
        let n = figure.past.len() as f64;
        let mean = figure.past.iter().sum::<f64>() / n;
        let sd = (figure.past.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt();
        let reach = upper_quantile(0.01, n - 1.0) * sd;
        if figure.metric == "throughput" { figure.now < mean - reach } else { figure.now > mean + reach }
    })
}

/// `alert-threshold: 200%` of <https://github.com/benchmark-action/github-action-benchmark>: the last run twice over.
fn doubled(seen: &Evidence) -> Alarms {
    seen.where_worse(|figure| match figure.metric {
        "throughput" => 2.0 * figure.now < last(&figure.past),
        _ => last(&figure.past) > 0.0 && figure.now > 2.0 * last(&figure.past),
    })
}

/// `docs/comparison-analysis.md` of <https://github.com/rust-lang/rustc-perf>: a change from the last run beyond the
/// third quartile of the sizes of past changes by three interquartile ranges.
fn fence(seen: &Evidence) -> Alarms {
    seen.where_worse(|figure| {
        let mut sizes: Vec<f64> = figure.past.windows(2).map(|pair| figure.change(pair[0], pair[1]).abs()).collect();
        sizes.sort_unstable_by(f64::total_cmp);
        // Quartiles are the medians of the lower and the upper half.
        let half = sizes.len() / 2;
        let (Some(first), Some(third)) = (median(&sizes[..half]), median(&sizes[sizes.len() - half..])) else {
            return false;
        };
        figure.change(last(&figure.past), figure.now) > third + 3.0 * (third - first)
    })
}

/// Mann & Whitney 1947, one-sided, as it is used on the requests of all baseline runs together: p < 0.05.
fn is_slower(past: &[u16], now: &[u16]) -> bool {
    let (n, m) = (past.len() as f64, now.len() as f64);
    let (mut below, mut up_to) = (0, 0);
    let mut wins = 0.0;
    for value in now {
        below += past[below..].iter().take_while(|other| *other < value).count();
        up_to = up_to.max(below);
        up_to += past[up_to..].iter().take_while(|other| *other <= value).count();
        wins += 0.5 * (below + up_to) as f64;
    }
    let sd = (n * m * (n + m + 1.0) / 12.0).sqrt();
    (wins - 0.5 * n * m) / sd > NORMAL_95
}

/// The latencies of an endpoint in all runs, in ascending order.
fn pooled(runs: &[&Simulated], endpoint: usize) -> Vec<u16> {
    let mut all: Vec<u16> = runs.iter().flat_map(|run| &run.latencies[endpoint]).copied().collect();
    all.sort_unstable();
    all
}

/// The figures of the candidate with those of the baseline runs.
fn figures(past: &[&Simulated], now: &Simulated) -> Vec<Figure> {
    let past: Vec<Vec<(&str, &'static str, f64)>> = past.iter().map(|run| values(&run.record)).collect();
    let figure = |(at, (endpoint, metric, now)): (usize, (&str, &'static str, f64))| {
        let past = past.iter().map(|run| run[at].2).collect();
        Figure { endpoint: endpoint.to_owned(), metric, past, now }
    };
    values(&now.record).into_iter().enumerate().map(figure).collect()
}

/// The figures of a run, in the same order for all runs of a scenario.
fn values(record: &Record) -> Vec<(&str, &'static str, f64)> {
    let summary = &record.summary;
    let rate = |e: &EndpointSummary| e.errors.unwrap_or(0) as f64 / e.count.unwrap_or(1).max(1) as f64;
    let exp = |value: Option<&LogValue>| value.map_or(f64::NAN, |value| value.y.exp());
    let mut values = vec![
        (ALL, "throughput", exp(summary.total.throughput.as_ref())),
        (ALL, "memory", exp(summary.values.get("memory"))),
        (ALL, "error-rate", rate(&summary.total)),
    ];
    for (name, endpoint) in &summary.endpoints {
        values.push((name, "p95", exp(endpoint.latency.get("p95"))));
        values.push((name, "error-rate", rate(endpoint)));
    }
    values
}
