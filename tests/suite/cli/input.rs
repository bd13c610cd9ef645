//! Exports and policies that are pipes, that change, or that may not be read.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Stdio;

use super::{audit, first_line, records, workspace};
use crate::support::Run;

#[test]
fn what_can_be_found_wrong_is_found_before_the_first_record() {
    let workspace = workspace();
    for args in [["-o", "missing/report.csv"], ["-p", "missing.toml"]] {
        let mut child = audit(&workspace)
            .args(args)
            .arg("-")
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        let stdin = child.stdin.take();
        assert_eq!(child.wait().expect("it ends").code(), Some(2), "{args:?}");
        drop(stdin);
    }
}

#[test]
fn a_pipe_is_read_as_a_file_is() {
    let workspace = workspace();
    workspace.make_fifo("pipe");
    let mut command = audit(&workspace);
    let child = command
        .args(["-f", "csv", "pipe"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    fs::write(workspace.path("pipe"), records(3)).expect("it is written");
    let piped = Run::from(child.wait_with_output().expect("it ends"));
    assert_eq!(piped.code, 1);
    let alone = Run::of(audit(&workspace).args(["-f", "csv", "export.ndjson"]));
    let renamed = alone.text().replace("export.ndjson", "pipe");
    assert_eq!(piped.text(), renamed);
}

#[test]
fn exports_are_reported_in_their_order_each_from_record_one() {
    let workspace = workspace();
    for name in ["b.ndjson", "a.ndjson", "c.ndjson"] {
        workspace.write(name, records(4000));
    }
    let ended = Run::of(
        audit(&workspace)
            .args(["-f", "csv", "--columns", "export,record"])
            .args(["b.ndjson", "a.ndjson", "c.ndjson"]),
    );
    let expected: String = ["b.ndjson", "a.ndjson", "c.ndjson"]
        .iter()
        .flat_map(|name| {
            let failing = (1..=4000).filter(|number| number % 3 == 1);
            failing.map(move |number| format!("{name},{number}\r\n"))
        })
        .collect();
    assert_eq!(
        ended.text(),
        format!("export,record\r\n{expected}"),
        "{}",
        ended.stderr
    );
}

#[test]
fn an_export_that_grows_while_it_is_read_is_incomplete() {
    let workspace = workspace();
    workspace.write("large.ndjson", records(60_000));
    let mut child = audit(&workspace)
        .args(["-f", "ndjson", "-j", "1", "large.ndjson"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    // The findings are far more than a pipe holds: the run is not at the end
    // of its export before they are read.
    let mut reader = first_line(&mut child);
    let mut export = OpenOptions::new()
        .append(true)
        .open(workspace.path("large.ndjson"))
        .expect("it is opened");
    export
        .write_all(records(1).as_bytes())
        .expect("it is written");
    let mut rest = String::new();
    reader.read_to_string(&mut rest).expect("it is read");
    let ended = Run::from(child.wait_with_output().expect("it ends"));
    assert_eq!(ended.code, 3);
    let said = ended.stderr;
    assert!(said.contains("large.ndjson: it was changed while it was read"));
    assert!(rest.contains("\"complete\":false"));
}

#[test]
fn a_file_that_is_named_twice_is_refused_by_any_name() {
    let workspace = workspace();
    symlink("export.ndjson", workspace.path("link.ndjson")).expect("it is made");
    let hard = workspace.path("hard.ndjson");
    fs::hard_link(workspace.path("export.ndjson"), hard).expect("it is made");
    let absolute = workspace.path("export.ndjson").display().to_string();
    let names = ["export.ndjson", "./export.ndjson", "link.ndjson"];
    for other in names.iter().copied().chain(["hard.ndjson", &absolute, "-"]) {
        let stdin = File::open(workspace.path("export.ndjson")).expect("it is opened");
        let mut command = audit(&workspace);
        command.args(["export.ndjson", other]).stdin(stdin);
        let ended = Run::of(&mut command);
        assert_eq!(ended.code, 2, "{other}");
        let said = format!("error: export `{other}` is the same file as `export.ndjson`");
        assert!(ended.stderr.starts_with(&said), "{}", ended.stderr);
    }
}

#[test]
fn an_export_that_may_not_be_read_cannot_be_audited() {
    let workspace = workspace();
    let export = workspace.path("export.ndjson");
    fs::set_permissions(&export, fs::Permissions::from_mode(0o000)).expect("it is set");
    // Nothing is forbidden to root.
    if File::open(&export).is_ok() {
        return;
    }
    let ended = Run::of(audit(&workspace).arg("export.ndjson"));
    assert_eq!(ended.code, 2);
    let said = "error: export `export.ndjson` could not be opened: Permission denied";
    assert!(ended.stderr.starts_with(said));
}
