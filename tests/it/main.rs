//! The program and its documents from outside; one binary, one module per kind of question.
//!
//! - `golden`: each document of each report in `fixtures/golden`, letter by letter.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod golden;
