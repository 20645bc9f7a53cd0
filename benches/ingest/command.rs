//! Commands, and what they cost.
//!
//! `measure.py` runs them: the standard library does not tell what a child used. Files must be warm, which the first,
//! unmeasured run sees to.

use std::fmt::{self, Display, Formatter};
use std::process::Command as Process;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

const MEASURE: &str = include_str!("measure.py");

/// The cores that a command may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cores {
    All,
    One,
}

/// A command line.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    words: Vec<String>,
    cores: Cores,
}

/// What a run of a command took.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Cost {
    /// Seconds.
    pub(crate) wall: f64,
    /// Seconds of user and system.
    pub(crate) cpu: f64,
    /// Bytes; exact only from [`Command::peak`].
    peak: u64,
    status: i32,
}

/// Two commands that ran in turn.
#[derive(Clone, Debug)]
pub(crate) struct Pairs(Vec<(Cost, Cost)>);

impl Command {
    pub(crate) fn new(words: &[&str]) -> Self {
        Self { words: words.iter().map(|&word| word.to_owned()).collect(), cores: Cores::All }
    }

    pub(crate) fn on(self, cores: Cores) -> Self {
        Self { cores, ..self }
    }

    /// Runs it and tells what it took.
    pub(crate) fn timed(&self) -> Result<Cost> {
        self.measured("timed")
    }

    /// Runs it and tells its peak memory in bytes.
    pub(crate) fn peak(&self) -> Result<u64> {
        self.measured("peak").map(|cost| cost.peak)
    }

    /// Runs it and returns what it printed.
    pub(crate) fn output(&self) -> Result<String> {
        let output = Process::new(&self.words[0]).args(&self.words[1..]).output().with_context(|| self.to_string())?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{self}: {}\n{said}", output.status);
        Ok(String::from_utf8(output.stdout)?)
    }

    fn measured(&self, what: &str) -> Result<Cost> {
        let cores = if self.cores == Cores::One { "one" } else { "all" };
        let mut words = vec!["python3", "-I", "-S", "-c", MEASURE, what, cores];
        words.extend(self.words.iter().map(String::as_str));
        let cost: Cost = serde_json::from_str(&Self::new(&words).output()?)?;
        ensure!(cost.status == 0, "{self}: exit status {}", cost.status);
        Ok(cost)
    }
}

impl Display for Command {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.words.join(" "))
    }
}

impl Pairs {
    /// Runs both in turn, after a first run of each that does not count. Every other pair starts with the second.
    pub(crate) fn run(first: &Command, second: &Command, pairs: usize) -> Result<Self> {
        first.timed()?;
        second.timed()?;
        let pair = |number: usize| {
            if number.is_multiple_of(2) {
                return Ok((first.timed()?, second.timed()?));
            }
            let cost = second.timed()?;
            Ok((first.timed()?, cost))
        };
        (0..pairs).map(pair).collect::<Result<_>>().map(Self)
    }

    /// The median of a figure of the second.
    pub(crate) fn second(&self, figure: impl Fn(&Cost) -> f64) -> f64 {
        median(self.0.iter().map(|(_, second)| figure(second)))
    }

    /// The median of second over first, pair by pair.
    pub(crate) fn ratio(&self, figure: impl Fn(&Cost) -> f64) -> f64 {
        median(self.0.iter().map(|(first, second)| figure(second) / figure(first)))
    }
}

/// The median; not a number of nothing.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    (at(values.len().saturating_sub(1) / 2) + at(values.len() / 2)) / 2.0
}
