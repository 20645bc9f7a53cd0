//! Blocks and threads change nothing: files in every block size and on several threads against the same files in one piece.

use std::io::{self, Read as _};
use std::path::Path;

use perf_gate::ingest::{Blocks, Bytes, Digest, Head, Options, Part, ReadAt, join};
use perf_gate::model::{Run, Source};
use proptest::prelude::*;

/// Bytes that can be read at any place.
struct Memory(Vec<u8>);

impl ReadAt for Memory {
    fn read_at(&self, target: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = self.0.get(offset as usize..).unwrap_or_default();
        let size = rest.len().min(target.len());
        target[..size].copy_from_slice(&rest[..size]);
        Ok(size)
    }
}

/// The run that the bytes make, read in blocks of `size` bytes on `threads` threads, as a file or as a stream; or what is
/// wrong with them.
fn run(bytes: &[u8], size: usize, threads: usize, is_file: bool) -> Result<Run, String> {
    let source = Source { name: "x".into(), format: String::new(), size: bytes.len() as u64, digest: String::new() };
    let (digest, head) = (Digest::default(), bytes[..bytes.len().min(Head::SIZE)].to_vec());
    let stream = || Bytes::Stream(Box::new(io::BufReader::new(digest.watch(io::Cursor::new(bytes.to_vec())))));
    let bytes = if is_file { Bytes::File { file: Box::new(Memory(bytes.to_vec())), start: 0 } } else { stream() };
    let options = Options { blocks: Blocks { size, threads }, ..Options::default() };
    join(vec![Part { path: "x".into(), source, digest: digest.clone(), head, bytes }], &options)
        .map_err(|error| format!("{error:#}"))
}

/// The first `size` bytes of a fixture, to the end of a line.
fn start(name: &str, size: usize) -> String {
    let file = std::fs::File::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)).unwrap();
    let mut text = String::new();
    match name.ends_with(".gz") {
        true => flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap(),
        false => io::BufReader::new(file).read_to_string(&mut text).unwrap(),
    };
    let end = text[..text.len().min(size)].rfind('\n').unwrap() + 1;
    text[..end].to_owned()
}

const JTL: &str = "timeStamp,elapsed,label,success,threadName,failureMessage\n";

/// Texts of the formats that are read in blocks, with what makes borders hard.
fn texts() -> Vec<(&'static str, String)> {
    let quoted = "1795226767635,5,\"a, \"\"b\"\"\",true,t 1-1,\n\
                  1795226767645,15,\"two\nlines\",false,t 1-2,\"one\r\n\ntwo\n\"\n1795226767655,25,c,true,u 1-2,\n";
    let other = "label;success;elapsed;timeStamp\na;true;7;2026/11/21 02:12:56\n\"b\nc\";false;8;2026/11/21 02:12:57\n";
    let open = quoted.replace('"', "").replace("lines", "lines,true,t 1-1,");
    vec![
        ("k6 JSON", start("k6/baseline-1/points.json.gz", 5_000)),
        ("k6 JSON without expected_response", start("k6/no-expected-response/noexp.json.gz", 9_000)),
        ("k6 CSV", start("k6/baseline-1/points.csv.gz", 3_000)),
        ("k6 CSV in ms", start("k6/csv-times/unix_milli.csv", 2_930)),
        ("JTL", start("jmeter/baseline.jtl", 3_000)),
        ("JTL with quotes", format!("{JTL}{}", quoted.repeat(12))),
        ("JTL, CRLF", format!("{JTL}{}", quoted.repeat(8)).replace('\n', "\r\n")),
        ("JTL, a second header", format!("\n{JTL}{}\n{other}{JTL}{}", quoted.repeat(3), quoted.repeat(3))),
        ("JTL, stray quotes", format!("{JTL}{quoted}1795226767635,5,5\" hose,true,t 1-1,\n{quoted}")),
        ("JTL, a bad row", format!("{JTL}{quoted}{quoted}1795226767635,x,a,true,t 1-1,\n{quoted}")),
        ("JTL, an open quote", format!("{JTL}{quoted}1795226767635,5,\"a,true,t 1-1,\n{open}")),
        ("JTL, cut", format!("{JTL}{}", quoted.repeat(2)).trim_end().to_owned() + "\n17952"),
    ]
}

#[test]
fn every_block_size_gives_the_same_run() {
    for (name, text) in texts() {
        let whole = run(text.as_bytes(), 1 << 20, 1, true);
        for size in (1..=128).chain((129..4_096).step_by(61)) {
            let (threads, is_file) = (size % 4 + 1, size % 3 > 0);
            let cut = run(text.as_bytes(), size, threads, is_file);
            assert!(cut == whole, "{name} in blocks of {size}, {threads} threads: {cut:?}\ninstead of {whole:?}");
        }
    }
}

#[test]
fn runs_and_refusals_are_both_among_them() {
    let refusals =
        texts().into_iter().filter_map(|(name, text)| Some((name, run(text.as_bytes(), 512, 2, true).err()?)));
    let refusals: Vec<(&str, String)> = refusals.collect();
    let names: Vec<&str> = refusals.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["JTL, a bad row", "JTL, an open quote", "JTL, cut"], "{refusals:?}");
}

/// A file of line ends, read in blocks of 64 bytes, whose reading goes wrong.
fn refusal(file: impl ReadAt + 'static) -> String {
    let source = Source { name: "x".into(), format: String::new(), size: 0, digest: String::new() };
    let options =
        Options { blocks: Blocks { size: 64, threads: 3 }, format: Some("k6-json".into()), ..Options::default() };
    let (digest, head) = (Digest::default(), b"{}".to_vec());
    let part = Part { path: "x".into(), source, digest, head, bytes: Bytes::File { file: Box::new(file), start: 0 } };
    format!("{:#}", join(vec![part], &options).unwrap_err())
}

#[test]
fn a_disk_that_fails_is_told_with_the_place() {
    struct Failing;
    impl ReadAt for Failing {
        fn read_at(&self, target: &mut [u8], offset: u64) -> io::Result<usize> {
            target.fill(b'\n');
            if offset < 128 { Ok(target.len()) } else { Err(io::Error::other("the disk is gone")) }
        }
    }
    let said = refusal(Failing);
    assert!(said.contains("x, after line 128: the disk is gone"), "{said}");
}

#[test]
fn a_file_that_changes_while_it_is_read_is_refused() {
    /// Ends inside the nineteenth block, and goes on with the twentieth.
    struct Changing;
    impl ReadAt for Changing {
        fn read_at(&self, target: &mut [u8], offset: u64) -> io::Result<usize> {
            let end = if offset < 1_216 { 1_188 } else { 4_000 };
            let size = target.len().min((end - offset.min(end)) as usize);
            target[..size].fill(b'\n');
            Ok(size)
        }
    }
    let said = refusal(Changing);
    assert!(said.contains("changed while it was read"), "{said}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn damage_is_seen_alike_in_blocks_and_in_one_piece(
        which in 0..12_usize, size in 1..4_097_usize, threads in 1..5_usize, is_file in any::<bool>(),
        edits in prop::collection::vec((
            any::<prop::sample::Index>(), 0..40_usize,
            prop::sample::select(vec!["", "\"", "\n", "\r\n", ",", "{", "\\", "é", "\"\n\""]),
        ), 0..4),
    ) {
        let mut bytes = texts().swap_remove(which).1.into_bytes();
        for (at, removed, piece) in edits {
            let at = at.index(bytes.len());
            let end = (at + removed).min(bytes.len());
            bytes.splice(at..end, piece.bytes());
        }
        prop_assert_eq!(run(&bytes, size, threads, is_file), run(&bytes, 1 << 20, 1, true));
    }
}
