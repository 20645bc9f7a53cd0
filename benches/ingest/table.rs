//! Tables of Markdown, and figures as they are in them.

use std::fmt::{self, Display, Formatter};

use crate::inputs::MEGABYTE;

/// A table; its first column is of text.
#[derive(Debug)]
pub(crate) struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(head: &[&'static str]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new() }
    }

    pub(crate) fn add<const N: usize>(&mut self, row: [String; N]) {
        self.rows.push(row.to_vec());
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "| {} |", self.head.join(" | "))?;
        writeln!(f, "| :-- |{}", " --: |".repeat(self.head.len() - 1))?;
        self.rows.iter().try_for_each(|row| writeln!(f, "| {} |", row.join(" | ")))
    }
}

/// Seconds, of which short ones have three digits.
pub(crate) fn seconds(value: f64) -> String {
    if value < 10.0 { format!("{value:.3} s") } else { format!("{value:.1} s") }
}

/// Bytes as megabytes.
pub(crate) fn megabytes(bytes: u64) -> String {
    let value = bytes as f64 / MEGABYTE as f64;
    if value < 100.0 { format!("{value:.1} MB") } else { format!("{} MB", grouped(value)) }
}

/// Bytes in a time, in MB/s.
pub(crate) fn speed(bytes: u64, seconds: f64) -> String {
    grouped(bytes as f64 / MEGABYTE as f64 / seconds)
}

/// A ratio with its bound; one that is missed stands out.
pub(crate) fn ratio(value: f64) -> String {
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

/// A figure that stands out unless it holds.
pub(crate) fn marked(text: String, holds: bool) -> String {
    if holds { text } else { format!("**{text}**") }
}

/// A number without a fraction, in groups of three digits.
pub(crate) fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let groups: Vec<&str> =
        (digits.as_bytes().rchunks(3).rev()).map(|group| str::from_utf8(group).unwrap_or("")).collect();
    groups.join(",")
}
