//! The frame of a SARIF 2.1.0 log, around whatever its one run says.

use serde_json::{Value, json};

use super::model::header::Tool;

/// Returns a log of one run: the rules of its tool, and the rest of it.
pub fn log(rules: &[Value], mut run: Value) -> Value {
    let Tool { name, version } = Tool::this();
    run["tool"] = json!({ "driver": {
        "name": name, "version": version, "semanticVersion": version,
        "rules": rules,
    }});
    run["columnKind"] = "unicodeCodePoints".into();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    })
}
