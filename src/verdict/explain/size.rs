//! How large the change is taken to be, what it is held against, and what could have been seen.

use crate::compare::TAIL_SD;
use crate::model::Direction;
use crate::stats::RateEffect;
use crate::verdict::shape::{POWER, Shape};
use crate::verdict::trial::{Tested, Trial};

use super::document::{Kind, Step};

/// The threshold, the size, and the sizes that the report shows.
pub(super) fn step(trial: &Trial<'_>) -> Step {
    let mut step = Step::new("Large enough?", "");
    match trial.change {
        Tested::Rate(rate) => of_rate(&mut step, trial, rate),
        Tested::Log(_) => of_log(&mut step, trial),
    }
    step
}

fn of_log(step: &mut Step, trial: &Trial<'_>) {
    step.words = "The threshold θ is L on the log scale.".to_owned();
    step.given("theta", "θ", Kind::Number, trial.rule.threshold, "threshold, relative");
    let log = if trial.effect.better == Direction::Down { "ln(1 + {theta})" } else { "−ln(1 − {theta})" };
    step.follows("L", "L", Kind::Log, log, trial.limit, "threshold on the log scale");
    let meaning = "how large the change is taken to be";
    if let (Some(body), Tested::Log(change)) = (trial.body(), trial.change) {
        step.say(
            "An ordinary regression moves tail and body together, to within {tail_sd}: the size is the mean of both by \
             precision, or the tail's change where that is larger.",
        );
        let tail = change.estimate;
        let weights = [1.0 / (tail.se * tail.se), 1.0 / (body.se * body.se + TAIL_SD * TAIL_SD)];
        let both = (weights[0] * tail.value + weights[1] * body.value) / (weights[0] + weights[1]);
        step.given("tail_sd", "σ_t", Kind::Number, TAIL_SD, "s.d. between the change of the tail and that of the body");
        let mean = "({est}/{se}² + {est_body}/({se_body}² + {tail_sd}²))/(1/{se}² + 1/({se_body}² + {tail_sd}²))";
        step.follows("both", "both", Kind::Log, mean, both, "mean of tail and body, weighted by precision");
        step.follows("size", "size", Kind::Log, "max({est}, {both})", trial.size(), meaning);
    } else {
        step.follows("size", "size", Kind::Log, "{est}", trial.size(), meaning);
    }
    let [floor, smallest] = match trial.effect.better {
        Direction::Down => ["exp({c}·{se}) − 1", "exp(max({L}, {c}·{se}) + {power}·{se}) − 1"],
        Direction::Up => ["1 − exp(−{c}·{se})", "1 − exp(−max({L}, {c}·{se}) − {power}·{se})"],
    };
    shown(step, &Shape::of(trial), floor, smallest);
}

fn of_rate(step: &mut Step, trial: &Trial<'_>, rate: &RateEffect) {
    step.words =
        "The threshold L is θ of the baseline's rate, and no less than L₀ points. On the scale of angles it is L_a; \
                  L_a/se stands for L/se in the family's bound."
            .to_owned();
    let at_least = trial.rule.at_least.unwrap_or(0.0);
    step.given("theta", "θ", Kind::Number, trial.rule.threshold, "threshold, relative");
    step.given("least", "L₀", Kind::Percent, at_least, "least difference of rates that matters");
    let larger = "max({theta}·{p_b}, {least})";
    step.follows("L", "L", Kind::Percent, larger, trial.limit, "threshold, a difference of rates");
    let (angle, difference) = (trial.angle_limit(rate), "asin √({p_b} + {L}) − asin √({p_b})");
    step.follows("L_angle", "L_a", Kind::Log, difference, angle, "threshold on the arcsine scale");
    step.follows("size", "size", Kind::Percent, "{est}", trial.size(), "how large the change is taken to be");
    let floor = "sin²(asin √({p_b}) + {c}·{se}) − {p_b}";
    let smallest = "sin²(asin √({p_b}) + max({L_angle}, {c}·{se}) + {power}·{se}) − {p_b}";
    shown(step, &Shape::of(trial), floor, smallest);
}

/// The sizes that the report shows beside the change.
fn shown(step: &mut Step, shape: &Shape, floor: &str, smallest: &str) {
    step.say(
        "For the report: a change below the noise floor cannot be told from nothing, and a degradation of the smallest \
         detectable size is found four times out of five.",
    );
    step.given("power", "z", Kind::Number, POWER, "standard errors beyond c at which four of five changes are found");
    let meaning = "change that cannot be told from nothing";
    step.follows("noise_floor", "noise floor", Kind::Percent, floor, shape.noise_floor, meaning);
    let (found, meaning) = (shape.smallest_detectable, "degradation that is found four times out of five");
    step.follows("smallest", "smallest detectable", Kind::Percent, smallest, found, meaning);
}
