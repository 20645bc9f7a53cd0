//! A run of the trunk as its issue sees it: what regressed, what is clean, whether that opens an issue.

use jiff::Timestamp;

use super::Known;
use super::memory::{Episode, Open, Told};
use crate::model::{Acceptance, Outcome, SeriesName};
use crate::publish::Figure;
use crate::render::Scenario;
use crate::verdict::{Finding, Row, Verdict};

/// Findings that are told.
const FINDINGS: usize = 3;

/// A run that says something about regressions.
pub(super) struct Observed<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) id: String,
    pub(super) at: Timestamp,
    /// What regressed and was not accepted.
    pub(super) failing: Vec<Figure>,
    /// Whether that opens an issue: confirmed, or critical.
    pub(super) opens: bool,
}

impl<'a> Observed<'a> {
    /// The run, unless it is invalid or cannot tell: such a run neither opens nor closes.
    pub(super) fn of(known: &Known<'a>) -> Option<Self> {
        let scenario = known.run.filter(|run| !matches!(run.outcome, Outcome::Invalid | Outcome::Inconclusive))?;
        let (id, at) = known.cause()?;
        let since = scenario.regression.as_ref().map_or(at, |regression| regression.since);
        let failing = scenario.rows.iter().filter(|row| Figure::is_failing(row)).map(Figure::of);
        let failing: Vec<Figure> =
            failing.filter(|figure| acceptance(known.accepted, &figure.series(), since, at).is_none()).collect();
        let confirmed = scenario.regression.as_ref().is_some_and(|regression| regression.is_confirmed());
        let opens = !failing.is_empty() && (confirmed || failing.iter().any(Figure::is_critical));
        Some(Self { scenario, id, at, failing, opens })
    }

    /// Whether the run is without a regression of that series, and sure of it.
    pub(super) fn is_clean(&self, series: &SeriesName) -> bool {
        let row = self.scenario.rows.iter().find(|row| row.series() == *series);
        !row.is_some_and(|row: &Row| matches!(row.verdict, Verdict::Regressed | Verdict::Inconclusive))
    }

    pub(super) fn episode(&self, known: &Known<'_>) -> Episode {
        let regression = self.scenario.regression.as_ref();
        let since = regression.map_or(self.at, |regression| regression.since);
        let open = |figure: &Figure| Open { figure: figure.clone(), since, clean: Vec::new() };
        Episode {
            since,
            first_bad: regression.map_or(self.scenario.run.commit.clone(), |open| open.first_bad.clone()),
            last_good: regression.and_then(|open| open.last_good.clone()),
            critical: self.failing.iter().any(Figure::is_critical),
            notified: false,
            series: self.failing.iter().map(open).collect(),
            told: self.told(known),
            seen: self.at,
        }
    }

    pub(super) fn told(&self, known: &Known<'_>) -> Told {
        let run = &self.scenario.run;
        let findings = self.scenario.findings.iter().take(FINDINGS);
        let sentences = |finding: &Finding| match &finding.recommendation {
            Some(advice) => format!("{} {advice}", finding.message),
            None => finding.message.clone(),
        };
        Told {
            run: self.id.clone(),
            commit: run.commit.clone(),
            url: known.links.run.clone(),
            report: known.links.report.clone(),
            command: run.command.clone(),
            findings: findings.map(sentences).collect(),
        }
    }
}

/// The acceptance of a regression that began at `since`, if it holds at `at`; one from before is of an older level.
pub(super) fn acceptance<'a>(
    accepted: &'a [Acceptance],
    series: &SeriesName,
    since: Timestamp,
    at: Timestamp,
) -> Option<&'a Acceptance> {
    let holds = |a: &&Acceptance| !a.has_expired(at) && a.covers(series) && a.at.max(a.from) >= since;
    accepted.iter().rfind(holds)
}
