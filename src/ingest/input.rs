//! A file as a reader sees it: lines with numbers, a bound on everything, and one answer to truncation.

use std::io::{BufRead, ErrorKind, Read};

use anyhow::{Context, Result, bail};

use super::{Options, Recorder};

/// Longest line that is read: a hundred times what any tool writes.
const LONGEST_LINE: usize = 16 << 20;
/// Most empty lines in a row: a file of nothing else would be read for minutes.
const MOST_BLANK: u32 = 1_000_000;
/// Largest file of a format that is read as one document.
const LARGEST_DOCUMENT: usize = 256 << 20;
/// Bytes of a bad line that a message shows.
const EXCERPT: usize = 100;

/// The bytes of one file, already decompressed, with its name and how to read it.
pub struct Input<'a> {
    name: &'a str,
    reader: &'a mut dyn BufRead,
    options: &'a Options,
    buffer: Vec<u8>,
    line: u64,
    blank: u32,
    offset: u64,
    last: u8,
    cut: bool,
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
    pub fn new(name: &'a str, reader: &'a mut dyn BufRead, options: &'a Options) -> Self {
        Self { name, reader, options, buffer: Vec::new(), line: 0, blank: 0, offset: 0, last: b'\n', cut: false }
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
        let start = self.buffer.trim_ascii_end();
        bail!("{}:{number}: {why}: {}", self.name, excerpt(start));
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
    fn read(&mut self, target: &mut [u8]) -> std::io::Result<usize> {
        let available = self.fill_buf()?;
        let size = available.len().min(target.len());
        target[..size].copy_from_slice(&available[..size]);
        self.consume(size);
        Ok(size)
    }
}

impl BufRead for Input<'_> {
    /// A gzip stream that ends early is the end of the file where that is allowed, and an error that says so elsewhere.
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.cut {
            return Ok(&[]);
        }
        // Asked twice: the borrow of a first answer could not be given back after looking at its error.
        if let Err(error) = self.reader.fill_buf() {
            if error.kind() == ErrorKind::UnexpectedEof && self.options.allow_truncated {
                self.cut = true;
                return Ok(&[]);
            }
            let advice = "; was the file cut off? --allow-truncated uses what is whole";
            let advice = if error.kind() == ErrorKind::UnexpectedEof { advice } else { "" };
            let message = format!("compressed data ends or breaks at byte {}: {error}{advice}", self.offset);
            return Err(std::io::Error::new(error.kind(), message));
        }
        self.reader.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if amount > 0 {
            // The bytes are still in the reader's buffer: this look at the last one reads nothing.
            if let Ok(bytes) = self.reader.fill_buf() {
                self.last = bytes[amount - 1];
            }
        }
        self.offset += amount as u64;
        self.reader.consume(amount);
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
        let mut options = Options::default();
        let mut recorder = Recorder::new(&options);
        let mut reader = &b"{\"a\": 1}\n{\"a\""[..];
        let mut input = Input::new("x.json", &mut reader, &options);
        while input.next_line().unwrap().is_some() {}
        let error = input.malformed(2, false, "no JSON", &mut recorder).unwrap_err().to_string();
        assert!(error.contains("byte 13") && error.contains("--allow-truncated"), "{error}");
        options.allow_truncated = true;
        let mut recorder = Recorder::new(&options);
        let mut reader = &b""[..];
        Input::new("x.json", &mut reader, &options).truncated("line 2 is cut off", &mut recorder).unwrap();
        assert_eq!(recorder.run().warnings.len(), 1);
    }
}
