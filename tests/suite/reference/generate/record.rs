//! Records: fields that are there or not, written in every way that has been
//! seen, and in some that nobody should have to see.

use chrono::{DateTime, FixedOffset, Utc};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::{COMMON, NUMBERS, TEXTS, field, instant, rfc3339};
use crate::reference::field::Kind;
use crate::reference::reading::Record;

type Member = (String, Value);

pub fn records() -> impl Strategy<Value = Vec<Record>> {
    vec(record(), 1..=5)
}

/// Records, or now and then none.
pub fn records_or_none() -> impl Strategy<Value = Vec<Record>> {
    prop_oneof![12 => records(), 1 => Just(Vec::new())]
}

pub fn record() -> impl Strategy<Value = Record> {
    let common: Vec<_> = COMMON
        .into_iter()
        .map(|(name, kind)| option::weighted(0.85, member(name, kind)))
        .collect();
    let more = || field().prop_flat_map(|(name, kind)| member(name, kind));
    let twice = prop_oneof![3 => Just(Vec::new()), 1 => vec(more(), 1..=2)];
    (common, twice, vec(unknown(), 0..=2))
        .prop_map(|(common, more, unknown)| {
            let common = common.into_iter().flatten();
            common.chain(more).chain(unknown).collect::<Record>()
        })
        .prop_shuffle()
}

fn member(name: &'static str, kind: Kind) -> impl Strategy<Value = Member> {
    (spelling(name), value(kind))
}

/// A key without case, `_`, `-` and blanks is still the same key.
fn spelling(name: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just(name.to_owned()),
        3 => Just(parted(name, '_')),
        1 => Just(parted(name, '_').to_uppercase()),
        1 => Just(parted(name, '-')),
        1 => Just(parted(name, ' ')),
        1 => vec(0..8_usize, name.len()).prop_map(move |choices| mangled(name, &choices)),
    ]
}

/// `hasPci` as `has_pci`, and `force2fa` as `force_2fa`.
fn parted(name: &str, mark: char) -> String {
    let mut parted = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() || c.is_ascii_digit() {
            parted.push(mark);
        }
        parted.push(c.to_ascii_lowercase());
    }
    parted
}

fn mangled(name: &str, choices: &[usize]) -> String {
    let mut mangled = String::new();
    for (c, choice) in name.chars().zip(choices) {
        match choice {
            0 => mangled.extend(['_', c]),
            1 => mangled.extend(['-', c]),
            2 => mangled.extend([c, ' ']),
            3 => mangled.push(c.to_ascii_uppercase()),
            4 => mangled.push(c.to_ascii_lowercase()),
            _ => mangled.push(c),
        }
    }
    mangled
}

fn value(kind: Kind) -> BoxedStrategy<Value> {
    let good = match kind {
        Kind::Flag => flag().boxed(),
        Kind::Text => text().boxed(),
        Kind::Number => number().boxed(),
        Kind::Time => time().boxed(),
        Kind::Networks => networks().boxed(),
    };
    let blank = select(vec!["", " ", "\u{a0}\u{3000}", "\t\n"]).prop_map(Value::from);
    prop_oneof![
        14 => good,
        1 => Just(Value::Null),
        1 => blank,
        1 => nothing(),
        1 => odd(kind),
    ]
    .boxed()
}

/// Words for nothing, alone and with blanks around them, and some that are not.
fn nothing() -> impl Strategy<Value = Value> {
    let words = vec![
        "\\N",
        "NULL",
        "null",
        "None",
        "nil",
        "NaN",
        "nan",
        "undefined",
        "(null)",
        "<NULL>",
        "[null]",
        "N/A",
        "#N/A",
        "NaT",
        " None\t",
        "NULLS",
        "none of them",
        "-",
    ];
    select(words).prop_map(Value::from)
}

fn text() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => select(TEXTS.to_vec()).prop_map(Value::from),
        1 => select(NUMBERS.to_vec()).prop_map(Value::from),
    ]
}

fn flag() -> impl Strategy<Value = Value> {
    let written = json!([
        "true", "TRUE", "True", "t", "T", "yes", "Y", "1", "1.0", " true ", 1, 1.0, "false",
        "FALSE", "f", "No", "n", "0", "0.0", 0, 0.0, -0.0, "\tf",
    ]);
    prop_oneof![
        3 => any::<bool>().prop_map(Value::from),
        1 => select(written.as_array().unwrap().clone()),
    ]
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => select(NUMBERS.to_vec()).prop_map(Value::from),
        2 => select(NUMBERS.to_vec()).prop_map(|number| Value::from(number.to_string())),
        1 => select(vec![json!(2.5), json!(3.0), json!(-1), json!(4001)]),
    ]
}

fn time() -> impl Strategy<Value = Value> {
    prop_oneof![
        12 => (instant(), 0..32_usize).prop_map(|(instant, way)| written(instant, way)),
        1 => select(ZEROS.to_vec()).prop_map(Value::from),
        1 => select(FAR.to_vec()).prop_map(Value::from),
    ]
}

/// What exporters write where there is no time, and what is nearly that.
const ZEROS: [&str; 20] = [
    "0001-01-01T00:00:00Z",
    "0001-01-01 00:00:00+00",
    "0001-01-01T12:00:00.5-11:00",
    "0001-01-02",
    "0000-00-00",
    "0000-00-00 00:00:00",
    "0000-00-00 24:00:00",
    "0000-00-01",
    "1970-01-01T23:59:59+09:00",
    "1969-12-31T19:00:00-05:00",
    "1969-12-31T19:00:01-05:00",
    "1899-12-30",
    "1899-12-31T00:00:00Z",
    "1900-01-00",
    "1900/01/00 00:00",
    "1753-01-01 00:00:00.000",
    "Thu, 01 Jan 1970 09:00:00 +0900",
    "0",
    "0.0",
    "-0",
];

/// Times that are too far ahead to have been, and numbers of which the unit is not known.
const FAR: [&str; 12] = [
    "9999-12-31T23:59:59Z",
    "2201-01-01T00:00:00+00:00",
    "2200-12-31T23:59:59.999Z",
    "2201-01-01T01:00:00+02:00",
    "7289654400",
    "7289654399",
    "99999999999",
    "253402300799000",
    "1e18",
    "45301.333333333336",
    "20240110",
    "-1767225600",
];

fn written(instant: DateTime<Utc>, way: usize) -> Value {
    let east = |seconds| {
        let zone = FixedOffset::east_opt(seconds).unwrap();
        instant.with_timezone(&zone)
    };
    let form = |form: &str| Value::from(instant.format(form).to_string());
    match way {
        0 => form("%Y-%m-%dt%H:%M:%Sz"),
        1 => form("%Y-%m-%d %H:%M:%S"),
        2 => form("%Y-%m-%dT%H:%M:%S"),
        3 => form("%Y-%m-%d %H:%M:%S UTC"),
        4 => form("%Y-%m-%d %H:%M:%S+00"),
        5 => form("%Y-%m-%d"),
        6 => form(" %Y-%m-%dT%H:%M:%S.000Z "),
        7 => form("%Y-%m-%dT%H:%M:%S.5+00:00"),
        8 => form("%Y-%m-%d %H:%M:%S.123456789123-00:00"),
        9 => form("%Y-%m-%dT%H:%M:60Z"),
        10 => Value::from(east(19_800).to_rfc3339()),
        11 => Value::from(east(-14_400).format("%Y-%m-%d %H:%M:%S-04").to_string()),
        12 => Value::from(instant.timestamp()),
        13 => Value::from(instant.timestamp_millis()),
        14 => Value::from(instant.timestamp() as f64 + 0.5),
        15 => Value::from(instant.timestamp_millis() as f64),
        16 => Value::from(instant.timestamp_micros()),
        17 => Value::from(instant.timestamp_nanos_opt().unwrap()),
        18 => Value::from(instant.timestamp().to_string()),
        19 => Value::from(format!(" {}.25", instant.timestamp_millis())),
        20 => Value::from(instant.timestamp_micros().to_string()),
        21 => form("%Y/%m/%d"),
        22 => form("%Y/%m/%d %H:%M"),
        23 => form("%Y-%m-%dT%H:%MZ"),
        24 => form("%Y-%m-%d %H:%M:%S.000 +0000"),
        25 => Value::from(east(3_600).format("%Y-%m-%dT%H:%M:%S%z").to_string()),
        26 => form("%a, %d %b %Y %H:%M:%S GMT"),
        27 => Value::from(east(-18_000).format("%-d %b %Y %H:%M:%S %z").to_string()),
        _ => Value::from(rfc3339(instant)),
    }
}

/// A list as it is written: most often as entries with commas between them.
fn networks() -> impl Strategy<Value = Value> {
    let separators = vec![",", ",", ",", ";", " ", "\n", ", ", " ; ", ",,", "\u{a0}"];
    (vec(item(), 1..=4), select(separators), 0..12_usize).prop_map(|(items, separator, frame)| {
        let list = items.join(separator);
        match frame {
            0 => Value::from(format!("{{{list}}}")),
            1 => Value::from(format!(" {{ {list} }} ")),
            2 => Value::from(format!(",{list};")),
            3 => Value::from(items),
            4 => Value::from(json!(items).to_string()),
            5 => json!([items, items[0], 7, null]),
            6 => json!([list, ""]),
            _ => Value::from(list),
        }
    })
}

/// An item of a list of networks, which most often can be read.
pub fn item() -> impl Strategy<Value = String> {
    let item = prop_oneof![12 => select(NETWORKS.to_vec()), 1 => select(NO_NETWORKS.to_vec())];
    let blanks = || select(vec!["", "", " ", "  ", "\t"]);
    (blanks(), item, blanks()).prop_map(|(before, item, after)| format!("{before}{item}{after}"))
}

const NETWORKS: [&str; 36] = [
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "128.0.0.0/2",
    "192.0.0.0/2",
    "10.0.0.5/8",
    "10.1.0.0/16",
    "10.0.0.0/24",
    "10.0.0.128/25",
    "10.0.0.1",
    "10.0.0.1/32",
    "192.0.2.*",
    "192.0.*.*",
    "192.0.*.1",
    "192.*.2.*",
    "192.0.2.1",
    "192.0.2.0/23",
    "*.*.*.*",
    "*.0.2.1",
    "*.*.*.1",
    "8.8.8.8",
    "8.8.8.0/24",
    "8.8.*.8",
    "172.31.255.255",
    "100.64.0.0/9",
    "224.0.0.1",
    "::/0",
    "::/1",
    "8000::/1",
    "::1",
    "2001:DB8::/32",
    "2001:db8::1",
    "2a00:1450::/48",
    "::ffff:10.0.0.0/104",
    "::ffff:8.8.8.8",
    "::ffff:0:0/95",
];

const NO_NETWORKS: [&str; 15] = [
    "office",
    "",
    "010.0.0.1",
    "10.0.0.0/08",
    "10.0.0.0/33",
    "::/129",
    "1.2.3",
    "1.2.3.*/24",
    "192.0.2.256",
    "01.2.3.*",
    "10.0.0.1-10.0.0.9",
    "10.0.0.0 /8",
    "10.0.0.0/+8",
    "fe80::1%eth0",
    "2001:db8::*",
];

/// What should not stand in a field of any kind, or of most.
fn odd(kind: Kind) -> impl Strategy<Value = Value> {
    let odd = json!([
        true,
        2,
        -1,
        0.25,
        1e300,
        12345678901234567890_u64,
        [],
        {},
        [""],
        ["10.0.0.1"],
        "{}",
        "[1]",
        { "value": true },
        "maybe",
        "1.0",
        "2026-13-01T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:00",
        "2026-01-01T00:00:00+0000",
        "2026-01-01T00:00:00\u{2212}04:00",
        "04/03/2019 10:20",
        "-infinity",
        "0000-00-00 00:00:00",
        ",",
    ]);
    // Whether a fraction in a text is a number, the contract leaves open.
    // A text is a number's digits as they are written, which the writer decides.
    let is_meant = |odd: &Value| match kind {
        Kind::Number => *odd != "1.0",
        Kind::Text => !odd.is_f64(),
        Kind::Flag | Kind::Time | Kind::Networks => true,
    };
    let odd = odd.as_array().unwrap().iter().filter(|odd| is_meant(odd));
    select(odd.cloned().collect::<Vec<_>>())
}

/// Keys that nobody asks for, with anything under them.
fn unknown() -> impl Strategy<Value = Member> {
    let keys = vec![
        "stripe_account",
        "readonly",
        "can_edit_matches",
        "Ключ",
        "",
        "a\"b\\c",
        "{",
        "],",
        "i d s",
    ];
    (select(keys).prop_map(str::to_owned), junk())
}

fn junk() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        select(vec!["", "}{", "]", "\\\"", "\n", "id", "\u{2028}"]).prop_map(Value::from),
        (1..60_usize).prop_map(deep),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        // With a field that only customers have it would be another customer.
        let keys = select(vec![
            "id",
            "created_at",
            "data",
            "record",
            "attributes",
            "x",
        ]);
        let members = vec((keys.prop_map(str::to_owned), inner.clone()), 0..3);
        prop_oneof![
            vec(inner, 0..3).prop_map(Value::from),
            members.prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn deep(levels: usize) -> Value {
    (0..levels).fold(json!({"id": "deep"}), |inner, _| json!([inner]))
}
