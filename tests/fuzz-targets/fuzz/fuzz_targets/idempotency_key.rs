#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tiketi_fuzz_targets::idempotency_key(bytes));
