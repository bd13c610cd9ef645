//! The bytes of a partial: they depend on its part alone, and no other bytes are taken for it.

use std::fs;

use super::in_parts::{Files, InParts};
use super::laws::POLICY;
use crate::exports::customers::customers;
use crate::support::{Workspace, check};

fn workspace(times: usize) -> Workspace {
    let workspace = Workspace::with_policy(POLICY);
    let records = vec![customers(40); times].concat();
    workspace.write(
        "e",
        crate::sound::shapes::lines(records.into_iter()) + "{\n",
    );
    workspace
}

#[test]
fn the_same_part_has_the_same_bytes_on_any_number_of_threads_and_with_any_chunks() {
    let workspace = workspace(30);
    let in_parts = InParts::new(&["e"], 2).sharded(&["--nights"]);
    let made = |options: &[&str]| {
        let in_parts = in_parts.clone().sharded(options);
        let made = in_parts.shard_into(&workspace, "2/2", "p");
        check(made.code == 0, "a part", &made);
        fs::read(workspace.path("p")).unwrap()
    };
    let first = made(&[]);
    for options in [
        &["-j", "2"][..],
        &["-j", "7"],
        &["-j", "3", "--window-bytes", "700"],
        &["--window-bytes", "100000"],
    ] {
        assert!(made(options) == first, "{options:?}");
    }
}

#[test]
fn a_partial_that_was_cut_or_changed_anywhere_is_refused_and_no_report_is_touched() {
    let workspace = workspace(1);
    let in_parts = InParts::new(&["e"], 1).sharded(&["--records"]);
    let (name, made) = in_parts.shard(&workspace, "1/1");
    check(made.code == 0, "a part", &made);
    let whole = fs::read(workspace.path(&name)).unwrap();
    let refused = |bytes: &[u8], what: &str| {
        workspace.write("bad.part", bytes);
        let (merged, files) = in_parts.merged(&workspace, &["bad.part".to_owned()]);
        check(merged.code == 2, what, &merged);
        check(merged.stderr.contains("`bad.part`"), what, &merged);
        assert_eq!(files, Files::new(), "{what}");
    };
    for at in (0..whole.len()).step_by(whole.len() / 60) {
        refused(&whole[..at], &format!("cut at {at} of {}", whole.len()));
        let mut changed = whole.clone();
        changed[at] ^= 1;
        refused(&changed, &format!("changed at {at} of {}", whole.len()));
    }
    refused(&[whole.as_slice(), b"\n"].concat(), "longer");
}

#[test]
fn a_partial_may_not_take_the_place_of_what_is_read() {
    let workspace = workspace(1);
    let in_parts = InParts::new(&["e"], 1);
    for name in ["e", "policy.toml"] {
        let before = workspace.read(name);
        let made = in_parts.shard_into(&workspace, "1/1", name);
        check(made.code == 2, name, &made);
        assert_eq!(workspace.read(name), before);
    }
}

#[test]
fn nobody_else_may_read_a_partial() {
    use std::os::unix::fs::PermissionsExt as _;
    let workspace = workspace(1);
    let (name, _) = InParts::new(&["e"], 1).shard(&workspace, "1/1");
    let metadata = fs::metadata(workspace.path(&name)).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
}
