//! The store against a server that has rules, races and very long lists.

use serde_json::{Value, json};

use super::{GitHub, Move, is_race, open};
use crate::github::testing::{Reply, Seen, Server};
use crate::github::{Access, Error, Repository};
use crate::store::{FileChange, Snapshot, Store};

fn store(server: &Server) -> GitHub {
    GitHub::new(Repository::hasty(&server.api), "results", (1, 2))
}

/// A branch at commit `c` with files `days/a` and `old`; everything that is written is `new`.
fn usual(seen: &Seen) -> Reply {
    let body = match seen.line.split_once("/repos/o/r/git/").unwrap_or_default() {
        ("GET ", "ref/heads/results") => json!({ "object": { "sha": "c" } }),
        ("GET ", "commits/c") => json!({ "tree": { "sha": "t" } }),
        ("GET ", "trees/c?recursive=1") => {
            tree(&[("days", "d", true), ("days/a", "fa", false), ("old", "fo", false)], false)
        }
        ("GET ", "blobs/fa") => json!({ "content": "eA==", "encoding": "base64", "size": 1 }),
        ("GET ", _) => return Reply::new(404, "{}"),
        _ => json!({ "sha": "new" }),
    };
    Reply::new(200, body.to_string())
}

fn tree(entries: &[(&str, &str, bool)], truncated: bool) -> Value {
    let entry = |(path, sha, folder): &(&str, &str, bool)| {
        let kind = if *folder { "tree" } else { "blob" };
        json!({ "path": path, "sha": sha, "type": kind, "size": 1, "mode": "100644" })
    };
    json!({ "tree": entries.iter().map(entry).collect::<Vec<_>>(), "truncated": truncated })
}

/// What an update that puts a file says when it fails.
fn failure(server: &Server) -> String {
    let put = |_: &dyn Snapshot| Ok(vec![FileChange::put("a", "x")]);
    format!("{:#}", store(server).update("Add", &mut { put }).unwrap_err())
}

#[test]
fn texts_are_in_the_tree_other_files_before_it_and_only_what_is_there_is_removed() {
    let server = Server::start(|seen, _| usual(seen));
    let changes = vec![
        FileChange::put("text", "a\nb"),
        FileChange::put("bytes", [0xff]),
        FileChange::remove("old"),
        FileChange::remove("gone"),
        FileChange::put("twice", "1"),
        FileChange::put("twice", "2"),
    ];
    store(&server).update("Add", &mut |_| Ok(changes.clone())).unwrap();
    let bodies: Vec<Value> = server.seen().iter().filter_map(|seen| serde_json::from_str(&seen.body).ok()).collect();
    assert_eq!(bodies[0], json!({ "content": "/w==", "encoding": "base64" }));
    let file =
        |path: &str, key: &str, value: Value| json!({ "path": path, "mode": "100644", "type": "blob", key: value });
    let entries = [
        file("bytes", "sha", json!("new")),
        file("old", "sha", Value::Null),
        file("text", "content", json!("a\nb")),
        file("twice", "content", json!("2")),
    ];
    assert_eq!(bodies[1], json!({ "base_tree": "t", "tree": entries }));
    let who = json!({ "name": "perf-gate", "email": "perf-gate@users.noreply.github.com" });
    let message = "Add\n\n[skip ci]\n";
    let commit = json!({ "message": message, "tree": "new", "parents": ["c"], "author": who, "committer": who });
    assert_eq!((&bodies[2], &bodies[3]), (&commit, &json!({ "sha": "new", "force": false })));
    assert_eq!(bodies.len(), 4);
}

#[test]
fn a_file_is_read_once_and_a_list_as_well() {
    let server = Server::start(|seen, _| usual(seen));
    let store = store(&server);
    for _ in 0..3 {
        let snapshot = store.snapshot().unwrap();
        assert_eq!(snapshot.list("days/").unwrap(), ["days/a"]);
        assert_eq!(snapshot.entries("").unwrap(), ["days/", "old"]);
        assert_eq!(snapshot.entries("days/").unwrap(), ["a"]);
        assert_eq!(snapshot.load(&["days/a", "none", "days", "days/a"]).unwrap()[3], Some(b"x".to_vec()));
    }
    assert_eq!(server.lines().len(), 3 + 1 + 1);
}

#[test]
fn a_list_that_is_too_long_is_read_folder_by_folder() {
    let server = Server::start(|seen, _| match seen.line.rsplit('/').next().unwrap_or_default() {
        "c?recursive=1" => Reply::new(200, tree(&[("days", "d", true)], true).to_string()),
        "c" => Reply::new(200, tree(&[("days", "d", true), ("old", "fo", false)], false).to_string()),
        "d?recursive=1" => Reply::new(200, tree(&[("s", "s", true)], true).to_string()),
        "d" => Reply::new(200, tree(&[("s", "s", true), ("x", "fx", false)], false).to_string()),
        "s?recursive=1" | "s" => Reply::new(200, tree(&[("a", "fa", false)], false).to_string()),
        _ => usual(seen),
    });
    let store = store(&server);
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.list("days/s/").unwrap(), ["days/s/a"]);
    assert_eq!(snapshot.list("").unwrap(), ["days/s/a", "days/x", "old"]);
    assert_eq!(snapshot.list("none/").unwrap(), [""; 0]);
    assert_eq!(snapshot.load(&["days/s/a", "old/a", "days/s"]).unwrap(), [Some(b"x".to_vec()), None, None]);
    assert_eq!(snapshot.sizes(&["days/x", "none"]).unwrap(), [1, 0]);
    assert_eq!(snapshot.entries("").unwrap(), ["days/", "old"]);
    assert_eq!(snapshot.entries("days/").unwrap(), ["s/", "x"]);
    assert_eq!(snapshot.entries("days/s/").unwrap(), ["a"]);
    assert_eq!(snapshot.entries("days/none/").unwrap(), [""; 0]);
    // Whatever is asked, each list is asked for once.
    assert_eq!(server.lines().iter().filter(|line| line.contains("/trees/")).count(), 5);
}

#[test]
fn who_is_outrun_thinks_again_on_what_is_there_then() {
    let server = Server::start(|seen, before| match seen.line.starts_with("PATCH") {
        true if before < 12 => Reply::new(422, r#"{"message": "Update is not a fast forward"}"#),
        _ => usual(seen),
    });
    let mut edits = 0;
    let mut edit = |_: &dyn Snapshot| {
        edits += 1;
        Ok(vec![FileChange::put("a", "x")])
    };
    store(&server).update("Add", &mut edit).unwrap();
    assert_eq!((edits, server.lines().iter().filter(|line| line.starts_with("PATCH")).count()), (3, 3));
}

#[test]
fn a_move_whose_answer_is_lost_is_no_second_update() {
    let server = Server::start(|seen, _| match seen.line.as_str() {
        line if line.starts_with("PATCH") => Reply::new(422, "{}"),
        line if line.ends_with("/ref/heads/results") => Reply::new(200, r#"{"object": {"sha": "new"}}"#),
        _ => usual(seen),
    });
    assert!(matches!(store(&server).move_branch("new", Some("c")).unwrap(), Move::Done));
    assert!(matches!(store(&server).move_branch("mine", Some("c")).unwrap(), Move::Outrun));
}

#[test]
fn a_branch_that_does_not_exist_is_made_without_a_past() {
    let server = Server::start(|seen, _| match seen.line.as_str() {
        line if line.ends_with("/ref/heads/results") => Reply::new(404, "{}"),
        "GET /repos/o/r" => Reply::new(200, "{}"),
        _ => usual(seen),
    });
    store(&server).update("Add", &mut |_| Ok(vec![FileChange::put("a", "x"), FileChange::remove("b")])).unwrap();
    let seen = server.seen();
    assert!(seen.iter().any(|seen| seen.body.contains(r#""parents":[]"#)));
    assert_eq!(seen.last().unwrap().body, r#"{"ref":"refs/heads/results","sha":"new"}"#);
    let writes = server.lines().iter().filter(|line| line.starts_with("POST")).count();
    store(&server).update("Nothing", &mut |_| Ok(vec![FileChange::remove("b")])).unwrap();
    assert_eq!(server.lines().iter().filter(|line| line.starts_with("POST")).count(), writes);
}

#[test]
fn rules_permissions_and_emptiness_are_explained() {
    let rule = Server::start(|seen, _| match seen.line.starts_with("PATCH") {
        true => Reply::new(422, r#"{"message": "Repository rule violations found"}"#),
        false => usual(seen),
    });
    let message = failure(&rule);
    assert!(message.contains("ruleset") && message.contains("Repository rule violations found (422)"), "{message}");
    assert_eq!(rule.lines().iter().filter(|line| line.starts_with("PATCH")).count(), 1);

    let forbidden = Server::start(|seen, _| match seen.line.starts_with("POST") {
        true => Reply::new(403, r#"{"message": "Resource not accessible by integration"}"#),
        false => usual(seen),
    });
    let message = failure(&forbidden);
    assert!(message.starts_with("github:o/r#results: o/r: writing a tree: "), "{message}");
    assert!(message.contains("`permissions: contents: write`"), "{message}");

    let empty = Server::start(|seen, _| match seen.line.contains("/git/") {
        true => Reply::new(409, r#"{"message": "Git Repository is empty."}"#),
        false => Reply::new(200, "{}"),
    });
    assert!(failure(&empty).contains("make a first commit"));
    assert_eq!(store(&empty).snapshot().unwrap().list("").unwrap(), [""; 0]);

    let absent = Server::start(|_, _| Reply::new(404, "{}"));
    assert!(failure(&absent).contains("o/r: looking for the repository: not found"));
    assert!(store(&absent).snapshot().is_err());
}

#[test]
fn a_rule_is_no_race() {
    let refused = |words: &str| Error::Refused { doing: "moving".to_owned(), status: 422, words: words.to_owned() };
    assert!(is_race(&refused("Update is not a fast forward (422)")) && is_race(&refused("Reference already exists")));
    assert!(!is_race(&refused("Changes must be made through a pull request.")));
}

#[test]
fn places_that_cannot_be_are_refused_before_anything_is_asked() {
    let access = Access { api: "http://127.0.0.1:9".to_owned(), token: None };
    for place in ["", "owner", "owner/", "owner/a/b", "owner/name#", "owner/name#a b", "own er/name", "../x"] {
        assert!(open(&access, place).is_err(), "{place:?}");
    }
    assert_eq!(open(&access, "owner/name").unwrap().name(), "github:owner/name#perf-results");
}
