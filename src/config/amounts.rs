//! Amounts as the configuration writes them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use crate::model::{Amount, Unit, WarmUp, parse_amount, parse_duration};

/// A share, written `20%` or, where it is a difference of shares, `0.5pp`; 0.2 and 0.005 here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Percent(pub f64);

/// A time in seconds, written `30s`, `10min`, `7d`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Duration(pub f64);

/// A value with its unit: `200ms`, `100rps`, `512MiB`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity(pub Amount);

/// A size in bytes, written `500MB`, `1GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

impl Percent {
    fn parse(text: &str) -> Result<Self, String> {
        let amount = parse_amount(text).map_err(|error| error.to_string())?;
        match amount.unit {
            Some(Unit::Ratio) if amount.value > 0.0 => Ok(Self(amount.value)),
            Some(Unit::Ratio) => Err(format!("'{text}' is not above 0")),
            _ => Err(format!("'{text}' is not a share: write 20% (or 0.5pp for a difference of error rates)")),
        }
    }
}

/// Reads a warm-up: `10%`, `30s`.
///
/// # Errors
/// Whatever is neither a share below 100 % nor a time.
pub fn warm_up(text: &str) -> Result<WarmUp, String> {
    let amount = parse_amount(text).map_err(|error| error.to_string())?;
    match amount.unit {
        Some(Unit::Ratio) if (0.0..1.0).contains(&amount.value) => Ok(WarmUp::Share(amount.value)),
        Some(Unit::Seconds) if amount.value >= 0.0 => Ok(WarmUp::Seconds(amount.value)),
        _ => Err(format!("'{text}' is not a warm-up such as 10% (below 100%) or 30s")),
    }
}

/// A warm-up as the configuration writes it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Start(pub WarmUp);

/// The text of a scalar: a bare number is text too, so that the message can say which unit it lacks.
fn text_of<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Scalar;
    impl de::Visitor<'_> for Scalar {
        type Value = String;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an amount with its unit, such as 20%, 200ms or 7d")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_f64<E: de::Error>(self, number: f64) -> Result<String, E> {
            Ok(number.to_string())
        }
    }
    deserializer.deserialize_any(Scalar)
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&text_of(deserializer)?).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Start {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        warm_up(&text_of(deserializer)?).map(Self).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parse_duration(&text_of(deserializer)?).map(Self).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parse_amount(&text_of(deserializer)?).map(Self).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = text_of(deserializer)?;
        let amount = parse_amount(&text).map_err(de::Error::custom)?;
        match amount.unit {
            Some(Unit::Bytes) if amount.value >= 0.0 => Ok(Self(amount.value as u64)),
            _ => Err(de::Error::custom(format!("'{text}' is not a size: write 500MB"))),
        }
    }
}

/// A schema of texts that match `pattern`, with an example.
fn text_schema(pattern: &str, example: &str) -> Schema {
    json_schema!({ "type": "string", "pattern": pattern, "examples": [example] })
}

impl JsonSchema for Percent {
    fn schema_name() -> Cow<'static, str> {
        "Percent".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        text_schema(r"^[0-9.]+ *(%|pp)$", "20%")
    }
}

impl JsonSchema for Duration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number"], "pattern": r"^[0-9.]+ *(ns|us|µs|ms|s|min|m|h|d)?$", "examples": ["7d"] })
    }
}

impl JsonSchema for Start {
    fn schema_name() -> Cow<'static, str> {
        "WarmUp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        text_schema(r"^[0-9.]+ *(%|ns|us|µs|ms|s|min|m|h|d)$", "10%")
    }
}

impl JsonSchema for Size {
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        text_schema(r"^\s*[0-9.]+\s*[kMGT]?i?B\s*$", "500MB")
    }
}

impl JsonSchema for Quantity {
    fn schema_name() -> Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number"], "examples": ["200ms", "100rps", "512MiB"] })
    }
}
