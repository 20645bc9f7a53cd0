//! Threads of a test and the groups they belong to.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use crate::ingest::Label;

/// The thread of a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Thread<'a> {
    /// Name of its group; empty where the file does not tell the thread.
    pub(super) group: Cow<'a, str>,
    /// Tells it from other threads of the file.
    pub(super) id: u64,
}

impl<'a> Thread<'a> {
    /// The thread with this name.
    #[inline]
    pub(super) fn new(name: Cow<'a, str>) -> Self {
        let (group, member) = parts(name.as_bytes());
        let (size, id) = (group.len(), id(Label::hash_of(group), member));
        let group = match name {
            Cow::Borrowed(name) => Cow::Borrowed(&name[..size]),
            Cow::Owned(mut name) => {
                name.truncate(size);
                Cow::Owned(name)
            }
        };
        Self { group, id }
    }

    /// The thread that is this member of a group whose name has this hash.
    #[inline]
    pub(super) fn of(group: Cow<'a, str>, hash: u64, member: u64) -> Self {
        Self { group, id: id(hash, member) }
    }

    /// The same thread, with its own copy of the text.
    pub(super) fn into_owned(self) -> Thread<'static> {
        Thread { group: Cow::Owned(self.group.into_owned()), id: self.id }
    }
}

fn id(group: u64, member: u64) -> u64 {
    group.wrapping_add(member)
}

/// The group of a thread, and which of it the thread is: `browse 1` of `browse 1-3`, and the digits at the end.
#[inline]
pub(super) fn parts(name: &[u8]) -> (&[u8], u64) {
    let (mut size, mut member) = (name.len(), 0_u64);
    while let Some(digit @ b'0'..=b'9') = size.checked_sub(1).map(|at| name[at]) {
        // An odd factor: however many digits there are, each still counts.
        member = member.wrapping_mul(257).wrapping_add(u64::from(digit));
        size -= 1;
    }
    name[..size].strip_suffix(b"-").map_or((name, 0), |group| (group, member.wrapping_add(1)))
}

/// Digits of a thread that are looked at together.
pub(super) const MEMBERS: RangeInclusive<usize> = 1..=8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_grouped_by_name() {
        for (thread, group) in [
            ("host-Thread Group 1-12", "host-Thread Group 1"),
            ("main", "main"),
            ("main 3", "main 3"),
            ("check-out", "check-out"),
            ("é-1", "é"),
            ("-1", ""),
            ("7", "7"),
            ("", ""),
        ] {
            assert_eq!(Thread::new(thread.into()).group, group);
            assert_eq!(Thread::new(thread.to_owned().into()), Thread::new(thread.into()));
        }
    }

    #[test]
    fn threads_of_a_group_are_told_apart() {
        let id = |name: &'static str| Thread::new(name.into()).id;
        let long = ["a-1795227176053", "a-1795227176054", "a-2795227176053"];
        let ids = ["a 1-1", "a 1-2", "a 1-12", "a 1-21", "a 1-01", "a 2-1", "a 1-", "a 1"].into_iter().chain(long);
        let ids: Vec<u64> = ids.map(id).collect();
        assert!((1..ids.len()).all(|at| !ids[..at].contains(&ids[at])), "{ids:?}");
    }
}
