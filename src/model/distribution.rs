//! Distributions: histograms in the `HdrHistogram` layout, and their quantiles.
//!
//! Buckets hold nanoseconds with three significant digits: a quantile is within 0.05 % of the recorded value. The
//! layout is that of Gil Tene's `HdrHistogram` (<https://hdrhistogram.github.io/HdrHistogram/>), kept sparse; written,
//! it is the library's V2 encoding, deflated and in base64, so that other tools can read it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hdrhistogram::Histogram as Hdr;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2DeflateSerializer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Resolution;
use super::cell::add;
use super::sum::Sum;

/// Sub-bucket bits of the layout: 2^11 sub-buckets give three significant digits.
const SUB_BITS: u32 = 11;
/// Bits that two significant digits have less than three.
const COARSE_BITS: u32 = 3;
/// Nanoseconds per second.
const NANOS: f64 = 1e9;
/// Longest latency that is kept apart, 2^52 ns or 52 days; beyond, all is one bucket.
const LONGEST: u64 = 1 << 52;

/// Counts of latencies by bucket; sparse, in the order of the buckets.
///
/// Written as `HdrHistogram` V2 of nanoseconds, deflated, base64.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Encoded", into = "Encoded")]
pub struct Histogram {
    cells: Vec<(u16, u64)>,
}

impl Histogram {
    /// The bucket of a latency of `nanos` ns.
    #[inline]
    pub const fn bucket(nanos: u64) -> u16 {
        let nanos = if nanos < LONGEST { nanos } else { LONGEST };
        let shift = (u64::BITS - nanos.leading_zeros()).saturating_sub(SUB_BITS);
        // At most (52 + 1 - 11) * 1024 + 2048: fits by the choice of LONGEST.
        (((shift as u64) << (SUB_BITS - 1)) + (nanos >> shift)) as u16
    }

    /// Lowest value of a bucket and its width, ns.
    fn range(bucket: u16) -> (u64, u64) {
        let bucket = u64::from(bucket);
        let half = 1 << (SUB_BITS - 1);
        let shift = (bucket / half).saturating_sub(1);
        ((bucket - shift * half) << shift, 1 << shift)
    }

    /// What stands for a bucket, s: the multiple of the source's step in its middle, or the middle.
    pub fn representative(bucket: u16, resolution: Resolution) -> f64 {
        let (low, width) = Self::range(bucket);
        let middle = (low as f64 + (width - 1) as f64 / 2.0) / NANOS;
        let step = resolution.width(middle);
        let snapped = (middle / step).round() * step;
        if (snapped - middle).abs() * NANOS <= width as f64 / 2.0 { snapped } else { middle }
    }

    /// A histogram of buckets and counts, which must come in ascending order of buckets.
    pub fn from_cells(cells: Vec<(u16, u64)>) -> Self {
        debug_assert!(cells.is_sorted_by(|a, b| a.0 < b.0));
        Self { cells }
    }

    /// A histogram of latencies in seconds, each with how often it occurred; values that are no latency are left out.
    pub fn from_seconds(values: impl IntoIterator<Item = (f64, u64)>) -> Self {
        let mut cells = BTreeMap::new();
        for (seconds, count) in values {
            if seconds.is_finite() && seconds >= 0.0 && count > 0 {
                *cells.entry(Self::bucket((seconds * NANOS).round() as u64)).or_insert(0) += count;
            }
        }
        Self { cells: cells.into_iter().collect() }
    }

    /// Buckets and counts in ascending order.
    pub fn cells(&self) -> &[(u16, u64)] {
        &self.cells
    }

    /// Latencies counted.
    pub fn count(&self) -> u64 {
        self.cells.iter().map(|(_, n)| n).sum()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The sum of many histograms; faster than merging them one by one.
    pub fn sum<'a>(histograms: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Sum::default();
        histograms.into_iter().for_each(|histogram| sum.extend(&histogram.cells));
        sum.take()
    }

    /// Adds the counts of another histogram.
    pub fn merge(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        let mut cells = Vec::with_capacity(self.cells.len().max(other.cells.len()));
        add(&self.cells[..], &other.cells[..], |bucket, count| cells.push((bucket, count)));
        cells.shrink_to_fit();
        self.cells = cells;
    }

    /// The histogram with two significant digits: of eight neighbouring buckets the one that holds their median stands
    /// for all. Below 2,048 ns, where a bucket is one ns, all stay.
    pub fn coarse(&self) -> Self {
        let finest = |bucket: u16| bucket < 1 << SUB_BITS;
        let joins = |a: &(u16, u64), b: &(u16, u64)| !finest(a.0) && a.0 >> COARSE_BITS == b.0 >> COARSE_BITS;
        let groups = self.cells.chunk_by(joins);
        let cells = groups.map(|group| {
            let count: u64 = group.iter().map(|(_, n)| n).sum();
            let mut seen = 0;
            let median = group.iter().find(|(_, n)| {
                seen += n;
                2 * seen >= count
            });
            (median.unwrap_or(&group[0]).0, count)
        });
        Self { cells: cells.collect() }
    }

    /// The `share` quantile in seconds, by linear interpolation at rank (n − 1)·share; `None` when empty.
    ///
    /// Type 7 of Hyndman & Fan, "Sample Quantiles in Statistical Packages" (1996).
    pub fn quantile(&self, share: f64, resolution: Resolution) -> Option<f64> {
        let last = self.count().checked_sub(1)?;
        let rank = last as f64 * share.clamp(0.0, 1.0);
        let low = self.value_at(rank.floor() as u64, resolution)?;
        let high = self.value_at((rank.floor() as u64 + 1).min(last), resolution)?;
        Some(low + (rank - rank.floor()) * (high - low))
    }

    /// Latencies above `seconds`.
    pub fn count_above(&self, seconds: f64, resolution: Resolution) -> u64 {
        let above = |bucket: u16| Self::representative(bucket, resolution) > seconds;
        self.cells.iter().rev().take_while(|(bucket, _)| above(*bucket)).map(|(_, n)| n).sum()
    }

    /// The latency at `rank`, counted from 0 in ascending order.
    fn value_at(&self, rank: u64, resolution: Resolution) -> Option<f64> {
        let mut seen = 0;
        for (bucket, count) in &self.cells {
            seen += count;
            if rank < seen {
                return Some(Self::representative(*bucket, resolution));
            }
        }
        None
    }
}

/// A histogram as it is written.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Histogram")]
struct Encoded {
    /// Encoding and layout of `counts`; always `hdr-v2-deflate-base64`.
    layout: String,
    /// Unit of the buckets; always `ns`.
    unit: String,
    /// The buckets.
    counts: String,
}

/// Name of the one layout that is written and read.
const LAYOUT: &str = "hdr-v2-deflate-base64";

impl JsonSchema for Histogram {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Encoded::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Encoded::json_schema(generator)
    }
}

impl From<Histogram> for Encoded {
    fn from(histogram: Histogram) -> Self {
        let mut hdr = Hdr::<u64>::new_with_max(2 * LONGEST, 3).expect("constant bounds are legal");
        for (bucket, count) in &histogram.cells {
            hdr.record_n(Histogram::range(*bucket).0, *count).expect("buckets end at LONGEST");
        }
        let mut bytes = Vec::new();
        V2DeflateSerializer::new().serialize(&hdr, &mut bytes).expect("a vector takes every write");
        Self { layout: LAYOUT.to_owned(), unit: "ns".to_owned(), counts: BASE64.encode(bytes) }
    }
}

impl TryFrom<Encoded> for Histogram {
    type Error = anyhow::Error;

    fn try_from(encoded: Encoded) -> Result<Self> {
        ensure!(encoded.layout == LAYOUT, "histogram layout '{}' is not {LAYOUT}", encoded.layout);
        ensure!(encoded.unit == "ns", "histogram unit '{}' is not ns", encoded.unit);
        ensure!(encoded.counts.len() <= 1 << 20, "histogram is larger than any this program writes");
        let bytes = BASE64.decode(&encoded.counts).context("histogram counts are not base64")?;
        let hdr: Hdr<u64> = Deserializer::new()
            .deserialize(&mut bytes.as_slice())
            .map_err(|error| anyhow::anyhow!("histogram counts do not decode: {error}"))?;
        ensure!(hdr.sigfig() <= 3, "histogram has {} significant digits, at most 3 are kept", hdr.sigfig());
        let mut cells = BTreeMap::new();
        for step in hdr.iter_recorded() {
            *cells.entry(Self::bucket(step.value_iterated_to())).or_insert(0) += step.count_at_value();
        }
        Ok(Self { cells: cells.into_iter().collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn buckets_are_contiguous_and_hold_their_values() {
        let mut previous = 0;
        for nanos in (0..5_000).chain((13..52).map(|b| 1 << b)).chain([LONGEST, u64::MAX]) {
            let bucket = Histogram::bucket(nanos);
            let (low, width) = Histogram::range(bucket);
            assert!(nanos > LONGEST || (low <= nanos && nanos < low + width), "{nanos} in {low}+{width}");
            assert!(nanos >= 5_000 || bucket - previous <= 1);
            previous = bucket;
        }
    }

    #[test]
    fn whole_milliseconds_stay_whole() {
        for ms in [0_u64, 1, 3, 17, 59, 298, 999] {
            let bucket = Histogram::bucket(ms * 1_000_000);
            let back = Histogram::representative(bucket, Resolution::MILLISECOND);
            assert!((back - ms as f64 / 1000.0).abs() < 1e-12, "{ms} ms became {back} s");
        }
    }

    #[test]
    fn quantiles_interpolate_between_ranks() {
        let histogram = Histogram::from_seconds([(0.010, 1), (0.020, 1)]);
        let median = histogram.quantile(0.5, Resolution::MILLISECOND).unwrap();
        assert!((median - 0.015).abs() < 1e-9);
        assert_eq!(Histogram::default().quantile(0.5, Resolution::FINE), None);
    }

    #[test]
    fn a_coarse_histogram_counts_the_same_within_a_percent() {
        let fine = Histogram::from_seconds((0..3000).map(|n| (f64::from(n) * 1.7e-4, 1 + n as u64 % 3)));
        let coarse = fine.coarse();
        assert_eq!((coarse.count(), coarse.coarse()), (fine.count(), coarse.clone()));
        assert!(coarse.cells().len() * 2 < fine.cells().len());
        for share in [0.0, 0.1, 0.5, 0.95, 0.999] {
            let [a, b] = [&fine, &coarse].map(|h| h.quantile(share, Resolution::FINE).unwrap());
            assert!((a - b).abs() <= 0.01 * a, "{share}: {a} became {b}");
        }
        let whole = Histogram::from_seconds([(0.0, 3), (0.298, 2)]);
        assert_eq!(whole.coarse(), whole);
    }

    proptest! {
        #[test]
        fn written_histograms_read_back_equal(values in prop::collection::vec((0_u64..1 << 50, 1_u64..1000), 0..200)) {
            let histogram = Histogram::from_seconds(values.iter().map(|(v, n)| (*v as f64 / NANOS, *n)));
            let text = serde_json::to_string(&histogram).unwrap();
            prop_assert_eq!(serde_json::from_str::<Histogram>(&text).unwrap(), histogram);
        }

        #[test]
        fn quantiles_are_within_a_thousandth(mut values in prop::collection::vec(1_u64..1 << 40, 1..300), share in 0.0..1.0_f64) {
            let histogram = Histogram::from_seconds(values.iter().map(|v| (*v as f64 / NANOS, 1)));
            values.sort_unstable();
            let rank = (values.len() - 1) as f64 * share;
            let (low, high) = (values[rank as usize] as f64, values[(rank as usize + 1).min(values.len() - 1)] as f64);
            let exact = (low + (rank - rank.floor()) * (high - low)) / NANOS;
            let resolution = Resolution { step: 1e-9, digits: None };
            let quantile = histogram.quantile(share, resolution).unwrap();
            prop_assert!((quantile - exact).abs() <= exact * 0.001, "{} for {}", quantile, exact);
        }

        #[test]
        fn hostile_text_is_refused_without_a_panic(text in ".{0,80}") {
            let encoded = Encoded { layout: LAYOUT.into(), unit: "ns".into(), counts: text };
            let _ = Histogram::try_from(encoded);
        }
    }
}
