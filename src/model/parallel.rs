//! Work on many things that a few threads share.

use std::iter;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

/// Most threads that are any faster: something is always done by one alone.
const MOST: usize = 4;

/// Threads that work is shared by: as many as the machine has, but few.
pub fn threads() -> usize {
    // To ask takes a tenth of a millisecond.
    static THREADS: OnceLock<usize> = OnceLock::new();
    *THREADS.get_or_init(|| thread::available_parallelism().map_or(1, |many| many.get().min(MOST)))
}

/// Calls `each` with all items on so many threads, this one among them; each takes the next as soon as it is done.
pub(super) fn share<T: Send>(items: impl Iterator<Item = T> + Send, threads: usize, each: impl Fn(T) + Sync) {
    let items = Mutex::new(items);
    let next = || items.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || iter::from_fn(next).for_each(&each);
    thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(work)));
        work();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_is_worked_on_once_however_many_threads_there_are() {
        for threads in [0, 1, 2, 5, 300] {
            let mut times = [0; 200];
            share(times.iter_mut(), threads, |times| *times += 1);
            assert_eq!(times, [1; 200], "{threads} threads");
        }
    }
}
