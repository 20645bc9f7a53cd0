//! Merging: what is in our comments, and what we have to say.

use std::cmp::Reverse;

use super::page;
use crate::publish::section::Section;

/// The sections of a comment, those of the newest commit first, the worst first among them.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    /// The newest commit: that of the latest workflow run.
    pub(super) commit: String,
    parts: Vec<Part>,
}

/// A section, and whose it is.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) section: Section,
    /// Whether we say it; else it was in the comment.
    pub(super) own: bool,
}

impl Parts {
    /// What was stored in comments, the one that stays first, and over it what is ours.
    pub(super) fn merged(stored: &[Vec<Section>], ours: &[Section]) -> Self {
        let mut parts: Vec<Part> = Vec::new();
        for section in stored.iter().flatten() {
            put(&mut parts, Part { section: section.clone(), own: false });
        }
        for section in ours {
            let said = parts.iter().find_map(|part| as_said(section, &part.section));
            put(&mut parts, Part { section: said.unwrap_or_else(|| section.clone()), own: true });
        }
        let newest = parts.iter().max_by_key(|part| (part.section.turn, part.own, &part.section.commit));
        let commit = newest.map(|part| part.section.commit.clone()).unwrap_or_default();
        parts.sort_by_cached_key(|part| {
            let section = &part.section;
            (section.commit != commit, Reverse(section.outcome), section.key.clone())
        });
        Self { commit, parts }
    }

    /// Sections of the newest commit.
    pub(super) fn present(&self) -> impl Iterator<Item = &Part> + Clone {
        self.parts.iter().filter(|part| part.section.commit == self.commit)
    }

    /// Sections of earlier commits.
    pub(super) fn outdated(&self) -> impl Iterator<Item = &Part> + Clone {
        self.parts.iter().filter(|part| part.section.commit != self.commit)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.parts.len()
    }
}

/// Puts a part in the place of those that it makes obsolete, unless one of those there makes it so.
fn put(parts: &mut Vec<Part>, part: Part) {
    if parts.iter().any(|there| is_obsolete(&part, there)) {
        return;
    }
    parts.retain(|there| !is_obsolete(there, &part));
    parts.push(part);
}

/// Whether `old` has nothing to say beside `new`: of the same key the later one counts, of equally late ones ours. A
/// section without an environment had no run that could be read; a later one that had speaks for it. In the same
/// workflow run it does not: that may be another leg of a matrix.
fn is_obsolete(old: &Part, new: &Part) -> bool {
    let (a, b) = (&old.section, &new.section);
    if a.key == b.key {
        return (a.turn, old.own) < (b.turn, new.own) || ((a.turn, old.own) == (b.turn, new.own) && !old.own);
    }
    a.key.is_beside(&b.key) && a.key.environment.is_empty() && a.turn < b.turn
}

/// Our section with no more detail than the comment has of it; none where the comment says something else.
fn as_said(ours: &Section, stored: &Section) -> Option<Section> {
    let bodies = || [&ours.body].into_iter().chain(&ours.shorter);
    let is_of = |body: &String| *body == stored.body || page::without_details(body) == stored.body;
    let same = Section { body: ours.body.clone(), shorter: ours.shorter.clone(), ..stored.clone() } == *ours;
    (same && (stored.body.is_empty() || bodies().any(is_of))).then(|| Section {
        body: stored.body.clone(),
        shorter: bodies().filter(|body| body.len() < stored.body.len()).cloned().collect(),
        ..ours.clone()
    })
}
