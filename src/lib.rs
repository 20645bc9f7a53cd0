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
//!    └──record── Run                                              GitHub ◀──apply── [Change] ◀──plan── documents
//! ```
//!
//! The middle is pure: values in, values out. Files, processes, the clock, the environment and the network are met in
//! [`files`], [`store`] and [`github`] only. `tests/it/architecture.rs` holds the table of who may import whom.
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
//! | [`store`] | where history is kept: a directory, or a branch of a repository, local or on GitHub |
//! | [`stats`] | what is assumed of load tests, as formulas |
//! | [`compare`], [`verdict`] | how large a change is; whether it is real and matters |
//! | [`analysis`] | what history says beyond a single judgement |
//! | [`render`] | the report, and every document made of it |
//! | [`publish`] | the plan: what is to be changed on GitHub |
//! | [`github`] | GitHub's API and what a workflow tells its steps |

pub mod analysis;
pub mod baseline;
pub mod cli;
pub mod compare;
pub mod config;
pub mod files;
pub mod github;
pub mod history;
pub mod ingest;
pub mod model;
pub mod pipeline;
pub mod publish;
pub mod render;
pub mod stats;
pub mod store;
pub mod verdict;
