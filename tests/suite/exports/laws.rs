//! What never changes a finding: how an export is wrapped, packed, split, spelt and
//! ordered.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::Config;
use serde_json::Value;

use super::customers::customers;
use super::shapes::{Judgement, PACKS, audit_files, of_array};
use crate::sound::accounts::Record;

/// Changes how keys are spelt.
type Spell = fn(&str) -> String;

const SPELLINGS: [Spell; 6] = [
    str::to_owned,
    str::to_uppercase,
    |key| key.replace('_', "-"),
    |key| key.replace('_', " "),
    |key| key.replace('_', ""),
    |key| {
        let words = key.split('_').enumerate();
        let word = |(index, word): (usize, &str)| match index {
            0 => word.to_owned(),
            _ => word[..1].to_uppercase() + &word[1..],
        };
        words.map(word).collect()
    },
];

/// Keys of wrappers, and what is no field.
const KEYS: [&str; 12] = [
    "data",
    "customers",
    "Items",
    "völlig",
    "x y",
    "0",
    "a.b",
    "_",
    "payload",
    "quo\\\"te",
    "node",
    "$1",
];

/// What stands in a wrapper before the records, or after them.
const BESIDE: [&str; 7] = [
    r#""took":3"#,
    r#""meta":{"x":1,"next":null}"#,
    r#""tags":["a","b"]"#,
    r#""none":[]"#,
    r#""facets":[{"plan":"gold","n":3}]"#,
    r#""query":{"size":10,"sort":["id",{"by":"name"}]}"#,
    r#""text":"[{\"id\":1}]""#,
];

/// How an object is written.
#[derive(Debug, Clone)]
struct Objects {
    spelling: usize,
    /// The order of the keys.
    turn: Index,
    is_reversed: bool,
    /// Between tokens.
    blank: &'static str,
    /// Keys that no policy asks for.
    unknown: bool,
}

/// What is around each record.
#[derive(Debug, Clone)]
enum Wrapper {
    None,
    Keys(Vec<&'static str>),
    Text,
    TextUnder(&'static str),
}

/// What is around all records.
#[derive(Debug, Clone)]
enum Around {
    Array,
    Lines,
    Row(&'static str),
    Arrays(usize),
    Document {
        keys: Vec<&'static str>,
        before: Vec<&'static str>,
        after: Vec<&'static str>,
    },
    Pages {
        key: &'static str,
        many: usize,
        in_array: bool,
    },
}

/// How a file of customers is written.
#[derive(Debug, Clone)]
enum Form {
    Json {
        objects: Objects,
        wrapper: Wrapper,
        around: Around,
    },
    Map(Objects),
    Table {
        delimiter: char,
        spelling: usize,
        quote: bool,
        line_end: &'static str,
        before: &'static str,
    },
}

fn objects() -> impl Strategy<Value = Objects> {
    let blank = select(vec!["", " ", "\n  "]);
    (
        0..SPELLINGS.len(),
        any::<Index>(),
        any::<bool>(),
        blank,
        any::<bool>(),
    )
        .prop_map(|(spelling, turn, is_reversed, blank, unknown)| Objects {
            spelling,
            turn,
            is_reversed,
            blank,
            unknown,
        })
}

fn key() -> impl Strategy<Value = &'static str> {
    select(KEYS.to_vec())
}

fn beside() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(BESIDE.to_vec(), 0..4)
}

fn wrapper() -> impl Strategy<Value = Wrapper> {
    prop_oneof![
        3 => Just(Wrapper::None),
        2 => prop::collection::vec(key(), 1..=4).prop_map(Wrapper::Keys),
        1 => Just(Wrapper::Text),
        1 => key().prop_map(Wrapper::TextUnder),
    ]
}

fn around() -> impl Strategy<Value = Around> {
    prop_oneof![
        Just(Around::Array),
        Just(Around::Lines),
        select(vec!["", " ", "\r\n", "\n\n"]).prop_map(Around::Row),
        (1usize..5).prop_map(Around::Arrays),
        (prop::collection::vec(key(), 1..=4), beside(), beside()).prop_map(
            |(keys, before, after)| Around::Document {
                keys,
                before,
                after
            }
        ),
        (key(), 1usize..5, any::<bool>()).prop_map(|(key, many, in_array)| Around::Pages {
            key,
            many,
            in_array
        }),
    ]
}

fn form() -> impl Strategy<Value = Form> {
    let table = (
        select(vec![',', ';', '\t', '|']),
        0..SPELLINGS.len(),
        any::<bool>(),
        select(vec!["\n", "\r\n", "\n\n"]),
        select(vec![
            "",
            "\u{feff}",
            "Customers of today\n",
            "\nNotes: none\n\n",
        ]),
    );
    prop_oneof![
        6 => (objects(), wrapper(), around())
            .prop_map(|(objects, wrapper, around)| Form::Json { objects, wrapper, around }),
        1 => objects().prop_map(Form::Map),
        3 => table.prop_map(|(delimiter, spelling, quote, line_end, before)| {
            Form::Table { delimiter, spelling, quote, line_end, before }
        }),
    ]
}

impl Objects {
    fn write(&self, record: &Record) -> String {
        let mut members: Vec<_> = record.iter().collect();
        let turn = self.turn.index(members.len());
        members.rotate_left(turn);
        if self.is_reversed {
            members.reverse();
        }
        let blank = self.blank;
        let member = |(key, value): (&String, &Value)| {
            let key = Value::from(SPELLINGS[self.spelling](key));
            format!("{blank}{key}{}:{value}", blank.trim_start_matches('\n'))
        };
        let mut members: Vec<_> = members.into_iter().map(member).collect();
        if self.unknown {
            members.insert(
                0,
                format!("{blank}\"shoe size\":{{\"eu\":[41,{{\"half\":true}}]}}"),
            );
            members.push(format!("{blank}\"ünknown\":\"],[{{\\\"}}\""));
        }
        format!("{{{}{blank}}}", members.join(","))
    }
}

impl Wrapper {
    fn write(&self, object: String) -> String {
        let text = |object: &str| Value::from(object).to_string();
        match self {
            Self::None => object,
            Self::Keys(keys) => around_with(keys, object),
            Self::Text => text(&object),
            Self::TextUnder(key) => format!("{{\"{key}\":{}}}", text(&object)),
        }
    }
}

/// A value under these keys, each in the one before.
fn around_with(keys: &[&str], value: String) -> String {
    keys.iter()
        .rev()
        .fold(value, |value, key| format!("{{\"{key}\":{value}}}"))
}

impl Around {
    fn write(&self, values: &[String]) -> String {
        let array = |values: &[String]| format!("[{}]", values.join(","));
        match self {
            Self::Array => array(values),
            Self::Lines => values
                .iter()
                .map(|value| format!("{}\n", value.replace('\n', " ")))
                .collect(),
            Self::Row(between) => values.join(between),
            Self::Arrays(many) => {
                let arrays: Vec<_> = values.chunks(*many).map(array).collect();
                array(&arrays)
            }
            Self::Document {
                keys,
                before,
                after,
            } => {
                let inner = keys
                    .last()
                    .map_or(String::new(), |key| format!("\"{key}\":{}", array(values)));
                let before = before.iter().map(|member| (*member).to_owned());
                let after = after.iter().map(|member| (*member).to_owned());
                let members: Vec<_> = before.chain([inner]).chain(after).collect();
                let outer = &keys[..keys.len() - 1];
                around_with(outer, format!("{{{}}}", members.join(", ")))
            }
            Self::Pages {
                key,
                many,
                in_array,
            } => {
                let pages = values.chunks(*many);
                let pages: Vec<_> = pages
                    .map(|page| format!("{{\"{key}\":{},\"took\":1}}", array(page)))
                    .collect();
                if *in_array {
                    array(&pages)
                } else {
                    pages.join("\n")
                }
            }
        }
    }
}

impl Form {
    fn write(&self, records: &[Record]) -> String {
        match self {
            Self::Json {
                objects,
                wrapper,
                around,
            } => {
                let values = records
                    .iter()
                    .map(|record| wrapper.write(objects.write(record)));
                around.write(&values.collect::<Vec<_>>())
            }
            Self::Map(objects) => {
                let entry = |record: &Record| format!("{}:{}", record["id"], objects.write(record));
                let entries: Vec<_> = records.iter().map(entry).collect();
                format!("{{{}}}", entries.join(","))
            }
            Self::Table {
                delimiter,
                spelling,
                quote,
                line_end,
                before,
            } => {
                let keys = records[0].keys().map(|key| SPELLINGS[*spelling](key));
                let header: Vec<_> = keys.collect();
                let row = |record: &Record| {
                    let cells = record.values().map(|value| match value {
                        Value::Null => String::new(),
                        Value::String(text)
                            if *quote || text.contains([',', ';', '\t', '|', '"', '\n']) =>
                        {
                            format!("\"{}\"", text.replace('"', "\"\""))
                        }
                        Value::String(text) => text.clone(),
                        other => other.to_string(),
                    });
                    cells.collect::<Vec<_>>()
                };
                let rows = std::iter::once(header).chain(records.iter().map(row));
                let separator = delimiter.to_string();
                let rows = rows.map(|cells| cells.join(&separator) + line_end);
                format!("{before}{}", rows.collect::<String>())
            }
        }
    }
}

/// Records in another order.
fn shuffled() -> impl Strategy<Value = Vec<Record>> {
    (1usize..40).prop_flat_map(|count| Just(customers(count)).prop_shuffle())
}

/// Files, each with a number of records, a form and a way to pack it.
fn files() -> impl Strategy<Value = Vec<(Index, Form, usize)>> {
    prop::collection::vec((any::<Index>(), form(), 0..PACKS.len()), 1..4)
}

fn sorted(judgement: Judgement) -> (Vec<[String; 3]>, (u64, u64), i32) {
    let mut findings = judgement.findings;
    findings.sort();
    (findings, judgement.counts, judgement.code)
}

proptest! {
    #![proptest_config(Config { cases: 300, failure_persistence: None, ..Config::default() })]

    #[test]
    fn no_way_to_write_customers_changes_a_finding(
        records in shuffled(),
        files in files(),
        window in select(vec!["1", "64", "262144"]),
        threads in select(vec!["1", "3"]),
    ) {
        let mut rest = &records[..];
        let mut written = Vec::new();
        for (number, (size, form, pack)) in files.iter().enumerate() {
            let size = match number + 1 == files.len() {
                true => rest.len(),
                false => size.index(rest.len() + 1),
            };
            let (part, after) = rest.split_at(size);
            rest = after;
            // A file without a record is not whole.
            if !part.is_empty() {
                written.push((form.write(part), *pack));
            }
        }
        let packed: Vec<_> = written.iter().map(|(text, pack)| PACKS[*pack].1(text)).collect();
        let run = audit_files(&packed, &["--window-bytes", window, "-j", threads]);
        let texts: Vec<_> = written.iter().map(|(text, _)| text).collect();
        let shown: Vec<String> = texts.iter().map(|text| text.chars().take(3000).collect()).collect();
        prop_assert_eq!(sorted(Judgement::of(&run)), sorted(of_array(&records)), "{}\n{:#?}", run.stderr, shown);
    }
}
