//! What is kept of a run: log figures with their variance within the run, its warm-up left out.
//!
//! Three kinds of source: slices of time (`timed`), a histogram without time, and final aggregates (`untimed`). They
//! yield the same figures, each with as much of a variance as the source can give.

#[cfg(test)]
mod known;
mod resources;
mod sample;
mod timed;
mod untimed;

use crate::model::{ALL, Run, Summary, WarmUp};

/// Latency figures that every summary has, where there are requests enough.
const LATENCIES: [&str; 6] = ["p50", "p90", "p95", "p99", "mean", "body"];
/// Successful requests below which an endpoint has no latency figures: their tail is one or two requests.
pub const MIN_OK: u64 = 50;
/// Observations that must lie beyond a quantile other than p95.
const BEYOND: f64 = 10.0;

/// What a summary is made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SummarySettings {
    /// The start that is left out, where the source has times.
    pub warm_up: WarmUp,
    /// Latency figures beyond p50, p90, p95, p99 and the mean: `p99.9`, `p75`.
    pub latencies: Vec<String>,
}

impl SummarySettings {
    /// Names of all latency figures that are wanted, each once.
    fn names(&self) -> Vec<&str> {
        let mut names = LATENCIES.to_vec();
        names.extend(self.latencies.iter().map(String::as_str).filter(|name| !LATENCIES.contains(name)));
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// Fills [`Run::summary`]; a summary that was read with the run is kept.
pub fn summarize(run: &mut Run, settings: &SummarySettings) {
    if run.summary.is_none() {
        run.summary = Some(summary_of(run, settings));
    }
}

fn summary_of(run: &mut Run, settings: &SummarySettings) -> Summary {
    let timeline = run.timeline.take();
    let (mut summary, judged_from) = match &timeline {
        Some(timeline) => {
            let cut = timed::cut(timeline, settings.warm_up);
            if cut.is_whole_run {
                run.warn("the warm-up is as long as the run: a tenth of the run was left out instead");
            }
            let from = timeline.first_start().map(|first| first as f64 / 1e9 + cut.from);
            (timed::summary(run, timeline, cut, &settings.names()), from)
        }
        None => (untimed::summary(run, &settings.names()), None),
    };
    resources::add(run, judged_from, &mut summary);
    if summary.endpoints.is_empty() && run.total.is_some() {
        // A source without endpoints has one series, judged as a single endpoint.
        summary.endpoints.insert(ALL.to_owned(), summary.total.clone());
    }
    run.timeline = timeline;
    summary
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Endpoint, EndpointSummary, Latency};

    #[test]
    fn a_stored_summary_is_kept() {
        let mut run = Run::new("s");
        run.endpoints.push(Endpoint::new("GET /"));
        let mut stored = Summary::default();
        stored.endpoints.insert("GET /".to_owned(), EndpointSummary { count: Some(7), ..Default::default() });
        run.summary = Some(stored.clone());
        summarize(&mut run, &SummarySettings::default());
        assert_eq!(run.summary, Some(stored));
    }

    #[test]
    fn a_total_alone_is_one_endpoint() {
        let mut run = Run::new("s");
        let latency = Latency { quantiles: [("p95".to_owned(), 0.2)].into(), ..Default::default() };
        run.total = Some(Endpoint { latency: Some(latency), throughput: Some(50.0), ..Endpoint::new(ALL) });
        summarize(&mut run, &SummarySettings::default());
        let summary = run.summary.unwrap();
        let p95 = summary.endpoints[ALL].latency["p95"];
        assert_eq!((p95.y, p95.v), (0.2_f64.ln(), None));
        assert_eq!(summary.total.throughput.unwrap().y, 50_f64.ln());
    }

    #[test]
    fn a_warm_up_is_never_the_whole_run() {
        assert_eq!(WarmUp::default().seconds(50.0), Some(5.0));
        assert_eq!(WarmUp::Seconds(5.0).seconds(50.0), Some(5.0));
        assert_eq!(WarmUp::Seconds(50.0).seconds(50.0), None);
        assert_eq!(WarmUp::Share(f64::NAN).seconds(50.0), None);
    }
}
