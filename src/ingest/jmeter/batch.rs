//! Rows on their way from the thread that parsed them to the one that takes them.

use super::{Row, Thread, named, thread};
use crate::ingest::names::{Names, is_same};
use crate::ingest::record::unquoted;

/// The rows of a block, in its order.
#[derive(Default)]
pub(super) struct Batch {
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
    /// Most threads that were running.
    pub(super) users: Option<u32>,
    /// Number of the dialect that the rows were read in.
    pub(super) dialect: u64,
    /// Whether a stamp had no zone.
    pub(super) zoneless: bool,
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
    /// Empties the batch.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.rest.clear();
        self.labels.clear();
        self.groups.clear();
        self.failures.clear();
        self.last = None;
        self.users = None;
    }

    /// Adds a row.
    #[inline]
    pub(super) fn push(&mut self, common: &Common<'_>) {
        let written = named(common.label);
        let label = self.labels.number(written, || unquoted(written));
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
