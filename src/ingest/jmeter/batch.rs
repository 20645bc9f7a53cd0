//! Rows on their way from the thread that parsed them to the one that takes them.

use std::borrow::Cow;
use std::ops::Range;

use super::Row;
use crate::ingest::Label;
use crate::ingest::record::unquoted;

/// What rows without a label are called.
const UNLABELLED: &[u8] = b"(no label)";

/// The rows of a block, in its order.
#[derive(Default)]
pub(super) struct Batch {
    rows: Vec<Packed>,
    /// Labels, threads and failures, one after another: UTF-8.
    texts: Vec<u8>,
    /// What only few rows have.
    rest: Vec<Rest>,
    /// Texts that were kept before, by their hash: labels and threads come again and again.
    known: Vec<Known>,
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
    pub(super) failure: Option<String>,
}

impl Rest {
    /// That of most rows.
    pub(super) const USUAL: Self =
        Self { idle: 0, samples: 1, errors: 0, transaction: None, silent: false, failure: None };
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

/// Where a text lies.
type Text = Range<u32>;

/// Texts that are remembered, a power of two.
const MOST_KNOWN: usize = 256;

/// A text that was kept.
#[derive(Clone, Default)]
struct Known {
    /// As it was written, and its hash.
    raw: Text,
    hash: u64,
    /// As it reads, and its hash.
    text: Text,
    label: u64,
}

impl Batch {
    /// Empties the batch.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.texts.clear();
        self.rest.clear();
        self.known.clear();
        self.known.resize(MOST_KNOWN, Known::default());
    }

    /// Adds a row.
    #[inline]
    pub(super) fn push(&mut self, common: &Common<'_>, rest: Rest) {
        let label = if common.label.is_empty() { UNLABELLED } else { common.label };
        let ((label, hash), (thread, _)) = (self.text(label), self.text(common.thread));
        let has_rest = rest != Rest::USUAL;
        if has_rest {
            self.rest.push(rest);
        }
        let users = common.users.unwrap_or(u32::MAX);
        self.rows.push(Packed { hash, stamp: common.stamp, elapsed: common.elapsed, label, thread, users, has_rest });
    }

    /// Calls `each` with the rows in their order.
    pub(super) fn rows(&self, mut each: impl FnMut(&Row<'_>)) {
        // All that was added is UTF-8; one look at the whole is faster than one at each text.
        let texts = std::str::from_utf8(&self.texts).unwrap_or_default();
        let text = |text: &Text| Cow::Borrowed(texts.get(text.start as usize..text.end as usize).unwrap_or_default());
        let mut rest = self.rest.iter();
        for packed in &self.rows {
            let rest = if packed.has_rest { rest.next().unwrap_or(&Rest::USUAL) } else { &Rest::USUAL };
            each(&Row {
                label: text(&packed.label),
                hash: packed.hash,
                thread: text(&packed.thread),
                stamp: packed.stamp,
                elapsed: packed.elapsed,
                idle: rest.idle,
                samples: rest.samples,
                errors: rest.errors,
                transaction: rest.transaction,
                silent: rest.silent,
                failure: rest.failure.as_deref().map(Cow::Borrowed),
                users: (packed.users != u32::MAX).then(|| u64::from(packed.users)),
            });
        }
    }

    /// Keeps the text of a field, and says where, and its hash. A batch is of one block, or of a record of 16 MiB: places
    /// fit 32 bits.
    #[inline]
    fn text(&mut self, field: &[u8]) -> (Text, u64) {
        let hash = Label::hash_of(field);
        let place = hash as usize % MOST_KNOWN;
        let known = self.known.get(place);
        if let Some(known) = known.filter(|known| known.hash == hash && self.bytes(&known.raw) == field) {
            return (known.text.clone(), known.label);
        }
        self.keep(field, hash, place)
    }

    #[inline(never)]
    fn keep(&mut self, field: &[u8], hash: u64, place: usize) -> (Text, u64) {
        let plain = unquoted(field);
        let is_plain = plain.as_bytes() == field;
        let label = if is_plain { hash } else { Label::hash_of(plain.as_bytes()) };
        let text = self.add(plain.as_bytes());
        // Written fields that are no UTF-8 are not remembered: texts are.
        let raw = match std::str::from_utf8(field) {
            Ok(_) if is_plain => text.clone(),
            Ok(raw) => self.add(raw.as_bytes()),
            Err(_) => return (text, label),
        };
        if let Some(known) = self.known.get_mut(place) {
            *known = Known { raw, hash, text: text.clone(), label };
        }
        (text, label)
    }

    fn add(&mut self, text: &[u8]) -> Text {
        let start = self.texts.len() as u32;
        self.texts.extend_from_slice(text);
        start..self.texts.len() as u32
    }

    #[inline]
    fn bytes(&self, text: &Text) -> &[u8] {
        &self.texts[text.start as usize..text.end as usize]
    }
}
