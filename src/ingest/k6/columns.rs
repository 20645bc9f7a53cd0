//! The columns of k6's CSV output, found by name, and the point that a row of them is.

use anyhow::{Result, bail};

use super::Point;
use super::points::{Tags, label};
use super::time::{self, Clock};
use crate::ingest::bits::{CHUNK, Look};
use crate::ingest::digits::{decimal, six_decimals};
use crate::ingest::near;
use crate::ingest::record::Record;

/// Columns without which a file is none of k6.
pub(super) const ESSENTIAL: [&str; 3] = ["metric_name", "timestamp", "metric_value"];

/// A row's first three fields, and what follows.
pub(super) struct Front<'a> {
    /// As it is written, without quotes.
    pub(super) metric: &'a [u8],
    pub(super) time: i64,
    pub(super) is_whole_second: bool,
    pub(super) value: f64,
    pub(super) tail: &'a [u8],
}

/// Where the columns are.
pub(super) struct Columns {
    pub(super) width: usize,
    pub(super) metric: usize,
    pub(super) time: usize,
    value: usize,
    name: Option<usize>,
    url: Option<usize>,
    method: Option<usize>,
    group: Option<usize>,
    status: Option<usize>,
    error: Option<usize>,
    error_code: Option<usize>,
    expected_response: Option<usize>,
}

impl Columns {
    /// Those that a header names.
    pub(super) fn of(header: Record<'_>, file: &str) -> Result<Self> {
        let names: Vec<_> = (0..header.len()).map(|at| header.text(Some(at))).collect();
        let find = |wanted: &str| names.iter().position(|name| name.trim() == wanted);
        let [Some(metric), Some(time), Some(value)] = ESSENTIAL.map(find) else {
            let missing = ESSENTIAL.iter().find(|name| find(name).is_none()).unwrap_or(&ESSENTIAL[0]);
            bail!("{file}: not a CSV of k6: no column '{missing}'; write it with k6 run --out csv=FILE");
        };
        Ok(Self {
            width: names.len(),
            metric,
            time,
            value,
            name: find("name"),
            url: find("url"),
            method: find("method"),
            group: find("group"),
            status: find("status"),
            error: find("error"),
            error_code: find("error_code"),
            expected_response: find("expected_response"),
        })
    }

    /// The front of a row that begins with metric, time and value, without quotes, if these are as usual.
    #[inline(always)]
    pub(super) fn front<'a>(&self, look: impl Look, row: &'a [u8], clock: &mut Clock) -> Option<Front<'a>> {
        if (self.metric, self.time, self.value) != (0, 1, 2) {
            return None;
        }
        let [first, second, third] = ends(look, row)?;
        let (metric, rest) = (&row[..first], &row[first + 1..]);
        let time_size = second - first - 1;
        let time = clock.read_field(rest, time_size)?;
        let (value, tail) = (&row[second + 1..], &row[third + 1..]);
        let size = third - second - 1;
        let value = six_decimals(value, size).or_else(|| number(&value[..size]))?;
        Some(Front { metric, time, is_whole_second: time::is_whole_second(&rest[..time_size]), value, tail })
    }

    /// The point of a record, or what is wrong with it.
    pub(super) fn point(
        &self,
        record: Record<'_>,
        clock: &mut Clock,
        take: impl FnOnce(&Point<'_>),
    ) -> Result<(), String> {
        let text = |column: Option<usize>| record.text(column);
        let (when, value) = (record.raw(Some(self.time)), text(Some(self.value)));
        let value = number(value.as_bytes()).ok_or_else(|| format!("metric_value '{value}' is not a number"))?;
        let time = time::parse(when, clock).ok_or_else(|| {
            let when = String::from_utf8_lossy(when);
            format!("timestamp '{when}' is neither a Unix time nor an RFC 3339 time")
        })?;
        let [metric, name, url, method, group] =
            [Some(self.metric), self.name, self.url, self.method, self.group].map(text);
        let [status, error, error_code, expected_response] =
            [self.status, self.error, self.error_code, self.expected_response].map(text);
        let tags = Tags {
            group: &group,
            status: &status,
            error: &error,
            error_code: &error_code,
            expected_response: &expected_response,
        };
        take(&Point { metric: &metric, time, value, label: label(&name, &url, &method), tags });
        Ok(())
    }
}

/// Where the first three fields end, if none of them has quotes.
#[inline(always)]
fn ends(look: impl Look, row: &[u8]) -> Option<[usize; 3]> {
    let Some(start) = row.first_chunk::<CHUNK>() else { return ends_one_by_one(row) };
    let (mut commas, quotes) = (look.equal(start, b','), look.rare(start, b'"'));
    let mut next = || {
        let end = commas.trailing_zeros() as usize;
        commas &= commas.wrapping_sub(1);
        end
    };
    let ends @ [_, _, third] = [next(), next(), next()];
    match third {
        CHUNK => ends_one_by_one(row),
        _ => (quotes & ((1 << third) - 1) == 0).then_some(ends),
    }
}

#[inline(never)]
fn ends_one_by_one(row: &[u8]) -> Option<[usize; 3]> {
    let mut ends = [0; 3];
    let mut from = 0;
    for end in &mut ends {
        *end = from + near::either(b',', b'"', &row[from..]).filter(|at| row[from + at] == b',')?;
        from = *end + 1;
    }
    Some(ends)
}

#[inline(never)]
fn number(text: &[u8]) -> Option<f64> {
    let exact = decimal(text).filter(|(_, size)| *size == text.len()).map(|(value, _)| value);
    exact.or_else(|| std::str::from_utf8(text).ok()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::bits;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn fields_end_where_each_of_them_does(
            row in prop::collection::vec(prop::sample::select(vec![",", "\"", "a", "metric_name", "1795225991.125", "\n"]), 0..40),
        ) {
            let row = row.concat();
            prop_assert_eq!(ends(bits::usual(), row.as_bytes()), ends_one_by_one(row.as_bytes()), "{}", row);
        }
    }
}
