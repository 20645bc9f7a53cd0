//! What the points of k6's raw outputs mean, whichever file they come from.
//!
//! The latency of a request is `http_req_duration`; its label is the tag `name`. It succeeded where the script expected
//! the response (tag `expected_response`; a 404 may be expected). The time of a point is the **end** of the request.

use std::collections::VecDeque;

use hashbrown::HashMap;

use super::known::Tail;
use super::metric;
use super::seconds::{Held, Numbered, Placed, SECOND, Seconds};
use crate::ingest::observation::rounded;
use crate::ingest::successes::Successes;
use crate::ingest::{Found, Label, Observation, Recorder, Sampled, nanos};
use crate::model;

/// Requests that wait for their `http_req_failed`, which k6 writes a few lines below.
const MOST_WAITING: usize = 64;
/// Groups in which k6 runs `setup()` and `teardown()`.
const AROUND: [&str; 2] = ["::setup", "::teardown"];
/// First HTTP status that is a failure where the file says nothing better.
const FIRST_BAD_STATUS: u16 = 400;

/// One value of one metric.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point<'a> {
    /// Name of the metric.
    pub(super) metric: &'a str,
    /// Unix time in ns; for requests, of their end.
    pub(super) time: i64,
    /// The value as k6 writes it; NaN where it wrote none.
    pub(super) value: f64,
    /// The endpoint: the tag `name`, which is the address unless the script sets it.
    pub(super) label: Label<'a>,
    /// What else it belongs to.
    pub(super) tags: Tags<'a>,
}

/// The tags that are looked at; those that a point does not have are empty.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tags<'a> {
    pub(super) group: &'a str,
    pub(super) status: &'a str,
    pub(super) error: &'a str,
    pub(super) error_code: &'a str,
    pub(super) expected_response: &'a str,
}

/// The endpoint by the tags that may tell it.
pub(super) fn label<'a>(name: &'a str, url: &'a str, method: &'a str) -> Label<'a> {
    Label::new([name, url, method].into_iter().find(|tag| !tag.is_empty()).unwrap_or("(unnamed)"))
}

/// What a point is taken as, which follows from its metric and its tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A request that succeeded as it was expected to.
    Success,
    /// A request of which nothing but `http_req_failed` can tell if it succeeded.
    Undecided,
    /// A group that has a name.
    Group,
    /// A check.
    Check,
    /// A metric of the script or of a module.
    Sample,
    /// Whatever else.
    Other,
}

impl Kind {
    /// That of a point.
    pub(super) fn of(point: &Point<'_>) -> Self {
        let tags = &point.tags;
        let is_request = point.metric == metric::DURATION;
        match point.metric {
            _ if is_request && !matches!(tags.expected_response, "true" | "false") => Self::Undecided,
            _ if is_around(tags.group) => Self::Other,
            _ if is_request && tags.expected_response == "true" => Self::Success,
            metric::GROUP if !tags.group.is_empty() => Self::Group,
            metric::CHECKS => Self::Check,
            name if !metric::is_built_in(name) => Self::Sample,
            _ => Self::Other,
        }
    }
}

/// Takes the points of one file.
#[derive(Default)]
pub(super) struct Points {
    types: HashMap<String, Sampled>,
    /// Metrics whose types were declared.
    declared: u32,
    waiting: VecDeque<Waiting>,
    joining: bool,
    around: u64,
    undecided: u64,
    users: Option<u64>,
    most_users: Option<u64>,
    dropped: f64,
    /// Where times are whole seconds: the requests that wait to be spread over theirs, and room to count them.
    seconds: Option<Seconds>,
    successes: Successes,
}

/// A request whose success is told by another point.
struct Waiting {
    label: String,
    time: i64,
    value: f64,
    /// What its other tags say; `None` if nothing.
    by_tags: Option<bool>,
    failure: String,
}

impl Points {
    /// Whether requests wait for their `http_req_failed`, or did: k6 then writes one for each.
    pub(super) fn is_joining(&self) -> bool {
        self.joining
    }

    /// From here on times are whole seconds.
    pub(super) fn coarse(&mut self) {
        self.seconds.get_or_insert_default();
    }

    /// Takes the type of a metric, as the JSON output declares it.
    pub(super) fn declare(&mut self, metric: &str, kind: &str, contains: &str, recorder: &mut Recorder) {
        let Some(sampled) = metric::sampled(kind, contains) else { return };
        self.declared += 1;
        let twice = self.types.insert(metric.to_owned(), sampled).is_some();
        if twice && metric == metric::DURATION {
            recorder.run().warn("the file declares http_req_duration twice: it holds several runs, which count as one");
        }
    }

    /// Takes a point with that time, value and tail.
    #[inline]
    pub(super) fn take(&mut self, time: i64, value: f64, tail: &mut Tail, recorder: &mut Recorder) {
        let (mut found, mut numbered) = (tail.found, tail.numbered);
        match tail.kind {
            Kind::Success => {
                let request = Held { label: tail.label(), milliseconds: value, ok: true };
                self.observe(time, request, &mut found, &mut numbered, recorder);
            }
            Kind::Group => group(tail.group(), time, value, &mut found, recorder),
            Kind::Check | Kind::Sample => return self.sample(value, tail, recorder),
            Kind::Undecided | Kind::Other => return self.take_unusual(&tail.point(time, value), recorder),
        }
        (tail.found, tail.numbered) = (found, numbered);
    }

    /// Whether requests of that many labels can be counted.
    pub(super) fn can_count(&self, labels: usize, recorder: &Recorder) -> bool {
        recorder.has_room_for(labels + self.waiting.len())
    }

    /// Takes the requests or checks of a tail that were counted.
    pub(super) fn take_counted(tail: &mut Tail, recorder: &mut Recorder) {
        let (mut found, mut metric) = (tail.found, tail.metric);
        if tail.kind == Kind::Check {
            for (value, times) in [0.0, 1.0].into_iter().zip(tail.counted.checks).filter(|(_, times)| *times > 0) {
                recorder.sample(tail.metric(), Sampled::Rate, value, times, &mut metric);
            }
        } else {
            recorder.observe_counted(tail.label(), &tail.counted.success, &mut found);
        }
        (tail.found, tail.metric) = (found, metric);
    }

    /// Tells the recorder what the whole file says.
    pub(super) fn finish(mut self, recorder: &mut Recorder) {
        while let Some(waiting) = self.waiting.pop_front() {
            self.settle(&waiting, None, recorder);
        }
        if let Some(mut seconds) = self.seconds.take() {
            seconds.finish(|placed| record(placed, &mut self.successes, recorder));
        }
        let run = recorder.run();
        // Shards of a distributed test run at the same time: their users add up.
        if let Some(users) = self.users.or(self.most_users) {
            run.load.peak_users = Some(run.load.peak_users.unwrap_or(0) + users);
        }
        tell_dropped(run, self.dropped);
        if self.around > 0 {
            run.warn(format!("{} requests of setup() and teardown() were left out", self.around));
        }
        if self.undecided > 0 {
            run.warn(format!(
                "{} requests count as successful because nothing says whether they were: \
                 keep the system tag expected_response or status",
                self.undecided
            ));
        }
    }

    #[inline(never)]
    fn take_unusual(&mut self, point: &Point<'_>, recorder: &mut Recorder) {
        if is_around(point.tags.group) {
            self.around += u64::from(point.metric == metric::DURATION);
            return;
        }
        match point.metric {
            metric::DURATION => self.request(point, recorder),
            metric::FAILED => self.decide(point, recorder),
            metric::USERS => self.users = self.users.max(Some(point.value as u64)),
            metric::MOST_USERS => self.most_users = self.most_users.max(Some(point.value as u64)),
            metric::DROPPED => self.dropped += point.value,
            _ => {}
        }
    }

    /// Takes a request that failed, or of which that is not known.
    fn request(&mut self, point: &Point<'_>, recorder: &mut Recorder) {
        if point.tags.expected_response != "false" {
            return self.wait(point, recorder);
        }
        let request = Held { label: point.label, milliseconds: point.value, ok: false };
        self.observe(point.time, request, &mut Found::default(), &mut Numbered::default(), recorder);
        recorder.failure(Some(point.label.text()), &failure(&point.tags), 1);
    }

    /// Keeps a request until its `http_req_failed` comes.
    fn wait(&mut self, point: &Point<'_>, recorder: &mut Recorder) {
        self.joining = true;
        self.waiting.push_back(Waiting {
            label: point.label.text().to_owned(),
            time: point.time,
            value: point.value,
            by_tags: succeeded(&point.tags),
            failure: failure(&point.tags),
        });
        if self.waiting.len() > MOST_WAITING
            && let Some(oldest) = self.waiting.pop_front()
        {
            self.settle(&oldest, None, recorder);
        }
    }

    /// Joins an `http_req_failed` with its request: both have the same time and tags.
    fn decide(&mut self, point: &Point<'_>, recorder: &mut Recorder) {
        let found = self.waiting.iter().position(|w| w.time == point.time && w.label == point.label.text());
        if let Some(waiting) = found.and_then(|at| self.waiting.remove(at)) {
            self.settle(&waiting, Some(point.value == 0.0), recorder);
        }
    }

    fn settle(&mut self, waiting: &Waiting, told: Option<bool>, recorder: &mut Recorder) {
        let decided = told.or(waiting.by_tags);
        self.undecided += u64::from(decided.is_none());
        let ok = decided.unwrap_or(true);
        let request = Held { label: Label::new(&waiting.label), milliseconds: waiting.value, ok };
        self.observe(waiting.time, request, &mut Found::default(), &mut Numbered::default(), recorder);
        if !ok {
            recorder.failure(Some(&waiting.label), &waiting.failure, 1);
        }
    }

    /// Hands a request on, at once or when its second is whole.
    fn observe(
        &mut self,
        end: i64,
        request: Held<'_>,
        found: &mut Found,
        numbered: &mut Numbered,
        recorder: &mut Recorder,
    ) {
        match &mut self.seconds {
            None => observe(end, request, found, recorder),
            Some(seconds) => {
                let successes = &mut self.successes;
                if !seconds.take(end, request, numbered, |placed| record(placed, successes, recorder)) {
                    observe(end + SECOND / 2, request, &mut Found::default(), recorder);
                }
            }
        }
    }

    /// Takes a check, or a value of a metric of the script or of a module.
    fn sample(&self, value: f64, tail: &mut Tail, recorder: &mut Recorder) {
        let known = tail.sampled.filter(|(declared, _)| *declared == self.declared);
        let how = known.map_or_else(|| self.sampled(tail.metric()), |(_, how)| how);
        tail.sampled = Some((self.declared, how));
        let value = match how {
            Sampled::Trend(unit) | Sampled::Counter(unit) | Sampled::Gauge(unit) => metric::tidied(value, unit),
            Sampled::Rate => value,
        };
        let mut found = tail.metric;
        recorder.sample(tail.metric(), how, value, 1, &mut found);
        tail.metric = found;
    }

    /// How values of a metric are read, as far as is known now.
    fn sampled(&self, name: &str) -> Sampled {
        let declared = || self.types.get(name).copied().unwrap_or_else(|| metric::by_name(name));
        if name == metric::CHECKS { Sampled::Rate } else { declared() }
    }
}

/// Adds iterations that were not started to the run, with a warning: the load asked for was not reached.
pub(super) fn tell_dropped(run: &mut crate::model::Run, dropped: f64) {
    if dropped > 0.0 {
        let dropped = dropped as u64;
        run.load.dropped_iterations = Some(run.load.dropped_iterations.unwrap_or(0) + dropped);
        run.warn(format!(
            "k6 dropped {dropped} iterations: the load asked for was not reached, and the worst latencies are missing"
        ));
    }
}

/// Whether a group is that of `setup()` or `teardown()`, or one inside them.
pub(super) fn is_around(group: &str) -> bool {
    let inside =
        |around: &str| group.strip_prefix(around).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
    group.starts_with("::") && AROUND.iter().any(|around| inside(around))
}

/// Records the requests of a second.
fn record(placed: &Placed, successes: &mut Successes, recorder: &mut Recorder) {
    let (labels, is_counting) = (placed.labels(), recorder.has_room(placed.labels(), MOST_WAITING));
    let mut found = vec![Found::default(); labels.len()];
    for (end, label, milliseconds, ok) in placed.requests() {
        match u64::try_from(nanos(milliseconds / metric::MILLIS)) {
            Ok(latency) if ok && is_counting => successes.add_exactly(label, start(end, milliseconds), latency),
            _ => {
                let request = Held { label: labels.label(label), milliseconds, ok };
                observe(end, request, &mut found[label as usize], recorder);
            }
        }
    }
    recorder.observe_all(labels, successes);
    successes.clear();
}

fn observe(end: i64, request: Held<'_>, found: &mut Found, recorder: &mut Recorder) {
    let Held { label, milliseconds, ok } = request;
    let (start, latency) = (Some(start(end, milliseconds)), nanos(milliseconds / metric::MILLIS));
    recorder.observe_again(&Observation { label, kind: model::Kind::Request, start, latency, ok, weight: 1 }, found);
}

/// A group is a transaction; a point without the tag does not say of which group it is.
fn group(label: Label<'_>, end: i64, milliseconds: f64, found: &mut Found, recorder: &mut Recorder) {
    let (start, latency) = (Some(start(end, milliseconds)), nanos(milliseconds / metric::MILLIS));
    let kind = model::Kind::Transaction;
    recorder.observe_again(&Observation { label, kind, start, latency, ok: true, weight: 1 }, found);
}

/// When a request started that ended at `end`, Unix time in ns.
#[inline]
pub(super) fn start(end: i64, milliseconds: f64) -> i64 {
    end.saturating_sub(rounded(milliseconds * 1e6))
}

/// Whether a request succeeded as far as its status or error tell; `None` if they do not.
fn succeeded(tags: &Tags<'_>) -> Option<bool> {
    match tags.status.parse::<u16>() {
        Ok(status) => Some((1..FIRST_BAD_STATUS).contains(&status)),
        Err(_) if tags.error.is_empty() && tags.error_code.is_empty() => None,
        Err(_) => Some(false),
    }
}

/// What failed: the status where there was an answer, else k6's code and text.
fn failure(tags: &Tags<'_>) -> String {
    match (tags.status, tags.error_code, tags.error) {
        (status, ..) if !matches!(status, "" | "0") => format!("status {status}"),
        (_, "", "") => "no answer".to_owned(),
        (_, "", error) => error.to_owned(),
        (_, code, "") => format!("error {code}"),
        (_, code, error) => format!("error {code}: {error}"),
    }
}
