//! Exports of every kind in parts: what cannot be cut, what is cut, and what looks like a
//! record and is none.

use serde_json::json;

use super::in_parts::InParts;
use super::laws::{POLICY, WAIVERS};
use crate::exports::customers::customers;
use crate::exports::shapes::shapes;
use crate::sound::accounts::Record;
use crate::support::{Workspace, check};

fn workspace() -> Workspace {
    let workspace = Workspace::with_policy(POLICY);
    workspace.write("waivers.toml", WAIVERS);
    workspace
}

#[test]
fn every_shape_in_parts_is_what_it_is_as_a_whole() {
    for (shape, write) in shapes() {
        let workspace = workspace();
        let files = write(&customers(24));
        let files = files.iter().take(8).enumerate();
        let names: Vec<_> = files
            .map(|(number, bytes)| {
                let name = format!("e{number}");
                workspace.write(&name, bytes);
                name
            })
            .collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let in_parts = InParts {
            reporting: ["-o", "out/r.json", "-o", "out/r.csv"]
                .map(str::to_owned)
                .to_vec(),
            ..InParts::new(&names, 3)
        };
        in_parts.is_the_same(&workspace, shape);
    }
}

#[test]
fn exports_without_a_byte_or_with_one_are_read_by_one_part() {
    let workspace = workspace();
    workspace.write("none", "");
    workspace.write("one", "{");
    workspace.write("some", "{\"id\":\"a\",\"forceSso\":true}\n");
    for exports in [
        &["none"][..],
        &["one"],
        &["none", "one", "some"],
        &["some", "none"],
    ] {
        for parts in [1, 2, 5, 64] {
            let what = format!("{exports:?} in {parts}");
            let code = InParts::new(exports, parts).is_the_same(&workspace, &what);
            assert_eq!(code, 3, "{what}");
        }
    }
}

/// Records that are cut in the middle of what looks like other records.
fn hostile(number: usize) -> Record {
    let inner = json!({ "id": format!("inner{number}"), "name": "x" });
    let record = json!({
        "id": format!("c{number}"),
        "name": format!("}},{{\"id\":\"no{number}\",\"name\":\"x\"}},\n{{"),
        "force_2fa": number.is_multiple_of(3),
        "has_pci": true,
        "members": vec![inner; 12],
    });
    let serde_json::Value::Object(record) = record else {
        unreachable!("an object")
    };
    record
}

#[test]
fn what_looks_like_a_record_inside_of_one_is_no_place_to_cut() {
    let records: Vec<_> = (0..600).map(hostile).collect();
    let workspace = workspace();
    workspace.write("array", json!(records).to_string());
    workspace.write("pretty", format!("{:#}", json!(records)));
    workspace.write(
        "wrapped",
        json!({ "data": records, "next": null }).to_string(),
    );
    workspace.write("lines", crate::sound::shapes::lines(records.into_iter()));
    for name in ["array", "pretty", "wrapped", "lines"] {
        let in_parts = InParts::new(&[name], 11);
        let partials = in_parts.shards(&workspace);
        let (merged, _) = in_parts.merged(&workspace, &partials);
        check(
            merged.code == 3,
            &format!("{name} is cut well at once"),
            &merged,
        );
        in_parts.is_the_same_of(&workspace, partials, name);
    }
}

/// Rows with cells of many lines, each of which is a row by itself.
fn rows_in_rows(lines: usize) -> String {
    let mut text = "id,name,force_2fa\n".to_owned();
    for number in 0..40 {
        let inner: String = (0..lines)
            .map(|line| format!("in{number}-{line},x,true\n"))
            .collect();
        text += &format!("c{number},\"{inner}\",false\n");
    }
    text
}

#[test]
fn rows_that_stand_in_a_cell_are_read_as_one_run_reads_them() {
    let workspace = workspace();
    // Cells that are longer than what is looked at are cut in, and made again.
    for lines in [300, 6000] {
        workspace.write("table", rows_in_rows(lines));
        let in_parts = InParts::new(&["table"], 9);
        let partials = in_parts.shards(&workspace);
        let (_, _, repaired) = in_parts.repaired(&workspace, partials.clone());
        assert_eq!(repaired > 0, lines == 6000, "{lines}");
        in_parts.is_the_same_of(&workspace, partials, "rows in rows");
    }
}

#[test]
fn what_an_export_turns_out_to_be_on_its_way_is_made_again_in_one_round() {
    let workspace = workspace();
    let lines: Vec<_> = (0..3000)
        .map(|number| match number {
            700 => "[{\"id\":\"x\",\"name\":\"y\",\"force_2fa\":true},7]\n".to_owned(),
            _ => format!("{}\n", serde_json::Value::Object(hostile(number))),
        })
        .collect();
    workspace.write("lines", lines.concat());
    let in_parts = InParts::new(&["lines"], 20);
    let partials = in_parts.shards(&workspace);
    let (_, _, repaired) = in_parts.repaired(&workspace, partials.clone());
    assert!(repaired <= 2, "{repaired}");
    in_parts.is_the_same_of(&workspace, partials, "a line that is an array");
}

#[test]
fn keys_that_are_no_field_are_counted_as_one_run_counts_them() {
    let mut records = Vec::new();
    for number in 0..3000 {
        let mut record = Record::new();
        record.insert("id".to_owned(), format!("c{number}").into());
        record.insert(format!("rare_{number}"), "x".repeat(60).into());
        if number > 2000 {
            record.insert("late".to_owned(), 1.into());
        }
        if number > 500 {
            record.insert("common".to_owned(), 1.into());
        }
        records.push(record);
    }
    let workspace = workspace();
    workspace.write("keys", crate::sound::shapes::lines(records.into_iter()));
    let code = InParts::new(&["keys"], 7).is_the_same(&workspace, "3,000 keys");
    assert_eq!(code, 3);
}

#[test]
fn parts_are_cut_between_files_alone_if_that_is_asked() {
    let workspace = workspace();
    let records: Vec<_> = (0..300).map(hostile).collect();
    for name in ["a", "b", "c"] {
        workspace.write(name, crate::sound::shapes::lines(records.iter().cloned()));
    }
    let in_parts = InParts::new(&["a", "b", "c"], 5).sharded(&["--whole-files"]);
    in_parts.is_the_same(&workspace, "whole files");
    let plan = |part: &str, more: &[&str]| {
        let args = [
            "shard",
            "--plan",
            "--as-of",
            super::in_parts::AS_OF,
            "-p",
            "policy.toml",
        ];
        let args = [&args[..], &["--part", part], more, &["a", "b", "c"]].concat();
        let planned = workspace.run(&args);
        check(planned.code == 0, "a plan", &planned);
        planned.text().to_owned()
    };
    let size = workspace.read("a").len();
    assert_eq!(
        plan("1/2", &["--whole-files"]),
        format!("0\t{size}\ta\n0\t{size}\tb\n")
    );
    assert_eq!(plan("2/2", &["--whole-files"]), format!("0\t{size}\tc\n"));
    // Else the second is cut where a record ends.
    let (first, second) = (plan("1/2", &[]), plan("2/2", &[]));
    let cut: usize = first
        .lines()
        .nth(1)
        .unwrap()
        .split('\t')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(second, format!("{cut}\t{size}\tb\n0\t{size}\tc\n"));
    assert_eq!(workspace.read("b").as_bytes()[cut - 1], b'}');
}

#[test]
fn sizes_may_come_from_a_list() {
    let workspace = workspace();
    let records: Vec<_> = (0..300).map(hostile).collect();
    for name in ["a", "b"] {
        workspace.write(name, crate::sound::shapes::lines(records.iter().cloned()));
    }
    let size = workspace.read("a").len();
    workspace.write("sizes", format!("a\t{size}\nb\t{size}\n"));
    let in_parts = InParts::new(&["a", "b"], 3);
    let listed = in_parts.clone().sharded(&["--sizes", "sizes"]);
    listed.is_the_same(&workspace, "sizes of a list");
    let of_list = InParts {
        exports: Vec::new(),
        ..listed
    };
    for part in ["1/3", "2/3", "3/3"] {
        of_list.shard_into(&workspace, part, "of-list");
        in_parts.shard_into(&workspace, part, "of-files");
        let [one, other] = ["of-list", "of-files"].map(|name| std::fs::read(workspace.path(name)));
        assert_eq!(one.unwrap(), other.unwrap(), "{part}");
    }
}

#[test]
fn customers_that_must_be_there_are_looked_for_in_all_parts() {
    let workspace = workspace();
    let records: Vec<_> = (0..300).map(hostile).collect();
    workspace.write("e", crate::sound::shapes::lines(records.into_iter()));
    workspace.write("expected", "c1\nc2\nc299\nc777\n");
    let in_parts = InParts::new(&["e"], 4).sharded(&["--records"]).reported(&[
        "--expect",
        "expected",
        "--matrix",
        "out/m.csv",
    ]);
    assert_eq!(in_parts.is_the_same(&workspace, "expected customers"), 3);
}

#[test]
fn reports_are_split_by_what_parts_keep() {
    let workspace = workspace();
    let records: Vec<_> = (0..300).map(hostile).collect();
    workspace.write("e", crate::sound::shapes::lines(records.into_iter()));
    workspace.write("owners.csv", "id,team\nc1,red\nc2,blue\n");
    for split in ["severity", "rule", "field:name", "file:owners.csv"] {
        let in_parts = InParts {
            reporting: [
                "-o",
                "out/{}.md",
                "-o",
                "out/all.ndjson",
                "--split-by",
                split,
            ]
            .map(str::to_owned)
            .to_vec(),
            ..InParts::new(&["e"], 4).sharded(&["--split-by", split])
        };
        if split == "field:name" {
            // A name has blanks and braces; the files of slices take it all the same.
            in_parts.is_the_same(&workspace, split);
            continue;
        }
        assert_eq!(in_parts.is_the_same(&workspace, split), 3);
    }
}

#[test]
fn pseudonyms_are_the_same_in_parts() {
    let workspace = workspace();
    let records: Vec<_> = (0..300).map(hostile).collect();
    workspace.write("e", crate::sound::shapes::lines(records.into_iter()));
    workspace.write("key", [7; 32]);
    let in_parts = InParts::new(&["e"], 4)
        .judged(&["--pseudonymise", "key"])
        .sharded(&["--records"])
        .reported(&["--matrix", "out/m.csv"]);
    assert_eq!(in_parts.is_the_same(&workspace, "pseudonyms"), 3);
}
