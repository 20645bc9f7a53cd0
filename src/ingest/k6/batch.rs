//! Points on their way from the thread that parsed them to the one that takes them.

use std::ops::Range;

use super::metric;
use super::points::{Point, Tags, is_around};
use super::walk::Walker;
use crate::ingest::Label;

/// The tag `expected_response` of what succeeded.
const EXPECTED: &str = "true";

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
    pub(super) walker: Walker,
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
    /// A request that succeeded as it was expected to, the most frequent of all.
    Success {
        time: i64,
        value: f64,
        hash: u64,
        label: Text,
    },
    /// Another request, or what tells whether one failed.
    Request(Box<Request>),
    /// A value of another metric, of which nothing but the group counts.
    Value {
        time: i64,
        value: f64,
        metric: Text,
        group: Text,
    },
    Declared([Text; 3]),
    Coarse,
}

/// A point with all its texts.
struct Request {
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
        let (time, value, hash) = (point.time, point.value, point.label.hash());
        let item = match point.metric {
            metric::DURATION if is_success(point) => {
                Item::Success { time, value, hash, label: self.text(point.label.text()) }
            }
            metric::DURATION | metric::FAILED => {
                let Tags { group, status, error, error_code, expected_response } = point.tags;
                let texts = [point.metric, point.label.text(), group, status, error, error_code, expected_response];
                Item::Request(Box::new(Request { time, value, hash, texts: texts.map(|text| self.text(text)) }))
            }
            name => Item::Value { time, value, metric: self.text(name), group: self.text(point.tags.group) },
        };
        self.items.push(item);
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
        let text = |text: &Text| &self.texts[text.start as usize..text.end as usize];
        self.items.iter().map(move |item| match item {
            Item::Success { time, value, hash, label } => {
                let tags = Tags { expected_response: EXPECTED, ..Tags::default() };
                let label = Label::with_hash(text(label), *hash);
                Taken::Point(Point { metric: metric::DURATION, time: *time, value: *value, label, tags })
            }
            Item::Value { time, value, metric, group } => {
                let tags = Tags { group: text(group), ..Tags::default() };
                let label = Label::with_hash("", 0);
                Taken::Point(Point { metric: text(metric), time: *time, value: *value, label, tags })
            }
            Item::Request(request) => Taken::Point(request.point(text)),
            Item::Declared(declared) => {
                let [metric, kind, contains] = declared.each_ref().map(text);
                Taken::Declared { metric, kind, contains }
            }
            Item::Coarse => Taken::Coarse,
        })
    }

    /// Keeps a text. A batch is of one block, or of a record of 16 MiB: places fit 32 bits.
    fn text(&mut self, text: &str) -> Text {
        let start = self.texts.len() as u32;
        self.texts.push_str(text);
        start..self.texts.len() as u32
    }
}

impl Request {
    fn point<'a>(&self, text: impl Fn(&Text) -> &'a str) -> Point<'a> {
        let [metric, label, group, status, error, error_code, expected_response] = self.texts.each_ref().map(text);
        let tags = Tags { group, status, error, error_code, expected_response };
        Point { metric, time: self.time, value: self.value, label: Label::with_hash(label, self.hash), tags }
    }
}

/// Whether a request is one of the test, and succeeded.
fn is_success(point: &Point<'_>) -> bool {
    point.tags.expected_response == EXPECTED && !is_around(point.tags.group)
}
