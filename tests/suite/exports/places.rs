//! Where customers may be in an export: one who is bad is never passed over.

use serde_json::json;

use super::customers::customers;
use super::shapes::{Judgement, audit_files, of_array};
use crate::support::check;

/// Names of what wraps an array of customers, or each of them.
const WRAPPERS: [&str; 26] = [
    "data",
    "customers",
    "items",
    "Items",
    "results",
    "result",
    "records",
    "rows",
    "value",
    "values",
    "hits",
    "edges",
    "node",
    "_embedded",
    "_source",
    "Documents",
    "doc",
    "payload",
    "Item",
    "attributes",
    "record",
    "_airbyte_data",
    "response",
    "links",
    "meta",
    "before",
];

/// Names that may say something of pages instead.
const SAYING: [&str; 6] = ["page", "next", "total", "error", "done", "success"];

#[test]
fn a_bad_customer_under_any_name_that_stands_twice_is_never_passed_over() {
    let good = json!({ "id": "good", "has_pci": true, "force_2fa": true, "force_sso": false });
    let bad = json!({ "id": "bad", "has_pci": true, "force_2fa": false, "force_sso": false });
    let mut others = Vec::new();
    for first in WRAPPERS.into_iter().chain(SAYING) {
        for second in [first, "data", "other", "included"] {
            for values in [[&good, &bad], [&bad, &good]] {
                let [one, two] = values;
                for text in [
                    format!(r#"{{"{first}":[{one}],"{second}":[{two}]}}"#),
                    format!(r#"{{"{first}":{one},"{second}":{two}}}"#),
                    format!(r#"{{"{first}":{one},"{second}":[{two}]}}"#),
                    format!(r#"{{"{first}":[{one}],"{second}":{two}}}"#),
                    format!("{{\"{first}\":[{one}]}}\n{{\"{second}\":[{two}]}}"),
                    format!("{{\"{first}\":{one}}}\n{{\"{second}\":{two}}}"),
                    format!(r#"[{{"{first}":[{one}]}},{{"{second}":[{two}]}}]"#),
                    format!(r#"[{{"{first}":{one}}},{{"{second}":{two}}}]"#),
                    format!(r#"{{"{first}":{{"{second}":[{one}]}},"x":[{two}]}}"#),
                    format!(r#"{{"{first}":{{"{second}":[{one},{{"{first}":{two}}}]}}}}"#),
                    format!("{one}\n{{\"{first}\":[{two}]}}"),
                    format!("{{\"{first}\":[{one}]}}\n{two}"),
                    format!("[{one}]\n{{\"{first}\":[{two}]}}"),
                ] {
                    let run = audit_files(&[&text], &["--only", "second-factor"]);
                    let found = Judgement::of(&run).findings;
                    let is_found = found
                        .iter()
                        .any(|[rule, _, who]| rule == "second-factor" && who == "bad");
                    // Who is not found is in a part that was not judged.
                    let is_right = match run.code {
                        1 => is_found,
                        code => code == 3,
                    };
                    if !is_right {
                        others.push(format!("{text}\n  exit {}: {}", run.code, run.stderr));
                    }
                }
            }
        }
    }
    assert!(
        others.is_empty(),
        "{} of them\n{}",
        others.len(),
        others[..others.len().min(8)].join("\n")
    );
}

/// The search for the next entry ended at the bracket again and again.
#[test]
fn a_map_that_is_closed_as_an_array_ends() {
    let record = |id: &str| format!(r#""{id}":{{"id":"{id}","force2fa":true}}"#);
    let map = format!("{{{},{}", record("a"), record("b"));
    for tail in [
        "]",
        ",]",
        ",{]",
        "]]]",
        "]}",
        "],",
        "]\n{\"id\":\"c\",\"force2fa\":true}",
    ] {
        let run = audit_files(&[format!("{map}{tail}")], &[]);
        check(run.code == 3, tail, &run);
        let found = Judgement::of(&run).findings;
        check(found.iter().any(|[.., who]| who == "a"), tail, &run);
    }
}

#[test]
fn arrays_at_the_same_place_are_all_read() {
    let records = customers(16);
    let wanted = of_array(&records);
    let (first, second) = records.split_at(5);
    let (one, two) = (json!(first), json!(second));
    for name in WRAPPERS {
        for text in [
            format!(r#"{{"{name}":{one},"{name}":{two}}}"#),
            format!("{{\"{name}\":{one}}}\n{{\"{name}\":{two}}}"),
            format!(r#"[{{"{name}":{one}}},{{"{name}":{two}}}]"#),
            format!(r#"{{"{name}":[{one},{two}]}}"#),
            format!(r#"{{"a":{{"{name}":{one}}},"a":{{"{name}":{two}}}}}"#),
        ] {
            let run = audit_files(&[&text], &[]);
            check(
                Judgement::of(&run) == wanted,
                &text[..text.len().min(60)],
                &run,
            );
        }
    }
}

/// As much that is no customer as may come before the first.
#[test]
fn a_customer_is_found_after_much_else() {
    let records = customers(16);
    let wanted = of_array(&records).findings;
    for (count, is_read) in [(1, true), (999, true), (1001, false)] {
        let others = vec![json!({ "x": 1 }); count];
        let array = others
            .into_iter()
            .chain(records.iter().map(|record| json!(record)));
        let text = json!({ "data": array.collect::<Vec<_>>() }).to_string();
        let run = audit_files(&[&text], &[]);
        check(run.code == 3, "others are rejected", &run);
        let found = Judgement::of(&run).findings;
        check(
            if is_read {
                found == wanted
            } else {
                found.is_empty() || found == wanted
            },
            "all or none",
            &run,
        );
    }
}

#[test]
fn a_map_is_read_whatever_the_length_of_its_first_customer() {
    let customer = |name: &str, note: usize| json!({ "id": name, "has_pci": true, "force_2fa": false, "force_sso": false, "note": "x".repeat(note) });
    for note in [10, 70_000, 1_500_000] {
        let map =
            json!({ "c1": customer("a", note), "c2": customer("b", 10), "c3": customer("c", 10) });
        for text in [map.to_string(), json!({ "data": map }).to_string()] {
            let run = audit_files(&[text], &["--only", "second-factor"]);
            check(
                run.code == 1 && run.counts() == (3, 0),
                &format!("a first customer of {note} bytes"),
                &run,
            );
        }
    }
}
