//! Observations: what readers make of files and the recorder takes.
//!
//! Everything in them is ready to be counted: latencies are whole nanoseconds, labels are hashed. A reader may do that
//! on a thread of its own, so that the one thread that records need not.

use std::hash::{BuildHasher, Hasher};
use std::sync::OnceLock;

use hashbrown::DefaultHashBuilder;

use crate::model::Kind;

/// Nanoseconds per second.
const NANOS: f64 = 1e9;
/// Latency of what cannot be one, ns.
const IMPOSSIBLE: i64 = -1;

/// One request (or transaction) as a file tells it.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// The endpoint's name.
    pub label: Label<'a>,
    /// Request or transaction.
    pub kind: Kind,
    /// When it started, Unix time in ns, where the file tells.
    pub start: Option<i64>,
    /// Its latency, ns, as [`nanos`] makes it of seconds; negative: impossible.
    pub latency: i64,
    /// Whether it succeeded.
    pub ok: bool,
    /// How many requests the row stands for; 1 but in distributed `JMeter`.
    pub weight: u32,
}

/// An endpoint's name with its hash, so that a thread that parses can hash and the one that records need not.
///
/// The hash is the same on all threads of a process and another in each process, so that nobody can prepare labels
/// that collide.
#[derive(Clone, Copy, Debug)]
pub struct Label<'a> {
    text: &'a str,
    hash: u64,
}

impl<'a> Label<'a> {
    /// A name that has not been hashed yet.
    #[inline]
    pub fn new(text: &'a str) -> Self {
        Self { text, hash: Self::hash_of(text.as_bytes()) }
    }

    /// The hash of a name of these bytes.
    #[inline]
    pub fn hash_of(text: &[u8]) -> u64 {
        static SEED: OnceLock<DefaultHashBuilder> = OnceLock::new();
        let mut hasher = SEED.get_or_init(DefaultHashBuilder::default).build_hasher();
        hasher.write(text);
        hasher.finish()
    }

    /// A name with the hash that [`Label::new`] gave the same text in this process.
    pub fn with_hash(text: &'a str, hash: u64) -> Self {
        Self { text, hash }
    }

    /// The name.
    pub fn text(self) -> &'a str {
        self.text
    }

    /// Hash of the name.
    pub fn hash(self) -> u64 {
        self.hash
    }
}

/// Nanoseconds of seconds, rounded to nearest; −1 for what is negative or not finite.
pub fn nanos(seconds: f64) -> i64 {
    if seconds.is_finite() && seconds >= 0.0 { rounded(seconds * NANOS) } else { IMPOSSIBLE }
}

/// The whole number that is nearest, of two the one further from 0: as `round` gives it, which is a call where the
/// processor may lack the instruction.
#[inline]
pub(super) fn rounded(value: f64) -> i64 {
    /// From here on floats are whole numbers.
    const WHOLE: f64 = (1_u64 << (f64::MANTISSA_DIGITS - 1)) as f64;
    if value.abs() < WHOLE {
        let whole = value as i64;
        // Exact, as both are near to each other.
        let rest = value - whole as f64;
        whole + i64::from(rest >= 0.5) - i64::from(rest <= -0.5)
    } else {
        value as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_whole_nanoseconds_and_what_is_no_latency_stays_apart() {
        assert_eq!([0.0, 0.298, 1.5e-9, 1e300].map(nanos), [0, 298_000_000, 2, i64::MAX]);
        assert_eq!([-0.001, -1e-12, f64::NAN, f64::INFINITY].map(nanos), [-1; 4]);
    }

    #[test]
    fn numbers_are_rounded_as_the_standard_library_rounds_them() {
        let half = 0.5_f64;
        let large = (1_u64 << 52) as f64;
        for value in
            [0.0, half, half.next_down(), half.next_up(), 1.5, 2.5, large - 0.5, large, large + 1.0, 1e300, f64::NAN]
        {
            for value in [value, -value, value.next_down(), -value.next_up()] {
                assert_eq!(rounded(value), value.round() as i64, "{value}");
            }
        }
    }

    #[test]
    fn threads_hash_a_name_alike() {
        let here = Label::new("GET /").hash();
        let there = std::thread::spawn(|| Label::new(&String::from("GET /")).hash()).join().unwrap();
        assert_eq!((here, Label::with_hash("GET /", here).text()), (there, "GET /"));
        assert_ne!(here, Label::new("GET /a").hash());
    }
}
