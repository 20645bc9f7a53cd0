//! Whole numbers in decimal digits, which the raw formats hold millions of.

/// Most digits that are read: any number of them fits 64 bits.
const MOST: usize = 18;
/// A word of eight equal bytes, for each value times this.
const EACH: u64 = 0x0101_0101_0101_0101;

/// The number of nothing but digits, at most 18 of them.
#[inline]
pub(super) fn number(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || digits.len() > MOST {
        return None;
    }
    let (words, rest) = digits.as_chunks::<8>();
    let mut number = 0;
    for word in words {
        number = number * 100_000_000 + eight(*word)?;
    }
    for digit in rest {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    Some(number.cast_signed())
}

/// The number of eight digits, two at a time, then four, then eight.
///
/// Johnny Lee's, as told by Daniel Lemire, "Quickly parsing eight digits" (2018,
/// <https://lemire.me/blog/2018/10/03/quickly-parsing-eight-digits/>).
#[inline]
fn eight(digits: [u8; 8]) -> Option<u64> {
    let word = u64::from_le_bytes(digits);
    // The high half of a digit is 3, also once 6 is added to it.
    let halves = EACH * 0xf0;
    let is_number = word & halves == EACH * 0x30 && word.wrapping_add(EACH * 0x06) & halves == EACH * 0x30;
    let pairs = (word & (EACH * 0x0f)).wrapping_mul((10 << 8) + 1) >> 8;
    let fours = (pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul((100 << 16) + 1) >> 16;
    let number = (fours & 0x0000_ffff_0000_ffff).wrapping_mul((10_000 << 32) + 1) >> 32;
    is_number.then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_are_those_of_the_standard_library(text in "[0-9]{0,20}|[0-9/:\\-+. ]{0,20}|[!-~]{8}") {
            let is_number = !text.is_empty() && text.len() <= MOST && text.bytes().all(|byte| byte.is_ascii_digit());
            prop_assert_eq!(number(text.as_bytes()), is_number.then(|| text.parse().unwrap()), "{}", text);
        }

        #[test]
        fn no_bytes_are_taken_for_digits(bytes in any::<[u8; 8]>()) {
            let is_number = bytes.iter().all(u8::is_ascii_digit);
            prop_assert_eq!(eight(bytes).is_some(), is_number);
        }
    }
}
