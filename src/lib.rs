//! perf-gate reads what a load generator wrote, compares it with history, and decides.

pub mod baseline;
pub mod config;
pub mod files;
pub mod history;
pub mod ingest;
pub mod model;
pub mod render;
