//! What `compare` says of two sides: pairs and runs, the order they were made in, improvements, several runs a side.

use std::path::Path;

use serde_json::{Value, json};

use super::{put, row, run};
use crate::program::{Answer, fixture, perf_gate, root};

/// Runs of base and head in turn, ten minutes a pair, on runners of different speed; `head` is what head makes of the
/// latencies of `GET /`, `GET /cart`, `GET /pay` and `GET /search`. Returns the flags that name them.
fn in_turn(folder: &Path, pairs: usize, head: [f64; 4]) -> Vec<String> {
    let mut flags = Vec::new();
    for pair in 0..pairs {
        let speed = [1.0, 1.3, 0.8, 1.1, 0.9][pair];
        for (flag, minute, change) in [("--base", 0, [1.0; 4]), ("--head", 5, head)] {
            let wobble = |endpoint: usize| [1.0, 1.01, 0.99, 1.005, 0.995][(2 * pair + minute / 5 + endpoint) % 5];
            let p95 = [0.2, 0.1, 0.3, 0.05].iter().zip(change).enumerate();
            let p95 = p95.map(|(i, (p95, change))| p95 * change * speed * wobble(i));
            let endpoints: Vec<_> = ["GET /", "GET /cart", "GET /pay", "GET /search"].into_iter().zip(p95).collect();
            let name = format!("{}-{pair}.json", &flag[2..]);
            put(folder, &name, &run(&format!("2026-11-21T02:{pair}{minute}:00Z"), &endpoints).to_string());
            flags.extend([flag.to_owned(), name]);
        }
    }
    flags
}

fn compare(folder: &Path, flags: &[String], more: &[&str]) -> Answer {
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    perf_gate(folder, &[&["compare"], &flags[..], more].concat())
}

/// The report's only scenario.
fn scenario(answer: &Answer) -> Value {
    answer.json()["scenarios"][0].clone()
}

#[test]
fn pairs_find_what_runs_on_different_runners_hide() {
    let folder = tempfile::tempdir().unwrap();
    let flags = in_turn(folder.path(), 5, [1.0, 1.0, 1.0, 1.3]);
    let paired = compare(folder.path(), &flags, &["--pairs", "--format", "json"]);
    assert_eq!(paired.code, 1, "{paired:?}");
    let search = row(&paired.json(), "GET /search", "p95").clone();
    assert_eq!((&search["verdict"], &search["runs"]), (&json!("regressed"), &json!(5)));
    assert!((search["change"].as_f64().unwrap() - 0.3).abs() < 0.02, "{search}");
    let analysis = &scenario(&paired)["analysis"];
    assert_eq!(analysis["kind"], "pairs");
    let reason = "Paired: 5 pairs of base and head in turn on one runner; the runner cancels.";
    assert_eq!(analysis["reason"], reason);
    assert_eq!(scenario(&paired)["warnings"], json!([]));

    let apart = compare(folder.path(), &flags, &["--format", "json"]);
    let reason = "Base runs against head runs: 5 against 5; not paired, since --pairs was not given.";
    assert_eq!(scenario(&apart)["analysis"], json!({"kind": "runs", "reason": reason}));
    let width = |report: &Value| {
        let interval = &row(report, "GET /search", "p95")["interval"];
        interval["upper"].as_f64().unwrap() - interval["lower"].as_f64().unwrap()
    };
    assert!(width(&apart.json()) > 2.0 * width(&paired.json()));
}

#[test]
fn pairs_need_as_many_runs_on_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let flags = in_turn(folder.path(), 3, [1.0; 4]);
    let answer = compare(folder.path(), &flags[2..], &["--pairs"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (2, ""));
    assert!(answer.stderr.contains("--pairs needs as many --base as --head"), "{}", answer.stderr);
    assert!(answer.stderr.contains("there are 2 and 3"), "{}", answer.stderr);
    assert_eq!(compare(folder.path(), &flags[2..], &[]).code, 0, "side by side they need not be equal");
}

#[test]
fn sides_made_one_after_the_other_are_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    in_turn(folder.path(), 4, [1.0; 4]);
    let flags = ["--base", "base-0.json", "--base", "head-0.json", "--head", "base-1.json", "--head", "head-1.json"];
    let answer = compare(folder.path(), &flags.map(str::to_owned), &["--pairs", "--format", "json"]);
    let warnings = scenario(&answer)["warnings"].to_string();
    assert!(warnings.contains("all base runs were made before all head runs"), "{warnings}");
    let answer = compare(folder.path(), &flags.map(str::to_owned), &["--format", "json"]);
    assert_eq!(scenario(&answer)["warnings"], json!([]), "only pairs claim to be in turn");
}

#[test]
fn environments_of_a_pair_must_agree_and_those_of_pairs_need_not() {
    let folder = tempfile::tempdir().unwrap();
    let flags = in_turn(folder.path(), 2, [1.0; 4]);
    let place = |name: &str, region: &str| {
        let path = folder.path().join(name);
        let mut run: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        run["environment"] = json!({"region": region});
        put(folder.path(), name, &run.to_string());
    };
    let notes = || {
        let answer = compare(folder.path(), &flags, &["--pairs", "--format", "json"]);
        scenario(&answer)["baseline"]["notes"].clone()
    };
    for (name, region) in [("base-0.json", "a"), ("head-0.json", "a"), ("base-1.json", "b"), ("head-1.json", "b")] {
        place(name, region);
    }
    assert_eq!(notes(), json!([]));
    place("head-1.json", "a");
    assert_eq!(notes(), json!(["base and head differ in region: b → a: the runner does not cancel"]));
}

#[test]
fn an_improvement_is_proven_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let with = |pairs, head| {
        let flags = in_turn(folder.path(), pairs, head);
        compare(folder.path(), &flags, &["--pairs", "--expect", "improvement"])
    };
    let first = |answer: &Answer| answer.stdout.lines().next().unwrap_or_default().to_owned();
    let proven = with(5, [1.0, 1.0, 1.0, 0.85]);
    assert_eq!(proven.code, 0, "{proven:?}");
    assert!(first(&proven).starts_with("IMPROVED  checkout: GET /search p95 −15."), "{}", first(&proven));
    assert!(first(&proven).contains(" % (95 % interval −"), "{}", first(&proven));

    let same = with(5, [1.0; 4]);
    assert_eq!(same.code, 1);
    assert!(first(&same).starts_with("NOT IMPROVED  checkout: no gain beyond chance"), "{}", first(&same));
    let spoilt = with(5, [1.0, 1.6, 1.0, 0.7]);
    assert_eq!(spoilt.code, 1);
    assert!(first(&spoilt).contains("something became worse: p95 of GET /cart +6"), "{}", first(&spoilt));
    let never = compare(
        folder.path(),
        &in_turn(folder.path(), 3, [1.0; 4]),
        &["--pairs", "--expect", "improvement", "--fail-on", "never"],
    );
    assert_eq!(never.code, 1, "what was asked for is not met, whatever fails the check");
}

#[test]
fn a_saved_proof_is_told_alike_in_every_document() {
    let folder = tempfile::tempdir().unwrap();
    let flags = in_turn(folder.path(), 5, [1.0; 4]);
    let expect = ["--pairs", "--expect", "improvement"];
    let json = compare(folder.path(), &flags, &[&expect[..], &["--format", "json"]].concat());
    put(folder.path(), "report.json", &json.stdout);
    let expectation = &scenario(&json)["expectation"];
    assert_eq!((&expectation["expected"], &expectation["met"]), (&json!("improvement"), &json!(false)));
    let again = scenario(&json)["run"]["command"].clone();
    assert!(again.to_string().contains(r#""--pairs","--expect","improvement""#), "{again}");
    for (format, telling) in [
        ("text", "NOT IMPROVED  checkout: No gain"),
        ("markdown", "### ❌ NOT IMPROVED checkout: No gain"),
        ("junit", "<testcase classname=\"checkout\" name=\"expect improvement\">"),
    ] {
        let saved = perf_gate(folder.path(), &["report", "report.json", "--format", format]);
        let direct = compare(folder.path(), &flags, &[&expect[..], &["--format", format]].concat());
        assert_eq!((saved.code, direct.code), (0, 1));
        assert_eq!(saved.stdout, direct.stdout);
        assert!(saved.stdout.to_lowercase().contains(&telling.to_lowercase()), "{}", saved.stdout);
    }
}

#[test]
fn an_improvement_of_what_cannot_be_judged_is_invalid() {
    let folder = tempfile::tempdir().unwrap();
    let mut flags = in_turn(folder.path(), 1, [0.5; 4]);
    put(folder.path(), "head-0.json", "{\"schema\": \"perf-gate/run/v1\"");
    assert_eq!(compare(folder.path(), &flags, &["--pairs", "--expect", "improvement"]).code, 2);
    flags.truncate(2);
    let answer =
        compare(folder.path(), &flags, &["--head", &fixture("locust/baseline/report.json"), "--expect", "improvement"]);
    assert_eq!(answer.code, 1, "nothing is proven of what cannot be compared: {answer:?}");
}

#[test]
fn head_runs_enter_as_their_mean_and_none_is_overlooked() {
    let folder = tempfile::tempdir().unwrap();
    let put_run =
        |name: &str, at: &str, endpoints: &[(&str, f64)]| put(folder.path(), name, &run(at, endpoints).to_string());
    let flags = |heads: [&str; 2]| {
        let words =
            ["--base", "0.json", "--base", "1.json", "--base", "2.json", "--head", heads[0], "--head", heads[1]];
        words.map(str::to_owned)
    };
    for (name, at) in
        [("0.json", "2026-11-20T01:00:00Z"), ("1.json", "2026-11-20T02:00:00Z"), ("2.json", "2026-11-20T03:00:00Z")]
    {
        put_run(name, at, &[("GET /", 0.2), ("GET /pay", 0.4)]);
    }
    put_run("a.json", "2026-11-21T01:00:00Z", &[("GET /", 0.2)]);
    put_run("b.json", "2026-11-21T02:00:00Z", &[("GET /", 0.242), ("GET /pay", 0.8)]);
    for heads in [["a.json", "b.json"], ["b.json", "a.json"]] {
        let answer = compare(folder.path(), &flags(heads), &["--format", "json"]);
        let report = answer.json();
        let change = row(&report, "GET /", "p95")["change"].as_f64().unwrap();
        assert!((change - 0.1).abs() < 1e-9, "the mean of logarithms: {change}");
        assert_eq!(row(&report, "GET /pay", "p95")["verdict"], "regressed", "{heads:?}");
        let warnings = report["scenarios"][0]["warnings"].to_string();
        assert!(warnings.contains("'GET /pay' is in 1 of 2 head runs"), "{warnings}");
    }
}

#[test]
fn runs_of_one_side_with_latencies_of_other_requests_are_not_mixed() {
    let [ok, all] = ["k6/baseline-1/points.csv.gz", "locust/baseline/report.json"].map(fixture);
    let judged = |flags: &[&str]| {
        let answer = perf_gate(root(), &[&["compare", "--format", "json"], flags].concat());
        assert_eq!(answer.code, 0, "{answer:?}");
        scenario(&answer)
    };
    let heads = judged(&["--base", &ok, "--head", &ok, "--head", &all]);
    assert!(heads["reason"].to_string().contains("cannot be compared"), "{heads}");
    let pairs = judged(&["--pairs", "--base", &ok, "--base", &all, "--head", &ok, "--head", &all]);
    assert!(pairs["reason"].to_string().contains("cannot be compared"), "{pairs}");
    let bases = judged(&["--base", &ok, "--base", &all, "--head", &ok]);
    assert!(bases["warnings"].to_string().contains("1 base run was left out"), "{bases}");
}
