//! Locust: the CSV files of `--csv PREFIX` and the JSON of `--json`.
//!
//! Locust has no raw results. It counts a response time in steps of two digits (1 ms below 100 ms, 10 ms below 1 s, …)
//! and failures together with successes; count, mean, min and max are exact. The JSON has the histogram and is the best
//! view; the CSV files are written about once a second and may lag behind it, so the two are never mixed. Columns go by
//! their header, which has changed over time. Definitions: <https://github.com/locustio/locust/blob/master/locust/stats.py>.

mod exceptions;
mod failures;
mod figures;
mod history;
mod json;
mod resolution;
mod stats;
mod table;

pub(super) use exceptions::FORMAT as EXCEPTIONS;
pub(super) use failures::FORMAT as FAILURES;
pub(super) use history::FORMAT as HISTORY;
pub(super) use json::FORMAT as JSON;
pub(super) use stats::FORMAT as STATS;

/// The tool's name.
const TOOL: &str = "locust";

/// `GET /slow`, or only the name where a custom request has no type.
fn endpoint_name(method: &str, name: &str) -> String {
    if is_none(method) { name.to_owned() } else { format!("{method} {name}") }
}

/// Whether a row is the run as a whole: an endpoint may have the same name, but then it has a type.
fn is_total(method: &str, name: &str) -> bool {
    is_none(method) && matches!(name, "Aggregated" | "Total")
}

/// Nothing, or Python's `None` as versions before 1.0 wrote it.
fn is_none(method: &str) -> bool {
    matches!(method, "" | "None")
}

#[cfg(test)]
mod tests;
