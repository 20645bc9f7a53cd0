//! Requests with patience: repeated where that cannot do harm, and never a write before looking whether it landed.
//!
//! | what happened | GET, PATCH, DELETE | POST |
//! | --- | --- | --- |
//! | too many requests | wait as long as told, within bounds | the same: it was not carried out |
//! | no answer, half an answer, 5xx | again, up to [`TRIES`] times | look whether it landed, and again only if not |
//! | any other no | the error | the error |

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use super::Access;
use super::error::Error;
use super::exchange::{Answer, Failure, Line, Request};

/// Tries of a request that is lost on the way.
const TRIES: u32 = 4;
/// Wait before the second try, seconds; it doubles from then on.
const FIRST_WAIT: f64 = 1.0;
/// Longest single wait for a limit to end, seconds: what GitHub asks for when it is asked too fast.
const LONGEST_WAIT: u64 = 60;
/// All waits of a client for limits, seconds: a job that waits longer hangs.
const ALL_WAITS: u64 = 180;
/// Requests at once; GitHub asks for few.
const AT_ONCE: usize = 6;
/// Pages of a list, at most: ten thousand things.
const PAGES: usize = 100;
/// What a second of waiting is.
const SECOND: Duration = Duration::from_secs(1);

/// The API, blocking: it drives a runtime of its own.
pub(super) struct Client {
    runtime: Runtime,
    patience: Arc<Patience>,
}

impl Client {
    /// A client of the API.
    ///
    /// # Errors
    /// Address or token cannot be such.
    pub(super) fn new(access: &Access) -> Result<Self> {
        Self::with_second(access, SECOND)
    }

    /// A client whose waits are scaled.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub(super) fn with_second(access: &Access, second: Duration) -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build().context("no runtime for requests")?;
        let line = {
            let _within = runtime.enter();
            Line::new(access)?
        };
        Ok(Self { runtime, patience: Arc::new(Patience { line, second, waited: AtomicU64::new(0) }) })
    }

    /// How many requests were made.
    pub(super) fn requests(&self) -> usize {
        self.patience.line.requests()
    }

    /// Carries out a request that may be carried out more than once.
    ///
    /// # Errors
    /// An [`Error`].
    pub(super) fn repeat(&self, request: &Request) -> Result<Answer> {
        Ok(self.runtime.block_on(self.patience.repeat(request))?)
    }

    /// [`Client::repeat`] for several requests, some at a time; the answers are in their order.
    ///
    /// # Errors
    /// The first error.
    pub(super) fn repeat_all(&self, requests: Vec<Request>) -> Result<Vec<Answer>> {
        let mut answers: Vec<Option<Answer>> = requests.iter().map(|_| None).collect();
        self.runtime
            .block_on(async {
                let mut waiting = requests.into_iter().enumerate();
                let mut running = JoinSet::new();
                loop {
                    while running.len() < AT_ONCE {
                        let Some((at, request)) = waiting.next() else { break };
                        let patience = Arc::clone(&self.patience);
                        running.spawn(async move { patience.repeat(&request).await.map(|answer| (at, answer)) });
                    }
                    let Some(done) = running.join_next().await else { return Ok(()) };
                    let (at, answer) = done.context("a request was dropped")??;
                    answers[at] = Some(answer);
                }
            })
            .and_then(|()| answers.into_iter().collect::<Option<_>>().context("a request without an answer"))
    }

    /// [`Client::repeat`] for a list and all its pages.
    ///
    /// # Errors
    /// As there.
    pub(super) fn pages(&self, request: &Request) -> Result<Vec<Answer>> {
        self.pages_until(request, PAGES)
    }

    /// [`Client::pages`], but no more than `most`.
    ///
    /// # Errors
    /// As there.
    pub(super) fn pages_until(&self, request: &Request, most: usize) -> Result<Vec<Answer>> {
        let mut page = request.clone();
        let mut answers = Vec::new();
        while answers.len() < most.min(PAGES) {
            let answer = self.repeat(&page)?;
            let next = answer.next.clone();
            answers.push(answer);
            let Some(next) = next else { break };
            let path = request.path.split('?').next().unwrap_or_default();
            page.path = format!("{path}?{next}");
        }
        Ok(answers)
    }

    /// Carries out a request that must be carried out once: when nobody knows whether it was, `landed` looks.
    ///
    /// # Errors
    /// An [`Error`], an answer that is not understood, or what `landed` runs into.
    pub(super) fn once<T>(
        &self,
        request: &Request,
        read: impl Fn(&Answer) -> Result<T>,
        landed: impl Fn() -> Result<Option<T>>,
    ) -> Result<T> {
        let mut tried = 1;
        loop {
            let words = match self.runtime.block_on(self.patience.within_limits(request)) {
                Ok(answer) => return read(&answer),
                Err(Stop::Known(error)) => return Err(error.into()),
                Err(Stop::Lost(words)) => words,
            };
            // First the wait: what was lost here may still be under way there.
            self.runtime.block_on(self.patience.pause(tried));
            if let Some(found) = landed().with_context(|| format!("{}: {words}", request.doing))? {
                return Ok(found);
            }
            if tried == TRIES {
                return Err(Error::Unreachable { doing: request.doing.clone(), words }.into());
            }
            tried += 1;
        }
    }

    /// Carries out a request at most once: there is no way to see whether it landed.
    ///
    /// # Errors
    /// An [`Error`]; [`Error::Unreachable`] where it may have been carried out.
    pub(super) fn at_most_once(&self, request: &Request) -> Result<Answer> {
        match self.runtime.block_on(self.patience.within_limits(request)) {
            Ok(answer) => Ok(answer),
            Err(Stop::Known(error)) => Err(error.into()),
            Err(Stop::Lost(words)) => {
                let words = format!("{words}; it may have been carried out and is not repeated");
                Err(Error::Unreachable { doing: request.doing.clone(), words }.into())
            }
        }
    }
}

/// Why a request that waited for limits has no answer.
enum Stop {
    Known(Error),
    Lost(String),
}

/// A line, and how long one waits on it.
struct Patience {
    line: Line,
    /// What a second of waiting is; shorter in tests.
    second: Duration,
    /// Seconds waited for limits so far.
    waited: AtomicU64,
}

impl Patience {
    async fn repeat(&self, request: &Request) -> Result<Answer, Error> {
        let mut tried = 1;
        loop {
            match self.within_limits(request).await {
                Ok(answer) => return Ok(answer),
                Err(Stop::Known(error)) => return Err(error),
                Err(Stop::Lost(words)) if tried == TRIES => {
                    return Err(Error::Unreachable { doing: request.doing.clone(), words });
                }
                Err(Stop::Lost(_)) => self.pause(tried).await,
            }
            tried += 1;
        }
    }

    /// Sends a request, again where the API says that there were too many, as long as the waits are bearable.
    async fn within_limits(&self, request: &Request) -> Result<Answer, Stop> {
        loop {
            let limit = match self.line.send(request).await {
                Ok(answer) => return Ok(answer),
                Err(Failure::Known(error)) => return Err(Stop::Known(error)),
                Err(Failure::Lost(words)) => return Err(Stop::Lost(words)),
                Err(Failure::Limited(limit)) => limit,
            };
            let wait = limit.wait.max(1);
            if wait > LONGEST_WAIT || self.waited.fetch_add(wait, Ordering::Relaxed) + wait > ALL_WAITS {
                let (until, doing) = (limit.until(), request.doing.clone());
                return Err(Stop::Known(Error::Limited { doing, until, words: limit.words }));
            }
            tokio::time::sleep(self.second * u32::try_from(wait).unwrap_or(u32::MAX)).await;
        }
    }

    /// The wait after the `tried`-th try: it doubles, and no two clients wait the same.
    async fn pause(&self, tried: u32) {
        let chance = RandomState::new().hash_one(tried) as f64 / u64::MAX as f64;
        let seconds = FIRST_WAIT * f64::from(1 << (tried - 1)) * (0.5 + chance);
        tokio::time::sleep(self.second.mul_f64(seconds)).await;
    }
}
