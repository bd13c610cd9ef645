//! CSV as it is met: quotes, ragged rows, and what is empty.

use super::{FIRST_BATCH, read, workspace};
use crate::support::{Run, check};

/// Rows after a header, and after a row that takes up the first batch.
fn rows(rows: &[&str]) -> String {
    let pad = "a".repeat(FIRST_BATCH);
    format!(
        "id,force_sso,name\nfilling,true,{pad}\nbefore,false,n\n{}\n",
        rows.join("\n")
    )
}

fn read_rows(lines: &[&str]) -> Run {
    read(&workspace(), &lines.join("|"), rows(lines).as_bytes(), &[])
}

#[test]
fn quoted_cells_hold_delimiters_quotes_and_lines() {
    let workspace = workspace();
    for (cell, name) in [
        ("\"a, b\"", "a, b"),
        ("\"say \"\"hi\"\"\"", "say \"hi\""),
        ("\"a\nb\"", "a\nb"),
        ("\"a\r\nb\n\nc\"", "a\r\nb\n\nc"),
        ("\"a;b\tc\"", "a;b\tc"),
        ("\" a \"", " a "),
        ("{\"a\":1}", "{\"a\":1}"),
    ] {
        let export = rows(&[&format!("middle,false,{cell}"), "after,false,n"]);
        let run = read(&workspace, cell, export.as_bytes(), &[]);
        check(
            run.found("sso") == ["before", "middle", "after"],
            cell,
            &run,
        );
        check(
            run.report()["findings"][1]["customer_name"] == name,
            cell,
            &run,
        );
        check(run.code == 1, cell, &run);
    }
}

#[test]
fn a_row_with_another_number_of_cells_is_rejected_alone() {
    for row in [
        "x",
        "x,false",
        "x,false,n,",
        "x,false,n,more",
        ",,,,",
        "\"x,false,n\"",
    ] {
        let run = read_rows(&[row, "after,false,n"]);
        check(run.found("sso") == ["before", "after"], row, &run);
        check(run.counts() == (4, 1) && run.code == 3, row, &run);
    }
}

#[test]
fn a_stray_quote_takes_no_neighbour_along() {
    for row in [
        "x,false,\"open",
        "x,\"false,n",
        "\"x,false,n",
        "x,false,\"open\" and \"more",
        "x,false,\"\"\"",
        "\"",
    ] {
        let run = read_rows(&[row, "after,false,n", "last,false,n"]);
        let found = run.found("sso");
        let kept = ["before", "after", "last"].map(String::from);
        check(kept.iter().all(|id| found.contains(id)), row, &run);
        check(run.code == 3, row, &run);
    }
}

#[test]
fn a_stray_quote_takes_no_neighbour_along_even_if_another_closes_it() {
    let run = read_rows(&[
        "x,false,\"open",
        "middle,false,n",
        "y,false,\"open",
        "after,false,n",
    ]);
    let found = run.found("sso");
    for id in ["before", "middle", "after"] {
        check(found.iter().any(|found| found == id), id, &run);
    }
    check(run.code == 3, "it is reported", &run);
}

#[test]
fn quotes_inside_of_a_cell_spoil_at_most_their_cell() {
    for row in [
        "x,fal\"se,n",
        "x,\"fal\"se,n\"",
        "x\",false,n",
        "x,false,5\" pipe",
    ] {
        let run = read_rows(&[row, "after,false,n"]);
        let found = run.found("sso");
        check(found.first().is_some_and(|id| id == "before"), row, &run);
        check(found.last().is_some_and(|id| id == "after"), row, &run);
        check(run.counts().0 == 4, row, &run);
    }
}

#[test]
fn every_dialect_is_recognised_by_its_header() {
    let workspace = workspace();
    for mark in ["", "\u{feff}"] {
        for delimiter in [",", ";", "\t"] {
            for feed in ["\n", "\r\n", "\r\n\r\n", "\n\n"] {
                let line = |cells: [&str; 3]| cells.join(delimiter) + feed;
                let head = line(["ID", "\"Force SSO\"", "Name"]);
                let export = [
                    mark,
                    &head,
                    &line(["a", "FALSE", "n"]),
                    &line(["b", "0", "n"]),
                ];
                let export = export.concat();
                let run = read(&workspace, &export, export.as_bytes(), &[]);
                check(run.found("sso") == ["a", "b"], &export, &run);
                check(run.code == 1 && run.counts() == (2, 0), &export, &run);
                let short = read(&workspace, &export, export.trim_end().as_bytes(), &[]);
                check(short.stdout == run.stdout, "the last feed may lack", &short);
            }
        }
    }
}

#[test]
fn a_table_without_rows_or_fields_is_never_clean() {
    let workspace = workspace();
    for export in [
        "",
        "\n",
        "id,force_sso,name",
        "id,force_sso,name\n",
        "id,force_sso,name\n\n\n",
        "\u{feff}id;force_sso\r\n",
        "a,b,c\n1,2,3\n",
        "r0\tt\t\\N\t2019-03-04 10:20:30+00\n",
        "id|force_sso\na|true\n",
        "id\na\n",
        "some text\n",
    ] {
        let run = read(&workspace, export, export.as_bytes(), &[]);
        check(run.code == 3, export, &run);
        let forced = read(
            &workspace,
            export,
            export.as_bytes(),
            &["--input-format", "csv"],
        );
        check(forced.code == 3, export, &forced);
    }
}

#[test]
fn a_header_that_names_a_field_twice_is_not_read_past() {
    let workspace = workspace();
    for header in [
        "id,name,force_sso,ForceSSO",
        "id,name,force_sso,force_sso",
        "id,name,force_sso,NAME",
    ] {
        for row in ["a,n,true,true", "a,n,false,false"] {
            let export = format!("{header}\n{row}\n");
            let run = read(&workspace, header, export.as_bytes(), &[]);
            check(run.code == 3, header, &run);
            check(run.counts() == (0, 0), header, &run);
            check(run.stderr.contains("twice"), header, &run);
        }
    }
}

#[test]
fn every_empty_cell_is_empty() {
    for cell in ["", "\"\"", "  ", "\"  \"", "\t", "\u{a0}"] {
        let run = read_rows(&[&format!("x,{cell},n"), "after,false,n"]);
        let empty = ("x".to_owned(), "empty".to_owned());
        check(run.reasons("sso").contains(&empty), cell, &run);
        check(run.code == 1, cell, &run);
    }
}

#[test]
fn a_word_for_nothing_is_null_and_any_other_is_not_a_flag() {
    for cell in ["\\N", "NULL", "null", "None", "nan", "n/a"] {
        let run = read_rows(&[&format!("x,{cell},n"), "after,false,n"]);
        check(run.code == 1, cell, &run);
        let reason = ("x".into(), "null".into());
        check(run.reasons("sso").contains(&reason), cell, &run);
    }
    for cell in ["-", "nothing", "na"] {
        let run = read_rows(&[&format!("x,{cell},n"), "after,false,n"]);
        check(run.code == 3, cell, &run);
    }
}

#[test]
fn bytes_that_are_not_utf_8_spoil_their_row_alone() {
    for feed in [&b"\n"[..], b"\r\n"] {
        let head = [&b"id,force_sso,name"[..], feed, b"before,false,n", feed].concat();
        for bad in [
            &b"x,false,caf\xe9"[..],
            b"\xff,false,n",
            b"x,false,\"a\xc0\nb\"",
        ] {
            let export = [&head, bad, feed, b"after,false,n", feed].concat();
            let run = read(&workspace(), "not UTF-8", &export, &[]);
            check(
                run.found("sso") == ["before", "after"],
                "the others are read",
                &run,
            );
            check(
                run.counts() == (3, 1) && run.code == 3,
                "it is reported",
                &run,
            );
            let offset = run.report()["rejected"][0]["offset"].as_u64();
            check(
                offset == Some(head.len() as u64),
                "where it begins is reported",
                &run,
            );
        }
    }
}

#[test]
fn a_rejected_row_is_reported_with_its_first_byte() {
    for feed in ["\n", "\r\n", "\n\n", "\r\n\r\n"] {
        let head = format!("id,force_sso,name{feed}before,false,n{feed}");
        let export = format!("{head}ragged{feed}after,false,n{feed}");
        let run = read(&workspace(), feed, export.as_bytes(), &[]);
        let rejected = &run.report()["rejected"][0];
        check(
            rejected["offset"] == head.len(),
            "where it begins is reported",
            &run,
        );
        check(rejected["record"] == 2, "its number is reported", &run);
    }
}

#[test]
fn odd_characters_in_cells_are_no_rows() {
    for cell in [
        "a\0b",
        "a\x0bb",
        "a\x0cb",
        "a\u{85}b",
        "a\u{2028}b",
        "a\x1ab",
    ] {
        let run = read_rows(&[&format!("x,false,{cell}"), "after,false,n"]);
        check(run.found("sso") == ["before", "x", "after"], cell, &run);
        check(run.code == 1, cell, &run);
    }
}
