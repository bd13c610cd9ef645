//! Exports as they are met in the field, and how each is read.

mod accounts;
pub mod customers;
mod envelopes;
mod laws;
mod manual;
mod pages;
mod pipes;
mod places;
mod recovery;
mod seeds;
pub mod shapes;
mod spellings;
mod unread;

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
