//! Accepted regressions: one file each, never changed.

use anyhow::{Context, Result, ensure};

use super::day::refuse_newer;
use super::{FileChange, Snapshot, Store, layout};
use crate::model::{ACCEPTANCE_SCHEMA, Acceptance, Warning};

/// Keeps an acceptance; the same one twice is kept once.
///
/// # Errors
/// The store cannot be written.
pub fn accept(store: &dyn Store, acceptance: &Acceptance) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(acceptance).context("an acceptance that cannot be written")?;
    text.push(b'\n');
    let path = layout::acceptance(acceptance, &text);
    let message = format!("Accept {} of {} in {}", acceptance.metric, acceptance.endpoint, acceptance.scenario);
    store.update(&message, &mut |snapshot| {
        let known = snapshot.load(&[&path])?[0].is_some();
        Ok(if known { Vec::new() } else { vec![FileChange::put(path.clone(), text.clone())] })
    })
}

/// What was accepted in `scenario`, in the order of time, and a warning for each file that is no acceptance.
///
/// # Errors
/// The store cannot be read, or a file was written by a newer version.
pub fn acceptances(snapshot: &dyn Snapshot, scenario: &str) -> Result<(Vec<Acceptance>, Vec<Warning>)> {
    let paths = snapshot.list(&layout::accepted(scenario))?;
    if paths.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let loaded = snapshot.load(&paths.iter().map(String::as_str).collect::<Vec<_>>())?;
    let (mut accepted, mut warnings) = (Vec::new(), Vec::new());
    for (path, bytes) in paths.iter().zip(loaded) {
        let Some(bytes) = bytes else { continue };
        refuse_newer(path, &bytes)?;
        match parse(&bytes) {
            Ok(acceptance) => accepted.push(acceptance),
            Err(error) => warnings.push(Warning(format!("{path}: skipped, no acceptance: {error:#}"))),
        }
    }
    accepted.sort_by_key(|acceptance| acceptance.at);
    Ok((accepted, warnings))
}

fn parse(bytes: &[u8]) -> Result<Acceptance> {
    let acceptance: Acceptance = serde_json::from_slice(bytes)?;
    ensure!(acceptance.schema == ACCEPTANCE_SCHEMA, "'schema' is '{}'", acceptance.schema);
    Ok(acceptance)
}
