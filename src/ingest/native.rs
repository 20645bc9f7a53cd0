//! The native format, `perf-gate/run/v1`: what `convert` writes and the store keeps.

use anyhow::{Context, Result};

use super::{Detail, Format, Head, Input, Recorder};
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
    let run = model::parse(&document).with_context(|| format!("{}: not a native run", input.name()))?;
    recorder.adopt(run);
    Ok(())
}
