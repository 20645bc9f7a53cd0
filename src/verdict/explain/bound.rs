//! How sure the change is: its statistics, and the bound on false alarms of the whole comparison.

use crate::stats::{Estimate, chance, survival};
use crate::verdict::families::Family;
use crate::verdict::policy::Levels;
use crate::verdict::trial::Trial;

use super::document::{Figures, Kind, Line, Step};

/// The change in standard errors, and how probable so much is by chance.
pub(super) fn statistics(trial: &Trial<'_>) -> Step {
    let tested = trial.tested();
    let change = if trial.is_rate() { "{angle}" } else { "{est}" };
    let mut step = Step::new(
        "The statistics and p",
        "P(T > t) is how probable a Student variable of these degrees of freedom is above t when nothing changed.",
    );
    let Some(body) = trial.body() else {
        step.follows("t", "t", &format!("{change}/{{se}}"), tested.t(), "the change in standard errors");
        step.follows("p", "p", "P(T > {t}; {df})", trial.p, "one-sided p-value of a degradation");
        return step;
    };
    step.say("Tail and body are tested both; the better one counts and pays for two tries.");
    one(&mut step, &tested, ["1", "₁", ""]);
    one(&mut step, &body, ["2", "₂", "_body"]);
    step.follows("t", "t", "max({t1}, {t2})", trial.statistic(), "the better statistic");
    step.follows("p", "p", "min(1, 2·min({p1}, {p2}))", trial.p, "one-sided p-value of a degradation");
    step
}

/// One of two statistics, with the ends of its names.
fn one(step: &mut Step, estimate: &Estimate, [name, symbol, values]: [&str; 3]) {
    let ratio = format!("{{est{values}}}/{{se{values}}}");
    step.follows(&format!("t{name}"), &format!("t{symbol}"), &ratio, estimate.t(), "a change in standard errors");
    let p = survival(estimate.t(), estimate.df);
    let above = format!("P(T > {{t{name}}}; {{df{values}}})");
    step.follows(&format!("p{name}"), &format!("p{symbol}"), &above, p, "its one-sided p-value");
}

/// What the statistic must reach, and why.
pub(super) fn bound(trial: &Trial<'_>, family: &Family, trials: &[Trial<'_>], levels: &Levels) -> Step {
    let tests = family.tests(trials);
    let mut step = Step::new(
        "The bound for the whole comparison",
        "An unchanged run may fail with {q} at most, over all endpoints and metrics; this family of {tests} test(s) may \
         spend {bound} of it. A false alarm of one test has to get over its threshold, which is L/se standard errors away, \
         and over c. So c is the smallest number from 1.645 on with which the sum over the family of the smaller of P(T > \
         L/se) and tries·P(T > c) is at most that.",
    );
    step.notes.push(format!("The family is {}.", family.name));
    step.given("q", "q", Kind::Number, levels.q_fail, "chance of any false failure that is allowed");
    step.given("share", "share", Kind::Number, family.share, "share of the family");
    step.given("total", "all shares", Kind::Number, family.total, "shares of all families that are there");
    let bound = family.bound(levels.q_fail);
    step.follows("bound", "bound", "{q}·{share}/{total}", bound, "chance that the family may spend");
    step.given("tests", "tests", Kind::Count, tests.len() as f64, "tests of the family");
    step.tables.push(table(family, trials));
    let c = trial.critical_value;
    step.given("c", "c", Kind::Number, c, "critical value");
    step.given("spent", "Σ", Kind::Number, chance(&tests, c), "what is spent with it");
    step.say("With c = {c} it is {spent}.");
    if trial.statistic() > 0.0 {
        let reached = chance(&tests, trial.statistic());
        step.given("p_family", "p_f", Kind::Number, reached, "chance that any test of the family reaches t");
        step.say("That any of these tests reaches this row's t by chance has {p_family}.");
    }
    step.given("p_adjusted", "p_adj", Kind::Number, trial.adjusted, "p adjusted for the family's list");
    step.say(
        "For the list of what is real, p is adjusted for the family to {p_adjusted} (Benjamini and Hochberg 1995): of rows \
         up to that value such a share may be false.",
    );
    step
}

/// The tests of the family.
fn table(family: &Family, trials: &[Trial<'_>]) -> Figures {
    let mut table = Figures::new(
        "test",
        &[
            ("L/se", Kind::Number, "the threshold in standard errors; 0 of a shift that others ride on"),
            ("df", Kind::Number, "degrees of freedom"),
            ("tries", Kind::Count, "statistics tried"),
            ("P(T > L/se)", Kind::Number, "chance to get over the threshold"),
            ("tries·P(T > c)", Kind::Number, "chance to get over c"),
        ],
    );
    for trial in family.members.iter().map(|i| &trials[*i]) {
        let test = trial.test();
        let chances = [test.over_threshold(), test.beyond(trial.critical_value)];
        table.lines.push(Line {
            name: trial.effect.endpoint.clone(),
            figures: [test.gate, test.df, test.tries].into_iter().chain(chances).map(Some).collect(),
            ..Line::default()
        });
    }
    table
}
