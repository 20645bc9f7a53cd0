//! Why a request failed, as far as a caller does different things about it, and the API's own words made safe to show.

use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// Longest text that is shown of an answer, characters.
const LONGEST: usize = 400;

/// Why a request failed. Each says what was being done, and the API's words on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The token may not do this.
    Forbidden {
        /// What was being done: `octocat/hello: opening an issue`.
        doing: String,
        /// What the job's `permissions:` must have: `issues: write`.
        needs: &'static str,
        /// The API's words.
        words: String,
    },
    /// It is not there, or the token may not see it.
    NotFound {
        /// What was being done.
        doing: String,
        /// What the job's `permissions:` must have.
        needs: &'static str,
        /// The API's words.
        words: String,
    },
    /// The API understood and refused: a conflict, a rule, a value it does not take.
    Refused {
        /// What was being done.
        doing: String,
        /// The HTTP status, mostly 409 or 422.
        status: u16,
        /// The API's words.
        words: String,
    },
    /// No answer, or none that is whole, after all tries.
    Unreachable {
        /// What was being done.
        doing: String,
        /// What happened.
        words: String,
    },
    /// Too many requests, for longer than one would wait.
    Limited {
        /// What was being done.
        doing: String,
        /// When requests are answered again, if the API said so.
        until: Option<Timestamp>,
        /// The API's words.
        words: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forbidden { doing, needs, words } => write!(
                f,
                "{doing}: GitHub refuses the token: {words}; the job needs `permissions: {needs}` (a pull request from a \
                 fork has none to give)"
            ),
            Self::NotFound { doing, needs, words } => write!(
                f,
                "{doing}: not found, or the token may not see it: {words}; a job's token sees its own repository, with \
                 `permissions: {needs}`"
            ),
            Self::Refused { doing, status, words } => write!(f, "{doing}: GitHub refuses ({status}): {words}"),
            Self::Unreachable { doing, words } => write!(f, "{doing}: no whole answer: {words}"),
            Self::Limited { doing, until: Some(until), words } => {
                write!(f, "{doing}: too many requests until {until}: {words}")
            }
            Self::Limited { doing, until: None, words } => write!(f, "{doing}: too many requests: {words}"),
        }
    }
}

impl std::error::Error for Error {}

/// The body of an error: <https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api#validation-failed>.
#[derive(Deserialize)]
struct Body {
    message: String,
    #[serde(default)]
    errors: Vec<Value>,
}

/// What the API says in the body of a failure, on one line.
pub(super) fn words(status: u16, body: &[u8], token: Option<&str>) -> String {
    let text = match serde_json::from_slice::<Body>(body) {
        Ok(body) => body.errors.iter().map(detail).fold(body.message, |text, more| format!("{text}; {more}")),
        Err(_) => String::from_utf8_lossy(&body[..body.len().min(4 * LONGEST)]).into_owned(),
    };
    let text = safe(&text, token);
    if text.is_empty() { format!("status {status}") } else { format!("{text} ({status})") }
}

/// One of the `errors` of a body: a text, or an object with a message or with a field and a code.
fn detail(error: &Value) -> String {
    let field = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    match (error.as_str(), field("message")) {
        (Some(text), _) => text.to_owned(),
        (None, "") => format!("{} {}", field("field"), field("code")),
        (None, message) => message.to_owned(),
    }
}

/// Text from outside as it may be shown: on one line, not long, and without the token if the other side echoes it.
pub(super) fn safe(text: &str, token: Option<&str>) -> String {
    let text = match token {
        Some(token) if !token.is_empty() => text.replace(token, "***"),
        _ => text.to_owned(),
    };
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_api_says_is_one_line() {
        let body = br#"{"message": "Validation\r\n::error::Failed", "errors": ["a", {"field": "b", "code": "invalid"}, {"message": "c"}]}"#;
        assert_eq!(words(422, body, None), "Validation ::error::Failed; a; b invalid; c (422)");
        assert_eq!(words(502, b"<html>\nbad \x1b[0m gateway", None), "<html> bad [0m gateway (502)");
        assert_eq!(words(500, b"", None), "status 500");
    }

    #[test]
    fn an_echoed_token_is_not_shown() {
        assert_eq!(words(401, br#"{"message": "bad token ghs_1"}"#, Some("ghs_1")), "bad token *** (401)");
    }

    #[test]
    fn long_answers_are_cut() {
        assert_eq!(safe(&"ä".repeat(1000), None).chars().count(), LONGEST + 1);
    }
}
