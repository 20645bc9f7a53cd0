//! Writers that are processes: together they lose and double nothing, and killed at any point of a write they leave a
//! readable store with everything they had acknowledged.

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
/// How many runs the child records.
const RUNS: &str = "PERF_GATE_TEST_RUNS";
/// Writers at once that are killed.
const KILLED: usize = 3;
/// Writers at once that end by themselves.
const WRITERS: usize = 20;

/// Not a test: what a child process of the tests below does until it ends or is killed.
#[test]
#[expect(clippy::print_stdout, reason = "the parent reads what was acknowledged")]
fn writer() {
    let [Ok(spec), Ok(name), Ok(runs)] = [STORE, WRITER, RUNS].map(std::env::var) else { return };
    let store = store::open(&spec).unwrap();
    for number in 0..runs.parse().unwrap() {
        let id = format!("{name}-{number}");
        store::record(&*store, &run("checkout", &id, number % 48)).unwrap();
        println!("acknowledged {id}");
    }
}

fn spawn(place: &Place, name: &str, runs: usize) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "store::killed::writer", "--nocapture"]);
    command.env(STORE, &place.spec).env(WRITER, name).env(RUNS, runs.to_string());
    // A group of its own, so that what the writer has started is killed with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// Kills a writer and, where the system knows groups of processes, the git that it has just started.
fn kill(child: &mut Child) {
    if cfg!(unix) {
        let group = format!("-{}", child.id());
        Command::new("kill").args(["-9", "--", &group]).stderr(Stdio::null()).status().unwrap();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Ids that a writer acknowledges, until it ends.
fn acknowledged(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    lines.filter_map(|line| line.split_once("acknowledged ").map(|(_, id)| id.to_owned()))
}

fn survives(place: &Place, rounds: u64) {
    let mut all = BTreeSet::new();
    for round in 0..rounds {
        let mut children: Vec<Child> = (0..KILLED).map(|n| spawn(place, &format!("w{round}.{n}"), 10_000)).collect();
        let mut writers: Vec<_> = children.iter_mut().map(acknowledged).collect();
        all.extend(writers[0].next());
        // Different points of a write in each round; the writers are killed one after the other.
        for (child, writer) in children.iter_mut().zip(writers) {
            thread::sleep(Duration::from_millis(3 + 11 * round));
            kill(child);
            all.extend(writer);
        }
        let found = ids(&*place.open(), "checkout");
        let unique: BTreeSet<String> = found.iter().cloned().collect();
        assert_eq!(unique.len(), found.len(), "doubled");
        assert!(all.is_subset(&unique), "lost: {:?}", all.difference(&unique));
        assert_eq!(list(&*place.open(), "runs/").len(), found.len());
        // A git that was killed while it held the branch leaves its lock; the error that writers get says so.
        drop(std::fs::remove_file(place.path().join(".git/refs/heads/perf-results.lock")));
    }
    assert!(all.len() >= rounds as usize, "the writers wrote next to nothing: {}", all.len());
}

fn share(place: &Place) {
    let mut children: Vec<Child> = (0..WRITERS).map(|n| spawn(place, &n.to_string(), 1)).collect();
    let acknowledged: BTreeSet<String> = children.iter_mut().flat_map(acknowledged).collect();
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    assert_eq!(acknowledged.len(), WRITERS);
    assert_eq!(ids(&*place.open(), "checkout").into_iter().collect::<BTreeSet<_>>(), acknowledged);
}

#[test]
fn twenty_processes_share_a_directory() {
    share(&Place::directory());
}

#[test]
fn twenty_processes_share_a_branch() {
    share(&Place::git());
}

#[test]
fn a_directory_survives_killed_writers() {
    survives(&Place::directory(), 5);
}

#[test]
fn a_branch_survives_killed_writers() {
    survives(&Place::git(), 3);
}
