//! A repository through the API: one short function for each thing that is asked of it.

mod comments;
mod git;
mod issues;
mod pulls;
mod statuses;
#[cfg(test)]
mod tests;
mod wire;

use std::fmt::Write as _;

use anyhow::{Result, ensure};

pub use git::{Tree, TreeChange, TreeEntry};

use super::client::Client;
use super::exchange::{ANSWER, Answer, Ask, Request};
use super::{Access, Error};

/// A repository through the API. Every call blocks until it is done.
///
/// Errors that a caller may act upon are an [`Error`] somewhere in the chain: `error.downcast_ref::<Error>()`.
pub struct Repository {
    client: Client,
    name: String,
}

impl Repository {
    /// The repository `name` (`owner/name`). Nothing is asked yet.
    ///
    /// # Errors
    /// `name` is none, or the access cannot be one.
    pub fn open(access: &Access, name: &str) -> Result<Self> {
        Ok(Self { client: Client::new(access)?, name: checked(name)?.to_owned() })
    }

    /// A repository whose waits are short, with the access of `o/r` at a test's server.
    #[cfg(test)]
    pub(crate) fn hasty(api: &str) -> Self {
        let access = Access { api: api.to_owned(), token: Some("ghs_secret".to_owned()) };
        let client = Client::with_second(&access, std::time::Duration::from_micros(200)).unwrap();
        Self { client, name: "o/r".to_owned() }
    }

    /// `owner/name`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who the token is; `None` for one of an app, such as that of a workflow, which may not ask.
    ///
    /// # Errors
    /// The API cannot be reached.
    pub fn login(&self) -> Result<Option<String>> {
        let doing = "asking who the token is".to_owned();
        let request =
            Request { ask: Ask::Get, path: "/user".to_owned(), doing, needs: "metadata: read", largest: ANSWER };
        match self.client.repeat(&request) {
            Ok(answer) => Ok(Some(answer.read::<wire::Owner>()?.login)),
            Err(error) => match error.downcast_ref() {
                Some(Error::Forbidden { .. } | Error::NotFound { .. }) => Ok(None),
                _ => Err(error),
            },
        }
    }

    /// How many requests were made so far.
    pub fn requests(&self) -> usize {
        self.client.requests()
    }

    /// A request for what lies at `path` in the repository (`issues/7`); `doing` and `needs` are for messages.
    fn request(&self, ask: Ask, path: &str, doing: &str, needs: &'static str) -> Request {
        let slash = if path.is_empty() { "" } else { "/" };
        let path = format!("/repos/{}{slash}{path}", self.name);
        Request { ask, path, doing: format!("{}: {doing}", self.name), needs, largest: ANSWER }
    }

    /// A request that reads.
    fn get(&self, path: &str, doing: &str, needs: &'static str) -> Request {
        self.request(Ask::Get, path, doing, needs)
    }
}

/// `name`, if it is `owner/name`.
fn checked(name: &str) -> Result<&str> {
    let legal = |part: &str| {
        let letters = part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        letters && !matches!(part, "" | "." | "..")
    };
    let parts = name.split_once('/');
    ensure!(
        parts.is_some_and(|(owner, name)| legal(owner) && legal(name)),
        "'{}' is no repository; write OWNER/NAME",
        name.escape_debug()
    );
    Ok(name)
}

/// An answer, or `None` if what was asked for is not there.
fn found(answer: Result<Answer>) -> Result<Option<Answer>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if matches!(error.downcast_ref(), Some(Error::NotFound { .. })) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Text as a part of a path or query; slashes stay, for branches have them.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        match byte {
            b'-' | b'_' | b'.' | b'~' | b'/' => encoded.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => encoded.push(char::from(byte)),
            byte => drop(write!(encoded, "%{byte:02X}")),
        }
        encoded
    })
}

/// Whether two texts are the same to the API, which drops blanks at the ends and may change line ends.
fn is_same(a: &str, b: &str) -> bool {
    a.trim().lines().eq(b.trim().lines())
}
