//! Columns of a JTL: by the names in its header, or by position where there is none.
//!
//! Names and order: <https://jmeter.apache.org/usermanual/listeners.html#csvlogformat> and
//! <https://github.com/apache/jmeter/blob/master/src/core/src/main/java/org/apache/jmeter/save/CSVSaveService.java>.

use anyhow::{Result, bail};

use super::batch::{Batch, Common, Rest};
use super::time::{Clock, PATTERNS};
use super::{MILLISECOND, TRANSACTION, failure, transaction};
use crate::ingest::digits::number;
use crate::ingest::record::Record;

/// All names of columns, in the order `JMeter` writes them.
const NAMES: [&str; 22] = [
    "timeStamp",
    "elapsed",
    "label",
    "responseCode",
    "responseMessage",
    "threadName",
    "dataType",
    "success",
    "failureMessage",
    "bytes",
    "sentBytes",
    "grpThreads",
    "allThreads",
    "URL",
    "Filename",
    "Latency",
    "Encoding",
    "SampleCount",
    "ErrorCount",
    "Hostname",
    "IdleTime",
    "Connect",
];
/// Names that a line must have to be a header, so that a row cannot be taken for one.
const FEWEST_NAMES: usize = 3;
/// Columns by default: since 4.0, of 3.1 to 3.3, and of 2.13, which writes no header.
const DEFAULTS: [&[&str]; 3] = [
    &[
        "timeStamp",
        "elapsed",
        "label",
        "responseCode",
        "responseMessage",
        "threadName",
        "dataType",
        "success",
        "failureMessage",
        "bytes",
        "sentBytes",
        "grpThreads",
        "allThreads",
        "URL",
        "Latency",
        "IdleTime",
        "Connect",
    ],
    &[
        "timeStamp",
        "elapsed",
        "label",
        "responseCode",
        "responseMessage",
        "threadName",
        "dataType",
        "success",
        "failureMessage",
        "bytes",
        "sentBytes",
        "grpThreads",
        "allThreads",
        "Latency",
        "IdleTime",
        "Connect",
    ],
    &[
        "timeStamp",
        "elapsed",
        "label",
        "responseCode",
        "responseMessage",
        "threadName",
        "dataType",
        "success",
        "bytes",
        "grpThreads",
        "allThreads",
        "Latency",
    ],
];
/// Digits of a time in ms: since 2001 and until 2286.
const STAMP_DIGITS: usize = 13;
/// What is wrong with the file of a `PerfMon` listener.
const PERFMON_FILE: &str = "this is a PerfMon file: its elapsed is a metric times 1000, not a latency; leave it out, and \
                            give memory and CPU as a resource series";
/// What a `PerfMon` listener calls its metrics, after the host.
/// <https://jmeter-plugins.org/wiki/PerfMonMetrics/>
const PERFMON: [&str; 9] = ["CPU", "Memory", "Swap", "Disks I/O", "Network I/O", "TCP", "JMX", "EXEC", "TAIL"];

/// Where the values lie that are read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Columns {
    /// The byte between fields.
    pub(super) delimiter: u8,
    /// Fields of a row.
    pub(super) width: usize,
    stamp: Option<usize>,
    elapsed: Option<usize>,
    label: Option<usize>,
    code: Option<usize>,
    message: Option<usize>,
    data_type: Option<usize>,
    thread: Option<usize>,
    success: Option<usize>,
    failure: Option<usize>,
    users: Option<usize>,
    samples: Option<usize>,
    errors: Option<usize>,
    idle: Option<usize>,
}

impl Columns {
    /// The columns that `JMeter` writes unless it is told to write others.
    pub(super) const USUAL: Self = Self {
        delimiter: b',',
        width: 17,
        stamp: Some(0),
        elapsed: Some(1),
        label: Some(2),
        code: Some(3),
        message: Some(4),
        data_type: Some(6),
        thread: Some(5),
        success: Some(7),
        failure: Some(8),
        users: Some(12),
        samples: None,
        errors: None,
        idle: Some(15),
    };

    /// The columns that a header names; `None` if the line is no header.
    pub(super) fn of_header(line: &[u8]) -> Option<Self> {
        let delimiter = delimiter_of_header(line)?;
        let names: Vec<&str> = line.split(|b| *b == delimiter).map(name).collect();
        let known = names.iter().filter(|name| NAMES.iter().any(|known| known.eq_ignore_ascii_case(name)));
        (known.count() >= FEWEST_NAMES).then(|| Self::of_names(delimiter, &names))
    }

    /// The columns of a row without a header before it; `None` where they cannot be told.
    pub(super) fn of_row(line: &[u8]) -> Option<Self> {
        let digits = line.iter().take_while(|b| b.is_ascii_digit()).count();
        let delimiter = *line.get(digits).filter(|b| digits == STAMP_DIGITS && !b.is_ascii_alphanumeric())?;
        let fields = fields_of_line(line, delimiter);
        let names = DEFAULTS.iter().find(|names| names.len() == fields.len())?;
        let columns = Self::of_names(delimiter, names);
        let is_success = columns.success.is_some_and(|at| boolean(fields[at]).is_some());
        is_success.then_some(columns)
    }

    /// Refuses files that lack what every figure needs.
    ///
    /// # Errors
    /// The missing column and the property that switches it on.
    pub(super) fn check(&self, file: &str) -> Result<()> {
        let needed = [
            (self.stamp, "timeStamp", "jmeter.save.saveservice.timestamp_format=ms"),
            (self.elapsed, "elapsed", "jmeter.save.saveservice.time=true"),
            (self.label, "label", "jmeter.save.saveservice.label=true"),
            (self.success, "success", "jmeter.save.saveservice.successful=true"),
        ];
        for (column, name, remedy) in needed {
            if column.is_none() {
                bail!("{file}: column '{name}' is missing; run JMeter with -J{remedy}");
            }
        }
        Ok(())
    }

    /// Whether a row is of a `PerfMon` listener, whose `elapsed` is a CPU share or so, times a thousand.
    fn is_perfmon(&self, record: Record<'_>) -> bool {
        let label = record.text(self.label);
        let Some((_, metric)) = label.split_once(' ') else { return false };
        let is_metric = |name: &str| metric.strip_prefix(name).is_some_and(|r| r.is_empty() || r.starts_with(' '));
        record.raw(self.thread).is_empty() && record.raw(self.code).is_empty() && PERFMON.into_iter().any(is_metric)
    }

    /// Reads the stamp of a record, which settles the pattern of all.
    pub(super) fn settle(&self, record: Record<'_>, clock: &mut Clock) {
        // What is none of the patterns is told when the row is read.
        let _ = clock.read(record.raw(self.stamp));
    }

    /// Puts the row of a record into a batch.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(&self, record: Record<'_>, clock: &mut Clock, batch: &mut Batch) -> Result<(), String> {
        if record.len() != self.width {
            return Err(self.wrong_width(record));
        }
        let stamp = clock.read(record.raw(self.stamp)).ok_or_else(no_stamp)?;
        let elapsed = milliseconds(record.raw(self.elapsed)).ok_or("'elapsed' is no number")?;
        let ok = boolean(record.raw(self.success)).ok_or("'success' is neither true nor false")?;
        let (label, thread) = (record.field(self.label), record.field(self.thread));
        if record.raw(self.thread).is_empty() && self.is_perfmon(record) {
            return Err(PERFMON_FILE.to_owned());
        }
        let users = count(record.raw(self.users));
        let common = Common { label, thread, stamp, elapsed, users };
        if ok && self.is_usual(record) {
            batch.success(&common);
        } else {
            batch.push(&common);
            self.rest(record, ok, batch);
        }
        Ok(())
    }

    /// Whether a success is surely one sample without a pause, and no controller.
    #[inline]
    fn is_usual(&self, record: Record<'_>) -> bool {
        let is_zero = self.idle.is_none() || record.field(self.idle) == b"0";
        let message = record.field(self.message);
        let is_sample = message.first().is_some_and(|byte| *byte != b'"') && message.len() < TRANSACTION.len();
        is_zero && is_sample && self.samples.is_none()
    }

    /// Adds what is not the same in most rows.
    #[inline(never)]
    fn rest(&self, record: Record<'_>, ok: bool, batch: &mut Batch) {
        let samples = count(record.raw(self.samples)).unwrap_or(1);
        let failed = if ok { 0 } else { samples };
        let message = record.raw(self.message);
        let failure = (!ok).then(|| self.failure(record, batch));
        batch.add(Rest {
            idle: milliseconds(record.raw(self.idle)).unwrap_or(0).max(0),
            samples,
            // One sample is what `success` says: a controller counts the errors of its parts.
            errors: if samples == 1 { failed } else { count(record.raw(self.errors)).unwrap_or(failed).min(samples) },
            transaction: transaction(message),
            silent: message.is_empty() && record.raw(self.data_type).is_empty(),
            failure,
        });
    }

    /// The number of what failed.
    fn failure(&self, record: Record<'_>, batch: &mut Batch) -> u32 {
        let columns = [self.code, self.message, self.failure];
        batch.failure(columns.map(|column| record.field(column)), || {
            let [code, message, assertion] = columns.map(|column| record.text(column));
            failure(&code, &message, &assertion)
        })
    }

    #[cold]
    fn wrong_width(&self, record: Record<'_>) -> String {
        format!("{} fields instead of {}", record.len(), self.width)
    }

    fn of_names(delimiter: u8, names: &[&str]) -> Self {
        // The first of a name: sample variables come last and may be called anything.
        let at = |wanted: &str| names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
        Self {
            delimiter,
            width: names.len(),
            stamp: at("timeStamp"),
            elapsed: at("elapsed"),
            label: at("label"),
            code: at("responseCode"),
            message: at("responseMessage"),
            data_type: at("dataType"),
            thread: at("threadName"),
            success: at("success"),
            failure: at("failureMessage"),
            users: at("allThreads"),
            samples: at("SampleCount"),
            errors: at("ErrorCount"),
            idle: at("IdleTime"),
        }
    }
}

#[cold]
fn no_stamp() -> String {
    format!("'timeStamp' is none of {PATTERNS}")
}

/// The byte after the first name, whatever it is: `JMeter` lets users choose.
fn delimiter_of_header(line: &[u8]) -> Option<u8> {
    let quote = usize::from(line.first() == Some(&b'"'));
    let letters = line[quote..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let after = line.get(quote + letters + quote..)?;
    // A blank is a delimiter only where no other follows.
    let solid = after.trim_ascii_start().first().filter(|b| !b.is_ascii_alphanumeric() && **b != b'"');
    let first = *after.first()?;
    match solid {
        Some(solid) if first == b' ' => Some(*solid),
        _ => first.is_ascii().then_some(first),
    }
}

/// A name of the header, without quotes and blanks around it; other bytes than text are no name.
fn name(field: &[u8]) -> &str {
    let field = field.trim_ascii();
    let unquoted = field.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    std::str::from_utf8(unquoted.unwrap_or(field)).unwrap_or_default()
}

/// Fields of one line, quotes respected but left on.
fn fields_of_line(line: &[u8], delimiter: u8) -> Vec<&[u8]> {
    let mut quoted = false;
    let split = |byte: &u8| {
        quoted ^= *byte == b'"';
        *byte == delimiter && !quoted
    };
    line.split(split).collect()
}

/// `true` or `false` in any case: not every writer is `JMeter`.
#[inline]
fn boolean(text: &[u8]) -> Option<bool> {
    match text {
        b"true" => Some(true),
        text if text.eq_ignore_ascii_case(b"true") => Some(true),
        text if text.eq_ignore_ascii_case(b"false") => Some(false),
        _ => None,
    }
}

/// Milliseconds in ns. Negative ones are handed on: the recorder counts and leaves them out, as it does what is no time.
#[inline]
pub(super) fn milliseconds(text: &[u8]) -> Option<i64> {
    if text == b"0" {
        return Some(0);
    }
    if let Some(whole) = count(text) {
        return Some(i64::from(whole) * MILLISECOND);
    }
    let milliseconds: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some(if milliseconds.is_finite() { (milliseconds * MILLISECOND as f64).round() as i64 } else { -1 })
}

/// A whole number below a thousand millions.
#[inline]
pub(super) fn count(digits: &[u8]) -> Option<u32> {
    const MOST: usize = 9;
    if digits.len() > MOST { None } else { number(digits).map(|number| number as u32) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_delimiter_is_found_in_the_header() {
        for delimiter in [",", ";", "\t", "|", "^", "~"] {
            let columns = Columns::of_header(DEFAULTS[0].join(delimiter).as_bytes()).unwrap();
            assert_eq!((columns.delimiter, columns.width), (delimiter.as_bytes()[0], 17));
            assert_eq!((columns.idle, columns.users), (Some(15), Some(12)));
        }
    }

    #[test]
    fn the_usual_columns_are_those_of_the_usual_header() {
        assert_eq!(Columns::of_header(DEFAULTS[0].join(",").as_bytes()), Some(Columns::USUAL));
    }

    #[test]
    fn sample_variables_are_columns_without_a_meaning() {
        let header = b"timeStamp,elapsed,label,success,SampleCount,ErrorCount,\"SessionName\",\"label\"";
        let columns = Columns::of_header(header).unwrap();
        assert_eq!((columns.width, columns.label, columns.samples), (8, Some(2), Some(4)));
    }

    #[test]
    fn headers_of_other_tools_are_none() {
        for line in [
            "metric_name,timestamp,metric_value,check,error",
            "Type,Name,Request Count,Failure Count,Median Response Time",
            "label,avg_ct,avg_lt,avg_rt,bytes,concurrency,fail",
            "response-time,DNS+dialup,DNS,Request-write,Response-delay",
            "{\"label\": \"elapsed\", \"timeStamp\": 1}",
            "",
            "\"",
        ] {
            assert_eq!(Columns::of_header(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn rows_without_a_header_are_read_by_position_where_they_fit() {
        let modern = b"1795226767635,52,\"a, b\",200,OK,browse 1-2,text,true,,155,122,2,3,http://x/,37,0,28";
        assert_eq!(Columns::of_row(modern).unwrap().users, Some(12));
        let old = b"1795226767635;52;a;200;OK;browse 1-2;text;TRUE;155;2;3;37";
        assert_eq!(Columns::of_row(old).unwrap(), Columns { delimiter: b';', ..Columns::of_names(b';', DEFAULTS[2]) });
        for other in ["1795226767635,52,a,true", "1795226767635000000,200,1,2,3,4,5,6,7,8,9,10", "a,b,c"] {
            assert_eq!(Columns::of_row(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_missing_column_is_named_with_its_remedy() {
        let columns = Columns::of_header(b"timeStamp,label,success,threadName").unwrap();
        let message = columns.check("x.jtl").unwrap_err().to_string();
        assert!(message.contains("'elapsed'") && message.contains("saveservice.time=true"), "{message}");
    }
}
