//! From the counts to the standard error of an error rate.

use crate::compare::Comparison;
use crate::stats::{Counts, RateEffect};

use super::document::{Figures, Kind, Line, Step};
use super::{runs, spread};

/// The steps; the first `start` runs of the past inform the spread only.
pub(super) fn steps(
    comparison: &Comparison,
    rate: &RateEffect,
    start: usize,
    [past, now]: [&[Option<Counts>]; 2],
) -> Vec<Step> {
    vec![counted(comparison, start, past, now), angles(rate), spread(rate), error(rate)]
}

/// What was counted.
fn counted(comparison: &Comparison, start: usize, past: &[Option<Counts>], now: &[Option<Counts>]) -> Step {
    let mut step = Step::new(
        "What the runs counted",
        "Each run is its failed requests e among n, and the angle a = asin √((e + 3/8)/(n + 3/4)), whose variance does not \
         depend on the rate (Anscombe 1948). φ is how unevenly the errors fall over the run: 1 is chance.",
    );
    let mut table = Figures::new(
        "run",
        &[
            ("n", Kind::Count, "requests"),
            ("e", Kind::Count, "failed requests"),
            ("rate", Kind::Percent, "share of failed requests"),
            ("a", Kind::Log, "the rate on the arcsine scale"),
            ("φ", Kind::Number, "overdispersion of errors within the run"),
        ],
    );
    for (i, counts) in past.iter().chain(now).enumerate() {
        let part = match counts {
            None => "no value",
            Some(_) if i >= past.len() => "candidate",
            Some(_) => runs::part(i, start, None),
        };
        let (line, part) = (runs::line(comparison, i), part.to_owned());
        table.lines.push(Line { figures: figures(counts.as_ref()), part, ..line });
    }
    step.tables.push(table);
    step
}

fn figures(counts: Option<&Counts>) -> Vec<Option<f64>> {
    let Some(counts) = counts else { return vec![None; 5] };
    let (n, e) = (counts.requests as f64, counts.errors as f64);
    [n, e, e / n, counts.angle(), counts.dispersion].map(Some).to_vec()
}

/// Where baseline and candidate stand.
fn angles(rate: &RateEffect) -> Step {
    let parts = &rate.parts;
    let mut step = Step::new(
        "The change",
        "α is tested: the mean angle of the candidate (m = {m}) less that of the runs of the level (n = {n}). Its size is told \
         on the scale of rates, of all requests together: from {p_b} to {p_c}.",
    );
    step.given("n", "n", Kind::Count, rate.runs as f64, "runs of the level");
    step.given("m", "m", Kind::Count, parts.candidates as f64, "candidate runs");
    step.given("p_b", "p_b", Kind::Percent, rate.baseline, "pooled rate of the baseline");
    step.given("p_c", "p_c", Kind::Percent, rate.candidate, "pooled rate of the candidate");
    let change = rate.candidate - rate.baseline;
    step.follows("est", "est", Kind::Percent, "{p_c} − {p_b}", change, "the change, in points");
    step.given("before", "a_b", Kind::Log, parts.before, "mean angle of the baseline");
    step.given("after", "a_c", Kind::Log, parts.after, "mean angle of the candidate");
    let meaning = "the change of the angle, which is tested";
    step.follows("angle", "α", Kind::Log, "{after} − {before}", rate.angle.value, meaning);
    step
}

/// How much rates differ from run to run: what chance makes, and what is seen.
fn spread(rate: &RateEffect) -> Step {
    let parts = &rate.parts;
    let mut step = Step::new("How much runs differ", spread::own_words(parts.own));
    spread::own_spread(&mut step, parts.own);
    step.say(
        "Chance makes φ/(4n) of an angle's variance, with φ = {phi}, the candidate's or if larger the baseline's usual one; h \
         is the mean of 1/(4n) over the runs. With {beyond} beyond chance that is σ, worth {d0} degrees of freedom. s_m² is the \
         mean of σ² and s² by their degrees of freedom; with three runs or more s̃, which is used, is never below what was \
         seen.",
    );
    step.given("phi", "φ", Kind::Number, parts.dispersion, "overdispersion of errors within runs");
    step.given("chance", "h", Kind::Number, parts.chance, "mean of 1/(4n) over the baseline runs");
    step.given("beyond", "σ_x", Kind::Number, parts.extra, "run-to-run s.d. beyond chance");
    let [prior, shrunk, between] = [parts.prior.variance, parts.shrunk.variance, parts.between].map(f64::sqrt);
    let expected = "√({phi}·{chance} + {beyond}²)";
    step.follows("sigma", "σ", Kind::Log, expected, prior, "s.d. expected of an angle");
    spread::shrink(&mut step, parts.prior.df, parts.shrunk, "s_mean", "s_m", shrunk);
    let largest = if parts.own.df > 1.0 { "max({s_mean}, {s})" } else { "{s_mean}" };
    step.follows("s_shrunk", "s̃", Kind::Log, largest, between, "s.d. of an angle that is used");
    step
}

fn error(rate: &RateEffect) -> Step {
    let parts = &rate.parts;
    let mut step = Step::new(
        "The standard error",
        "An angle of the candidate varies by s_c, at least by what chance makes of its {requests} requests.",
    );
    step.given("requests", "N", Kind::Count, parts.requests as f64, "requests of the candidate runs");
    let within = "√(max({s_shrunk}², {phi}·{m}/(4·{requests}) + {beyond}²))";
    step.follows("s_c", "s_c", Kind::Log, within, parts.within.sqrt(), "s.d. of a candidate run's angle");
    let both = "√({s_c}²/{m} + {s_shrunk}²/{n})";
    step.follows("se", "se", Kind::Log, both, rate.angle.se, "standard error of the angle");
    step
}
