//! The bytes of a file: one after another, or from any place at once; and their digest.

use std::io::{self, BufRead, Read};
use std::sync::{Arc, Mutex, PoisonError};

use twox_hash::XxHash3_128;

use super::Buffered;

/// Bytes that a buffered reader holds.
const BUFFER: usize = 512 * 1024;

/// Where the bytes of a file come from.
pub enum Bytes {
    /// Bytes that come one after another: a pipe, decompressed data. The digest is taken by whoever made the reader.
    Stream(Box<dyn BufRead + Send>),
    /// A file as it lies on disk, which threads may read at several places; its text begins at `start`.
    File {
        /// The file.
        file: Box<dyn ReadAt>,
        /// Bytes before the text: a byte order mark.
        start: usize,
    },
}

/// A file that can be read at any place, by several threads at once.
pub trait ReadAt: Send + Sync {
    /// Reads into `target` from the byte `offset` on, and says how many bytes were read; none: there are no more.
    ///
    /// # Errors
    /// Whatever the disk says.
    fn read_at(&self, target: &mut [u8], offset: u64) -> io::Result<usize>;
}

/// A digest that grows while a file is read: XXH3, 128 bits (<https://xxhash.com>). It tells files apart; it is no
/// signature.
#[derive(Clone, Default)]
pub struct Digest(Arc<Mutex<XxHash3_128>>);

impl Digest {
    /// The reader, with every byte that is read from it added to the digest.
    pub fn watch<'a>(&self, reader: impl Read + Send + 'a) -> impl Read + Send + 'a {
        Watched { reader, digest: self.clone() }
    }

    /// Adds the next bytes of the file.
    pub(super) fn add(&self, bytes: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes);
    }

    /// `xxh3:` and 32 hexadecimal digits.
    pub fn text(&self) -> String {
        format!("xxh3:{:032x}", self.0.lock().unwrap_or_else(PoisonError::into_inner).finish_128())
    }
}

struct Watched<R> {
    reader: R,
    digest: Digest,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let size = self.reader.read(target)?;
        self.digest.add(&target[..size]);
        Ok(size)
    }
}

/// The bytes of a file in their order.
pub(super) fn in_order<'a>(file: &'a dyn ReadAt, digest: &Digest) -> impl BufRead + Send + 'a {
    Buffered::new(BUFFER, digest.watch(InOrder { file, offset: 0 }))
}

struct InOrder<'a> {
    file: &'a dyn ReadAt,
    offset: u64,
}

impl Read for InOrder<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let size = self.file.read_at(target, self.offset)?;
        self.offset += size as u64;
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_that_of_xxh3_with_128_bits_whatever_the_pieces() {
        assert_eq!(Digest::default().text(), "xxh3:99aa06d3014798d86001c324468d497f");
        let bytes: Vec<u8> = (0..5_000_u32).map(|n| (n * n / 8) as u8).collect();
        let whole = XxHash3_128::oneshot(&bytes);
        for size in [1, 7, 64, 255, 1_024, 1_025, 5_000] {
            let digest = Digest::default();
            bytes.chunks(size).for_each(|piece| digest.add(piece));
            assert_eq!(digest.text(), format!("xxh3:{whole:032x}"), "in pieces of {size}");
        }
    }
}
