//! A record that is broken costs itself and at most a neighbour, however it is broken and
//! wherever it is.

use crate::support::{Run, Workspace, check};

/// `seen` finds every record.
const POLICY: &str = r#"
[policy]
id = "recovery"

[[rule]]
id = "seen"
severity = "info"
require.id = { equals = "nobody" }
"#;

const RECORDS: usize = 1000;

/// Where the broken record is.
const PLACES: [usize; 4] = [0, 1, 500, RECORDS - 1];

/// Makes a broken record of a whole one.
type Break = fn(&str) -> Vec<u8>;

/// Ways to break an object.
const OBJECTS: [(&str, Break); 24] = [
    ("no opening brace", |record| bytes(&record[1..])),
    ("no closing brace", |record| {
        bytes(record.trim_end_matches(['}', '\n', ' ']))
    }),
    ("a key without its first quote", |record| {
        once(record, "\"name\"", "name\"")
    }),
    ("a key without its last quote", |record| {
        once(record, "\"name\"", "\"name")
    }),
    ("a text without its first quote", |record| {
        once(record, "\"Lane", "Lane")
    }),
    ("a text without its last quote", |record| {
        once(record, "Books\"", "Books")
    }),
    ("no colon", |record| once(record, "\"name\":", "\"name\"")),
    ("no comma", |record| once(record, ",", "")),
    ("two commas", |record| once(record, ",", ",,")),
    ("half a word", |record| once(record, "true", "tru")),
    ("a quote in a text", |record| once(record, "Lane", "La\"ne")),
    ("a bracket that is not closed", |record| {
        once(record, "[1,{\"b\":2}]", "[1,{\"b\":2}")
    }),
    ("a bracket too many", |record| {
        once(record, "[1,{\"b\":2}]", "[1,{\"b\":2}]]")
    }),
    ("a brace that is not closed", |record| {
        once(record, "{\"b\":2}", "{\"b\":2")
    }),
    ("a brace too many", |record| {
        once(record, "{\"b\":2}", "{\"b\":2}}")
    }),
    ("two opening braces", |record| once(record, "{", "{{")),
    ("half of it", |record| bytes(&record[..record.len() / 2])),
    ("its last half", |record| bytes(&record[record.len() / 2..])),
    ("rubbish", |_| bytes("lorem ipsum")),
    ("a feed in a text", |record| once(record, "Lane", "La\nne")),
    ("an escape that is none", |record| {
        once(record, "Lane", "La\\xne")
    }),
    ("a byte that is not UTF-8", |record| {
        once(record, "Lane", "La\u{1}ne")
            .iter()
            .map(|byte| if *byte == 1 { 0xff } else { *byte })
            .collect()
    }),
    ("a zero", |record| once(record, "Lane", "La\0ne")),
    ("a single quote", |record| {
        once(record, "\"Lane Books\"", "'Lane Books'")
    }),
];

/// Ways to break a row.
const ROWS: [(&str, Break); 10] = [
    ("a cell too many", |row| once(row, "true", "true,true")),
    ("a cell too few", |row| once(row, ",true", "")),
    ("no first quote", |row| once(row, "\"a, b", "a, b")),
    ("no last quote", |row| once(row, "Books\"", "Books")),
    ("a quote in a cell", |row| once(row, "Lane", "La\"ne")),
    ("text after a quote", |row| {
        once(row, "Books\"", "Books\" x")
    }),
    ("half of it", |row| bytes(&row[..row.len() / 2])),
    ("its last half", |row| bytes(&row[row.len() / 2..])),
    ("rubbish", |_| bytes("lorem ipsum")),
    ("a byte that is not UTF-8", |row| {
        once(row, "Lane", "La\u{1}ne")
            .iter()
            .map(|byte| if *byte == 1 { 0xff } else { *byte })
            .collect()
    }),
];

fn bytes(text: &str) -> Vec<u8> {
    text.as_bytes().to_owned()
}

/// The text with a piece of it replaced, which must be there.
fn once(text: &str, piece: &str, with: &str) -> Vec<u8> {
    assert!(text.contains(piece), "{piece} is in {text}");
    bytes(&text.replacen(piece, with, 1))
}

/// How records are laid out.
struct Layout {
    name: &'static str,
    head: &'static str,
    separator: &'static str,
    tail: &'static str,
    write: fn(&str) -> String,
    /// How many others a broken record may cost.
    neighbours: usize,
}

const OBJECT_LAYOUTS: [Layout; 3] = [
    Layout {
        name: "an array on one line",
        head: "[",
        separator: ",",
        tail: "]",
        write: object,
        neighbours: 1,
    },
    Layout {
        name: "an array on many lines",
        head: "[\n  ",
        separator: ",\n  ",
        tail: "\n]\n",
        write: pretty,
        neighbours: 1,
    },
    Layout {
        name: "lines",
        head: "",
        separator: "\n",
        tail: "\n",
        write: object,
        neighbours: 0,
    },
];

const MAP_LAYOUTS: [Layout; 2] = [
    Layout {
        name: "a map on one line",
        head: "{",
        separator: ",",
        tail: "}",
        write: |id| format!("\"key-{id}\":{}", object(id)),
        neighbours: 0,
    },
    Layout {
        name: "a map on many lines, in a wrapper",
        head: "{\"data\":{\n  ",
        separator: ",\n  ",
        tail: "\n}}\n",
        write: |id| format!("\"key-{id}\": {}", pretty(id)),
        neighbours: 0,
    },
];

/// Ways to break an object that leave its brackets and quotes.
const WITHIN: [&str; 8] = [
    "no colon",
    "no comma",
    "two commas",
    "half a word",
    "an escape that is none",
    "a byte that is not UTF-8",
    "a zero",
    "a single quote",
];

const ROW_LAYOUT: Layout = Layout {
    name: "rows",
    head: "id,name,force_sso,note\n",
    separator: "\n",
    tail: "\n",
    write: |id| format!("{id},\"Lane Books\",true,\"a, b\""),
    neighbours: 0,
};

fn object(id: &str) -> String {
    format!(r#"{{"id":"{id}","name":"Lane Books","force_sso":true,"x":[1,{{"b":2}}]}}"#)
}

fn pretty(id: &str) -> String {
    let lines = [
        "{".to_owned(),
        format!("    \"id\":\"{id}\","),
        "    \"name\":\"Lane Books\",".to_owned(),
        "    \"force_sso\":true,".to_owned(),
        "    \"x\":[1,{\"b\":2}]".to_owned(),
        "  }".to_owned(),
    ];
    lines.join("\n")
}

fn id(number: usize) -> String {
    format!("r{number:04}")
}

/// A run on records of which one is broken.
fn audit(workspace: &Workspace, layout: &Layout, at: usize, way: Break) -> Run {
    let mut export = bytes(layout.head);
    for number in 0..RECORDS {
        if number > 0 {
            export.extend(layout.separator.bytes());
        }
        let record = (layout.write)(&id(number));
        export.extend(if number == at {
            way(&record)
        } else {
            bytes(&record)
        });
    }
    export.extend(layout.tail.bytes());
    workspace.audit_bytes(export)
}

/// Why a run on broken records is not as it should be, if it is not.
fn fault(run: &Run, layout: &Layout, at: usize) -> Option<String> {
    let found = run.found("seen");
    let others: Vec<_> = (0..RECORDS)
        .filter(|number| *number != at)
        .map(id)
        .collect();
    let lost: Vec<_> = others.iter().filter(|id| !found.contains(id)).collect();
    let (_, rejected) = run.counts();
    let invented = found
        .iter()
        .find(|seen| !others.contains(seen) && **seen != id(at));
    if run.code != 3 {
        return Some(format!("exit {}", run.code));
    }
    if lost.len() > layout.neighbours {
        return Some(format!(
            "{} others are lost: {:?}",
            lost.len(),
            &lost[..lost.len().min(3)]
        ));
    }
    if rejected > 3 {
        return Some(format!("{rejected} rejections"));
    }
    if found.is_sorted() {
        return invented.map(|seen| format!("{seen} is nobody"));
    }
    Some("the findings are not in the order of the records".to_owned())
}

/// Breaks a record in each way and place of a layout.
fn breaks(layout: &Layout, ways: &[(&str, Break)]) {
    let workspace = Workspace::with_policy(POLICY);
    let mut faults = Vec::new();
    for (name, way) in ways {
        for at in PLACES {
            let run = audit(&workspace, layout, at, *way);
            if let Some(fault) = fault(&run, layout, at) {
                faults.push(format!(
                    "{}, {name}, record {at}: {fault}\n{}",
                    layout.name, run.stderr
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn whole_records_are_all_seen() {
    let workspace = Workspace::with_policy(POLICY);
    for layout in OBJECT_LAYOUTS
        .iter()
        .chain(&MAP_LAYOUTS)
        .chain([&ROW_LAYOUT])
    {
        let run = audit(&workspace, layout, 0, bytes);
        check(
            run.code == 0 && run.counts() == (RECORDS as u64, 0),
            layout.name,
            &run,
        );
    }
}

#[test]
fn a_broken_object_costs_at_most_a_neighbour_in_an_array_on_one_line() {
    breaks(&OBJECT_LAYOUTS[0], &OBJECTS);
}

#[test]
fn a_broken_object_costs_at_most_a_neighbour_in_an_array_on_many_lines() {
    breaks(&OBJECT_LAYOUTS[1], &OBJECTS);
}

#[test]
fn a_broken_line_costs_itself() {
    breaks(&OBJECT_LAYOUTS[2], &OBJECTS);
}

#[test]
fn a_broken_value_of_a_map_costs_itself_wherever_it_is() {
    let ways: Vec<_> = OBJECTS
        .into_iter()
        .filter(|(name, _)| WITHIN.contains(name))
        .collect();
    assert_eq!(ways.len(), WITHIN.len());
    for layout in &MAP_LAYOUTS {
        breaks(layout, &ways);
    }
}

#[test]
fn a_broken_event_of_a_change_stream_is_no_map_of_customers() {
    let workspace = Workspace::with_policy(POLICY);
    let (broken, whole) = (object("a").replace("true", "tru"), object("b"));
    for [before, after] in [[&broken, &whole], [&whole, &broken]] {
        let event = format!("{{\"before\":{before},\"after\":{after},\"op\":\"u\"}}\n");
        let run = workspace.audit_bytes(event.into_bytes());
        check(
            run.code == 3 && run.found("seen").is_empty(),
            "an event",
            &run,
        );
    }
}

#[test]
fn records_that_cannot_be_read_are_listed_once_and_in_order_however_many_they_are() {
    let workspace = Workspace::with_policy(POLICY);
    let lines = (1..=100_000).map(|number| match number % 20_000 {
        0 => format!("{}\n", object(&id(number / 20_000))),
        _ => "7\n".to_owned(),
    });
    workspace.write("export", lines.collect::<String>());
    for threads in ["1", "4"] {
        let run = workspace.audit(&["export"], &["-j", threads]);
        let report = run.report();
        let rejected = report["rejected"].as_array().unwrap().iter();
        let seen: Vec<_> = rejected
            .map(|one| {
                (
                    one["record"].as_u64().unwrap(),
                    one["offset"].as_u64().unwrap(),
                )
            })
            .collect();
        assert_eq!(seen.len(), 99_995);
        assert!(seen.is_sorted() && seen[0] == (1, 0) && seen[19_998] == (19_999, 39_996));
        assert_eq!(seen[99_994].0, 99_999);
        assert_eq!(run.counts(), (100_000, 99_995));
        assert_eq!(run.found("seen").len(), 5);
        assert!(
            run.stderr.contains("and 99975 more rejected records"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_broken_row_costs_itself() {
    breaks(&ROW_LAYOUT, &ROWS);
}
