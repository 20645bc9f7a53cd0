//! The sticky comment: one on each pull request, with a section for each scenario, kept true by every job that has
//! something to say.
//!
//! Comments cannot be written on a condition, so jobs that write at the same time may overwrite each other. What makes
//! that harmless: every writer merges its sections into what is there, reads again, and plans again until nothing is left
//! to change; a writer that has changed something looks once more after a pause that is longer than the others take from
//! reading to writing. Nobody fights: of two comments the one with the lower id stays, of two sections of one key that of
//! the later workflow run, and detail that one writer left out for lack of room no other puts back.

mod merge;
mod page;

#[cfg(test)]
mod tests;

use super::section::Section;
use super::{Change, marker};
use crate::github::Comment;
use merge::Parts;

/// Rounds after which a text that had to lose sections of others is taken as it is.
const ROUNDS: usize = 8;

/// What is to be done so that the comment says what it should.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The changes, in the order in which they are to be made; empty where the comment says it already.
    pub changes: Vec<Change>,
    /// All that the comment then says of the newest commit, the worst first.
    pub sections: Vec<Section>,
    /// The comment that stays; none where one is yet to be made.
    pub comment: Option<u64>,
}

/// The changes by which the comment on `on` says `ours` beside what other jobs said.
///
/// Of `comments` only those count that `login` wrote and that carry the marker on their first line: anyone can post the
/// marker. `github-actions[bot]` is who writes with the token of a job.
pub fn plan(on: u64, comments: &[Comment], login: &str, ours: &[Section]) -> Planned {
    let mut own: Vec<_> = comments.iter().filter(|comment| comment.author.login.eq_ignore_ascii_case(login)).collect();
    own.retain(|comment| marker::read(&comment.body).is_some());
    own.sort_by_key(|comment| comment.id);
    let stored: Vec<_> = own.iter().map(|comment| read(&comment.body)).collect();
    let parts = Parts::merged(&stored, ours);
    let text = settled(&parts, ours);
    let first = own.first();
    let written = match first {
        _ if parts.is_empty() => None,
        Some(comment) if marker::bare(&comment.body) == marker::bare(&text) => None,
        Some(comment) => Some(Change::UpdateComment { id: comment.id, body: text }),
        None => Some(Change::CreateComment { on, body: text }),
    };
    let doubles = own.iter().skip(1).map(|comment| Change::DeleteComment { id: comment.id });
    Planned {
        changes: written.into_iter().chain(doubles).collect(),
        sections: parts.present().map(|part| part.section.clone()).collect(),
        comment: first.map(|comment| comment.id),
    }
}

/// The text of the comment, such that who reads it and plans again finds nothing to change.
fn settled(parts: &Parts, ours: &[Section]) -> String {
    let mut text = page::fitting(parts);
    for _ in 0..ROUNDS {
        let again = page::fitting(&Parts::merged(&[read(&text)], ours));
        if again == text {
            break;
        }
        text = again;
    }
    text
}

/// The sections that a comment of ours holds.
fn read(text: &str) -> Vec<Section> {
    marker::read(text).unwrap_or_default().into_iter().filter_map(Section::read).collect()
}
