//! The published JSON Schemas: equal to the types, and satisfied by what the program writes and what people write.

use std::path::Path;

use perf_gate::analysis::calibrate::Calibration;
use perf_gate::analysis::levels::Overview;
use perf_gate::{config::Config, model, render::Explanations, render::Report};
use serde_json::Value;

use crate::golden::golden;

fn pretty(schema: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(schema).unwrap())
}

#[test]
fn published_schemas_are_those_of_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    let of_types = [
        ("run", model::schema()),
        ("config", Config::schema()),
        ("report", Report::schema()),
        ("explanation", Explanations::schema()),
        ("calibration", Calibration::schema()),
        ("history", Overview::schema()),
    ];
    for (name, schema) in of_types {
        golden(&folder.join(format!("{name}.schema.json")), &pretty(&schema)).unwrap();
    }
}

#[test]
fn a_hand_written_run_is_valid() {
    let text = r#"{"schema": "perf-gate/run/v1", "scenario": "checkout",
        "endpoints": [{"name": "GET /", "metrics": [{"name": "p95", "value": 0.21}]}]}"#;
    let run: Value = serde_json::from_str(text).unwrap();
    let validator = jsonschema::validator_for(&model::schema()).unwrap();
    assert!(validator.is_valid(&run));
    assert!(model::parse(text.as_bytes()).is_ok());
}

#[test]
fn a_typo_in_a_hand_written_run_is_invalid_for_the_schema_too() {
    let run: Value = serde_json::json!({"schema": "perf-gate/run/v1", "scenario": "s", "endpionts": []});
    assert!(!jsonschema::validator_for(&model::schema()).unwrap().is_valid(&run));
}
