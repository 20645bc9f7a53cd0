//! Time stamps as files have them.

use jiff::Timestamp;

/// From here on a number is milliseconds: as seconds it would be the year 5138, as milliseconds it is 1973.
const MILLISECONDS: f64 = 1e11;
/// From here on microseconds, by the same reasoning.
const MICROSECONDS: f64 = 1e14;
/// From here on nanoseconds.
const NANOSECONDS: f64 = 1e17;

/// Unix time in seconds of a number of seconds, milliseconds, microseconds or nanoseconds; which, its size tells.
///
/// Text exposition 0.0.4 has milliseconds and `OpenMetrics` seconds, but files of either are found with the other.
pub(super) fn seconds(number: f64) -> Option<f64> {
    let scale = match number {
        n if !n.is_finite() || n < 0.0 => return None,
        n if n >= NANOSECONDS => 1e9,
        n if n >= MICROSECONDS => 1e6,
        n if n >= MILLISECONDS => 1e3,
        _ => 1.0,
    };
    Some(number / scale)
}

/// Unix time in seconds of a number as above, or of an RFC 3339 time with a zone.
pub(super) fn parse(text: &str) -> Option<f64> {
    let text = text.trim();
    match text.parse() {
        Ok(number) => seconds(number),
        Err(_) => text.parse::<Timestamp>().ok().map(|time| time.as_nanosecond() as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_milliseconds_and_rfc_3339_are_one_time() {
        let written = ["1795225991.877", "1795225991877", "1795225991877000000", "2026-11-21T01:53:11.877Z"];
        for text in written.into_iter().chain(["2026-11-21T02:53:11.877+01:00"]) {
            assert!((parse(text).unwrap() - 1_795_225_991.877).abs() < 1e-6, "{text}");
        }
    }

    #[test]
    fn a_time_without_zone_is_none() {
        for text in ["2026-11-21 01:53:11", "", "NaN", "-5", "yesterday"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
