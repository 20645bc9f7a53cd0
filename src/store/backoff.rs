//! Waiting before another try, a little longer each time and never as long as the neighbour.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

/// First wait at most, ms: about what one update takes.
const FIRST: u64 = 10;
/// Longest wait, ms.
const LONGEST: u64 = 500;
/// How often the wait doubles before it is the longest.
const DOUBLINGS: u32 = 6;

/// The waits between tries. Chance only spreads writers in time; nothing that is written depends on it.
pub(super) struct Backoff {
    state: u64,
    tries: u32,
}

impl Backoff {
    /// Waits that differ from every other writer's, seeded by the system: processes in containers share their number.
    pub(super) fn new() -> Self {
        Self { state: RandomState::new().hash_one(0) | 1, tries: 0 }
    }

    /// Sleeps for a random time below a bound that doubles.
    pub(super) fn wait(&mut self) {
        let bound = (FIRST << self.tries.min(DOUBLINGS)).min(LONGEST);
        self.tries += 1;
        std::thread::sleep(Duration::from_millis(1 + self.random() % bound));
    }

    /// Marsaglia's xorshift64, "Xorshift RNGs" (2003).
    fn random(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_writers_wait_differently() {
        let waits = |mut b: Backoff| (0..4).map(|_| b.random()).collect::<Vec<_>>();
        assert_ne!(waits(Backoff::new()), waits(Backoff::new()));
    }
}
