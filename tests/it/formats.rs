//! The formats against the files of `fixtures/`: who claims which file, and that each is read, always alike.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufReader, Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use perf_gate::files;
use perf_gate::ingest::{self, Bytes, Detail, Digest, FORMATS, Format, Head, Options, Part, join};
use perf_gate::model::{self, Run, Source};

/// Folders of files that no tool wrote as its result.
const OTHER_FOLDERS: [&str; 8] =
    ["badges", "events", "golden", "reference", "demo", "calibration", "explained", "history"];
/// Formats of which no file that the tool really wrote is held, and why.
const WITHOUT_FIXTURE: [(&str, &str); 2] = [
    ("artillery-v1", "no report made by the tool is held; the tests of its reader write them after `lib/stats2.js`"),
    ("native", "`convert` writes it; every fixture is written and read back below"),
];
/// Fixtures that are no valid run on purpose, and what is said of them.
const INVALID: [(&str, &str); 3] = [
    ("k6/aborted/handle_summary.json", "aborted"),
    ("locust/no-requests/locust_stats.csv", "zero requests"),
    ("locust/no-requests/locust_stats_history.csv", "zero requests"),
];

/// A result file among the fixtures.
struct Fixture {
    /// `k6/setup/points.csv.gz`.
    name: String,
    path: PathBuf,
}

impl Fixture {
    fn family(&self) -> &str {
        self.name.split('/').next().unwrap()
    }

    /// Its bytes, decompressed.
    fn bytes(&self) -> Vec<u8> {
        let bytes = fs::read(&self.path).unwrap();
        if !bytes.starts_with(&[0x1f, 0x8b]) {
            return bytes;
        }
        let mut plain = Vec::new();
        MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut plain).unwrap();
        plain
    }

    fn format(&self) -> &'static Format {
        let bytes = self.bytes();
        ingest::detect(&self.name, &Head::new(&bytes), None).unwrap()
    }
}

/// Every result file, in the order of the names.
fn fixtures() -> Vec<Fixture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    paths.sort();
    let named = paths.into_iter().map(|path| {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        Fixture { name, path }
    });
    named.filter(|fixture| !OTHER_FOLDERS.contains(&fixture.family())).collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            walk(&path, found);
        } else if !name.ends_with("README.md") && !name.ends_with("truth.json") {
            found.push(path);
        }
    }
}

/// The run that one file on disk makes.
fn read(path: &Path) -> anyhow::Result<Run> {
    join(vec![files::open(path.to_str().unwrap(), false)?], &options(false))
}

fn options(allow_truncated: bool) -> Options {
    Options { scenario: "s".to_owned(), allow_truncated, ..Options::default() }
}

#[test]
fn every_fixture_is_claimed_by_one_format_and_that_of_its_tool() {
    let fixtures = fixtures();
    assert!(fixtures.len() > 40, "{}", fixtures.len());
    for fixture in fixtures {
        let bytes = fixture.bytes();
        let head = Head::new(&bytes);
        let claims: Vec<_> = FORMATS.iter().filter(|format| (format.detect)(&head)).collect();
        let [only] = claims.as_slice() else {
            panic!("{}: {:?}", fixture.name, claims.iter().map(|f| f.name).collect::<Vec<_>>())
        };
        let family = if only.detail == Detail::Resources { "resources" } else { only.tool };
        assert_eq!(family, fixture.family(), "{}", fixture.name);
    }
}

#[test]
fn every_format_has_a_fixture() {
    let held: BTreeSet<&str> = fixtures().iter().map(|fixture| fixture.format().name).collect();
    for format in FORMATS {
        let excepted = WITHOUT_FIXTURE.iter().any(|(name, _)| *name == format.name);
        assert_ne!(held.contains(format.name), excepted, "{}", format.name);
    }
}

#[test]
fn every_fixture_is_read() {
    for fixture in fixtures() {
        let run = read(&fixture.path).unwrap_or_else(|error| panic!("{}: {error:#}", fixture.name));
        let expected = INVALID.iter().find(|(name, _)| *name == fixture.name).map(|(_, says)| *says);
        let alone = (fixture.format().detail == Detail::Failures).then_some("zero requests");
        match (&run.invalid, expected.or(alone)) {
            (None, None) => {}
            (Some(reason), Some(says)) => assert!(reason.contains(says), "{}: {reason}", fixture.name),
            (found, _) => panic!("{}: {found:?}", fixture.name),
        }
    }
}

#[test]
fn a_file_read_twice_is_the_same_run_to_the_byte() {
    for fixture in fixtures() {
        let twice = [(); 2].map(|()| model::write(&read(&fixture.path).unwrap()));
        assert_eq!(twice[0], twice[1], "{}", fixture.name);
    }
}

#[test]
fn gzip_and_plain_give_the_same_figures() {
    let folder = tempfile::tempdir().unwrap();
    for fixture in fixtures() {
        let bytes = fixture.bytes();
        let (plain, packed) = (folder.path().join("plain"), folder.path().join("packed"));
        fs::write(&plain, &bytes).unwrap();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&bytes).unwrap();
        fs::write(&packed, encoder.finish().unwrap()).unwrap();
        let figures = [plain, packed].map(|path| {
            let mut run = read(&path).unwrap();
            run.sources.clear();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            model::write(&run).replace(path.to_str().unwrap(), "FILE").replace(&name, "FILE")
        });
        assert_eq!(figures[0], figures[1], "{}", fixture.name);
    }
}

#[test]
fn what_is_written_in_the_native_format_is_claimed_by_it_and_reads_back_equal() {
    // Failures alone are no run: they complete one.
    for fixture in fixtures().into_iter().filter(|fixture| fixture.format().detail != Detail::Failures) {
        let run = read(&fixture.path).unwrap();
        let text = model::write(&run);
        let head = Head::new(text.as_bytes());
        let claims: Vec<_> = FORMATS.iter().filter(|f| (f.detect)(&head)).map(|f| f.name).collect();
        assert_eq!(claims, ["native"], "{}", fixture.name);
        assert_eq!(model::write(&model::parse(text.as_bytes()).unwrap()), text, "{}", fixture.name);
    }
}

/// A smallest fixture of each format, cut down where a whole one is large.
fn seeds() -> Vec<(&'static Format, Vec<u8>)> {
    const SMALL: usize = 30_000;
    let mut seeds: Vec<(&'static Format, Vec<u8>)> = Vec::new();
    for fixture in fixtures() {
        let (format, bytes) = (fixture.format(), fixture.bytes());
        match seeds.iter_mut().find(|(known, _)| known.name == format.name) {
            Some((_, held)) if held.len() > bytes.len() => *held = bytes,
            Some(_) => {}
            None => seeds.push((format, bytes)),
        }
    }
    let smallest = fixtures().into_iter().find(|fixture| fixture.name == "locust/baseline/locust_stats.csv").unwrap();
    let native = model::write(&read(&smallest.path).unwrap()).into_bytes();
    seeds.push((FORMATS.iter().find(|format| format.name == "native").unwrap(), native));
    for (_, bytes) in &mut seeds {
        bytes.truncate(SMALL);
    }
    seeds
}

/// A generator of numbers that are the same in every run: `SplitMix64`, <https://prng.di.unimi.it/splitmix64.c>.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit.max(1) as u64) as usize
    }

    /// Damages `bytes` as disks, editors and killed processes do, a few times.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        /// Bytes that mean something to some format.
        const TELLING: &[u8] = b"{}[]\"\\,;:\n\r\t<>&-+.eE09\0\xff ";
        for _ in 0..=self.below(4) {
            let (from, length) = (self.below(bytes.len()), self.below(40));
            let to = (from + length).min(bytes.len());
            match self.below(6) {
                0 => bytes.truncate(from),
                1 if from < bytes.len() => bytes[from] ^= 1 << self.below(8),
                2 if from < bytes.len() => bytes[from] = TELLING[self.below(TELLING.len())],
                3 => drop(bytes.splice(from..from, bytes[from..to].to_vec())),
                4 => drop(bytes.drain(from..to)),
                _ => drop(bytes.splice(from..to, std::iter::repeat_n(b'9', length))),
            }
        }
    }
}

#[test]
fn damaged_files_are_answered_and_never_panic() {
    /// Damaged copies of each format.
    const COPIES: u64 = 150;
    for (format, whole) in seeds() {
        for seed in 0..COPIES {
            let mut bytes = whole.clone();
            Chance(seed).damage(&mut bytes);
            // Named, so that damage to what detection looks at reaches the reader as well.
            let forced = (format.detail != Detail::Resources).then(|| format.name.to_owned());
            let options = Options { format: forced, ..options(seed % 2 == 0) };
            if let Ok(run) = join(vec![part(bytes)], &options) {
                // What the native format leaves open is filled in once.
                let again = |text: &str| model::parse(text.as_bytes()).map(|run| model::write(&run));
                if let Ok(text) = again(&model::write(&run)) {
                    assert_eq!(again(&text).unwrap(), text, "{}, seed {seed}", format.name);
                }
            }
        }
    }
}

/// The bytes as a file.
fn part(bytes: Vec<u8>) -> Part {
    let source =
        Source { name: "x".to_owned(), format: String::new(), size: bytes.len() as u64, digest: String::new() };
    let head = bytes[..bytes.len().min(Head::SIZE)].to_vec();
    let digest = Digest::default();
    let reader = Box::new(BufReader::new(digest.watch(Cursor::new(bytes))));
    Part { path: "x".to_owned(), source, digest, head, bytes: Bytes::Stream(reader) }
}
