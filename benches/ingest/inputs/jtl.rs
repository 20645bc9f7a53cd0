//! Results of JMeter: samples of a shop, made up.
//!
//! Twelve endpoints, latencies log-normal in whole milliseconds, 1 % failures: a third of those without a message, a third
//! with a quoted one, a third with one of several lines. Threads take turns and none does two things at once; stamps are
//! those of the start, so they step back a little. Of the XML a twelfth of the samples have a redirect in them.

use std::io::{self, Write};

use super::{Chance, Input, Sink};

/// Columns of JMeter 5 as it comes.
const HEAD: &str = "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,\
                    bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect";
/// 2026-01-01T00:00:00Z in ms.
const START: u64 = 1_767_225_600_000;
/// Standard deviation of the log of a latency.
const SCATTER: f64 = 0.45;
/// Latencies there are of an endpoint.
const LATENCIES: usize = 8_192;
/// Samples a second of one thread.
const OF_A_THREAD: u64 = 8;
/// Samples of one failure.
const FAILURES: u64 = 100;

struct Endpoint {
    label: &'static str,
    path: &'static str,
    /// Median latency in ms.
    median: f64,
    /// Samples of 22.
    share: usize,
}

#[rustfmt::skip]
const ENDPOINTS: [Endpoint; 12] = [
    Endpoint { label: "GET /", path: "/", median: 3.0, share: 2 },
    Endpoint { label: "GET /static/*", path: "/static/app.js", median: 2.0, share: 2 },
    Endpoint { label: "GET /products", path: "/products?page=3", median: 18.0, share: 2 },
    Endpoint { label: "GET /products/{id}", path: "/products/1234", median: 12.0, share: 4 },
    Endpoint { label: "GET /search", path: "/search?q=shoes", median: 40.0, share: 3 },
    Endpoint { label: "GET /products/{id}/reviews", path: "/products/77/reviews", median: 22.0, share: 2 },
    Endpoint { label: "GET \"recommendations\", v2", path: "/recommendations?u=5", median: 60.0, share: 2 },
    Endpoint { label: "POST /login", path: "/login", median: 35.0, share: 1 },
    Endpoint { label: "POST /cart", path: "/cart", median: 14.0, share: 1 },
    Endpoint { label: "PUT /cart/{id}", path: "/cart/9", median: 15.0, share: 1 },
    Endpoint { label: "POST /orders", path: "/orders", median: 85.0, share: 1 },
    Endpoint { label: "DELETE /session", path: "/session", median: 6.0, share: 1 },
];
/// The one that is redirected.
const REDIRECTED: &str = "POST /orders";

const MESSAGES: [&str; 3] = [
    "",
    "Test failed: code expected to equal /200/, got \"503\"",
    "Assertion \"body\"\nexpected: ok\nactual: <html>é</html>",
];

/// Samples as CSV.
pub(super) fn csv(sink: &mut Sink, input: &Input) -> io::Result<()> {
    writeln!(sink.buffer, "{HEAD}")?;
    let Texts { labels, messages } = Texts::of(input, quoted);
    let mut samples = Samples::new(input);
    let threads = samples.free.len();
    loop {
        let Sample { start, elapsed, endpoint, kind, failure, thread, bytes, sent, connect } = samples.next();
        let (label, path) = (&labels[endpoint], ENDPOINTS[kind].path);
        let (code, success, message) = match failure {
            None => ("200,OK", "true", ""),
            Some(which) => ("503,Service Unavailable", "false", messages[which].as_str()),
        };
        writeln!(
            sink.buffer,
            "{start},{elapsed},{label},{code},Shop users 1-{thread},text,{success},{message},{bytes},{sent},\
             {threads},{threads},https://shop.example.test{path},{elapsed},0,{connect}"
        )?;
        if !sink.has_room()? {
            return Ok(());
        }
    }
}

/// Samples as XML.
pub(super) fn xml(sink: &mut Sink, input: &Input) -> io::Result<()> {
    writeln!(sink.buffer, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testResults version=\"1.2\">")?;
    let Texts { labels, messages } = Texts::of(input, escaped);
    let mut samples = Samples::new(input);
    let threads = samples.free.len();
    loop {
        let Sample { start, elapsed, endpoint, kind, failure, thread, bytes, sent, connect } = samples.next();
        let (label, path) = (&labels[endpoint], ENDPOINTS[kind].path);
        let (success, code) =
            failure.map_or(("true", r#"rc="200" rm="OK""#), |_| ("false", r#"rc="503" rm="Service Unavailable""#));
        let out = &mut sink.buffer;
        let tag = |out: &mut Vec<u8>, suffix: &str| {
            writeln!(
                out,
                r#"<httpSample t="{elapsed}" it="0" lt="{elapsed}" ct="{connect}" ts="{start}" s="{success}" lb="{label}{suffix}" {code} tn="Shop users 1-{thread}" dt="text" by="{bytes}" sby="{sent}" ng="{threads}" na="{threads}">"#
            )
        };
        tag(out, "")?;
        if let Some(which) = failure {
            assertion(out, &messages[which])?;
        }
        let url = format_args!("  <java.net.URL>https://shop.example.test{path}</java.net.URL>");
        if ENDPOINTS[kind].label == REDIRECTED {
            tag(out, "-0")?;
            writeln!(out, "{url}\n</httpSample>")?;
        }
        writeln!(out, "{url}\n</httpSample>")?;
        if !sink.has_room()? {
            return writeln!(sink.buffer, "</testResults>");
        }
    }
}

/// What tells why a sample failed.
fn assertion(out: &mut Vec<u8>, message: &str) -> io::Result<()> {
    writeln!(
        out,
        "  <assertionResult>\n    <name>Response Assertion</name>\n    <failure>true</failure>\n    \
         <error>false</error>\n    <failureMessage>{message}</failureMessage>\n  </assertionResult>"
    )
}

/// What a row says.
struct Sample {
    /// Time in ms, and ms.
    start: u64,
    elapsed: u64,
    /// Index of the label, and of what it is like in [`ENDPOINTS`].
    endpoint: usize,
    kind: usize,
    /// Index of the message.
    failure: Option<usize>,
    thread: usize,
    bytes: u64,
    sent: u64,
    connect: u64,
}

struct Samples {
    chance: Chance,
    rate: u64,
    /// Indexes of [`ENDPOINTS`], each as often as its share.
    mix: Vec<usize>,
    /// Endpoints of equal share instead.
    equal: Option<usize>,
    /// Latencies of each of [`ENDPOINTS`] in ms.
    latencies: Vec<Vec<u64>>,
    /// When threads are done, in ms.
    free: Vec<u64>,
    number: u64,
}

impl Samples {
    fn new(input: &Input) -> Self {
        let mut chance = Chance(input.seed);
        let mut latencies =
            |median: f64| (0..LATENCIES).map(|_| (median * chance.factor(SCATTER)).round().max(1.0) as u64).collect();
        let latencies = ENDPOINTS.iter().map(|endpoint| latencies(endpoint.median)).collect();
        let mix = (ENDPOINTS.iter().enumerate()).flat_map(|(kind, endpoint)| vec![kind; endpoint.share]).collect();
        let free = vec![0; (input.rate / OF_A_THREAD).max(1) as usize];
        Self { chance, rate: input.rate, mix, equal: input.endpoints, latencies, free, number: 0 }
    }

    fn next(&mut self) -> Sample {
        let bits = self.chance.bits();
        let part = |from: u32, width: u32| (bits >> from) & ((1 << width) - 1);
        let endpoint = match self.equal {
            Some(count) => part(0, 24) as usize % count,
            None => self.mix[part(0, 24) as usize % self.mix.len()],
        };
        let kind = endpoint % ENDPOINTS.len();
        let elapsed = self.latencies[kind][part(24, 13) as usize];
        let thread = self.number as usize % self.free.len();
        let start = (START + 1_000 * self.number / self.rate + part(37, 4)).max(self.free[thread]);
        self.free[thread] = start + elapsed + 1;
        self.number += 1;
        let chance = self.chance.bits();
        let failure = chance.is_multiple_of(FAILURES).then_some((chance / FAILURES) as usize % MESSAGES.len());
        let (bytes, sent, connect) = (300 + part(41, 12), 180 + part(53, 7), part(60, 2));
        Sample { start, elapsed, endpoint, kind, failure, thread: thread + 1, bytes, sent, connect }
    }
}

/// Labels and messages as a format writes them.
struct Texts {
    labels: Vec<String>,
    messages: [String; MESSAGES.len()],
}

impl Texts {
    fn of(input: &Input, write: fn(&str) -> String) -> Self {
        let label = |at: usize| match (ENDPOINTS[at % ENDPOINTS.len()].label, at / ENDPOINTS.len()) {
            (label, 0) => write(label),
            (label, more) => write(&format!("{label} {more}")),
        };
        let labels = (0..input.endpoints.unwrap_or(ENDPOINTS.len())).map(label).collect();
        Self { labels, messages: MESSAGES.map(write) }
    }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}
