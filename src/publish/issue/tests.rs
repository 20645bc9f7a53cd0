//! The life of an issue, against a GitHub that is simulated and may lose its program at any step.

use proptest::prelude::*;

use super::*;
use crate::model::{ACCEPTANCE_SCHEMA, Outcome, Regression, Unit};
use crate::publish::Figure;
use crate::render::Report;
use crate::store::FileChange;
use crate::verdict::{Row, Severity, Verdict};

/// The issues, comments and state of a repository, and who we are there.
#[derive(Clone, Debug)]
struct World {
    me: Author,
    issues: Vec<Issue>,
    comments: Vec<(u64, Comment)>,
    state: Option<Vec<u8>>,
    calls: usize,
    settings: config::Issue,
    notify: config::Notify,
    links: Links,
}

/// A judged run: minutes since the beginning, what regressed by how much, whether it is confirmed.
#[derive(Clone, Debug)]
struct Run {
    at: i64,
    since: i64,
    environment: String,
    outcome: Outcome,
    failing: Vec<(&'static str, f64)>,
    confirmed: bool,
}

impl Run {
    fn clean(at: i64) -> Self {
        let environment = "e1".to_owned();
        Self { at, since: at, environment, outcome: Outcome::Passed, failing: Vec::new(), confirmed: true }
    }

    fn bad(at: i64, since: i64, failing: &[(&'static str, f64)]) -> Self {
        Self { since, outcome: Outcome::Failed, failing: failing.to_vec(), ..Self::clean(at) }
    }

    fn scenario(&self) -> Scenario {
        let report = Report::parse(include_str!("../../../fixtures/golden/regressed/report.json")).unwrap();
        let mut scenario = report.scenarios[0].clone();
        let template = scenario.rows[1].clone();
        scenario.rows = ["a", "b", "c"].map(|name| self.row(&template, name)).to_vec();
        scenario.outcome = self.outcome;
        scenario.run.ids = vec![format!("run-{}-{}", self.at, self.environment)];
        scenario.run.started_at = Some(minutes(self.at));
        scenario.run.fingerprint.clone_from(&self.environment);
        scenario.regression = (!self.failing.is_empty()).then(|| Regression {
            since: minutes(self.since),
            first_bad: Some("bbbbbbbbbbbbbbbb".to_owned()),
            last_good: Some("aaaaaaaaaaaaaaaa".to_owned()),
            runs: usize::from(self.confirmed) + 1,
            needed: 2,
        });
        scenario
    }

    fn row(&self, template: &Row, endpoint: &str) -> Row {
        let change = self.failing.iter().find(|(name, _)| *name == endpoint).map(|(_, change)| *change);
        let severity = if change > Some(0.5) { Severity::Critical } else { Severity::Failure };
        Row {
            endpoint: endpoint.to_owned(),
            metric: "p95".to_owned(),
            unit: Unit::Seconds,
            verdict: if change.is_some() { Verdict::Regressed } else { Verdict::Unchanged },
            severity: change.map(|_| severity),
            change: Some(change.unwrap_or(0.01)),
            threshold: Some(0.2),
            advisory: false,
            ..template.clone()
        }
    }
}

fn minutes(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + 60 * minutes).unwrap()
}

fn acceptance(at: i64, endpoint: &str) -> Acceptance {
    Acceptance {
        schema: ACCEPTANCE_SCHEMA.to_owned(),
        scenario: "checkout".to_owned(),
        endpoint: endpoint.to_owned(),
        metric: "p95".to_owned(),
        reason: "encryption @everyone".to_owned(),
        author: "ada".to_owned(),
        at: minutes(at),
        from: minutes(at),
        until: Some(minutes(at + 1_000_000)),
        commit: None,
    }
}

impl World {
    fn new() -> Self {
        let links = Links {
            server: "https://github.com".to_owned(),
            repository: "octo/shop".to_owned(),
            branch: "perf-results".to_owned(),
            run: Some("https://github.com/octo/shop/actions/runs/1".to_owned()),
            report: None,
        };
        Self {
            me: Author { login: "github-actions[bot]".to_owned(), is_bot: true },
            issues: Vec::new(),
            comments: Vec::new(),
            state: None,
            calls: 0,
            settings: config::Issue::default(),
            notify: config::Notify { dispatch: Some("perf-gate-critical".to_owned()), webhook: None },
            links,
        }
    }

    fn memory(&self) -> Memory {
        self.state.as_ref().map_or(Memory::new("checkout"), |bytes| Memory::parse(bytes).unwrap())
    }

    fn plan(&self, run: Option<&Run>, accepted: &[Acceptance]) -> Vec<Change> {
        let memory = self.memory();
        let by_number = self.issues.iter().find(|issue| Some(issue.number) == memory.number);
        let issue = by_number
            .filter(|issue| issue.author == self.me)
            .or_else(|| find(&self.issues, &memory.scenario, &self.me));
        let on = issue.map(|issue| issue.number);
        let comments = self.comments.iter().filter(|(number, _)| Some(*number) == on);
        let comments: Vec<Comment> = comments.map(|(_, comment)| comment.clone()).collect();
        let scenario = run.map(Run::scenario);
        let known = Known {
            run: scenario.as_ref(),
            accepted,
            issue,
            comments: &comments,
            me: &self.me,
            settings: &self.settings,
            notify: &self.notify,
            links: &self.links,
        };
        plan(&memory, &known).unwrap()
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::OpenIssue { issue, .. } => {
                let number = self.issues.len() as u64 + 1;
                self.issues.push(opened_as(number, issue, &self.me));
            }
            Change::EditIssue { number, change } => {
                let issue = self.issues.iter_mut().find(|issue| issue.number == *number).unwrap();
                issue.title = change.title.clone().unwrap_or(issue.title.clone());
                issue.body = change.body.clone().unwrap_or(issue.body.clone());
                issue.state = change.state.unwrap_or(issue.state);
            }
            Change::CreateComment { on, body } => {
                let id = self.comments.len() as u64 + 1;
                let comment =
                    Comment { id, body: body.replace('\n', "\r\n"), author: self.me.clone(), url: String::new() };
                self.comments.push((*on, comment));
            }
            Change::WriteFiles { files, .. } => {
                let [FileChange::Put { bytes, .. }] = &files[..] else { panic!("{files:?}") };
                self.state = Some(bytes.clone());
            }
            Change::Dispatch { .. } => self.calls += 1,
            other => panic!("{other}"),
        }
    }

    /// Plans and applies until nothing is left.
    fn settle(&mut self, run: Option<&Run>, accepted: &[Acceptance]) {
        for _ in 0..4 {
            let changes = self.plan(run, accepted);
            if changes.is_empty() {
                return;
            }
            changes.iter().for_each(|change| self.apply(change));
        }
        panic!("never settles: {:?}", self.plan(run, accepted));
    }

    fn run(&mut self, run: &Run) {
        self.settle(Some(run), &[]);
    }

    /// Numbers and states of the issues, and how many comments there are.
    fn seen(&self) -> (Vec<IssueState>, usize) {
        (self.issues.iter().map(|issue| issue.state).collect(), self.comments.len())
    }

    fn last_comment(&self) -> &str {
        &self.comments.last().unwrap().1.body
    }
}

fn opened_as(number: u64, issue: &NewIssue, author: &Author) -> Issue {
    Issue {
        number,
        title: issue.title.clone(),
        body: issue.body.replace('\n', "\r\n"),
        state: IssueState::Open,
        labels: issue.labels.clone(),
        assignees: issue.assignees.clone(),
        author: author.clone(),
        url: format!("https://github.com/octo/shop/issues/{number}"),
    }
}

use IssueState::{Closed, Open as Opened};

const SLOW: &[(&str, f64)] = &[("a", 0.31)];

#[test]
fn it_opens_when_confirmed_and_closes_after_clean_runs() {
    let mut world = World::new();
    world.settings.owners.insert("a*".to_owned(), vec!["ada".to_owned()]);
    world.run(&Run { confirmed: false, ..Run::bad(0, 0, SLOW) });
    assert_eq!(world.seen(), (vec![], 0));
    world.run(&Run::bad(60, 0, SLOW));
    assert_eq!(world.seen(), (vec![Opened], 0));
    let issue = &world.issues[0];
    assert_eq!(issue.title, "Performance Regression: p95 of a degraded 31% (checkout)");
    assert_eq!((&issue.labels[..], &issue.assignees[..]), (&world.settings.labels[..], &["ada".to_owned()][..]));
    assert!(issue.body.contains("compare/aaaaaaaaaaaaaaaa...bbbbbbbbbbbbbbbb"), "{}", issue.body);
    world.run(&Run::clean(120));
    world.run(&Run::clean(120));
    assert_eq!(world.seen(), (vec![Opened], 0), "one run counts once");
    world.run(&Run { outcome: Outcome::Inconclusive, ..Run::clean(150) });
    world.run(&Run { outcome: Outcome::Invalid, ..Run::clean(160) });
    assert_eq!(world.seen(), (vec![Opened], 0));
    world.run(&Run::clean(180));
    assert_eq!(world.seen(), (vec![Closed], 1));
    assert!(world.last_comment().contains("2 runs in a row without the regression"));
}

#[test]
fn a_critical_one_opens_at_once_and_is_told_to_others_once() {
    let mut world = World::new();
    world.run(&Run { confirmed: false, ..Run::bad(0, 0, &[("a", 0.7)]) });
    world.run(&Run::bad(60, 0, &[("a", 0.71)]));
    assert_eq!((world.seen(), world.calls), ((vec![Opened], 0), 1));
}

#[test]
fn it_is_told_what_changes_and_nothing_else() {
    let mut world = World::new();
    world.run(&Run::bad(0, 0, SLOW));
    world.run(&Run::bad(60, 0, &[("a", 0.312)]));
    world.run(&Run::bad(120, 0, &[("a", 0.35)]));
    assert_eq!(world.seen(), (vec![Opened], 0));
    assert!(world.issues[0].title.contains("35%"));
    world.run(&Run::bad(180, 0, &[("a", 0.35), ("b", 0.4)]));
    assert!(world.last_comment().contains("Also regressed:** p95 of b **+40.0 %**"), "{}", world.last_comment());
    world.run(&Run::bad(240, 0, &[("a", 0.35), ("b", 0.7)]));
    assert!(world.last_comment().contains("critical now"));
    world.run(&Run::bad(300, 0, SLOW));
    world.run(&Run::bad(360, 0, SLOW));
    assert!(world.last_comment().contains("Recovered:** p95 of b, 2 runs"), "{}", world.last_comment());
    assert_eq!((world.seen(), world.calls), ((vec![Opened], 3), 1));
}

#[test]
fn what_comes_back_opens_the_same_issue_again() {
    let mut world = World::new();
    world.run(&Run::bad(0, 0, SLOW));
    [60, 120].iter().for_each(|at| world.run(&Run::clean(*at)));
    world.run(&Run::bad(180, 180, &[("b", 0.4)]));
    assert_eq!(world.seen(), (vec![Opened], 2));
    assert!(world.last_comment().contains("Regressed again:** p95 of b"), "{}", world.last_comment());
    assert!(world.issues[0].title.contains("p95 of b degraded 40%"));
}

#[test]
fn a_person_who_closes_it_is_heard_until_it_is_another_regression() {
    let mut world = World::new();
    world.run(&Run::bad(0, 0, SLOW));
    world.issues[0].state = Closed;
    world.run(&Run::bad(60, 0, &[("a", 0.4)]));
    assert_eq!(world.seen(), (vec![Closed], 0));
    world.run(&Run::clean(120));
    world.run(&Run::bad(180, 180, SLOW));
    assert_eq!(world.seen(), (vec![Opened], 1));
    world.issues[0].state = Closed;
    world.run(&Run::bad(240, 180, SLOW));
    world.issues[0].state = Opened;
    world.run(&Run::bad(300, 180, SLOW));
    assert_eq!(world.seen(), (vec![Opened], 1));
    [360, 420].iter().for_each(|at| world.run(&Run::clean(*at)));
    assert_eq!(world.seen(), (vec![Closed], 2), "a person's opening is heard as well");
}

#[test]
fn an_acceptance_closes_it_at_once() {
    let mut world = World::new();
    world.run(&Run::bad(0, 0, SLOW));
    world.settle(None, &[acceptance(-10, "a")]);
    assert_eq!(world.seen(), (vec![Opened], 0), "one from before is of another level");
    world.settle(None, &[acceptance(30, "*")]);
    assert_eq!(world.seen(), (vec![Closed], 1));
    let told = world.last_comment();
    assert!(told.contains("p95 of a, by ada until") && told.contains("encryption &#64;\u{200b}everyone"), "{told}");
    world.settle(Some(&Run::bad(40, 0, SLOW)), &[acceptance(30, "*")]);
    assert_eq!(world.seen(), (vec![Closed], 1), "a run judged without it does not open it again");
}

#[test]
fn deleted_and_forged_issues_are_not_touched() {
    let mut world = World::new();
    world.run(&Run::bad(0, 0, SLOW));
    let mut forged = world.issues.remove(0);
    forged.author.login = "mallory".to_owned();
    world.issues.push(Issue { number: 1, ..forged.clone() });
    world.run(&Run::bad(60, 0, SLOW));
    assert_eq!(world.issues[0], forged);
    assert_eq!((world.seen(), world.memory().number), ((vec![Opened, Opened], 0), Some(2)));
}

#[test]
fn environments_recover_each_for_itself() {
    let mut world = World::new();
    let other = |run: Run| Run { environment: "e2".to_owned(), ..run };
    world.run(&Run::bad(0, 0, SLOW));
    world.run(&other(Run::bad(1, 1, &[("b", 0.4)])));
    assert_eq!(world.seen(), (vec![Opened], 1));
    [60, 120].iter().for_each(|at| world.run(&Run::clean(*at)));
    assert_eq!(world.seen(), (vec![Opened], 2));
    world.run(&Run::clean(60 * 24 * 20));
    assert_eq!(world.seen(), (vec![Closed], 3), "an environment that is gone does not keep it open");
}

#[test]
fn of_two_jobs_at_once_one_opens() {
    let mut world = World::new();
    let (one, two) = (Run::bad(0, 0, SLOW), Run { environment: "e2".to_owned(), ..Run::bad(1, 1, SLOW) });
    let first = world.plan(Some(&one), &[]);
    world.apply(&first[0]);
    world.run(&two);
    assert_eq!(world.seen(), (vec![], 0));
    first[1..].iter().for_each(|change| world.apply(change));
    world.run(&one);
    assert_eq!(world.seen(), (vec![Opened], 0));
}

#[test]
fn texts_of_many_hostile_series_fit() {
    let mut world = World::new();
    world.run(&Run::bad(0, 0, SLOW));
    let mut memory = world.memory();
    let episode = memory.episodes.get_mut("e1").unwrap();
    let evil = "@<|`".repeat(1_000);
    episode.told.findings = vec![evil.clone(); 3];
    episode.told.command = vec![evil.clone(); 100];
    let open = episode.series[0].clone();
    episode.series = vec![Open { figure: Figure { endpoint: evil, ..open.figure.clone() }, ..open }; 500];
    let (name, episode) = (String::new(), episode.clone());
    memory.episodes.extend((0..20).map(|at| (format!("{name}{at}"), episode.clone())));
    let known = Known {
        run: None,
        accepted: &[],
        issue: None,
        comments: &[],
        me: &world.me,
        settings: &world.settings,
        notify: &world.notify,
        links: &world.links,
    };
    let text = body::body(&memory, &known).unwrap();
    assert!(text.chars().count() <= 65_536 && text.contains("more; the report has them"), "{}", text.chars().count());
}

/// What happens next: a run, something people do.
#[derive(Clone, Debug)]
enum Step {
    Run(Run),
    Accept(&'static str),
    Close,
    Reopen,
    Delete,
}

fn step() -> impl Strategy<Value = Step> {
    let failing = prop::collection::vec((prop::sample::select(vec!["a", "b"]), 0.3..0.9_f64), 0..3);
    let run = (failing, 0..5_u8, any::<bool>(), any::<bool>()).prop_map(|(failing, kind, confirmed, second)| {
        let outcome = match kind {
            0 if failing.is_empty() => Outcome::Inconclusive,
            1 if failing.is_empty() => Outcome::Invalid,
            _ if failing.is_empty() => Outcome::Passed,
            _ => Outcome::Failed,
        };
        let environment = if second { "e2" } else { "e1" }.to_owned();
        Step::Run(Run { environment, outcome, failing, confirmed, ..Run::clean(0) })
    });
    prop_oneof![
        6 => run,
        1 => prop::sample::select(vec!["a", "*"]).prop_map(Step::Accept),
        1 => Just(Step::Close),
        1 => Just(Step::Reopen),
        1 => Just(Step::Delete),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_happens_it_settles_and_nothing_is_said_twice(steps in prop::collection::vec((step(), 0..6_usize), 1..12)) {
        let mut world = World::new();
        let mut accepted = Vec::new();
        let mut since = None;
        for (at, (step, crash)) in steps.into_iter().enumerate() {
            let at = 60 * at as i64;
            let run = match step {
                Step::Run(run) => {
                    since = if run.failing.is_empty() { None } else { since.or(Some(at)) };
                    Some(Run { at, since: since.unwrap_or(at), ..run })
                }
                Step::Accept(endpoint) => {
                    accepted.push(acceptance(at, endpoint));
                    None
                }
                Step::Close => { world.issues.iter_mut().for_each(|issue| issue.state = Closed); continue }
                Step::Reopen => { world.issues.iter_mut().for_each(|issue| issue.state = Opened); continue }
                Step::Delete => { world.issues.clear(); world.comments.clear(); continue }
            };
            // The job dies after so many changes; sometimes it is run again.
            let changes = world.plan(run.as_ref(), &accepted);
            changes.iter().take(crash).for_each(|change| world.apply(change));
            if crash % 2 == 0 {
                world.settle(run.as_ref(), &accepted);
                prop_assert!(world.plan(run.as_ref(), &accepted).is_empty());
            }
        }
        // Whatever was left undone, the next run does.
        let last = Run { at: 100_000, since: 100_000, ..Run::bad(0, 0, SLOW) };
        world.settle(Some(&last), &accepted);
        let mut said: Vec<_> = world.comments.iter().map(|(on, c)| (*on, c.body.lines().next().unwrap().to_owned())).collect();
        let all = said.len();
        said.sort();
        said.dedup();
        prop_assert_eq!(all, said.len());
        prop_assert!(world.issues.iter().filter(|issue| issue.state == Opened).count() <= 1);
        let memory = world.memory();
        let is_open = world.issues.iter().any(|issue| Some(issue.number) == memory.number && issue.state == Opened);
        prop_assert_eq!(memory.open, is_open);
        prop_assert_eq!(memory.pending, None);
    }
}
