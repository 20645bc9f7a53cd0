//! The client against a server that limits, breaks off, and loses answers.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};

use super::Repository;
use crate::github::testing::{Reply, Server};
use crate::github::{Access, Error, IssueChange, IssueState, NewIssue, Permission, Status, StatusState};

const TOKEN: &str = "ghs_secret";

fn repository(server: &Server) -> Repository {
    Repository::hasty(&server.api)
}

fn failed<T>(answer: anyhow::Result<T>) -> Error {
    answer.err().unwrap().downcast::<Error>().unwrap()
}

fn comment(id: u64, body: &str) -> Value {
    json!({ "id": id, "body": body, "user": { "login": "github-actions[bot]", "type": "Bot" }, "html_url": "u" })
}

#[test]
fn a_limit_is_waited_for_and_a_missing_permission_is_not() {
    let server = Server::start(|_, before| match before {
        0 => Reply::with(403, "Retry-After: 2", "{}"),
        1 => Reply::new(429, "{}"),
        2 => Reply::new(403, r#"{"message": "You have exceeded a secondary rate limit."}"#),
        3 => Reply::new(201, comment(7, "hello").to_string()),
        _ => Reply::new(403, r#"{"message": "Resource not accessible by integration"}"#),
    });
    let repository = repository(&server);
    let written = repository.create_comment(3, "hello").unwrap();
    assert_eq!((written.id, written.author.is_bot), (7, true));
    assert_eq!(server.lines(), vec!["POST /repos/o/r/issues/3/comments"; 4]);
    assert_eq!(server.seen()[3].body, r#"{"body":"hello"}"#);

    let error = failed(repository.open_issue(&NewIssue::default()));
    assert!(matches!(&error, Error::Forbidden { needs: "issues: write", .. }), "{error:?}");
    let message = error.to_string();
    assert!(
        message.starts_with("o/r: opening an issue: GitHub refuses the token: Resource not accessible"),
        "{message}"
    );
    assert_eq!((server.lines().len(), repository.requests()), (5, 5));
}

#[test]
fn a_limit_that_lasts_is_an_error_that_says_until_when() {
    let server = Server::start(|_, _| Reply::with(403, "Retry-After: 1800", "{}"));
    assert!(matches!(failed(repository(&server).comments(1)), Error::Limited { until: Some(_), .. }));
    assert_eq!(server.lines().len(), 1);
    let server = Server::start(|_, _| Reply::with(429, "Retry-After: 50", "{}"));
    assert!(matches!(failed(repository(&server).comments(1)), Error::Limited { .. }));
    assert_eq!(server.lines().len(), 4);
}

#[test]
fn a_comment_whose_answer_is_lost_is_not_written_twice() {
    let server = Server::start(|seen, before| match (before, seen.line.split(' ').next()) {
        (0, _) => Reply::new(502, "bad gateway"),
        (_, Some("GET")) => Reply::new(200, json!([comment(4, "other"), comment(7, "hello\r\nworld")]).to_string()),
        _ => Reply::new(500, ""),
    });
    assert_eq!(repository(&server).create_comment(3, "hello\nworld\n").unwrap().id, 7);
    assert_eq!(server.lines().len(), 2);
}

#[test]
fn a_comment_that_is_lost_with_its_answer_is_written_again() {
    let server = Server::start(|_, before| match before {
        0 => Reply::Nothing,
        1 => Reply::new(200, "[]"),
        _ => Reply::new(201, comment(7, "hello").to_string()),
    });
    assert_eq!(repository(&server).create_comment(3, "hello").unwrap().id, 7);
    let lines = server.lines();
    assert_eq!(lines.iter().filter(|line| line.starts_with("POST")).count(), 2, "{lines:?}");
}

#[test]
fn what_is_broken_off_is_asked_for_again() {
    let server = Server::start(|_, before| match before {
        0 => Reply::Nothing,
        1 => Reply::Truncated("[]".to_owned()),
        2 => Reply::Open(r#"[{"id": 1, "bo"#.to_owned()),
        _ => Reply::new(200, json!([comment(1, "a")]).to_string()),
    });
    assert_eq!(repository(&server).comments(3).unwrap().len(), 1);
    let server = Server::start(|_, _| Reply::new(503, "maintenance"));
    let error = failed(repository(&server).comments(3));
    assert!(matches!(&error, Error::Unreachable { words, .. } if words.contains("maintenance (503)")), "{error:?}");
    assert_eq!(server.lines().len(), 4);
}

#[test]
fn a_lost_issue_status_or_branch_is_looked_for_before_it_is_made_again() {
    let server = Server::start(|seen, _| match seen.line.as_str() {
        line if line.starts_with("POST") => Reply::new(502, ""),
        line if line.contains("/issues?labels=a%2Cb&state=open&") => Reply::new(
            200,
            json!([{ "number": 1, "title": "t", "body": "b", "state": "open", "pull_request": {} },
                   { "number": 2, "title": "t", "body": "b", "state": "open", "labels": [{ "name": "a" }, "b"] }])
            .to_string(),
        ),
        line if line.ends_with("/commits/abc/status?per_page=100") => Reply::new(
            200,
            json!({ "statuses": [{ "context": "Perf-Gate", "state": "failure", "description": "d" }] }).to_string(),
        ),
        line if line.ends_with("/git/ref/heads/a/b") => Reply::new(200, r#"{"object": {"sha": "abc"}}"#),
        _ => Reply::new(404, ""),
    });
    let repository = repository(&server);
    let issue = NewIssue {
        title: "t".to_owned(),
        body: "b".to_owned(),
        labels: vec!["a".to_owned(), "b".to_owned()],
        ..NewIssue::default()
    };
    let opened = repository.open_issue(&issue).unwrap();
    assert_eq!((opened.number, opened.labels), (2, issue.labels));
    let (context, description) = ("perf-gate".to_owned(), "d".to_owned());
    let status = Status { context, state: StatusState::Failure, description, target_url: None };
    repository.set_status("abc", &status).unwrap();
    repository.create_branch("a/b", "abc").unwrap();
    assert_eq!(server.lines().len(), 6);
}

#[test]
fn an_event_is_sent_at_most_once() {
    let server = Server::start(|_, _| Reply::new(502, ""));
    let error = failed(repository(&server).dispatch("critical", &json!({})));
    assert!(matches!(&error, Error::Unreachable { words, .. } if words.contains("may have been carried out")));
    assert_eq!(server.lines().len(), 1);
}

#[test]
fn assignees_that_are_not_taken_are_left_out() {
    let server = Server::start(|seen, _| match seen.body.contains("assignees") {
        true => Reply::new(
            422,
            r#"{"message": "Validation Failed", "errors": [{"field": "assignees", "code": "invalid"}]}"#,
        ),
        false => Reply::new(201, r#"{"number": 5, "title": "t", "state": "open", "assignees": []}"#),
    });
    let issue = NewIssue { title: "t".to_owned(), assignees: vec!["nobody".to_owned()], ..NewIssue::default() };
    let opened = repository(&server).open_issue(&issue).unwrap();
    assert_eq!((opened.number, opened.assignees, server.lines().len()), (5, Vec::new(), 2));
}

#[test]
fn pages_are_followed_on_our_own_address() {
    let server = Server::start(|seen, _| match seen.line.contains("cursor=z") {
        true => Reply::new(200, json!([comment(2, "b")]).to_string()),
        false => Reply::with(
            200,
            r#"Link: <http://192.0.2.1/repos/x/y?per_page=100&cursor=z>; rel="next""#,
            &json!([comment(1, "a")]).to_string(),
        ),
    });
    let comments = repository(&server).comments(3).unwrap();
    assert_eq!(comments.iter().map(|comment| comment.id).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(server.lines()[1], "GET /repos/o/r/issues/3/comments?per_page=100&cursor=z");
    let authorization = format!("authorization: bearer {TOKEN}");
    assert!(server.seen().iter().all(|seen| seen.headers.contains(&authorization)));
}

#[test]
fn the_token_stands_in_no_error() {
    let echo =
        |status: u16| move |_: &_, _| Reply::new(status, json!({ "message": format!("no: {TOKEN}") }).to_string());
    for status in [301, 401, 403, 404, 409, 422, 429, 500] {
        let server = Server::start(echo(status));
        let error = repository(&server).edit_issue(1, &IssueChange::default()).unwrap_err();
        assert!(!format!("{error:#} {error:?}").contains(TOKEN), "{error:?}");
    }
    let access = Access { api: "http://127.0.0.1:9".to_owned(), token: Some(format!("{TOKEN}\n")) };
    assert!(!format!("{:#}", Repository::open(&access, "o/r").err().unwrap()).contains(TOKEN));
}

#[test]
fn what_is_gone_is_none_and_need_not_be_deleted() {
    let server = Server::start(|seen, _| Reply::new(if seen.line.contains("/issues/2") { 410 } else { 404 }, "{}"));
    let repository = repository(&server);
    assert_eq!((repository.issue(2).unwrap(), repository.pull_request(2).unwrap()), (None, None));
    assert_eq!(repository.permission("a/b").unwrap(), Permission::None);
    assert_eq!((repository.merge_base("a", "b").unwrap(), repository.tip("x").unwrap()), (None, None));
    repository.delete_comment(1).unwrap();
    assert!(matches!(failed(repository.update_comment(1, "x")), Error::NotFound { .. }));
    assert_eq!(server.lines()[2], "GET /repos/o/r/collaborators/ab/permission");
}

#[test]
fn a_change_names_only_what_changes() {
    let server = Server::start(|_, _| Reply::new(200, r#"{"number": 5, "title": "t", "state": "closed"}"#));
    let change = IssueChange { state: Some(IssueState::Closed), ..IssueChange::default() };
    assert_eq!(repository(&server).edit_issue(5, &change).unwrap().state, IssueState::Closed);
    assert_eq!(server.seen()[0].body, r#"{"state":"closed","state_reason":"completed"}"#);
}

#[test]
fn files_are_read_some_at_a_time_and_come_in_order() {
    let open = Mutex::new((0, 0));
    let server = Server::start(move |seen, _| {
        let count = |by: i32| {
            let mut open = open.lock().unwrap();
            open.0 += by;
            open.1 = open.1.max(open.0);
            open.1
        };
        assert!(count(1) <= 6);
        let name = seen.line.rsplit('/').next().unwrap_or_default();
        std::thread::sleep(Duration::from_millis(if name == "f0" { 5 } else { 1 }));
        count(-1);
        let content = if name == "f1" { "ZjE=\n" } else { "eA==" };
        Reply::new(
            200,
            json!({ "content": content, "encoding": "base64", "size": if name == "f1" { 2 } else { 1 } }).to_string(),
        )
    });
    let names: Vec<String> = (0..20).map(|n| format!("f{n}")).collect();
    let files = repository(&server).files(&names.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    assert_eq!((files.len(), files[0].as_slice(), files[1].as_slice()), (20, &b"x"[..], &b"f1"[..]));
}

#[test]
fn a_file_that_is_shorter_than_it_should_be_is_an_error() {
    let server = Server::start(|_, _| Reply::new(200, r#"{"content": "eA==", "encoding": "base64", "size": 2}"#));
    assert!(repository(&server).files(&["a"]).is_err());
}

#[test]
fn an_answer_larger_than_any_is_an_error() {
    let server =
        Server::start(|_, _| Reply::new(200, format!("[\"{}\"]", "x".repeat(crate::github::exchange::ANSWER))));
    assert!(matches!(failed(repository(&server).comments(1)), Error::Refused { .. }));
    assert_eq!(server.lines().len(), 1);
}
