//! Times as k6 writes them, into Unix time in ns.
//!
//! The JSON output has RFC 3339 with up to nine digits of a second and the offset of the machine's zone; the CSV output
//! has whole seconds, or what `timeFormat` asks for: `unix_milli`, `unix_micro`, `unix_nano`, `rfc3339`, `rfc3339_nano`.
//! <https://grafana.com/docs/k6/latest/results-output/real-time/csv/>

use crate::ingest::digits::number;

/// Days from 1970-01-01 back to 0000-03-01, from which the days are counted.
const EPOCH: i64 = 719_468;
/// Nanoseconds per second.
const NANOS: i64 = 1_000_000_000;

/// Unix time in ns of a CSV time: whole units told apart by the number of digits, or RFC 3339.
///
/// Ten digits are seconds until the year 2286, thirteen are milliseconds, and so on.
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

/// Reads RFC 3339 times that mostly lie in the minute of the one before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    /// Date, hour and minute as they were written, and what they mean: Unix time in s, in no zone.
    minute: [u8; 16],
    start: i64,
}

impl Default for Clock {
    fn default() -> Self {
        Self { minute: *b"1970-01-01T00:00", start: 0 }
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
            *self = Self { minute: *minute, start: start / NANOS };
        }
        let (fraction, zone) = fraction(rest)?;
        let second = i64::from(s1 - b'0') * 10 + i64::from(s2 - b'0');
        (self.start + second - offset(zone)?).checked_mul(NANOS)?.checked_add(fraction)
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
                prop_assert_eq!(clock.read(time.as_bytes()), rfc3339(time.as_bytes()), "{}", time);
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..40), digits in "[-0-9:TZ.+]{0,40}") {
            let mut clock = Clock::default();
            let _ = (parse(&bytes, &mut clock), parse(digits.as_bytes(), &mut clock));
        }
    }
}
