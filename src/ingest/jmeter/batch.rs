//! Rows on their way from the thread that parsed them to the one that takes them.

use super::stamps::Stamped;
use super::{Row, Thread, named, read_label, thread};
use crate::ingest::digits::{first_of_eight, number_of_values};
use crate::ingest::grid::Grid;
use crate::ingest::names::{Names, is_same};
use crate::ingest::record::unquoted;
use crate::ingest::short::{MOST, Short};
use crate::ingest::successes::Successes;

/// Bytes from the start of a thread's name that are looked at.
pub(super) const NEAR: usize = 2 * MOST + 8;

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
    /// The same of rows that were counted.
    near: Near,
    /// Most threads that were running.
    pub(super) users: Option<u32>,
    /// The digits that they were told in last: most rows tell the same. At first none.
    digits_of_users: u64,
    /// Number of the dialect that the rows were read in.
    pub(super) dialect: u64,
    /// Whether a stamp had no zone.
    pub(super) zoneless: bool,
    /// For the parser, across batches.
    pub(super) grid: Grid,
}

/// The group of the last row that was counted.
struct Near {
    /// What stands before the digits of its threads.
    before: Short,
    group: u32,
    /// Samples of it that are not in [`Batch::samples`] yet.
    samples: u64,
}

impl Default for Near {
    fn default() -> Self {
        Self { before: Short::NONE, group: 0, samples: 0 }
    }
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
        (self.last, self.near) = (None, Near::default());
        (self.users, self.digits_of_users) = (None, u64::MAX);
    }

    /// Whether usual rows are counted.
    pub(super) fn is_counting(&self) -> bool {
        self.stamped.is_some()
    }

    /// Counts a usual row that started at `stamp`, or ended there, Unix time in ms, and took `elapsed` ms; its label is
    /// given by number.
    #[inline(always)]
    pub(super) fn count(&mut self, label: u32, stamp: i64, elapsed: u32) {
        let start = self.stamped.unwrap_or_default().start_of(stamp, i64::from(elapsed));
        self.successes.add_milliseconds(label, start, elapsed);
    }

    /// Takes the threads that were running, told in digits; `None` if they are none.
    #[inline(always)]
    pub(super) fn count_users(&mut self, values: u64) -> Option<()> {
        if values != self.digits_of_users {
            self.users = self.users.max(Some(number_of_values(values)? as u32));
            self.digits_of_users = values;
        }
        Some(())
    }

    /// Adds up what was counted.
    pub(super) fn settle(&mut self) {
        self.settle_near();
        self.successes.settle();
    }

    /// Counts a sample of a group, by its number.
    fn sample(&mut self, group: u32) {
        let at = group as usize;
        if at >= self.samples.len() {
            self.samples.resize(at + 1, 0);
        }
        if self.samples[at] == 0 {
            self.begun.push((self.rows.len(), group));
        }
        self.samples[at] += 1;
    }

    fn settle_near(&mut self) {
        if self.near.samples > 0 {
            self.samples[self.near.group as usize] += std::mem::take(&mut self.near.samples);
        }
    }

    /// Adds a row that is one success without a pause.
    #[inline]
    pub(super) fn success(&mut self, common: &Common<'_>) {
        match u64::try_from(common.elapsed) {
            Ok(elapsed) if self.is_counting() => {
                let label = self.labels.number(named(common.label), || read_label(common.label));
                let (group, _) = self.thread(common.thread);
                self.users = self.users.max(common.users);
                let start = self.stamped.unwrap_or_default().start_of(common.stamp, common.elapsed);
                self.successes.add(label, start, elapsed);
                self.sample(group);
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

    /// Counts a sample of the group of a thread whose name stands at the beginning of `near`, `size` bytes long, if it is
    /// named as usual: most are of the group of the one before.
    #[inline(always)]
    pub(super) fn sample_of(&mut self, near: &[u8; NEAR], size: usize) -> Option<()> {
        let (before, rest) = (&self.near.before, near.split_first_chunk::<MOST>()?.0);
        let many = size.wrapping_sub(before.size());
        if before.begins(rest) && first_of_eight(near[before.size()..].first_chunk()?, many).is_some() {
            self.near.samples += 1;
            return Some(());
        }
        self.sample_of_other(near.get(..size)?)
    }

    #[inline(never)]
    fn sample_of_other(&mut self, thread: &[u8]) -> Option<()> {
        let digits = thread.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let mut padded = [0; MOST];
        let before = thread.get(..thread.len() - digits)?;
        padded.get_mut(..before.len())?.copy_from_slice(before);
        let group = before.strip_suffix(b"-").filter(|group| group.first().is_some_and(|byte| *byte != b'"'))?;
        if !thread::MEMBERS.contains(&digits) {
            return None;
        }
        self.settle_near();
        let group = self.groups.number(group, || String::from_utf8_lossy(group));
        self.near = Near { before: Short::of(&padded, before.len())?, group, samples: 0 };
        self.sample(group);
        Some(())
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
