//! Judges one customer record by a policy, both given as text.
//!
//! It shows the least that a program needs: policies, an `Auditor`, and a function
//! that takes findings. Run it with `cargo run --example judge_record`.

use std::error::Error;
use std::io::{self, Write};

use audit::{Auditor, Format, Policies};

const POLICY: &str = r#"
[policy]
id = "mfa"

[[rule]]
id = "second-factor"
severity = "high"
require.force2fa = true
"#;

const RECORD: &str = r#"{"id": "acme", "name": "Acme Ltd", "force_2fa": false}"#;

fn main() -> Result<(), Box<dyn Error>> {
    judge(POLICY, RECORD, &mut io::stdout())
}

/// Judges a record, which is a JSON object, and writes its findings.
pub fn judge(policy: &str, record: &str, out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let policies = Policies::builder().text("policy.toml", policy).load()?;
    let mut audit = Auditor::new(&policies);
    audit.read("the record", Format::Json, record.as_bytes(), |finding| {
        writeln!(out, "{finding}")
    })?;
    let totals = audit.finish(|finding| writeln!(out, "{finding}"))?;
    // A record that could not be read, or judged, must not look like a good one.
    for gap in &totals.verdict.gaps {
        writeln!(out, "incomplete: {}", gap.text)?;
    }
    Ok(())
}
