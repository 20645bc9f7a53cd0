//! The bytes of a file: one after another, or from any place at once; and their digest.

use std::io::{self, BufRead, Read};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use twox_hash::XxHash3_128;

use super::Buffered;

/// Bytes that a buffered reader holds: of more, the first leave the cache before they are used.
const BUFFER: usize = Digest::PIECE;

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

/// A digest that grows while a file is read. It tells files apart; it is no signature.
///
/// A file is hashed in pieces of 256 KiB, each by whichever thread holds it, and the digest is the hash of those hashes, 16
/// bytes each, the lowest first. Both are XXH3 with 128 bits (<https://xxhash.com>).
#[derive(Clone, Default)]
pub struct Digest(Arc<Mutex<Pieces>>);

/// The pieces of a file so far.
#[derive(Default)]
struct Pieces {
    /// The one that is not whole, and its bytes.
    open: XxHash3_128,
    size: usize,
    /// The hashes of those before it.
    hashes: XxHash3_128,
}

impl Digest {
    /// The reader, with every byte that is read from it added to the digest.
    pub fn watch<'a>(&self, reader: impl Read + Send + 'a) -> impl Read + Send + 'a {
        Watched { reader, digest: self.clone() }
    }

    /// Bytes that are hashed together; the last of a file are fewer.
    pub(super) const PIECE: usize = 256 * 1024;

    /// The hash of a piece.
    pub(super) fn of_piece(bytes: &[u8]) -> u128 {
        XxHash3_128::oneshot(bytes)
    }

    /// Adds the next bytes of the file.
    pub(super) fn add(&self, mut bytes: &[u8]) {
        let mut pieces = self.pieces();
        while !bytes.is_empty() {
            let (piece, rest) = bytes.split_at(bytes.len().min(Self::PIECE - pieces.size));
            pieces.open.write(piece);
            pieces.size += piece.len();
            if pieces.size == Self::PIECE {
                let hash = mem::take(&mut pieces.open).finish_128();
                pieces.hashes.write(&hash.to_le_bytes());
                pieces.size = 0;
            }
            bytes = rest;
        }
    }

    /// Adds the next piece by its hash; all before it were whole.
    pub(super) fn add_piece(&self, hash: u128) {
        self.pieces().hashes.write(&hash.to_le_bytes());
    }

    /// `xxh3-256k:` and 32 hexadecimal digits.
    pub fn text(&self) -> String {
        let pieces = self.pieces();
        let mut hashes = pieces.hashes.clone();
        if pieces.size > 0 {
            hashes.write(&pieces.open.finish_128().to_le_bytes());
        }
        format!("xxh3-256k:{:032x}", hashes.finish_128())
    }

    fn pieces(&self) -> MutexGuard<'_, Pieces> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn a_digest_is_xxh3_of_the_xxh3_of_each_piece_however_it_is_read() {
        assert_eq!(Digest::default().text(), "xxh3-256k:99aa06d3014798d86001c324468d497f");
        let bytes: Vec<u8> = (0..2 * Digest::PIECE as u32 + 5_000).map(|n| (n.wrapping_mul(n) / 8) as u8).collect();
        for file in [&bytes[..5_000], &bytes[..2 * Digest::PIECE], &bytes] {
            let hashes: Vec<u128> = file.chunks(Digest::PIECE).map(XxHash3_128::oneshot).collect();
            let bytes_of_hashes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
            let expected = format!("xxh3-256k:{:032x}", XxHash3_128::oneshot(&bytes_of_hashes));
            for size in [1, 255, 1_025, Digest::PIECE, Digest::PIECE + 1] {
                let digest = Digest::default();
                file.chunks(size).for_each(|some| digest.add(some));
                assert_eq!(digest.text(), expected, "{size} bytes at a time");
            }
            let digest = Digest::default();
            file.chunks(Digest::PIECE).for_each(|piece| digest.add_piece(Digest::of_piece(piece)));
            assert_eq!(digest.text(), expected);
        }
    }
}
