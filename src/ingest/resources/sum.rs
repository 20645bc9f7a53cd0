//! The series of a metric from those of its instances: added up, each while it lasts.

use super::instance::{Instance, Track, level};
use super::known::Reading;
use crate::model::{Series, Warning};

/// Points of a sum that are kept.
const MOST_POINTS: usize = 16_384;

/// The series of `metric`; `None`, with a warning, where no instance has enough values.
pub(super) fn series(
    metric: &str,
    instances: &[&Instance],
    reading: Reading,
    warnings: &mut Vec<Warning>,
) -> Option<Series> {
    let instances = without_totals(instances, warnings);
    let name = &instances.first()?.name;
    let tracks: Vec<Track> = instances.iter().filter_map(|instance| instance.track()).collect();
    if tracks.len() > 1 {
        let message = format!("{metric} is the sum of {} series of {name}; select one to judge it alone", tracks.len());
        warnings.push(Warning(message));
    }
    let Some(mut track) = add_up(tracks) else {
        warnings.push(Warning(format!("{metric}: {name} has too few values (a counter needs two)")));
        return None;
    };
    track.points.iter_mut().for_each(|(_, value)| *value *= reading.scale);
    Some(Series {
        name: metric.to_owned(),
        unit: reading.unit,
        max: track.max * reading.scale,
        mean: track.mean * reading.scale,
        last: track.last * reading.scale,
        points: track.points,
    })
}

/// Leaves out what the kubelet reports beside the containers themselves: the pod as a whole (no container) and its
/// pause container. Adding these would count memory twice.
fn without_totals<'a>(instances: &[&'a Instance], warnings: &mut Vec<Warning>) -> Vec<&'a Instance> {
    let named = |instance: &Instance| {
        let container = instance.labels.get("container").map(String::as_str);
        !matches!(container, None | Some("" | "POD"))
    };
    let containers: Vec<&Instance> = instances.iter().copied().filter(|instance| named(instance)).collect();
    let Some(first) = containers.first().filter(|first| first.name.starts_with("container_")) else {
        return instances.to_vec();
    };
    let others = instances.len() - containers.len();
    if others > 0 {
        warnings.push(Warning(format!("{others} series of {} are of whole pods and were left out", first.name)));
    }
    containers
}

/// What happens to a sum at a time.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// An instance ended.
    End,
    /// An instance has a value: the sum has a point.
    Value(f64),
    /// An instance will have this value soon.
    Begin(f64),
}

/// The sum of the tracks at each time that any of them has.
///
/// Instances are sampled at different moments: each counts from one of its steps before its first point until one step
/// after its last, so that the sum does not dip at both ends.
fn add_up(mut tracks: Vec<Track>) -> Option<Track> {
    if tracks.len() < 2 {
        return tracks.pop();
    }
    let mut events: Vec<(f64, usize, Event)> = Vec::new();
    for (at, track) in tracks.iter().enumerate() {
        let (Some((start, first)), Some((end, _))) = (track.points.first(), track.points.last()) else { continue };
        let step = (end - start) / (track.points.len() - 1).max(1) as f64;
        events.push((start - step, at, Event::Begin(*first)));
        events.extend(track.points.iter().map(|(time, value)| (*time, at, Event::Value(*value))));
        // A single point ends right after its moment.
        events.push((if step > 0.0 { end + step } else { end.next_up() }, at, Event::End));
    }
    events.sort_by(|a, b| a.0.total_cmp(&b.0).then(order(a.2).cmp(&order(b.2))));
    level(thin(sweep(&events, tracks.len())))
}

/// At one moment ends come first and beginnings last: an instance that takes over from another is not added to it.
fn order(event: Event) -> u8 {
    match event {
        Event::End => 0,
        Event::Value(_) => 1,
        Event::Begin(_) => 2,
    }
}

fn sweep(events: &[(f64, usize, Event)], instances: usize) -> Vec<(f64, f64)> {
    let mut values = vec![0.0; instances];
    let mut sum = 0.0;
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (time, at, event) in events {
        let value = match event {
            Event::End => 0.0,
            Event::Value(value) | Event::Begin(value) => *value,
        };
        sum += value - values[*at];
        values[*at] = value;
        match (event, points.last_mut()) {
            (Event::Value(_), Some(last)) if last.0 == *time => last.1 = sum,
            (Event::Value(_), _) => points.push((*time, sum)),
            _ => {}
        }
    }
    points
}

fn thin(mut points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let stride = points.len().div_ceil(MOST_POINTS).max(1);
    let last = points.last().copied();
    points = points.into_iter().step_by(stride).collect();
    if points.last() != last.as_ref() {
        points.extend(last);
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(points: &[(f64, f64)]) -> Track {
        level(points.to_vec()).unwrap()
    }

    #[test]
    fn instances_at_the_same_time_are_added_up() {
        let sum = add_up(vec![track(&[(0.0, 1.0), (1.0, 2.0)]), track(&[(0.0, 10.0), (1.0, 20.0)])]).unwrap();
        assert_eq!(sum.points, [(0.0, 11.0), (1.0, 22.0)]);
        assert_eq!((sum.max, sum.mean, sum.last), (22.0, 16.5, 22.0));
    }

    #[test]
    fn an_instance_that_takes_over_is_not_added_to_the_one_before() {
        let (old, new) = (track(&[(0.0, 5.0), (1.0, 6.0)]), track(&[(2.0, 4.0), (3.0, 5.0)]));
        let sum = add_up(vec![old, new]).unwrap();
        assert_eq!(sum.points, [(0.0, 5.0), (1.0, 6.0), (2.0, 4.0), (3.0, 5.0)]);
    }

    #[test]
    fn instances_sampled_at_different_moments_do_not_dip_at_the_ends() {
        let (a, b) = (track(&[(0.0, 5.0), (1.0, 5.0)]), track(&[(0.3, 7.0), (1.3, 7.0)]));
        let sum = add_up(vec![a, b]).unwrap();
        assert!(sum.points.iter().all(|(_, value)| *value == 12.0), "{:?}", sum.points);
        assert_eq!(sum.last, 12.0);
    }
}
