//! Summaries of runs with times: the judged part in ten equal blocks, whose differences say how far the requests of a
//! run depend on each other.

use std::collections::BTreeMap;

use crate::model::{
    Block, EndpointSummary, Histogram, Kind, LogValue, Resolution, Run, Summary, Timeline, quantile_of,
};
use crate::stats::counts::overdispersion;
use crate::stats::priors::SE1_BODY;
use crate::stats::robust::{mean, median, variance};
use crate::stats::slope::theil_sen;

use super::sample::Sample;
use super::{MIN_OK, WarmUp};

/// Blocks of the judged part: enough to see dependence, few enough that each holds a quantile.
const BLOCKS: usize = 10;
/// Fewest successful requests of a block whose middle is taken.
const BLOCK_OK: u64 = 5;
/// Fewest such blocks from which a variance is taken.
const FEWEST_BLOCKS: usize = 4;
/// Shortest judged run, s: the end is a whole second.
const SHORTEST: f64 = 1.0;

/// The judged part of a run, s from its first request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) from: f64,
    to: f64,
    /// The warm-up asked for leaves nothing; the default was taken.
    pub(super) is_whole_run: bool,
}

/// Where the judged part of a run starts and ends.
pub(super) fn cut(timeline: &Timeline, warm_up: WarmUp) -> Cut {
    let to = timeline.span().ceil().max(SHORTEST);
    let from = warm_up.seconds(to);
    let otherwise = || WarmUp::default().seconds(to).unwrap_or(0.0);
    Cut { from: from.unwrap_or_else(otherwise), to, is_whole_run: from.is_none() }
}

/// The summary of a run with slices; `names` are the latency figures wanted.
pub(super) fn summary(run: &Run, timeline: &Timeline, cut: Cut, names: &[&str]) -> Summary {
    let parts = parts(run, timeline, cut);
    let duration = cut.to - cut.from;
    let mut endpoints: BTreeMap<String, EndpointSummary> =
        parts.iter().map(|part| (part.name.to_owned(), counted(&part.blocks, duration))).collect();
    let measured: Vec<&Part<'_>> = parts.iter().filter(|part| part.measured >= MIN_OK).collect();
    for name in names {
        for (part, value) in measured.iter().zip(latency(&measured, name)) {
            if let (Some(value), Some(summary)) = (value, endpoints.get_mut(part.name)) {
                summary.latency.insert((*name).to_owned(), value);
            }
        }
    }
    for part in &measured {
        if let (Some(sample), Some(summary)) = (part.sample(), endpoints.get_mut(part.name)) {
            summary.resolution = Some(sample.step(0.95));
        }
    }
    Summary {
        duration: Some(duration),
        warm_up: cut.from,
        total: total(&parts, duration, names),
        endpoints,
        trend: trend(&measured),
        ..Summary::default()
    }
}

/// One endpoint in the judged part.
struct Part<'a> {
    name: &'a str,
    blocks: Vec<Block>,
    resolution: Resolution,
    whole: Histogram,
    measured: u64,
}

impl Part<'_> {
    fn sample(&self) -> Option<Sample<'_>> {
        Sample::new(&self.whole, self.resolution)
    }

    /// `figure` of every block, `None` of those with too few requests.
    fn by_block(&self, figure: impl Fn(Sample<'_>) -> f64) -> Vec<Option<f64>> {
        let of = |block: &Block| Sample::new(&block.ok, self.resolution).filter(|s| s.count >= BLOCK_OK).map(&figure);
        self.blocks.iter().map(of).collect()
    }

    fn requests(&self) -> u64 {
        self.blocks.iter().map(|block| block.count).sum()
    }
}

/// The request endpoints of the run, cut into blocks.
fn parts<'a>(run: &Run, timeline: &'a Timeline, cut: Cut) -> Vec<Part<'a>> {
    let known: BTreeMap<(&str, Kind), Resolution> = (run.endpoints.iter())
        .map(|e| ((e.name.as_str(), e.kind), e.latency_on(run.basis).map_or(Resolution::FINE, |l| l.resolution)))
        .collect();
    let is_transaction =
        |name| known.contains_key(&(name, Kind::Transaction)) && !known.contains_key(&(name, Kind::Request));
    let cuts = timeline.map(|track| {
        let mut blocks = Vec::with_capacity(BLOCKS);
        let whole = timeline.blocks(track, cut.from, cut.to, BLOCKS, |block| blocks.push(block));
        (whole, blocks)
    });
    let tracks = timeline.tracks().iter().zip(cuts).filter(|(track, _)| !is_transaction(track.name.as_str()));
    tracks
        .map(|(track, (whole, blocks))| {
            let resolution = known.get(&(track.name.as_str(), Kind::Request)).copied().unwrap_or_default();
            Part { name: &track.name, resolution, measured: whole.count(), whole, blocks }
        })
        .collect()
}

/// Counts, errors and throughput of blocks.
fn counted(blocks: &[Block], duration: f64) -> EndpointSummary {
    let count: u64 = blocks.iter().map(|block| block.count).sum();
    let errors = blocks.iter().map(|block| block.errors).sum();
    let failures: Vec<(u64, u64)> = blocks.iter().map(|block| (block.count, block.errors)).collect();
    EndpointSummary {
        count: Some(count),
        errors: Some(errors),
        measured: Some(blocks.iter().map(|block| block.ok.count()).sum()),
        error_dispersion: Some(overdispersion(&failures)),
        throughput: (count > 0).then(|| {
            let counts: Vec<f64> = blocks.iter().map(|block| block.count as f64).collect();
            let uneven = variance(&counts) / (count as f64 / blocks.len() as f64);
            LogValue { y: (count as f64 / duration).ln(), v: Some(uneven.max(1.0) / count as f64) }
        }),
        ..EndpointSummary::default()
    }
}

/// The latency figure `name` of all measured endpoints.
fn latency(parts: &[&Part<'_>], name: &str) -> Vec<Option<LogValue>> {
    match (name, quantile_of(name)) {
        ("body", _) => middles(parts, |sample| sample.body()),
        ("mean", _) => middles(parts, |sample| sample.log_mean()),
        (_, Some(share)) => quantiles(parts, name, share),
        _ => vec![None; parts.len()],
    }
}

/// A quantile, its variance widened by how its exceedances cluster in time: half the endpoint's own, half the usual.
fn quantiles(parts: &[&Part<'_>], name: &str, share: f64) -> Vec<Option<LogValue>> {
    let own: Vec<Option<(Sample<'_>, f64)>> = (parts.iter())
        .map(|part| part.sample().filter(|s| s.reaches(name, share)).map(|s| (s, clustering(part, s.quantile(share)))))
        .collect();
    let usual = mean(&own.iter().flatten().map(|(_, own)| *own).collect::<Vec<_>>()).unwrap_or(1.0).max(1.0);
    let value = |(sample, own): (Sample<'_>, f64)| {
        let dispersion = (0.5 * own + 0.5 * usual).max(1.0);
        LogValue { y: sample.log_quantile(share), v: Some(sample.variance(share, dispersion)) }
    };
    own.into_iter().map(|own| own.map(value)).collect()
}

/// How unevenly the requests above `limit` fall over the blocks (φ): 1 if requests are independent.
fn clustering(part: &Part<'_>, limit: f64) -> f64 {
    let counts: Vec<(f64, f64)> = (part.blocks.iter())
        .map(|block| (block.ok.count() as f64, block.ok.count_above(limit, part.resolution) as f64))
        .filter(|(ok, _)| *ok > 0.0)
        .collect();
    if counts.len() < 2 {
        return 1.0;
    }
    let (ok, above) = counts.iter().fold((0.0, 0.0), |sum, block| (sum.0 + block.0, sum.1 + block.1));
    let share: f64 = (above / ok).max(1e-9);
    let squares: f64 = counts.iter().map(|(ok, above)| (above - ok * share).powi(2)).sum();
    let blocks = counts.len() as f64;
    squares / (ok / blocks * share * (1.0 - share)) / (blocks - 1.0)
}

/// A middle of the distribution, its variance from the blocks' own middles: half the endpoint's own, half the usual.
fn middles(parts: &[&Part<'_>], figure: impl Fn(Sample<'_>) -> f64) -> Vec<Option<LogValue>> {
    let own: Vec<Option<(f64, f64, f64)>> = (parts.iter())
        .map(|part| {
            let blocks: Vec<f64> = part.by_block(&figure).into_iter().flatten().collect();
            let n = part.measured as f64;
            let from_blocks = blocks.len() >= FEWEST_BLOCKS;
            let v = if from_blocks { variance(&blocks) / blocks.len() as f64 } else { SE1_BODY * SE1_BODY / n };
            Some((figure(part.sample()?), v, n))
        })
        .collect();
    let usual = median(&own.iter().flatten().map(|(_, v, n)| v * n).collect::<Vec<_>>()).unwrap_or(0.0);
    own.into_iter().map(|own| own.map(|(y, v, n)| LogValue { y, v: Some(0.5 * v + 0.5 * usual / n) })).collect()
}

/// The run as a whole; its latencies are pooled over endpoints and have no variance, since they are only shown.
fn total(parts: &[Part<'_>], duration: f64, names: &[&str]) -> EndpointSummary {
    let blocks: Vec<Block> = (0..BLOCKS)
        .map(|i| Block {
            count: parts.iter().map(|part| part.blocks[i].count).sum(),
            errors: parts.iter().map(|part| part.blocks[i].errors).sum(),
            ok: Histogram::default(),
        })
        .collect();
    let resolution = parts.iter().map(|part| part.resolution).reduce(Resolution::coarser).unwrap_or_default();
    let whole = Histogram::sum(parts.iter().map(|part| &part.whole));
    let mut total = counted(&blocks, duration);
    (total.error_dispersion, total.measured) = (Some(1.0), Some(whole.count()));
    if let Some(sample) = Sample::new(&whole, resolution) {
        total.latency = pooled(&sample, names);
        total.resolution = Some(sample.step(0.95));
    }
    total
}

/// Latency figures of all endpoints together.
pub(super) fn pooled(sample: &Sample<'_>, names: &[&str]) -> BTreeMap<String, LogValue> {
    let figure = |name: &str| match quantile_of(name) {
        Some(share) => sample.reaches(name, share).then(|| sample.log_quantile(share)),
        None if name == "mean" => Some(sample.log_mean()),
        None => None,
    };
    names.iter().filter_map(|name| Some(((*name).to_owned(), LogValue { y: figure(name)?, v: None }))).collect()
}

/// Log change of latency over the judged part: slope through the blocks' medians, weighted by the endpoints' traffic.
fn trend(parts: &[&Part<'_>]) -> Option<f64> {
    let mut sums = [(0.0, 0.0); BLOCKS];
    for part in parts {
        let medians = part.by_block(|sample| sample.log_quantile(0.5));
        let centre = mean(&medians.iter().flatten().copied().collect::<Vec<_>>())?;
        let weight = part.requests() as f64;
        for (sum, median) in sums.iter_mut().zip(&medians) {
            if let Some(median) = median {
                *sum = (sum.0 + weight * (median - centre), sum.1 + weight);
            }
        }
    }
    let blocks: Vec<f64> = sums.iter().map(|(sum, weight)| if *weight > 0.0 { sum / weight } else { 0.0 }).collect();
    (!parts.is_empty()).then(|| theil_sen(&blocks) * BLOCKS as f64)
}
