//! When the API says that there were too many requests, and how long to wait then.
//!
//! <https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit>

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// The wait where none is announced: "at least one minute".
const UNANNOUNCED: u64 = 60;

/// Too many requests: how long to wait, and what the API says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    /// Seconds.
    pub(super) wait: u64,
    /// The API's words.
    pub(super) words: String,
    /// Whether the API said how long.
    is_announced: bool,
}

impl Default for Limit {
    fn default() -> Self {
        Self { wait: UNANNOUNCED, words: String::new(), is_announced: false }
    }
}

impl Limit {
    /// With the API's words.
    pub(super) fn saying(self, words: String) -> Self {
        Self { words, ..self }
    }

    /// When requests are answered again, if the API said so.
    pub(super) fn until(&self) -> Option<Timestamp> {
        let seconds = now().checked_add(self.wait).filter(|_| self.is_announced)?;
        Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
    }
}

/// The limit that status and headers tell of. `None`: there is none; a 403 may still be one, see [`is_meant`].
pub(super) fn announced(status: u16, header: &dyn Fn(&str) -> Option<String>) -> Option<Limit> {
    if status != 403 && status != 429 {
        return None;
    }
    let number = |name: &str| header(name)?.trim().parse::<u64>().ok();
    let spent = number("x-ratelimit-remaining") == Some(0);
    let reset = || Some(number("x-ratelimit-reset").filter(|_| spent)?.saturating_sub(now()) + 1);
    match number("retry-after").or_else(reset) {
        Some(wait) => Some(Limit { wait, is_announced: true, ..Limit::default() }),
        None => (status == 429 || spent).then(Limit::default),
    }
}

/// Whether the text of a 403 without such headers speaks of a limit, not of permissions.
pub(super) fn is_meant(body: &[u8]) -> bool {
    String::from_utf8_lossy(body).to_lowercase().contains("rate limit")
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the API names the second when a limit ends")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(status: u16, headers: &[(&str, &str)]) -> Option<u64> {
        let header = |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        announced(status, &header).map(|limit| limit.wait)
    }

    #[test]
    fn a_limit_is_told_by_status_and_headers() {
        assert_eq!(wait(403, &[("retry-after", "7"), ("x-ratelimit-remaining", "0")]), Some(7));
        assert_eq!(wait(429, &[]), Some(UNANNOUNCED));
        assert_eq!(wait(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1")]), Some(1));
        assert_eq!(wait(403, &[("x-ratelimit-remaining", "12"), ("x-ratelimit-reset", "1")]), None);
        assert_eq!(wait(200, &[("x-ratelimit-remaining", "0")]), None);
        assert!(is_meant(b"You have exceeded a secondary rate limit.") && !is_meant(b"Resource not accessible"));
    }
}
