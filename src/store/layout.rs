//! The paths of a store: which file lies where.
//!
//! ```text
//! runs/<scenario>/<fingerprint>/<yyyy>/<mm>/<dd>/<hhmmss>-<commit7>-<run id>.json   a run, never changed but thinned
//! days/<scenario>/<fingerprint>/<yyyy-mm-dd>.json                                  the summaries of a day (UTC)
//! accepted/<scenario>/<yyyymmdd-hhmmss>-<digest>.json                              a regression that people accepted
//! pending/<pull request>/<yyyymmdd-hhmmss>-<digest>.json                           the same, until it is merged
//! approvals/<commit>/<yyyymmdd-hhmmss>-<digest>.json                               what people decided on a commit
//! issues/<scenario>.json                                                          what its issue was told
//! nightly/<yyyy-mm-dd>.json, nightly/<yyyy-mm-dd>_regression.md                    a night's runs (UTC); what went wrong
//! weekly/<yyyy>-W<ww>.md                                                           a week of nights, for people
//! badges/<scenario>/{p95,outcome}.{svg,json}, badges/outcome.{svg,json}            pictures of the latest runs
//! badges/state.json                                                                what the pictures are of
//! damaged/<path>-<digest>                                                          an unreadable day file, kept
//! README.md                                                                        what this is
//! ```
//!
//! Names come from outside: in a path they are percent-encoded to lower-case letters, digits, `-`, `_` and `.`, so that
//! no name leaves its folder and no two names meet on a disk that ignores case or normalises Unicode.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use sha2::{Digest, Sha256};

pub use super::place::Place;
use crate::model::{Acceptance, Approval, Record};

/// The file that explains the store to those who find it.
pub const README: &str = "README.md";
/// Its text.
pub const README_TEXT: &str = include_str!("branch_readme.md");

/// Longest name in a path, bytes: with time, commit and `.json` it stays below the 255 of common file systems.
const LONGEST: usize = 150;
/// What is kept of a longer name before its digest.
const KEPT: usize = 120;
/// Names that Windows keeps for devices, whatever follows after a dot.
const DEVICES: &[&str] = &["aux", "con", "nul", "prn"];

/// `name` as a part of a path: percent-encoded; of very long names the beginning, `~` and a digest.
pub fn component(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for (at, byte) in name.bytes().enumerate() {
        let outer_dot = byte == b'.' && (at == 0 || at + 1 == name.len());
        let plain = byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.');
        if plain && !outer_dot && !(at == 0 && is_device(name)) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02x}"));
        }
    }
    match encoded.len() {
        // A part of a path cannot be empty; a lone '%' encodes nothing else.
        0 => "%".to_owned(),
        length if length > LONGEST => format!("{}~{}", &encoded[..KEPT], digest(name.as_bytes())),
        _ => encoded,
    }
}

/// The name that [`component`] encoded; `None` if it was shortened, or is none.
pub fn name(component: &str) -> Option<String> {
    if component == "%" {
        return Some(String::new());
    }
    let mut parts = component.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    let name = String::from_utf8(bytes).ok()?;
    (self::component(&name) == component).then_some(name)
}

/// Folder of the runs of a scenario in an environment.
pub fn runs(scenario: &str, fingerprint: &str) -> String {
    format!("runs/{}/{}/", component(scenario), component(fingerprint))
}

/// Folder of the day files of a scenario in an environment.
pub fn days(scenario: &str, fingerprint: &str) -> String {
    format!("days/{}/{}/", component(scenario), component(fingerprint))
}

/// Where the run of `record` lies.
pub fn run(record: &Record) -> String {
    let started = Offset::UTC.to_datetime(record.started_at);
    let folder = runs(&record.scenario, &record.fingerprint);
    let commit = commit(record.commit.as_deref());
    format!("{folder}{}-{commit}-{}.json", started.strftime("%Y/%m/%d/%H%M%S"), component(&record.id))
}

/// Where a day's summaries lie.
pub fn day(scenario: &str, fingerprint: &str, date: Date) -> String {
    format!("{}{date}.json", days(scenario, fingerprint))
}

/// Folder of what was accepted in a scenario.
pub fn accepted(scenario: &str) -> String {
    format!("accepted/{}/", component(scenario))
}

/// Where an acceptance lies whose text is `text`.
pub fn acceptance(acceptance: &Acceptance, text: &[u8]) -> String {
    format!("{}{}", accepted(&acceptance.scenario), decided(acceptance.at, text))
}

/// Folder of what was accepted on pull requests and waits for their merge.
pub const PENDING: &str = "pending/";

/// Folder of what was accepted on a pull request and waits for its merge.
pub fn pending(pull_request: u64) -> String {
    format!("{PENDING}{pull_request}/")
}

/// Where an acceptance lies that waits for a merge.
pub fn pending_acceptance(pull_request: u64, acceptance: &Acceptance, text: &[u8]) -> String {
    format!("{}{}", pending(pull_request), decided(acceptance.at, text))
}

/// Folder of the decisions on a commit.
pub fn approvals(commit: &str) -> String {
    format!("approvals/{}/", component(commit))
}

/// Where a decision lies whose text is `text`.
pub fn approval(approval: &Approval, text: &[u8]) -> String {
    format!("{}{}", approvals(&approval.commit), decided(approval.at, text))
}

/// Name of the file of something that a person decided.
fn decided(at: Timestamp, text: &[u8]) -> String {
    format!("{}-{}.json", Offset::UTC.to_datetime(at).strftime("%Y%m%d-%H%M%S"), digest(text))
}

/// Where it is kept what the issue of a scenario was told.
pub fn issue(scenario: &str) -> String {
    format!("issues/{}.json", component(scenario))
}

/// Where the runs of a night lie, by date, and where it is told what went wrong.
pub fn nightly(date: Date) -> [String; 2] {
    [format!("nightly/{date}.json"), format!("nightly/{date}_regression.md")]
}

/// Where the digest of the ISO week lies that `date` is in.
pub fn weekly(date: Date) -> String {
    format!("weekly/{}.md", week(date))
}

/// The ISO 8601 week that `date` is in: `2026-W47`.
pub fn week(date: Date) -> String {
    let week = date.iso_week_date();
    format!("{:04}-W{:02}", week.year(), week.week())
}

/// Where it is kept what the badges are of.
pub const BADGES: &str = "badges/state.json";

/// Where a badge lies, without its ending; of the repository as a whole where no scenario is given.
///
/// No folder has a dot in its name: a scenario called `outcome.svg` would lie where a badge does.
pub fn badge(scenario: Option<&str>, name: &str) -> String {
    match scenario {
        Some(scenario) => format!("badges/{}/{name}", component(scenario).replace('.', "%2e")),
        None => format!("badges/{name}"),
    }
}

/// Where an unreadable file is kept before it is written anew.
pub fn damaged(path: &str, bytes: &[u8]) -> String {
    format!("damaged/{path}-{}", digest(bytes))
}

/// The day of a time, UTC.
pub fn date(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}

/// The first seven digits of a commit's hash; anything else is `nocommit`.
fn commit(hash: Option<&str>) -> String {
    let short = hash.and_then(|h| h.get(..7)).filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()));
    short.map_or("nocommit".to_owned(), str::to_ascii_lowercase)
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let port = stem.len() == 4 && (stem.starts_with("com") || stem.starts_with("lpt"));
    DEVICES.contains(&stem) || port && stem.as_bytes()[3].is_ascii_digit()
}

/// 16 hexadecimal digits that tell apart.
fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Run, Summary};
    use proptest::prelude::*;

    fn record(scenario: &str, id: &str) -> Record {
        let mut run = Run::new(scenario);
        run.id = Some(id.to_owned());
        run.started_at = Some("2026-03-04T05:06:07Z".parse().unwrap());
        run.commit = Some("ABCDEF0123456789".to_owned());
        run.summary = Some(Summary::default());
        Record::of(&run).unwrap()
    }

    #[test]
    fn a_run_lies_under_its_day() {
        let record = record("checkout", "42-1");
        let path = run(&record);
        let fingerprint = &record.fingerprint;
        assert_eq!(path, format!("runs/checkout/{fingerprint}/2026/03/04/050607-abcdef0-42-1.json"));
        let place = Place::of(&path).unwrap();
        assert_eq!((place.run.as_deref(), place.date), (Some("42-1"), date(record.started_at)));
        assert_eq!(Place::of(&day("checkout", fingerprint, place.date)).unwrap().run, None);
    }

    #[test]
    fn unusual_names_become_harmless() {
        for (name, expected) in [
            ("GET /a", "%47%45%54%20%2fa"),
            ("..", "%2e%2e"),
            (".git", "%2egit"),
            ("v1.2", "v1.2"),
            ("nul.txt", "%6eul.txt"),
            ("com1", "%63om1"),
            ("é", "%c3%a9"),
            ("", "%"),
        ] {
            assert_eq!(component(name), expected);
        }
        assert_ne!(component(&"é".repeat(200)), component(&"é".repeat(201)));
        assert_eq!(super::name(&component(&"x".repeat(500))), None);
    }

    proptest! {
        #[test]
        fn names_come_back_from_paths(text in "\\PC{0,40}") {
            let encoded = component(&text);
            let safe = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.%~".contains(&b);
            prop_assert!(encoded.bytes().all(safe) && !encoded.starts_with('.') && !encoded.ends_with('.'));
            prop_assert!(encoded.len() <= LONGEST);
            if !encoded.contains('~') {
                prop_assert_eq!(name(&encoded), Some(text));
            }
        }

        #[test]
        fn runs_are_found_again_whatever_their_names(scenario in "\\PC{0,80}", id in "\\PC{0,80}") {
            let record = record(&scenario, &id);
            let place = Place::of(&run(&record)).unwrap();
            prop_assert_eq!(place.scenario, component(&scenario));
            prop_assert_eq!(place.run, Some(component(&id)));
        }
    }
}
