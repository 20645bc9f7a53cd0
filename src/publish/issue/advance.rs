//! From the state and a run to the next state, and what there is to say about it.

use jiff::{SignedDuration, Timestamp};

use super::memory::{Episode, Memory, Open, Pending};
use super::observed::{Observed, acceptance};
use super::words::{self, News};
use super::{Known, is_said, marker};
use crate::github::IssueState;
use crate::model::{Acceptance, SeriesName};
use crate::publish::Figure;

/// Run ids that are remembered: those of a scenario that is tested a few times a day in a few environments, for weeks.
const REMEMBERED: usize = 200;
/// An environment without a run for so long is no more tested: what was open there can never recover.
const ABANDONED: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Longest text of what is still to be said, bytes; older parts of it go first.
const LONGEST_NOTE: usize = 20_000;

/// The state after what is known now. Advancing again changes nothing.
pub fn advance(memory: &Memory, known: &Known<'_>) -> Memory {
    let mut next = memory.clone();
    let Some((cause, at)) = known.cause() else { return next };
    meet(&mut next, known, &cause, at);
    let before = next.clone();
    let mut news = News { close_after: known.settings.close_after.max(1), ..News::default() };
    accept(&mut next, known.accepted, at, &mut news);
    if let Some(run) = Observed::of(known).filter(|run| !before.counted.contains(&run.id)) {
        count(&mut next, &run, known, &mut news);
    }
    conclude(&mut next, &before, known, news, (cause, at));
    next
}

/// What people did: an issue that is gone or was closed or opened by hand, another one that carries our mark.
fn meet(next: &mut Memory, known: &Known<'_>, cause: &str, at: Timestamp) {
    let Some(issue) = known.issue() else {
        if next.open && next.number.take().is_some() {
            next.pending = Some(Pending { cause: cause.to_owned(), at, note: None });
        }
        return;
    };
    next.number = Some(issue.number);
    match issue.state {
        IssueState::Closed if next.open && unsaid(next, known).is_none() => {
            (next.open, next.dismissed, next.pending) = (false, true, None);
        }
        IssueState::Open if next.dismissed => (next.open, next.dismissed) = (true, false),
        _ => {}
    }
}

/// Series whose new level was accepted regress no more.
fn accept(next: &mut Memory, accepted: &[Acceptance], at: Timestamp, news: &mut News) {
    for episode in next.episodes.values_mut() {
        let since = episode.since;
        episode.series.retain(|open| match acceptance(accepted, &open.figure.series(), since, at) {
            Some(acceptance) => {
                news.accepted.push((open.figure.series(), acceptance.clone()));
                false
            }
            None => true,
        });
    }
}

/// Counts a run: what is new in it, and what is no more.
fn count(next: &mut Memory, run: &Observed<'_>, known: &Known<'_>, news: &mut News) {
    let fingerprint = &run.scenario.run.fingerprint;
    abandon(next, run, news);
    match next.episodes.get_mut(fingerprint) {
        Some(episode) if run.at < episode.seen => return,
        Some(episode) => news.again |= update(episode, run, known, news, next.dismissed),
        None if run.opens => {
            let episode = run.episode(known);
            news.fresh.extend(episode.series.iter().map(|open| open.figure.clone()));
            news.again = true;
            next.episodes.insert(fingerprint.clone(), episode);
        }
        None => return,
    }
    news.run = Some(run.told(known));
    next.counted.push(run.id.clone());
    next.counted.drain(..next.counted.len().saturating_sub(REMEMBERED));
}

/// Gives up environments that are no more tested; the one of this run is.
fn abandon(next: &mut Memory, run: &Observed<'_>, news: &mut News) {
    for (fingerprint, episode) in &mut next.episodes {
        let is_own = *fingerprint == run.scenario.run.fingerprint;
        if !is_own && run.at.duration_since(episode.seen) > ABANDONED {
            episode.series.clear();
            news.abandoned.push((fingerprint.clone(), episode.seen));
        }
    }
}

/// Brings an episode up to date; whether it is another regression than the one that a person dismissed.
fn update(episode: &mut Episode, run: &Observed<'_>, known: &Known<'_>, news: &mut News, dismissed: bool) -> bool {
    episode.seen = run.at;
    for open in &mut episode.series {
        let series = open.figure.series();
        match run.failing.iter().find(|figure| figure.series() == series) {
            Some(figure) => *open = Open { figure: figure.clone(), since: open.since, clean: Vec::new() },
            None if run.is_clean(&series) => open.clean.push(run.id.clone()),
            None => {}
        }
    }
    let over = |open: &Open| open.clean.len() >= news.close_after;
    news.recovered.extend(episode.series.iter().filter(|open| over(open)).map(|open| open.figure.series()));
    episode.series.retain(|open| open.clean.len() < news.close_after);
    if run.opens {
        add(episode, run, news);
        episode.told = run.told(known);
    }
    let escalated = run.failing.iter().any(Figure::is_critical) && !episode.critical;
    episode.critical |= escalated;
    news.escalated |= escalated;
    let since = run.scenario.regression.as_ref().map(|regression| regression.since);
    let renewed = run.opens && since.is_some_and(|since| since != episode.since);
    if renewed && dismissed {
        let fresh = run.episode(known);
        *episode = Episode { critical: episode.critical, ..fresh };
    }
    renewed || escalated
}

/// Adds the series that regressed in the run and had not before.
fn add(episode: &mut Episode, run: &Observed<'_>, news: &mut News) {
    for figure in &run.failing {
        if !episode.series.iter().any(|open| open.figure.series() == figure.series()) {
            news.fresh.push(figure.clone());
            episode.series.push(Open { figure: figure.clone(), since: run.at, clean: Vec::new() });
        }
    }
}

/// Opens or closes, and keeps what there is to say.
fn conclude(next: &mut Memory, before: &Memory, known: &Known<'_>, news: News, (cause, at): (String, Timestamp)) {
    next.episodes.retain(|_, episode| !episode.series.is_empty());
    let is_bad = !next.episodes.is_empty();
    let note = match (before.open, is_bad) {
        // Whoever is about to open it looks again at what it says, and nobody needs to be told.
        (true, true) if before.number.is_none() => None,
        (true, true) => words::changed(&news, known.links),
        (true, false) => {
            next.open = false;
            Some(words::closed(&news, known.links))
        }
        (false, true) if before.dismissed && !news.again => None,
        (false, true) if news.again => {
            (next.open, next.dismissed) = (true, false);
            next.pending = Some(Pending { cause: cause.clone(), at, note: None });
            next.number = known.issue().map(|issue| issue.number);
            next.number.map(|_| words::reopened(next, known.links))
        }
        _ => {
            next.dismissed &= is_bad;
            None
        }
    };
    if let Some(note) = note {
        let earlier = unsaid(before, known).filter(|earlier| earlier.len() + note.len() <= LONGEST_NOTE);
        let note = earlier.map_or(note.clone(), |earlier| format!("{earlier}\n\n{note}"));
        next.pending = Some(Pending { cause: cause.clone(), at, note: Some(note) });
    }
    redraw(next, before, cause);
}

/// What was to be said and is not there yet.
fn unsaid<'a>(memory: &'a Memory, known: &Known<'_>) -> Option<&'a str> {
    let pending = memory.pending.as_ref()?;
    let is_said = is_said(known.comments, &marker::of_note(&pending.cause), known.me);
    pending.note.as_deref().filter(|_| !is_said)
}

/// Takes new figures into the text where they differ enough to be read; else the old ones stay.
fn redraw(next: &mut Memory, before: &Memory, cause: String) {
    if !next.open {
        return;
    }
    if gist(next) != gist(before) || !before.open {
        next.drawn = Some(cause);
        return;
    }
    for (fingerprint, episode) in &mut next.episodes {
        let Some(old) = before.episodes.get(fingerprint) else { continue };
        episode.told = old.told.clone();
        for open in &mut episode.series {
            let same = old.series.iter().find(|other| other.figure.series() == open.figure.series());
            open.figure = same.map_or(open.figure.clone(), |other| other.figure.clone());
        }
    }
}

/// What a reader takes from the text.
#[derive(PartialEq)]
struct Gist {
    /// The headline.
    worst: Option<(SeriesName, String)>,
    /// What regressed where, and whether it is critical.
    episodes: Vec<(String, bool, Vec<SeriesName>)>,
}

fn gist(memory: &Memory) -> Gist {
    let worst = memory.worst_first().first().map(|open| (open.figure.series(), open.figure.degraded()));
    let episodes = memory.episodes.iter().map(|(fingerprint, episode)| {
        let series = episode.series.iter().map(|open| open.figure.series()).collect();
        (fingerprint.clone(), episode.critical, series)
    });
    Gist { worst, episodes: episodes.collect() }
}
