//! The bits of a stream, the lowest of a byte first, as many as are asked for and none ahead.

use std::io::{self, BufRead, ErrorKind};

use super::cut;
use super::table::{Entry, Table};

/// Bits that were read, and not used yet.
#[derive(Clone, Copy, Default)]
pub(super) struct Bits {
    /// They are the lowest; those above are zero.
    pub(super) held: u64,
    pub(super) count: u32,
}

impl Bits {
    /// The number that the next `count` bits are.
    pub(super) fn take(&mut self, reader: &mut impl BufRead, count: u32) -> io::Result<u32> {
        while self.count < count {
            self.byte(reader)?;
        }
        let bits = self.held & !(!0 << count);
        self.skip(count);
        Ok(bits as u32)
    }

    /// The symbol that comes next, and the bits of which its extra bits are found.
    pub(super) fn symbol<const WIDTH: u32, const SIZE: usize>(
        &mut self,
        reader: &mut impl BufRead,
        table: &Table<WIDTH, SIZE>,
    ) -> io::Result<(Entry, u64)> {
        loop {
            let (mut entry, mut bits, mut before) = (table.first(self.held), self.held, 0);
            if entry.is_link() {
                (bits, before) = (bits >> WIDTH, WIDTH);
                entry = table.second(entry, bits);
            }
            // Where bits are missing it is what zeros in their place stand for.
            let count = before + entry.bits() % 64;
            if count <= self.count {
                self.skip(count);
                return Ok((entry, bits));
            }
            self.byte(reader)?;
        }
    }

    /// Leaves out what is left of a byte that was begun.
    pub(super) fn drop_rest_of_byte(&mut self) {
        *self = Self::default();
    }

    fn skip(&mut self, count: u32) {
        (self.held, self.count) = (self.held >> count, self.count - count);
    }

    fn byte(&mut self, reader: &mut impl BufRead) -> io::Result<()> {
        let byte = ahead(reader)?.first().copied().ok_or_else(cut)?;
        reader.consume(1);
        self.held |= u64::from(byte) << self.count;
        self.count += 8;
        Ok(())
    }
}

/// The bytes that come next; none at the end.
pub(super) fn ahead(reader: &mut impl BufRead) -> io::Result<&[u8]> {
    loop {
        match reader.fill_buf() {
            // Asked for again: what is given back from within a loop would be borrowed in all of it.
            Ok(_) => return reader.fill_buf(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
