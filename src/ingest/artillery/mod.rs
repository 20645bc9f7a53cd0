//! Artillery: the report of `--output`, of version 2 and of version 1.
//!
//! Both are `{"aggregate": …, "intermediate": […]}`. Version 2 has final figures made from sketches; version 1 has in
//! `intermediate` every latency, so the document may be large: it is read as it passes. Neither counts HTTP 4xx and 5xx
//! as failures; here they are. Definitions: <https://github.com/artilleryio/artillery>, `packages/core/lib/ssms.js` and
//! (version 1) `lib/stats2.js`.

mod latencies;
mod report;
mod v1;
mod v2;

pub(super) use v1::FORMAT as V1;
pub(super) use v2::FORMAT as V2;

use std::collections::BTreeMap;

use crate::ingest::{Head, Recorder};

/// The tool's name.
const TOOL: &str = "artillery";
/// The first status code of an HTTP error.
const FIRST_ERROR_CODE: u16 = 400;
/// Milliseconds per second.
const MILLIS: f64 = 1e3;

/// The version of the report that starts with `head`.
fn version(head: &Head<'_>) -> Option<u8> {
    let keys = head.keys();
    let has = |key: &[u8]| memchr::memmem::find(head.bytes(), key).is_some();
    if !keys.contains(&b"aggregate".as_slice()) && !keys.contains(&b"intermediate".as_slice()) {
        return None;
    }
    if has(b"\"scenariosCreated\"") || has(b"\"requestsCompleted\"") {
        return Some(1);
    }
    has(b"\"counters\"").then_some(2)
}

/// Whether a status code is one of an error.
fn is_error(code: &str) -> bool {
    code.parse::<u16>().is_ok_and(|code| code >= FIRST_ERROR_CODE)
}

/// Answers with an error code.
fn error_answers(codes: &BTreeMap<String, u64>) -> u64 {
    codes.iter().filter(|(code, _)| is_error(code)).map(|(_, count)| count).sum()
}

/// Notes kinds of failures: error codes and what went wrong without an answer.
fn tell_failures(
    endpoint: Option<&str>,
    codes: &BTreeMap<String, u64>,
    errors: &BTreeMap<String, u64>,
    recorder: &mut Recorder,
) {
    for (code, count) in codes.iter().filter(|(code, _)| is_error(code)) {
        recorder.failure(endpoint, &format!("HTTP {code}"), *count);
    }
    for (error, count) in errors.iter().filter(|(_, count)| **count > 0) {
        recorder.failure(endpoint, error, *count);
    }
}

/// Says that answers count as errors that Artillery itself lets pass.
fn warn_of_error_answers(answers: u64, recorder: &mut Recorder) {
    if answers > 0 {
        recorder.run().warn(format!(
            "{answers} answers of status 400 and above count as errors here; Artillery does not count them as failed"
        ));
    }
}

#[cfg(test)]
mod tests;
