//! The digest of a week of nights, `weekly/<year>-W<week>.md`: a glance first, then what regressed, recovered and drifts. On
//! request it is also in one rolling issue, which is told once a week and only where something regressed.

mod digest;

use anyhow::Result;
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use digest::Digest;

use super::issue::{Memory, is_said, is_same, marked};
use super::nightly::{Nightly, changed};
use super::{Change, Links};
use crate::github::{Author, Comment, Issue, IssueChange, IssueState, NewIssue};
use crate::render::template::fill;
use crate::store::{FileChange, layout};

/// Label of the rolling issue.
pub const LABEL: &str = "performance-digest";

const TEMPLATE: &str = include_str!("../../render/templates/weekly.md.j2");
/// First line of the rolling issue.
const MARK: &str = "<!-- perf-gate:weekly -->";
/// Rows and entries of a list, as many as fit, and the characters that GitHub takes.
const ENTRIES: [usize; 4] = [200, 50, 15, 4];
const MOST: usize = 65_536;

/// A week, its nights and what is open at its end.
#[derive(Clone, Debug)]
pub struct Week<'a> {
    /// Any day of it.
    pub date: Date,
    /// Its nights; those of other weeks are left out.
    pub nights: &'a [Nightly],
    /// The state of each scenario's issue.
    pub issues: &'a [Memory],
    /// Where things are.
    pub links: &'a Links,
}

/// The rolling issue as it is.
#[derive(Clone, Copy, Debug)]
pub struct Present<'a> {
    /// Issues that carry [`LABEL`].
    pub issues: &'a [Issue],
    /// Comments of the one that is ours.
    pub comments: &'a [Comment],
    /// Who we are.
    pub me: &'a Author,
}

/// The days of the ISO week that `date` is in: whose nightly files are to be read.
pub fn days(date: Date) -> Vec<Date> {
    let back = i64::from(date.weekday().since(Weekday::Monday));
    let monday = date.saturating_sub(back.days());
    (0..7).map(|day| monday.saturating_add(i64::from(day).days())).collect()
}

impl Week<'_> {
    /// The file of the week; none where it is as it should be, or there was no night.
    ///
    /// # Errors
    /// A template that is wrong: a mistake of this program.
    pub fn files(&self, existing: Option<&[u8]>) -> Result<Vec<FileChange>> {
        if self.nights().is_empty() {
            return Ok(Vec::new());
        }
        Ok(changed(&layout::weekly(self.date), self.text()?.into(), existing).into_iter().collect())
    }

    /// What is to be changed so that the rolling issue shows the week. One that a person closed stays as it is.
    ///
    /// # Errors
    /// As of [`Self::files`].
    pub fn plan(&self, present: &Present<'_>) -> Result<Vec<Change>> {
        if self.nights().is_empty() {
            return Ok(Vec::new());
        }
        let body = format!("{MARK}\n{}", self.text()?);
        let title = format!("Performance of the week {}", layout::week(self.date));
        let Some(issue) = marked(present.issues, MARK, present.me) else {
            let issue = NewIssue { title, body, labels: vec![LABEL.to_owned()], assignees: Vec::new() };
            return Ok(vec![Change::OpenIssue { scenario: "the weekly digest".to_owned(), issue }]);
        };
        if issue.state == IssueState::Closed {
            return Ok(Vec::new());
        }
        let change = IssueChange {
            title: (!is_same(&title, &issue.title)).then_some(title),
            body: (!is_same(&body, &issue.body)).then_some(body),
            state: None,
        };
        let mut changes = Vec::new();
        changes
            .extend((change != IssueChange::default()).then_some(Change::EditIssue { number: issue.number, change }));
        let mark = format!("<!-- perf-gate:weekly-note week={} -->", layout::week(self.date));
        let digest = Digest::of(self, ENTRIES[0]);
        if !digest.regressed.is_empty() && !is_said(present.comments, &mark, present.me) {
            let note = fill("**{{ answer }}** The text above is of that week now.", &digest)?;
            changes.push(Change::CreateComment { on: issue.number, body: format!("{mark}\n{note}") });
        }
        Ok(changes)
    }

    /// The digest in at most as many characters as an issue takes.
    fn text(&self) -> Result<String> {
        let mut text = String::new();
        for entries in ENTRIES {
            text = fill(TEMPLATE, Digest::of(self, entries))? + "\n";
            if text.chars().count() + MARK.len() < MOST {
                break;
            }
        }
        Ok(text)
    }

    /// The nights of the week, in their order.
    fn nights(&self) -> Vec<&Nightly> {
        let week = layout::week(self.date);
        let mut nights: Vec<&Nightly> =
            self.nights.iter().filter(|night| layout::week(night.date) == week && !night.runs.is_empty()).collect();
        nights.sort_by_key(|night| night.date);
        nights
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Outcome;
    use crate::publish::nightly;
    use crate::render::Report;
    use crate::verdict::{Severity, Verdict};

    fn week() -> Vec<Nightly> {
        let report = Report::parse(include_str!("../../../fixtures/golden/passed/report.json")).unwrap();
        let days = days(nightly::date(&report).unwrap());
        let night = |(at, date): (usize, &Date)| {
            let files = nightly::files(&report, *date, &Links::default(), [None, None]).unwrap();
            let FileChange::Put { bytes, .. } = &files[0] else { panic!() };
            let mut night = Nightly::parse(bytes).unwrap().unwrap();
            let figure = night.runs[0].figures.iter_mut().find(|figure| figure.metric == "p95").unwrap();
            figure.candidate = Some(0.1 + 0.02 * at as f64);
            if at == 2 {
                (figure.verdict, figure.severity) = (Verdict::Regressed, Some(Severity::Failure));
                night.runs[0].outcome = Outcome::Failed;
            }
            night
        };
        days.iter().enumerate().filter(|(at, _)| *at != 4).map(night).collect()
    }

    #[test]
    fn weeks_begin_on_monday_and_belong_to_the_year_of_their_thursday() {
        let date: Date = "2027-01-02".parse().unwrap();
        assert_eq!(layout::weekly(date), "weekly/2026-W53.md");
        assert_eq!((days(date)[0].to_string(), days(date)[6].to_string()), ("2026-12-28".into(), "2027-01-03".into()));
    }

    #[test]
    fn the_issue_is_opened_once_rewritten_and_told_once_a_week() {
        let nights = week();
        let links = Links::default();
        let week = Week { date: nights[5].date, nights: &nights, issues: &[], links: &links };
        assert_eq!(week.files(Some(week.text().unwrap().as_bytes())).unwrap(), []);
        let me = Author { login: "github-actions[bot]".to_owned(), is_bot: true };
        let open = week.plan(&Present { issues: &[], comments: &[], me: &me }).unwrap();
        let [Change::OpenIssue { issue, .. }] = &open[..] else { panic!("{open:?}") };
        let issue = Issue {
            number: 7,
            title: "Performance of the week 2026-W46".to_owned(),
            body: issue.body.replace("2026-W47", "2026-W46"),
            state: IssueState::Open,
            labels: issue.labels.clone(),
            assignees: Vec::new(),
            author: me.clone(),
            url: String::new(),
        };
        let present = Present { issues: std::slice::from_ref(&issue), comments: &[], me: &me };
        let changes = week.plan(&present).unwrap();
        let [Change::EditIssue { change, .. }, Change::CreateComment { body, .. }] = &changes[..] else { panic!() };
        assert!(body.contains("1 failed"), "{body}");
        let comment = Comment { id: 1, body: body.clone(), author: me.clone(), url: String::new() };
        let (title, text) = (change.title.clone().unwrap(), change.body.clone().unwrap());
        let settled = [Issue { title, body: text, ..issue.clone() }];
        assert_eq!(week.plan(&Present { issues: &settled, comments: &[comment], me: &me }).unwrap(), []);
        let closed = [Issue { state: IssueState::Closed, ..issue }];
        assert_eq!(week.plan(&Present { issues: &closed, comments: &[], me: &me }).unwrap(), []);
    }

    #[test]
    fn what_regressed_and_recovered_is_told_with_a_line_of_blocks() {
        let nights = week();
        let links = Links::default();
        let text = Week { date: nights[0].date, nights: &nights, issues: &[], links: &links }.text().unwrap();
        assert!(text.contains("p95 +1.4 %") && text.contains("first on 2026-11-18"), "{text}");
        assert!(text.contains("p95, on 2026-11-22") && text.contains("▁▂▃▅·▇█"), "{text}");
    }
}
