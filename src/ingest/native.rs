//! The native format, `perf-gate/run/v1`: what `convert` writes and the store keeps.

use anyhow::{Context, Result};

use super::{Detail, Format, Head, Input, Recorder, tally};
use crate::model;

pub(super) const FORMAT: Format = Format {
    name: "native",
    tool: "",
    about: "perf-gate's own JSON, written by `convert` or by hand",
    detail: Detail::Native,
    detect,
    read,
};

fn detect(head: &Head<'_>) -> bool {
    let named = memchr::memmem::find(head.bytes(), b"\"perf-gate/run/v").is_some();
    head.is_object() && (named || head.has_keys(&["schema", "scenario"]))
}

fn read(input: &mut Input<'_>, recorder: &mut Recorder) -> Result<()> {
    let document = input.document()?;
    let mut run = model::parse(&document).with_context(|| format!("{}: not a native run", input.name()))?;
    // Written by hand, the run as a whole is seldom there.
    run.total = run.total.take().or_else(|| tally::sum(&run.endpoints, run.duration));
    recorder.adopt(run);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::ingest::testing::run;

    #[test]
    fn what_adds_up_of_endpoints_is_the_run_as_a_whole() {
        let text = r#"{"schema": "perf-gate/run/v1", "scenario": "s", "endpoints": [
            {"name": "a", "count": 2, "errors": 1, "metrics": [{"name": "throughput", "value": 5}, {"name": "p95", "value": 1}]},
            {"name": "b", "count": 8, "errors": 0, "metrics": [{"name": "throughput", "value": 7}, {"name": "p95", "value": 2}]}]}"#;
        let total = run(&[("run.json", text.as_bytes())]).unwrap().total.unwrap();
        assert_eq!((total.count, total.errors, total.throughput), (Some(10), Some(1), Some(12.0)));
        assert_eq!(total.latency.and_then(|latency| latency.figure("p95")), None, "quantiles do not add up");
    }
}
