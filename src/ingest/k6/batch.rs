//! Points on their way from the thread that parsed them to the one that takes them.

use std::ops::Range;

use super::points::{Point, Tags};
use super::time::Clock;
use crate::ingest::Label;

/// What a block of a raw output holds, in its order.
#[derive(Default)]
pub(super) struct Batch {
    items: Vec<Item>,
    /// All texts of the items, one after another.
    texts: String,
    /// Whether `http_req_failed` was passed over.
    pub(super) passed_over: bool,
    /// Whether a header came again.
    pub(super) appended: bool,
    /// Whether a time in whole seconds was seen.
    is_coarse: bool,
    /// For the parser, across batches.
    pub(super) clock: Clock,
}

/// What is taken from a raw output.
#[derive(Debug)]
pub(super) enum Taken<'a> {
    Point(Point<'a>),
    /// The file says of which type the values of a metric are.
    Declared {
        metric: &'a str,
        kind: &'a str,
        contains: &'a str,
    },
    /// From here on times are whole seconds.
    Coarse,
}

enum Item {
    Point(Packed),
    Declared([Text; 3]),
    Coarse,
}

/// A point, its texts in those of the batch.
struct Packed {
    time: i64,
    value: f64,
    hash: u64,
    /// Metric, label, group, status, error, error code and expected response.
    texts: [Text; 7],
}

/// Where a text lies.
type Text = Range<u32>;

impl Batch {
    /// Empties the batch.
    pub(super) fn clear(&mut self) {
        self.items.clear();
        self.texts.clear();
        (self.passed_over, self.appended, self.is_coarse) = (false, false, false);
    }

    /// Adds a point.
    pub(super) fn push(&mut self, point: &Point<'_>) {
        let Tags { group, status, error, error_code, expected_response } = point.tags;
        let texts = [point.metric, point.label.text(), group, status, error, error_code, expected_response];
        let texts = texts.map(|text| self.text(text));
        self.items.push(Item::Point(Packed { time: point.time, value: point.value, hash: point.label.hash(), texts }));
    }

    /// Adds the type of a metric.
    pub(super) fn declare(&mut self, metric: &str, kind: &str, contains: &str) {
        let texts = [metric, kind, contains].map(|text| self.text(text));
        self.items.push(Item::Declared(texts));
    }

    /// Says that from here on times are whole seconds.
    pub(super) fn coarse(&mut self) {
        if !std::mem::replace(&mut self.is_coarse, true) {
            self.items.push(Item::Coarse);
        }
    }

    /// What was added, in its order.
    pub(super) fn taken(&self) -> impl Iterator<Item = Taken<'_>> {
        let texts = |texts: &Text| &self.texts[texts.start as usize..texts.end as usize];
        self.items.iter().map(move |item| match item {
            Item::Coarse => Taken::Coarse,
            Item::Declared(declared) => {
                let [metric, kind, contains] = declared.each_ref().map(texts);
                Taken::Declared { metric, kind, contains }
            }
            Item::Point(packed) => {
                let [metric, label, group, status, error, error_code, expected_response] =
                    packed.texts.each_ref().map(texts);
                let label = Label::with_hash(label, packed.hash);
                let tags = Tags { group, status, error, error_code, expected_response };
                Taken::Point(Point { metric, time: packed.time, value: packed.value, label, tags })
            }
        })
    }

    /// Keeps a text. A batch is of one block, or of a record of 16 MiB: places fit 32 bits.
    fn text(&mut self, text: &str) -> Text {
        let start = self.texts.len() as u32;
        self.texts.push_str(text);
        start..self.texts.len() as u32
    }
}
