//! Whatever bytes an export holds: what can be read is judged, what cannot be
//! read is told, and neither depends on where the bytes are cut into batches.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on should stop where it stands"
)]

mod cases;
mod csv;
mod cuts;
#[path = "../desk/mod.rs"]
mod desk;
mod encodings;
mod oversize;
mod packed;
mod shapes;
mod values;

use desk::{Desk, Run};

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

fn desk() -> Desk {
    Desk::new(POLICY)
}

/// A record that is judged, and takes up the first batch.
fn before() -> Vec<u8> {
    let pad = "a".repeat(FIRST_BATCH);
    format!(r#"{{"id":"before","name":"n","force_sso":false,"pad":"{pad}"}}"#).into_bytes()
}

const AFTER: &[u8] = br#"{"id":"after","name":"n","force_sso":false}"#;

/// A run on these bytes, which must not depend on windows and threads.
fn read(desk: &Desk, what: &str, export: &[u8], options: &[&str]) -> Run {
    read_alike(desk, what, export, options, &RUNS)
}

fn read_alike(
    desk: &Desk,
    what: &str,
    export: &[u8],
    options: &[&str],
    runs: &[(&str, &str)],
) -> Run {
    desk.put("export", export);
    let run = |window: &str, threads: &str| {
        let mut all = vec!["--window-bytes", window, "-j", threads];
        all.extend(options);
        desk.audit(&["export"], &all)
    };
    let first = run("262144", "1");
    for (window, threads) in runs {
        let other = run(window, threads);
        assert!(
            other == first,
            "{what}: a window of {window} bytes and {threads} threads differ\n{}\n{}",
            told(&first),
            told(&other)
        );
    }
    first
}

/// What a run said, cut to what fits on a screen.
fn told(run: &Run) -> String {
    let report = String::from_utf8_lossy(&run.stdout);
    let findings = report.find("\"findings\"").unwrap_or(0);
    let said: String = report[findings..].chars().take(2000).collect();
    format!("exit {}\n{}{said}\n", run.code, run.stderr)
}

/// A record that is judged.
fn record(id: &str) -> String {
    format!(r#"{{"id":"{id}","name":"n","force_sso":false}}"#)
}

/// Fails with what the run said.
#[track_caller]
fn check(holds: bool, what: &str, run: &Run) {
    assert!(holds, "{what}\n{}", told(run));
}
