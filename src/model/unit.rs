//! Units: tidied at the door (`200 ms` becomes 0.2 s), scaled again at the exit, never between.

use anyhow::{Result, bail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Base unit of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Unit {
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Events per second.
    #[serde(rename = "1/s")]
    PerSecond,
    /// A share of 1.
    #[serde(rename = "ratio")]
    Ratio,
    /// Bytes.
    #[serde(rename = "bytes")]
    Bytes,
    /// Processor cores.
    #[serde(rename = "cores")]
    Cores,
    /// A number without a unit.
    #[default]
    #[serde(rename = "count")]
    Count,
}

impl Unit {
    /// The unit as it is written in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::PerSecond => "1/s",
            Self::Ratio => "ratio",
            Self::Bytes => "bytes",
            Self::Cores => "cores",
            Self::Count => "count",
        }
    }

    /// A value of this unit in the words people read: `59.2 ms`, `91.8/s`, `2.47 %`, `38.5 MB`.
    pub fn show(self, value: f64) -> String {
        if !value.is_finite() {
            return "–".to_owned();
        }
        match self {
            Self::Seconds => scaled(value, &[(60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs")]),
            Self::Bytes => scaled(value, &[(1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")]),
            Self::PerSecond => format!("{}/s", three_digits(value)),
            Self::Ratio => format!("{} %", three_digits(value * 100.0)),
            Self::Cores => format!("{} cores", three_digits(value)),
            Self::Count => three_digits(value),
        }
    }
}

/// A value with the unit it was written in, as the configuration has it: `200ms`, `100rps`, `5%`, `0.5pp`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amount {
    /// The value in `unit`.
    pub value: f64,
    /// Its base unit; `None` where only a number was written.
    pub unit: Option<Unit>,
}

/// Suffixes of amounts, with what one of them is in its base unit.
const SUFFIXES: &[(&str, f64, Unit)] = &[
    ("%", 0.01, Unit::Ratio),
    ("pp", 0.01, Unit::Ratio),
    ("ns", 1e-9, Unit::Seconds),
    ("us", 1e-6, Unit::Seconds),
    ("µs", 1e-6, Unit::Seconds),
    ("ms", 1e-3, Unit::Seconds),
    ("s", 1.0, Unit::Seconds),
    ("min", 60.0, Unit::Seconds),
    ("m", 60.0, Unit::Seconds),
    ("h", 3600.0, Unit::Seconds),
    ("d", 86_400.0, Unit::Seconds),
    ("rps", 1.0, Unit::PerSecond),
    ("/s", 1.0, Unit::PerSecond),
    ("1/s", 1.0, Unit::PerSecond),
    ("B", 1.0, Unit::Bytes),
    ("kB", 1e3, Unit::Bytes),
    ("KB", 1e3, Unit::Bytes),
    ("MB", 1e6, Unit::Bytes),
    ("GB", 1e9, Unit::Bytes),
    ("KiB", 1024.0, Unit::Bytes),
    ("MiB", 1_048_576.0, Unit::Bytes),
    ("GiB", 1_073_741_824.0, Unit::Bytes),
    ("cores", 1.0, Unit::Cores),
    ("core", 1.0, Unit::Cores),
    ("bytes", 1.0, Unit::Bytes),
    ("ratio", 1.0, Unit::Ratio),
    ("count", 1.0, Unit::Count),
];

/// Reads `200 ms`, `1.5s`, `100rps`, `20%`, `0.5pp`, `512MiB` or a bare number.
///
/// # Errors
/// An empty text, a number that is none or not finite, a suffix that is no unit: the message lists the units.
pub fn parse_amount(text: &str) -> Result<Amount> {
    let text = text.trim();
    let split = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(text.len());
    let (number, suffix) = text.split_at(split);
    let suffix = suffix.trim();
    let Some(value) = number.parse::<f64>().ok().filter(|v| v.is_finite()) else {
        bail!("'{text}' is not a number with a unit such as 200ms, 100rps, 20% or 512MiB");
    };
    if suffix.is_empty() {
        return Ok(Amount { value, unit: None });
    }
    match SUFFIXES.iter().find(|(name, ..)| *name == suffix) {
        Some((_, scale, unit)) => Ok(Amount { value: value * scale, unit: Some(*unit) }),
        None => bail!("'{suffix}' in '{text}' is not a unit; known are {}", names_of_units()),
    }
}

/// Reads a duration in seconds: `90s`, `10 min`, `7d`; a bare number is seconds.
///
/// # Errors
/// As [`parse_amount`], and amounts of other units.
pub fn parse_duration(text: &str) -> Result<f64> {
    let amount = parse_amount(text)?;
    match amount.unit {
        None | Some(Unit::Seconds) if amount.value >= 0.0 => Ok(amount.value),
        _ => bail!("'{text}' is not a duration such as 30s, 10min or 7d"),
    }
}

fn names_of_units() -> String {
    SUFFIXES.iter().map(|(name, ..)| *name).collect::<Vec<_>>().join(" ")
}

/// `value` in the largest of `scales` (largest first) that leaves at least 1, or the smallest.
fn scaled(value: f64, scales: &[(f64, &str)]) -> String {
    let fits = |(size, _): &&(f64, &str)| value.abs() >= *size * 0.9995;
    let (size, name) = scales.iter().find(fits).or(scales.last()).copied().unwrap_or((1.0, ""));
    if value == 0.0 {
        return format!("0 {name}");
    }
    format!("{} {name}", three_digits(value / size))
}

/// Three significant digits, without an exponent: 1234, 123, 12.3, 1.23, 0.123.
fn three_digits(value: f64) -> String {
    let magnitude = value.abs();
    let decimals = match magnitude {
        m if m == 0.0 || m >= 99.95 => 0,
        m if m >= 9.995 => 1,
        m if m >= 0.9995 => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_become_seconds() {
        assert_eq!(parse_amount("200 ms").unwrap(), Amount { value: 0.2, unit: Some(Unit::Seconds) });
        assert_eq!(parse_amount("100rps").unwrap().unit, Some(Unit::PerSecond));
        assert_eq!(parse_amount("0.5pp").unwrap(), Amount { value: 0.005, unit: Some(Unit::Ratio) });
        assert_eq!(parse_amount("7").unwrap(), Amount { value: 7.0, unit: None });
    }

    #[test]
    fn what_is_no_amount_is_refused_with_the_units() {
        for text in ["", "ms", "12 parsecs", "1e999", "nan", "--3s"] {
            assert!(parse_amount(text).is_err(), "{text}");
        }
        assert!(parse_amount("12 parsecs").unwrap_err().to_string().contains("ms"));
        assert!(parse_duration("5%").is_err());
        assert!(parse_duration("-5s").is_err());
    }

    #[test]
    fn values_are_shown_with_three_digits_in_a_readable_unit() {
        let shown: Vec<_> = [0.000_158_3, 0.0592, 0.9999, 1.5, 90.0].map(|v| Unit::Seconds.show(v)).into();
        assert_eq!(shown, ["158 µs", "59.2 ms", "1.00 s", "1.50 s", "1.50 min"]);
        assert_eq!(Unit::Bytes.show(38_486_016.0), "38.5 MB");
        assert_eq!(Unit::Ratio.show(0.024_67), "2.47 %");
        assert_eq!(Unit::PerSecond.show(91.8), "91.8/s");
        assert_eq!(Unit::Seconds.show(0.0), "0 µs");
    }
}
