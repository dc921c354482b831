#![no_main]
#[path = "../targets.rs"]
#[allow(dead_code, reason = "each target uses its own function")]
mod targets;
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::journal_bytes(bytes));
