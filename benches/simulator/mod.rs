//! Seeded load tests: runs as perf-gate sees real ones, request by request.
//!
//! A [`Scenario`] is what is run: endpoints of unequal traffic and latency, users who wait for their responses (or
//! arrivals that do not). [`Conditions`] say how much runs differ, [`Circumstances`] what one run met of that: its
//! runner, its neighbours, its machine. Within a run the service has [`Weather`](weather): warm-up, load that comes in
//! waves, pauses, bursts of errors, so that neighbouring requests are alike and count for less than as many independent
//! ones. An [`Injection`] is the regression to be found. Requests go through the recorder and the summary of the
//! product, so that all but the parsing of files is measured.
//!
//! The same seed gives the same chance to a run whatever is injected: only what the injection touches differs. Every
//! parameter is a constant with its reason in the file of its idea. Figures within a run are of the order of those in
//! raw results of k6: a standard error of log p95 of 1–3 /√n, of the body of 0.4–1.2 /√n.
#![allow(dead_code, unused_imports, reason = "each of the binaries that take this module uses a part of it")]

mod chance;
mod circumstances;
mod curve;
mod injection;
mod pairs;
mod requests;
mod scenario;
mod weather;

pub(crate) use chance::Chance;
pub(crate) use circumstances::{Circumstances, Conditions};
pub(crate) use injection::Injection;
pub(crate) use pairs::pairs;
pub(crate) use requests::{record, recorded, requests};
pub(crate) use scenario::{Arrivals, Load, Scenario};
