//! What tests of readers share: fixtures, and runs made of bytes.
#![expect(clippy::disallowed_methods, reason = "tests read fixtures")]

use std::io::{BufReader, Cursor};

use anyhow::Result;

use super::{Bytes, Digest, Head, Options, Part, join};
use crate::model::{Run, Source};

/// The bytes of a fixture, decompressed: `locust/baseline/report.json`.
pub(super) fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).expect(&path);
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return bytes;
    }
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(bytes.as_slice()), &mut plain).expect(&path);
    plain
}

/// Files with the names and bytes given.
pub(super) fn parts(files: &[(&str, &[u8])]) -> Vec<Part> {
    let part = |(name, bytes): &(&str, &[u8])| {
        let digest = Digest::default();
        let reader = BufReader::with_capacity(1 << 16, digest.watch(Cursor::new(bytes.to_vec())));
        let source =
            Source { name: (*name).to_owned(), format: String::new(), size: bytes.len() as u64, digest: String::new() };
        let head = bytes[..bytes.len().min(Head::SIZE)].to_vec();
        Part { path: (*name).to_owned(), source, digest, head, bytes: Bytes::Stream(Box::new(reader)) }
    };
    files.iter().map(part).collect()
}

/// The run that files make with the default options.
pub(super) fn run(files: &[(&str, &[u8])]) -> Result<Run> {
    join(parts(files), &Options::default())
}

/// The run that fixtures make with the default options.
pub(super) fn run_of(names: &[&str]) -> Result<Run> {
    let bytes: Vec<(&str, Vec<u8>)> = names.iter().map(|name| (*name, fixture(name))).collect();
    run(&bytes.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect::<Vec<_>>())
}
