//! Files at the edge: opening and decompressing input, globs, the machine's description, writing documents.
//!
//! Input may be gzip (also several members, also twice), UTF-8 with or without a byte order mark, or UTF-16 as
//! `PowerShell` redirects it; readers behind this module see plain bytes.

#![expect(clippy::disallowed_methods, reason = "this is where bytes come from and go to")]

#[cfg(fuzzing)]
pub mod fuzzing;
mod gzip;
mod inflate;
mod utf16;

use std::fs::{self, File};
use std::io::{self, BufRead, IsTerminal, Read, Write};
#[cfg(unix)]
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use gzip::Gunzip;
use indicatif::{ProgressBar, ProgressStyle};
use utf16::Utf16;

use crate::ingest::{Buffered, Bytes, Digest, Head, Part, ReadAt};
use crate::model::{Environment, Source};
use crate::render::log;

/// Bytes that a buffer between two readers holds. Who reads more at once reads past the buffer.
const BLOCK: usize = 128 * 1024;
/// Files below this size are read before a progress bar could be seen.
const SLOW: u64 = 64 << 20;
/// Gzip inside gzip inside gzip is nobody's result file.
const MOST_LAYERS: usize = 2;
/// How gzip data starts, and the byte order mark of UTF-8.
const GZIP: &[u8] = &[0x1f, 0x8b];
const MARK: &[u8] = &[0xef, 0xbb, 0xbf];
/// Largest configuration or report that is read.
const LARGEST_TEXT: u64 = 64 << 20;

/// Opens a result file; `-` is standard input.
///
/// # Errors
/// A file that cannot be opened or read, a directory, data compressed more than twice.
pub fn open(path: &str, progress: bool) -> Result<Part> {
    let digest = Digest::default();
    let (size, head, bytes) = if path == "-" {
        let (head, reader) = stream(Box::new(io::stdin()), &digest, path)?;
        (0, head, Bytes::Stream(reader))
    } else {
        let file = File::open(path).with_context(|| match is_pattern(path) {
            true => format!("no file matches '{path}': did the load test run, and write there?"),
            false => format!("{path}: cannot be opened"),
        })?;
        let meta = file.metadata().with_context(|| format!("{path}: cannot be read"))?;
        if meta.is_dir() {
            bail!("{path}: is a directory; name the files in it, for example {path}/*.json");
        }
        let file = Watched { file, bar: bar(meta.len(), progress) };
        let plain = if meta.is_file() { plain(&file) } else { None };
        match plain {
            Some((head, start)) => (meta.len(), head, Bytes::File { file: Box::new(file), start }),
            None => {
                let (head, reader) = stream(Box::new(file), &digest, path)?;
                (meta.len(), head, Bytes::Stream(reader))
            }
        }
    };
    let name = Path::new(path).file_name().map_or_else(|| path.into(), |name| name.to_string_lossy());
    let source = Source { name: name.into_owned(), format: String::new(), size, digest: String::new() };
    Ok(Part { path: path.to_owned(), source, digest, head, bytes })
}

/// The head of a file that holds text as it is to be read, and where the text starts; `None` for one that must be
/// decompressed or decoded, or whose head cannot be read.
fn plain(file: &Watched) -> Option<(Vec<u8>, usize)> {
    let mut head = vec![0; Head::SIZE + MARK.len()];
    let mut filled = 0;
    while filled < head.len() {
        match file.file.read_at(&mut head[filled..], filled as u64) {
            Ok(0) => break,
            Ok(size) => filled += size,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    head.truncate(filled);
    let start = if head.starts_with(MARK) { MARK.len() } else { 0 };
    head.drain(..start);
    head.truncate(Head::SIZE);
    let coded = [GZIP, &[0xff, 0xfe], &[0xfe, 0xff], &[0, 0]].iter().any(|mark| head.starts_with(mark));
    (!coded).then_some((head, start))
}

/// The head and all bytes, decompressed, of what must be read in order.
fn stream(raw: Box<dyn Read + Send>, digest: &Digest, path: &str) -> Result<(Vec<u8>, Box<dyn BufRead + Send>)> {
    let mut reader: Box<dyn BufRead + Send> = Box::new(Buffered::new(BLOCK, digest.watch(raw)));
    for _ in 0..MOST_LAYERS {
        // Damage is told by whoever reads on, with the place.
        if reader.fill_buf().is_ok_and(|start| start.starts_with(GZIP)) {
            reader = Box::new(Buffered::new(BLOCK, Gunzip::new(reader)));
        }
    }
    Ok(split_head(decoded(reader, path)?))
}

/// The files that a pattern such as `results/*.json` matches, in the order of their names; a plain path matches itself.
/// So does a pattern without a match: [`open`] then says that it has none, and a report can tell it.
///
/// # Errors
/// A pattern that is none, a folder that cannot be listed.
pub fn expand(pattern: &str) -> Result<Vec<String>> {
    if !is_pattern(pattern) || Path::new(pattern).exists() {
        return Ok(vec![pattern.to_owned()]);
    }
    let paths = glob::glob(pattern).with_context(|| format!("'{pattern}' is not a pattern"))?;
    let mut found = Vec::new();
    for path in paths {
        found.push(path.with_context(|| format!("'{pattern}' cannot be listed"))?.to_string_lossy().into_owned());
    }
    if found.is_empty() {
        found.push(pattern.to_owned());
    }
    Ok(found)
}

fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// The text of a configuration or a saved report; `None` if there is no such file.
///
/// # Errors
/// A file that is there and cannot be read, is no UTF-8, or is larger than 64 MiB.
pub fn read_text(path: &str) -> Result<Option<String>> {
    let reader: Box<dyn Read> = match File::open(path) {
        _ if path == "-" => Box::new(io::stdin().lock()),
        Ok(file) => Box::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("{path}: cannot be opened")),
    };
    let mut text = String::new();
    reader
        .take(LARGEST_TEXT + 1)
        .read_to_string(&mut text)
        .with_context(|| format!("{path}: cannot be read as text"))?;
    if text.len() as u64 > LARGEST_TEXT {
        bail!("{path}: larger than 64 MiB");
    }
    Ok(Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)))
}

/// Writes a document to a file, or to standard output without one. A closed pipe is no error.
///
/// # Errors
/// A file or a device that cannot be written.
pub fn write(path: Option<&str>, text: &str) -> Result<()> {
    let Some(path) = path.filter(|path| *path != "-") else {
        let written = io::stdout().lock().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
        return match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other.context("standard output cannot be written"),
        };
    };
    if let Some(parent) = Path::new(path).parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent).with_context(|| format!("{}: cannot be created", parent.display()))?;
    }
    fs::write(path, text).with_context(|| format!("{path}: cannot be written"))
}

/// Says something to the person at the terminal, on standard error. Nothing in it is a command to a workflow whose log that
/// is: messages tell of names and lines that came from outside.
pub fn say(text: &str) {
    // A closed standard error must not change the outcome.
    let _ = writeln!(io::stderr().lock(), "{}", log(text));
}

/// The time by the wall clock, for what people decided until a date; no judgement depends on it.
pub fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// When a file was changed last.
pub fn changed(path: &str) -> Option<jiff::Timestamp> {
    jiff::Timestamp::try_from(fs::metadata(path).ok()?.modified().ok()?).ok()
}

/// Whether something is there under that path.
pub fn exists(path: &str) -> bool {
    Path::new(path).exists()
}

/// Whether standard output is a terminal that wants colours (`NO_COLOR`, <https://no-color.org>).
pub fn wants_colour() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The machine this runs on, which is taken for the machine the load test ran on.
pub fn machine() -> Environment {
    let mut parts = std::collections::BTreeMap::new();
    parts.insert("os".to_owned(), std::env::consts::OS.to_owned());
    parts.insert("arch".to_owned(), std::env::consts::ARCH.to_owned());
    let model = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| cpu_class(&text));
    if let Some(model) = model {
        parts.insert("cpu".to_owned(), model);
    }
    Environment(parts)
}

/// The processor's model name without frequency and stepping, which differ between machines of one class.
fn cpu_class(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    let model = line.split_once(':')?.1.split('@').next()?;
    let words = model.split_whitespace().filter(|word| !matches!(*word, "CPU" | "Processor" | "(R)" | "(TM)"));
    let class = words.collect::<Vec<_>>().join(" ");
    (!class.is_empty()).then_some(class)
}

/// A progress bar, if the file is large and somebody is watching.
fn bar(size: u64, progress: bool) -> Option<ProgressBar> {
    if !progress || size < SLOW || !io::stderr().is_terminal() {
        return None;
    }
    let style = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {eta}");
    Some(ProgressBar::new(size).with_style(style.expect("the template is constant and legal")))
}

/// A file, and the bar that shows how much of it was read.
struct Watched {
    file: File,
    bar: Option<ProgressBar>,
}

impl Watched {
    fn show(&self, size: usize) -> usize {
        if let Some(bar) = &self.bar {
            bar.inc(size as u64);
        }
        size
    }
}

impl Read for Watched {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        self.file.read(target).map(|size| self.show(size))
    }
}

impl ReadAt for Watched {
    fn read_at(&self, target: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(target, offset).map(|size| self.show(size))
    }
}

#[cfg(windows)]
trait FileExt {
    fn read_at(&self, target: &mut [u8], offset: u64) -> io::Result<usize>;
}

#[cfg(windows)]
impl FileExt for File {
    fn read_at(&self, target: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, target, offset)
    }
}

/// Takes a byte order mark off; UTF-16 becomes UTF-8.
fn decoded(mut reader: Box<dyn BufRead + Send>, path: &str) -> Result<Box<dyn BufRead + Send>> {
    let Ok(start) = reader.fill_buf() else { return Ok(reader) };
    let big = match start {
        start if start.starts_with(MARK) => {
            reader.consume(MARK.len());
            return Ok(reader);
        }
        [0xff, 0xfe, ..] => false,
        [0xfe, 0xff, ..] => true,
        [0, 0, ..] if start.len() < 4 => bail!("{path}: the file holds only zero bytes"),
        _ => return Ok(reader),
    };
    reader.consume(2);
    Ok(Box::new(Buffered::new(BLOCK, Utf16::new(reader, big))))
}

/// Reads the head for detection and puts it in front again. A broken file keeps what could be read of it, and breaks
/// again when it is read in earnest, with the place.
fn split_head(mut reader: Box<dyn BufRead + Send>) -> (Vec<u8>, Box<dyn BufRead + Send>) {
    let mut head = Vec::new();
    while head.len() < Head::SIZE {
        match reader.fill_buf() {
            Ok([]) => break,
            Ok(bytes) => {
                let size = bytes.len().min(Head::SIZE - head.len());
                head.extend_from_slice(&bytes[..size]);
                reader.consume(size);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                let broken = Broken(Some(error));
                return (head.clone(), Box::new(io::Cursor::new(head).chain(Buffered::new(1, broken))));
            }
        }
    }
    let whole = io::Cursor::new(head.clone()).chain(reader);
    (head, Box::new(whole))
}

/// A reader that fails as another one did before.
struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        let error =
            self.0.as_ref().map_or_else(|| io::Error::other("broken"), |e| io::Error::new(e.kind(), e.to_string()));
        Err(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    fn all(bytes: &[u8]) -> Vec<u8> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), bytes).unwrap();
        let part = open(file.path().to_str().unwrap(), false).unwrap();
        let mut read = Vec::new();
        match part.bytes {
            Bytes::Stream(mut reader) => reader.read_to_end(&mut read).unwrap(),
            Bytes::File { file, start } => {
                read = vec![0; bytes.len() + 1];
                let size = file.read_at(&mut read, start as u64).unwrap();
                read.truncate(size);
                assert_eq!(part.head, read[..read.len().min(Head::SIZE)]);
                0
            }
        };
        read
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_once_twice_and_in_members_is_undone() {
        assert_eq!(all(&gzip(b"a,b")), b"a,b");
        assert_eq!(all(&gzip(&gzip(b"a,b"))), b"a,b");
        assert_eq!(all(&[gzip(b"a,"), gzip(b"b")].concat()), b"a,b");
    }

    #[test]
    fn byte_order_marks_and_utf_16_are_undone() {
        let text = "Größe 𝛼";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(all(&[b"\xff\xfe".to_vec(), little].concat()), text.as_bytes());
        assert_eq!(all(&[b"\xfe\xff".to_vec(), big].concat()), text.as_bytes());
        assert_eq!(all(&[b"\xef\xbb\xbf", text.as_bytes()].concat()), text.as_bytes());
    }

    #[test]
    fn files_longer_than_the_head_come_whole() {
        let long = vec![b'x'; Head::SIZE * 2 + 7];
        assert_eq!(all(&long), long);
    }

    #[test]
    fn processors_of_one_class_have_one_name() {
        let info = "processor : 0\nmodel name\t: Intel(R) Xeon(R) CPU E5-2673 v4 @ 2.30GHz\n";
        assert_eq!(cpu_class(info).unwrap(), "Intel(R) Xeon(R) E5-2673 v4");
    }

    #[test]
    fn a_pattern_without_a_match_says_so() {
        assert_eq!(expand("/nonexistent-*/x.json").unwrap(), ["/nonexistent-*/x.json"]);
        let error = open("/nonexistent-*/x.json", false).err().unwrap();
        assert!(error.to_string().contains("no file matches"), "{error}");
        assert_eq!(expand("plain.json").unwrap(), ["plain.json"]);
    }
}
