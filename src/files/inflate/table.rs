//! Tables that tell a Huffman code by the bits that come next (RFC 1951, 3.2.2).
//!
//! A table is looked up with as many bits as most codes have. Longer codes are found in a second one, to which an entry of
//! the first leads.

use std::mem;

/// Bits of the longest code.
const LONGEST: u32 = 15;
/// Symbols that are literals.
const LITERALS: usize = 256;

/// What the next bits stand for.
///
/// ```text
///  bits 0..=5    bits that it takes, with the extra bits behind its code
///       6        special: neither literal, length nor distance
///       7        alone: no length is in it
///       8..=12   bits that it takes without the extra bits
///       13..=14  how many literals come first; of a special one: 13 leads to a second table, 14 ends the block
///       15..=22  the first of two, or the one before a length
///       23..=31  the least length, or the last literal
///       16..=30  in a table of distances: the least; of a link: where the second table begins
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Entry(u32);

impl Entry {
    const SPECIAL: u32 = 1 << 6;
    const ALONE: u32 = 1 << 7;
    const LINK: u32 = 1 << 13;
    const END: u32 = 1 << 14;
    const ONE_LITERAL: u32 = 1 << 13;
    const FIRST: u32 = 15;
    const LAST: u32 = 23;
    const DISTANCE: u32 = 16;

    /// What stands where nothing ended the symbols: with an `Option` the walk over them takes 3 % more instructions.
    pub(super) const NOTHING: Self = Self(Self::SPECIAL);
    /// What bits stand for that are no code: seen once there is one of them.
    pub(super) const NONE: Self = Self(Self::SPECIAL | 1);

    /// A symbol of the alphabet of literals and lengths.
    pub(super) fn of_length(symbol: usize) -> Self {
        match symbol {
            0..LITERALS => Self(Self::ALONE | Self::ONE_LITERAL | (symbol as u32) << Self::LAST),
            LITERALS => Self(Self::SPECIAL | Self::END),
            285 => Self(258 << Self::LAST),
            257..285 => {
                let (least, extra) = range(symbol as u32 - 257, 4);
                Self((3 + least) << Self::LAST | extra)
            }
            _ => Self(Self::SPECIAL),
        }
    }

    /// A symbol of the alphabet of distances.
    pub(super) fn of_distance(symbol: usize) -> Self {
        let (least, extra) = range(symbol as u32, 2);
        if symbol < 30 { Self((1 + least) << Self::DISTANCE | extra) } else { Self(Self::SPECIAL) }
    }

    /// A symbol of the alphabet in which the lengths of codes are told.
    pub(super) fn of_code_length(symbol: usize) -> Self {
        Self((symbol as u32) << Self::DISTANCE)
    }

    fn with_code(self, bits: u32) -> Self {
        Self((self.0 + bits) | bits << 8)
    }

    fn link(start: usize, bits: u32, taken: u32) -> Self {
        Self(Self::SPECIAL | Self::LINK | (start as u32) << Self::DISTANCE | bits << 8 | taken)
    }

    /// Bits that it takes; also bits that say nothing, from the seventh on.
    #[inline(always)]
    pub(super) fn bits(self) -> u32 {
        self.0
    }

    /// Bits that it takes without extra bits; of a link, those that the second table is looked up with.
    #[inline(always)]
    fn code_bits(self) -> u32 {
        self.0 >> 8 & 31
    }

    #[inline(always)]
    pub(super) fn is_special(self) -> bool {
        self.0 & Self::SPECIAL != 0
    }

    #[inline(always)]
    pub(super) fn is_link(self) -> bool {
        self.0 & (Self::SPECIAL | Self::LINK) == Self::SPECIAL | Self::LINK
    }

    /// Whether the block ends here, of a special one.
    #[inline(always)]
    pub(super) fn is_end(self) -> bool {
        self.0 & Self::END != 0
    }

    /// Whether there are literals, and no length.
    #[inline(always)]
    pub(super) fn is_alone(self) -> bool {
        self.0 & Self::ALONE != 0
    }

    /// How many literals it has, and both, of which those it has not are anything.
    #[inline(always)]
    pub(super) fn literals(self) -> (usize, [u8; 2]) {
        ((self.0 >> 13 & 3) as usize, ((self.0 >> Self::FIRST) as u16).to_le_bytes())
    }

    /// Its only literal, of an entry that is no pair.
    pub(super) fn last_literal(self) -> u8 {
        (self.0 >> Self::LAST) as u8
    }

    /// The value of its extra bits, where `bits` come next: at most 28 with the code before them.
    #[inline(always)]
    fn extra(self, bits: u64) -> u32 {
        ((bits & !(!0 << (self.0 & 63))) as u32) >> self.code_bits()
    }

    #[inline(always)]
    pub(super) fn length(self, bits: u64) -> usize {
        ((self.0 >> Self::LAST) + self.extra(bits)) as usize
    }

    #[inline(always)]
    pub(super) fn distance(self, bits: u64) -> usize {
        ((self.0 >> Self::DISTANCE) + self.extra(bits)) as usize
    }

    /// The symbol of an entry made by [`Entry::of_code_length`].
    pub(super) fn code_length(self) -> u8 {
        (self.0 >> Self::DISTANCE) as u8
    }

    /// The same literal, as entries have it that are looked up in [`Table::pairs`].
    #[inline(always)]
    pub(super) fn as_first(self) -> Self {
        Self(self.0 | self.0 >> (Self::LAST - Self::FIRST) & 0xff << Self::FIRST)
    }

    /// A literal and what follows it, which takes bits of a table of `width` as well; the literal alone where it does not fit.
    fn and(self, next: Self, width: u32) -> Self {
        let (bits, first) = (self.code_bits(), self.0 >> (Self::LAST - Self::FIRST) & 0xff << Self::FIRST);
        let fits = !next.is_special() && next.code_bits() + bits <= width;
        // A literal that follows is counted already, and in its place.
        let both = next.0.wrapping_add(bits | bits << 8 | Self::ONE_LITERAL | first);
        Self(if fits { both } else { self.0 & ((1 << Self::FIRST) - 1) | first })
    }
}

/// The least value and the extra bits of a symbol: as many symbols as `each` have one bit more than those before.
fn range(symbol: u32, each: u32) -> (u32, u32) {
    let extra = (symbol / each).saturating_sub(1);
    let least = if symbol < each { symbol } else { (each + symbol % each) << extra };
    (least, extra)
}

/// A table that is looked up with `WIDTH` bits, and the second ones: `SIZE` entries, a power of two.
pub(super) struct Table<const WIDTH: u32, const SIZE: usize>([Entry; SIZE]);

impl<const WIDTH: u32, const SIZE: usize> Default for Table<WIDTH, SIZE> {
    fn default() -> Self {
        Self([Entry::NONE; SIZE])
    }
}

impl<const WIDTH: u32, const SIZE: usize> Table<WIDTH, SIZE> {
    /// Entries of the first table.
    const FIRST: usize = 1 << WIDTH;

    /// Makes the table of codes that have those lengths, 0 for symbols without one. `None` where there is no such code:
    /// too many, or too few, unless it is a single one of one bit.
    pub(super) fn fill(&mut self, lengths: &[u8], entry: impl Fn(usize) -> Entry) -> Option<()> {
        let mut counts = counts(lengths);
        let space = counts[1..].iter().try_fold(1_u32, |left, count| (left * 2).checked_sub(u32::from(*count)))?;
        if space > 0 {
            counts[2..].iter().all(|count| *count == 0).then_some(())?;
            self.0[..Self::FIRST].fill(Entry::NONE);
        }
        // The second table that is being filled, and the bits that lead to it.
        let (mut second, mut leading) = (Self::FIRST..Self::FIRST, None);
        for Code { symbol, length, bits } in codes(lengths) {
            let entry = entry(symbol);
            let Some(rest) = length.checked_sub(WIDTH).filter(|rest| *rest > 0) else {
                every(&mut self.0[..Self::FIRST], bits, length, entry.with_code(length));
                continue;
            };
            let first = bits % Self::FIRST;
            if leading != Some(first) {
                leading = Some(first);
                let width = second_width(WIDTH, length, &counts);
                second = second.end..second.end + (1 << width);
                self.0[first] = Entry::link(second.start, width, WIDTH);
            }
            every(&mut self.0[second.clone()], bits >> WIDTH, rest, entry.with_code(rest));
            // What is left of them.
            counts[length as usize] -= 1;
        }
        Some(())
    }

    /// The entry for the bits that come next; it may lead to a second table.
    #[inline(always)]
    pub(super) fn first(&self, bits: u64) -> Entry {
        self.0[bits as usize % Self::FIRST]
    }

    /// The entry that `link` leads to, where `bits` come next after its own.
    #[inline(always)]
    pub(super) fn second(&self, link: Entry, bits: u64) -> Entry {
        let within = bits as u32 & !(!0 << link.code_bits());
        self.0[((link.0 >> Entry::DISTANCE) + within) as usize % SIZE]
    }

    /// Fills `pairs` with the same for up to two symbols at a time: a literal, and the literal or the length after it.
    pub(super) fn pairs(&self, lengths: &[u8], pairs: &mut [Entry]) {
        pairs.copy_from_slice(&self.0[..Self::FIRST]);
        let literals = codes(lengths).take_while(|code| code.length <= WIDTH).filter(|code| code.symbol < LITERALS);
        for Code { length, bits, .. } in literals {
            let (literal, after) = (self.0[bits], &self.0[..Self::FIRST >> length]);
            for (pair, next) in pairs[bits..].iter_mut().step_by(1 << length).zip(after) {
                *pair = literal.and(*next, WIDTH);
            }
        }
    }
}

/// The code of a symbol, the first bit lowest.
struct Code {
    symbol: usize,
    length: u32,
    bits: usize,
}

/// The codes of symbols by the lengths of these, 0 for those without one: by length, then by symbol (RFC 1951, 3.2.2).
fn codes(lengths: &[u8]) -> impl Iterator<Item = Code> {
    let (mut places, mut before) = (counts(lengths).map(usize::from), 0);
    for place in &mut places {
        before += mem::replace(place, before);
    }
    let mut symbols = vec![(0, 0); before];
    for (symbol, length) in lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
        let place = &mut places[usize::from(*length)];
        symbols[*place] = (symbol, u32::from(*length));
        *place += 1;
    }
    let (mut code, mut last) = (0_u32, 0);
    symbols.into_iter().map(move |(symbol, length)| {
        code <<= length - last;
        let bits = (code.reverse_bits() >> (u32::BITS - length)) as usize;
        (code, last) = (code + 1, length);
        Code { symbol, length, bits }
    })
}

/// How many symbols have codes of each length.
fn counts(lengths: &[u8]) -> [u16; LONGEST as usize + 1] {
    let mut counts = [0; LONGEST as usize + 1];
    lengths.iter().filter(|length| **length > 0).for_each(|length| counts[usize::from(*length)] += 1);
    counts
}

/// Bits that a second table is looked up with: as many as the codes have that fill it, which begin with the same `first`
/// bits. The first of them has `length` bits; `left` are those that are left of each length.
fn second_width(first: u32, length: u32, left: &[u16]) -> u32 {
    let mut used = 0;
    for length in length..LONGEST {
        used = used * 2 + u32::from(left[length as usize]);
        if used >= 1 << (length - first) {
            return length - first;
        }
    }
    LONGEST - first
}

/// Writes an entry for every index whose lowest `bits` are those of `first`.
fn every(entries: &mut [Entry], first: usize, bits: u32, entry: Entry) {
    entries[first..].iter_mut().step_by(1 << bits).for_each(|at| *at = entry);
}
