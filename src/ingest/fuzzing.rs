//! What the fuzzer calls: each takes any bytes, and panics where a fast reading and the plain one differ.

use super::{agreement, bits, digits, jmeter, k6, near};

/// Looks at many bytes at once, and at each.
pub fn bits(bytes: &[u8]) {
    if let Some((chunk, [byte, ..])) = bytes.split_first_chunk() {
        bits::assert_agrees(chunk, *byte);
    }
    if let [a, b, rest @ ..] = bytes {
        near::assert_agrees(*a, *b, rest);
    }
}

/// Numbers in decimal digits.
pub fn numbers(bytes: &[u8]) {
    digits::assert_agrees(bytes);
}

/// Records of CSV files.
pub fn csv(bytes: &[u8]) {
    agreement::assert_agrees(bytes, b',');
    agreement::assert_agrees(bytes, b';');
}

/// Rows of a JTL as CSV.
pub fn jtl(bytes: &[u8]) {
    jmeter::csv::assert_agrees(bytes);
}

/// A JTL as XML, in chunks of two sizes.
pub fn xml(bytes: &[u8]) {
    jmeter::xml::plain::assert_agrees(bytes, [1 + bytes.len() % 97, 1 << 16]);
}

/// Rows of k6's CSV output.
pub fn k6_csv(bytes: &[u8]) {
    k6::assert_rows_agree(bytes);
}

/// Lines of k6's JSON output.
pub fn k6_json(bytes: &[u8]) {
    k6::assert_lines_agree(bytes);
}
