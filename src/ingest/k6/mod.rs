//! k6: its two raw outputs and its three summaries.
//!
//! Raw outputs ([`JSON`], [`CSV`]) hold every request; a summary ([`SUMMARY`]) holds final figures, per endpoint only
//! where a threshold names one. Requests of `setup()` and `teardown()` are left out of the raw outputs, with a warning;
//! a summary counts them, and cannot be had without.

mod batch;
mod columns;
mod counted;
mod csv;
mod json;
mod known;
mod metric;
mod points;
mod seconds;
mod summary;
mod time;
mod unused;
mod walk;

#[cfg(test)]
mod tests;

use points::Point;

#[cfg(fuzzing)]
pub(super) use csv::assert_agrees as assert_rows_agree;
#[cfg(fuzzing)]
pub(super) use json::assert_agrees as assert_lines_agree;

pub(super) use csv::FORMAT as CSV;
pub(super) use json::FORMAT as JSON;
pub(super) use summary::FORMAT as SUMMARY;
