//! Waiting before another try, a little longer each time and never as long as the neighbour.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

/// How often a bound may double before the shift would be meaningless.
const DOUBLINGS: u32 = 16;

/// The waits between tries. Chance only spreads writers in time; nothing that is written depends on it.
pub(super) struct Backoff {
    state: u64,
    tries: u32,
    /// First wait at most, ms.
    first: u64,
    /// Longest wait, ms.
    longest: u64,
}

impl Backoff {
    /// Waits of at most `first` ms, doubling up to `longest` ms; they differ from every other writer's, seeded by the
    /// system, for processes in containers share their number.
    pub(super) fn new(first: u64, longest: u64) -> Self {
        Self { state: RandomState::new().hash_one(0) | 1, tries: 0, first, longest }
    }

    /// Sleeps for a random time below a bound that doubles.
    pub(super) fn wait(&mut self) {
        let bound = (self.first << self.tries.min(DOUBLINGS)).min(self.longest);
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
        assert_ne!(waits(Backoff::new(1, 2)), waits(Backoff::new(1, 2)));
    }
}
