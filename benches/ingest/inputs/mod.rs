//! Seeded result files, kept between runs of the bench in [`FOLDER`].
//!
//! A file is named after everything that it is made of, so a shorter one is a cut of a longer one of the same name. After
//! a change to a generator remove the folder.

mod jtl;
mod k6;

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

/// Everything that the bench writes.
pub(crate) const FOLDER: &str = "target/bench-ingest";
/// Samples a second of a JTL where nothing else is said.
pub(crate) const RATE: u64 = 4_000;
/// Bytes of a megabyte.
pub(crate) const MEGABYTE: u64 = 1_000_000;

/// Megabytes that take their time.
const WORTH_A_WORD: u64 = 10;

/// What kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `k6 run --out json`.
    K6Json,
    /// The same, of it only the lines of `http_req_duration`.
    K6Durations,
    /// `k6 run --out csv`.
    K6Csv,
    /// JMeter's JTL as CSV.
    Jtl,
    /// JMeter's JTL as XML.
    JtlXml,
}

/// A file to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input {
    pub(crate) kind: Kind,
    pub(crate) megabytes: u64,
    pub(crate) seed: u64,
    /// JSON of k6: `metric` is the last key of a line, as older releases write it.
    pub(crate) has_old_order: bool,
    /// JTL: endpoints of equal share, or the twelve of a shop.
    pub(crate) endpoints: Option<usize>,
    /// JTL: samples a second. The time that a file spans is what fits into it at this rate.
    pub(crate) rate: u64,
}

impl Input {
    /// A file of a kind as it usually is.
    pub(crate) fn new(kind: Kind, megabytes: u64, seed: u64) -> Self {
        Self { kind, megabytes, seed, has_old_order: false, endpoints: None, rate: RATE }
    }

    /// Where the file is; makes it unless it is there.
    pub(crate) fn made(&self) -> Result<PathBuf> {
        let path = Path::new(FOLDER).join(self.name());
        if self.megabytes >= WORTH_A_WORD && !path.exists() {
            eprintln!("making {}", path.display());
        }
        kept(&path, |file| {
            let mut sink = Sink { file, buffer: Vec::with_capacity(2 * FULL), left: self.megabytes * MEGABYTE };
            match self.kind {
                Kind::K6Json | Kind::K6Durations => k6::json(&mut sink, self),
                Kind::K6Csv => k6::csv(&mut sink, self),
                Kind::Jtl => jtl::csv(&mut sink, self),
                Kind::JtlXml => jtl::xml(&mut sink, self),
            }?;
            sink.flush()
        })
    }

    fn name(&self) -> String {
        let (stem, extension) = match self.kind {
            Kind::K6Json => ("k6", "json"),
            Kind::K6Durations => ("k6-durations", "json"),
            Kind::K6Csv => ("k6", "csv"),
            Kind::Jtl => ("jtl", "csv"),
            Kind::JtlXml => ("jtl", "xml"),
        };
        let order = if self.has_old_order { "-old-order" } else { "" };
        let endpoints = self.endpoints.map_or_else(String::new, |count| format!("-{count}-endpoints"));
        let rate = if self.rate == RATE { String::new() } else { format!("-{}-a-second", self.rate) };
        format!("{stem}{order}{endpoints}{rate}-{}mb-seed-{}.{extension}", self.megabytes, self.seed)
    }
}

/// The same file compressed by gzip; makes it unless it is there.
pub(crate) fn compressed(path: &Path) -> Result<PathBuf> {
    let name = format!("{}.gz", path.display());
    kept(Path::new(&name), |file| {
        let mut gzip = GzEncoder::new(file, Compression::default());
        io::copy(&mut BufReader::with_capacity(FULL, File::open(path)?), &mut gzip)?;
        gzip.finish().map(drop)
    })
}

/// `path`, which `write` fills unless it is there. A run that is cut short leaves nothing that looks finished.
fn kept(path: &Path, write: impl FnOnce(File) -> io::Result<()>) -> Result<PathBuf> {
    if !path.exists() {
        let part = format!("{}.part", path.display());
        let make = || {
            fs::create_dir_all(FOLDER)?;
            write(File::create(&part)?)?;
            fs::rename(&part, path)
        };
        make().with_context(|| path.display().to_string())?;
    }
    Ok(path.to_owned())
}

/// The text of a fixture.
fn fixture(path: &str) -> io::Result<String> {
    let mut text = String::new();
    MultiGzDecoder::new(File::open(path)?).read_to_string(&mut text)?;
    Ok(text)
}

/// Bytes that are written at once.
const FULL: usize = 1 << 20;

/// A file that is written record by record until it is large enough.
struct Sink {
    file: File,
    /// Records that are not yet in the file; generators append to it.
    buffer: Vec<u8>,
    /// Bytes that the file still wants, without those of the buffer.
    left: u64,
}

impl Sink {
    /// Ends a record. Whether there is room for another one.
    fn has_room(&mut self) -> io::Result<bool> {
        if self.buffer.len() as u64 >= self.left {
            self.left = 0;
            return Ok(false);
        }
        if self.buffer.len() >= FULL {
            self.flush()?;
        }
        Ok(true)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.buffer)?;
        self.left = self.left.saturating_sub(self.buffer.len() as u64);
        self.buffer.clear();
        Ok(())
    }
}

/// Seeded chance: `SplitMix64` (Steele, Lea & Flood 2014, doi 10.1145/2660193.2660195), normal values by Box & Muller (1958).
struct Chance(u64);

impl Chance {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// A factor whose logarithm is normal around 0.
    fn factor(&mut self, sd: f64) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        (sd * radius * (std::f64::consts::TAU * self.uniform()).cos()).exp()
    }
}
