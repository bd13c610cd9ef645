//! Whatever the bytes: the reader of JSON and `serde_json` say the same.

#![no_main]

#[path = "../oracle/mod.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| oracle::agree(bytes));
