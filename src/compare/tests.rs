//! Comparisons of made-up runs.

use super::*;
use crate::model::Record;

#[test]
fn placeholder() {
    let _: Vec<Record> = Vec::new();
}
