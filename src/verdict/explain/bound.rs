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
        "The statistic and p",
        "t is the change in standard errors; P(T > t; df) is the probability that a Student variable with df degrees of \
         freedom is above it, which is that of such a t when nothing changed.",
    );
    let meaning = "one-sided p-value of a degradation";
    let Some(body) = trial.body() else {
        let ratio = format!("{change}/{{se}}");
        step.follows("t", "t", Kind::Number, &ratio, tested.t(), "the change in standard errors");
        step.follows("p", "p", Kind::Number, "P(T > {t}; {df})", trial.p, meaning);
        return step;
    };
    step.say("Tail and body are both tested; the better one counts and pays for two tries.");
    one(&mut step, &tested, ["1", "₁", ""]);
    one(&mut step, &body, ["2", "₂", "_body"]);
    step.follows("t", "t", Kind::Number, "max({t1}, {t2})", trial.statistic(), "the better statistic");
    step.follows("p", "p", Kind::Number, "min(1, 2·min({p1}, {p2}))", trial.p, meaning);
    step
}

/// One of two statistics, with the ends of its names.
fn one(step: &mut Step, estimate: &Estimate, [name, symbol, values]: [&str; 3]) {
    let [t, p] = ["t", "p"].map(|letter| (format!("{letter}{name}"), format!("{letter}{symbol}")));
    let ratio = format!("{{est{values}}}/{{se{values}}}");
    step.follows(&t.0, &t.1, Kind::Number, &ratio, estimate.t(), "a change in standard errors");
    let above = format!("P(T > {{t{name}}}; {{df{values}}})");
    let chance = survival(estimate.t(), estimate.df);
    step.follows(&p.0, &p.1, Kind::Number, &above, chance, "its one-sided p-value");
}

/// What the statistic must reach, and why.
pub(super) fn bound(trial: &Trial<'_>, family: &Family, trials: &[Trial<'_>], levels: &Levels) -> Step {
    let tests = family.tests(trials);
    let c = trial.critical_value;
    let mut step = Step::new(
        "The bound for the whole comparison",
        "When nothing changed, any failure at all may have the probability {q}, over all endpoints and metrics. The tests of \
         one family share a part of it; this row's family has {tests} and may spend {bound}. A false alarm must get over the \
         threshold, L/se standard errors away, and over the critical value c. So c is the smallest number from 1.645 on with \
         which the sum over the family of the smaller of P(T > L/se) and tries·P(T > c) is within that: with c = {c} it is \
         {spent}.",
    );
    step.notes.push(format!("The family is {}.", family.name));
    step.given("q", "q", Kind::Number, levels.q_fail, "probability of any false failure that is allowed");
    step.given("share", "share", Kind::Number, family.share, "share of the family");
    step.given("total", "all shares", Kind::Number, family.total, "shares of all families that are there");
    let bound = family.bound(levels.q_fail);
    let meaning = "probability that the family may spend";
    step.follows("bound", "bound", Kind::Number, "{q}·{share}/{total}", bound, meaning);
    step.given("tests", "tests", Kind::Count, tests.len() as f64, "tests of the family");
    step.given("c", "c", Kind::Number, c, "critical value");
    step.given("spent", "Σ", Kind::Number, chance(&tests, c), "what is spent with it");
    step.tables.push(table(family, trials));
    if trial.statistic() > 0.0 {
        let reached = chance(&tests, trial.statistic());
        step.given("p_family", "p_fam", Kind::Number, reached, "the same sum at t: probability of any such alarm");
        step.say("The same sum at this row's t is {p_family}: at most so probable is it that any of these tests gets so far by chance.");
    }
    step.given("p_adjusted", "p_adj", Kind::Number, trial.adjusted, "p adjusted for the family's list");
    step.say(
        "On the list of what is real (Benjamini and Hochberg 1995) the row stands from a share of {p_adjusted} false \
              entries on: that is p adjusted for the family.",
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
