//! One request and its answer: bounded in time and size, and judged by what a caller can do about it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use octocrab::Octocrab;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::Access;
use super::error::{Error, safe, words};
use super::limits::{self, Limit};

/// Waiting for a connection, at most.
const CONNECT: Duration = Duration::from_secs(10);
/// Silence while reading or writing, at most; GitHub itself gives up after 10 s.
const SILENCE: Duration = Duration::from_secs(30);
/// A whole request, at most: also an answer that drips.
const WHOLE: Duration = Duration::from_secs(120);
/// Largest answer, bytes: a page of a hundred issues with the longest texts is 7 MB.
pub(super) const ANSWER: usize = 16 << 20;
/// Largest answer with a file, bytes: files may have 100 MB, and come in base64.
pub(super) const FILE: usize = 140 << 20;

/// What is asked; `Delete` and `Get` have no body.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    Get,
    Delete,
    Patch(Value),
    Post(Value),
}

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) ask: Ask,
    /// Path and query below the API's address: `/repos/octocat/hello/issues?page=2`.
    pub(super) path: String,
    /// What is being done, for messages: `octocat/hello: opening an issue`.
    pub(super) doing: String,
    /// What the job's `permissions:` must have.
    pub(super) needs: &'static str,
    /// Largest answer, bytes.
    pub(super) largest: usize,
}

/// A whole answer that says yes.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) body: Vec<u8>,
    /// Query of the next page.
    pub(super) next: Option<String>,
    doing: String,
}

impl Answer {
    /// What the body says.
    ///
    /// # Errors
    /// It is something else than was asked for.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T> {
        let read = serde_json::from_slice(&self.body).map_err(|error| safe(&error.to_string(), None));
        read.map_err(anyhow::Error::msg).with_context(|| format!("{}: an answer that is not understood", self.doing))
    }
}

/// Why there is no answer that says yes.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// The request was not carried out, and would not be the next time.
    Known(Error),
    /// The request was not carried out, and may be later.
    Limited(Limit),
    /// Nobody knows whether it was carried out; what happened.
    Lost(String),
}

/// What requests go through.
pub(super) struct Line {
    crab: Octocrab,
    api: String,
    token: Option<String>,
    requests: AtomicUsize,
}

impl Line {
    /// A line to the API; called within a runtime.
    ///
    /// # Errors
    /// The address is none, or the token cannot be one.
    pub(super) fn new(access: &Access) -> Result<Self> {
        let Access { api, token } = access;
        ensure!(api.starts_with("https://") || api.starts_with("http://"), "the address of the API, '{api}', is none");
        // octocrab sends nothing again by itself without its feature `retry`, and waits for ever without these times.
        let mut builder = Octocrab::builder()
            .base_uri(api.as_str())
            .with_context(|| format!("the address of the API, '{api}', is none"))?
            .set_connect_timeout(Some(CONNECT))
            .set_read_timeout(Some(SILENCE))
            .set_write_timeout(Some(SILENCE));
        if let Some(token) = token {
            ensure!(token.bytes().all(|b| b.is_ascii_graphic()), "the token has characters that no token has");
            builder = builder.personal_token(token.as_str());
        }
        let crab = builder.build().context("HTTPS cannot be set up")?;
        Ok(Self { crab, api: api.clone(), token: token.clone(), requests: AtomicUsize::new(0) })
    }

    /// How many requests were made.
    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// Sends a request once.
    pub(super) async fn send(&self, request: &Request) -> Result<Answer, Failure> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        match tokio::time::timeout(WHOLE, self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(Failure::Lost(format!("{}: not within {} s", self.api, WHOLE.as_secs()))),
        }
    }

    async fn exchange(&self, request: &Request) -> Result<Answer, Failure> {
        let path = request.path.as_str();
        let sent = match &request.ask {
            Ask::Get => self.crab._get(path).await,
            Ask::Delete => self.crab._delete(path, None::<&()>).await,
            Ask::Patch(body) => self.crab._patch(path, Some(body)).await,
            Ask::Post(body) => self.crab._post(path, Some(body)).await,
        };
        let response = sent.map_err(|error| self.lost(&error))?;
        let status = response.status().as_u16();
        let header = |name: &str| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
        let next = header("link").as_deref().and_then(next_page);
        let limit = limits::announced(status, &header);
        let body = match Limited::new(response.into_body(), request.largest).collect().await {
            Ok(body) => body.to_bytes().to_vec(),
            Err(error) if error.is::<LengthLimitError>() => {
                let words = format!("an answer of more than {} MiB", request.largest >> 20);
                return Err(Failure::Known(Error::Refused { doing: request.doing.clone(), status, words }));
            }
            Err(error) => return Err(self.lost(&*error)),
        };
        self.judge(request, status, limit, Answer { body, next, doing: request.doing.clone() })
    }

    /// What a whole answer amounts to.
    fn judge(&self, request: &Request, status: u16, limit: Option<Limit>, answer: Answer) -> Result<Answer, Failure> {
        let words = || words(status, &answer.body, self.token.as_deref());
        let (doing, needs) = (request.doing.clone(), request.needs);
        match (status, limit) {
            // Cut where no length was announced, it looks whole.
            (200..=299, _) if answer.body.is_empty() || serde_json::from_slice::<IgnoredAny>(&answer.body).is_ok() => {
                Ok(answer)
            }
            (200..=299, _) => Err(Failure::Lost(format!("{}: an answer that breaks off", self.api))),
            (_, Some(limit)) => Err(Failure::Limited(limit.saying(words()))),
            (403, None) if limits::is_meant(&answer.body) => Err(Failure::Limited(Limit::default().saying(words()))),
            (401 | 403, None) => Err(Failure::Known(Error::Forbidden { doing, needs, words: words() })),
            (404 | 410, None) => Err(Failure::Known(Error::NotFound { doing, needs, words: words() })),
            (500.., None) => Err(Failure::Lost(words())),
            (_, None) => Err(Failure::Known(Error::Refused { doing, status, words: words() })),
        }
    }

    /// A failure of the connection: its innermost cause, for the outer ones say "service error".
    fn lost(&self, error: &(dyn std::error::Error + 'static)) -> Failure {
        let mut cause = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        Failure::Lost(format!("{}: {}", self.api, safe(&cause.to_string(), self.token.as_deref())))
    }
}

/// The query of the page that a `Link` header calls the next.
///
/// Its address is not used: a server behind a proxy names itself, and the token goes to the API only. The query is used
/// whole, for some lists count pages and others have a cursor.
/// <https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api>
fn next_page(link: &str) -> Option<String> {
    let next = link.split(',').find(|part| part.contains("rel=\"next\""))?;
    let (_, query) = next.split_once('<')?.1.split_once('>')?.0.split_once('?')?;
    query.bytes().all(|b| b.is_ascii_graphic()).then(|| query.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_a_query() {
        let link = r#"<https://elsewhere/x?page=1>; rel="prev", <https://elsewhere/x?per_page=2&page=3>; rel="next""#;
        assert_eq!(next_page(link).as_deref(), Some("per_page=2&page=3"));
        assert_eq!(next_page(r#"<https://elsewhere/x?page=1>; rel="prev""#), None);
        assert_eq!(next_page("nonsense"), None);
    }
}
