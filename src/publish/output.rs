//! Step outputs: what later steps of a workflow decide by, for machines, in base units.

use anyhow::{Result, ensure};
use serde::Serialize;

use crate::model::ALL;
use crate::render::{Report, Scenario};
use crate::verdict::{Row, Severity, Verdict};

/// Most of all outputs together, bytes in UTF-16. GitHub takes 1 MB of a whole job
/// (<https://docs.github.com/actions/reference/workflows-and-actions/metadata-syntax>); other steps want some of it.
const MOST: usize = 900_000;

/// What the outputs tell of.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The judgement.
    pub report: &'a Report,
    /// Path of the saved report, in the workspace.
    pub report_path: Option<&'a str>,
    /// Address of the comment.
    pub comment_url: Option<&'a str>,
    /// Address of the issue.
    pub issue_url: Option<&'a str>,
}

/// One output.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// Its name in `action.yml`.
    pub name: &'static str,
    /// Its description there.
    pub description: &'static str,
    /// Its value; empty where there is none.
    pub value: fn(&Told<'_>) -> String,
}

/// Every output of the action, in the order of its documentation.
pub const OUTPUTS: &[Output] = &[
    Output {
        name: "outcome",
        description: "The worst outcome of all scenarios: passed, inconclusive, warned, failed or invalid.",
        value: |told| told.report.outcome.as_str().to_owned(),
    },
    Output {
        name: "regressions",
        description: "JSON array of what became worse, the worst first: scenario, endpoint, metric, change, baseline, \
                      candidate, severity. A last entry with only a note says how many there was no room for.",
        value: regressions,
    },
    Output {
        name: "report",
        description: "Path of the saved report, JSON.",
        value: |told| told.report_path.unwrap_or_default().to_owned(),
    },
    Output {
        name: "comment-url",
        description: "Address of the comment on the pull request.",
        value: |told| told.comment_url.unwrap_or_default().to_owned(),
    },
    Output {
        name: "issue-url",
        description: "Address of the issue about a regression on trunk.",
        value: |told| told.issue_url.unwrap_or_default().to_owned(),
    },
    Output {
        name: "needs-confirmation",
        description: "true where a second run of the same commit should decide, else false.",
        value: |told| told.report.scenarios.iter().any(|scenario| scenario.needs_confirmation).to_string(),
    },
    Output {
        name: "critical",
        description: "true where a regression needs a person's approval, else false.",
        value: |told| rows(told.report).any(|(_, row)| row.severity == Some(Severity::Critical)).to_string(),
    },
    Output {
        name: "scenario",
        description: "The scenario that the four figures below are of: the only one, or the worst.",
        value: |told| worst(told.report).map(|scenario| scenario.name.clone()).unwrap_or_default(),
    },
    Output {
        name: "p95",
        description: "95th percentile of the latency of all requests of the run, seconds.",
        value: |told| figure(told, "p95"),
    },
    Output { name: "throughput", description: "Requests per second.", value: |told| figure(told, "throughput") },
    Output {
        name: "error-rate",
        description: "Share of requests that failed, 0 to 1.",
        value: |told| figure(told, "error-rate"),
    },
    Output { name: "memory", description: "Memory, bytes.", value: |told| figure(told, "memory") },
];

/// The outputs as the file of `GITHUB_OUTPUT` takes them.
///
/// `delimiter` ends each value and must be new chance each time, so that no value can hold it: what follows would be read
/// as further outputs.
///
/// # Errors
/// A value that holds the delimiter.
pub fn outputs(told: &Told<'_>, delimiter: &str) -> Result<String> {
    let mut text = String::new();
    for output in OUTPUTS {
        let value = (output.value)(told);
        ensure!(!value.contains(delimiter), "the output '{}' holds the delimiter '{delimiter}'", output.name);
        text.push_str(&format!("{}<<{delimiter}\n{value}\n{delimiter}\n", output.name));
    }
    Ok(text)
}

/// One regression as a later step reads it.
#[derive(Serialize)]
struct Regression<'a> {
    scenario: &'a str,
    endpoint: &'a str,
    metric: &'a str,
    change: Option<f64>,
    baseline: Option<f64>,
    candidate: Option<f64>,
    severity: Severity,
}

fn regressions(told: &Told<'_>) -> String {
    let mut rows: Vec<_> = rows(told.report).filter(|(_, row)| row.verdict == Verdict::Regressed).collect();
    rows.retain(|(_, row)| row.severity >= Some(Severity::Warning));
    rows.sort_by_key(|(_, row)| std::cmp::Reverse(row.severity));
    let entry = |(scenario, row): &(&Scenario, &Row)| {
        let (scenario, endpoint, metric) = (scenario.name.as_str(), row.endpoint.as_str(), row.metric.as_str());
        let Row { change, baseline, candidate, .. } = **row;
        let severity = row.severity.unwrap_or(Severity::Info);
        serde_json::to_string(&Regression { scenario, endpoint, metric, change, baseline, candidate, severity })
    };
    let entries: Vec<String> = rows.iter().filter_map(|row| entry(row).ok()).collect();
    array(&entries, MOST - others(told))
}

/// As many of the entries as fit, and a note about the rest.
fn array(entries: &[String], most: usize) -> String {
    let (mut kept, mut size) = (0, size("[{'note':'18446744073709551615 more are in the report'}]"));
    for entry in entries {
        size += self::size(entry) + self::size(",");
        if size > most {
            break;
        }
        kept += 1;
    }
    let left = entries.len() - kept;
    let note = (left > 0).then(|| format!(r#"{{"note":"{left} more are in the report"}}"#));
    let list: Vec<&str> = entries[..kept].iter().map(String::as_str).chain(note.as_deref()).collect();
    format!("[{}]", list.join(","))
}

/// Size of all outputs but the regressions.
fn others(told: &Told<'_>) -> usize {
    let all = OUTPUTS.iter().filter(|output| output.name != "regressions");
    all.map(|output| size(&(output.value)(told))).sum::<usize>().min(MOST)
}

/// Bytes in UTF-16, which is how GitHub counts.
fn size(text: &str) -> usize {
    2 * text.encode_utf16().count()
}

fn rows(report: &Report) -> impl Iterator<Item = (&Scenario, &Row)> {
    report.scenarios.iter().flat_map(|scenario| scenario.rows.iter().map(move |row| (scenario, row)))
}

/// The only scenario, or the first of the worst.
fn worst(report: &Report) -> Option<&Scenario> {
    report.scenarios.iter().rev().max_by_key(|scenario| scenario.outcome)
}

/// A figure of the candidate, of the run as a whole.
fn figure(told: &Told<'_>, metric: &str) -> String {
    let row = worst(told.report).and_then(|s| s.rows.iter().find(|row| row.endpoint == ALL && row.metric == metric));
    row.and_then(|row| row.candidate)
        .filter(|value| value.is_finite())
        .map(|value| value.to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::testing::report;
    use serde_json::Value;
    use std::collections::BTreeMap;

    fn told(report: &Report) -> Told<'_> {
        let (report_path, comment_url) = (Some("perf-gate-report.json"), Some("https://x.example/1"));
        Told { report, report_path, comment_url, issue_url: None }
    }

    /// The file as the runner reads it:
    /// <https://github.com/actions/runner/blob/main/src/Runner.Worker/FileCommandManager.cs>.
    fn read(text: &str) -> BTreeMap<String, String> {
        let (mut values, mut lines) = (BTreeMap::new(), text.split('\n').peekable());
        while let Some(head) = lines.next().filter(|head| !head.is_empty()) {
            let (name, delimiter) = head.split_once("<<").unwrap();
            let value: Vec<_> = lines.by_ref().take_while(|line| *line != delimiter).collect();
            values.insert(name.to_owned(), value.join("\n"));
        }
        values
    }

    #[test]
    fn every_output_is_read_back() {
        let report = report("scenarios");
        let values = read(&outputs(&told(&report), "end_4711").unwrap());
        assert_eq!(values.len(), OUTPUTS.len());
        assert_eq!(values["outcome"], "failed");
        assert_eq!((values["critical"].as_str(), values["issue-url"].as_str()), ("true", ""));
        assert_eq!((values["scenario"].as_str(), values["comment-url"].as_str()), ("checkout", "https://x.example/1"));
        assert!(values["p95"].starts_with("0.14"), "{}", values["p95"]);
        assert!(values["memory"].parse::<f64>().unwrap() > 1e8);
    }

    #[test]
    fn regressions_are_json_and_the_worst_are_first() {
        let report = report("scenarios");
        let list: Vec<Value> = serde_json::from_str(&regressions(&told(&report))).unwrap();
        assert_eq!(list.len(), 4);
        assert_eq!((&list[0]["scenario"], &list[0]["endpoint"]), (&"checkout".into(), &"GET /slow".into()));
        assert_eq!((&list[0]["severity"], &list[3]["severity"]), (&"critical".into(), &"warning".into()));
        let worst = report.scenarios[1].rows.iter().find(|row| row.severity == Some(Severity::Critical)).unwrap();
        assert_eq!(list[0]["change"].as_f64(), worst.change);
    }

    #[test]
    fn a_hostile_name_makes_no_output() {
        let mut report = report("hostile");
        report.scenarios[0].name = "x\nend\noutcome<<end\npassed\nend".to_owned();
        let values = read(&outputs(&told(&report), "end_4711").unwrap());
        assert_eq!((values.len(), values["outcome"].as_str()), (OUTPUTS.len(), "failed"));
        assert!(outputs(&told(&report), "end").is_err());
    }

    #[test]
    fn what_has_no_room_is_counted() {
        let mut report = report("hostile");
        let row = report.scenarios[0].rows.iter().find(|row| row.verdict == Verdict::Regressed).unwrap();
        let row = Row { endpoint: "é".repeat(1_000), ..row.clone() };
        report.scenarios[0].rows.extend(std::iter::repeat_n(row, 2_000));
        let text = outputs(&told(&report), "end_4711").unwrap();
        assert!(size(&text) <= 1_000_000 && size(&text) > 800_000, "{}", size(&text));
        let list: Vec<Value> = serde_json::from_str(&read(&text)["regressions"]).unwrap();
        let note = list.last().unwrap()["note"].as_str().unwrap();
        assert_eq!(note, format!("{} more are in the report", 2_001 - (list.len() - 1)));
    }

    #[test]
    fn names_and_descriptions_are_fit_for_a_table() {
        let mut names: Vec<_> = OUTPUTS.iter().map(|output| output.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), OUTPUTS.len());
        assert!(OUTPUTS.iter().all(|output| output.description.ends_with('.') && !output.description.contains("  ")));
    }
}
