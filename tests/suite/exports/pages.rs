//! What wrappers say of the pages that an export is made of: that more follows, how many
//! there are, and that something failed.

use serde_json::{Value, json};

use super::customers::{POLICY, customers};
use super::shapes::{Judgement, of_array};
use crate::sound::accounts::Record;
use crate::support::{Run, Workspace, check};

/// Keys that say, unless their value says nothing, that more follows.
const MORE: [&str; 16] = [
    "next",
    "next_page",
    "next_cursor",
    "nextPageToken",
    "nextRecordsUrl",
    "NextToken",
    "nextLink",
    "next_url",
    "next_page_url",
    "next_page_link",
    "NextMarker",
    "LastEvaluatedKey",
    "@odata.nextLink",
    "has_more",
    "hasNextPage",
    "IsTruncated",
];

/// Keys whose objects speak of the records beside them.
const BESIDE: [&str; 8] = [
    "links",
    "_links",
    "meta",
    "paging",
    "pagination",
    "pageInfo",
    "hits",
    "metadata",
];

const RECORD_COUNTS: [&str; 6] = [
    "total",
    "totalCount",
    "totalSize",
    "total_rows",
    "record_count",
    "@odata.count",
];

const PAGE_NUMBERS: [&str; 3] = ["page", "current_page", "pageNumber"];

/// A page of these records, which says something by a key.
fn page(records: &[Record], key: &str, value: Value) -> Value {
    json!({ "data": records, key: value })
}

/// Audits files of these names, named in this order.
fn audit(files: &[(&str, String)]) -> Run {
    let workspace = Workspace::with_policy(POLICY);
    for (name, text) in files {
        if let Some((folder, _)) = name.split_once('/')
            && !workspace.path(folder).exists()
        {
            workspace.create_dir(folder);
        }
        workspace.write(name, text);
    }
    let names: Vec<_> = files.iter().map(|(name, _)| *name).collect();
    workspace.audit(&names, &[])
}

fn audit_one(export: impl ToString) -> Run {
    audit(&[("export", export.to_string())])
}

/// The codes of the reasons for which a run is not complete.
pub fn codes(run: &Run) -> Vec<String> {
    let report = run.report();
    let reasons = report["summary"]["incomplete_because"]
        .as_array()
        .unwrap()
        .iter();
    let codes = reasons.map(|reason| reason["code"].as_str().unwrap().to_owned());
    codes.collect()
}

/// All records are judged, and the run is incomplete for this one reason, which names this.
#[track_caller]
fn lacks(run: &Run, records: &[Record], code: &str, named: &str, what: &str) {
    let wanted = of_array(records);
    check(Judgement::of(run).findings == wanted.findings, what, run);
    check(run.code == 3 && codes(run) == [code], what, run);
    check(run.stderr.contains(named), what, run);
}

/// All records are judged, and the run is complete.
#[track_caller]
fn is_whole(run: &Run, records: &[Record], what: &str) {
    let sorted = |judgement: Judgement| {
        let mut findings = judgement.findings;
        findings.sort();
        (findings, judgement.counts, judgement.code)
    };
    check(
        sorted(Judgement::of(run)) == sorted(of_array(records)),
        what,
        run,
    );
}

#[test]
fn each_key_of_more_is_named_unless_it_says_nothing() {
    let records = customers(8);
    for key in MORE {
        for value in [
            json!("x"),
            json!(true),
            json!(3),
            json!({ "id": { "S": "x" } }),
            json!(["x"]),
        ] {
            let run = audit_one(page(&records, key, value.clone()));
            lacks(&run, &records, "more-pages", key, &format!("{key} {value}"));
        }
        for value in [
            json!(null),
            json!(false),
            json!(0),
            json!(""),
            json!([]),
            json!({}),
        ] {
            let run = audit_one(page(&records, key, value.clone()));
            is_whole(&run, &records, &format!("{key} {value}"));
        }
    }
    for key in ["done", "jobComplete"] {
        let run = audit_one(page(&records, key, json!(false)));
        lacks(&run, &records, "more-pages", key, key);
        is_whole(&audit_one(page(&records, key, json!(true))), &records, key);
    }
}

#[test]
fn what_is_beside_the_records_is_said_of_them_before_or_after() {
    let records = customers(8);
    let array = json!(records);
    for beside in BESIDE {
        let said = r#"{"next":"/customers?page=2"}"#;
        for text in [
            format!(r#"{{"{beside}":{said},"records":{array}}}"#),
            format!(r#"{{"records":{array},"{beside}":{said}}}"#),
            format!(r#"{{"answer":{{"{beside}":{said},"records":{array}}}}}"#),
            format!(r#"{{"{beside}":{said},"answer":{{"records":{array}}}}}"#),
            format!(r#"{{"answer":{{"records":{array}}},"{beside}":{said}}}"#),
        ] {
            lacks(
                &audit_one(&text),
                &records,
                "more-pages",
                "`next`",
                &text[..60],
            );
        }
    }
}

#[test]
fn what_is_said_elsewhere_is_not_said_of_the_records() {
    let mut records = customers(8);
    let array = json!(records);
    for text in [
        format!(r#"{{"_shards":{{"total":99,"failed":1,"errors":["x"]}},"data":{array}}}"#),
        format!(r#"{{"facets":{{"total":99,"next":"x"}},"data":{array}}}"#),
        format!(r#"{{"data":{array},"other":[{{"next":"x","error":"y","total":99}}]}}"#),
    ] {
        is_whole(&audit_one(&text), &records, &text[..40]);
    }
    for record in &mut records {
        record.insert("next".to_owned(), "x".into());
        record.insert("error".to_owned(), "y".into());
        record.insert("links".to_owned(), json!({ "next": "x" }));
        record.insert("total".to_owned(), 99.into());
    }
    is_whole(
        &audit_one(json!(records)),
        &records,
        "in records of an array",
    );
    is_whole(
        &audit_one(json!({ "data": records })),
        &records,
        "in records of a wrapper",
    );
    let lines: String = records
        .iter()
        .map(|record| format!("{}\n", json!(record)))
        .collect();
    is_whole(&audit_one(lines), &records, "in records one a line");
}

#[test]
fn a_total_of_records_is_at_most_what_was_read() {
    let records = customers(8);
    for key in RECORD_COUNTS {
        for (total, is_met) in [(json!(8), true), (json!(7), true), (json!(9), false)] {
            for value in [total.clone(), json!({ "value": total, "relation": "eq" })] {
                let run = audit_one(page(&records, key, value.clone()));
                match is_met {
                    true => is_whole(&run, &records, &format!("{key} {value}")),
                    false => lacks(&run, &records, "more-pages", key, &format!("{key} {value}")),
                }
            }
        }
    }
}

#[test]
fn a_failure_is_incomplete_at_once_on_any_page() {
    let records = customers(8);
    for (key, value) in [
        ("error", json!("timeout")),
        ("errors", json!([{ "message": "timeout" }])),
        ("timed_out", json!(true)),
        ("ok", json!(false)),
        ("success", json!(false)),
    ] {
        let (first, second) = records.split_at(4);
        let well = |records: &[Record]| json!({ "data": records }).to_string();
        let failed = |records: &[Record]| page(records, key, value.clone()).to_string();
        for text in [
            failed(&records),
            [failed(first), well(second)].join("\n"),
            [well(first), failed(second)].concat(),
        ] {
            lacks(&audit_one(&text), &records, "export-errors", key, key);
        }
        let files = [("p1.json", failed(first)), ("p2.json", well(second))];
        lacks(&audit(&files), &records, "export-errors", key, key);
    }
    for (key, value) in [
        ("error", json!(null)),
        ("errors", json!([])),
        ("timed_out", json!(false)),
        ("ok", json!(true)),
        ("success", json!(true)),
    ] {
        is_whole(&audit_one(page(&records, key, value)), &records, key);
    }
}

/// Joins pages to one file.
type Join = fn(&[String]) -> String;

/// How the pages of one file are written.
const IN_ONE_FILE: [(&str, Join); 4] = [
    ("one a line", |pages| pages.join("\n")),
    ("one after another", |pages| pages.concat()),
    ("in an array", |pages| format!("[{}]", pages.join(","))),
    ("in an array of lines", |pages| {
        format!("[\n{}\n]\n", pages.join(",\n"))
    }),
];

/// Three pages, each of which says something.
fn three(records: &[Record], says: [Value; 3]) -> Vec<String> {
    let pages = records.chunks(records.len().div_ceil(3)).zip(says);
    pages
        .map(|(records, says)| {
            let mut page = says.as_object().unwrap().clone();
            page.insert("data".to_owned(), json!(records));
            Value::Object(page).to_string()
        })
        .collect()
}

/// What three pages say, and what is missing of them, if anything.
fn series() -> Vec<(&'static str, [Value; 3], Option<&'static str>)> {
    let next = |value: Value| json!({ "links": { "next": value } });
    let numbered = |key: &'static str| move |number: u64, total: u64| json!({ "meta": { key: number, "total_pages": total } });
    let mut all = vec![
        (
            "the last says nothing",
            [next(json!("2")), next(json!("3")), next(json!(null))],
            None,
        ),
        (
            "the last has no links",
            [next(json!("2")), next(json!("3")), json!({})],
            None,
        ),
        (
            "the last says more",
            [next(json!("2")), next(json!("3")), next(json!("4"))],
            Some("`next`"),
        ),
        (
            "only the last says more",
            [json!({}), json!({}), json!({ "has_more": true })],
            Some("`has_more`"),
        ),
        (
            "the total is there",
            [
                json!({ "total": 9 }),
                json!({ "total": 9 }),
                json!({ "total": 9 }),
            ],
            None,
        ),
        (
            "the largest total is not",
            [json!({ "total": 8 }), json!({ "total": 10 }), json!({})],
            Some("`total`"),
        ),
        (
            "more pages in all",
            [json!({ "total_pages": 4 }), json!({}), json!({})],
            Some("page 4 of 4"),
        ),
        (
            "as many pages",
            [json!({ "total_pages": 3 }), json!({}), json!({})],
            None,
        ),
    ];
    for key in PAGE_NUMBERS {
        let page = numbered(key);
        all.extend([
            (key, [page(1, 3), page(2, 3), page(3, 3)], None),
            (key, [page(0, 3), page(1, 3), page(2, 3)], None),
            (
                key,
                [page(1, 4), page(2, 4), page(4, 4)],
                Some("page 3 of 4 is missing"),
            ),
            (
                key,
                [page(2, 4), page(3, 4), page(4, 4)],
                Some("page 1 of 4 is missing"),
            ),
            (
                key,
                [page(1, 4), page(2, 4), page(3, 4)],
                Some("page 4 of 4 is missing"),
            ),
        ]);
    }
    all
}

#[test]
fn a_series_in_one_file_is_judged_at_its_end() {
    let records = customers(9);
    for (what, says, missing) in series() {
        let pages = three(&records, says);
        for (how, write) in IN_ONE_FILE {
            let run = audit_one(write(&pages));
            let what = format!("{what}, {how}");
            match missing {
                None => is_whole(&run, &records, &what),
                Some(named) => lacks(&run, &records, "more-pages", named, &what),
            }
        }
    }
}

const ORDERS: [[usize; 3]; 3] = [[0, 1, 2], [2, 1, 0], [1, 2, 0]];

#[test]
fn a_series_of_files_is_judged_in_the_natural_order_of_their_names() {
    let records = customers(9);
    for (what, says, missing) in series() {
        let pages = three(&records, says);
        for names in [
            ["p8.json", "p9.json", "p10.json"],
            ["a1-2026.ndjson", "a2-2026.ndjson", "a10-2026.ndjson"],
            [
                "folder/export-001",
                "folder/export-002",
                "folder/export-010",
            ],
        ] {
            for order in ORDERS {
                let files = order.map(|index| (names[index], pages[index].clone()));
                let run = audit(&files);
                let what = format!("{what}, {:?}", files.map(|(name, _)| name));
                match missing {
                    None => is_whole(&run, &records, &what),
                    Some(named) => {
                        check(run.code == 3 && codes(&run) == ["more-pages"], &what, &run);
                        check(run.stderr.contains(named), &what, &run);
                    }
                }
            }
        }
    }
}

#[test]
fn files_of_other_folders_or_names_are_no_pages_of_one_series() {
    let records = customers(9);
    let pages = three(
        &records,
        [json!({ "next": "2" }), json!({ "next": "3" }), json!({})],
    );
    for names in [
        ["a/p1", "b/p2", "c/p3"],
        ["east1.json", "west2.json", "north3.json"],
    ] {
        let files = [0, 1, 2].map(|index| (names[index], pages[index].clone()));
        let run = audit(&files);
        check(
            run.code == 3 && codes(&run) == ["more-pages"],
            names[0],
            &run,
        );
    }
}

#[test]
fn an_empty_last_page_says_that_nothing_follows() {
    let records = customers(8);
    for says in [
        json!({ "next": "x" }),
        json!({ "has_more": true }),
        json!({ "total": 8 }),
    ] {
        let mut first = says.as_object().unwrap().clone();
        first.insert("data".to_owned(), json!(records));
        let text = format!("{}\n{}\n", json!(first), json!({ "data": [] }));
        is_whole(&audit_one(text), &records, &says.to_string());
    }
}
