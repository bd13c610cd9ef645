//! What a shard and a merge refuse: what is wrong, where, and what would be right.

use std::fs;

use super::in_parts::{Files, InParts};
use super::laws::POLICY;
use crate::exports::customers::customers;
use crate::support::{Run, Workspace, check};

fn workspace() -> Workspace {
    let workspace = Workspace::with_policy(POLICY);
    let records = vec![customers(40); 12].concat();
    let text = crate::sound::shapes::lines(records.into_iter());
    workspace.write("a", &text);
    workspace.write("b", text);
    workspace.write("waivers.toml", super::laws::WAIVERS);
    workspace
}

fn refused((merged, files): (Run, Files), message: &str) {
    check(merged.code == 2, message, &merged);
    let flat = merged
        .stderr
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    check(flat.contains(message), message, &merged);
    assert_eq!(files, Files::new(), "no report is touched");
}

#[test]
fn parts_that_are_missing_are_named_as_they_are_to_be_made() {
    let workspace = workspace();
    let in_parts = InParts::new(&["a", "b"], 9);
    let mut partials = in_parts.shards(&workspace);
    let last = partials.pop().unwrap();
    partials.drain(2..5);
    refused(
        in_parts.merged(&workspace, &partials),
        "4 parts of 9 are missing: make them with --part 3-5/9, --part 9/9",
    );
    let (some, made) = in_parts.shard(&workspace, "3-5/9");
    check(made.code == 0, "three as one", &made);
    partials.extend([some, last]);
    in_parts.is_the_same_of(&workspace, partials, "some made as one");
}

#[test]
fn a_part_twice_counts_once_unless_it_differs() {
    let workspace = workspace();
    let in_parts = InParts::new(&["a"], 3);
    let mut partials = in_parts.shards(&workspace);
    fs::copy(workspace.path(&partials[1]), workspace.path("copy")).unwrap();
    partials.push("copy".to_owned());
    in_parts.is_the_same_of(&workspace, partials.clone(), "a part twice");
    // The export is another file of the same size by now.
    let text = workspace.read("a");
    workspace.write(
        "a",
        text.replacen("cu0000", "cu9999", 1)
            .replace("cu0020", "cu9920"),
    );
    let made = in_parts.shard_into(&workspace, "2/3", "copy");
    check(made.code == 0, "a part", &made);
    refused(
        in_parts.merged(&workspace, &partials),
        "part 2/3 is in `2-of-3.part` and, with other content, in `copy`",
    );
    partials.remove(1);
    refused(
        in_parts.merged(&workspace, &partials),
        "export `a` was another file when `1-of-3.part` was made than when `copy` was",
    );
}

#[test]
fn parts_that_overlap_are_refused() {
    let workspace = workspace();
    let in_parts = InParts::new(&["a"], 4);
    let mut partials = in_parts.shards(&workspace);
    partials.push(in_parts.shard(&workspace, "2-3/4").0);
    refused(
        in_parts.merged(&workspace, &partials),
        "parts overlap: `2-of-4.part` is 2/4, and `2-3-of-4.part` is 2-3/4; leave one out",
    );
}

#[test]
fn partials_of_another_run_are_refused_with_what_differs() {
    let workspace = workspace();
    let in_parts = InParts::new(&["a", "b"], 2);
    let partials = in_parts.shards(&workspace);
    let with = |options: &[&str]| in_parts.clone().judged(options);
    let at = |in_parts: &InParts| {
        let mut other = in_parts.clone();
        let at = other
            .judging
            .iter()
            .position(|one| one == "--as-of")
            .unwrap();
        other.judging[at + 1] = "2026-10-02T00:00:00Z".to_owned();
        other
    };
    for (other, message) in [
        (
            at(&in_parts),
            "its --as-of: 2026-10-01T00:00:00Z, and here 2026-10-02T00:00:00Z",
        ),
        (with(&["-p", "pci"]), "its policies or parameters:"),
        (with(&["--skip", "p/name"]), "its policies or parameters:"),
        (
            with(&["--waivers", "waivers.toml"]),
            "its files of waivers: none, and here",
        ),
        (with(&["--show-sensitive"]), "its options:"),
        (with(&["--input-format", "ndjson"]), "its options:"),
        (with(&["--map", "id=kennung"]), "its options:"),
        (with(&["--max-record-bytes", "9999"]), "its options:"),
    ] {
        refused(other.merged(&workspace, &partials), message);
    }
    for (other, part, message) in [
        (
            InParts::new(&["a"], 2),
            "2/2",
            "are of runs with other exports",
        ),
        (
            InParts::new(&["a", "b"], 3),
            "2/3",
            "are of runs with other numbers of parts",
        ),
        (
            in_parts.clone().sharded(&["--records"]),
            "2/2",
            "options: one was made with --records or --nights",
        ),
        (
            in_parts.clone().sharded(&["--whole-files"]),
            "2/2",
            "options: one was made with --whole-files",
        ),
    ] {
        let made = other.shard_into(&workspace, part, "other");
        check(made.code == 0, message, &made);
        let partials = [partials[0].clone(), "other".to_owned()];
        refused(in_parts.merged(&workspace, &partials), message);
    }
}

#[test]
fn what_is_no_partial_is_called_so() {
    let workspace = workspace();
    let in_parts = InParts::new(&["a"], 1);
    workspace.write("empty", "");
    workspace.create_dir("folder");
    workspace.make_fifo("pipe");
    for (name, message) in [
        ("a", "`a` is no partial: `audit shard` writes them"),
        ("empty", "`empty` is no partial"),
        ("folder", "`folder` is no partial"),
        ("pipe", "`pipe` is no partial"),
        ("nowhere", "partial `nowhere` could not be read"),
    ] {
        refused(in_parts.merged(&workspace, &[name.to_owned()]), message);
    }
    let digest = workspace.run(&["shard", "--digest", "a", "--into", "digest"]);
    check(digest.code == 0, "a digest", &digest);
    refused(
        in_parts.merged(&workspace, &["digest".to_owned()]),
        "no partial holds a part of a run",
    );
}

#[test]
fn parts_keep_what_a_comparison_with_the_night_before_needs_if_that_is_asked() {
    let workspace = workspace();
    let policy = "[policy]\nid = \"p\"\n[[rule]]\nid = \"r\"\nseverity = \"low\"\n\
                  require.forceSso = true\n";
    workspace.write("policy.toml", policy);
    let in_parts = InParts::new(&["a"], 1);
    let before = InParts {
        reporting: ["-q", "-o", "before.ndjson"].map(str::to_owned).to_vec(),
        ..in_parts.clone()
    };
    assert_ne!(before.whole(&workspace).0.code, 2);
    let in_parts = in_parts.reported(&["--since", "before.ndjson"]);
    refused(
        in_parts.merged(&workspace, &in_parts.shards(&workspace)),
        "its fields (--nights of a shard goes with --since or --history of the merge, and \
         --split-by with --split-by): none, and here createdAt",
    );
    workspace.write("policy.toml", POLICY);
    let before = InParts {
        reporting: before.reporting.clone(),
        ..in_parts.clone()
    };
    assert_ne!(before.whole(&workspace).0.code, 2);
    refused(
        in_parts.merged(&workspace, &in_parts.shards(&workspace)),
        "--since or --history needs partials that keep records: make them with --nights",
    );
}

#[test]
fn what_a_merge_needs_and_parts_do_not_keep_is_named() {
    let workspace = workspace();
    let in_parts = InParts::new(&["a"], 1);
    let partials = in_parts.shards(&workspace);
    workspace.write("expected", "c1\n");
    for (options, message) in [
        (
            &["--matrix", "out/m.csv"][..],
            "--matrix needs partials that keep records: make them with --records",
        ),
        (
            &["--expect", "expected"],
            "--expect needs partials that keep records: make them with --records",
        ),
        (
            &["--manifest", "out/m.json"],
            "the digest of export `a` is not among the partials, and --manifest, --history and \
             --max-export-age need it: make it with `audit shard --digest a --into FILE`",
        ),
    ] {
        let in_parts = in_parts.clone().reported(options);
        refused(in_parts.merged(&workspace, &partials), message);
    }
    // Two that differ are none, and one of another file of that name is no help.
    let text = workspace.read("a");
    let mut late = text.clone();
    let at = late.rfind("cu0039").unwrap();
    late.replace_range(at..at + 6, "cu9939");
    for (name, text) in [("late", late), ("digest", text.clone())] {
        workspace.write("a", text);
        let digest = workspace.run(&["shard", "--digest", "a", "--into", name]);
        check(digest.code == 0, "a digest", &digest);
    }
    let with_both = [
        partials.as_slice(),
        &["digest".to_owned(), "late".to_owned()],
    ]
    .concat();
    workspace.write("a", text.replacen("cu0001", "cu9901", 1));
    let digest = workspace.run(&["shard", "--digest", "a", "--into", "early"]);
    check(digest.code == 0, "a digest", &digest);
    let with_early = [partials.as_slice(), &["early".to_owned()]].concat();
    for (partials, message) in [
        (
            with_both,
            "the digest of export `a` in `digest` is another than that in `late`: make one of \
             them again",
        ),
        (
            with_early,
            "the digest in `early` is of another file `a` than the one that was read",
        ),
    ] {
        let in_parts = in_parts.clone().reported(&["--manifest", "out/m.json"]);
        refused(in_parts.merged(&workspace, &partials), message);
    }
    let digest = workspace.run(&["shard", "--digest", "b", "--into", "digest"]);
    check(digest.code == 0, "a digest", &digest);
    workspace.write("a", "{}\n");
    let digest = workspace.run(&["shard", "--digest", "a", "--into", "digest"]);
    check(digest.code == 0, "a digest", &digest);
    let with_digest = [partials.as_slice(), &["digest".to_owned()]].concat();
    refused(
        in_parts
            .clone()
            .reported(&["--manifest", "out/m.json"])
            .merged(&workspace, &with_digest),
        "the digest in `digest` is of another file `a` than the one that was read",
    );
}

#[test]
fn a_shard_that_cannot_be_made_leaves_nothing() {
    let workspace = workspace();
    workspace.make_fifo("pipe");
    workspace.write("sizes", "a\t5\n");
    workspace.write("bad-sizes", "a 5\n");
    workspace.write("huge-sizes", format!("a\t{}\nb\t99\n", u64::MAX));
    let in_parts = InParts::new(&["a"], 2);
    let of = |exports: &[&str]| InParts::new(exports, 2);
    for (in_parts, part, message) in [
        (
            of(&["a", "pipe"]),
            "1/2",
            "export `pipe` is no file, of which a part could be read",
        ),
        (
            of(&["-"]),
            "1/2",
            "export `-` is no file, of which a part could be read",
        ),
        (of(&["a", "a"]), "1/2", "export `a` is named twice"),
        (
            of(&["nowhere"]),
            "1/2",
            "export `nowhere` could not be read",
        ),
        (in_parts.clone(), "3/2", "parts of 2 are those from 1 to 2"),
        (in_parts.clone(), "0/2", "parts of 2 are those from 1 to 2"),
        (
            in_parts.clone(),
            "1/0",
            "a run has 1 part at least, and 1,000,000 at most",
        ),
        (
            in_parts.clone(),
            "2",
            "write a part as 3/64, or several that follow one another as 3-5/64",
        ),
        (
            in_parts.clone().sharded(&["--sizes", "sizes"]),
            "1/2",
            "export `a` has",
        ),
        (
            in_parts.clone().sharded(&["--sizes", "bad-sizes"]),
            "1/2",
            "line 1 is not a name, a tab and a number of bytes",
        ),
        (
            of(&["b"]).sharded(&["--sizes", "sizes"]),
            "1/2",
            "it does not name export `b`",
        ),
    ] {
        let made = in_parts.shard_into(&workspace, part, "made");
        check(made.code == 2, message, &made);
        let flat = made.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        check(flat.contains(message), message, &made);
        assert!(!workspace.names().contains(&"made".to_owned()), "{message}");
    }
    for command in [
        &[
            "shard",
            "-p",
            "policy.toml",
            "--part",
            "1/2",
            "--into",
            "made",
            "a",
        ][..],
        &["merge", "-p", "policy.toml", "x.part"],
    ] {
        let run = workspace.run(command);
        check(run.code == 2, "no instant", &run);
        check(
            run.stderr.contains("--as-of is missing"),
            "no instant",
            &run,
        );
    }
}
