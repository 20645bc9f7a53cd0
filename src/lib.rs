//! perf-gate reads what a load generator wrote, compares it with history, and decides.

pub mod baseline;
pub mod history;
pub mod model;
pub mod store;
