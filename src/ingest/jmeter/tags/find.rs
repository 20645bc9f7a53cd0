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

/// What starts with the first `byte`.
#[inline(always)]
pub(super) fn find(bytes: &[u8], byte: u8) -> Option<&[u8]> {
    first(bytes, |window| near(window, byte), |rest| memchr::memchr(byte, rest))
}

/// What starts with the first byte that is one of three.
#[inline(always)]
pub(super) fn find_any(bytes: &[u8], [a, b, c]: [u8; 3]) -> Option<&[u8]> {
    first(bytes, |window| near_any(window, [a, b, c]), |rest| memchr::memchr3(a, b, c, rest))
}

/// Position of the first `byte` in a window.
#[inline(always)]
pub(super) fn near(window: &[u8; WINDOW], byte: u8) -> Option<usize> {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    if let Some(one) = One::new(byte) {
        return one.find(window);
    }
    window.iter().position(|other| *other == byte)
}

#[inline(always)]
fn near_any(window: &[u8; WINDOW], [a, b, c]: [u8; 3]) -> Option<usize> {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    if let Some(three) = Three::new(a, b, c) {
        return three.find(window);
    }
    window.iter().position(|byte| [a, b, c].contains(byte))
}

#[inline(always)]
fn first(
    mut bytes: &[u8],
    near: impl Fn(&[u8; WINDOW]) -> Option<usize>,
    far: impl Fn(&[u8]) -> Option<usize>,
) -> Option<&[u8]> {
    for _ in 0..WINDOWS {
        let Some((window, after)) = bytes.split_first_chunk() else { break };
        if let Some(at) = near(window) {
            return bytes.get(at..);
        }
        bytes = after;
    }
    bytes.get(far(bytes)?..)
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
            prop_assert_eq!(find(&bytes, 3), of(&[3]));
            prop_assert_eq!(find_any(&bytes, [4, 1, 2]), of(&[1, 2, 4]));
        }
    }
}
