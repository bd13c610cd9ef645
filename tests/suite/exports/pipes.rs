//! Several exports, and exports that are no files.

use std::io::Write;
use std::process::{Child, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::SEEN;
use crate::support::{Run, Workspace, check};

const LINE: &str = r#"{"id":"a","force_2fa":false}"#;

fn spawn(workspace: &Workspace, exports: &[&str]) -> Child {
    workspace
        .command()
        .args(workspace.args(exports, &["-q"]))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn finish(mut child: Child, bytes: &[u8]) -> Run {
    let mut stdin = child.stdin.take().unwrap();
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&bytes));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    output.into()
}

#[test]
fn stdin_is_read_in_any_shape() {
    let workspace = Workspace::with_policy(SEEN);
    let many = format!("{LINE}\n").repeat(20_000);
    let packed = zstd::encode_all(LINE.as_bytes(), 1).unwrap();
    for (bytes, records) in [
        (LINE.as_bytes(), 1),
        (many.as_bytes(), 20_000),
        (b"id;force_2fa\na;no\n", 1),
        (&packed, 1),
    ] {
        let run = finish(spawn(&workspace, &["-"]), bytes);
        assert_eq!(run.code, 1);
        let report = run.report();
        assert_eq!(report["exports"][0]["path"], "-");
        assert_eq!(report["summary"]["records"], records);
    }
}

#[test]
fn stdin_without_a_record_is_not_clean() {
    let workspace = Workspace::with_policy(SEEN);
    for bytes in [&b""[..], b"\n", b"[]"] {
        let run = finish(spawn(&workspace, &["-"]), bytes);
        assert_eq!(run.code, 3);
    }
}

#[test]
fn stdin_is_read_between_files() {
    let workspace = Workspace::with_policy(SEEN);
    workspace.write("first", r#"{"id":"first","force_2fa":true}"#);
    workspace.write("last", "id,force_2fa\nlast,t\n");
    let run = finish(spawn(&workspace, &["first", "-", "last"]), LINE.as_bytes());
    let report = run.report();
    let findings = report["findings"].as_array().unwrap().iter();
    let seen = findings.filter(|finding| finding["rule"] == "seen");
    let ids: Vec<_> = seen
        .map(|finding| finding["customer_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["first", "a", "last"]);
}

#[test]
fn stdin_is_named_once() {
    let run = finish(spawn(&Workspace::with_policy(SEEN), &["-", "-"]), b"");
    assert_eq!(run.code, 2);
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_read() {
    let workspace = Workspace::with_policy(SEEN);
    let pipe = workspace.path("pipe");
    workspace.make_fifo("pipe");
    let child = spawn(&workspace, &["pipe"]);
    let writer = std::thread::spawn(move || {
        let many = format!("{LINE}\n").repeat(20_000);
        std::fs::write(pipe, many).unwrap();
    });
    let run = finish(child, b"");
    writer.join().unwrap();
    assert_eq!(run.code, 1);
    assert_eq!(run.report()["summary"]["records"], 20_000);
}

/// Waits for the end of a run; one that does not end is killed.
#[track_caller]
fn ends(mut child: Child) -> ExitStatus {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(120) {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    panic!("the run waits for a pipe that nobody writes to");
}

#[test]
fn a_run_that_nobody_listens_to_ends_although_its_input_stays_open() {
    let workspace = Workspace::with_policy(SEEN);
    let many = format!("{LINE}\n").repeat(100_000);
    workspace.write("many", &many);
    let packed = zstd::encode_all(many.as_bytes(), 1).unwrap();
    let [manifest, policy, file] =
        ["manifest.json", "policy.toml", "many"].map(|name| workspace.path(name));
    for (exports, bytes) in [
        (vec!["-".as_ref()], many.as_bytes()),
        (vec!["-".as_ref()], packed.as_slice()),
        (vec![file.as_os_str(), "-".as_ref()], b""),
    ] {
        let mut child = workspace
            .command()
            .args(["-q", "-f", "ndjson", "-j", "3", "-p"])
            .arg(&policy)
            .arg("--manifest")
            .arg(&manifest)
            .args(exports)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut stdin = child.stdin.take().unwrap();
        // The run may have ended before all is written.
        let _ = stdin.write_all(bytes);
        assert_eq!(ends(child).code(), Some(2));
        assert!(!manifest.exists(), "a run that failed has no manifest");
        drop(stdin);
    }
}

#[test]
fn a_manifest_has_the_digest_of_all_of_an_export_that_is_given_up_early() {
    let workspace = Workspace::with_policy(SEEN);
    let mut packed = zstd::encode_all(format!("{LINE}\n").as_bytes(), 1).unwrap();
    packed.extend_from_slice(&[0; 1 << 20]);
    workspace.write("packed", &packed);
    let manifest = workspace.path("manifest.json");
    let run = workspace.audit(&["packed"], &["--manifest", manifest.to_str().unwrap()]);
    check(run.code == 3, "it cannot be unpacked to its end", &run);
    let manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(manifest).unwrap()).unwrap();
    let bytes = manifest["exports"][0]["bytes"].as_u64();
    assert_eq!(bytes, Some(packed.len() as u64));
}

#[test]
fn a_packed_export_that_is_cut_off_is_truncated() {
    let workspace = Workspace::with_policy(SEEN);
    let lines = format!("{LINE}\n").repeat(1000);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(lines.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(lines.as_bytes(), 1).unwrap();
    for packed in [gzip, zstd] {
        workspace.write("packed", &packed[..packed.len() - 3]);
        let run = workspace.audit(&["packed"], &[]);
        check(run.code == 3, "it cannot be unpacked to its end", &run);
        let because = run.report()["summary"]["incomplete_because"][0].clone();
        check(because["code"] == "truncated", "it is cut off", &run);
    }
}

#[test]
fn exports_are_read_in_their_order_and_counted_apart() {
    let workspace = Workspace::with_policy(SEEN);
    workspace.write("array", format!("[{LINE},{LINE}]"));
    workspace.write("lines", format!("{LINE}\noops\n{LINE}\n"));
    workspace.write("rows", "id,force_2fa\nc,no\n");
    workspace.write("again", "id,force_2fa\nc,no\n");
    let run = workspace.audit(&["rows", "lines", "array", "again"], &[]);
    check(
        run.found("mfa") == ["c", "a", "a", "a", "a", "c"],
        "order",
        &run,
    );
    let report = run.report();
    let exports = report["exports"].as_array().unwrap().iter();
    let counts: Vec<_> = exports
        .map(|export| (export["records"].as_u64(), export["rejected"].as_u64()))
        .collect();
    let expected = [(1, 0), (3, 1), (2, 0), (1, 0)].map(|(all, bad)| (Some(all), Some(bad)));
    check(counts == expected, "each has its counts", &run);
    let numbers = report["findings"].as_array().unwrap().iter();
    let mfa = numbers.filter(|finding| finding["rule"] == "mfa");
    let numbers: Vec<_> = mfa
        .map(|finding| finding["record"].as_u64().unwrap())
        .collect();
    check(numbers == [1, 1, 3, 1, 2, 1], "records count from 1", &run);
    check(run.code == 3, "one was rejected", &run);
}

#[test]
fn an_export_that_cannot_be_opened_is_found_before_any_is_read() {
    let workspace = Workspace::with_policy(SEEN);
    workspace.write("good", LINE);
    let run = workspace.audit(&["good", "none"], &[]);
    assert_eq!((run.code, run.stdout.len()), (2, 0));
    let run = workspace.audit(&["good", ""], &[]);
    assert_eq!((run.code, run.stdout.len()), (2, 0));
}

#[test]
fn an_export_that_is_rubbish_spoils_no_other() {
    let workspace = Workspace::with_policy(SEEN);
    workspace.write("good", LINE);
    workspace.write("rubbish", "\x01\x02\x03");
    let run = workspace.audit(&["rubbish", "good"], &[]);
    check(
        !run.problem().is_empty(),
        "it is reported of its export",
        &run,
    );
    check(run.code == 3, "what cannot be read is reported", &run);
    check(run.found("mfa") == ["a"], "the other is judged", &run);
}
