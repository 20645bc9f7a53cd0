//! The answer of Prometheus' HTTP API to `query_range` (a matrix) or `query` (a vector or scalar).
//!
//! <https://prometheus.io/docs/prometheus/latest/querying/api/>: times are seconds, values are strings. A query such as
//! `sum(...)` answers without a name: then the series is called like the file, `memory` for `memory.json`.

use anyhow::{Result, bail};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Labels, time};
use crate::ingest::document::{After, Ending, stream};
use crate::ingest::{Detail, Format, Head, Input, Recorder};

pub(in crate::ingest) const FORMAT: Format = Format {
    name: "prometheus-json",
    tool: "",
    about: "memory and CPU series: the answer of Prometheus to query_range",
    detail: Detail::Resources,
    detect,
    read,
};

fn detect(head: &Head<'_>) -> bool {
    let has = |text: &[u8]| memchr::memmem::find(head.bytes(), text).is_some();
    head.has_keys(&["status"]) && (has(b"\"resultType\"") || has(b"\"errorType\""))
}

fn read(input: &mut Input<'_>, recorder: &mut Recorder) -> Result<()> {
    let name = input.name();
    recorder.resources().begin(name);
    let mut answer = Answer { recorder, unnamed: stem(name), status: String::new(), error: String::new() };
    let ending = stream(input, &[], "an answer of Prometheus", After::Nothing, Top(&mut answer))?;
    let (status, error) = (answer.status, answer.error);
    if status == "error" {
        bail!(
            "{name}: Prometheus answered with an error instead of data: {error}; correct the query and fetch it again"
        );
    }
    if let Ending::Cut(why) = ending {
        input.truncated(&why, recorder)?;
    }
    recorder.resources().end()
}

/// File name without directories and endings.
fn stem(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.split('.').next().unwrap_or(name).to_owned()
}

/// What is known of the answer so far.
struct Answer<'a> {
    recorder: &'a mut Recorder,
    unnamed: String,
    status: String,
    error: String,
}

impl Answer<'_> {
    fn take(&mut self, mut labels: Labels, points: &[Point]) -> Result<()> {
        let name = labels.remove("__name__").unwrap_or_else(|| self.unnamed.clone());
        let resources = self.recorder.resources();
        if !resources.wants(&name) {
            return Ok(());
        }
        let series = resources.instance(&name, &labels)?;
        for Point(time, value) in points {
            match time::seconds(*time) {
                Some(time) => resources.add(series, time, *value)?,
                None => bail!("{time} is no Unix time"),
            }
        }
        Ok(())
    }
}

/// `{"status": …, "data": {…}, "error": …, "warnings": […]}`
struct Top<'a, 'b>(&'a mut Answer<'b>);
/// `{"resultType": …, "result": […]}`
struct Data<'a, 'b>(&'a mut Answer<'b>);
/// `[{"metric": {…}, "values": […]}, …]`, or the two elements of a scalar.
struct Results<'a, 'b>(&'a mut Answer<'b>);

macro_rules! seed {
    ($name:ident, $method:ident, $what:literal, $visit:item) => {
        impl<'de> DeserializeSeed<'de> for $name<'_, '_> {
            type Value = ();
            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
                deserializer.$method(self)
            }
        }
        impl<'de> Visitor<'de> for $name<'_, '_> {
            type Value = ();
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($what)
            }
            $visit
        }
    };
}

seed!(
    Top,
    deserialize_map,
    "an answer of Prometheus",
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "status" => self.0.status = map.next_value()?,
                "error" => self.0.error = map.next_value()?,
                "data" => map.next_value_seed(Data(&mut *self.0))?,
                "warnings" | "infos" => {
                    let told: Vec<String> = map.next_value()?;
                    told.into_iter().for_each(|warning| self.0.recorder.run().warn(format!("Prometheus: {warning}")));
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
);

seed!(
    Data,
    deserialize_any,
    "the data of an answer",
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "result" => map.next_value_seed(Results(&mut *self.0))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
);

seed!(
    Results,
    deserialize_seq,
    "an array of series",
    fn visit_seq<A: SeqAccess<'de>>(self, mut results: A) -> Result<(), A::Error> {
        let mut scalar = None;
        while let Some(element) = results.next_element::<Element>()? {
            let taken = match (element, scalar) {
                (Element::Series { metric, values, value }, _) => {
                    let points: Vec<Point> = values.into_iter().chain(value).collect();
                    self.0.take(metric, &points)
                }
                (Element::Number(time), None) => {
                    scalar = Some(time);
                    Ok(())
                }
                (Element::Number(value), Some(time)) => self.0.take(Labels::new(), &[Point(time, value)]),
            };
            taken.map_err(Error::custom)?;
        }
        Ok(())
    }
);

/// One element of `result`: a series, or half of a scalar.
#[derive(Deserialize)]
#[serde(untagged)]
enum Element {
    Series {
        metric: Labels,
        #[serde(default)]
        values: Vec<Point>,
        value: Option<Point>,
    },
    #[serde(deserialize_with = "number")]
    Number(f64),
}

/// `[1795225991.877, "38219776"]`
#[derive(Clone, Copy, Deserialize)]
struct Point(f64, #[serde(deserialize_with = "number")] f64);

/// A number, or one as a string: `"NaN"` and `"+Inf"` are legal there.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(f64),
        Text(String),
    }
    match Written::deserialize(deserializer)? {
        Written::Number(value) => Ok(value),
        Written::Text(text) => text.parse().map_err(|_| Error::custom(format!("'{text}' is no number"))),
    }
}
