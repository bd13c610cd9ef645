//! Exports as they are met in the field, and how each is read.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on should stop where it stands"
)]

mod accounts;
#[path = "../desk/mod.rs"]
mod desk;
mod envelopes;
mod pipes;
mod spellings;

use desk::{Desk, Run};
use serde_json::Value;

/// Invented records and what wraps them.
fn examples() -> Value {
    serde_json::from_str(include_str!("../data/example-records.json")).unwrap()
}

/// `seen` finds every record, and counts for nothing.
const SEEN: &str = r#"
[policy]
id = "shapes"

[[rule]]
id = "seen"
severity = "info"
require.id = { equals = "nobody" }

[[rule]]
id = "mfa"
severity = "high"
require.force2fa = true
"#;

/// A policy of one rule.
fn rule(requirement: &str) -> String {
    format!("[policy]\nid = \"one\"\n[[rule]]\nid = \"one\"\nseverity = \"high\"\n{requirement}\n")
}

/// Fails with what the run said.
#[track_caller]
fn check(holds: bool, what: &str, run: &Run) {
    let report = String::from_utf8_lossy(&run.stdout);
    assert!(holds, "{what}\nexit {}\n{}{report}", run.code, run.stderr);
}
