//! Which names mean memory and CPU, and how the values of a name are to be read.

use crate::model::Unit;

/// Names that need no word from the user, the preferred first, with their metric.
const KNOWN: &[(&str, &str)] = &[
    ("rss_bytes", "memory"),
    ("memory_bytes", "memory"),
    ("process_resident_memory_bytes", "memory"),
    ("container_memory_working_set_bytes", "memory"),
    ("container_memory_rss", "memory"),
    ("cpu_seconds_total", "cpu"),
    ("process_cpu_seconds_total", "cpu"),
    ("container_cpu_usage_seconds_total", "cpu"),
    ("cpu_percent", "cpu"),
];

/// Ends of names that tell the unit: of a gauge the unit and what one step of it is.
const SUFFIXES: &[(&str, Unit, f64)] = &[
    ("_bytes", Unit::Bytes, 1.0),
    ("_kb", Unit::Bytes, 1e3),
    ("_mb", Unit::Bytes, 1e6),
    ("_gb", Unit::Bytes, 1e9),
    ("_kib", Unit::Bytes, 1024.0),
    ("_mib", Unit::Bytes, 1_048_576.0),
    ("_gib", Unit::Bytes, 1_073_741_824.0),
    ("_seconds", Unit::Seconds, 1.0),
    ("_milliseconds", Unit::Seconds, 1e-3),
    ("_ms", Unit::Seconds, 1e-3),
    ("_ratio", Unit::Ratio, 1.0),
    ("_percent", Unit::Ratio, 0.01),
    ("_cores", Unit::Cores, 1.0),
    ("_millicores", Unit::Cores, 1e-3),
];

/// How values become those of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reading {
    /// Unit of the metric.
    pub(super) unit: Unit,
    /// What one step of the file's values is in that unit.
    pub(super) scale: f64,
}

/// The metric that a name stands for without being told, and its place in the order of preference.
pub(super) fn metric(name: &str) -> Option<(&'static str, usize)> {
    let at = KNOWN.iter().position(|(known, _)| *known == name)?;
    Some((KNOWN[at].1, at))
}

/// Whether a name is that of a counter by convention
/// (<https://prometheus.io/docs/practices/naming/>).
pub(super) fn is_counter(name: &str) -> bool {
    name.ends_with("_total")
}

impl Reading {
    /// How the values of `name` stand for `metric`.
    pub(super) fn of(metric: &str, name: &str, counter: bool) -> Self {
        let lower = name.to_lowercase();
        let stem = lower.strip_suffix("_total").unwrap_or(&lower);
        let suffix = SUFFIXES.iter().find(|(suffix, ..)| stem.ends_with(suffix));
        let (unit, scale) = suffix.map_or((Unit::Count, 1.0), |(_, unit, scale)| (*unit, *scale));
        let unit = match (metric, unit) {
            ("memory", _) => Unit::Bytes,
            ("cpu", _) => Unit::Cores,
            // Seconds of processor time per second are cores; anything else counted is so many a second.
            (_, Unit::Seconds) if counter => Unit::Cores,
            _ if counter => Unit::PerSecond,
            (_, unit) => unit,
        };
        Self { unit, scale }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heap_is_not_the_memory_of_a_process() {
        assert_eq!(metric("nodejs_heap_size_used_bytes"), None);
        assert_eq!(metric("rss_bytes"), Some(("memory", 0)));
        assert_eq!(metric("process_cpu_seconds_total").unwrap().0, "cpu");
    }

    #[test]
    fn units_are_told_by_the_end_of_a_name() {
        let reading = |unit, scale| Reading { unit, scale };
        assert_eq!(Reading::of("cpu", "cpu_percent", false), reading(Unit::Cores, 0.01));
        assert_eq!(Reading::of("cpu", "cpu_seconds_total", true), reading(Unit::Cores, 1.0));
        assert_eq!(Reading::of("memory", "RSS_KiB", false), reading(Unit::Bytes, 1024.0));
        assert_eq!(Reading::of("memory", "container_memory_rss", false), reading(Unit::Bytes, 1.0));
        assert_eq!(Reading::of("connections", "db_connections", false), reading(Unit::Count, 1.0));
        assert_eq!(Reading::of("requests", "http_requests_total", true), reading(Unit::PerSecond, 1.0));
        assert_eq!(Reading::of("gc", "gc_pause_ms", false), reading(Unit::Seconds, 1e-3));
    }
}
