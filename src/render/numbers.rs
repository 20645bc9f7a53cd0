//! Numbers as people read them: changes with their sign, counts in groups, dates.

use jiff::Timestamp;

use crate::model::{Direction, Metric, Unit};

/// What stands where there is no figure.
pub(crate) const NONE: &str = "–";

/// How a change of a metric is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Relative to the baseline, in percent.
    Relative,
    /// A difference of rates, in percentage points.
    Points,
}

impl Scale {
    /// Error rates change by points, everything else relatively.
    pub(crate) fn of(metric: &str) -> Self {
        if metric == "error-rate" { Self::Points } else { Self::Relative }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Relative => "%",
            Self::Points => "pp",
        }
    }

    /// A change with its sign: `+23.4 %`, `−0.52 pp`.
    pub(crate) fn change(self, value: Option<f64>) -> String {
        finite(value).map_or(NONE.to_owned(), |value| format!("{} {}", signed(value), self.unit()))
    }

    /// A size without sign: `6.1 %`.
    pub(crate) fn size(self, value: Option<f64>) -> String {
        finite(value).map_or(NONE.to_owned(), |value| format!("{} {}", digits(value.abs()), self.unit()))
    }

    /// Two changes: `+24.1 … +40.0 %`.
    pub(crate) fn range(self, lower: f64, upper: f64) -> String {
        if lower.is_finite() && upper.is_finite() {
            format!("{} … {} {}", signed(lower), signed(upper), self.unit())
        } else {
            NONE.to_owned()
        }
    }

    /// A threshold of a metric, with the sign of a degradation and no digits it was not given with: `+20 %`.
    pub(crate) fn threshold(self, metric: &str, value: Option<f64>) -> String {
        let Some(value) = finite(value) else { return NONE.to_owned() };
        let falls = value < 0.0 || Metric::known(metric).is_some_and(|known| known.better == Direction::Up);
        let size = digits(value.abs());
        let size = if size.contains('.') { size.trim_end_matches('0').trim_end_matches('.') } else { &size };
        format!("{}{size} {}", if falls { '−' } else { '+' }, self.unit())
    }
}

/// A share of counted cases in whole percent, neither 0 nor 100 unless it is: `94 %`.
pub(crate) fn share(value: f64) -> String {
    let whole = (100.0 * value).round();
    format!("{} %", if value > 0.0 && value < 1.0 { whole.clamp(1.0, 99.0) } else { whole })
}

/// The interval of such a share: `0–11 %`.
pub(crate) fn shares(lower: f64, upper: f64) -> String {
    format!("{:.0}–{:.0} %", 100.0 * lower, 100.0 * upper)
}

/// A value in its unit, or a dash.
pub(crate) fn value(unit: Unit, value: Option<f64>) -> String {
    value.map_or(NONE.to_owned(), |value| unit.show(value))
}

/// A number for a pocket calculator: four digits, without zeros at the end; `2.34·10⁻⁷` where it is tiny.
pub(crate) fn figure(value: f64) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let size = value.abs();
    let sign = if value < 0.0 { "−" } else { "" };
    let short = |digits: String| {
        let digits = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { &digits };
        digits.to_owned()
    };
    match size {
        0.0 => "0".to_owned(),
        s if s < 1e-4 => {
            let exponent = s.log10().floor();
            let power: String = (exponent.abs() as u32).to_string().chars().filter_map(superscript).collect();
            format!("{sign}{}·10⁻{power}", short(format!("{:.2}", s / 10_f64.powf(exponent))))
        }
        s => {
            let decimals = (3.0 - s.log10().floor()).max(0.0) as usize;
            format!("{sign}{}", short(format!("{s:.decimals$}")))
        }
    }
}

/// A logarithm or angle, or the standard deviation of one: to five places, so that differences keep their digits.
pub(crate) fn logarithm(value: f64) -> String {
    let size = format!("{:.5}", value.abs());
    match value {
        v if !v.is_finite() => NONE.to_owned(),
        v if v < 0.0 && size != "0.00000" => format!("−{size}"),
        _ => size,
    }
}

/// A digit as an exponent is written.
fn superscript(digit: char) -> Option<char> {
    ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'].get(digit.to_digit(10)? as usize).copied()
}

/// A count in groups of three digits: `12,345`.
pub(crate) fn count(value: u64) -> String {
    let plain = value.to_string();
    let mut grouped = String::new();
    for (place, digit) in plain.char_indices() {
        if place > 0 && (plain.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count and its noun: `1 run`, `5 runs`.
pub(crate) fn counted(value: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(value), if value == 1 { "" } else { "s" })
}

/// The day of a time: `2026-11-14`.
pub(crate) fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// A time to the minute: `2026-11-14 08:30 UTC`.
pub(crate) fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A time to the second, in UTC: `2026-11-14 08:30:12`.
pub(crate) fn second(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

fn signed(value: f64) -> String {
    let size = digits(value.abs());
    match value {
        _ if size == "0" => size,
        v if v < 0.0 => format!("−{size}"),
        _ => format!("+{size}"),
    }
}

/// A share in hundredths: three digits, at most two of them behind the point.
fn digits(share: f64) -> String {
    let hundredths = share * 100.0;
    match hundredths {
        h if h < 0.005 => "0".to_owned(),
        h if h < 0.995 => format!("{h:.2}"),
        h if h < 99.95 => format!("{h:.1}"),
        h => format!("{h:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_a_sign_and_three_digits() {
        let shown = [0.234, -0.0523, 1.32, 0.0042, 0.0, 0.000_01].map(|v| Scale::Relative.change(Some(v)));
        assert_eq!(shown, ["+23.4 %", "−5.2 %", "+132 %", "+0.42 %", "0 %", "0 %"]);
        assert_eq!(Scale::of("error-rate").change(Some(0.061)), "+6.1 pp");
        assert_eq!(Scale::Relative.change(Some(f64::NAN)), NONE);
        assert_eq!(Scale::Relative.range(0.241, 0.4), "+24.1 … +40.0 %");
    }

    #[test]
    fn thresholds_point_where_it_gets_worse() {
        assert_eq!(Scale::Relative.threshold("p95", Some(0.2)), "+20 %");
        assert_eq!(Scale::Relative.threshold("throughput", Some(0.15)), "−15 %");
        assert_eq!(Scale::Points.threshold("error-rate", Some(0.005)), "+0.5 pp");
        assert_eq!(Scale::Relative.threshold("p95", Some(2.0)), "+200 %");
    }

    #[test]
    fn figures_have_four_digits() {
        let shown = [0.031_234_5, -2.5, 12.345_6, 1.0, 0.0, 2.341e-7, 0.000_100_04, 12_345.6].map(figure);
        assert_eq!(shown, ["0.03123", "−2.5", "12.35", "1", "0", "2.34·10⁻⁷", "0.0001", "12346"]);
    }

    #[test]
    fn logarithms_have_five_places() {
        assert_eq!([-2.5, 0.031_234_56, -1e-9, f64::NAN].map(logarithm), ["−2.50000", "0.03123", "0.00000", NONE]);
    }

    #[test]
    fn shares_are_whole_percents_and_none_is_certain_by_rounding() {
        assert_eq!([0.0, 0.001, 0.943, 0.999, 1.0].map(share), ["0 %", "1 %", "94 %", "99 %", "100 %"]);
        assert_eq!(shares(0.0, 0.1103), "0–11 %");
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([counted(1, "run"), counted(5, "run")], ["1 run", "5 runs"]);
    }
}
