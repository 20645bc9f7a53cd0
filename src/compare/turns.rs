//! Whether pairs were made as they claim: base and head in turn and close in time.

use jiff::{SignedDuration, Timestamp};

use crate::model::{Record, Warning};

/// Longest pause between the runs of a pair that is short whatever the runs take: setting up the other version.
const PAUSE: SignedDuration = SignedDuration::from_mins(10);
/// Time by which runs may seem to overlap: clocks and rounding.
const OVERLAP: SignedDuration = SignedDuration::from_secs(1);

/// What speaks against taking `base[i]` and `head[i]` as pairs; the starts must be those of the runs.
pub fn in_turn(base: &[Record], head: &[Record]) -> Vec<Warning> {
    let pairs: Vec<Pair<'_>> = base.iter().zip(head).map(|(base, head)| Pair { base, head }).collect();
    let mut said = Vec::new();
    match blocks(&pairs) {
        Some((first, second)) => said.push(format!(
            "all {first} runs were made before all {second} runs: what the runner did in between counts as a change; \
             run base and head in turn"
        )),
        None => said.extend(list(&apart(&pairs), "not made in turn: another run came between base and head")),
    }
    let where_is = |test: fn(&Pair<'_>) -> bool| -> Vec<usize> {
        pairs.iter().enumerate().filter(|(_, pair)| test(pair)).map(|(i, _)| i).collect()
    };
    said.extend(list(&where_is(|pair| pair.overlaps()), "base and head ran at the same time and took from each other"));
    said.extend(list(
        &where_is(|pair| pair.is_far()),
        "a long pause between base and head: the runner may have changed",
    ));
    said.into_iter().map(Warning).collect()
}

/// One pair.
struct Pair<'a> {
    base: &'a Record,
    head: &'a Record,
}

impl Pair<'_> {
    /// The runs in the order of time.
    fn ordered(&self) -> (&Record, &Record) {
        if self.base.started_at <= self.head.started_at { (self.base, self.head) } else { (self.head, self.base) }
    }

    /// Time from the end of the first run to the start of the second; negative where they overlap.
    fn pause(&self) -> SignedDuration {
        let (first, second) = self.ordered();
        second.started_at.duration_since(first.started_at) - length(first)
    }

    fn overlaps(&self) -> bool {
        self.pause() < -OVERLAP
    }

    /// Whether the pause is longer than the run and than [`PAUSE`].
    fn is_far(&self) -> bool {
        self.pause() > PAUSE.max(length(self.ordered().0))
    }
}

/// How long a run took, as far as it is known.
fn length(run: &Record) -> SignedDuration {
    let seconds = run.summary.duration.filter(|seconds| seconds.is_finite()).unwrap_or(0.0);
    SignedDuration::from_millis((seconds * 1e3) as i64)
}

/// The sides in their order, where one was made as a whole before the other.
fn blocks(pairs: &[Pair<'_>]) -> Option<(&'static str, &'static str)> {
    let span = |side: fn(&Pair<'_>) -> Timestamp| {
        let starts = || pairs.iter().map(side);
        Some((starts().min()?, starts().max()?))
    };
    let (base, head) = (span(|pair| pair.base.started_at)?, span(|pair| pair.head.started_at)?);
    match pairs.len() {
        0 | 1 => None,
        _ if base.1 < head.0 => Some(("base", "head")),
        _ if head.1 < base.0 => Some(("head", "base")),
        _ => None,
    }
}

/// Pairs (by index) whose runs are no neighbours in time.
fn apart(pairs: &[Pair<'_>]) -> Vec<usize> {
    let starts = pairs.iter().enumerate();
    let mut order: Vec<(Timestamp, usize)> =
        starts.flat_map(|(i, pair)| [(pair.base.started_at, i), (pair.head.started_at, i)]).collect();
    order.sort_unstable();
    let together = |i: usize| order.windows(2).any(|next| next[0].1 == i && next[1].1 == i);
    (0..pairs.len()).filter(|i| !together(*i)).collect()
}

/// `pairs 1, 3: …`
fn list(pairs: &[usize], what: &str) -> Option<String> {
    let names: Vec<String> = pairs.iter().map(|i| (i + 1).to_string()).collect();
    let noun = if names.len() == 1 { "pair" } else { "pairs" };
    (!names.is_empty()).then(|| format!("{noun} {}: {what}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Basis, Load, Summary};

    /// A run of a minute that started so many minutes after the epoch.
    fn run(minute: i64) -> Record {
        Record {
            id: minute.to_string(),
            scenario: "checkout".to_owned(),
            fingerprint: String::new(),
            identity: std::collections::BTreeMap::new(),
            started_at: Timestamp::from_second(60 * minute).unwrap(),
            commit: None,
            branch: None,
            pull_request: None,
            release: None,
            basis: Basis::Ok,
            load: Load::default(),
            invalid: None,
            judged: None,
            summary: Summary { duration: Some(60.0), ..Summary::default() }.into(),
        }
    }

    fn said(base: &[i64], head: &[i64]) -> Vec<String> {
        let runs = |minutes: &[i64]| minutes.iter().map(|minute| run(*minute)).collect::<Vec<_>>();
        in_turn(&runs(base), &runs(head)).into_iter().map(|warning| warning.0).collect()
    }

    #[test]
    fn runs_in_turn_raise_no_doubt_whichever_is_first() {
        assert!(said(&[0, 4, 8], &[2, 6, 10]).is_empty());
        assert!(said(&[0, 6, 8], &[2, 4, 10]).is_empty());
        assert!(said(&[0], &[5]).is_empty() && said(&[], &[]).is_empty());
    }

    #[test]
    fn one_side_after_the_other_is_confounded_with_the_runner() {
        let said = said(&[0, 2, 4], &[6, 8, 10]);
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with("all base runs were made before all head runs"), "{said:?}");
        assert!(super::tests::said(&[6, 8], &[0, 2])[0].starts_with("all head runs were made before all base runs"));
    }

    #[test]
    fn runs_of_other_pairs_do_not_come_between() {
        let said = said(&[0, 2, 8], &[4, 6, 10]);
        assert_eq!(said, ["pairs 1, 2: not made in turn: another run came between base and head"]);
    }

    #[test]
    fn pauses_and_overlaps_are_told() {
        assert_eq!(said(&[0, 20], &[2, 40]).len(), 1);
        assert!(said(&[0, 20], &[2, 40])[0].starts_with("pair 2: a long pause"));
        assert!(said(&[0, 20], &[0, 22])[0].starts_with("pair 1: base and head ran at the same time"));
    }
}
