//! `JMeter`: results as CSV and as XML (JTL), and the `statistics.json` of its dashboard.
//!
//! A JTL row is a sample, or a transaction controller that repeats the time of samples which are rows themselves.
//! Both readers make a [`Row`] of what they see; [`Rows`] decides what each counts as. Once the first rows have told what
//! stamps mean, successes without anything unusual are counted by label, and only the sums are recorded.
//!
//! ```text
//!  csv: columns ─▶ batch ─┐                ┌─ stamps: is timeStamp the start or the end?
//!                         ├─▶ Row ─▶ Rows ─┤
//!  xml: tags ─────────────┘                └─ groups: are controllers in the total? ─▶ Recorder
//!                                                                                         ▲
//!  rows that are like most ─▶ Successes ──────────────────────────────────────────────────┘
//! ```

mod batch;
mod columns;
pub(super) mod csv;
mod groups;
mod rows;
mod stamps;
pub(super) mod statistics;
mod tags;
mod thread;
mod time;
#[cfg(test)]
mod truth;
pub(super) mod xml;

use std::borrow::Cow;

use super::record::unquoted;
use rows::Rows;
use thread::Thread;

/// Nanoseconds per millisecond and per second: JTL latencies are whole milliseconds.
const MILLISECOND: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MILLISECOND;
/// How the message of a transaction controller starts, which is also how `JMeter`'s dashboard knows it.
/// <https://github.com/apache/jmeter/blob/master/src/core/src/main/java/org/apache/jmeter/control/TransactionController.java>
const TRANSACTION: &[u8] = b"Number of samples in transaction : ";
/// Characters of a failure's description that are kept.
const LONGEST_FAILURE: usize = 200;

/// One row of a JTL; times are in ns.
#[derive(Clone, Debug, PartialEq)]
struct Row<'a> {
    label: Cow<'a, str>,
    /// That of the label, as [`Label`](super::Label) has it.
    hash: u64,
    thread: Thread<'a>,
    /// Start or end, Unix time.
    stamp: i64,
    /// Time of all samples of the row together, without idle time.
    elapsed: i64,
    /// Timers and pauses inside a controller.
    idle: i64,
    /// Samples the row stands for: more than one from the statistical sender of a distributed test.
    samples: u32,
    /// Failed ones among them.
    errors: u32,
    /// For a transaction controller, the samples it says it had.
    transaction: Option<u64>,
    /// Neither message nor data type: a controller that the end of the test cut short has none.
    silent: bool,
    /// What failed, in the file's words.
    failure: Option<Cow<'a, str>>,
    /// Threads that were running.
    users: Option<u64>,
}

impl Row<'_> {
    /// The same row, with its own copy of the texts.
    fn into_owned(self) -> Row<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        let (label, thread, failure) = (owned(self.label), self.thread.into_owned(), self.failure.map(owned));
        Row { label, thread, failure, ..self }
    }

    /// Latency of one sample: the statistical sender adds up, as
    /// <https://github.com/apache/jmeter/blob/master/src/core/src/main/java/org/apache/jmeter/samplers/StatisticalSampleResult.java>
    /// says.
    fn latency(&self) -> i64 {
        if self.samples <= 1 { self.elapsed } else { (self.elapsed as f64 / f64::from(self.samples)).round() as i64 }
    }

    /// Time from start to end.
    fn extent(&self) -> i64 {
        self.latency().saturating_add(self.idle)
    }

    /// About what the row takes in memory, bytes.
    fn size(&self) -> usize {
        size_of::<Self>()
            + self.label.len()
            + self.thread.group.len()
            + self.failure.as_ref().map_or(0, |failure| failure.len())
    }
}

/// What a row is called whose label is `written` so.
fn named(written: &[u8]) -> &[u8] {
    if written.is_empty() { b"(no label)" } else { written }
}

/// The text of a label that is `written` so, with quotes around it or not.
fn read_label(written: &[u8]) -> Cow<'_, str> {
    unquoted(named(written))
}

/// The samples a transaction controller says it had, if `message` is one's.
fn transaction(message: &[u8]) -> Option<u64> {
    let rest = message.strip_prefix(TRANSACTION)?;
    let end = rest.iter().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
    // A number is always there; without one the controller is taken for a usual one.
    Some(std::str::from_utf8(&rest[..end]).ok().and_then(|digits| digits.parse().ok()).unwrap_or(1))
}

/// What failed: code and message, and what the assertion said.
fn failure(code: &str, message: &str, assertion: &str) -> String {
    let is_controller = transaction(message.as_bytes()).is_some();
    let message = if is_controller { "a sample of the transaction failed" } else { message };
    let words = [code, message, assertion].into_iter().flat_map(str::split_whitespace);
    let said: String = words.flat_map(|word| word.chars().chain([' '])).take(LONGEST_FAILURE).collect();
    // A success by its code: the sample failed by an assertion whose words the file does not have.
    let is_silent = !is_controller && assertion.is_empty() && matches!(code.as_bytes().first(), Some(b'2' | b'3'));
    match (said.trim(), is_silent) {
        ("", _) => "failed".to_owned(),
        (said, true) => format!("{said} (assertion)"),
        (said, false) => said.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::testing::fixture;
    use crate::ingest::{Head, detect};

    #[test]
    fn every_fixture_is_claimed_by_its_own_format_alone() {
        for (name, format) in [
            ("baseline.jtl", "jmeter-csv"),
            ("parent.jtl", "jmeter-csv"),
            ("semicolon.jtl", "jmeter-csv"),
            ("baseline.xml.jtl.gz", "jmeter-xml"),
            ("parent.xml.jtl", "jmeter-xml"),
            ("baseline.statistics.json", "jmeter-statistics"),
        ] {
            let bytes = fixture(&format!("jmeter/{name}"));
            assert_eq!(detect(name, &Head::new(&bytes), None).unwrap().name, format, "{name}");
        }
    }

    #[test]
    fn controllers_are_known_by_their_message() {
        let message = b"Number of samples in transaction : 3, number of failing samples : 0";
        assert_eq!(transaction(message), Some(3));
        assert_eq!(transaction(b"Number of samples in transaction : 0, number of failing samples : 0"), Some(0));
        assert_eq!(transaction(b"OK"), None);
    }

    #[test]
    fn failures_are_one_short_line() {
        assert_eq!(failure("500", "Internal\nServer  Error", ""), "500 Internal Server Error");
        assert_eq!(failure("200", "OK", ""), "200 OK (assertion)");
        assert_eq!(failure("200", "OK", "expected 7"), "200 OK expected 7");
        assert_eq!(failure("", "", ""), "failed");
        assert_eq!(failure("500", &"x".repeat(10_000), "").len(), LONGEST_FAILURE);
    }
}
