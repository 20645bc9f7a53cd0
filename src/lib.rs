//! perf-gate reads what a load generator wrote, compares it with history, and decides which changes are real and large
//! enough to matter.
//!
//! One direction; each arrow is a call in [`pipeline`], each noun a type:
//!
//! ```text
//!  result files ──ingest──▶ Run ────────────────────┐
//!  resource series ─────────┘                       ├─compare─▶ Comparison ──judge──▶ Judgement ──render──▶ documents
//!  store ──load──▶ History ──select──▶ Baseline ────┘   (stats)             (verdict)
//!    ▲
//!    └──record── Run
//! ```
//!
//! The middle is pure: values in, values out. Files, processes, the clock and the environment are met in [`files`] and
//! [`store`] only. `tests/it/architecture.rs` holds the table of who may import whom.
//!
//! | module | holds |
//! | --- | --- |
//! | [`cli`] | the command line as plain structs |
//! | [`config`] | `perf-gate.yml`, and the policy it amounts to |
//! | [`pipeline`] | one short function per command |
//! | [`files`] | opening, decompressing, writing; what the machine is |
//! | [`ingest`] | a reader per format, and the recorder that makes a run of what they see |
//! | [`model`] | the run and what it is made of; the native format |
//! | [`history`], [`baseline`] | past runs, and which of them a candidate is compared with |
//! | [`store`] | where history is kept: a directory, or a branch of a repository |
//! | [`stats`] | what is assumed of load tests, as formulas |
//! | [`compare`], [`verdict`] | how large a change is; whether it is real and matters |
//! | [`analysis`] | what history says beyond a single judgement |
//! | [`render`] | the report, and every document made of it |

pub mod analysis;
pub mod baseline;
pub mod cli;
pub mod compare;
pub mod config;
pub mod files;
pub mod history;
pub mod ingest;
pub mod model;
pub mod pipeline;
pub mod render;
pub mod stats;
pub mod store;
pub mod verdict;
