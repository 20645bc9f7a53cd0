//! The verdict: the lines of the table in their order, the rules across rows, the severity.

use crate::verdict::policy::Levels;
use crate::verdict::table::{Conditions, upper_bound};
use crate::verdict::trial::{Grounds, Tested, Trial};
use crate::verdict::{Row, Severity};

use super::document::{Kind, Step};

/// The verdict of `trial`, which is `row` in the report, and what the other rows did to it.
pub(super) fn step(trial: &Trial<'_>, row: &Row, trials: &[Trial<'_>], levels: &Levels) -> Step {
    let mut step = Step::new("The verdict", "The first line of the table that holds decides.");
    let conditions = Conditions::of(trial, levels);
    step.say(because(trial.line, conditions));
    lines(&mut step, trial, levels, conditions);
    carry(&mut step, trial, trials, levels);
    completion(&mut step, trial, trials, levels);
    severity(&mut step, trial, row);
    step
}

/// The conditions up to the line that applied, in the order of the table.
fn lines(step: &mut Step, trial: &Trial<'_>, levels: &Levels, conditions: Conditions) {
    if trial.line == Grounds::Steps {
        return step.check("moved by more than two steps of the source's clock", false);
    }
    let kind = if trial.is_rate() { Kind::Percent } else { Kind::Log };
    step.given("half", "L/2", kind, 0.5 * trial.limit, "half of the threshold");
    let as_seen = if trial.is_rate() || trial.is_run_latency() { None } else { Some("d {d}") };
    let and_half = as_seen.map_or(String::new(), |d| format!(", and {d} ≥ L/2 {{half}}"));
    step.check(&format!("large: size {{size}} ≥ L {{L}}{and_half}"), conditions.is_large);
    step.check("sure: t {t} ≥ c {c}", conditions.is_sure);
    weight(step, trial, levels, conditions);
    if trial.line == Grounds::Sure {
        return;
    }
    if let Some(d) = as_seen {
        step.check(&format!("over the threshold as seen: {d} ≥ L {{L}}"), conditions.is_seen_large);
    }
    if conditions.is_large || conditions.is_seen_large {
        return likely(step, trial, levels, conditions);
    }
    step.given("q_list", "q_list", Kind::Number, levels.q_list, "share of false entries in a list");
    let small = format!("real but small: p_adj {{p_adjusted}} ≤ {{q_list}}, and est {{est}} ≥ L/2 {{half}}{and_half}");
    step.check(&small, conditions.is_small);
    if conditions.is_small {
        return;
    }
    let and_half = as_seen.map_or(String::new(), |d| format!(", {d} ≤ −L/2"));
    let better = format!("better: est {{est}} ≤ −L{and_half}, and on the list of improvements (p {{p_better}} alone)");
    step.given("p_better", "p_imp", Kind::Number, trial.p_better(), "one-sided p-value of an improvement");
    step.check(&better, conditions.is_better);
    if conditions.is_better || trial.is_rate() {
        return;
    }
    step.given("upper", "est⁺", Kind::Log, upper_bound(trial), "one-sided 95 % upper bound of est");
    let far = trial.scaled(levels.inconclusive_factor);
    step.given("far", "L(2θ)", Kind::Log, far, "twice the threshold, on the log scale");
    step.check("too wide: the one-sided 95 % upper bound {upper} ≥ {far}, twice the threshold", conditions.is_wide);
}

/// Whether so few runs can vouch for the change.
fn weight(step: &mut Step, trial: &Trial<'_>, levels: &Levels, conditions: Conditions) {
    if trial.is_rate() {
        return;
    }
    let meaning = "runs from which the threshold itself decides";
    step.given("min_runs", "n₀", Kind::Count, levels.min_runs as f64, meaning);
    let far = trial.scaled(levels.small_factor);
    step.given("few", "L_few", Kind::Log, far, "what fewer runs must show: 1.3 times the threshold, on the log scale");
    step.check("vouched for: n {n} ≥ {min_runs}, or est {est} ≥ {few}, 1.3 times the threshold", conditions.has_weight);
}

/// Over the threshold without being sure.
fn likely(step: &mut Step, trial: &Trial<'_>, levels: &Levels, conditions: Conditions) {
    step.given("p_warn", "p_w", Kind::Number, levels.p_warn, "p up to which a row is worth a warning");
    step.check("likely: p {p} ≤ {p_warn}", conditions.is_likely);
    if trial.is_rate() && !conditions.is_likely {
        step.given("p_unsure", "p_u", Kind::Number, levels.p_unsure, "p up to which a rate is worth a word");
        step.check("not plain chance: p {p} ≤ {p_unsure}", !conditions.is_chance);
    }
}

/// What the line says.
fn because(line: Grounds, conditions: Conditions) -> &'static str {
    match line {
        Grounds::Sure => "Large, sure and vouched for: regressed, a failure.",
        Grounds::Likely => "Over the threshold and likely, but not all three of the first: regressed, a warning.",
        Grounds::Chance => "Over the threshold, but it may be chance: inconclusive.",
        Grounds::Small => "Real, but below the threshold: regressed, a warning.",
        Grounds::Better => "Better, by more than the threshold and more than chance: improved.",
        Grounds::Wide => "A degradation of twice the threshold cannot be excluded: inconclusive.",
        Grounds::Steps => "The source's clock cannot tell such a change: unchanged.",
        _ if conditions.is_chance && conditions.is_large => "Over the threshold, but plain chance: unchanged.",
        Grounds::Nothing | Grounds::Shift | Grounds::Completed => "None does: unchanged.",
    }
}

/// The rule that a sure shift of the whole run carries endpoints over the threshold.
fn carry(step: &mut Step, trial: &Trial<'_>, trials: &[Trial<'_>], levels: &Levels) {
    let same = |other: &&Trial<'_>| other.is_run_latency() && other.effect.metric == trial.effect.metric;
    let (false, Tested::Log(change), Some(run)) = (trial.is_run(), trial.change, trials.iter().find(same)) else {
        return;
    };
    step.given("t_run", "t_run", Kind::Number, run.statistic(), "statistic of the shift of the whole run");
    step.given("c_run", "c_run", Kind::Number, run.critical_value, "its critical value");
    let is_sure = run.statistic() >= run.critical_value;
    if !is_sure {
        step.say("The shift of the whole run is not sure (t {t_run} below c {c_run}): it carries no endpoint.");
        return;
    }
    step.say(
        "The shift of the whole run is sure (t {t_run}, c {c_run}): it makes endpoints fail that it carries over the \
              threshold, together with the share κ of their own change that is believed beside it.",
    );
    let limit = trial.shift_limit(levels);
    step.given("carry", "L_s", Kind::Log, limit, "threshold that it must carry the endpoint over");
    step.follows(
        "kappa",
        "κ",
        Kind::Number,
        "{tau}²/({tau}² + {w_c}²/{m})",
        change.kappa,
        "share of est that is believed",
    );
    let carried = run.estimate() + change.kappa * change.estimate.value;
    step.follows("carried", "ĝ + κ·est", Kind::Log, "{shift} + {kappa}·{est}", carried, "what the shift carries it to");
    step.check("carried: d {d} ≥ {carry}, and ĝ + κ·est {carried} ≥ {carry}", trial.raw() >= limit && carried >= limit);
    if trial.grounds == Grounds::Shift {
        step.say("It is carried: regressed, a failure.");
    }
}

/// The rule that completes the list of failures.
fn completion(step: &mut Step, trial: &Trial<'_>, trials: &[Trial<'_>], levels: &Levels) {
    let others = trials.iter().any(|other| other.is_failure() && !std::ptr::eq(other.effect, trial.effect));
    let warned = matches!(trial.grounds, Grounds::Likely | Grounds::Small | Grounds::Completed);
    if !warned || !others {
        return;
    }
    step.say(
        "Another row fails; then a warning fails too that is on the list of what is real, over the threshold and \
              vouched for.",
    );
    let is_complete = trial.listed && trial.estimate() >= trial.limit && trial.effect.runs >= levels.min_runs;
    step.check("completes the list: p_adj {p_adjusted} on the list, est {est} ≥ L {L}, and runs enough", is_complete);
    if trial.grounds == Grounds::Completed {
        step.say("So it does: a failure.");
    }
}

/// What the verdict does.
fn severity(step: &mut Step, trial: &Trial<'_>, row: &Row) {
    if trial.rule.advisory {
        step.say("The rule is advisory: it only reports.");
    } else if let (Some(Severity::Failure | Severity::Critical), Some(change), Some(critical)) =
        (row.severity, row.change, row.critical)
    {
        let worse = row.better.sign() * change;
        step.given("worse", "degradation", Kind::Percent, worse, "the change as it was seen, worse is positive");
        step.given("critical", "critical", Kind::Percent, critical, "change from which a person must approve");
        step.check(
            "critical, so that a person must approve: {worse} ≥ {critical}",
            row.severity == Some(Severity::Critical),
        );
    }
}
