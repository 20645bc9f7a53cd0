#![no_main]

use flate2::{Decompress, FlushDecompress, Status};

/// Most bytes that are made of an input.
const MOST: usize = 1 << 20;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut wanted = Vec::with_capacity(MOST);
    let status = Decompress::new(false).decompress_vec(bytes, &mut wanted, FlushDecompress::None);
    let whole = matches!(status, Ok(Status::StreamEnd));
    if wanted.len() < MOST {
        for size in [1 + bytes.len() % 97, 1 << 16] {
            assert!(perf_gate::files::fuzzing::inflate(bytes, size) == (wanted.clone(), whole), "in pieces of {size}");
        }
    }
});
