//! Times as k6 writes them, into Unix time in ns.
//!
//! The JSON output has RFC 3339 with up to nine digits of a second and the offset of the machine's zone; the CSV output
//! has whole seconds, or what `timeFormat` asks for: `unix_milli`, `unix_micro`, `unix_nano`, `rfc3339`, `rfc3339_nano`.
//! <https://grafana.com/docs/k6/latest/results-output/real-time/csv/>

use crate::ingest::digits::{eight, number};

/// Days from 1970-01-01 back to 0000-03-01, from which the days are counted.
const EPOCH: i64 = 719_468;
/// Nanoseconds per second.
const NANOS: i64 = 1_000_000_000;

/// Unix time in ns of a CSV time: whole units told apart by the number of digits, or RFC 3339.
///
/// Ten digits are seconds until the year 2286, thirteen are milliseconds, and so on.
#[inline(never)]
pub(super) fn parse(text: &[u8], clock: &mut Clock) -> Option<i64> {
    let scale = match text.len() {
        ..=11 => NANOS,
        12..=14 => NANOS / 1_000,
        15..=17 => NANOS / 1_000_000,
        _ => 1,
    };
    // Nineteen digits are more than the number is read with at once.
    let (first, last) = text.split_at(text.len() - usize::from(text.len() == 19));
    let Some(whole) = number(first) else { return clock.read(text) };
    let whole = if last.is_empty() { whole } else { whole.checked_mul(10)?.checked_add(number(last)?)? };
    whole.checked_mul(scale)
}

/// Whether a CSV time is in whole seconds.
pub(super) fn is_whole_second(text: &[u8]) -> bool {
    text.len() <= 11 || (text.contains(&b'T') && !text.contains(&b'.'))
}

/// Reads times that mostly are that of the one before, or lie in the same minute.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    /// Date, hour and minute as they were written, and what they mean: Unix time in s, in no zone.
    minute: [u8; 16],
    start: i64,
    /// The last time of a CSV file with the comma behind it, its bits, and what it means; at first one that no bytes are.
    last: u128,
    bits: u128,
    nanos: i64,
}

impl Default for Clock {
    fn default() -> Self {
        Self { minute: *b"1970-01-01T00:00", start: 0, last: 1, bits: 0, nanos: 0 }
    }
}

impl Clock {
    /// Unix time in ns, as [`rfc3339`] gives it.
    pub(super) fn read(&mut self, text: &[u8]) -> Option<i64> {
        let (minute, [b':', s1 @ b'0'..=b'5', s2 @ b'0'..=b'9', rest @ ..]) = text.split_first_chunk::<16>()? else {
            return rfc3339(text);
        };
        if *minute != self.minute {
            let Some(start) = rfc3339(&[minute, b":00Z".as_slice()].concat()) else { return rfc3339(text) };
            (self.minute, self.start) = (*minute, start / NANOS);
        }
        let (fraction, zone) = fraction(rest)?;
        let second = i64::from(s1 - b'0') * 10 + i64::from(s2 - b'0');
        (self.start + second - offset(zone)?).checked_mul(NANOS)?.checked_add(fraction)
    }

    /// The time that text begins with, up to a quote, and its bytes: in UTC and in the minute of the one before, as most
    /// are.
    #[inline(always)]
    pub(super) fn read_quoted(&mut self, text: &[u8]) -> Option<(i64, usize)> {
        let (minute, [b':', s1 @ b'0'..=b'5', s2 @ b'0'..=b'9', b'.', rest @ ..]) = text.split_first_chunk::<16>()?
        else {
            return None;
        };
        let (nanos, digits) = nanos(rest)?;
        if *minute != self.minute || !rest[digits..].starts_with(b"Z\"") {
            return None;
        }
        let second = i64::from(s1 - b'0') * 10 + i64::from(s2 - b'0');
        // The minute was read, and so lies some hundred years from where a sum would be too large.
        Some(((self.start + second).checked_mul(NANOS)?.checked_add(nanos)?, 16 + 4 + digits + 1))
    }

    /// The time of a CSV file that text begins with, as [`parse`] gives it; a comma follows its bytes.
    #[inline(always)]
    pub(super) fn read_field(&mut self, text: &[u8], size: usize) -> Option<i64> {
        let Some(start) = text.first_chunk().map(|start| u128::from_le_bytes(*start)) else {
            return parse(&text[..size], self);
        };
        if start & self.bits == self.last {
            return Some(self.nanos);
        }
        let nanos = parse(&text[..size], self)?;
        if size < size_of::<u128>() {
            self.bits = u128::MAX >> (u128::BITS - 8 * (size as u32 + 1));
            (self.last, self.nanos) = (start & self.bits, nanos);
        }
        Some(nanos)
    }
}

/// Unix time in ns of an RFC 3339 time between the years 1678 and 2262.
pub(super) fn rfc3339(text: &[u8]) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let (clock, rest) = rest.split_at_checked(9)?;
    let [b'T' | b't' | b' ', clock @ ..] = clock else { return None };
    let (fraction, zone) = fraction(rest)?;
    let seconds = days(date)? * 86_400 + seconds_of_day(clock)? - offset(zone)?;
    seconds.checked_mul(NANOS)?.checked_add(fraction)
}

/// Days since 1970-01-01 of `yyyy-mm-dd`, in the proleptic Gregorian calendar.
///
/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`:
/// <https://howardhinnant.github.io/date_algorithms.html>
fn days(date: &[u8]) -> Option<i64> {
    if date.get(4) != Some(&b'-') || date.get(7) != Some(&b'-') {
        return None;
    }
    let (year, month, day) = (number(&date[..4])?, number(&date[5..7])?, number(&date[8..])?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // The year begins in March, so that the leap day is its last.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - EPOCH)
}

fn seconds_of_day(clock: &[u8]) -> Option<i64> {
    if clock[2] != b':' || clock[5] != b':' {
        return None;
    }
    let (hour, minute, second) = (number(&clock[..2])?, number(&clock[3..5])?, number(&clock[6..])?);
    // 60 is a leap second.
    (hour < 24 && minute < 60 && second <= 60).then_some(hour * 3_600 + minute * 60 + second)
}

/// Nanoseconds of a fraction such as `.25`, and what follows it; digits beyond the ninth are cut off.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.', text @ ..] = text else { return Some((0, text)) };
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(digits);
    if digits.is_empty() {
        return None;
    }
    let kept = &digits[..digits.len().min(9)];
    Some((number(kept)? * 10_i64.pow(9 - kept.len() as u32), rest))
}

/// Nanoseconds of up to nine digits of a fraction, and how many digits they are; `None` where there are none, or more.
#[inline(always)]
fn nanos(text: &[u8]) -> Option<(i64, usize)> {
    /// Zeros in place of digits that are dropped.
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    let word = u64::from_le_bytes(*text.first_chunk()?);
    // The highest bit of a byte that is no digit, and in those above perhaps of one that is.
    let others = ((word ^ ZEROS) | (word ^ ZEROS).wrapping_add(0x7676_7676_7676_7676)) & 0x8080_8080_8080_8080;
    let digits = others.trailing_zeros() / 8;
    let all = eight(
        match digits {
            8 => word,
            _ => ZEROS ^ ((word ^ ZEROS) & ((1 << (8 * digits)) - 1)),
        }
        .to_le_bytes(),
    )?
    .cast_signed();
    match text.get(8).map(|byte| byte.wrapping_sub(b'0')) {
        Some(last @ 0..=9) if digits == 8 => {
            let is_last = !text.get(9).is_some_and(u8::is_ascii_digit);
            is_last.then_some((all * 10 + i64::from(last), 9))
        }
        _ => (digits > 0).then_some((all * 10, digits as usize)),
    }
}

/// Seconds east of Greenwich of `Z` or `+05:30`.
fn offset(zone: &[u8]) -> Option<i64> {
    let (sign, [h1, h2, b':', m1, m2]) = (match zone {
        [b'Z' | b'z'] => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    }) else {
        return None;
    };
    let (hours, minutes) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn local_offsets_and_dropped_zeros_are_understood() {
        let utc = rfc3339(b"2026-11-21T01:52:00.8694Z").unwrap();
        assert_eq!(utc, 1_795_225_920_869_400_000);
        assert_eq!(rfc3339(b"2026-11-21T03:52:00.869400+02:00"), Some(utc));
        assert_eq!(rfc3339(b"2026-11-20T20:22:00.8694-05:30"), Some(utc));
        assert_eq!(rfc3339(b"2026-11-21T01:52:00Z"), Some(1_795_225_920_000_000_000));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "2026-11-21", "2026-11-21T01:52:00", "2026-13-21T01:52:00Z", "2026-11-21T01:52:00.Z"] {
            assert_eq!(rfc3339(text.as_bytes()), None, "{text}");
        }
        for text in ["2026-11-21T25:52:00Z", "0001-01-01T00:00:00Z", "2026-11-21T01:52:00+2:00", "2026x11-21T01:52:00Z"]
        {
            assert_eq!(rfc3339(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn units_are_told_by_the_number_of_digits() {
        let nanos = 1_795_250_752_951_759_164;
        for (text, unit) in [
            ("1795250752", 1_000_000_000),
            ("1795250752951", 1_000_000),
            ("1795250752951759", 1_000),
            ("1795250752951759164", 1),
        ] {
            assert_eq!(parse(text.as_bytes(), &mut Clock::default()), Some(nanos / unit * unit), "{text}");
            assert_eq!(is_whole_second(text.as_bytes()), unit == 1_000_000_000);
        }
        assert_eq!(parse(b"2026-11-21T08:45:52.951759164Z", &mut Clock::default()), Some(nanos));
    }

    proptest! {
        #[test]
        fn times_are_those_of_jiff(nanos in -9_000_000_000_000_000_000_i64..9_000_000_000_000_000_000) {
            let text = jiff::Timestamp::from_nanosecond(i128::from(nanos)).unwrap().to_string();
            prop_assert_eq!(rfc3339(text.as_bytes()), Some(nanos), "{}", text);
        }

        #[test]
        fn the_clock_reads_what_each_time_is_alone(
            times in prop::collection::vec("(2026-11-2[0-3]T0[0-2]|2026-02-3[01]T25|0001-01-01T00|9999-12-31t23):[0-6][0-2]:[0-6][0-9](\\.[0-9]{0,11})?(Z|z|[+-]0[0-9]:[0-6]0|)", 1..20),
        ) {
            let mut clock = Clock::default();
            for time in times {
                let quoted = format!("{time}\",\"value\":");
                if let Some((nanos, size)) = clock.read_quoted(quoted.as_bytes()) {
                    prop_assert_eq!((Some(nanos), size), (rfc3339(time.as_bytes()), time.len()), "{}", time);
                }
                prop_assert_eq!(clock.read(time.as_bytes()), rfc3339(time.as_bytes()), "{}", time);
            }
        }

        #[test]
        fn a_field_is_read_as_each_time_is_alone(
            times in prop::collection::vec("179522599[01]|179522599[01]25[01]|17952259910000000[01]|1795225991000000001|2026-11-21T01:52:0[01]Z|x|-1|", 1..20),
            rest in ",?[0-9.,]{0,20}",
        ) {
            let mut clock = Clock::default();
            for time in times {
                let field = format!("{time},{rest}");
                let read = clock.read_field(field.as_bytes(), time.len());
                prop_assert_eq!(read, parse(time.as_bytes(), &mut Clock::default()), "{}", time);
            }
        }

        #[test]
        fn a_quoted_time_is_read_if_it_is_usual(second in 0..60, digits in "[0-9]{1,9}") {
            let mut clock = Clock::default();
            clock.read(b"2026-11-21T01:52:00Z");
            let time = format!("2026-11-21T01:52:{second:02}.{digits}Z");
            let expected = rfc3339(time.as_bytes()).map(|nanos| (nanos, time.len()));
            prop_assert_eq!(clock.read_quoted(format!("{time}\",\"value\":1").as_bytes()), expected, "{}", time);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..40), digits in "[-0-9:TZ.+]{0,40}") {
            let mut clock = Clock::default();
            let _ = (parse(&bytes, &mut clock), parse(digits.as_bytes(), &mut clock));
        }
    }
}
