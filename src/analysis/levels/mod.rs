//! What a history tells beyond one comparison: levels and where they changed, slow drift, and how far the present level
//! is from an old one.
//!
//! Pure readers: [`overview()`] makes the report of `perf-gate history` of recorded runs, [`findings()`] what `check` tells
//! beside its rows. Runs are comparable as for a baseline: valid, of the trunk, of one environment and basis; whether
//! they regressed does not matter, since that is what is looked for. Nothing here changes an outcome.

mod accepted;
mod anchor;
mod figures;
mod findings;
mod growth;
mod overview;
mod series;

pub use anchor::Anchor;
pub use findings::{Case, findings};
pub use growth::Growth;
pub use overview::{Overview, RunName, SCHEMA, Selection, overview};
pub use series::{Level, Series, Shift};

#[cfg(test)]
mod tests;
