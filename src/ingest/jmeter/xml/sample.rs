//! A sample, as the attributes of its tag tell.

use anyhow::{Context, Result};

use super::super::columns::{count, milliseconds};
use super::super::tags::{Expected, attributes};
use super::super::thread::parts;
use super::super::time::Clock;
use super::super::{MILLISECOND, Row, Thread, failure, named, transaction};
use super::texts::{Texts, text};

/// The attributes that are read; texts are raw, and what is missing or cannot be read is `None`.
pub(super) struct Sample<'a> {
    /// Time in ns.
    elapsed: Option<i64>,
    /// Start or end, Unix time in ns.
    stamp: Option<i64>,
    success: Option<bool>,
    label: Option<&'a [u8]>,
    code: &'a [u8],
    message: &'a [u8],
    data_type: &'a [u8],
    thread: &'a [u8],
    /// Idle time in ns.
    idle: Option<i64>,
    users: Option<u32>,
    samples: Option<u32>,
    errors: Option<u32>,
}

impl<'a> Sample<'a> {
    /// The attributes as `JMeter` writes them, in its order, up to one that is different.
    #[inline(always)]
    pub(super) fn expected(tag: &mut Expected<'a>) -> Self {
        let nanos = |ms: u32| i64::from(ms) * MILLISECOND;
        let elapsed = tag.number(b" t=\"").map(nanos);
        let idle = tag.number(b" it=\"").map(nanos);
        tag.number(b" lt=\"");
        tag.number(b" ct=\"");
        let stamp = tag.stamp(b" ts=\"").and_then(|ms| ms.checked_mul(MILLISECOND));
        let success = if tag.is(b" s=\"true\"") { Some(true) } else { tag.is(b" s=\"false\"").then_some(false) };
        let label = tag.value(b" lb=\"");
        let is_ok = tag.is(b" rc=\"200\" rm=\"OK\"");
        let code = if is_ok { b"200" } else { tag.value(b" rc=\"").unwrap_or_default() };
        let message = if is_ok { b"OK" } else { tag.value(b" rm=\"").unwrap_or_default() };
        let thread = tag.value(b" tn=\"").unwrap_or_default();
        let is_text = tag.is(b" dt=\"text\"");
        let data_type = if is_text { b"text" } else { tag.value(b" dt=\"").unwrap_or_default() };
        tag.value(b" de=\"");
        tag.number(b" by=\"");
        tag.number(b" sby=\"");
        let samples = tag.number(b" sc=\"");
        let errors = tag.number(b" ec=\"");
        tag.number(b" ng=\"");
        let users = tag.number(b" na=\"");
        tag.value(b" hn=\"");
        Self { elapsed, stamp, success, label, code, message, data_type, thread, idle, users, samples, errors }
    }

    /// Takes the attributes that are left, in whatever order and form.
    #[inline(never)]
    pub(super) fn complete(&mut self, rest: &'a [u8]) {
        for (name, value) in attributes(rest) {
            match name {
                b"t" => self.elapsed = milliseconds(value),
                // Each by itself: nothing says that all are of one pattern.
                b"ts" => self.stamp = Clock::default().read(value),
                b"s" => self.success = boolean(value),
                b"lb" => self.label = Some(value),
                // `rs` before 2.1.
                b"rc" | b"rs" => self.code = value,
                b"rm" => self.message = value,
                b"dt" => self.data_type = value,
                b"tn" => self.thread = value,
                b"it" => self.idle = milliseconds(value),
                b"na" => self.users = count(value),
                b"sc" => self.samples = count(value),
                b"ec" => self.errors = count(value),
                _ => {}
            }
        }
    }

    /// The row of the sample.
    ///
    /// # Errors
    /// The attribute that is missing, and how to have it written.
    #[inline(always)]
    pub(super) fn row<'b>(&self, labels: &'b mut Texts, groups: &'b mut Texts) -> Result<Row<'b>>
    where
        'a: 'b,
    {
        let stamp = self.stamp;
        let stamp =
            stamp.context("attribute 'ts' is missing or no time; -Jjmeter.save.saveservice.timestamp_format=ms")?;
        let elapsed = self.elapsed;
        let elapsed = elapsed.context("attribute 't' is missing or no number; -Jjmeter.save.saveservice.time=true")?;
        let ok = self
            .success
            .context("attribute 's' is neither true nor false; -Jjmeter.save.saveservice.successful=true")?;
        let label = self.label.context("attribute 'lb' is missing; -Jjmeter.save.saveservice.label=true")?;
        let samples = self.samples.unwrap_or(1);
        let failed = if ok { 0 } else { samples };
        let (label, hash) = labels.of(named(label));
        let thread = thread(self.thread, groups);
        Ok(Row {
            label,
            hash,
            thread,
            stamp,
            elapsed,
            idle: self.idle.unwrap_or(0).max(0),
            samples,
            errors: if samples == 1 { failed } else { self.errors.unwrap_or(failed).min(samples) },
            transaction: transaction(self.message),
            silent: self.message.is_empty() && self.data_type.is_empty(),
            failure: (!ok).then(|| self.failure().into()),
            users: self.users.map(u64::from),
        })
    }

    #[inline(never)]
    fn failure(&self) -> String {
        failure(&text(self.code), &text(self.message), "")
    }
}

/// The thread of a raw name. Threads are many and their groups few, so groups are what is remembered.
#[inline(always)]
fn thread<'a>(raw: &'a [u8], groups: &'a mut Texts) -> Thread<'a> {
    let (group, member) = parts(raw);
    match groups.plain(group) {
        Some((group, hash)) => Thread::of(group.into(), hash, member),
        // A reference may stand for what is before the digits.
        None => Thread::new(text(raw)),
    }
}

/// `true` or `false` in any case: not every writer is `JMeter`.
fn boolean(value: &[u8]) -> Option<bool> {
    match value {
        value if value.eq_ignore_ascii_case(b"true") => Some(true),
        value if value.eq_ignore_ascii_case(b"false") => Some(false),
        _ => None,
    }
}
