//! The distance of the present level from an old one in words.

use std::collections::BTreeMap;

use super::super::anchor::{self, Anchor};
use super::super::figures::{Figures, Scale};
use super::{Case, day, percent, place, so_do};
use crate::model::{ALL, Direction, Record, Unit};
use crate::stats::segments;
use crate::verdict::{Finding, Rule};

/// One-sided p-value of a distance that is told; the two levels were cut apart at 1e-4 before.
const LEVEL: f64 = 0.001;

/// A series whose level is far from its anchor.
struct Far<'a> {
    figures: &'a Figures,
    anchor: Anchor,
    threshold: f64,
}

/// The series that are over their threshold above an old level: one finding a metric.
pub(super) fn findings<'a>(
    case: &Case<'_>,
    records: &[&Record],
    series: impl Iterator<Item = &'a Figures>,
) -> Vec<Finding> {
    let mut groups: BTreeMap<&str, Vec<Far<'_>>> = BTreeMap::new();
    for figures in series {
        let Some(rule) = case.policy.rule(&figures.endpoint, &figures.metric.name) else { continue };
        let anchor = anchor::of(figures, &segments(&figures.ys), records, case.history.accepted());
        let Some(anchor) = anchor.filter(|anchor| is_far(figures, anchor, &rule)) else { continue };
        let far = Far { figures, anchor, threshold: rule.threshold };
        groups.entry(&figures.metric.name).or_default().push(far);
    }
    groups.into_values().map(|group| finding(group, records)).collect()
}

/// Whether the present level is over the threshold above the anchor, beyond chance.
fn is_far(figures: &Figures, anchor: &Anchor, rule: &Rule) -> bool {
    let limit = match figures.scale {
        Scale::Log => rule.threshold,
        Scale::Angle => (rule.threshold * anchor.value).max(rule.at_least.unwrap_or(0.0)),
    };
    figures.metric.better.sign() * anchor.change >= limit && anchor.p_value <= LEVEL
}

fn finding(mut group: Vec<Far<'_>>, records: &[&Record]) -> Finding {
    group.sort_by(|a, b| b.anchor.change.abs().total_cmp(&a.anchor.change.abs()));
    let Far { figures, anchor, threshold } = &group[0];
    let others = group[1..].iter().map(|far| (far.figures.endpoint.clone(), size(far.figures, far.anchor.change)));
    let others = so_do(&others.collect::<Vec<_>>());
    let (metric, unit, last) = (&*figures.metric.name, figures.metric.unit, records[anchor.last]);
    let (lower, upper) = (size(figures, anchor.interval.lower), size(figures, anchor.interval.upper));
    let level = match &anchor.release {
        Some(release) => format!("that of release {release}"),
        None => format!("that of {}", day(records[anchor.first])),
    };
    let side = if figures.metric.better == Direction::Up { "below" } else { "above" };
    Finding {
        kind: "anchor".to_owned(),
        endpoint: (group.len() == 1 && figures.endpoint != ALL).then(|| figures.endpoint.clone()),
        metric: Some(metric.to_owned()),
        message: format!(
            "The level of {metric} of {} is far {side} {level}: {} ({lower} … {upper}), {} → {}, threshold {}{others}. \
             The last run on the old level was of {}.",
            figures.endpoint,
            size(figures, anchor.change),
            unit.show(anchor.value),
            unit.show(anchor.present),
            Unit::Ratio.show(*threshold),
            place(last),
        ),
        recommendation: Some(format!(
            "Accept the new level if it is wanted; otherwise look at the changes since {}: perf-gate history shows \
             each step.",
            place(last)
        )),
        run: Some(last.id.clone()),
        commit: last.commit.clone(),
    }
}

/// A change with its sign: percent, of error rates percentage points.
fn size(figures: &Figures, change: f64) -> String {
    match figures.scale {
        Scale::Log => percent(change),
        Scale::Angle => percent(change).replace('%', "points"),
    }
}
