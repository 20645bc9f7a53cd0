//! perf-gate reads what a load generator wrote, compares it with history, and decides.

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
