//! UTF-16, as `PowerShell` redirects output.

use std::io::{self, BufRead, Read};

/// UTF-16 read as UTF-8; what is no UTF-16 becomes the replacement character.
pub(super) struct Utf16 {
    reader: Box<dyn BufRead + Send>,
    big: bool,
    left: Vec<u8>,
}

impl Utf16 {
    /// The text behind the byte order mark, which said which byte of a unit comes first.
    pub(super) fn new(reader: Box<dyn BufRead + Send>, big: bool) -> Self {
        Self { reader, big, left: Vec::new() }
    }

    fn unit(&mut self) -> io::Result<Option<u16>> {
        let mut pair = [0; 2];
        let mut filled = 0;
        while filled < 2 {
            match self.reader.read(&mut pair[filled..])? {
                0 => return Ok((filled > 0).then_some(0xfffd)),
                n => filled += n,
            }
        }
        Ok(Some(if self.big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }))
    }
}

impl Read for Utf16 {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.left.len() < target.len().min(4096) {
            let Some(first) = self.unit()? else { break };
            let second = if (0xd800..0xdc00).contains(&first) { self.unit()? } else { None };
            for decoded in char::decode_utf16([Some(first), second].into_iter().flatten()) {
                let character = decoded.unwrap_or(char::REPLACEMENT_CHARACTER);
                self.left.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        let size = self.left.len().min(target.len());
        target[..size].copy_from_slice(&self.left[..size]);
        self.left.drain(..size);
        Ok(size)
    }
}
