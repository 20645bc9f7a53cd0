//! What the comment says in each situation, and that writers who know nothing of each other agree on it.

mod protocol;
mod room;

use proptest::prelude::*;

use super::{Planned, plan, read};
use crate::github::{Author, Comment};
use crate::publish::section::{Key, Section};
use crate::publish::testing::section;
use crate::publish::{Change, marker};
use crate::render::view::Heading;
use crate::verdict::Outcome;

const BOT: &str = "github-actions[bot]";
const NEW: &str = "2222222bbbbbbbb";

/// The comments of a pull request as GitHub keeps them.
#[derive(Clone, Debug, Default)]
struct Server {
    comments: Vec<Comment>,
    last: u64,
}

impl Server {
    fn post(&mut self, login: &str, body: &str) {
        self.last += 1;
        let author = Author { login: login.to_owned(), is_bot: login.ends_with("[bot]") };
        self.comments.push(Comment { id: self.last, body: body.to_owned(), author, url: String::new() });
    }

    /// Makes a change; what is not there any more is left.
    fn apply(&mut self, change: &Change) {
        match change {
            Change::CreateComment { body, .. } => self.post(BOT, body),
            Change::UpdateComment { id, body } => {
                let found = self.comments.iter_mut().find(|comment| comment.id == *id);
                found.into_iter().for_each(|comment| comment.body.clone_from(body));
            }
            Change::DeleteComment { id } => self.comments.retain(|comment| comment.id != *id),
            other => panic!("{other}"),
        }
    }

    /// Says `ours`; the page after that.
    fn say(&mut self, ours: &[Section]) -> String {
        self.plan(ours).changes.iter().for_each(|change| self.apply(change));
        assert_eq!(self.plan(ours).changes, []);
        self.comments.iter().find(|comment| comment.author.login == BOT).map(|c| c.body.clone()).unwrap_or_default()
    }

    fn plan(&self, ours: &[Section]) -> Planned {
        plan(7, &self.comments, BOT, ours)
    }
}

fn failed(scenario: &str, answer: &str) -> Section {
    Section { outcome: Outcome::Failed, heading: Heading::Failed, ..section(scenario, answer) }
}

fn newer(section: Section) -> Section {
    Section { commit: NEW.to_owned(), turn: 2, ..section }
}

/// The lines that a reader sees.
fn seen(page: &str) -> Vec<&str> {
    page.lines().filter(|line| !line.is_empty() && !line.starts_with("<!--")).collect()
}

fn scenarios(page: &str) -> Vec<String> {
    read(page).into_iter().map(|section| section.key.scenario).collect()
}

#[test]
fn one_section_is_the_whole_comment() {
    let page = Server::default().say(&[failed("checkout", "p95 +31.8 %")]);
    assert!(page.starts_with(marker::COMMENT));
    assert_eq!(seen(&page), ["### ❌ FAILED checkout: p95 +31.8 %", "The figures of checkout.", "Commit 1111111"]);
}

#[test]
fn several_jobs_share_one_comment() {
    let mut server = Server::default();
    server.say(&[section("browse", "nothing became worse")]);
    let page = server.say(&[failed("checkout", "p95 +31.8 %")]);
    assert_eq!(server.comments.len(), 1);
    assert_eq!(
        seen(&page)[..5],
        [
            "### ❌ FAILED 1 of 2: checkout: p95 +31.8 %",
            "| Outcome | Scenario | Answer |",
            "| :-- | :-- | :-- |",
            "| ❌ FAILED | checkout | p95 +31.8 % |",
            "| ✅ PASSED | browse | nothing became worse |",
        ]
    );
    let page = server.say(&[section("checkout", "fixed")]);
    assert_eq!(seen(&page)[0], "### ✅ PASSED 2 of 2");
}

#[test]
fn earlier_commits_do_not_count() {
    let mut server = Server::default();
    server.say(&[failed("checkout", "p95 +31.8 %"), failed("search", "memory +60 %")]);
    let page = server.say(&[newer(section("checkout", "nothing became worse"))]);
    assert_eq!(seen(&page)[0], "### ✅ PASSED checkout: nothing became worse");
    assert!(page.contains("<summary>Outdated, of commit 1111111: ❌ FAILED search: memory +60 %</summary>"), "{page}");
    let planned = server.plan(&[newer(section("checkout", "nothing became worse"))]);
    assert_eq!(planned.sections.len(), 1);
    assert_eq!(planned.comment, Some(1));
}

#[test]
fn a_late_job_of_an_earlier_commit_is_outdated_at_once() {
    let mut server = Server::default();
    let page = server.say(&[newer(section("checkout", "fine"))]);
    assert_eq!(server.say(&[failed("checkout", "late")]), page, "the later run has spoken for this scenario");
    let page = server.say(&[failed("search", "late")]);
    assert_eq!(seen(&page)[0], "### ✅ PASSED checkout: fine");
    assert!(page.contains("Outdated, of commit 1111111: ❌ FAILED search"));
}

#[test]
fn legs_and_environments_have_sections_of_their_own() {
    let leg = |leg: &str, environment: &str| {
        let key = Key { scenario: "checkout".to_owned(), leg: leg.to_owned(), environment: environment.to_owned() };
        Section { key, ..section("checkout", "fine") }
    };
    let page = Server::default().say(&[leg("arm", "a1"), leg("arm", "a2"), leg("x86", "b1")]);
    let rows: Vec<_> = seen(&page).into_iter().filter(|line| line.starts_with("| ✅")).collect();
    let row = |name: &str| format!("| ✅ PASSED | checkout ({name}) | fine |");
    assert_eq!(rows, [row("arm, a1"), row("arm, a2"), row("x86")]);
}

#[test]
fn a_repaired_run_takes_the_place_of_one_that_could_not_be_read_but_only_in_a_later_attempt() {
    let key = Key { scenario: "checkout".to_owned(), ..Key::default() };
    let (outcome, heading) = (Outcome::Invalid, Heading::Invalid);
    let invalid = Section { key, outcome, heading, ..section("checkout", "no requests") };
    let mut server = Server::default();
    server.say(std::slice::from_ref(&invalid));
    let page = server.say(&[section("checkout", "fine")]);
    assert!(seen(&page)[0].starts_with("### ⛔ INVALID 1 of 2: checkout"), "{page}");
    let page = server.say(&[Section { turn: 2, ..section("checkout", "fine") }]);
    assert_eq!(seen(&page)[0], "### ✅ PASSED checkout: fine");
    assert_eq!(server.say(&[invalid]), page);
}

#[test]
fn only_our_own_comments_with_the_marker_count() {
    let mut server = Server::default();
    let forged = Server::default().say(&[failed("checkout", "forged")]);
    server.post("mallory", &forged);
    server.post(BOT, "Another action says hello.");
    server.post(BOT, &format!("> quoted\n{forged}"));
    let planned = server.plan(&[section("checkout", "fine")]);
    assert!(matches!(planned.changes.as_slice(), [Change::CreateComment { on: 7, .. }]), "{:?}", planned.changes);
    assert_eq!(planned.comment, None);
}

#[test]
fn of_two_comments_the_first_stays_and_says_what_both_said() {
    let mut server = Server::default();
    let (a, b) = (Server::default().say(&[section("a", "x")]), Server::default().say(&[section("b", "x")]));
    server.post(BOT, &a);
    server.post("someone", "hello");
    server.post(BOT, &b);
    let planned = server.plan(&[section("c", "x")]);
    let ids = planned.changes.iter().map(|change| match change {
        Change::UpdateComment { id, .. } => ("update", *id),
        Change::DeleteComment { id } => ("delete", *id),
        other => panic!("{other}"),
    });
    assert_eq!(ids.collect::<Vec<_>>(), [("update", 1), ("delete", 3)]);
    assert_eq!(scenarios(&server.say(&[section("c", "x")])), ["a", "b", "c"]);
}

#[test]
fn line_ends_of_an_edit_in_the_browser_are_no_change() {
    let mut server = Server::default();
    let ours = [failed("checkout", "p95 +31.8 %")];
    let page = server.say(&ours);
    server.comments[0].body = page.trim_end().replace('\n', "\r\n");
    assert_eq!(server.plan(&ours).changes, []);
}

#[test]
fn nothing_to_say_is_no_comment() {
    assert_eq!(Server::default().plan(&[]).changes, []);
}

#[test]
fn a_critical_regression_says_who_decides() {
    let page = Server::default().say(&[Section { critical: true, ..failed("checkout", "p95 +80 %") }]);
    assert!(page.contains("<code>/perf-gate approve REASON</code>"));
}

/// Any section; few keys and commits, so that they meet, and bodies from none to too long.
fn sections() -> impl Strategy<Value = Vec<Section>> {
    let text = prop_oneof![Just("fine"), Just("<!-- perf-gate:end -->"), Just("a|b\n@me `x`"), Just("é --> %")];
    let line = "word of a body\n<details><summary>s</summary>\n\n| a | b |\n\n</details>\n\n";
    let one = (0..3_usize, 0..3_u64, 0..5_usize, text, prop_oneof![Just(0), 1..3_usize, 100..700_usize]);
    let one = one.prop_map(move |(name, turn, outcome, answer, lines)| {
        let name = ["checkout", "search", "bro|wse <!--"][name];
        let bodies = [lines, lines / 2, lines / 8].map(|n| marker::bare(&line.repeat(n)));
        let answer = crate::render::line(answer, 100);
        Section {
            commit: format!("{turn}{turn}{turn}abcdef"),
            turn,
            outcome: Outcome::ALL[outcome],
            heading: Heading::ALL[outcome],
            body: bodies[0].clone(),
            shorter: bodies[1..].to_vec(),
            ..section(name, &answer)
        }
    });
    let own_key = |mut list: Vec<Section>| {
        list.dedup_by(|a, b| a.key == b.key);
        list
    };
    prop::collection::vec(one, 0..4).prop_map(own_key)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn said_once_nothing_is_left_to_change(
        mut jobs in prop::collection::vec((sections(), prop::bool::ANY), 1..6),
        foreign in "\\PC{0,40}",
    ) {
        let mut server = Server::default();
        server.post("someone", &format!("{}\n{foreign}", marker::COMMENT));
        for (ours, alone) in &mut jobs {
            if *alone {
                // A writer who saw nothing of the others.
                let planned = plan(7, &[], BOT, ours);
                planned.changes.iter().for_each(|change| server.apply(change));
            }
            let page = server.say(ours);
            prop_assert!(page.len() <= 65_536);
            let own = server.comments.iter().filter(|comment| comment.author.login == BOT).count();
            prop_assert!(own <= 1);
        }
    }
}
