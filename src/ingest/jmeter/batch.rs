//! Rows on their way from the thread that parsed them to the one that takes them.

use std::ops::Range;

use super::stamps::Stamped;
use super::{Row, Thread, named, read_label, thread};
use crate::ingest::grid::Grid;
use crate::ingest::names::{Names, is_same};
use crate::ingest::record::unquoted;
use crate::ingest::short::Short;
use crate::ingest::successes::Successes;

/// The rows of a block: usual ones counted, once it is known what their stamps are, the others in their order.
#[derive(Default)]
pub(super) struct Batch {
    /// What stamps are; `None` where no row is counted.
    stamped: Option<Stamped>,
    pub(super) successes: Successes,
    /// Samples that were counted, by number of their group.
    samples: Vec<u64>,
    /// Groups in the order of their first sample that was counted, and how many of `rows` were before it.
    begun: Vec<(usize, u32)>,
    rows: Vec<Packed>,
    /// What only few rows have.
    rest: Vec<Rest>,
    pub(super) labels: Names,
    pub(super) groups: Names,
    failures: Names,
    /// What is written of a failure, to be looked up.
    written: Vec<u8>,
    /// The group of the row before: most rows are of the same.
    last: Option<u32>,
    /// The same of rows that were counted, with what stands before the digits of a thread.
    near: (Short, u32),
    /// Most threads that were running.
    pub(super) users: Option<u32>,
    /// Number of the dialect that the rows were read in.
    pub(super) dialect: u64,
    /// Whether a stamp had no zone.
    pub(super) zoneless: bool,
    /// For the parser, across batches.
    pub(super) grid: Grid,
}

/// What every row has, as the file has it.
#[derive(Debug, Default)]
pub(super) struct Common<'a> {
    /// Label and thread as they are written, with quotes around them or not.
    pub(super) label: &'a [u8],
    pub(super) thread: &'a [u8],
    /// As [`Row`] has them.
    pub(super) stamp: i64,
    pub(super) elapsed: i64,
    pub(super) users: Option<u32>,
}

/// What a row of one success without a pause does not have; as [`Row`] has it.
#[derive(Debug, PartialEq)]
pub(super) struct Rest {
    pub(super) idle: i64,
    pub(super) samples: u32,
    pub(super) errors: u32,
    pub(super) transaction: Option<u64>,
    pub(super) silent: bool,
    /// Number of what failed, as [`Batch::failure`] gives it.
    pub(super) failure: Option<u32>,
}

impl Rest {
    /// That of most rows.
    pub(super) const USUAL: Self =
        Self { idle: 0, samples: 1, errors: 0, transaction: None, silent: false, failure: None };
}

/// What every row has.
#[derive(Clone, Copy)]
pub(super) struct Packed {
    pub(super) stamp: i64,
    pub(super) elapsed: i64,
    /// Which thread of its group it is of.
    member: u64,
    /// Numbers of the label and of the thread's group.
    pub(super) label: u32,
    pub(super) group: u32,
    /// Whether one of `rest` belongs to the row.
    has_rest: bool,
}

impl Batch {
    /// Empties the batch; `stamped` tells what stamps are, once usual rows can be counted.
    pub(super) fn clear(&mut self, stamped: Option<Stamped>) {
        self.stamped = stamped;
        self.successes.clear();
        self.samples.clear();
        self.begun.clear();
        self.rows.clear();
        self.rest.clear();
        self.labels.clear();
        self.groups.clear();
        self.failures.clear();
        (self.last, self.near) = (None, Default::default());
        self.users = None;
    }

    /// Whether usual rows are counted.
    pub(super) fn is_counting(&self) -> bool {
        self.stamped.is_some()
    }

    /// Counts a usual row, by numbers of its label and group.
    #[inline(always)]
    pub(super) fn count(&mut self, label: u32, group: u32, stamp: i64, elapsed: u64) {
        let start = self.stamped.unwrap_or_default().start_of(stamp, elapsed as i64);
        self.successes.add(label, start, elapsed);
        let at = group as usize;
        if at >= self.samples.len() {
            self.samples.resize(at + 1, 0);
        }
        if self.samples[at] == 0 {
            self.begun.push((self.rows.len(), group));
        }
        self.samples[at] += 1;
    }

    /// Adds a row that is one success without a pause.
    #[inline]
    pub(super) fn success(&mut self, common: &Common<'_>) {
        match u64::try_from(common.elapsed) {
            Ok(elapsed) if self.is_counting() => {
                let label = self.labels.number(named(common.label), || read_label(common.label));
                let (group, _) = self.thread(common.thread);
                self.users = self.users.max(common.users);
                self.count(label, group, common.stamp, elapsed);
            }
            _ => self.push(common),
        }
    }

    /// Adds a row.
    #[inline]
    pub(super) fn push(&mut self, common: &Common<'_>) {
        let label = self.labels.number(named(common.label), || read_label(common.label));
        let (group, member) = self.thread(common.thread);
        self.users = self.users.max(common.users);
        self.rows.push(Packed { stamp: common.stamp, elapsed: common.elapsed, member, label, group, has_rest: false });
    }

    /// Adds to the last row what most do not have.
    pub(super) fn add(&mut self, rest: Rest) {
        if let Some(row) = self.rows.last_mut().filter(|_| rest != Rest::USUAL) {
            row.has_rest = true;
            self.rest.push(rest);
        }
    }

    /// The number of a failure whose parts are written so; `read` says what failed, if that is new.
    pub(super) fn failure(&mut self, parts: [&[u8]; 3], read: impl FnOnce() -> String) -> u32 {
        self.written.clear();
        for part in parts {
            self.written.extend_from_slice(part);
            // No text that is UTF-8 holds this byte.
            self.written.push(u8::MAX);
        }
        self.failures.number(&self.written, read)
    }

    /// Groups of which samples were counted, and how many; before each how many of the [rows](Batch::rows) come first.
    pub(super) fn counted(&self) -> impl Iterator<Item = (usize, u32, u64)> {
        self.begun.iter().map(|(before, group)| (*before, *group, self.samples[*group as usize]))
    }

    /// The number of the group of the thread that stands in `range` of `bytes`, where it is named as usual: most are of the
    /// group of the one before.
    #[inline(always)]
    pub(super) fn group_of(&mut self, bytes: &[u8], range: Range<usize>) -> Option<u32> {
        let end = range.end - thread::digits_before(bytes, range.end)?;
        let near = Short::of(bytes, range.start, end)?;
        if near == self.near.0 {
            return Some(self.near.1);
        }
        let group = bytes[range.start..end]
            .strip_suffix(b"-")
            .filter(|group| group.first().is_some_and(|byte| *byte != b'"'))?;
        let number = self.groups.number(group, || String::from_utf8_lossy(group));
        self.near = (near, number);
        Some(number)
    }

    /// The rows in their order, and what else those that are not usual have.
    pub(super) fn rows(&self) -> impl Iterator<Item = (Packed, Option<&Rest>)> {
        let mut rest = self.rest.iter();
        self.rows.iter().map(move |row| (*row, if row.has_rest { rest.next() } else { None }))
    }

    /// The whole of a row.
    pub(super) fn row<'a>(&'a self, row: &Packed, rest: Option<&'a Rest>) -> Row<'a> {
        let (label, group) = (self.labels.label(row.label), self.groups.label(row.group));
        let rest = rest.unwrap_or(&Rest::USUAL);
        Row {
            label: label.text().into(),
            hash: label.hash(),
            thread: Thread::of(group.text().into(), group.hash(), row.member),
            stamp: row.stamp,
            elapsed: row.elapsed,
            idle: rest.idle,
            samples: rest.samples,
            errors: rest.errors,
            transaction: rest.transaction,
            silent: rest.silent,
            failure: rest.failure.map(|failure| self.failures.label(failure).text().into()),
            // Those of all rows together are kept.
            users: None,
        }
    }

    /// All that a batch holds, as text.
    #[cfg(any(test, fuzzing))]
    pub(super) fn shown(&self) -> String {
        let rows: Vec<_> = self.rows().map(|(row, rest)| self.row(&row, rest)).collect();
        let counted: Vec<_> =
            self.counted().map(|(before, group, samples)| (before, self.groups.label(group).text(), samples)).collect();
        let labels: Vec<_> = (0..self.labels.len() as u32).map(|number| self.labels.label(number).text()).collect();
        format!("{rows:?} {:?} {counted:?} {labels:?} {:?}", self.users, self.successes)
    }

    /// The number of a thread's group, and which of it the thread is.
    #[inline]
    fn thread(&mut self, written: &[u8]) -> (u32, u64) {
        if written.first() == Some(&b'"') {
            return self.unquoted_thread(written);
        }
        let (group, member) = thread::parts(written);
        let known = self.last.filter(|last| is_same(self.groups.written(*last), group));
        let number = known.unwrap_or_else(|| self.groups.number(group, || String::from_utf8_lossy(group)));
        self.last = Some(number);
        (number, member)
    }

    #[inline(never)]
    fn unquoted_thread(&mut self, written: &[u8]) -> (u32, u64) {
        let text = unquoted(written);
        let (group, member) = thread::parts(text.as_bytes());
        (self.groups.number(group, || String::from_utf8_lossy(group)), member)
    }
}
