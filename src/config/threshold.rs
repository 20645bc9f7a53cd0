//! Thresholds (how large a degradation matters) and targets (absolute promises) as the configuration writes them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Serialize};

use super::{Percent, Quantity};
use crate::model::{Amount, Metric, Unit, parse_amount};

/// The name of a metric; one that is nearly the name of a known metric is refused as a typo, which would gate nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(transparent)]
pub struct MetricName(pub String);

/// How large a degradation of a metric matters: `20%`, or a mapping with more to say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// Relative to the baseline.
    pub relative: Option<f64>,
    /// Error rates: the smallest difference of rates that matters.
    pub at_least: Option<f64>,
    /// From which degradation on a person must approve.
    pub critical: Option<f64>,
    /// Whether the metric is reported without gating.
    pub advisory: bool,
}

/// A threshold written as a mapping.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Detailed {
    /// Relative to the baseline.
    relative: Option<Percent>,
    /// Error rates: the smallest difference of rates that matters.
    at_least: Option<Percent>,
    /// From which degradation on a person must approve.
    critical: Option<Percent>,
    /// Report without gating.
    #[serde(default)]
    advisory: bool,
}

/// An absolute promise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Target {
    /// The metric: `p95`.
    pub metric: String,
    /// The endpoint, or the run as a whole.
    pub endpoint: Option<String>,
    /// The value must be below this, in the metric's base unit.
    pub below: Option<f64>,
    /// The value must be above this.
    pub above: Option<f64>,
    /// The load it is promised at, 1/s.
    pub at: Option<f64>,
}

/// A target written as a mapping.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Promise {
    /// The metric: `p95`, `throughput`, `memory`, or any the run has.
    metric: String,
    /// The endpoint; without it the run as a whole.
    endpoint: Option<String>,
    /// The value must be below this.
    below: Option<Quantity>,
    /// The value must be above this.
    above: Option<Quantity>,
    /// The load it is promised at: `100rps`.
    at: Option<Quantity>,
}

/// Fails for a name that is nearly that of a metric.
fn check_metric(name: &str) -> Result<(), String> {
    const KNOWN: [&str; 10] = ["p50", "p90", "p95", "p99", "mean", "max", "throughput", "error-rate", "memory", "cpu"];
    if Metric::known(name).is_some() {
        return Ok(());
    }
    let near = |known: &&&str| known.len() > 3 && strsim::damerau_levenshtein(known, name) <= 2;
    match KNOWN.iter().find(near) {
        Some(known) => Err(format!("unknown metric '{name}'; did you mean '{known}'?")),
        None => Ok(()),
    }
}

impl Target {
    /// Reads `p95 < 200 ms at 100 rps`.
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not a target such as 'p95 < 200ms at 100rps'");
        let (metric, rest) = text.split_once(['<', '>']).ok_or_else(wrong)?;
        let rest = rest.trim_start_matches('=');
        let (bound, at) = rest.split_once(" at ").map_or((rest, None), |(bound, at)| (bound, Some(at)));
        let amount = |text: &str| parse_amount(text).map_err(|error| error.to_string()).map(Quantity);
        let (bound, at) = (amount(bound)?, at.map(amount).transpose()?);
        let below = text.contains('<');
        let promise = Promise {
            metric: metric.trim().to_owned(),
            endpoint: None,
            below: below.then_some(bound),
            above: (!below).then_some(bound),
            at,
        };
        Self::check(promise)
    }

    fn check(promise: Promise) -> Result<Self, String> {
        let Promise { metric, endpoint, below, above, at } = promise;
        check_metric(&metric)?;
        if below.is_none() == above.is_none() {
            return Err(format!("the target on '{metric}' needs one of 'below' and 'above'"));
        }
        let unit = Metric::known(&metric).map(|known| known.unit);
        let in_unit = |quantity: Option<Quantity>| quantity.map(|q| value_in(&metric, unit, q.0)).transpose();
        let rate = |quantity: Quantity| value_in("at", Some(Unit::PerSecond), quantity.0);
        Ok(Self { below: in_unit(below)?, above: in_unit(above)?, at: at.map(rate).transpose()?, metric, endpoint })
    }
}

/// The amount's value, if its unit is that of the metric.
fn value_in(metric: &str, unit: Option<Unit>, amount: Amount) -> Result<f64, String> {
    match (unit, amount.unit) {
        (Some(unit), Some(given)) if unit != given => {
            Err(format!("'{metric}' is in {}, not in {}", unit.as_str(), given.as_str()))
        }
        (Some(Unit::Seconds | Unit::Bytes | Unit::Ratio), None) => {
            Err(format!("'{metric}' needs a unit: {}ms, {}MB or {}%", amount.value, amount.value, amount.value))
        }
        _ => Ok(amount.value),
    }
}

impl<'de> Deserialize<'de> for MetricName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        check_metric(&name).map_err(de::Error::custom)?;
        Ok(Self(name))
    }
}

impl<'de> Deserialize<'de> for Threshold {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Threshold;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a share such as 20%, or a mapping with 'relative'")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Threshold, E> {
                let share = Percent::deserialize(de::value::StrDeserializer::new(text))?;
                Ok(Threshold { relative: Some(share.0), at_least: None, critical: None, advisory: false })
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Threshold, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Threshold, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Threshold, A::Error> {
                let detailed = Detailed::deserialize(MapAccessDeserializer::new(map))?;
                let share = |percent: Option<Percent>| percent.map(|p| p.0);
                Ok(Threshold {
                    relative: share(detailed.relative),
                    at_least: share(detailed.at_least),
                    critical: share(detailed.critical),
                    advisory: detailed.advisory,
                })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Target;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(
                    "a target such as 'p95 < 200ms at 100rps', or a mapping with 'metric' and 'below' or 'above'",
                )
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Target, E> {
                Target::parse(text).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Target, A::Error> {
                let promise = Promise::deserialize(MapAccessDeserializer::new(map))?;
                Target::check(promise).map_err(de::Error::custom)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for Threshold {
    fn schema_name() -> Cow<'static, str> {
        "Threshold".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (short, long) = (generator.subschema_for::<Percent>(), generator.subschema_for::<Detailed>());
        json_schema!({ "anyOf": [short, long] })
    }
}

impl JsonSchema for Target {
    fn schema_name() -> Cow<'static, str> {
        "Target".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let long = generator.subschema_for::<Promise>();
        json_schema!({ "anyOf": [{ "type": "string", "examples": ["p95 < 200ms at 100rps"] }, long] })
    }
}
