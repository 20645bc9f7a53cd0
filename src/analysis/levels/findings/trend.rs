//! Growth inside the run under judgement in words: what a longer run would make worse.

use super::{Case, percent};
use crate::model::Record;
use crate::stats::{median, trend};
use crate::verdict::Finding;

/// How much the growth of latency inside a run differs from run to run (log).
const LATENCY_SD: f64 = 0.05;
/// The same of memory.
const MEMORY_SD: f64 = 0.03;

/// Growth inside the candidate runs beyond that of the baseline's, of latency and of memory.
pub(super) fn findings(case: &Case<'_>) -> Vec<Finding> {
    let latency = grown(case, |record| record.summary.trend, LATENCY_SD);
    let memory = grown(case, |record| record.summary.memory_trend, MEMORY_SD);
    let latency = latency.map(|grown| finding(grown, "latency", "p50", "queue that fills"));
    latency.into_iter().chain(memory.map(|grown| finding(grown, "memory", "memory", "leak"))).collect()
}

/// The candidates' own growth (log) and the usual one, where it is beyond that.
fn grown(case: &Case<'_>, of: impl Fn(&Record) -> Option<f64>, sd: f64) -> Option<(f64, Option<f64>)> {
    let own: Vec<f64> = case.candidates.iter().filter_map(&of).collect();
    let usual: Vec<f64> = case.baseline.iter().filter_map(&of).collect();
    let mean = (!own.is_empty()).then(|| own.iter().sum::<f64>() / own.len() as f64)?;
    trend(&usual, mean, sd).found.then(|| (mean, median(&usual)))
}

fn finding((own, usual): (f64, Option<f64>), what: &str, metric: &str, cause: &str) -> Finding {
    let usual = usual.map(|usual| format!(", usually {}", percent(usual.exp_m1()))).unwrap_or_default();
    let own = percent(own.exp_m1());
    Finding {
        kind: "trend".to_owned(),
        endpoint: None,
        metric: Some(metric.to_owned()),
        message: format!("The {what} grew inside the run: {own} from start to end{usual}."),
        recommendation: Some(format!("Run longer to see whether it goes on: a {cause} would show.")),
        run: None,
        commit: None,
    }
}
