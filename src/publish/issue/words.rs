//! What a comment on the issue says: only what changed. All outside text is escaped here.

use jiff::Timestamp;

use super::memory::{Memory, Told};
use crate::model::{Acceptance, SeriesName};
use crate::publish::figure::subject;
use crate::publish::links::link;
use crate::publish::{Figure, Links};
use crate::render::numbers::{counted, day};
use crate::render::{line, prose, short};

/// Series that a comment names before it counts the others.
const NAMED: usize = 10;
/// Most characters of a person's reason.
const REASON: usize = 400;

/// What is new with a run or an acceptance.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Clean runs in a row that are asked for.
    pub(super) close_after: usize,
    /// The run; none where only something was accepted.
    pub(super) run: Option<Told>,
    /// Series that regressed and had not before.
    pub(super) fresh: Vec<Figure>,
    /// Series that are well again.
    pub(super) recovered: Vec<SeriesName>,
    /// Series whose new level was accepted.
    pub(super) accepted: Vec<(SeriesName, Acceptance)>,
    /// Environments that are no more tested, with their last run.
    pub(super) abandoned: Vec<(String, Timestamp)>,
    /// Whether it became critical.
    pub(super) escalated: bool,
    /// Whether it is a regression that was not there before, so that a closed issue opens again.
    pub(super) again: bool,
}

/// What changed on an issue that stays open; nothing where nothing did.
pub(super) fn changed(news: &News, links: &Links) -> Option<String> {
    let fresh = (!news.fresh.is_empty()).then(|| format!("**Also regressed:** {}.", figures(&news.fresh)));
    let escalated = news.escalated.then(|| "**It is critical now.**".to_owned());
    let parts: Vec<String> = escalated.into_iter().chain(fresh).chain(over(news)).collect();
    if parts.is_empty() {
        return None;
    }
    let seen = news.run.as_ref().map(|run| format!("Seen in {}.", place(run, links)));
    Some(parts.into_iter().chain(seen).collect::<Vec<_>>().join("\n\n"))
}

/// Why the issue is closed.
pub(super) fn closed(news: &News, links: &Links) -> String {
    let seen = news.run.as_ref().filter(|_| !news.recovered.is_empty());
    let seen = seen.map(|run| format!("The run that settled it: {}.", place(run, links)));
    let end = "Closed. If it comes back, this issue is opened again.".to_owned();
    over(news).into_iter().chain(seen).chain([end]).collect::<Vec<_>>().join("\n\n")
}

/// What came back.
pub(super) fn reopened(memory: &Memory, links: &Links) -> String {
    let all: Vec<Figure> = memory.worst_first().into_iter().map(|open| open.figure.clone()).collect();
    let critical = memory.episodes.values().any(|episode| episode.critical);
    let word = if critical { "**Regressed again, critical:**" } else { "**Regressed again:**" };
    let seen = memory.episodes.values().map(|episode| {
        let since = format!("Since {}", day(episode.since));
        let range = range(episode.last_good.as_deref(), episode.first_bad.as_deref(), links);
        let range = range.map(|range| format!(", between {range}")).unwrap_or_default();
        format!("{since}{range}; seen in {}.", place(&episode.told, links))
    });
    [format!("{word} {}.", figures(&all))].into_iter().chain(seen).collect::<Vec<_>>().join("\n\n")
}

/// The commits between which it began, as a link to what changed.
pub(super) fn range(good: Option<&str>, bad: Option<&str>, links: &Links) -> Option<String> {
    let (good, bad) = (good?, bad?);
    let text = format!("{} and {}", prose(&short(good)), prose(&short(bad)));
    Some(link(&text, links.compare(good, bad).as_deref()))
}

/// The run, its commit, its report: `commit 1a2b3c4 ([run](…), [report](…))`.
pub(super) fn place(run: &Told, links: &Links) -> String {
    let commit = run.commit.as_deref().map(|commit| {
        let text = format!("commit {}", prose(&short(commit)));
        link(&text, links.commit(commit).as_deref())
    });
    let name = commit.unwrap_or_else(|| format!("run {}", prose(&line(&run.run, 120))));
    let run_link = run.url.as_deref().map(|url| link("workflow run", Some(url)));
    let report = run.report.as_deref().map(|url| link("report", Some(url)));
    let more: Vec<String> = run_link.into_iter().chain(report).collect();
    if more.is_empty() { name } else { format!("{name} ({})", more.join(", ")) }
}

/// What is over, and why.
fn over(news: &News) -> Vec<String> {
    let mut parts = Vec::new();
    if !news.recovered.is_empty() {
        let runs = counted(news.close_after as u64, "run");
        parts.push(format!("**Recovered:** {}, {runs} in a row without the regression.", names(&news.recovered)));
    }
    for (place, (_, acceptance)) in news.accepted.iter().enumerate() {
        let is_first = news.accepted.iter().position(|(_, other)| other == acceptance) == Some(place);
        let same = news.accepted.iter().filter(|(_, other)| other == acceptance);
        let series: Vec<SeriesName> = same.map(|(series, _)| series.clone()).collect();
        parts.extend(is_first.then(|| accepted(&series, acceptance)));
    }
    for (environment, last) in &news.abandoned {
        let (environment, last) = (prose(&line(environment, 120)), day(*last));
        parts.push(format!(
            "**Given up:** environment {environment} had no run since {last}, so nothing can recover there."
        ));
    }
    parts
}

fn accepted(series: &[SeriesName], acceptance: &Acceptance) -> String {
    let author = prose(&line(&acceptance.author, 120));
    let until = acceptance.until.map(|until| format!(" until {}", day(until))).unwrap_or_default();
    let reason = prose(&line(&acceptance.reason, REASON));
    format!("**Accepted:** {}, by {author}{until}: {reason}", names(series))
}

/// `p95 of GET /slow +26.8 % (82.1 ms → 104 ms), memory +31.0 % (…)`.
fn figures(figures: &[Figure]) -> String {
    let mut sorted: Vec<&Figure> = figures.iter().collect();
    sorted.sort_by(|a, b| Figure::worst_first(a, b));
    let told = sorted.iter().map(|figure| {
        let [before, now] = figure.sides();
        format!("{} **{}** ({before} → {now})", prose(&figure.subject()), figure.change())
    });
    listed(told.collect())
}

fn names(series: &[SeriesName]) -> String {
    listed(series.iter().map(|series| prose(&subject(series))).collect())
}

fn listed(mut parts: Vec<String>) -> String {
    let others = parts.len().saturating_sub(NAMED);
    parts.truncate(NAMED);
    let more = if others > 0 { format!(" and {others} more") } else { String::new() };
    format!("{}{more}", parts.join(", "))
}
