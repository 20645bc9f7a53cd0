//! The first of a few bytes, where it is usually a few bytes away.
//!
//! Names and values of a JTL are so short that the call of a search costs more than the search itself. So windows are
//! looked at first, in code that is part of the caller; long text is left to [`memchr`].

#[cfg(target_arch = "aarch64")]
use memchr::arch::aarch64::neon::memchr::{One, Three};
#[cfg(target_arch = "x86_64")]
use memchr::arch::x86_64::sse2::memchr::{One, Three};

/// Bytes that are looked at together: what fits a register of every machine.
pub(super) const WINDOW: usize = 16;
/// Windows that are looked at before the rest is left to [`memchr`].
const WINDOWS: usize = 4;

/// What is searched: a byte, or one of three.
pub(super) trait Sought: Copy {
    /// Position of the first in a window.
    fn near(self, window: &[u8; WINDOW]) -> Option<usize>;

    /// Position of the first in long text.
    fn far(self, text: &[u8]) -> Option<usize>;
}

impl Sought for u8 {
    #[inline(always)]
    fn near(self, window: &[u8; WINDOW]) -> Option<usize> {
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        if let Some(one) = One::new(self) {
            return one.find(window);
        }
        window.iter().position(|byte| *byte == self)
    }

    fn far(self, text: &[u8]) -> Option<usize> {
        memchr::memchr(self, text)
    }
}

impl Sought for [u8; 3] {
    #[inline(always)]
    fn near(self, window: &[u8; WINDOW]) -> Option<usize> {
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        if let Some(three) = Three::new(self[0], self[1], self[2]) {
            return three.find(window);
        }
        window.iter().position(|byte| self.contains(byte))
    }

    fn far(self, text: &[u8]) -> Option<usize> {
        memchr::memchr3(self[0], self[1], self[2], text)
    }
}

/// What starts with the first byte that is sought.
#[inline(always)]
pub(super) fn find(mut bytes: &[u8], sought: impl Sought) -> Option<&[u8]> {
    for _ in 0..WINDOWS {
        let Some((window, after)) = bytes.split_first_chunk() else { break };
        if let Some(at) = sought.near(window) {
            return bytes.get(at..);
        }
        bytes = after;
    }
    bytes.get(sought.far(bytes)?..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_is_found_wherever_it_is(bytes in prop::collection::vec(0..5_u8, 0..12), blanks in 0..90_usize) {
            let bytes = [vec![9; blanks], bytes].concat();
            let of = |any: &[u8]| bytes.iter().position(|byte| any.contains(byte)).map(|at| &bytes[at..]);
            prop_assert_eq!(find(&bytes, 3_u8), of(&[3]));
            prop_assert_eq!(find(&bytes, [4, 1, 2]), of(&[1, 2, 4]));
        }
    }
}
