//! Time stamps of a JTL: Unix time in ms, or a date in one of the patterns that `JMeter` itself reads back.
//!
//! `JMeter` writes dates in the local zone and does not say which. They are taken as UTC: durations and slices are the
//! same, only the start of the run may be hours off.

use crate::ingest::digits::number;

/// Digits of a second in Unix time, from 2001 to 2286.
const SECOND_DIGITS: usize = 10;
/// Digits of a stamp in ms.
pub(super) const STAMP: usize = SECOND_DIGITS + 3;
/// Nanoseconds per millisecond.
const MILLISECOND: i64 = 1_000_000;
/// Nanoseconds per second.
const SECOND: i64 = 1_000_000_000;
/// Seconds per day.
const DAY: i64 = 86_400;
/// Most digits of a fraction of a second: nanoseconds.
const FRACTION: usize = 9;

/// The patterns, in the order they are tried.
const FORMS: [Form; 3] = [Form::Epoch, Form::YearFirst, Form::MonthFirst];

/// Patterns as a message names them.
pub(super) const PATTERNS: &str = "milliseconds since 1970, yyyy/MM/dd HH:mm:ss[.SSS], yyyy-MM-dd HH:mm:ss[.SSS], \
                                   MM/dd/yy HH:mm:ss, RFC 3339";

/// A pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Epoch,
    YearFirst,
    MonthFirst,
}

impl Form {
    #[inline]
    fn read(self, text: &[u8]) -> Option<Stamp> {
        match self {
            Self::Epoch => epoch(text),
            Self::YearFirst => year_first(text),
            Self::MonthFirst => month_first(text),
        }
    }
}

/// A point in time as a file gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    /// Unix time, ns; as UTC where no zone is told.
    nanos: i64,
    zoned: bool,
}

/// Reads the stamps of one file: all are of the pattern of the first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    form: Option<Form>,
    zoneless: bool,
    /// The seconds of the last stamp in ms, as they were written and as Unix time in ms: most stamps are of the same.
    digits: [u8; SECOND_DIGITS],
    second: i64,
}

impl Default for Clock {
    fn default() -> Self {
        Self { form: None, zoneless: false, digits: [b'0'; SECOND_DIGITS], second: 0 }
    }
}

impl Clock {
    /// Unix time in ns; `None` for what is no time, such as month 20.
    #[inline(always)]
    pub(super) fn read(&mut self, text: &[u8]) -> Option<i64> {
        if let Some((digits, rest)) = text.split_first_chunk()
            && *digits == self.digits
            && self.is_epoch()
            && let [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] = rest
        {
            let milliseconds = 100 * i64::from(a - b'0') + 10 * i64::from(b - b'0') + i64::from(c - b'0');
            return Some((self.second + milliseconds) * MILLISECOND);
        }
        self.read_in_full(text)
    }

    /// Whether stamps are Unix time in ms.
    #[inline]
    pub(super) fn is_epoch(&self) -> bool {
        self.form == Some(Form::Epoch)
    }

    /// Such a stamp in ms, where a comma follows its thirteen digits; faster than [`Clock::read`].
    #[inline(always)]
    pub(super) fn milliseconds(&mut self, text: &[u8; STAMP + 1]) -> Option<i64> {
        let [digits @ .., a, b, c, comma] = *text;
        if digits != self.digits {
            return self.other_second(text);
        }
        // Digits become 0 to 9, and the comma 0: with these added they do not reach the highest bit.
        let rest = u32::from_le_bytes([a, b, c, comma]) ^ u32::from_le_bytes(*b"000,");
        let is_stamp = (rest | rest.wrapping_add(0x7f76_7676)) & 0x8080_8080 == 0;
        let tens = rest.wrapping_mul(10).wrapping_add(rest >> 8) & 0xff;
        is_stamp.then(|| self.second + i64::from(10 * tens + (rest >> 16)))
    }

    #[inline(never)]
    fn other_second(&mut self, text: &[u8; STAMP + 1]) -> Option<i64> {
        let digits = text.strip_suffix(b",")?;
        Some(self.read_in_full(digits)? / MILLISECOND)
    }

    #[inline(never)]
    fn read_in_full(&mut self, text: &[u8]) -> Option<i64> {
        let (form, stamp) = match self.form {
            Some(form) => (form, form.read(text)?),
            None => FORMS.iter().find_map(|form| Some((*form, form.read(text)?)))?,
        };
        self.form = Some(form);
        self.zoneless |= !stamp.zoned;
        // Of the last second that can be told in ns some milliseconds cannot.
        let is_whole = stamp.nanos.checked_add(SECOND).is_some();
        if let (Form::Epoch, Some((digits, [_, _, _])), true) = (form, text.split_first_chunk(), is_whole) {
            (self.digits, self.second) = (*digits, stamp.nanos.div_euclid(SECOND) * 1_000);
        }
        Some(stamp.nanos)
    }

    /// Whether a stamp had no zone.
    pub(super) fn is_zoneless(&self) -> bool {
        self.zoneless
    }
}

/// `1795226767635`, ms.
#[inline]
fn epoch(text: &[u8]) -> Option<Stamp> {
    Some(Stamp { nanos: number(text)?.checked_mul(MILLISECOND)?, zoned: true })
}

/// `2026/11/21 02:12:56.053`, `2026-11-21 02:12:56`, `2026-11-21T02:12:56.053+01:00`.
fn year_first(text: &[u8]) -> Option<Stamp> {
    let (date, rest) = text.split_at_checked(10)?;
    let [y1, y2, y3, y4, slash @ (b'/' | b'-'), m1, m2, again, d1, d2] = *date else { return None };
    let (separator, rest) = rest.split_first()?;
    if slash != again || !matches!(separator, b' ' | b'T' | b't') {
        return None;
    }
    let day = days(number(&[y1, y2, y3, y4])?, number(&[m1, m2])?, number(&[d1, d2])?)?;
    time_of_day(day, rest)
}

/// `11/21/26 02:12:56`.
fn month_first(text: &[u8]) -> Option<Stamp> {
    let (date, rest) = text.split_at_checked(9)?;
    let [m1, m2, b'/', d1, d2, b'/', y1, y2, b' '] = *date else { return None };
    let day = days(2000 + number(&[y1, y2])?, number(&[m1, m2])?, number(&[d1, d2])?)?;
    time_of_day(day, rest)
}

/// `02:12:56`, with a fraction and a zone where they are there, on a day since 1970.
fn time_of_day(day: i64, text: &[u8]) -> Option<Stamp> {
    let (clock, rest) = text.split_at_checked(8)?;
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *clock else { return None };
    let (hour, minute, second) = (number(&[h1, h2])?, number(&[m1, m2])?, number(&[s1, s2])?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction, rest) = fraction(rest)?;
    let offset = zone(rest.trim_ascii_start())?;
    let seconds = day * DAY + hour * 3600 + minute * 60 + second - offset.unwrap_or(0);
    Some(Stamp { nanos: seconds.checked_mul(SECOND)?.checked_add(fraction)?, zoned: offset.is_some() })
}

/// `.053` in ns, and what follows; 0 where there is no fraction.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.' | b',', rest)) = text.split_first() else { return Some((0, text)) };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 || digits > FRACTION {
        return None;
    }
    let (digits, rest) = rest.split_at(digits);
    let scale = 10_i64.pow((FRACTION - digits.len()) as u32);
    Some((number(digits)? * scale, rest))
}

/// `Z`, `+01:00`, `-0530`, `+01` in s; `Some(None)` without a zone.
fn zone(text: &[u8]) -> Option<Option<i64>> {
    let (sign, digits) = match text {
        [] => return Some(None),
        b"Z" | b"z" => return Some(Some(0)),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match *digits {
        [a, b] => ([a, b], [b'0'; 2]),
        [a, b, c, d] | [a, b, b':', c, d] => ([a, b], [c, d]),
        _ => return None,
    };
    let (hours, minutes) = (number(&hours)?, number(&minutes)?);
    (hours < 24 && minutes < 60).then_some(Some(sign * (hours * 3600 + minutes * 60)))
}

/// Days since 1970 of a date that exists.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let date = jiff::civil::Date::new(year as i16, month as i8, day as i8).ok()?;
    let since = date.since(jiff::civil::date(1970, 1, 1)).ok()?;
    Some(i64::from(since.get_days()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<i64> {
        Clock::default().read(text.as_bytes())
    }

    #[test]
    fn every_pattern_gives_the_same_instant() {
        let whole = 1_795_227_176 * SECOND;
        let exact = whole + 53 * MILLISECOND;
        for text in ["1795227176053", "2026/11/21 02:12:56.053", "2026-11-21 02:12:56.053", "2026-11-21T02:12:56.053Z"]
        {
            assert_eq!(read(text), Some(exact), "{text}");
        }
        for text in ["2026/11/21 02:12:56", "2026-11-21 02:12:56", "11/21/26 02:12:56", "2026-11-21T03:12:56+01:00"] {
            assert_eq!(read(text), Some(whole), "{text}");
        }
        assert_eq!(read("2026-11-20 20:42:56.053 -0530"), Some(exact));
    }

    #[test]
    fn nonsense_dates_are_no_times() {
        for text in [
            "2026/20/21 02:12:56",
            "2026/02/30 02:12:56",
            "2026-11-21 24:00:00",
            "2026-11-21 02:60:00",
            "2026/11-21 02:12:56",
            "20/11/26 02:12:56",
            "21.11.2026 02:12:56",
            "2026-11-21",
            "2026-11-21 02:12:56.",
            "2026-11-21 02:12:56 CET",
            "-5",
            "1.5e12",
            "99999999999999999",
            "",
            "none",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn stamps_of_one_second_are_those_of_stamps_alone() {
        let mut clock = Clock::default();
        for text in ["1795227176053", "1795227176999", "17952271769", "179522717605x", "1795227176000", "1795227177001"]
        {
            assert_eq!(clock.read(text.as_bytes()), read(text), "{text}");
        }
        for text in
            ["1795227176053,", "1795227176999,", "17952271769991", "179522717605x,", "1795227176:00,", "1795227177001,"]
        {
            let expected = text.strip_suffix(',').and_then(read).map(|nanos| nanos / MILLISECOND);
            assert_eq!(clock.milliseconds(text.as_bytes().try_into().unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn of_the_last_second_that_can_be_told_not_all_stamps_are_times() {
        let mut clock = Clock::default();
        for text in ["9223372036854", "9223372036855", "9223372036854"] {
            assert_eq!(clock.read(text.as_bytes()), read(text), "{text}");
            let expected = read(text).map(|nanos| nanos / MILLISECOND);
            assert_eq!(clock.milliseconds(format!("{text},").as_bytes().try_into().unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn the_first_stamp_settles_the_pattern() {
        let mut clock = Clock::default();
        assert!(clock.read(b"2026/11/21 02:12:56").is_some() && clock.is_zoneless());
        assert_eq!(clock.read(b"1795227176053"), None);
        assert!(Clock::default().read(b"1795227176053").is_some());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = Clock::default().read(&bytes);
        }

        #[test]
        fn dates_that_exist_agree_with_jiff(seconds in 0_i64..9_000_000_000, form in 0..2_usize) {
            let at = jiff::Timestamp::from_second(seconds).unwrap();
            let text = at.strftime(["%Y/%m/%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"][form]).to_string();
            prop_assert_eq!(read(&text), Some(seconds * SECOND));
        }
    }
}
