//! From the runs to the change of one series: what each run says, the level, the factor of the runner.

use crate::compare::{Comparison, Computed, Effect, Origin, Scope};
use crate::model::{Direction, LogValue};
use crate::stats::{Parts, Shared};

use super::document::{Figures, Kind, Line, Step};
use super::{runs, spread};

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
    steps.extend([spread::spread(told), spread::error(told)]);
    steps
}

/// The same steps of the body of the distribution as one: names end in `_body`, symbols in ′.
pub(super) fn second(told: &Told<'_>) -> Step {
    let mut all = Step::new(
        "The same for the body of the distribution",
        "A change of the whole distribution shows more surely in its body, ½ (ln p50 + ln p90), than in p95. It goes through \
         the same steps; its numbers carry a prime.",
    );
    for step in steps(told) {
        all.tables.extend(step.tables.into_iter().filter(|table| table.of == "run"));
        for mut value in step.values {
            value.name.push_str("_body");
            value.symbol.push('′');
            all.values.push(value);
        }
        for mut formula in step.formulas {
            formula.result.push_str("_body");
            formula.expression = formula.expression.replace('}', "_body}");
            all.formulas.push(formula);
        }
    }
    for table in &mut all.tables {
        table.columns[0].symbol = "√(p50·p90)".to_owned();
    }
    all
}

/// What each run says.
fn values(told: &Told<'_>) -> Step {
    let unit = told.effect.unit.as_str();
    let logarithm = match told.effect.better {
        Direction::Down => format!("the natural logarithm of its figure in {unit}"),
        Direction::Up => format!("minus the natural logarithm of its figure in {unit}: growth is a degradation"),
    };
    let has_factor = told.shared.is_some_and(|shared| shared.factor.is_some());
    let leaves = if has_factor { "centre and g leave" } else { "the centre leaves" };
    let mut step = Step::new("What the runs said", format!("Each run is one value y, {logarithm}."));
    let series = &told.computed.series;
    if series.past.iter().chain(&series.now).flatten().any(|value| value.v.is_some()) {
        step.say("w is the standard deviation of y within the run.");
    } else {
        step.say("The files do not show how uncertain y is within a run; the number of requests has to tell.");
    }
    if has_factor {
        step.say("g is the factor of the run, which all its endpoints share.");
    }
    step.say(&format!("r is what {leaves} of y."));
    if told.parts.stretches > 1 {
        step.say("Each part of the history has a centre y₀ of its own.");
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
            (&told.effect.metric, Kind::Figure, "the figure"),
            ("y", Kind::Log, "its logarithm, positive is worse"),
            ("w", Kind::Log, "standard deviation of y within the run"),
            ("g", Kind::Log, "factor of the run on the log scale"),
            ("y₀", Kind::Log, "centre of the part of the history"),
            ("r", Kind::Log, "what centre and factor leave of y"),
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
    let baseline = match effect.runs {
        1 => "The only run of the level has",
        2 => "The {n} runs of the level have the mean",
        _ => "The {n} runs of the level have the median",
    };
    let candidate = if parts.candidates > 1.0 { "{m} candidate runs have the mean" } else { "candidate has" };
    let words = format!("{baseline} y₀ = {{centre}} ({{base}}), the {candidate} ȳ = {{now}} ({{candidate}}).");
    let mut step = Step::new("The level", words);
    if effect.cut.is_some() {
        step.say("Before these runs the level was another one: the candidate is not compared with it.");
    }
    let sign = told.effect.better.sign();
    step.given("n", "n", Kind::Count, effect.runs as f64, "runs of the level");
    step.given("m", "m", Kind::Count, parts.candidates, "candidate runs");
    step.given("base", "baseline", Kind::Figure, (sign * effect.centre).exp(), "the baseline's figure");
    step.given("candidate", "candidate", Kind::Figure, (sign * effect.now).exp(), "the candidate's figure");
    step.given("centre", "y₀", Kind::Log, effect.centre, "centre of the baseline");
    step.given("now", "ȳ", Kind::Log, effect.now, "mean of the candidate runs");
    step.follows("d", "d", Kind::Log, "{now} − {centre}", effect.raw, "the change as it was seen");
    if told.shared.is_none() {
        step.follows("est", "est", Kind::Log, "{d}", effect.estimate.value, "the change that is tested");
    }
    step
}

/// The factor common to the endpoints of the run, taken out; or why there is none.
fn taken_out(told: &Told<'_>, shared: &Shared) -> Step {
    let estimate = told.computed.effect.estimate.value;
    let mut step = Step::new("The factor of the run", "");
    step.given("K", "K", Kind::Count, shared.endpoints as f64, "endpoints with values on both sides");
    step.tables.push(endpoints(told.endpoints, Some(&told.effect.endpoint)));
    if let Some(factor) = &shared.factor {
        step.words = "A slow runner slows every endpoint. What the {K} endpoints of the candidate share is ĝ = {shift}, the \
                      median of their d with the weights 1/({local}² + w_b²): the smallest d at which half of the weight is \
                      reached. The g of a baseline run is the same median of what the centres leave. Both are taken out; est \
                      is the endpoint's own change."
            .to_owned();
        step.given("local", "σ_e", Kind::Number, shared.local, "run-to-run s.d. of one endpoint in the weights");
        step.given("shift", "ĝ", Kind::Log, factor.shift, "the shift common to all endpoints");
        step.follows("est", "est", Kind::Log, "{d} − {shift}", estimate, "the endpoint's own change");
    } else {
        step.words = "With fewer than three endpoints ({K}), what they share cannot be told from what is their own: nothing is taken out."
            .to_owned();
        step.follows("est", "est", Kind::Log, "{d}", estimate, "the change that is tested");
    }
    step
}

/// The endpoints side by side: what pooled numbers are pooled of.
pub(super) fn endpoints(all: &[(&str, &Computed)], this: Option<&str>) -> Figures {
    let mut table = Figures::new(
        "endpoint",
        &[
            ("d", Kind::Log, "change as it was seen"),
            ("w_b", Kind::Log, "s.d. within a baseline run"),
            ("s", Kind::Log, "s.d. from run to run that its residuals show"),
            ("df_s", Kind::Count, "degrees of freedom of s"),
            ("se", Kind::Log, "standard error"),
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

/// What was computed of one figure of every endpoint; `second` asks for the body of p95.
pub(super) fn computed<'a>(comparison: &'a Comparison, metric: &str, second: bool) -> Vec<(&'a str, &'a Computed)> {
    let here = |effect: &&Effect| effect.metric == metric && effect.scope == Scope::Endpoint;
    let of = |effect: &'a Effect| match &effect.origin {
        Some(Origin::Series(own, body)) => {
            let computed = if second { body.as_deref()? } else { own };
            Some((effect.endpoint.as_str(), computed))
        }
        _ => None,
    };
    comparison.effects.iter().filter(here).filter_map(of).collect()
}
