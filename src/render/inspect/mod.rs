//! What `perf-gate inspect` shows: the figures of runs as they were read, before anything is compared.

mod figures;
mod text;

pub use figures::json;
pub use text::text;
