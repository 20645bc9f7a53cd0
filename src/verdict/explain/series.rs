//! From the runs to the standard error of one series: level, factor of the runner, spread, error.

use crate::compare::{Comparison, Computed, Effect, Scope};
use crate::model::{Direction, LogValue};
use crate::stats::{MEDIAN_ABSOLUTE, Parts, Shared, Spread};

use super::document::{Figures, Kind, Line, Step};
use super::runs;

/// A series and what its steps are told with.
#[derive(Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) comparison: &'a Comparison,
    pub(super) effect: &'a Effect,
    pub(super) computed: &'a Computed,
    pub(super) parts: &'a Parts,
    /// What the endpoints share; none of a series of the run.
    pub(super) shared: Option<&'a Shared>,
    /// Every endpoint with what was computed of the same figure; none of a series of the run.
    pub(super) endpoints: &'a [(&'a str, &'a Computed)],
}

/// The steps.
pub(super) fn steps(told: &Told<'_>) -> Vec<Step> {
    let factor = told.shared.map(|shared| taken_out(told, shared));
    let mut steps = vec![values(told), level(told)];
    steps.extend(factor);
    steps.extend([spread(told), error(told)]);
    steps
}

/// The same steps of the body of the distribution as one: names end in `_body`, symbols in ₂.
pub(super) fn second(told: &Told<'_>) -> Step {
    let mut all = Step::new(
        "The same for the body of the distribution",
        "A change of the whole distribution shows in its body, y₂ = ½ (ln p50 + ln p90), more surely than in p95; it goes \
         through the same steps.",
    );
    for step in steps(told) {
        all.tables.extend(step.tables.into_iter().filter(|table| table.of == "run"));
        for mut value in step.values {
            value.name.push_str("_body");
            value.symbol.push('₂');
            all.values.push(value);
        }
        for mut formula in step.formulas {
            formula.result.push_str("_body");
            formula.expression = formula.expression.replace('}', "_body}");
            all.formulas.push(formula);
        }
    }
    all
}

/// What each run says.
fn values(told: &Told<'_>) -> Step {
    let unit = told.effect.unit.as_str();
    let figure = match told.effect.better {
        Direction::Down => format!("y, the natural logarithm of the figure (in {unit})"),
        Direction::Up => {
            format!("y, minus the natural logarithm of the figure (in {unit}), so that growth is a degradation")
        }
    };
    let mut step = Step::new("What the runs said", format!("Each run is one value: {figure}."));
    let series = &told.computed.series;
    if series.past.iter().chain(&series.now).flatten().any(|value| value.v.is_some()) {
        step.say("w is the standard deviation that it has within its run.");
    } else {
        step.say("The files do not show how uncertain a value is within its run: the number of requests has to tell.");
    }
    if told.shared.is_some_and(|shared| shared.factor.is_some()) {
        step.say("g is the factor of the run, common to all its endpoints.");
    }
    step.say("r is what the centre and g leave.");
    if told.parts.stretches > 1 {
        step.say("Every part of the history has a centre y₀ of its own.");
    }
    step.tables.push(table(told));
    step
}

fn table(told: &Told<'_>) -> Figures {
    let (series, parts) = (&told.computed.series, told.parts);
    let factors = told.shared.and_then(|shared| shared.factor.as_ref());
    let mut table = Figures::new(
        "run",
        &[
            ("figure", Kind::Figure, "the figure"),
            ("y", Kind::Number, "its logarithm, positive is worse"),
            ("w", Kind::Number, "standard deviation of y within the run"),
            ("g", Kind::Number, "factor of the run on the log scale"),
            ("y₀", Kind::Number, "centre of the part of the history"),
            ("r", Kind::Number, "what centre and factor leave of y"),
        ],
    );
    let sign = told.effect.better.sign();
    let own = |value: &Option<LogValue>| {
        let value = value.as_ref();
        let within = value.and_then(|value| value.v).map(f64::sqrt);
        [value.map(|value| (sign * value.y).exp()), value.map(|value| value.y), within]
    };
    for (i, value) in series.past.iter().enumerate() {
        let factor = factors.and_then(|factor| factor.by_run.get(i).copied().flatten());
        let residual = parts.residuals.get(i).copied().flatten();
        let centre = value.as_ref().zip(residual).map(|(value, r)| value.y - r - factor.unwrap_or(0.0));
        let rest = [factor, centre.filter(|_| parts.stretches > 1), residual];
        let part = if value.is_none() { "no value" } else { runs::part(i, series.earlier, told.computed.effect.cut) };
        let figures = own(value).into_iter().chain(rest).collect();
        table.lines.push(Line { figures, part: part.to_owned(), ..runs::line(told.comparison, i) });
    }
    for (i, value) in series.now.iter().enumerate() {
        let figures = own(value).into_iter().chain([None; 3]).collect();
        let part = if value.is_none() { "no value" } else { "candidate" };
        table.lines.push(Line { figures, part: part.to_owned(), ..runs::line(told.comparison, series.past.len() + i) });
    }
    table
}

/// Where the baseline stands, and the candidate beside it.
fn level(told: &Told<'_>) -> Step {
    let (effect, parts) = (&told.computed.effect, told.parts);
    let centre = if effect.runs <= 2 { "mean" } else { "median" };
    let words =
        format!("The {centre} of the {{n}} runs of the level is y₀, {{base}}; the candidate has ȳ, {{candidate}}.");
    let mut step = Step::new("The level", words);
    if effect.cut.is_some() {
        step.say("Before these runs the level was another one: the candidate is not compared with it.");
    }
    if parts.candidates > 1.0 {
        step.say("ȳ is the mean of {m} candidate runs.");
    }
    let sign = told.effect.better.sign();
    step.given("n", "n", Kind::Count, effect.runs as f64, "runs of the level");
    step.given("m", "m", Kind::Count, parts.candidates, "candidate runs");
    step.given("base", "baseline", Kind::Figure, (sign * effect.centre).exp(), "the baseline's figure");
    step.given("candidate", "candidate", Kind::Figure, (sign * effect.now).exp(), "the candidate's figure");
    step.given("centre", "y₀", Kind::Number, effect.centre, "centre of the baseline");
    step.given("now", "ȳ", Kind::Number, effect.now, "mean of the candidate runs");
    step.follows("d", "d", "{now} − {centre}", effect.raw, "the change as it was seen");
    step
}

/// The factor common to the endpoints of the run, taken out; or why there is none.
fn taken_out(told: &Told<'_>, shared: &Shared) -> Step {
    let effect = &told.computed.effect;
    let mut step = Step::new("The factor of the run", "");
    step.given("K", "K", Kind::Count, shared.endpoints as f64, "endpoints with values on both sides");
    step.tables.push(endpoints(told.endpoints, Some(&told.effect.endpoint)));
    match &shared.factor {
        Some(factor) => {
            step.words = "A slow runner slows all endpoints. What the {K} endpoints of the candidate share is ĝ, the median \
                          of their changes d with the weights 1/({local}² + w_b²); the same median of what the centres leave \
                          is the g of a baseline run. ĝ is taken out, and the endpoint's own change is left."
                .to_owned();
            step.given("local", "σ_e", Kind::Number, shared.local, "run-to-run s.d. of one endpoint in the weights");
            step.given("shift", "ĝ", Kind::Number, factor.shift, "the shift common to all endpoints");
            step.follows("est", "est", "{d} − {shift}", effect.estimate.value, "the endpoint's own change");
        }
        None => {
            step.words =
                "With {K} endpoints a factor common to the run cannot be told from the endpoints' own changes: \
                          nothing is taken out."
                    .to_owned();
            step.follows("est", "est", "{d}", effect.estimate.value, "the change that is tested");
        }
    }
    step
}

/// The endpoints side by side: what pooled numbers are pooled of.
pub(super) fn endpoints(all: &[(&str, &Computed)], this: Option<&str>) -> Figures {
    let mut table = Figures::new(
        "endpoint",
        &[
            ("d", Kind::Number, "change as it was seen"),
            ("w_b", Kind::Number, "s.d. within a baseline run"),
            ("s", Kind::Number, "s.d. from run to run that its residuals show"),
            ("df_s", Kind::Count, "degrees of freedom of s"),
            ("se", Kind::Number, "standard error"),
            ("est/se", Kind::Number, "own change in standard errors"),
        ],
    );
    for (name, computed) in all {
        let Some(parts) = &computed.effect.parts else { continue };
        let (effect, is_this) = (&computed.effect, Some(*name) == this);
        let spread = [parts.past_variance.sqrt(), parts.own.variance.sqrt(), parts.own.df];
        let figures = [effect.raw].into_iter().chain(spread).chain([effect.estimate.se, effect.estimate.t()]);
        table.lines.push(Line {
            name: (*name).to_owned(),
            figures: figures.map(Some).collect(),
            part: if is_this { "this one" } else { "" }.to_owned(),
            ..Line::default()
        });
    }
    table
}

/// How much runs differ: seen, shared, expected, and the mean of these.
fn spread(told: &Told<'_>) -> Step {
    let parts = told.parts;
    let mut step = Step::new("How much runs differ", "");
    own_spread(&mut step, parts.own);
    match told.shared {
        Some(shared) => pooled(&mut step, shared, parts),
        None => {
            step.say("Beforehand such a figure is expected to vary by τ from run to run.");
            step.given("tau", "τ", Kind::Number, parts.between.sqrt(), "run-to-run s.d. expected beforehand");
        }
    }
    step.say(
        "With the s.d. within a run that makes σ, worth {d0} runs; s̃ is the mean of σ² and s², weighted by their degrees \
         of freedom.",
    );
    let [past, prior, shrunk] = [parts.past_variance, parts.prior.variance, parts.shrunk.variance].map(f64::sqrt);
    step.given("w_b", "w_b", Kind::Number, past, "s.d. within a baseline run, root of the mean of w²");
    step.follows("sigma", "σ", "√({tau}² + {w_b}²)", prior, "s.d. expected of a run's value");
    step.given("d0", "d₀", Kind::Number, parts.prior.df, "degrees of freedom that σ is worth");
    let mean = "√(({d0}·{sigma}² + {df_s}·{s}²)/({d0} + {df_s}))";
    step.follows("s_shrunk", "s̃", mean, shrunk, "s.d. of a run's value that is used");
    step.follows("df", "df", "{d0} + {df_s}", parts.shrunk.df, "degrees of freedom of the standard error");
    step.words = step.words.trim_start().to_owned();
    step
}

/// What the residuals of the series itself show.
pub(super) fn own_spread(step: &mut Step, own: Spread) {
    step.given("df_s", "df_s", Kind::Count, own.df, "degrees of freedom of s: values less centres");
    if own.df > 0.0 {
        step.say("The baseline's own values show s.");
        step.given("squares", "Σr²", Kind::Number, own.variance * own.df, "sum of the squared residuals");
        step.follows("s", "s", "√({squares}/{df_s})", own.variance.sqrt(), "run-to-run s.d. that is seen");
    } else {
        step.say("One value has no spread of its own.");
        step.given("s", "s", Kind::Number, own.variance.sqrt(), "run-to-run s.d. that is seen");
    }
}

/// What the endpoints show together, and how much that is worth to one of them.
fn pooled(step: &mut Step, shared: &Shared, parts: &Parts) {
    step.say(
        "Endpoints share τ, what is left between runs beyond the s.d. within them: x is the mean of their s² − w_b² with \
         the weights df_s/(σ₀² + w_b²)², drawn towards the σ₀² expected beforehand.",
    );
    step.given("sigma0", "σ₀", Kind::Number, shared.prior.variance.sqrt(), "run-to-run s.d. expected beforehand");
    step.given("df0", "df₀", Kind::Count, shared.prior.df, "degrees of freedom that σ₀ is worth");
    step.given("excess", "x", Kind::Number, shared.excess.variance, "variance between runs that the endpoints show");
    step.given("df_x", "df_x", Kind::Number, shared.excess.df, "its degrees of freedom, of all endpoints");
    let mean = "√(({df0}·{sigma0}² + {df_x}·max(0, {excess}))/({df0} + {df_x}))";
    step.follows("tau", "τ", mean, parts.between.sqrt(), "run-to-run s.d. that the endpoints share");
    if shared.factor.is_none() {
        step.say(
            "As no factor is taken out, σ₀ holds that of the run too, and endpoints that repeat each other count half.",
        );
    } else if shared.prior_df != shared.prior.df {
        step.say(
            "How much τ is worth to one endpoint (d₀) follows from how unequal the endpoints' s are (Smyth 2004).",
        );
    }
}

/// The standard error of the change.
fn error(told: &Told<'_>) -> Step {
    let (effect, parts) = (&told.computed.effect, told.parts);
    let mut step = Step::new(
        "The standard error",
        "The candidate's mean is of {m} runs, the centre of {n}; a centre of n runs has λ/n of the variance of one.",
    );
    step.given("w_c", "w_c", Kind::Number, parts.now_variance.sqrt(), "s.d. within a candidate run");
    let extra = (parts.now_variance - parts.past_variance).max(0.0).sqrt();
    step.follows("extra", "e", "√(max(0, {w_c}² − {w_b}²))", extra, "s.d. that a candidate run has more within");
    let loss = parts.centre_variance * effect.runs as f64;
    step.given("loss", "λ", Kind::Number, loss, "variance of the centre over that of a mean");
    let variance = parts.shrunk.variance;
    let both = (variance + extra * extra) / parts.candidates + variance * parts.centre_variance;
    let mut root = "√(({s_shrunk}² + {extra}²)/{m} + {s_shrunk}²·{loss}/{n})".to_owned();
    if both.sqrt() < parts.floor {
        step.say("No history makes an error smaller than {floor}.");
        step.given("floor", "f", Kind::Number, parts.floor, "least standard error");
        root = format!("max({{floor}}, {root})");
    }
    if let Some(shared) = told.shared.filter(|shared| shared.factor.is_some()) {
        guard(&mut step, shared);
    }
    let expression = if parts.scale > 1.0 { format!("{{k}}·{root}") } else { root };
    step.follows("se", "se", &expression, effect.estimate.se, "standard error of the change");
    step
}

/// Whether all errors were widened.
fn guard(step: &mut Step, shared: &Shared) {
    let guard = shared.guard;
    if guard.scale > 1.0 {
        step.say("The endpoints of the candidate scatter more than their errors say, so all errors are widened by k.");
    } else {
        step.say("The endpoints of the candidate scatter no more than their errors say (k ≤ 1): nothing is widened.");
    }
    step.given("scatter", "S", Kind::Number, guard.scatter, "median of |est/se| over the endpoints, before k");
    step.given("weight", "B", Kind::Count, guard.weight, "weight of the scatter that history says, in endpoints");
    step.given("normal", "z", Kind::Number, MEDIAN_ABSOLUTE, "median of |z| of a normal variable");
    let expression = "√(({K}·({scatter}/{normal})² + {weight})/({K} + {weight}))";
    step.follows("k", "k", expression, guard.scale, "factor that errors are widened by, where above 1");
}

/// What was computed of one figure of every endpoint; `second` asks for the body of p95.
pub(super) fn computed<'a>(comparison: &'a Comparison, metric: &str, second: bool) -> Vec<(&'a str, &'a Computed)> {
    let here = |effect: &&Effect| effect.metric == metric && effect.scope == Scope::Endpoint;
    let of = |effect: &'a Effect| match &effect.origin {
        Some(crate::compare::Origin::Series(own, body)) => {
            let computed = if second { body.as_deref()? } else { own };
            Some((effect.endpoint.as_str(), computed))
        }
        _ => None,
    };
    comparison.effects.iter().filter(here).filter_map(of).collect()
}
