//! Things that one thread reads, one after another, ahead of those who work on them.
//!
//! Whoever comes reads, as long as nobody else does and few things lie ready, and works on what lies ready otherwise. So
//! where reading is slower than the rest, one thread does nothing else and waits for nobody; where it is faster, all share
//! all work.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Things that are worth waking a thread: it takes the reader a twentieth of the time that a block does.
const WORTH_WAKING: usize = 3;

/// A reader `R` of things `T`.
pub(super) struct Ahead<R, T> {
    state: Mutex<State<R, T>>,
    moved: Condvar,
}

struct State<R, T> {
    /// None: somebody reads, or there is nothing left.
    reader: Option<R>,
    ready: VecDeque<T>,
    ended: bool,
    waiting: usize,
}

/// What is to be done next.
pub(super) enum Next<R, T> {
    /// Read another thing, and give it with the reader to [`Ahead::put`].
    Read(R),
    /// Work on this one.
    Ready(T),
}

impl<R, T> Ahead<R, T> {
    /// Things that come from `reader`.
    pub(super) fn new(reader: R) -> Self {
        let state = State { reader: Some(reader), ready: VecDeque::new(), ended: false, waiting: 0 };
        Self { state: Mutex::new(state), moved: Condvar::new() }
    }

    /// What to do next, where up to `most` things may lie ready; `None` at the end. Things are given in their order.
    pub(super) fn next(&self, most: usize) -> Option<Next<R, T>> {
        let mut state = self.lock();
        loop {
            if state.ready.len() < most
                && let Some(reader) = state.reader.take()
            {
                return Some(Next::Read(reader));
            }
            if let Some(thing) = state.ready.pop_front() {
                return Some(Next::Ready(thing));
            }
            if state.ended {
                return None;
            }
            state.waiting += 1;
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
    }

    /// Takes a thing that was read, and the reader back, unless it has nothing more.
    pub(super) fn put(&self, reader: Option<R>, thing: T) {
        let mut state = self.lock();
        state.ready.push_back(thing);
        state.ended |= reader.is_none();
        state.reader = reader.filter(|_| !state.ended);
        match state.waiting {
            0 => {}
            _ if state.ended => self.moved.notify_all(),
            _ if state.ready.len() >= WORTH_WAKING => self.moved.notify_one(),
            _ => {}
        }
    }

    /// Ends everything, so that nobody waits any more.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        (state.ended, state.reader) = (true, None);
        state.ready.clear();
        self.moved.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<R, T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The numbers below 200 that `threads` threads worked on, read by whoever came.
    fn worked_on(threads: usize, most: usize) -> BTreeSet<u64> {
        let (ahead, seen) = (Ahead::new(0), Mutex::new(BTreeSet::new()));
        let work = || {
            while let Some(next) = ahead.next(most) {
                match next {
                    Next::Read(number) => ahead.put((number < 199).then_some(number + 1), number),
                    Next::Ready(number) => assert!(seen.lock().unwrap().insert(number), "{number} came twice"),
                }
            }
        };
        std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
        seen.into_inner().unwrap()
    }

    #[test]
    fn every_thing_is_worked_on_once_however_many_threads_there_are() {
        for (threads, most) in [(1, 1), (1, 4), (2, 4), (3, 2), (8, 4)] {
            assert_eq!(worked_on(threads, most), (0..200).collect(), "{threads} threads, {most} ahead");
        }
    }

    #[test]
    fn no_more_than_wanted_is_read_ahead() {
        let ahead = Ahead::new(0);
        let next = || match ahead.next(2) {
            Some(Next::Read(number)) => {
                ahead.put(Some(number + 1), number);
                "read"
            }
            Some(Next::Ready(_)) => "ready",
            None => "end",
        };
        assert_eq!([next(), next(), next(), next(), next()], ["read", "read", "ready", "read", "ready"]);
    }

    #[test]
    fn who_waits_goes_on_when_everything_stops() {
        let ahead: Ahead<(), ()> = Ahead::new(());
        assert!(matches!(ahead.next(1), Some(Next::Read(()))));
        let next = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| ahead.next(1));
            ahead.stop();
            waiting.join().unwrap()
        });
        assert!(next.is_none());
    }
}
