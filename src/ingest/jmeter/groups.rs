//! Whether transaction controllers are part of the total, by thread group.
//!
//! Usually a controller's row repeats the time of samples that are rows too: it is listed, not counted. With "generate
//! parent sample" the samples are lost, and a thread group has no other rows than controllers: those are its requests.
//! Which of the two is known when the group's first sample is seen, so controllers wait for that, up to a bound.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::Row;
use crate::ingest::names::is_same;
use crate::model::Kind;

/// Bytes of rows that wait: some 50,000 controllers without a single sample leave no doubt.
const MOST_WAITING: usize = 8 << 20;
/// Thread groups that are told apart; a plan has a few.
const MOST_GROUPS: usize = 1_000;
/// Controllers may be nested, and each level says the same samples again: beyond this many times, samples are missing.
const DEEPEST: u64 = 4;

/// The thread groups of a file.
#[derive(Default)]
pub(super) struct Groups {
    known: Vec<(String, Group)>,
    numbers: HashMap<String, usize>,
    /// The group of the row before: most rows are of the same.
    last: usize,
    /// Whether its name has no ampersand, with which a reference begins in XML.
    last_is_plain: bool,
    waiting: usize,
}

enum Group {
    /// Controllers only, so far.
    Waiting(Vec<Row<'static>>),
    /// Has samples: controllers are listed.
    Sampled { samples: u64, told: u64 },
    /// Has controllers only: they are the requests.
    Promoted,
}

/// What a reader should know of the groups.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Groups whose controllers are their requests.
    pub(super) promoted: Vec<String>,
    /// Groups that have samples, but far fewer than their controllers say.
    pub(super) short: Vec<String>,
}

impl Groups {
    /// Hands to `each` the rows whose kind is now known, this one or others before it.
    pub(super) fn take(&mut self, row: &Row<'_>, each: &mut impl FnMut(&Row<'_>, Kind)) {
        let number = self.number(&row.thread.group);
        let group = &mut self.known[number].1;
        match row.transaction {
            None => self.waiting -= group.sample(u64::from(row.samples), each),
            Some(told) => group.tell(told),
        }
        match (group, row.transaction) {
            (Group::Waiting(rows), _) => {
                self.waiting += row.size();
                rows.push(row.clone().into_owned());
            }
            (Group::Sampled { .. }, Some(_)) => each(row, Kind::Transaction),
            (Group::Sampled { .. } | Group::Promoted, _) => each(row, Kind::Request),
        }
        if self.waiting > MOST_WAITING {
            self.promote(each);
        }
    }

    /// Counts samples of a group, and hands to `each` its controllers that waited for one.
    pub(super) fn sampled(&mut self, name: &str, samples: u64, each: &mut impl FnMut(&Row<'_>, Kind)) {
        let number = self.number(name);
        self.waiting -= self.known[number].1.sample(samples, each);
    }

    /// How many controllers wait.
    pub(super) fn waiting(&self) -> usize {
        let waiting = self.known.iter().map(|(_, group)| match group {
            Group::Waiting(rows) => rows.len(),
            Group::Sampled { .. } | Group::Promoted => 0,
        });
        waiting.sum()
    }

    /// Counts a sample of a group whose controllers, if it has any, are listed; `false` where that is not so.
    #[inline]
    pub(super) fn count(&mut self, group: usize) -> bool {
        match &mut self.known[group].1 {
            Group::Sampled { samples, .. } => {
                *samples += 1;
                true
            }
            Group::Waiting(_) | Group::Promoted => false,
        }
    }

    /// The number of the group with that name; beyond the bound all are one.
    #[inline]
    pub(super) fn number(&mut self, name: &str) -> usize {
        if !self.known.get(self.last).is_some_and(|(known, _)| is_same(known.as_bytes(), name.as_bytes())) {
            self.last = self.find(name);
            self.last_is_plain = !name.contains('&');
        }
        self.last
    }

    /// The same of a raw name of XML, if it is plain and stands for itself.
    #[inline]
    pub(super) fn number_of_raw(&mut self, raw: &[u8]) -> Option<usize> {
        let is_last = self.known.get(self.last).is_some_and(|(known, _)| is_same(known.as_bytes(), raw));
        if is_last && self.last_is_plain {
            return Some(self.last);
        }
        let name = str::from_utf8(raw).ok().filter(|name| !name.contains('&'))?;
        Some(self.number(name))
    }

    #[inline(never)]
    fn find(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        if self.known.len() >= MOST_GROUPS && !name.is_empty() {
            return self.find("");
        }
        self.numbers.insert(name.to_owned(), self.known.len());
        self.known.push((name.to_owned(), Group::Waiting(Vec::new())));
        self.known.len() - 1
    }

    /// Hands out all that waited, and says what the groups are.
    pub(super) fn finish(mut self, each: &mut impl FnMut(&Row<'_>, Kind)) -> Told {
        self.promote(each);
        let mut told = Told::default();
        for (name, group) in self.known.into_iter().collect::<BTreeMap<_, _>>() {
            match group {
                Group::Promoted => told.promoted.push(name),
                Group::Sampled { samples, told: said } if said > samples.saturating_mul(DEEPEST) => {
                    told.short.push(name);
                }
                _ => {}
            }
        }
        told
    }

    /// Makes requests of the controllers that wait.
    fn promote(&mut self, each: &mut impl FnMut(&Row<'_>, Kind)) {
        let waiting = self.known.iter_mut().filter(|(_, group)| matches!(group, Group::Waiting(_)));
        for (_, group) in waiting.map(|(name, group)| (&*name, group)).collect::<BTreeMap<_, _>>() {
            if let Group::Waiting(rows) = std::mem::replace(group, Group::Promoted) {
                rows.iter().for_each(|row| each(row, Kind::Request));
            }
        }
        self.waiting = 0;
    }
}

impl Group {
    /// A sample was seen: controllers that waited are listed. Returns the bytes that no longer wait.
    fn sample(&mut self, more: u64, each: &mut impl FnMut(&Row<'_>, Kind)) -> usize {
        match self {
            Self::Sampled { samples, .. } => *samples += more,
            Self::Promoted => {}
            Self::Waiting(rows) => {
                rows.iter().for_each(|row| each(row, Kind::Transaction));
                let told = rows.iter().filter_map(|row| row.transaction).fold(0, u64::saturating_add);
                let freed = rows.iter().map(Row::size).sum();
                *self = Self::Sampled { samples: more, told };
                return freed;
            }
        }
        0
    }

    /// A controller said how many samples it had.
    fn tell(&mut self, more: u64) {
        if let Self::Sampled { told, .. } = self {
            *told = told.saturating_add(more);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Thread;
    use super::*;

    fn row(thread: &str, transaction: Option<u64>) -> Row<'static> {
        Row {
            label: "a".into(),
            hash: 0,
            thread: Thread::new(thread.to_owned().into()),
            stamp: 0,
            elapsed: 1_000_000,
            idle: 0,
            samples: 1,
            errors: 0,
            transaction,
            silent: false,
            failure: None,
            users: None,
        }
    }

    fn count(rows: impl IntoIterator<Item = Row<'static>>) -> (usize, usize, Told) {
        let (mut requests, mut transactions) = (0, 0);
        let mut each =
            |_: &Row<'_>, kind: Kind| *if kind == Kind::Request { &mut requests } else { &mut transactions } += 1;
        let mut groups = Groups::default();
        rows.into_iter().for_each(|row| groups.take(&row, &mut each));
        let told = groups.finish(&mut each);
        (requests, transactions, told)
    }

    #[test]
    fn controllers_beside_their_samples_are_listed_whatever_the_order() {
        let (sample, controller) = (|| row("browse 1-1", None), || row("browse 1-2", Some(1)));
        for rows in [[sample(), controller()], [controller(), sample()]] {
            assert_eq!(count(rows), (1, 1, Told::default()));
        }
    }

    #[test]
    fn controllers_alone_in_a_thread_group_are_its_requests() {
        let (requests, transactions, told) =
            count([row("browse 1-1", Some(3)), row("buy 2-1", None), row("browse 1-2", Some(3))]);
        assert_eq!((requests, transactions), (3, 0));
        assert_eq!(told.promoted, ["browse 1"]);
    }

    #[test]
    fn many_controllers_wait_in_bounded_memory() {
        let many = 200_000;
        let rows = (0..many).map(|_| row("browse 1-1", Some(3))).chain([row("browse 1-1", None)]);
        assert_eq!(count(rows).0, many + 1);
    }

    #[test]
    fn samples_that_controllers_tell_of_and_the_file_lacks_are_noticed() {
        let rows = (0..10).map(|_| row("browse 1-1", Some(9))).chain([row("browse 1-1", None)]);
        let (requests, transactions, told) = count(rows);
        assert_eq!((requests, transactions), (1, 10));
        assert_eq!(told.short, ["browse 1"]);
    }
}
