//! Writers at the same time: each reads, plans and makes its changes one by one, and others get in between.
//!
//! What is assumed: a change is made at most `GAP` steps after what it was planned from was read. A writer reads and plans
//! until nothing is left to change, and goes when it finds so again a pause later.

use super::*;

/// Steps from reading to the last change that follows from it.
const GAP: u64 = 12;
/// How long a writer must have found nothing to change before it goes; longer than the others take.
const PAUSE: u64 = GAP + 8;

struct Writer {
    ours: Vec<Section>,
    queue: Vec<Change>,
    read: u64,
    calm: Option<u64>,
    done: bool,
}

impl Writer {
    fn new(scenario: &str) -> Self {
        let ours = vec![newer(failed(scenario, "p95 +31.8 %"))];
        Self { ours, queue: Vec::new(), read: 0, calm: None, done: false }
    }

    /// Makes the next change, or reads and plans.
    fn step(&mut self, server: &mut Server, now: u64, pause: u64) {
        if !self.queue.is_empty() {
            server.apply(&self.queue.remove(0));
            return;
        }
        (self.queue, self.read) = (server.plan(&self.ours).changes, now);
        match self.calm {
            _ if !self.queue.is_empty() => self.calm = None,
            Some(since) => self.done = now - since >= pause,
            None => self.calm = Some(now),
        }
    }

    /// Whether its changes may wait no longer.
    fn is_due(&self, now: u64) -> bool {
        !self.queue.is_empty() && now + self.queue.len() as u64 >= self.read + GAP - 3
    }
}

/// Random numbers from a seed (splitmix64).
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*seed ^ (*seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 33
}

/// Lets three writers run, interleaved as the seed says; what is there afterwards.
fn raced(mut server: Server, seed: u64, pause: u64) -> Server {
    let mut seed = seed;
    let mut writers = ["a", "b", "c"].map(Writer::new);
    for now in 0..5_000 {
        let due = (0..3).filter(|i| writers[*i].is_due(now)).min_by_key(|i| writers[*i].read);
        let chosen = due.unwrap_or_else(|| (next(&mut seed) % 3) as usize);
        let writer = &mut writers[chosen];
        if !writer.done {
            writer.step(&mut server, now, pause);
        }
        if writers.iter().all(|writer| writer.done) {
            return server;
        }
    }
    panic!("seed {seed}: the writers never agreed: {:?}", server.comments);
}

/// Of so many seeds those after which there is not one comment with all of these scenarios.
fn lost(seeds: u64, before: &Server, pause: u64, all: &[&str]) -> Vec<u64> {
    let is_lost = |seed: &u64| {
        let server = raced(before.clone(), *seed, pause);
        server.comments.len() != 1 || scenarios(&server.comments[0].body) != all
    };
    (0..seeds).filter(is_lost).collect()
}

#[test]
fn three_first_writers_end_with_one_comment_that_has_all_sections() {
    assert_eq!(lost(150, &Server::default(), PAUSE, &["a", "b", "c"]), Vec::<u64>::new());
}

#[test]
fn three_writers_over_an_older_comment_lose_nothing() {
    let mut old = Server::default();
    old.say(&[section("b", "fine"), section("z", "fine")]);
    assert_eq!(lost(150, &old, PAUSE, &["a", "b", "c", "z"]), Vec::<u64>::new());
}

#[test]
fn without_a_pause_a_slow_writer_would_overwrite_one_that_is_gone() {
    assert_ne!(lost(150, &Server::default(), 0, &["a", "b", "c"]), Vec::<u64>::new());
}
