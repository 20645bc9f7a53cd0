//! A process killed at any point of a write leaves a readable store with everything it had acknowledged.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use perf_gate::store;

use super::{Place, ids, list, run};

/// Names the store that a child process of a test writes to.
const STORE: &str = "PERF_GATE_TEST_STORE";
/// Names the child.
const WRITER: &str = "PERF_GATE_TEST_WRITER";
/// Writers at once.
const WRITERS: usize = 3;

/// Not a test: what a child process of the tests below does until it is killed.
#[test]
#[expect(clippy::print_stdout, reason = "the parent reads what was acknowledged")]
fn writer() {
    let (Ok(spec), Ok(name)) = (std::env::var(STORE), std::env::var(WRITER)) else { return };
    let store = store::open(&spec).unwrap();
    for number in 0..10_000 {
        let id = format!("{name}-{number}");
        store::record(&*store, &run("checkout", &id, number % 48)).unwrap();
        println!("acknowledged {id}");
    }
}

fn spawn(place: &Place, name: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::killed::writer", "--nocapture"])
        .env(STORE, &place.spec)
        .env(WRITER, name)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Ids that a killed writer had acknowledged.
fn acknowledged(child: &mut Child) -> Vec<String> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    lines.filter_map(|line| line.split_once("acknowledged ").map(|(_, id)| id.to_owned())).collect()
}

fn survives(place: &Place, rounds: u64) {
    let mut all = BTreeSet::new();
    for round in 0..rounds {
        let mut children: Vec<Child> = (0..WRITERS).map(|n| spawn(place, &format!("w{round}.{n}"))).collect();
        // Different points of a write in each round; the writers are killed one after the other.
        for (n, child) in children.iter_mut().enumerate() {
            thread::sleep(Duration::from_millis(if n == 0 { 120 } else { 7 } + 13 * round));
            child.kill().unwrap();
            child.wait().unwrap();
            all.extend(acknowledged(child));
        }
        let store = place.open();
        let found = ids(&*store, "checkout");
        let unique: BTreeSet<String> = found.iter().cloned().collect();
        assert_eq!(unique.len(), found.len(), "doubled");
        assert!(all.is_subset(&unique), "lost: {:?}", all.difference(&unique));
        assert!(list(&*store, "runs/").len() >= found.len());
    }
    assert!(all.len() > rounds as usize, "the writers wrote next to nothing: {}", all.len());
}

#[test]
fn a_directory_survives_killed_writers() {
    survives(&Place::directory(), 6);
}

#[test]
fn a_branch_survives_killed_writers() {
    survives(&Place::git(), 5);
}
