//! From the runs to the standard error of the shift that all endpoints of a run share.

use crate::compare::Comparison;
use crate::stats::{Estimate, Factor, Shared};

use super::document::{Figures, Kind, Line, Step};
use super::{runs, spread};

/// The steps; `n` runs are compared with, and `endpoints` is the table of the endpoints.
pub(super) fn steps(
    comparison: &Comparison,
    n: usize,
    shared: &Shared,
    factor: &Factor,
    estimate: &Estimate,
    endpoints: Figures,
) -> Vec<Step> {
    vec![shift(shared, factor, endpoints), by_run(comparison, factor), runners(factor), error(n, factor, estimate)]
}

/// The shift of the candidate.
fn shift(shared: &Shared, factor: &Factor, endpoints: Figures) -> Step {
    let mut step = Step::new(
        "What the endpoints of the candidate share",
        "A slow runner slows every endpoint. What the {K} endpoints share is ĝ = {est}, the median of their d with the \
         weights 1/({local}² + w_b²): the smallest d at which half of the weight is reached. This row tests it.",
    );
    step.given("K", "K", Kind::Count, shared.endpoints as f64, "endpoints with values on both sides");
    step.given("local", "σ_e", Kind::Number, shared.local, "run-to-run s.d. of one endpoint in the weights");
    step.given("est", "ĝ", Kind::Log, factor.shift, "the shift common to all endpoints");
    step.tables.push(endpoints);
    step
}

/// The factors of the baseline runs.
fn by_run(comparison: &Comparison, factor: &Factor) -> Step {
    let mut step = Step::new(
        "The same of the baseline runs",
        "The g of a baseline run is the same weighted median of what the endpoints' centres leave of their values: by so \
         much its runner was slower than usual.",
    );
    let mut table = Figures::new("run", &[("g", Kind::Log, "factor of the run on the log scale")]);
    let earlier = comparison.baseline.earlier;
    for (i, g) in factor.by_run.iter().enumerate() {
        let part = if g.is_none() { "no value" } else { runs::part(i, earlier, None) };
        table.lines.push(Line { figures: vec![*g], part: part.to_owned(), ..runs::line(comparison, i) });
    }
    step.tables.push(table);
    step
}

/// How much runs differ as a whole.
fn runners(factor: &Factor) -> Step {
    let mut step = Step::new("How much runs differ", spread::own_words(factor.own));
    spread::own_spread(&mut step, factor.own);
    step.say(
        "Before any history runs are expected to differ by σ₀ = {sigma0}, and the median over the endpoints has the error \
         u = {u} itself; together that is σ, worth {d0} degrees of freedom. s_m² is the mean of σ² and s² by their degrees \
         of freedom; s̃, which is used, is never below what was seen.",
    );
    step.given("sigma0", "σ₀", Kind::Number, factor.global, "run-to-run s.d. expected beforehand");
    step.given("u", "u", Kind::Log, factor.sampling.sqrt(), "error of the median: √(1.57/Σ 1/(σ_e² + max(w_b, w_c)²))");
    let [prior, shrunk, used] = [factor.prior.variance, factor.shrunk.variance, factor.variance].map(f64::sqrt);
    step.follows("sigma", "σ", Kind::Log, "√({sigma0}² + {u}²)", prior, "s.d. expected of a run");
    spread::shrink(&mut step, factor.prior.df, factor.shrunk, "s_mean", "s_m", shrunk);
    step.given("floor", "f", Kind::Number, factor.floor, "least standard deviation");
    let largest = "max({s_mean}, {s}, {floor})";
    step.follows("s_shrunk", "s̃", Kind::Log, largest, used, "s.d. of a run that is used");
    step
}

fn error(n: usize, factor: &Factor, estimate: &Estimate) -> Step {
    let mut step = Step::new(
        "The standard error",
        "The shift is of m = {m}, against a centre of n = {n}, which has λ/n of the variance of one run.",
    );
    step.given("m", "m", Kind::Count, factor.candidates as f64, "candidate runs");
    step.given("n", "n", Kind::Count, n as f64, "runs of the level");
    step.given("loss", "λ", Kind::Number, factor.centre_variance * n as f64, "variance of the centre over a mean's");
    let root = "{s_shrunk}·√(1/{m} + {loss}/{n})";
    step.follows("se", "se", Kind::Log, root, estimate.se, "standard error of the shift");
    step
}
