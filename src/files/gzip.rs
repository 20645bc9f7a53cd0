//! Gzip files (<https://www.rfc-editor.org/rfc/rfc1952>): members one after another, each checked against its length and
//! checksum.
//!
//! The checksum is another crate's work, by instructions made for it, on bytes that were just written.

use std::io::{self, BufRead, ErrorKind, Read};

use crc32fast::Hasher;

use super::inflate::{Inflate, corrupt, cut};

/// Flags of a header: what follows its ten bytes.
const HEADER_CHECKSUM: u8 = 2;
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;
const RESERVED: u8 = 0xe0;
/// Longest name or comment.
const LONGEST_TEXT: u64 = 65_536;

/// What a gzip file holds.
pub(super) struct Gunzip<R> {
    reader: R,
    inflate: Box<Inflate>,
    checksum: Hasher,
    /// Bytes of the member so far, modulo 2³².
    size: u32,
    state: State,
}

enum State {
    /// A member begins; the first must be there.
    Header {
        first: bool,
    },
    Body,
    Trailer,
    Ended,
    /// Nothing more is given: bytes behind damage could look like a member.
    Failed(ErrorKind, String),
}

impl<R: BufRead> Gunzip<R> {
    /// What `reader`, a gzip file, holds.
    pub(super) fn new(reader: R) -> Self {
        Self { reader, inflate: Inflate::new(), checksum: Hasher::new(), size: 0, state: State::Header { first: true } }
    }

    /// Goes on to the next state, and says how many bytes of `target` that gave.
    fn step(&mut self, target: &mut [u8]) -> io::Result<usize> {
        match &self.state {
            State::Header { first: false } if is_at_end(&mut self.reader)? => self.state = State::Ended,
            State::Header { .. } => {
                header(&mut self.reader)?;
                self.inflate.restart();
                self.checksum.reset();
                self.size = 0;
                self.state = State::Body;
            }
            State::Body => return Ok(self.body(target)),
            State::Trailer => {
                self.trailer()?;
                self.state = State::Header { first: false };
            }
            State::Ended => {}
            State::Failed(kind, why) => return Err(io::Error::new(*kind, why.clone())),
        }
        Ok(0)
    }

    /// Inflates to the end of `target` or of the member. What was inflated before a failure counts: the failure is told
    /// when the next bytes are asked for.
    fn body(&mut self, target: &mut [u8]) -> usize {
        let (made, ended) = self.inflate.read(&mut self.reader, target);
        self.checksum.update(&target[..made]);
        self.size = self.size.wrapping_add(made as u32);
        match ended {
            Ok(true) => self.state = State::Trailer,
            Ok(false) => {}
            Err(error) => self.fail(&error),
        }
        made
    }

    fn fail(&mut self, error: &io::Error) {
        self.state = State::Failed(error.kind(), error.to_string());
    }

    fn trailer(&mut self) -> io::Result<()> {
        let mut trailer = [0; 8];
        self.reader.read_exact(&mut trailer)?;
        let (checksum, size) = (self.checksum.clone().finalize().to_le_bytes(), self.size.to_le_bytes());
        match trailer == [checksum, size].concat()[..] {
            true => Ok(()),
            false => Err(corrupt("the checksum or the length does not match")),
        }
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while !target.is_empty() && !matches!(self.state, State::Ended) {
            match self.step(target) {
                Ok(0) => {}
                Err(error) if error.kind() != ErrorKind::Interrupted => {
                    self.fail(&error);
                    return Err(error);
                }
                other => return other,
            }
        }
        Ok(0)
    }
}

/// Reads the header of a member.
fn header(reader: &mut impl BufRead) -> io::Result<()> {
    let mut header = Vec::new();
    append(reader, 10, &mut header)?;
    let flags = header[3];
    if header[..3] != [0x1f, 0x8b, 8] || flags & RESERVED != 0 {
        return Err(corrupt("invalid gzip header"));
    }
    if flags & EXTRA != 0 {
        append(reader, 2, &mut header)?;
        append(reader, u16::from_le_bytes([header[10], header[11]]).into(), &mut header)?;
    }
    for _ in (0..2).filter(|at| flags & [NAME, COMMENT][*at] != 0) {
        reader.take(LONGEST_TEXT).read_until(0, &mut header)?;
        if header.last() != Some(&0) {
            return Err(if is_at_end(reader)? { cut() } else { corrupt("gzip header field too long") });
        }
    }
    let checksum = crc32fast::hash(&header) as u16;
    if flags & HEADER_CHECKSUM != 0 {
        append(reader, 2, &mut header)?;
        if !header.ends_with(&checksum.to_le_bytes()) {
            return Err(corrupt("the checksum of the gzip header does not match"));
        }
    }
    Ok(())
}

/// Appends the next `size` bytes.
fn append(reader: &mut impl BufRead, size: u64, to: &mut Vec<u8>) -> io::Result<()> {
    let read = reader.take(size).read_to_end(to)?;
    if (read as u64) < size { Err(cut()) } else { Ok(()) }
}

fn is_at_end(reader: &mut impl BufRead) -> io::Result<bool> {
    Ok(reader.fill_buf()?.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::GzBuilder;
    use flate2::bufread::MultiGzDecoder;
    use proptest::prelude::*;
    use std::io::{BufReader, Write as _};

    /// Members with what a header may hold.
    fn members(texts: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (at, text) in texts.iter().enumerate() {
            let mut header = GzBuilder::new();
            if at % 2 == 0 {
                header = header.filename("points.json").comment("of a run");
            }
            if at % 3 == 0 {
                header = header.extra(vec![7; 300]);
            }
            let mut encoder = header.write(Vec::new(), Compression::new(at as u32 * 3 % 10));
            encoder.write_all(text).unwrap();
            bytes.extend(encoder.finish().unwrap());
        }
        bytes
    }

    /// What comes of the bytes in pieces of at most `size`, and how that ends.
    fn read(mut reader: impl Read, size: usize) -> (Vec<u8>, Option<ErrorKind>) {
        let (mut all, mut piece) = (Vec::new(), vec![0; size]);
        loop {
            match reader.read(&mut piece) {
                Ok(0) => return (all, None),
                Ok(size) => all.extend_from_slice(&piece[..size]),
                Err(error) => return (all, Some(error.kind())),
            }
        }
    }

    fn ours(bytes: &[u8], buffer: usize, size: usize) -> (Vec<u8>, Option<ErrorKind>) {
        read(Gunzip::new(BufReader::with_capacity(buffer, bytes)), size)
    }

    /// The same as another reader, whatever the bytes and the pieces are.
    fn assert_agrees(bytes: &[u8], buffer: usize, size: usize) {
        let (wanted, refused) = read(MultiGzDecoder::new(bytes), 1 << 16);
        let (given, failed) = ours(bytes, buffer, size);
        assert_eq!(refused, failed);
        // Of damaged data that reader loses what came right before the damage.
        assert!(if failed.is_some() { given.starts_with(&wanted) } else { given == wanted });
        assert_eq!((given, failed), ours(bytes, 1 << 16, 1 << 16), "it depends on the pieces");
    }

    fn texts() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let text = (0_u64..2_000, 1_u64..50).prop_map(|(lines, kinds)| {
            (0..lines).flat_map(|line| format!("{},{}\n", line % kinds, line * line % 977).into_bytes()).collect()
        });
        prop::collection::vec(text, 1..4)
    }

    proptest! {
        #[test]
        fn members_are_read_as_another_reader_does(texts in texts(), buffer in 1_usize..300, size in 1_usize..40_000) {
            assert_agrees(&members(&texts), buffer, size);
        }

        #[test]
        fn damage_is_refused_as_another_reader_does(
            texts in texts(),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            cut in any::<prop::sample::Index>(),
            size in 1_usize..5_000,
        ) {
            let mut bytes = members(&texts);
            for (at, byte) in damage {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            assert_agrees(&bytes, 100, size);
            assert_agrees(&bytes[..cut.index(bytes.len() + 1)], 100, size);
        }
    }

    #[test]
    fn what_a_header_may_hold_is_passed_over_and_checked() {
        let mut encoder = GzBuilder::new().write(Vec::new(), Compression::fast());
        encoder.write_all(b"a,b").unwrap();
        let body = &encoder.finish().unwrap()[10..];
        let mut header = vec![0x1f, 0x8b, 8, HEADER_CHECKSUM | NAME, 0, 0, 0, 0, 0, 3];
        header.extend(b"name\0");
        let checksum = crc32fast::hash(&header) as u16;
        for (sum, failed) in [(checksum, None), (checksum ^ 1, Some(ErrorKind::InvalidInput))] {
            let bytes = [&header, &sum.to_le_bytes()[..], body].concat();
            assert_eq!(ours(&bytes, 7, 2).1, failed);
            assert_agrees(&bytes, 7, 2);
        }
    }

    #[test]
    fn nothing_is_given_after_damage() {
        let mut bytes = members(&[b"a".to_vec(), b"b".to_vec()]);
        bytes[0] = 0;
        let mut reader = Gunzip::new(&bytes[..]);
        assert!(reader.read(&mut [0; 9]).is_err());
        assert!(reader.read(&mut [0; 9]).is_err());
    }
}
