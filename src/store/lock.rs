//! Waiting for the lock of a file, which the system frees when its holder dies.

use std::fs::TryLockError;
use std::io;

use super::backoff::Backoff;

/// First and longest wait, ms: an update takes a few, and asking costs next to nothing.
const WAITS: (u64, u64) = (4, 64);
/// Times to ask: with the waits between them half a minute, in which a thousand updates are done.
const TRIES: u32 = 1_000;

/// Asks for a lock until it is given; says whether it was, for its holder may never let go.
///
/// # Errors
/// The system has no locks for that file.
pub(super) fn wait(mut ask: impl FnMut() -> Result<(), TryLockError>) -> io::Result<bool> {
    let mut backoff = Backoff::new(WAITS.0, WAITS.1);
    for _ in 0..TRIES {
        match ask() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => backoff.wait(),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(false)
}
