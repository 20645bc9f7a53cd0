#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| perf_gate::ingest::fuzzing::jtl(bytes));
