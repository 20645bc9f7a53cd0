//! From the runs to the standard error of the shift that all endpoints of a run share.

use crate::compare::Comparison;
use crate::stats::{Estimate, Factor, Shared};

use super::document::{Figures, Kind, Line, Step};
use super::{runs, series};

/// The steps; `n` runs are compared with, and `endpoints` is the table of the endpoints.
pub(super) fn steps(
    comparison: &Comparison,
    n: usize,
    shared: &Shared,
    factor: &Factor,
    estimate: &Estimate,
    endpoints: Figures,
) -> Vec<Step> {
    vec![shift(shared, factor, endpoints), by_run(comparison, factor), spread(factor), error(n, factor, estimate)]
}

/// The shift of the candidate.
fn shift(shared: &Shared, factor: &Factor, endpoints: Figures) -> Step {
    let mut step = Step::new(
        "The shift of the candidate",
        "A slow runner slows all endpoints. What the {K} endpoints share is ĝ, the median of their changes d with the \
         weights 1/({local}² + w_b²): the smallest d whose cumulative weight reaches half of the total.",
    );
    step.given("K", "K", Kind::Count, shared.endpoints as f64, "endpoints with values on both sides");
    step.given("local", "σ_e", Kind::Number, shared.local, "run-to-run s.d. of one endpoint in the weights");
    step.given("est", "ĝ", Kind::Number, factor.shift, "the shift common to all endpoints");
    step.tables.push(endpoints);
    step
}

/// The factors of the baseline runs.
fn by_run(comparison: &Comparison, factor: &Factor) -> Step {
    let mut step = Step::new(
        "The same shift in the baseline runs",
        "Of each baseline run, g is the same weighted median of what the endpoints' centres leave of their values; how much \
         the g differ is how much runners differ.",
    );
    let mut table = Figures::new("run", &[("g", Kind::Number, "factor of the run on the log scale")]);
    let earlier = comparison.baseline.earlier;
    for (i, g) in factor.by_run.iter().enumerate() {
        let part = if g.is_none() { "no value" } else { runs::part(i, earlier, None) };
        table.lines.push(Line { figures: vec![*g], part: part.to_owned(), ..runs::line(comparison, i) });
    }
    step.tables.push(table);
    step
}

/// How much runs differ as a whole.
fn spread(factor: &Factor) -> Step {
    let mut step = Step::new("How much runs differ", "");
    series::own_spread(&mut step, factor.own);
    step.say(
        "Beforehand runs are expected to differ by σ₀, and the median over the endpoints has an error u of its own; \
         together that is σ, worth {d0} degrees of freedom. s̃² is the mean of σ² and s², weighted by their degrees of \
         freedom, and never below what was seen.",
    );
    let [shrunk, used] = [factor.shrunk.variance, factor.variance].map(f64::sqrt);
    step.given("sigma0", "σ₀", Kind::Number, factor.global, "run-to-run s.d. expected beforehand");
    step.given("u", "u", Kind::Number, factor.sampling.sqrt(), "error of the median: root of 1.57/Σ1/(σ_e² + w²)");
    step.follows("sigma", "σ", "√({sigma0}² + {u}²)", factor.prior.variance.sqrt(), "s.d. expected of a run");
    step.given("d0", "d₀", Kind::Number, factor.prior.df, "degrees of freedom that σ is worth");
    let mean = "√(({d0}·{sigma}² + {df_s}·{s}²)/({d0} + {df_s}))";
    step.follows("s_mean", "s_m", mean, shrunk, "mean of what is seen and expected");
    step.given("floor", "f", Kind::Number, factor.floor, "least standard deviation");
    step.follows("s_shrunk", "s̃", "max({s_mean}, {s}, {floor})", used, "s.d. of a run that is used");
    step.follows("df", "df", "{d0} + {df_s}", factor.shrunk.df, "degrees of freedom of the standard error");
    step.words = step.words.trim_start().to_owned();
    step
}

fn error(n: usize, factor: &Factor, estimate: &Estimate) -> Step {
    let mut step = Step::new(
        "The standard error",
        "The shift is of {m} candidate runs against a centre of {n}; a centre of n runs has λ/n of the variance of one.",
    );
    step.given("m", "m", Kind::Count, factor.candidates as f64, "candidate runs");
    step.given("n", "n", Kind::Count, n as f64, "runs of the level");
    step.given("loss", "λ", Kind::Number, factor.centre_variance * n as f64, "variance of the centre over a mean's");
    step.follows("se", "se", "{s_shrunk}·√(1/{m} + {loss}/{n})", estimate.se, "standard error of the shift");
    step
}
