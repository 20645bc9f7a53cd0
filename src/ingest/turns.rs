//! Things that threads finish in any order and that are taken in one.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Things with numbers, to be taken in the order of these, one at a time.
pub(super) struct Turns<T> {
    state: Mutex<State<T>>,
    moved: Condvar,
    /// Things that may lie ready before their turn: bounds the memory.
    window: u64,
}

struct State<T> {
    next: u64,
    ready: BTreeMap<u64, T>,
    /// Things that were taken, to be filled again.
    free: Vec<T>,
    /// Whether a thread is taking.
    taking: bool,
    /// Threads that wait: waking nobody takes a system call as well.
    waiting: usize,
    stopped: bool,
}

impl<T: Default> Turns<T> {
    /// Turns from number 0 on, of which `window` may lie ready.
    pub(super) fn new(window: usize) -> Self {
        let (ready, free) = (BTreeMap::new(), Vec::new());
        let state = State { next: 0, ready, free, taking: false, waiting: 0, stopped: false };
        Self { state: Mutex::new(state), moved: Condvar::new(), window: window as u64 }
    }

    /// The same turns with another window, and without the things that were taken.
    pub(super) fn with_window(self, window: usize) -> Self {
        self.lock().free.clear();
        Self { window: window as u64, ..self }
    }

    /// Hands in number `index`, and takes whatever is next; `false` once `take` said that nothing more is wanted.
    ///
    /// Waits while the turn of `index` is far away. Who holds the next never waits, so there is always one who goes on.
    pub(super) fn hand_in(&self, index: u64, thing: T, mut take: impl FnMut(&mut T) -> bool) -> bool {
        let mut state = self.lock();
        while index >= state.next + self.window && !state.stopped {
            state.waiting += 1;
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        state.ready.insert(index, thing);
        while !state.taking && !state.stopped {
            let next = state.next;
            let Some(mut thing) = state.ready.remove(&next) else { break };
            state.taking = true;
            drop(state);
            let wanted = take(&mut thing);
            state = self.lock();
            state.taking = false;
            state.next += 1;
            state.stopped |= !wanted;
            state.free.push(thing);
            if state.waiting > 0 {
                self.moved.notify_all();
            }
        }
        !state.stopped
    }

    /// A thing to be filled: one that was taken, or a new one.
    pub(super) fn free(&self) -> T {
        self.lock().free.pop().unwrap_or_default()
    }
}

impl<T> Turns<T> {
    /// Stops everything, so that nobody waits any more.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.moved.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// The order in which 200 numbers are taken that `threads` threads hand in.
    fn taken(threads: usize, window: usize, wanted: u64) -> Vec<u64> {
        let (turns, next, order) = (Turns::new(window), AtomicU64::new(0), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let take = |number: &mut u64| {
                            order.lock().unwrap().push(*number);
                            *number < wanted
                        };
                        if index >= 200 || !turns.hand_in(index, index, take) {
                            break;
                        }
                    }
                });
            }
        });
        order.into_inner().unwrap()
    }

    #[test]
    fn things_are_taken_in_order_however_many_threads_hand_them_in() {
        for (threads, window) in [(1, 1), (2, 1), (4, 2), (8, 16)] {
            assert_eq!(taken(threads, window, 1_000), (0..200).collect::<Vec<_>>(), "{threads} threads");
        }
    }

    #[test]
    fn nothing_is_taken_after_the_last_that_is_wanted() {
        for threads in [1, 3] {
            assert_eq!(taken(threads, 2, 50), (0..=50).collect::<Vec<_>>());
        }
    }

    #[test]
    fn who_waits_goes_on_when_everything_stops() {
        let turns = Turns::new(1);
        let wanted = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| turns.hand_in(5, 0, |_| true));
            turns.stop();
            waiting.join().unwrap()
        });
        assert!(!wanted);
    }
}
