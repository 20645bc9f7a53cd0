//! The nouns of perf-gate: a [`Run`] and what it is made of.
//!
//! Everything here is plain data in base units (seconds, bytes, 1/s, ratios); nothing reads a file, a clock or the
//! environment. A run as it is held in memory is the run as it is written: the native format is `Run`, serialised.

mod acceptance;
mod approval;
mod arrivals;
mod builder;
mod cell;
mod distribution;
mod environment;
mod latency;
mod metric;
mod native;
mod outcome;
mod parallel;
mod pattern;
mod radix;
mod record;
mod run;
mod shared;
mod slices;
mod sum;
mod summary;
mod timeline;
mod unit;

pub use acceptance::{ACCEPTANCE_SCHEMA, Acceptance};
pub use approval::{APPROVAL_SCHEMA, Approval, Decision};
pub use arrivals::Arrivals;
pub use builder::TimelineBuilder;
pub use distribution::Histogram;
pub use environment::{Environment, Load, Tool};
pub use latency::{Latency, Resolution};
pub use metric::{Direction, Metric, quantile_of};
pub use native::{SCHEMA, parse, schema, write};
pub use outcome::{Judged, Outcome, Regression, SeriesName};
pub use parallel::threads;
pub use pattern::matches;
pub(crate) use radix::sort_by_digits;
pub use record::Record;
pub use run::{ALL, Basis, Endpoint, Failure, Interval, Kind, Measurement, OTHER, Run, Series, Source, Warning};
pub use shared::Shared;
pub use summary::{EndpointSummary, LogValue, Summary, WarmUp};
pub use timeline::{Block, Timeline, Track};
pub use unit::{Amount, Unit, parse_amount, parse_duration};
