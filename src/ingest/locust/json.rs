//! The JSON of `--json` and `--json-file`: an array with a histogram of response times for each endpoint.

use std::collections::BTreeMap;
use std::io::BufRead;

use anyhow::Result;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};

use super::{TOOL, endpoint_name, resolution};
use crate::ingest::aggregate::endpoint;
use crate::ingest::document::{After, Ending, stream};
use crate::ingest::tally::sum;
use crate::ingest::{Detail, Format, Head, Input, Recorder};
use crate::model::{ALL, Basis, Endpoint, Histogram, Latency, Resolution};

pub(in crate::ingest) const FORMAT: Format = Format {
    name: "locust-json",
    tool: TOOL,
    about: "Locust --json or --json-file",
    detail: Detail::Histogram,
    detect,
    read,
};

/// Milliseconds per second.
const MILLIS: f64 = 1e3;

/// One element of the array, as `StatsEntry.serialize` writes it
/// (<https://github.com/locustio/locust/blob/master/locust/stats.py>).
#[derive(Debug, Deserialize)]
struct Entry {
    name: String,
    method: Option<String>,
    last_request_timestamp: Option<f64>,
    start_time: Option<f64>,
    num_requests: u64,
    #[serde(default)]
    num_none_requests: u64,
    num_failures: u64,
    total_response_time: f64,
    max_response_time: Option<f64>,
    min_response_time: Option<f64>,
    #[serde(deserialize_with = "buckets")]
    response_times: Vec<(f64, u64)>,
}

fn detect(head: &Head<'_>) -> bool {
    let Some(array) = head.lines().position(begins_array) else { return false };
    let has = |key: &[u8]| memchr::memmem::find(head.bytes(), key).is_some();
    let empty = head.lines().nth(array).map(<[u8]>::trim_ascii) == Some(b"[]") && head.lines().count() == array + 1;
    empty || (has(b"\"num_requests\"") && has(b"\"response_times\""))
}

fn read(input: &mut Input<'_>, recorder: &mut Recorder) -> Result<()> {
    let begun = skip_console(input)?;
    let mut entries = Vec::new();
    let what = "the JSON of Locust's --json";
    if let Ending::Cut(why) = stream(input, &begun, what, After::Anything, Entries(&mut entries))? {
        input.truncated(&why, recorder)?;
    }
    let keys = entries.iter().flat_map(|entry| entry.response_times.iter().map(|(ms, _)| *ms));
    let resolution = resolution::infer(keys);
    let duration = finish_times(&entries, recorder);
    let endpoints: Vec<Endpoint> = entries.into_iter().map(|entry| entry.endpoint(resolution, duration)).collect();
    // After a reset an endpoint may be without requests; it would leave the whole without latencies.
    let with_requests: Vec<Endpoint> = endpoints.iter().filter(|e| e.count > Some(0)).cloned().collect();
    let nothing = || Endpoint { count: Some(0), errors: Some(0), ..Endpoint::new(ALL) };
    recorder.aggregate(sum(&with_requests, duration).unwrap_or_else(nothing));
    endpoints.into_iter().for_each(|endpoint| recorder.aggregate(endpoint));
    Ok(())
}

/// What a line that begins the array looks like: a log line in brackets does not.
fn begins_array(line: &[u8]) -> bool {
    let Some(rest) = line.trim_ascii().strip_prefix(b"[") else { return false };
    match rest.trim_ascii() {
        b"" | b"]" => true,
        rest => rest.strip_prefix(b"{").is_some_and(|key| matches!(key.trim_ascii().first(), None | Some(b'"'))),
    }
}

/// Reads past what the locustfile printed before the array and returns what was read of the array.
fn skip_console(input: &mut Input<'_>) -> Result<Vec<u8>> {
    if input.fill_buf()?.trim_ascii_start().first() == Some(&b'[')
        && Head::new(input.fill_buf()?).lines().take(1).all(begins_array)
    {
        return Ok(Vec::new());
    }
    while let Some(line) = input.next_line()? {
        if begins_array(line.bytes) {
            return Ok([line.bytes, b"\n"].concat());
        }
    }
    Ok(Vec::new())
}

/// Sets when the run began and how long it took; returns the latter.
fn finish_times(entries: &[Entry], recorder: &mut Recorder) -> Option<f64> {
    let start = entries.iter().filter_map(|entry| entry.start_time).reduce(f64::min);
    let end = entries.iter().filter_map(|entry| entry.last_request_timestamp).reduce(f64::max);
    let duration = start.zip(end).map(|(start, end)| end - start).filter(|seconds| *seconds > 0.0);
    let run = recorder.run();
    run.basis = Basis::All;
    run.started_at = start.and_then(|start| Timestamp::from_microsecond((start * 1e6) as i64).ok());
    run.duration = duration;
    duration
}

impl Entry {
    fn endpoint(self, resolution: Resolution, duration: Option<f64>) -> Endpoint {
        let measured = self.num_requests.saturating_sub(self.num_none_requests);
        let latency = (measured > 0).then(|| Latency {
            count: Some(measured),
            mean: Some(self.total_response_time / MILLIS / measured as f64),
            min: self.min_response_time.map(|ms| ms / MILLIS),
            max: self.max_response_time.map(|ms| ms / MILLIS),
            quantiles: BTreeMap::new(),
            histogram: Some(Histogram::from_seconds(self.response_times.iter().map(|(ms, n)| (ms / MILLIS, *n)))),
            resolution,
        });
        let name = endpoint_name(self.method.as_deref().unwrap_or_default(), &self.name);
        endpoint(&name, self.num_requests, self.num_failures, latency, duration)
    }
}

/// `{"37": 1, "4": 31}`: milliseconds, rounded, and how often.
fn buckets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(f64, u64)>, D::Error> {
    let counts = BTreeMap::<String, u64>::deserialize(deserializer)?;
    let bucket = |(key, count): (String, u64)| match key.parse::<f64>() {
        Ok(ms) if ms.is_finite() && ms >= 0.0 => Ok((ms, count)),
        _ => Err(D::Error::custom(format!("'{key}' in response_times is no number of milliseconds"))),
    };
    counts.into_iter().map(bucket).collect()
}

/// Collects the elements of the array as far as they are whole.
struct Entries<'a>(&'a mut Vec<Entry>);

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array of endpoints")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(entry) = elements.next_element()? {
            self.0.push(entry);
        }
        Ok(())
    }
}
