//! Whether `timeStamp` is the start or the end of a sample, which no JTL says.
//!
//! `bin/jmeter.properties` sets `sampleresult.timestamp.start=true`; embedded `JMeter` without that file stamps the end.
//! Rows are written in the order of completion, so the stamps that hardly ever step back are the ends: seen were 666
//! steps back of starts and 1 of ends in 2,237 rows, and 0 against 211 of 707 where the end was stamped. A file that was
//! sorted afterwards can deceive this; the rows of one thread, which cannot overlap, then speak against it.

use std::collections::HashMap;

use super::{Row, SECOND};

/// Steps back that the stamps of one kind must have, to say anything.
const FEWEST_STEPS: usize = 10;
/// How many times more often the others must step back.
const TIMES: usize = 10;
/// Clocks of different threads are read in ms, and durations with another clock: rows overlap by more than this, ns.
const TOLERANCE: i64 = 2_000_000;
/// Share of the rows of a thread that may overlap the row before, before samples look nested.
const MOST_OVERLAPS: f64 = 0.01;
/// Fewest overlaps that are worth a word.
const FEWEST_OVERLAPS: usize = 3;

/// What the stamps of a file are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stamped {
    /// The start of a sample.
    #[default]
    Start,
    /// Its end.
    End,
}

impl Stamped {
    /// Judges by the first rows of a file.
    ///
    /// Stamps in whole seconds cannot tell, and mean the start, as rows too few to tell do.
    pub(super) fn judge(rows: &[Row<'_>]) -> Self {
        let plain = || rows.iter().filter(|row| row.transaction.is_none());
        let whole_seconds = plain().all(|row| row.stamp % SECOND == 0);
        let stamps = steps_back(plain().map(|row| row.stamp));
        let ends = steps_back(plain().map(|row| Self::Start.end(row)));
        let rises = ends >= FEWEST_STEPS && ends > TIMES * stamps;
        if rises && !whole_seconds && overlaps(rows, Self::End) <= overlaps(rows, Self::Start) {
            Self::End
        } else {
            Self::Start
        }
    }

    /// Start of a sample with this stamp and extent, Unix time in ns.
    #[inline]
    pub(super) fn start_of(self, stamp: i64, extent: i64) -> i64 {
        if self == Self::End { stamp.saturating_sub(extent) } else { stamp }
    }

    /// Start of a row, Unix time in ns.
    pub(super) fn start(self, row: &Row<'_>) -> i64 {
        // The statistical sender stamps the end of its last sample, whatever the property says.
        let stamped = if row.samples > 1 { Self::End } else { self };
        stamped.start_of(row.stamp, row.extent())
    }

    fn end(self, row: &Row<'_>) -> i64 {
        self.start(row).saturating_add(row.extent())
    }
}

/// Whether rows that are no transactions lie inside each other: a total of them counts some time twice.
pub(super) fn look_nested(rows: &[Row<'_>], stamped: Stamped) -> bool {
    let found = overlaps(rows, stamped);
    found >= FEWEST_OVERLAPS && found as f64 > rows.len() as f64 * MOST_OVERLAPS
}

/// How often a value is below the one before.
fn steps_back(stamps: impl Iterator<Item = i64>) -> usize {
    let mut previous = i64::MIN;
    stamps.filter(|stamp| std::mem::replace(&mut previous, *stamp) > *stamp).count()
}

/// How often a row overlaps the row of the same thread before it.
fn overlaps(rows: &[Row<'_>], stamped: Stamped) -> usize {
    let mut last: HashMap<u64, (i64, i64)> = HashMap::new();
    let plain = rows.iter().filter(|row| row.transaction.is_none() && row.samples == 1 && !row.thread.group.is_empty());
    plain
        .filter(|row| {
            let (start, end) = (stamped.start(row), stamped.end(row));
            let before = last.insert(row.thread.id, (start, end));
            before.is_some_and(|(other, other_end)| {
                start.saturating_add(TOLERANCE) < other_end && other.saturating_add(TOLERANCE) < end
            })
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::super::Thread;
    use super::*;

    /// Rows of `threads` threads without pauses, in the order of completion.
    fn rows(threads: i64, stamped: Stamped) -> Vec<Row<'static>> {
        let mut ends = Vec::new();
        for thread in 0..threads {
            let mut start = 1_795_226_767_000 + thread;
            for at in 0..40 {
                let elapsed = 5 + (at * 37 + thread * 11) % 90;
                ends.push((start + elapsed, start, elapsed, thread));
                start += elapsed;
            }
        }
        ends.sort_unstable();
        let row = |(end, start, elapsed, thread): &(i64, i64, i64, i64)| Row {
            label: "a".into(),
            hash: 0,
            thread: Thread::new(format!("group 1-{thread}").into()),
            stamp: if stamped == Stamped::Start { start } else { end } * 1_000_000,
            elapsed: elapsed * 1_000_000,
            idle: 0,
            samples: 1,
            errors: 0,
            transaction: None,
            silent: false,
            failure: None,
            users: None,
        };
        ends.iter().map(row).collect()
    }

    #[test]
    fn the_order_of_completion_tells_starts_from_ends() {
        for stamped in [Stamped::Start, Stamped::End] {
            let rows = rows(9, stamped);
            assert_eq!(Stamped::judge(&rows), stamped);
            assert!(!look_nested(&rows, stamped));
        }
    }

    #[test]
    fn the_end_less_the_duration_is_the_start() {
        let (starts, ends) = (rows(5, Stamped::Start), rows(5, Stamped::End));
        let of = |rows: &[Row<'_>], stamped: Stamped| rows.iter().map(|r| stamped.start(r)).collect::<Vec<_>>();
        assert_eq!(of(&starts, Stamped::Start), of(&ends, Stamped::End));
    }

    #[test]
    fn one_thread_and_whole_seconds_mean_the_start() {
        assert_eq!(Stamped::judge(&rows(1, Stamped::Start)), Stamped::Start);
        let mut coarse = rows(9, Stamped::Start);
        coarse.iter_mut().for_each(|row| row.stamp -= row.stamp % 1_000_000_000);
        assert_eq!(Stamped::judge(&coarse), Stamped::Start);
    }

    #[test]
    fn a_file_sorted_by_start_is_not_taken_for_ends() {
        let mut sorted = rows(9, Stamped::Start);
        sorted.sort_by_key(|row| row.stamp);
        assert_eq!(Stamped::judge(&sorted), Stamped::Start);
    }
}
