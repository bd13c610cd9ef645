//! Whatever bytes an export holds: what can be read is judged, what cannot be
//! read is reported, and neither depends on where the bytes are cut into batches.

mod cases;
mod csv;
mod cuts;
mod encodings;
mod oversize;
mod packed;
mod shapes;
mod values;

use crate::support::{Run, Workspace};

/// Every record that is judged is found something by `sso`, unless it is made
/// for filling.
const POLICY: &str = r#"
[policy]
id = "conformance"

[[rule]]
id = "sso"
severity = "high"
require.forceSso = true

[[rule]]
id = "name"
severity = "low"
require.name = { min-length = 1 }
"#;

/// Batches of these sizes, on so many threads, must come to the same.
const RUNS: [(&str, &str); 4] = [("1", "3"), ("13", "1"), ("512", "3"), ("262144", "3")];

/// Bytes of an export after which batches are as small as they are asked to be.
const FIRST_BATCH: usize = 64 << 10;

fn workspace() -> Workspace {
    Workspace::with_policy(POLICY)
}

/// A record that is judged, and takes up the first batch.
fn before() -> Vec<u8> {
    let pad = "a".repeat(FIRST_BATCH);
    format!(r#"{{"id":"before","name":"n","force_sso":false,"pad":"{pad}"}}"#).into_bytes()
}

const AFTER: &[u8] = br#"{"id":"after","name":"n","force_sso":false}"#;

/// A run on these bytes, which must not depend on windows and threads.
fn read(workspace: &Workspace, what: &str, export: &[u8], options: &[&str]) -> Run {
    read_alike(workspace, what, export, options, &RUNS)
}

fn read_alike(
    workspace: &Workspace,
    what: &str,
    export: &[u8],
    options: &[&str],
    runs: &[(&str, &str)],
) -> Run {
    workspace.write("export", export);
    let run = |window: &str, threads: &str| {
        let mut all = vec!["--window-bytes", window, "-j", threads];
        all.extend(options);
        workspace.audit(&["export"], &all)
    };
    let first = run("262144", "1");
    for (window, threads) in runs {
        let other = run(window, threads);
        assert!(
            other == first,
            "{what}: a window of {window} bytes and {threads} threads differ{first}{other}"
        );
    }
    first
}

/// A record that is judged.
fn record(id: &str) -> String {
    format!(r#"{{"id":"{id}","name":"n","force_sso":false}}"#)
}
