//! Documents: one report in many forms.

mod report;

pub use report::{
    Baseline, Candidate, Finding, Interval, Outcome, Report, Row, SCHEMA, Scenario, Severity, Target, Verdict,
};
