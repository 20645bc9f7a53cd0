//! What a comment orders: `/perf-gate approve REASON`, `reject REASON`, `accept SCENARIO METRIC "ENDPOINT" REASON`.

use anyhow::{Result, bail, ensure};
use jiff::Timestamp;

use crate::pipeline::accept::until;

/// The word that a comment must start with.
pub(super) const WORD: &str = "/perf-gate";
/// What can be ordered, as a reply shows it.
pub(super) const FORMS: &str = "`/perf-gate approve REASON [until DATE]`, `/perf-gate reject REASON` or \
                                `/perf-gate accept SCENARIO METRIC \"ENDPOINT\" REASON [until DATE]`";
/// Longest reason that is kept, characters.
const LONGEST: usize = 1_000;

/// What a person orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The commit at the head may be merged.
    Approve(Said),
    /// It may not.
    Reject(Said),
    /// A series has a new level.
    Accept {
        /// The scenario's name.
        scenario: String,
        /// Metric, or a pattern.
        metric: String,
        /// Endpoint, or a pattern.
        endpoint: String,
        /// Why.
        said: Said,
    },
}

/// Why, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// Why.
    pub(super) reason: String,
    /// When it ends.
    pub(super) until: Option<Timestamp>,
}

impl Order {
    /// What `comment` orders; `None` if it is none of ours. Only its first line counts.
    ///
    /// # Errors
    /// Our word with anything else behind it.
    pub(super) fn parse(comment: &str) -> Result<Option<Self>> {
        let line = comment.lines().next().unwrap_or_default().trim();
        let Some(rest) = line.strip_prefix(WORD) else { return Ok(None) };
        if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
            return Ok(None);
        }
        let words = words(rest)?;
        let mut words = words.iter().map(String::as_str);
        let mut next = |what: &str| match words.next() {
            Some(word) => Ok(word.to_owned()),
            None => bail!("{what} is missing"),
        };
        Ok(Some(match next("the order")?.as_str() {
            "approve" => Self::Approve(Said::of(words.collect())?),
            "reject" => Self::Reject(Said::of(words.collect())?),
            "accept" => {
                let (scenario, metric, endpoint) = (next("SCENARIO")?, next("METRIC")?, next("ENDPOINT")?);
                Self::Accept { scenario, metric, endpoint, said: Said::of(words.collect())? }
            }
            other => bail!("'{other}' is no order"),
        }))
    }
}

impl Said {
    /// The reason in `words`, and the date behind `until` at their end.
    fn of(mut words: Vec<&str>) -> Result<Self> {
        let mut end = None;
        if let [.., "until", date] = words[..] {
            end = Some(until(date)?);
            words.truncate(words.len() - 2);
        }
        let reason = words.join(" ");
        ensure!(!reason.is_empty(), "REASON is missing: those who come later need it");
        ensure!(reason.chars().count() <= LONGEST, "REASON is longer than {LONGEST} characters");
        Ok(Self { reason, until: end })
    }
}

/// The words of a line; quotes, also curly ones, hold words together, and in them `\` takes the next character as it is.
fn words(line: &str) -> Result<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(end), c) if c == end => quote = None,
            (Some(_), '\\') => word.get_or_insert_default().extend(characters.next()),
            (None, '"' | '“' | '”') => {
                quote = Some(if character == '"' { '"' } else { '”' });
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    ensure!(quote.is_none(), "a quotation is not closed");
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn order(line: &str) -> Order {
        Order::parse(line).unwrap().unwrap()
    }

    #[test]
    fn an_acceptance_names_its_series_and_says_why_and_until_when() {
        let line = "/perf-gate accept checkout p95 \"GET /slow\" a new cipher until 2026-12-31\nmore text";
        let Order::Accept { scenario, metric, endpoint, said } = order(line) else { panic!("no acceptance") };
        assert_eq!((scenario.as_str(), metric.as_str(), endpoint.as_str()), ("checkout", "p95", "GET /slow"));
        assert_eq!(said.reason, "a new cipher");
        assert_eq!(said.until.unwrap().to_string(), "2026-12-31T23:59:59Z");
        let quoted = order(r#"/perf-gate accept checkout p95 "GET /a\"b\\c" why"#);
        assert!(matches!(quoted, Order::Accept { endpoint, .. } if endpoint == r#"GET /a"b\c"#));
        let curly = order("/perf-gate accept checkout p95 “GET /slow” why");
        assert!(matches!(curly, Order::Accept { endpoint, .. } if endpoint == "GET /slow"));
    }

    #[test]
    fn approving_and_rejecting_take_a_reason() {
        let said = |reason: &str| Said { reason: reason.to_owned(), until: None };
        assert_eq!(order("  /perf-gate approve known, see the plan"), Order::Approve(said("known, see the plan")));
        assert_eq!(order("/perf-gate reject \"too slow\""), Order::Reject(said("too slow")));
    }

    #[test]
    fn other_comments_are_not_ours() {
        for comment in
            ["", "looks good", "/perf-gates approve x", "> /perf-gate approve x", "please /perf-gate approve x"]
        {
            assert_eq!(Order::parse(comment).unwrap(), None, "{comment}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let told = |comment: &str| Order::parse(comment).unwrap_err().to_string();
        assert_eq!(told("/perf-gate"), "the order is missing");
        assert!(told("/perf-gate approve").contains("REASON is missing"));
        assert_eq!(told("/perf-gate accept checkout p95"), "ENDPOINT is missing");
        assert_eq!(told("/perf-gate destroy x"), "'destroy' is no order");
        assert!(told("/perf-gate approve \"x").contains("not closed"));
        for date in ["2026-13-99", "then"] {
            let told = told(&format!("/perf-gate approve x until {date}"));
            assert!(told.contains("write a date"), "an end that is not understood is never taken for none: {told}");
        }
    }

    proptest! {
        #[test]
        fn no_comment_is_too_strange(comment in "(/perf-gate)?\\PC{0,60}") {
            let _ = Order::parse(&comment);
        }
    }
}
