//! A file as a reader sees it: lines with numbers, a bound on everything, and one answer to truncation.

use std::io::{self, BufRead, ErrorKind, Read};

use anyhow::{Context, Result, bail};

use super::bytes::in_order;
use super::{Bytes, Digest, Options, ReadAt, Recorder};

/// Longest line that is read: a hundred times what any tool writes.
pub(super) const LONGEST_LINE: usize = 16 << 20;
/// Most empty lines in a row: a file of nothing else would be read for minutes.
pub(super) const MOST_BLANK: u64 = 1_000_000;
/// Largest file of a format that is read as one document.
const LARGEST_DOCUMENT: usize = 256 << 20;
/// Bytes of a bad line that a message shows.
const EXCERPT: usize = 100;

/// The bytes of one file, already decompressed, with its name and how to read it.
pub struct Input<'a> {
    name: &'a str,
    source: Source<'a>,
    options: &'a Options,
    buffer: Vec<u8>,
    line: u64,
    blank: u64,
    offset: u64,
    last: u8,
    cut: bool,
}

enum Source<'a> {
    /// A file of which nothing was read yet, so that it can still be read in blocks.
    File {
        file: &'a dyn ReadAt,
        start: usize,
        digest: &'a Digest,
    },
    /// The same, read in order.
    Opened(Box<dyn BufRead + Send + 'a>),
    Stream(&'a mut (dyn BufRead + Send)),
}

/// A file that was not begun to be read, for those who read it at several places at once.
#[derive(Clone, Copy)]
pub(super) struct Whole<'a> {
    pub(super) file: &'a dyn ReadAt,
    /// Bytes before the text.
    pub(super) start: usize,
    /// To which all bytes are to be added, in their order.
    pub(super) digest: &'a Digest,
}

/// One line of a file, without its end.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// The bytes, without `\n` and `\r\n`.
    pub bytes: &'a [u8],
    /// Its number, from 1.
    pub number: u64,
    /// Whether a line end followed: without one the file may have been cut inside this line.
    pub terminated: bool,
}

impl<'a> Input<'a> {
    /// The file `name`, whose bytes come from `reader`.
    pub fn new(name: &'a str, reader: &'a mut (dyn BufRead + Send), options: &'a Options) -> Self {
        Self::from(name, Source::Stream(reader), options)
    }

    /// The file `name` with those bytes.
    pub(super) fn of(name: &'a str, bytes: &'a mut Bytes, digest: &'a Digest, options: &'a Options) -> Self {
        let source = match bytes {
            Bytes::Stream(reader) => Source::Stream(&mut **reader),
            Bytes::File { file, start } => Source::File { file: &**file, start: *start, digest },
        };
        Self::from(name, source, options)
    }

    fn from(name: &'a str, source: Source<'a>, options: &'a Options) -> Self {
        Self { name, source, options, buffer: Vec::new(), line: 0, blank: 0, offset: 0, last: b'\n', cut: false }
    }

    /// Name of the file, for messages.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// What the caller decided about reading.
    pub fn options(&self) -> &'a Options {
        self.options
    }

    /// The next line, or `None` at the end of the file.
    ///
    /// # Errors
    /// A line longer than 16 MiB, a million empty ones in a row, a failing disk, and compressed data that is damaged or (unless allowed) cut off.
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>> {
        self.buffer.clear();
        let mut buffer = std::mem::take(&mut self.buffer);
        let limit = LONGEST_LINE as u64 + 1;
        let read = (&mut *self).take(limit).read_until(b'\n', &mut buffer);
        self.buffer = buffer;
        read.with_context(|| format!("{}, after line {}", self.name, self.line))?;
        if self.buffer.is_empty() {
            return Ok(None);
        }
        self.line += 1;
        if self.buffer.len() > LONGEST_LINE {
            bail!("{}: line {} is longer than 16 MiB: this is no result file", self.name, self.line);
        }
        let terminated = self.buffer.last() == Some(&b'\n');
        let mut bytes = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        self.blank = if bytes.is_empty() { self.blank + 1 } else { 0 };
        if self.blank > MOST_BLANK {
            bail!("{}: a million empty lines before line {}: this is no result file", self.name, self.line);
        }
        Ok(Some(Line { bytes, number: self.line, terminated }))
    }

    /// The whole file, for formats that are one small document.
    ///
    /// # Errors
    /// More than 256 MiB, and as [`Input::next_line`].
    pub fn document(&mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let limit = LARGEST_DOCUMENT as u64 + 1;
        let name = self.name;
        (&mut *self).take(limit).read_to_end(&mut bytes).with_context(|| format!("{name}: cannot be read"))?;
        if bytes.len() > LARGEST_DOCUMENT {
            bail!("{name}: larger than 256 MiB, which no document of this format is");
        }
        Ok(bytes)
    }

    /// Takes the file as a whole, if it is one that was not begun; to this input it is read to its end, `size` bytes of it
    /// once [`Input::was_read`] says so.
    pub(super) fn take_whole(&mut self) -> Option<Whole<'a>> {
        let Source::File { file, start, digest } = self.source else { return None };
        self.source = Source::Opened(Box::new(io::empty()));
        Some(Whole { file, start, digest })
    }

    /// Tells how many bytes of a file taken as a whole were read.
    pub(super) fn was_read(&mut self, bytes: u64) {
        self.offset += bytes;
    }

    /// Whether the last byte read so far was a line end, as it is at the end of a file that is whole.
    pub fn ended_with_newline(&self) -> bool {
        self.last == b'\n'
    }

    /// Whether the compressed data ended before its end.
    pub fn was_cut(&self) -> bool {
        self.cut
    }

    /// The answer to data that ends too early: an error, or with `--allow-truncated` a warning in the run.
    ///
    /// # Errors
    /// Unless truncated files are allowed: what was cut, where, and the flag.
    pub fn truncated(&self, what: &str, recorder: &mut Recorder) -> Result<()> {
        let place = format!("{}: truncated at byte {}: {what}", self.name, self.offset);
        if !self.options.allow_truncated {
            bail!("{place}; was the test killed? --allow-truncated uses what is whole");
        }
        recorder.run().warn(format!("{place}; only what is whole was used"));
        Ok(())
    }

    /// The answer to a line that is not of the format: an error with its number and an excerpt; a last line without
    /// an end is truncated rather than wrong.
    ///
    /// # Errors
    /// Always for a line in the middle; for a cut one as [`Input::truncated`].
    pub fn malformed(&self, number: u64, terminated: bool, why: &str, recorder: &mut Recorder) -> Result<()> {
        if !terminated {
            return self.truncated(&format!("line {number} is cut off"), recorder);
        }
        bail!("{}:{number}: {why}: {}", self.name, excerpt(self.buffer.trim_ascii_end()));
    }

    /// The bytes in their order, from a file that is opened at the first call.
    fn reader(&mut self) -> io::Result<&mut (dyn BufRead + Send + 'a)> {
        if let Source::File { file, start, digest } = self.source {
            let mut reader = in_order(file, digest);
            reader.read_exact(&mut vec![0; start])?;
            self.source = Source::Opened(Box::new(reader));
        }
        match &mut self.source {
            Source::Opened(reader) => Ok(&mut **reader),
            Source::Stream(reader) => Ok(&mut **reader),
            Source::File { .. } => Err(io::Error::other("a file that was opened is not open")),
        }
    }

    /// What a failure to read means: a gzip stream that ends early is the end of the file where that is allowed, and an
    /// error that says so elsewhere.
    fn failed(&mut self, error: &io::Error) -> io::Result<()> {
        if error.kind() == ErrorKind::UnexpectedEof && self.options.allow_truncated {
            self.cut = true;
            return Ok(());
        }
        let advice = "; was the file cut off? --allow-truncated uses what is whole";
        let advice = if error.kind() == ErrorKind::UnexpectedEof { advice } else { "" };
        let message = format!("compressed data ends or breaks at byte {}: {error}{advice}", self.offset);
        Err(io::Error::new(error.kind(), message))
    }
}

/// The beginning of `bytes` as printable text.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    let shown: String = String::from_utf8_lossy(&bytes[..bytes.len().min(EXCERPT)])
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let more = if bytes.len() > EXCERPT { "…" } else { "" };
    format!("{shown}{more}")
}

impl Read for Input<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        if self.cut {
            return Ok(0);
        }
        match self.reader()?.read(target) {
            Ok(size) => {
                self.last = target[..size].last().copied().unwrap_or(self.last);
                self.offset += size as u64;
                Ok(size)
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Err(error),
            Err(error) => self.failed(&error).map(|()| 0),
        }
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.cut {
            return Ok(&[]);
        }
        // Asked twice: the borrow of a first answer could not be given back after looking at its error.
        if let Err(error) = self.reader()?.fill_buf() {
            self.failed(&error)?;
            return Ok(&[]);
        }
        self.reader()?.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        let Ok(reader) = self.reader() else { return };
        if amount > 0 {
            // The bytes are still in the reader's buffer: this look at the last one reads nothing.
            let last = reader.fill_buf().map_or(b'\n', |bytes| bytes[amount - 1]);
            reader.consume(amount);
            self.last = last;
        }
        self.offset += amount as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<(Vec<u8>, bool)> {
        let (mut reader, options) = (text, Options::default());
        let mut input = Input::new("x", &mut reader, &options);
        let mut seen = Vec::new();
        while let Some(line) = input.next_line().unwrap() {
            seen.push((line.bytes.to_vec(), line.terminated));
        }
        seen
    }

    #[test]
    fn line_ends_of_both_kinds_are_taken_off_and_a_missing_one_is_told() {
        let seen = lines(b"a\r\n\nb");
        assert_eq!(seen, [(b"a".to_vec(), true), (b"".to_vec(), true), (b"b".to_vec(), false)]);
    }

    #[test]
    fn a_huge_line_is_refused_in_bounded_memory() {
        let options = Options::default();
        let mut reader = std::io::BufReader::new(std::io::repeat(b'x').take(64 << 20));
        let mut input = Input::new("bomb.json", &mut reader, &options);
        let message = input.next_line().unwrap_err().to_string();
        assert!(message.contains("bomb.json") && message.contains("16 MiB"), "{message}");
    }

    #[test]
    fn a_cut_last_line_is_refused_or_warned_about() {
        let options = Options::default();
        let mut recorder = Recorder::new(&options);
        let mut reader = &b"{\"a\": 1}\n{\"a\""[..];
        let mut input = Input::new("x.json", &mut reader, &options);
        while input.next_line().unwrap().is_some() {}
        let error = input.malformed(2, false, "no JSON", &mut recorder).unwrap_err().to_string();
        assert!(error.contains("byte 13") && error.contains("--allow-truncated"), "{error}");
        let options = Options { allow_truncated: true, ..Options::default() };
        let mut recorder = Recorder::new(&options);
        let mut reader = &b""[..];
        Input::new("x.json", &mut reader, &options).truncated("line 2 is cut off", &mut recorder).unwrap();
        assert_eq!(recorder.run().warnings.len(), 1);
    }
}
