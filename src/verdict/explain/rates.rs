//! From the counts to the standard error of an error rate.

use crate::compare::Comparison;
use crate::stats::{Counts, RateEffect};

use super::document::{Figures, Kind, Line, Step};
use super::{runs, series};

/// The steps.
pub(super) fn steps(
    comparison: &Comparison,
    rate: &RateEffect,
    past: &[Option<Counts>],
    now: &[Option<Counts>],
) -> Vec<Step> {
    vec![counted(comparison, past, now), angles(rate), spread(rate), error(rate)]
}

/// What was counted.
fn counted(comparison: &Comparison, past: &[Option<Counts>], now: &[Option<Counts>]) -> Step {
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
            ("a", Kind::Number, "the rate on the arcsine scale"),
            ("φ", Kind::Number, "overdispersion of errors within the run"),
        ],
    );
    let earlier = comparison.baseline.earlier;
    for (i, counts) in past.iter().chain(now).enumerate() {
        let part = match counts {
            None => "no value",
            Some(_) if i >= past.len() => "candidate",
            Some(_) => runs::part(i, earlier, None),
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
        "Mean angles are compared: a_b of the {n} runs of the level, a_c of the candidate ({m} run(s)). The size is told on \
         the scale of rates, of all requests together: from {p_b} to {p_c}.",
    );
    step.given("n", "n", Kind::Count, rate.runs as f64, "runs of the level");
    step.given("m", "m", Kind::Count, parts.candidates as f64, "candidate runs");
    step.given("p_b", "p_b", Kind::Percent, rate.baseline, "pooled rate of the baseline");
    step.given("p_c", "p_c", Kind::Percent, rate.candidate, "pooled rate of the candidate");
    step.follows("est", "est", "{p_c} − {p_b}", rate.candidate - rate.baseline, "the change in shares of 1");
    step.given("before", "a_b", Kind::Number, parts.before, "mean angle of the baseline");
    step.given("after", "a_c", Kind::Number, parts.after, "mean angle of the candidate");
    step.follows("angle", "α", "{after} − {before}", rate.angle.value, "the change of the angle, which is tested");
    step
}

/// How much rates differ from run to run: what chance makes, and what is seen.
fn spread(rate: &RateEffect) -> Step {
    let parts = &rate.parts;
    let mut step = Step::new("How much runs differ", "");
    series::own_spread(&mut step, parts.own);
    step.say(
        "Chance alone makes σ: φ (the candidate's, or if larger the baseline's usual one) over four times the requests of a \
         run, and {extra} beyond it; that is worth {d0} degrees of freedom. s̃² is the mean of σ² and s², weighted by their \
         degrees of freedom, and with three runs or more never below what was seen.",
    );
    step.given("phi", "φ", Kind::Number, parts.dispersion, "overdispersion of errors within runs");
    step.given("chance", "h", Kind::Number, parts.chance, "mean of 0.25/n over the baseline runs");
    step.given("extra", "σ_x", Kind::Number, parts.extra, "run-to-run s.d. beyond chance");
    let [prior, shrunk, between] = [parts.prior.variance, parts.shrunk.variance, parts.between].map(f64::sqrt);
    step.follows("sigma", "σ", "√({phi}·{chance} + {extra}²)", prior, "s.d. expected of an angle");
    step.given("d0", "d₀", Kind::Number, parts.prior.df, "degrees of freedom that σ is worth");
    let mean = "√(({d0}·{sigma}² + {df_s}·{s}²)/({d0} + {df_s}))";
    step.follows("s_mean", "s_m", mean, shrunk, "mean of what is seen and expected");
    let largest = if parts.own.df > 1.0 { "max({s_mean}, {s})" } else { "{s_mean}" };
    step.follows("s_shrunk", "s̃", largest, between, "s.d. of an angle that is used");
    step.follows("df", "df", "{d0} + {df_s}", parts.shrunk.df, "degrees of freedom of the standard error");
    step.words = step.words.trim_start().to_owned();
    step
}

fn error(rate: &RateEffect) -> Step {
    let parts = &rate.parts;
    let mut step = Step::new(
        "The standard error",
        "An angle of the candidate has s_c, at least what chance makes of its {requests} requests.",
    );
    step.given("requests", "N", Kind::Count, parts.requests as f64, "requests of the candidate runs");
    let within = "√(max({s_shrunk}², 0.25·{phi}·{m}/{requests} + {extra}²))";
    step.follows("s_c", "s_c", within, parts.within.sqrt(), "s.d. of a candidate run's angle");
    step.follows("se", "se", "√({s_c}²/{m} + {s_shrunk}²/{n})", rate.angle.se, "standard error of the angle");
    step
}
