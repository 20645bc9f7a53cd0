//! The files of one run: which format each is, which of them tell of the same requests, and the run they make.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io;

use anyhow::{Result, bail, ensure};

use super::recorder::ZERO_REQUESTS;
use super::{Bytes, Detail, Digest, FORMATS, Format, Head, Input, Options, Recorder};
use crate::model::{Run, Source};

/// One file behind a run: its bytes, decompressed, and what is known of it on disk.
pub struct Part {
    /// Path as the user gave it, for messages.
    pub path: String,
    /// File name and size; format and digest are filled in here.
    pub source: Source,
    /// Digest of the bytes on disk, as far as they were read.
    pub digest: Digest,
    /// The first bytes, decompressed ([`Head::SIZE`] of them, or all).
    pub head: Vec<u8>,
    /// All bytes from the first, decompressed.
    pub bytes: Bytes,
}

/// The format of a file that starts with `head`; `forced` names one that is not to be doubted.
///
/// # Errors
/// No format or several claim the file: what was seen, the formats there are, and `--format`.
pub fn detect(path: &str, head: &Head<'_>, forced: Option<&str>) -> Result<&'static Format> {
    if let Some(name) = forced {
        return match FORMATS.iter().find(|format| format.name == name) {
            Some(format) => Ok(format),
            None => bail!("'{name}' is not a format; known are {}", names(FORMATS.iter())),
        };
    }
    let claims: Vec<&Format> = FORMATS.iter().filter(|format| (format.detect)(head)).collect();
    match claims.as_slice() {
        [only] => Ok(only),
        [] => bail!(
            "{path}: unknown format; it starts with {:?}. Known are {}; name one with --format",
            head.excerpt(),
            names(FORMATS.iter())
        ),
        several => bail!(
            "{path}: could be {}; it starts with {:?}. Name one with --format",
            names(several.iter().copied()),
            head.excerpt()
        ),
    }
}

/// Reads the files of one run.
///
/// Files of one format are shards and add up. Of formats with different detail (k6 points and a k6 summary) the most
/// detailed is used and the others only complete it, because they tell of the same requests. Resource series are attached.
///
/// # Errors
/// Whatever a reader refuses; results of two tools; two equally detailed formats; no load result at all.
pub fn join(parts: Vec<Part>, options: &Options) -> Result<Run> {
    let mut parts = parts.into_iter().map(|part| identify(part, options)).collect::<Result<Vec<_>>>()?;
    let best = best_format(&parts)?;
    let mut recorder = Recorder::new(options);
    // By format, because each tells of the same requests once more; the more detailed completes the run first.
    let mut lesser: BTreeMap<(Reverse<Detail>, &str), Recorder> = BTreeMap::new();
    for (format, part) in &mut parts {
        let main = format.name == best.name || format.detail == Detail::Resources;
        let target = match main {
            true => &mut recorder,
            false => lesser.entry((Reverse(format.detail), format.name)).or_insert_with(|| Recorder::new(options)),
        };
        read_part(format, part, target, options)?;
    }
    refuse_twins(&parts)?;
    let mut run = recorder.finish()?;
    for recorder in lesser.into_values() {
        complete(&mut run, recorder.finish()?);
    }
    if best.detail != Detail::Resources && run.total.is_none() && run.endpoints.is_empty() && run.metrics.is_empty() {
        run.invalid.get_or_insert_with(|| ZERO_REQUESTS.to_owned());
    }
    if run.tool.name.is_empty() {
        best.tool.clone_into(&mut run.tool.name);
    }
    run.sources.extend(parts.into_iter().map(|(_, part)| part.source));
    Ok(run)
}

fn identify(mut part: Part, options: &Options) -> Result<(&'static Format, Part)> {
    let head = Head::new(&part.head);
    ensure!(!head.bytes().is_empty(), "{}: the file is empty: did the load test run?", part.path);
    let format = match (detect(&part.path, &head, None), &options.format) {
        (Ok(format), Some(_)) if format.detail == Detail::Resources => format,
        (_, Some(name)) => detect(&part.path, &head, Some(name))?,
        (detected, None) => detected?,
    };
    format.name.clone_into(&mut part.source.format);
    Ok((format, part))
}

/// The format whose files are the run; the other load files only complete it.
fn best_format(parts: &[(&'static Format, Part)]) -> Result<&'static Format> {
    let load: Vec<&Format> = parts.iter().map(|(f, _)| *f).filter(|f| f.detail != Detail::Resources).collect();
    let Some(best) = load.iter().max_by_key(|format| format.detail) else {
        let alone = parts.first().map(|(format, _)| *format);
        return match alone {
            Some(format) => Ok(format),
            None => bail!("no files given"),
        };
    };
    for other in &load {
        ensure!(
            other.tool == best.tool,
            "files of two tools ({} and {}) are not one run; give several runs with --run, or scenarios with --scenario name=glob",
            best.name,
            other.name
        );
        ensure!(
            other.detail != best.detail || other.name == best.name,
            "{} and {} both hold the requests of a run; give one of them",
            best.name,
            other.name
        );
    }
    Ok(best)
}

/// The same bytes twice would count everything twice.
fn refuse_twins(parts: &[(&'static Format, Part)]) -> Result<()> {
    for (at, (_, part)) in parts.iter().enumerate() {
        if let Some((_, twin)) = parts[..at].iter().find(|(_, other)| other.source.digest == part.source.digest) {
            bail!("{} and {} are the same file: its requests would count twice", twin.path, part.path);
        }
    }
    Ok(())
}

fn read_part(format: &Format, part: &mut Part, recorder: &mut Recorder, options: &Options) -> Result<()> {
    let mut input = Input::of(&part.path, &mut part.bytes, &part.digest, options);
    (format.read)(&mut input, recorder)?;
    if input.was_cut() {
        input.truncated("the compressed data ends early", recorder)?;
    }
    // What a reader left unread (blanks behind a document) belongs to the digest; damage there was told already.
    let _ = io::copy(&mut input, &mut io::sink());
    part.source.digest = part.digest.text();
    Ok(())
}

/// Takes from a less detailed view of the same requests what the better one lacks.
fn complete(run: &mut Run, lesser: Run) {
    let load = &mut run.load;
    load.virtual_users = load.virtual_users.or(lesser.load.virtual_users);
    load.arrival_rate = load.arrival_rate.or(lesser.load.arrival_rate);
    load.duration = load.duration.or(lesser.load.duration);
    load.stages = load.stages.take().or(lesser.load.stages);
    load.peak_users = load.peak_users.or(lesser.load.peak_users);
    load.dropped_iterations = load.dropped_iterations.or(lesser.load.dropped_iterations);
    run.tool.version = run.tool.version.take().or(lesser.tool.version);
    run.started_at = run.started_at.or(lesser.started_at);
    run.duration = run.duration.or(lesser.duration);
    // Zero requests in the lesser file say that it lags behind, not that the run was empty.
    run.invalid = run.invalid.take().or(lesser.invalid.filter(|reason| reason != ZERO_REQUESTS));
    if run.failures.is_empty() {
        run.failures = lesser.failures;
    }
    let known = |run: &Run, name: &str| run.metrics.iter().any(|m| m.name == name);
    for metric in lesser.metrics {
        if !known(run, &metric.name) {
            run.metrics.push(metric);
        }
    }
    lesser.warnings.into_iter().for_each(|warning| run.warn(warning.0));
}

fn names<'a>(formats: impl Iterator<Item = &'a Format>) -> String {
    formats.map(|format| format.name).collect::<Vec<_>>().join(", ")
}
