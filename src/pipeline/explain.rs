//! `--explain ENDPOINT/METRIC`: how one verdict came about, in place of the report.

use anyhow::{Result, ensure};

use super::judge::Answer;
use super::style;
use crate::render::{Explanations, Output};
use crate::verdict::{self, Explanation};
use crate::{files, render};

/// Names that a message lists before it says how many more there are.
const MOST_NAMES: usize = 40;
/// Names that are nearest to one that is none.
const NEAREST: usize = 3;

/// The endpoint and metric that are asked for, and the document.
///
/// # Errors
/// A text without both, and documents that do not explain.
pub(super) fn wanted(given: &Option<String>, document: &Output) -> Result<Option<(String, String)>> {
    let Some(given) = given else { return Ok(None) };
    let names = render::explain::DOCUMENTS;
    ensure!(
        names.contains(&document.name),
        "--explain writes {}, not {}: leave --format out, or leave --explain out for the report",
        names.join(", "),
        document.name
    );
    // Endpoints have slashes of their own.
    let parts = given.rsplit_once('/').filter(|(endpoint, metric)| !endpoint.is_empty() && !metric.is_empty());
    ensure!(parts.is_some(), "--explain {given}: write ENDPOINT/METRIC, for example '(all)/p95' or 'GET /slow/p95'");
    Ok(parts.map(|(endpoint, metric)| (endpoint.to_owned(), metric.to_owned())))
}

/// Writes the explanation of every scenario that has the endpoint and metric.
///
/// # Errors
/// No scenario has it.
pub(super) fn publish(
    (endpoint, metric): &(String, String),
    judged: &[Answer],
    document: &Output,
    path: Option<&str>,
) -> Result<()> {
    let explanations: Vec<Explanation> =
        judged.iter().filter_map(|judged| explained(judged, endpoint, metric)).collect();
    if explanations.is_empty() {
        let known: Vec<String> = judged.iter().flat_map(subjects).collect();
        anyhow::bail!("{}", unknown(&format!("{endpoint}/{metric}"), known));
    }
    files::write(path, &Explanations::new(explanations).render(document.name, &style(path))?)
}

fn explained(judged: &Answer, endpoint: &str, metric: &str) -> Option<Explanation> {
    match &judged.compared {
        Some((comparison, policy)) => verdict::explain(comparison, policy, endpoint, metric),
        None => {
            let scenario = &judged.scenario;
            Some(Explanation::nothing(&scenario.name, endpoint, metric, scenario.outcome, &scenario.reason))
        }
    }
}

fn subjects(judged: &Answer) -> Vec<String> {
    let known = judged.compared.as_ref().map(|(comparison, policy)| verdict::subjects(comparison, policy));
    known.into_iter().flatten().map(|(endpoint, metric)| format!("{endpoint}/{metric}")).collect()
}

/// What to say of a name that is none: the nearest ones, and those there are.
fn unknown(given: &str, mut known: Vec<String>) -> String {
    known.sort();
    known.dedup();
    let mut nearest: Vec<&String> = known.iter().collect();
    nearest.sort_by_key(|name| strsim::damerau_levenshtein(given, name));
    let nearest: Vec<&str> = nearest.into_iter().take(NEAREST).map(String::as_str).collect();
    let more = known.len().saturating_sub(MOST_NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let all: Vec<&str> = known.iter().take(MOST_NAMES).map(String::as_str).collect();
    if all.is_empty() {
        return format!("--explain {given}: nothing was judged");
    }
    format!(
        "--explain {given}: no such endpoint and metric were judged; nearest are {}. There are {}{more}",
        nearest.join(", "),
        all.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_slash_parts_endpoint_and_metric() {
        let text = Output::named("text").unwrap();
        let parted = |given: &str| wanted(&Some(given.to_owned()), text);
        let expected = ("GET /slow".to_owned(), "p95".to_owned());
        assert_eq!(parted("GET /slow/p95").unwrap(), Some(expected));
        assert_eq!(wanted(&None, text).unwrap(), None);
        for wrong in ["p95", "/p95", "slow/"] {
            assert!(parted(wrong).unwrap_err().to_string().contains("ENDPOINT/METRIC"), "{wrong}");
        }
        let junit = Output::named("junit").unwrap();
        assert!(wanted(&Some("a/p95".to_owned()), junit).unwrap_err().to_string().contains("not junit"));
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        let known = ["slow/p95", "fast/p95", "(all)/p95", "(all)/memory"].map(str::to_owned).to_vec();
        let message = unknown("slwo/p95", known);
        assert!(message.contains("nearest are slow/p95, ") && message.ends_with("fast/p95, slow/p95"), "{message}");
    }
}
