//! Explanations: every formula comes to its value, every table to what is pooled of it, and the last values are the row's.

use super::calculator::{Calculator, value};
use super::{endpoint, record, run};
use crate::compare::{Comparison, Settings, compare};
use crate::model::{ALL, EndpointSummary, Record};
use crate::stats;
use crate::verdict::explain::{Explanation, Figures, Kind};
use crate::verdict::{Outcome, Policy, Row, explain, subjects};

fn near(ours: f64, expected: f64, what: &str) {
    assert!((ours - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{what}: {ours} is not {expected}");
}

/// Explains a row that was tested and holds everything that can be recomputed against everything else.
pub(super) fn check(comparison: &Comparison, policy: &Policy, row: &Row, what: &str) -> Explanation {
    let explanation = explain(comparison, policy, &row.endpoint, &row.metric).unwrap();
    assert_eq!(explanation.row.as_ref(), Some(row), "{what}");
    formulas_come_to_their_values(&explanation, what);
    derived_values_have_formulas(&explanation, what);
    names_are_known(&explanation);
    for (name, shown) in [
        ("t", row.statistic),
        ("p", row.p_value),
        ("c", row.critical_value),
        ("noise_floor", row.noise_floor),
        ("smallest", row.smallest_detectable),
    ] {
        near(value(&explanation, name), shown.unwrap(), &format!("{what}: {name}"));
    }
    check_bound(&explanation, what);
    check_spread(&explanation, what);
    explanation
}

/// What follows from other values carries its formula; those of names that are none would have been left out.
fn derived_values_have_formulas(explanation: &Explanation, what: &str) {
    const DERIVED: [&str; 21] = [
        "d", "sigma", "s_shrunk", "df", "extra", "se", "k", "both", "size", "t", "t1", "t2", "p1", "p2", "p", "L",
        "kappa", "carried", "angle", "s_c", "L_angle",
    ];
    let formulas: Vec<&str> =
        explanation.steps.iter().flat_map(|step| &step.formulas).map(|formula| formula.result.as_str()).collect();
    for value in explanation.steps.iter().flat_map(|step| &step.values) {
        let is_derived = DERIVED.contains(&value.name.trim_end_matches("_body"));
        assert!(!is_derived || formulas.contains(&value.name.as_str()), "{what}: {} has no formula", value.name);
    }
    assert!(["se", "df", "t", "p", "bound", "L", "noise_floor", "smallest"].iter().all(|name| formulas.contains(name)));
}

/// Every formula comes to the value that it is said to come to.
fn formulas_come_to_their_values(explanation: &Explanation, what: &str) {
    for formula in explanation.steps.iter().flat_map(|step| &step.formulas) {
        let result = Calculator::result(&formula.expression, explanation);
        let what = format!("{what}: {} = {}", formula.result, formula.expression);
        near(result, value(explanation, &formula.result), &what);
    }
}

/// Every name in words, formulas and conditions is that of a value, and no two values share a name.
fn names_are_known(explanation: &Explanation) {
    let mut names: Vec<&str> =
        explanation.steps.iter().flat_map(|step| &step.values).map(|v| v.name.as_str()).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "a name is used twice");
    for step in &explanation.steps {
        let conditions = step.checks.iter().map(|check| &check.condition);
        for text in conditions.chain([&step.words]) {
            for part in text.split('{').skip(1) {
                let name = part.split_once('}').unwrap().0;
                assert!(names.binary_search(&name).is_ok(), "{name} in {text}");
            }
        }
        assert!(step.values.iter().all(|value| value.value.is_finite()), "{}", step.title);
    }
}

fn table<'a>(explanation: &'a Explanation, of: &str) -> Option<&'a Figures> {
    explanation.steps.iter().flat_map(|step| &step.tables).find(|table| table.of == of)
}

/// The figures of a column, by line.
fn column(table: &Figures, symbol: &str) -> Vec<Option<f64>> {
    let at = table.columns.iter().position(|column| column.symbol == symbol).unwrap();
    table.lines.iter().map(|line| line.figures[at]).collect()
}

/// The critical value and the sum that is spent follow from the table of the family's tests.
fn check_bound(explanation: &Explanation, what: &str) {
    let tests = table(explanation, "test").unwrap();
    let columns = ["L/se", "df", "tries"].map(|symbol| column(tests, symbol));
    let trial = |i: usize| {
        let [gate, df, tries] = [0, 1, 2].map(|k: usize| columns[k][i].unwrap());
        stats::Trial { gate, df, tries }
    };
    let trials: Vec<stats::Trial> = (0..tests.lines.len()).map(trial).collect();
    near(stats::critical_value(&trials, value(explanation, "bound")), value(explanation, "c"), what);
    let [over, beyond] = ["P(T > L/se)", "tries·P(T > c)"].map(|symbol| column(tests, symbol));
    let sum: f64 = over.iter().zip(beyond).map(|(over, beyond)| over.unwrap().min(beyond.unwrap())).sum();
    near(sum.min(1.0), value(explanation, "spent"), what);
}

/// The centre and the spread of the baseline follow from the table of the runs.
fn check_spread(explanation: &Explanation, what: &str) {
    let runs = table(explanation, "run").unwrap();
    let symbol = if runs.columns.iter().any(|column| column.symbol == "r") { "r" } else { "g" };
    if runs.columns.iter().any(|column| column.symbol == "a") || value(explanation, "df_s") == 0.0 {
        return;
    }
    let residuals = column(runs, symbol).into_iter().flatten();
    let squares: f64 = residuals.map(|r| r * r).sum();
    near((squares / value(explanation, "df_s")).sqrt(), value(explanation, "s"), what);
    if symbol == "r" {
        let of = |part: &str| -> Vec<f64> {
            let lines = runs.lines.iter().zip(column(runs, "y")).filter(|(line, _)| line.part == part);
            lines.map(|(_, y)| y.unwrap()).collect()
        };
        let level = of("level");
        let centre = if level.len() <= 2 {
            level.iter().sum::<f64>() / level.len() as f64
        } else {
            stats::median(&level).unwrap()
        };
        let candidates = of("candidate");
        near(centre, value(explanation, "centre"), what);
        near(candidates.iter().sum::<f64>() / candidates.len() as f64, value(explanation, "now"), what);
    }
}

const NAMES: [&str; 6] = ["GET /a", "GET /b", "GET /c/{id}", "GET /d", "GET /e", "GET /slow"];

/// A run of six endpoints, the last `slow` times slower, all `runner` times.
fn six(slow: f64, runner: f64, i: usize) -> Record {
    let wobble = |k: usize| 1.0 + 0.01 * (((7 * i + 5 * k) % 11) as f64 - 5.0) / 5.0;
    let cells: Vec<(&str, EndpointSummary)> = (NAMES.iter().enumerate())
        .map(|(k, name)| {
            let factor = if *name == "GET /slow" { slow } else { 1.0 };
            (*name, endpoint(0.1 * wobble(k) * factor * runner, 4 + (i + k) as u64 % 3))
        })
        .collect();
    Record { id: format!("run-{i}"), ..run(&cells) }
}

fn compared(candidates: &[Record], past: Vec<Record>, earlier: Vec<Record>) -> Comparison {
    let baseline = crate::baseline::Baseline { runs: past, earlier, ..Default::default() };
    compare(candidates, &baseline, &Settings::default())
}

/// Explains every row of a comparison and returns the explanation of the one.
fn all(comparison: &Comparison, of: (&str, &str)) -> Explanation {
    let judgement = crate::verdict::judge(comparison, &Policy::default());
    let tested = judgement.rows.iter().filter(|row| row.p_value.is_some());
    let checked: Vec<_> = tested
        .map(|row| check(comparison, &Policy::default(), row, &format!("{}/{}", row.endpoint, row.metric)))
        .collect();
    let found = checked.into_iter().find(|e| (e.endpoint.as_str(), e.metric.as_str()) == of);
    found.unwrap_or_else(|| panic!("no row {of:?}"))
}

fn holds(explanation: &Explanation, start: &str) -> Option<bool> {
    let mut checks = explanation.steps.iter().flat_map(|step| &step.checks);
    checks.find(|check| check.condition.starts_with(start)).map(|check| check.holds)
}

#[test]
fn a_slower_endpoint_is_explained_by_the_first_line_of_the_table() {
    let past = (0..7).map(|i| six(1.0, 1.0 + 0.01 * (i % 3) as f64, i)).collect();
    let comparison = compared(&[six(1.4, 1.0, 9)], past, Vec::new());
    let slow = all(&comparison, ("GET /slow", "p95"));
    assert_eq!(["large", "sure", "vouched for", "critical"].map(|start| holds(&slow, start)), [Some(true); 4]);
    assert_eq!(holds(&slow, "real but small"), None, "lines below the one that applied are not told");
    let titles: Vec<&str> = slow.steps.iter().map(|step| step.title.as_str()).collect();
    assert_eq!(titles.len(), 10, "{titles:?}");
    let figures = slow.value("candidate").unwrap();
    assert!(figures.kind == Kind::Figure && (figures.value - 0.14).abs() < 0.005);
}

#[test]
fn cut_and_earlier_runs_are_marked_and_their_parts_have_their_own_centre() {
    let past = (0..10).map(|i| six(1.0, if i < 5 { 1.5 } else { 1.0 }, i)).collect();
    let earlier = (20..24).map(|i| six(1.0, 1.5, i)).collect();
    let slow = all(&compared(&[six(1.0, 1.0, 9), six(1.0, 1.0, 10)], past, earlier), ("GET /slow", "p95"));
    let runs = table(&slow, "run").unwrap();
    let count = |part: &str| runs.lines.iter().filter(|line| line.part == part).count();
    let parts = ["spread only", "before the shift", "level", "candidate"].map(count);
    assert_eq!(parts, [4, 5, 5, 2]);
    assert!(column(runs, "y₀").iter().take(14).all(Option::is_some));
}

#[test]
fn a_shift_of_the_whole_run_is_told_where_it_carries_an_endpoint() {
    let past = (0..7).map(|i| six(1.0, 1.0, i)).collect();
    let comparison = compared(&[six(1.0, 1.6, 9)], past, Vec::new());
    let run = all(&comparison, (ALL, "p95"));
    assert_eq!(holds(&run, "sure"), Some(true));
    let endpoint = all(&comparison, ("GET /a", "p95"));
    assert_eq!(holds(&endpoint, "carried"), Some(true));
    assert!(endpoint.steps.last().unwrap().words.ends_with("It is carried: regressed, a failure."));
    assert_eq!(endpoint.row.unwrap().note.as_deref(), Some("by a shift of the whole run"));
}

#[test]
fn few_endpoints_and_few_runs_are_explained_too() {
    let two = |slow: f64, i: u64| {
        run(&[("a", endpoint(0.1, 4)), ("b", endpoint(0.1 * slow * (1.0 + 0.01 * i as f64), i % 3))])
    };
    for n in 1..4 {
        let comparison = compared(&[two(1.5, 9)], (0..n).map(|i| two(1.0, i)).collect(), Vec::new());
        let row = all(&comparison, ("b", "p95"));
        assert_eq!(holds(&row, "vouched for"), Some(true));
        let shown = explain(&comparison, &Policy::default(), ALL, "p95").unwrap();
        assert_eq!(shown.steps[0].title, "Nothing to explain");
    }
}

#[test]
fn what_was_not_kept_is_said_and_the_rest_explained() {
    let past = (0..7).map(|i| six(1.0, 1.0, i)).collect();
    let mut comparison = compared(&[six(1.4, 1.3, 9)], past, Vec::new());
    comparison.effects.iter_mut().for_each(|effect| effect.origin = None);
    for (endpoint, metric) in subjects(&comparison, &Policy::default()) {
        let explanation = explain(&comparison, &Policy::default(), &endpoint, &metric).unwrap();
        names_are_known(&explanation);
        formulas_come_to_their_values(&explanation, &format!("{endpoint}/{metric}"));
        assert_eq!(explanation.steps[0].words, "How it was computed was not kept.");
        assert_eq!(explanation.value("c").map(|c| c.value), explanation.row.unwrap().critical_value);
    }
}

#[test]
fn without_a_comparison_the_reason_is_told() {
    let none = compared(&[six(1.0, 1.0, 9)], Vec::new(), Vec::new());
    let explanation = explain(&none, &Policy::default(), "GET /a", "p95").unwrap();
    assert_eq!((explanation.outcome, explanation.row), (Outcome::Inconclusive, None));
    assert_eq!(explanation.steps[0].notes, ["No baseline yet."]);
    let broken = Record { invalid: Some("the test was aborted".to_owned()), ..six(1.0, 1.0, 9) };
    let invalid = compared(&[broken], (0..3).map(|i| six(1.0, 1.0, i)).collect(), Vec::new());
    let explanation = explain(&invalid, &Policy::default(), ALL, "memory").unwrap();
    assert_eq!(
        (explanation.outcome, explanation.steps[0].notes[0].as_str()),
        (Outcome::Invalid, "the test was aborted.")
    );
    assert!(explain(&none, &Policy::default(), "GET /nowhere", "p95").is_none());
    assert!(explain(&none, &Policy::default(), "GET /a", "p50").is_none(), "it has no threshold");
    assert!(
        explain(&compared(&[record(Default::default())], Vec::new(), Vec::new()), &Policy::default(), ALL, "p95")
            .is_none()
    );
}

#[test]
fn every_row_of_the_report_is_a_subject() {
    let comparison = compared(&[six(1.0, 1.0, 9)], (0..3).map(|i| six(1.0, 1.0, i)).collect(), Vec::new());
    let subjects = subjects(&comparison, &Policy::default());
    assert_eq!(subjects.len(), 4 + 3 * NAMES.len());
    assert!(
        subjects.iter().all(|(endpoint, metric)| explain(&comparison, &Policy::default(), endpoint, metric).is_some())
    );
}
