//! Rows on their way from the thread that parsed them to the one that takes them.

use std::borrow::Cow;
use std::ops::Range;

use super::Row;

/// The rows of a block, in its order.
#[derive(Default)]
pub(super) struct Batch {
    rows: Vec<Packed>,
    /// Labels, threads and failures, one after another.
    texts: String,
    /// What only few rows have.
    rest: Vec<Rest>,
    /// Number of the dialect that the rows were read in.
    pub(super) dialect: u64,
    /// Whether a stamp had no zone.
    pub(super) zoneless: bool,
}

/// What every row has.
struct Packed {
    hash: u64,
    stamp: i64,
    elapsed: i64,
    label: Text,
    thread: Text,
    /// Threads that were running; `u32::MAX`: the file does not tell.
    users: u32,
    /// Whether one of `rest` belongs to the row.
    has_rest: bool,
}

/// What a row of one success without a pause does not have.
struct Rest {
    idle: i64,
    samples: u32,
    errors: u32,
    transaction: Option<u64>,
    silent: bool,
    failure: Option<Text>,
}

/// Where a text lies.
type Text = Range<u32>;

impl Batch {
    /// Empties the batch.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.texts.clear();
        self.rest.clear();
    }

    /// Adds a row.
    #[inline]
    pub(super) fn push(&mut self, row: &Row<'_>) {
        let (label, thread) = (self.text(&row.label), self.text(&row.thread));
        let is_usual = row.idle == 0 && row.samples == 1 && row.errors == 0 && row.transaction.is_none() && !row.silent;
        if !is_usual {
            self.push_rest(row);
        }
        let users = row.users.map_or(u32::MAX, |users| users as u32);
        let (hash, stamp, elapsed) = (row.hash, row.stamp, row.elapsed);
        self.rows.push(Packed { hash, stamp, elapsed, label, thread, users, has_rest: !is_usual });
    }

    #[inline(never)]
    fn push_rest(&mut self, row: &Row<'_>) {
        let failure = row.failure.as_ref().map(|failure| self.text(failure));
        let Row { idle, samples, errors, transaction, silent, .. } = *row;
        self.rest.push(Rest { idle, samples, errors, transaction, silent, failure });
    }

    /// The rows in their order.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let text = |text: &Text| &self.texts[text.start as usize..text.end as usize];
        let mut rest = self.rest.iter();
        self.rows.iter().map(move |packed| {
            let usual = Rest { idle: 0, samples: 1, errors: 0, transaction: None, silent: false, failure: None };
            let rest = if packed.has_rest { rest.next().unwrap_or(&usual) } else { &usual };
            Row {
                label: Cow::Borrowed(text(&packed.label)),
                hash: packed.hash,
                thread: Cow::Borrowed(text(&packed.thread)),
                stamp: packed.stamp,
                elapsed: packed.elapsed,
                idle: rest.idle,
                samples: rest.samples,
                errors: rest.errors,
                transaction: rest.transaction,
                silent: rest.silent,
                failure: rest.failure.as_ref().map(|failure| text(failure).to_owned()),
                users: (packed.users != u32::MAX).then(|| u64::from(packed.users)),
            }
        })
    }

    /// Keeps a text. A batch is of one block, or of a record of 16 MiB: places fit 32 bits.
    #[inline]
    fn text(&mut self, text: &str) -> Text {
        let start = self.texts.len() as u32;
        self.texts.push_str(text);
        start..self.texts.len() as u32
    }
}
