//! Samples as most are: a success, with the attributes and values that `JMeter` writes unless it is told otherwise.
//!
//! ```text
//!  t="39" it="0" lt="39" ct="0" ts="1767225600003" s="true" lb="GET /search" rc="200" rm="OK" tn="Shop users 1-2" …
//!  └────────────────────── front ──────────────────────────┘ └────────── middle ───────────┘ └────── back ───────
//! ```
//!
//! Attributes are where the quotes of those before them end, which one look at a [window](Places::window) tells of several:
//! to search for each quote in turn takes twice as long, for each search waits for the one before. Whatever is unusual
//! ends it without an answer, and the sample is read [attribute by attribute](super::sample).

use crate::ingest::digits::{eight, first_of_eight};
use crate::ingest::jmeter::MILLISECOND;
use crate::ingest::jmeter::rows::Usual;
use crate::ingest::marks::Places;

/// A place in a window is less than this: the remainder tells that to the compiler, which then checks none of them.
const NEAR: usize = 64;
/// Digits of a time in ms: since 2001 and until 2286.
const STAMP: usize = 13;
/// What stands before the first value, before that of the label, the thread and the bytes, each a value before it.
const START: &[u8; 4] = b" t=\"";
const LABEL: &[u8; 15] = b"\" s=\"true\" lb=\"";
const THREAD: &[u8; 23] = b"\" rc=\"200\" rm=\"OK\" tn=\"";
const BYTES: &[u8; 16] = b"\" dt=\"text\" by=\"";
/// The same of times, and of counts.
const IDLE: &[u8; 13] = b"\" it=\"0\" lt=\"";
const CONNECT: &[u8; 6] = b"\" ct=\"";
const BEGIN: &[u8; 6] = b"\" ts=\"";
const SENT: &[u8; 7] = b"\" sby=\"";
const USERS_OF_GROUP: &[u8; 6] = b"\" ng=\"";
const USERS: &[u8; 6] = b"\" na=\"";
/// Bytes that are looked at: up to the label, from there up to the thread, and from there on.
const FRONT: usize = START.len() + NEAR + BEGIN.len() + STAMP + LABEL.len();
const MIDDLE: usize = NEAR + THREAD.len();
const BACK: usize = NEAR + BYTES.len() + NEAR + USERS.len() + 8;

/// The sample whose attributes begin at `from`, and where its tag ends; `None` if it is not a usual one. `quotes` are those of
/// `chunk`.
#[inline(always)]
pub(super) fn sample<'a>(chunk: &'a [u8], from: usize, quotes: &Places) -> Option<(Usual<'a>, usize)> {
    let from = from + START.len();
    let front = chunk.get(from - START.len()..)?.first_chunk::<FRONT>()?.strip_prefix(START)?;
    let mut marks = quotes.window(from)?;
    let elapsed = marks.next();
    let milliseconds = first_of_eight(front.first_chunk()?, elapsed)?;
    marks.skip(3);
    let latency = marks.next();
    marks.skip(1);
    let connect = marks.last()?;
    let rest = &front[connect % NEAR..];
    let (stamp, rest) = rest.strip_prefix(BEGIN)?.split_first_chunk::<STAMP>()?;
    let (high, low) = (eight(*stamp.first_chunk()?)?, eight(*stamp.last_chunk()?)?);
    if !rest.starts_with(LABEL)
        || !front[elapsed % NEAR..].starts_with(IDLE)
        || !front[latency % NEAR..].starts_with(CONNECT)
    {
        return None;
    }

    let from = from + connect + BEGIN.len() + STAMP + LABEL.len();
    let size = quotes.window(from)?.last()?;
    let middle = chunk.get(from..)?.first_chunk::<MIDDLE>()?;
    let (label, rest) = middle.split_at(size % NEAR);
    if !rest.starts_with(THREAD) {
        return None;
    }

    let from = from + size + THREAD.len();
    let size = quotes.window(from)?.last()?;
    let back = chunk.get(from..)?.first_chunk::<BACK>()?;
    let (thread, rest) = back.split_at(size % NEAR);
    let rest = rest.strip_prefix(BYTES)?;
    let from = from + size + BYTES.len();
    let mut marks = quotes.window(from)?;
    let received = marks.next();
    marks.skip(1);
    let sent = marks.next();
    marks.skip(1);
    let of_group = marks.next();
    marks.skip(1);
    let users = marks.last()?;
    let end = from + users + 2;
    let digits = rest[of_group % NEAR..].strip_prefix(USERS)?;
    if !rest[received % NEAR..].starts_with(SENT)
        || !rest[sent % NEAR..].starts_with(USERS_OF_GROUP)
        || !rest[users % NEAR..].starts_with(b"\">")
    {
        return None;
    }
    let stamp = (high * 100_000 + low % 100_000).cast_signed();
    // What cannot be told in ns is no time.
    stamp.checked_mul(MILLISECOND)?;
    let users = first_of_eight(digits.first_chunk()?, users.wrapping_sub(of_group + USERS.len()))? as u32;
    let elapsed = milliseconds as u32;
    let near_label = middle.first_chunk()?;
    Some((Usual { stamp, elapsed, label, near_label, thread, users }, end))
}
