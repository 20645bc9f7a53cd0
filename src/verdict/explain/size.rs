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
    step.words = "The threshold θ on the log scale is L.".to_owned();
    step.given("theta", "θ", Kind::Number, trial.rule.threshold, "threshold, relative");
    let log = if trial.effect.better == Direction::Down { "ln(1 + {theta})" } else { "−ln(1 − {theta})" };
    step.follows("L", "L", log, trial.limit, "threshold on the log scale");
    if let (Some(body), Tested::Log(change)) = (trial.body(), trial.change) {
        step.say(
            "An ordinary regression moves tail and body together, up to {tail_sd}: the size is the mean of both changes \
             by their precision, or that of the tail if it is larger.",
        );
        let tail = change.estimate;
        let weights = [1.0 / (tail.se * tail.se), 1.0 / (body.se * body.se + TAIL_SD * TAIL_SD)];
        let both = (weights[0] * tail.value + weights[1] * body.value) / (weights[0] + weights[1]);
        step.given("tail_sd", "σ_t", Kind::Number, TAIL_SD, "s.d. between the change of the tail and that of the body");
        let mean = "({est}/{se}² + {est_body}/({se_body}² + {tail_sd}²))/(1/{se}² + 1/({se_body}² + {tail_sd}²))";
        step.follows("both", "both", mean, both, "mean of tail and body, weighted by precision");
        step.follows("size", "size", "max({est}, {both})", trial.size(), "how large the change is taken to be");
    } else {
        step.follows("size", "size", "{est}", trial.size(), "how large the change is taken to be");
    }
    let shape = Shape::of(trial);
    step.say(
        "Below the noise floor this baseline cannot tell a change from nothing; the smallest detectable change is \
              found four times out of five.",
    );
    let [floor, smallest] = match trial.effect.better {
        Direction::Down => ["exp({c}·{se}) − 1", "exp(max({L}, {c}·{se}) + {power}·{se}) − 1"],
        Direction::Up => ["1 − exp(−{c}·{se})", "1 − exp(−max({L}, {c}·{se}) − {power}·{se})"],
    };
    shown(step, &shape, floor, smallest);
}

fn of_rate(step: &mut Step, trial: &Trial<'_>, rate: &RateEffect) {
    let at_least = trial.rule.at_least.unwrap_or(0.0);
    step.words =
        "The threshold L is a share of the baseline's rate, and no less than the least difference that matters. On \
                  the scale of the angle it is L_a, from which the gate in the family's bound is made."
            .to_owned();
    step.given("theta", "θ", Kind::Number, trial.rule.threshold, "threshold, relative");
    step.given("least", "L₀", Kind::Number, at_least, "least difference of rates that matters");
    step.follows("L", "L", "max({theta}·{p_b}, {least})", trial.limit, "threshold, a difference of rates");
    let angle = trial.angle_limit(rate);
    step.follows("L_angle", "L_a", "asin √({p_b} + {L}) − asin √{p_b}", angle, "threshold on the arcsine scale");
    step.follows("size", "size", "{est}", trial.size(), "how large the change is taken to be");
    let floor = "sin²(asin √{p_b} + {c}·{se}) − {p_b}";
    let smallest = "sin²(asin √{p_b} + max({L_angle}, {c}·{se}) + {power}·{se}) − {p_b}";
    step.say(
        "Below the noise floor this baseline cannot tell a change from nothing; the smallest detectable change is \
              found four times out of five.",
    );
    shown(step, &Shape::of(trial), floor, smallest);
}

/// The sizes that the report shows beside the change.
fn shown(step: &mut Step, shape: &Shape, floor: &str, smallest: &str) {
    step.given(
        "power",
        "z₀.₈",
        Kind::Number,
        POWER,
        "standard errors beyond c at which four of five changes are found",
    );
    step.follows("noise_floor", "noise floor", floor, shape.noise_floor, "change that cannot be told from nothing");
    let meaning = "degradation that would be found four times out of five";
    step.follows("smallest", "smallest detectable", smallest, shape.smallest_detectable, meaning);
}
