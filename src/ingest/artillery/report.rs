//! The report as it is written, read as it passes: what is kept is the aggregate, and counts of the latencies.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::latencies::{Latencies, List};
use crate::ingest::document::{After, Ending, stream};
use crate::ingest::{Input, Recorder};

/// What is kept of a report.
#[derive(Default)]
pub(super) struct Report {
    pub(super) aggregate: Option<Aggregate>,
    pub(super) latencies: Latencies,
}

/// `aggregate`, of both versions; what one does not have is empty. Times are in ms.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Aggregate {
    pub(super) counters: BTreeMap<String, Option<f64>>,
    pub(super) summaries: BTreeMap<String, Figures>,
    /// The same as `summaries`; early releases of version 2 had only these.
    pub(super) histograms: BTreeMap<String, Figures>,
    pub(super) first_metric_at: Option<f64>,
    pub(super) last_metric_at: Option<f64>,
    pub(super) timestamp: Option<String>,
    pub(super) requests_completed: Option<u64>,
    pub(super) latency: Option<Figures>,
    pub(super) rps: Option<Rate>,
    pub(super) errors: BTreeMap<String, u64>,
    pub(super) codes: BTreeMap<String, u64>,
}

/// `min`, `max`, `p95` and so on, by name; `null` where nothing was measured.
pub(super) type Figures = BTreeMap<String, Option<f64>>;

/// Requests sent and their rate, of version 1.
#[derive(Deserialize)]
pub(super) struct Rate {
    pub(super) count: Option<f64>,
    pub(super) mean: Option<f64>,
}

impl Report {
    /// Reads the report.
    ///
    /// # Errors
    /// What is no report, and (unless allowed) one that was cut.
    pub(super) fn read(input: &mut Input<'_>, recorder: &mut Recorder) -> Result<(Self, Aggregate)> {
        let mut report = Self::default();
        let ending = stream(input, &[], "an Artillery report", After::Nothing, Top(&mut report))?;
        if let Ending::Cut(why) = ending {
            input.truncated(&why, recorder)?;
        }
        match report.aggregate.take() {
            Some(aggregate) => Ok((report, aggregate)),
            None => bail!("{}: no Artillery report: 'aggregate' is missing; give the file of --output", input.name()),
        }
    }
}

/// `{"aggregate": …, "intermediate": …}`
struct Top<'a>(&'a mut Report);

impl<'de> DeserializeSeed<'de> for Top<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object with 'aggregate' and 'intermediate'")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "aggregate" => self.0.aggregate = Some(map.next_value()?),
                "intermediate" => map.next_value_seed(Periods(&mut self.0.latencies))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// The array `intermediate`: a report of each period of ten seconds.
struct Periods<'a>(&'a mut Latencies);

impl<'de> DeserializeSeed<'de> for Periods<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Periods<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array of periods")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut periods: A) -> Result<(), A::Error> {
        while periods.next_element_seed(Period(&mut *self.0))?.is_some() {}
        Ok(())
    }
}

/// One period, of which only the latencies are used.
struct Period<'a>(&'a mut Latencies);

impl<'de> DeserializeSeed<'de> for Period<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Period<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the report of a period")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "latencies" => map.next_value_seed(List(&mut *self.0))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}
