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

/// The number of the first `size` of eight bytes, if they are digits, at least one.
#[inline(always)]
pub(super) fn first_of_eight(bytes: &[u8; 8], size: usize) -> Option<u64> {
    number_of_values(values(bytes, size)?)
}

/// What the first `size` of eight bytes, at least one, stand for as digits: the same for the same number.
#[inline(always)]
pub(super) fn values(bytes: &[u8; 8], size: usize) -> Option<u64> {
    let digits = u64::from_le_bytes(*bytes) ^ (EACH * u64::from(b'0'));
    // What is behind them is shifted out; zeros come in front.
    let digits = digits.wrapping_shl(u64::BITS.wrapping_sub((size as u32).wrapping_mul(8)));
    (size.wrapping_sub(1) < 8).then_some(digits)
}

/// The number of such values, if they are of digits.
#[inline(always)]
pub(super) fn number_of_values(values: u64) -> Option<u64> {
    are_digits(values).then(|| joined(values))
}

/// Whether eight bytes are values of digits.
#[inline(always)]
fn are_digits(values: u64) -> bool {
    // With 0x76 added they do not reach the highest bit; what does, and is added to the byte above, has it itself.
    (values | values.wrapping_add(EACH * 0x76)) & (EACH << 7) == 0
}

/// Decimals that numbers are written with where nobody said how many.
const DECIMALS: usize = 6;
/// Powers of ten, which floats hold exactly.
const POWERS: [f64; MOST_EXACT + 1] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
/// Most digits of numbers that floats hold exactly.
const MOST_EXACT: usize = 15;

/// The number of the first `size` of some bytes, if it is written with six decimals, as C and Go do without being told how
/// many, and at most eight digits before them. Its value is that of [`decimal`].
#[inline(always)]
pub(super) fn six_decimals(bytes: &[u8], size: usize) -> Option<f64> {
    const MILLION: f64 = 1e6;
    let whole = size.wrapping_sub(1 + DECIMALS);
    let fraction = bytes.get(whole..)?.first_chunk::<{ 1 + DECIMALS + 2 }>()?;
    let [b'.', fraction @ ..] = fraction else { return None };
    let (whole, fraction) = (first_of_eight(bytes.first_chunk()?, whole)?, first_of_eight(fraction, DECIMALS)?);
    Some((whole * MILLION as u64 + fraction) as f64 / MILLION)
}

/// The number that bytes begin with, as near as floats are, and its bytes: digits, perhaps with a point between them.
/// `None` where there is none, or more digits than a float holds.
///
/// A whole number divided by a power of ten, both exact, is rounded once: William D. Clinger, "How to Read Floating Point
/// Numbers Accurately" (1990), <https://doi.org/10.1145/93542.93557>.
#[inline(always)]
pub(super) fn decimal(bytes: &[u8]) -> Option<(f64, usize)> {
    short_decimal(bytes).or_else(|| any_decimal(bytes))
}

/// The same, of less than eight digits on each side of the point, where they are not the last bytes there are.
#[inline(always)]
fn short_decimal(bytes: &[u8]) -> Option<(f64, usize)> {
    let start = bytes.first_chunk::<16>()?;
    let (whole, size) = few(start.first_chunk()?)?;
    if start[size] != b'.' {
        return Some((whole as f64, size));
    }
    let (fraction, digits) = few(start[size + 1..].first_chunk()?)?;
    // Fourteen digits at most: floats hold them exactly.
    Some(((whole as f64 * POWERS[digits] + fraction as f64) / POWERS[digits], size + 1 + digits))
}

/// The number of the one to seven digits that bytes begin with, and how many they are.
#[inline(always)]
fn few(bytes: &[u8; 8]) -> Option<(u64, usize)> {
    let word = u64::from_le_bytes(*bytes) ^ (EACH * u64::from(b'0'));
    // The highest bit of the first byte that is no digit; those above it may err.
    let others = (word | word.wrapping_add(EACH * 0x76)) & (EACH << 7);
    let digits = others.trailing_zeros() as usize / 8;
    // What is no digit is shifted out, and zeros come in front of the digits.
    (1..8).contains(&digits).then(|| (joined(word << (64 - 8 * digits)), digits))
}

#[inline(never)]
fn any_decimal(bytes: &[u8]) -> Option<(f64, usize)> {
    let (mut number, mut size, mut point) = (0_u64, 0, None);
    for byte in bytes.iter().take(MOST_EXACT + 2) {
        match byte {
            b'0'..=b'9' => number = number * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() && size > 0 => point = Some(size + 1),
            _ => break,
        }
        size += 1;
    }
    let fraction = point.map_or(0, |point| size - point);
    let is_exact = size > 0 && size <= MOST_EXACT + usize::from(point.is_some());
    (is_exact && point != Some(size)).then(|| (number as f64 / POWERS[fraction], size))
}

/// The number of eight digits, two at a time, then four, then eight.
///
/// Johnny Lee's, as told by Daniel Lemire, "Quickly parsing eight digits" (2018,
/// <https://lemire.me/blog/2018/10/03/quickly-parsing-eight-digits/>).
#[inline(always)]
pub(super) fn eight(digits: [u8; 8]) -> Option<u64> {
    let values = u64::from_le_bytes(digits) ^ (EACH * u64::from(b'0'));
    are_digits(values).then(|| joined(values))
}

/// The number of eight digits' values.
#[inline(always)]
fn joined(digits: u64) -> u64 {
    let pairs = digits.wrapping_mul((10 << 8) + 1) >> 8;
    let fours = (pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul((100 << 16) + 1) >> 16;
    (fours & 0x0000_ffff_0000_ffff).wrapping_mul((10_000 << 32) + 1) >> 32
}

/// Holds both numbers equal to what the standard library reads.
#[cfg(any(test, fuzzing))]
pub(super) fn assert_agrees(bytes: &[u8]) {
    let parsed = |size: usize| std::str::from_utf8(&bytes[..size]).ok();
    let is_number = (1..=MOST).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_digit);
    let whole = parsed(bytes.len()).filter(|_| is_number).and_then(|text| text.parse().ok());
    assert_eq!(number(bytes), whole, "{:?}", String::from_utf8_lossy(bytes));

    let padded = [bytes, b"x,0,0000"].concat();
    let first = padded.first_chunk().and_then(|eight| first_of_eight(eight, bytes.len()));
    let whole = whole.filter(|_| bytes.len() <= 8).map(i64::cast_unsigned);
    assert_eq!(first, whole, "{:?}", String::from_utf8_lossy(bytes));

    // What may be of a number, and what is one: digits, and a point that stands between two of them.
    let digits = |from: usize| from + bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (whole, has_point) = (digits(0), bytes.get(digits(0)) == Some(&b'.'));
    let size = if has_point { digits(whole + 1) } else { whole };
    let is_decimal = whole > 0 && (!has_point || size > whole + 1) && size - usize::from(has_point) <= MOST_EXACT;
    let plain = parsed(size).filter(|_| is_decimal).and_then(|text| Some((text.parse().ok()?, size)));
    let is_six = has_point && size == whole + 1 + DECIMALS && (1..=8).contains(&whole);
    let six = six_decimals(&[bytes, b",x"].concat(), bytes.len());
    assert_eq!(
        six,
        plain.filter(|_| is_six && size == bytes.len()).map(|(value, _)| value),
        "{:?}",
        String::from_utf8_lossy(bytes)
    );
    assert_eq!(decimal(bytes), plain, "{:?}", String::from_utf8_lossy(bytes));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_are_those_of_the_standard_library(text in "[0-9]{0,20}|[0-9/:\\-+. ]{0,20}|[!-~]{8}") {
            assert_agrees(text.as_bytes());
        }

        #[test]
        fn decimals_are_those_of_the_standard_library(text in "[0-9]{0,18}|[0-9]{0,9}[.][0-9]{0,9}|[0-9]{1,9}[.][0-9]{6}|[0-9.e-]{0,9}", rest in "|,|e5|x|,[0-9.]{15}") {
            assert_agrees((text + &rest).as_bytes());
        }

        #[test]
        fn no_bytes_are_taken_for_digits(bytes in any::<[u8; 8]>()) {
            let is_number = bytes.iter().all(u8::is_ascii_digit);
            prop_assert_eq!(eight(bytes).is_some(), is_number);
        }

        #[test]
        fn eight_digits_are_their_number_and_other_bytes_are_none(text in "[0-9]{8}", at in 0..8_usize, byte: u8) {
            let mut bytes: [u8; 8] = text.as_bytes().try_into().unwrap();
            prop_assert_eq!(eight(bytes), text.parse().ok());
            bytes[at] = byte;
            prop_assert_eq!(eight(bytes).is_some(), byte.is_ascii_digit());
        }
    }
}
