//! What the tests of the formats share: runs of bytes at hand and of fixtures.
#![expect(clippy::disallowed_methods, reason = "tests read fixtures")]

use std::io::{BufReader, Cursor, Read as _};

use anyhow::Result;

use super::{Head, Options, Part, join};
use crate::model::{Run, Source};

/// The bytes of a file below `fixtures/`, decompressed.
pub(super) fn fixture(path: &str) -> Vec<u8> {
    let bytes = std::fs::read(format!("{}/fixtures/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return bytes;
    }
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut plain).unwrap();
    plain
}

/// Parts of a run, given by name and bytes.
pub(super) fn parts(files: &[(&str, &[u8])]) -> Vec<Part> {
    let part = |(name, bytes): &(&str, &[u8])| Part {
        path: (*name).to_owned(),
        source: Source {
            name: (*name).to_owned(),
            format: String::new(),
            size: bytes.len() as u64,
            digest: format!("xxh3:{:032x}", xxhash_rust::xxh3::xxh3_128(bytes)),
        },
        head: bytes[..bytes.len().min(Head::SIZE)].to_vec(),
        reader: Box::new(BufReader::with_capacity(1 << 16, Cursor::new(bytes.to_vec()))),
    };
    files.iter().map(part).collect()
}

/// The run of some files, read as usual.
pub(super) fn run(files: &[(&str, &[u8])]) -> Result<Run> {
    join(parts(files), &Options::default())
}
