//! How much runs differ, and the standard error of a change that follows.

use crate::stats::{MEDIAN_ABSOLUTE, Parts, Shared, Spread};

use super::document::{Kind, Step};
use super::series::Told;

/// How much runs differ: seen, shared, expected, and the mean of these.
pub(super) fn spread(told: &Told<'_>) -> Step {
    let parts = told.parts;
    let mut step = Step::new("How much runs differ", own_words(parts.own));
    own_spread(&mut step, parts.own);
    match told.shared {
        Some(shared) => pooled(&mut step, shared, parts),
        None => {
            step.say("Before any history such a figure is expected to vary by τ = {tau} from run to run.");
            step.given("tau", "τ", Kind::Log, parts.between.sqrt(), "run-to-run s.d. expected beforehand");
        }
    }
    step.say(
        "With w_b = {w_b} within a run, a value is expected to vary by σ, which is worth {d0} degrees of freedom; s̃, which \
         is used, is the mean of σ² and s² by their degrees of freedom.",
    );
    let [past, prior, shrunk] = [parts.past_variance, parts.prior.variance, parts.shrunk.variance].map(f64::sqrt);
    step.given("w_b", "w_b", Kind::Log, past, "s.d. within a baseline run, root of the mean of w²");
    step.follows("sigma", "σ", Kind::Log, "√({tau}² + {w_b}²)", prior, "s.d. expected of a run's value");
    shrink(&mut step, parts.prior.df, parts.shrunk, "s_shrunk", "s̃", shrunk);
    step
}

/// What the values themselves show.
pub(super) fn own_words(own: Spread) -> &'static str {
    if own.df > 0.0 {
        "From run to run the baseline itself shows s."
    } else {
        "One value shows no spread of its own (s = {s})."
    }
}

/// The spread that the values themselves show.
pub(super) fn own_spread(step: &mut Step, own: Spread) {
    step.given("df_s", "df_s", Kind::Count, own.df, "degrees of freedom of s: values less centres");
    let (s, meaning) = (own.variance.sqrt(), "run-to-run s.d. that is seen");
    if own.df > 0.0 {
        step.given("squares", "Σr²", Kind::Number, own.variance * own.df, "sum of the squared residuals");
        step.follows("s", "s", Kind::Log, "√({squares}/{df_s})", s, meaning);
    } else {
        step.given("s", "s", Kind::Log, s, meaning);
    }
}

/// The mean of the variances expected and seen, by degrees of freedom.
pub(super) fn shrink(step: &mut Step, prior_df: f64, shrunk: Spread, name: &str, symbol: &str, sd: f64) {
    step.given("d0", "d₀", Kind::Number, prior_df, "degrees of freedom that σ is worth");
    let mean = "√(({d0}·{sigma}² + {df_s}·{s}²)/({d0} + {df_s}))";
    step.follows(name, symbol, Kind::Log, mean, sd, "mean of the s.d. expected and seen");
    step.follows("df", "df", Kind::Number, "{d0} + {df_s}", shrunk.df, "degrees of freedom of the standard error");
}

/// What the endpoints show together, and how much that is worth to one of them.
fn pooled(step: &mut Step, shared: &Shared, parts: &Parts) {
    step.say(
        "All {K} together, the endpoints show the variance x beyond that within runs: the mean of s² − w_b² with the weights \
         df_s/(σ₀² + w_b²)². With σ₀ = {sigma0}, which is expected before any history and worth {df0} degrees of freedom, \
         that makes τ.",
    );
    if shared.factor.is_none() {
        step.say(
            "As no factor was taken out, σ₀ holds that of the run, and the endpoints' degrees of freedom count half.",
        );
    } else if shared.prior_df != shared.prior.df {
        step.say("What τ is worth to one endpoint follows from how unequal the endpoints' s are (Smyth 2004).");
    }
    step.given("sigma0", "σ₀", Kind::Number, shared.prior.variance.sqrt(), "run-to-run s.d. expected beforehand");
    step.given("df0", "df₀", Kind::Count, shared.prior.df, "degrees of freedom that σ₀ is worth");
    step.given("excess", "x", Kind::Number, shared.excess.variance, "variance between runs that the endpoints show");
    step.given("df_x", "df_x", Kind::Number, shared.excess.df, "its degrees of freedom, of all endpoints");
    let mean = "√(({df0}·{sigma0}² + {df_x}·max(0, {excess}))/({df0} + {df_x}))";
    step.follows("tau", "τ", Kind::Log, mean, parts.between.sqrt(), "run-to-run s.d. that the endpoints share");
}

/// The standard error of the change.
pub(super) fn error(told: &Told<'_>) -> Step {
    let (effect, parts) = (&told.computed.effect, told.parts);
    let words = "The candidate's mean is of m = {m}, the baseline's centre of n = {n}, which has λ/n of the variance of one \
                 run. e is what the candidate varies more within its run.";
    let mut step = Step::new("The standard error", words);
    step.given("w_c", "w_c", Kind::Log, parts.now_variance.sqrt(), "s.d. within a candidate run");
    let extra = (parts.now_variance - parts.past_variance).max(0.0).sqrt();
    let more = "√(max(0, {w_c}² − {w_b}²))";
    step.follows("extra", "e", Kind::Log, more, extra, "s.d. that a candidate run has more within");
    let loss = parts.centre_variance * effect.runs as f64;
    step.given("loss", "λ", Kind::Number, loss, "variance of the centre over that of a mean");
    let variance = parts.shrunk.variance;
    let both = (variance + extra * extra) / parts.candidates + variance * parts.centre_variance;
    let mut root = "√(({s_shrunk}² + {extra}²)/{m} + {s_shrunk}²·{loss}/{n})".to_owned();
    if both < parts.floor * parts.floor {
        step.say("No history makes an error smaller than {floor}.");
        step.given("floor", "f", Kind::Number, parts.floor, "least standard error");
        root = format!("max({{floor}}, {root})");
    }
    if let Some(shared) = told.shared.filter(|shared| shared.factor.is_some()) {
        guard(&mut step, shared);
    }
    let expression = if parts.scale > 1.0 { format!("{{k}}·{root}") } else { root };
    step.follows("se", "se", Kind::Log, &expression, effect.estimate.se, "standard error of the change");
    step
}

/// Whether all errors were widened.
fn guard(step: &mut Step, shared: &Shared) {
    let guard = shared.guard;
    step.say(if guard.scale > 1.0 {
        "The endpoints of the candidate scatter by S = {scatter}, the median of |est/se|, more than their errors say: all \
         errors are widened by k."
    } else {
        "The endpoints of the candidate scatter by S = {scatter}, the median of |est/se|, no more than their errors say \
         (k ≤ 1): nothing is widened."
    });
    step.given("scatter", "S", Kind::Number, guard.scatter, "median of |est/se| over the endpoints, before k");
    step.given("weight", "B", Kind::Count, guard.weight, "weight of the scatter that history says, in endpoints");
    step.given("normal", "z", Kind::Number, MEDIAN_ABSOLUTE, "median of |z| of a normal variable");
    let expression = "√(({K}·({scatter}/{normal})² + {weight})/({K} + {weight}))";
    step.follows("k", "k", Kind::Number, expression, guard.scale, "factor that errors are widened by, where above 1");
}
