//! Whatever the bytes: the reader of JSON and `serde_json` say the same.

#![no_main]

#[path = "../judge/mod.rs"]
mod judge;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| judge::agree(bytes));
