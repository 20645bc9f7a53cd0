//! Kinds of failures: how often each endpoint failed with each message.

use hashbrown::HashTable;

use super::Label;
use crate::model::Failure;

/// Kinds of failures that are told apart while reading: messages may hold ids as well as labels do.
const MOST_MESSAGES: usize = 4_000;
/// Kinds of failures that are kept.
const MOST_FAILURES: usize = 50;

/// The kinds seen so far, with the hash of each.
#[derive(Default)]
pub(super) struct Failures {
    known: HashTable<(u64, Failure)>,
}

impl Failures {
    /// Counts failures of one kind, unless it is new and there are too many already.
    pub(super) fn add(&mut self, endpoint: Option<&str>, message: &str, count: u64) {
        let hash = Label::new(endpoint.unwrap_or_default()).hash().rotate_left(1) ^ Label::new(message).hash();
        let same = |(_, known): &(u64, Failure)| known.endpoint.as_deref() == endpoint && known.message == message;
        if let Some((_, known)) = self.known.find_mut(hash, same) {
            known.count += count;
        } else if self.known.len() < MOST_MESSAGES {
            let failure = Failure { endpoint: endpoint.map(str::to_owned), message: message.to_owned(), count };
            self.known.insert_unique(hash, (hash, failure), |(hash, _)| *hash);
        }
    }

    /// The most frequent kinds, these first.
    pub(super) fn finish(self) -> Vec<Failure> {
        let mut failures: Vec<Failure> = self.known.into_iter().map(|(_, failure)| failure).collect();
        failures.sort_unstable_by(|a, b| {
            b.count.cmp(&a.count).then_with(|| (&a.endpoint, &a.message).cmp(&(&b.endpoint, &b.message)))
        });
        failures.truncate(MOST_FAILURES);
        failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_add_up_and_the_most_frequent_come_first() {
        let mut failures = Failures::default();
        for (endpoint, message, count) in
            [(Some("b"), "500", 1), (Some("a"), "500", 2), (None, "500", 1), (Some("a"), "500", 2)]
        {
            failures.add(endpoint, message, count);
        }
        let told: Vec<_> = failures.finish().into_iter().map(|f| (f.endpoint, f.message, f.count)).collect();
        let kind = |endpoint: Option<&str>, count| (endpoint.map(str::to_owned), "500".to_owned(), count);
        assert_eq!(told, [kind(Some("a"), 4), kind(None, 1), kind(Some("b"), 1)]);
    }

    #[test]
    fn messages_that_hold_ids_are_bounded_and_known_ones_still_count() {
        let mut failures = Failures::default();
        for id in 0..3 * MOST_MESSAGES {
            failures.add(Some("a"), &format!("order {id} not found"), 1);
            failures.add(None, "timeout", 1);
        }
        let told = failures.finish();
        assert_eq!((told.len(), told[0].count), (MOST_FAILURES, 3 * MOST_MESSAGES as u64));
        assert_eq!(told[1].message, "order 0 not found");
    }
}
