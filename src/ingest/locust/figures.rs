//! The figures that a row of `_stats.csv` or `_stats_history.csv` has in common, and the endpoint they make.

use std::collections::BTreeMap;

use anyhow::Result;

use super::resolution;
use super::table::{Row, Table};
use crate::ingest::aggregate::endpoint;
use crate::model::{Endpoint, Latency};

/// Milliseconds per second.
const MILLIS: f64 = 1e3;

/// Where the figures of a row are.
pub(super) struct Columns {
    count: usize,
    errors: usize,
    median: Option<usize>,
    mean: usize,
    min: usize,
    max: usize,
    percentiles: Vec<(usize, String)>,
}

/// What one row says of an endpoint since the test began, or since its statistics were reset.
#[derive(Clone, Debug)]
pub(super) struct Figures {
    /// Requests, failed ones included.
    pub(super) count: u64,
    errors: u64,
    latency: Option<Latency>,
}

impl Columns {
    /// The columns of `_stats.csv`.
    ///
    /// # Errors
    /// A column that is missing.
    pub(super) fn of_stats(table: &Table<'_, '_>) -> Result<Self> {
        Ok(Self {
            count: table.column(&["request count", "# requests"])?,
            errors: table.column(&["failure count", "# failures"])?,
            median: table.find(&["median response time"]),
            mean: table.column(&["average response time"])?,
            min: table.column(&["min response time"])?,
            max: table.column(&["max response time"])?,
            percentiles: table.percentiles(),
        })
    }

    /// The columns of `_stats_history.csv` that are totals so far; its percentiles and rates are of a window of ten
    /// seconds and are left alone.
    ///
    /// # Errors
    /// A column that is missing.
    pub(super) fn of_history(table: &Table<'_, '_>) -> Result<Self> {
        Ok(Self {
            count: table.column(&["total request count", "# requests"])?,
            errors: table.column(&["total failure count", "# failures"])?,
            median: table.find(&["total median response time", "median response time"]),
            mean: table.column(&["total average response time", "average response time"])?,
            min: table.column(&["total min response time", "min response time"])?,
            max: table.column(&["total max response time", "max response time"])?,
            percentiles: Vec::new(),
        })
    }

    /// Requests so far.
    ///
    /// # Errors
    /// What is no count.
    pub(super) fn count(&self, row: &Row<'_>) -> Result<u64> {
        row.count(self.count)
    }

    /// The figures of a row.
    ///
    /// # Errors
    /// What is no number.
    pub(super) fn read(&self, row: &Row<'_>) -> Result<Figures> {
        let (count, errors) = (row.count(self.count)?, row.count(self.errors)?);
        let seconds = |column: usize| Ok::<_, anyhow::Error>(row.number(column)?.map(|ms| ms / MILLIS));
        let mut quantiles = BTreeMap::new();
        if let Some(median) = self.median.map(seconds).transpose()?.flatten() {
            quantiles.insert("p50".to_owned(), median);
        }
        for (column, name) in &self.percentiles {
            if let Some(value) = seconds(*column)? {
                quantiles.insert(name.clone(), value);
            }
        }
        let (mean, min, max) = (seconds(self.mean)?, seconds(self.min)?, seconds(self.max)?);
        // Requests without a response time are counted here too; the CSV files do not tell how many those are.
        let latency =
            Latency { count: Some(count), mean, min, max, quantiles, histogram: None, resolution: resolution::USUAL };
        Ok(Figures { count, errors, latency: (count > 0).then_some(latency) })
    }
}

impl Figures {
    /// The endpoint `name` of a run of `duration` seconds.
    pub(super) fn endpoint(self, name: &str, duration: Option<f64>) -> Endpoint {
        endpoint(name, self.count, self.errors, self.latency, duration)
    }
}
